"""Which primitive is wrong: a watcher that runs each operation and compares its rules with finite differences."""

from collections.abc import Callable
from functools import partial
from typing import Any

from pycograd.core import Primitive, Traced, running, where
from pycograd.core.tape import new

__all__ = ["first_wrong"]

Check = Callable[[Callable[..., Any], list[Any]], str | None]


class Probed(Traced):
    """A plain value on its way through a function; `node` is the `Findings` of the run."""

    __slots__ = ()

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        xs = [a.value if type(a) is Probed and a.level == level else a for a in args]
        self.node.look_at(prim, xs, params)
        y = prim.call(*xs, **params)
        return tuple([self.node.watch(v, level) for v in y]) if prim.outputs else self.node.watch(y, level)


class Findings:
    """The first primitive whose own rules fail `check`, in words; nothing is checked after it."""

    def __init__(self, check: Check) -> None:
        self.check, self.wrong = check, None

    def watch(self, x: Any, level: float) -> Any:
        v = new(Probed)
        v.value, v.level, v.node = x, level, self
        return v

    def look_at(self, prim: Primitive, xs: list[Any], params: dict[str, Any]) -> None:
        if self.wrong is None:
            found = self.check(partial(prim.call, **params), xs)
            self.wrong = found and f"{prim.name}{where()}: {found}"


def first_wrong(f: Callable[..., Any], xs: list[Any], check: Check) -> str | None:
    """The first primitive that `f(*xs)` runs whose rules fail `check(function, operands)`, and what that says."""
    findings = Findings(check)
    with running("check_grads") as level:
        f(*[findings.watch(x, level) for x in xs])
    return findings.wrong
