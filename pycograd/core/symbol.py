"""Capture: `Symbol`, a value that has a type but no data.  Running a function on symbols gives its graph, or its shapes."""

from typing import Any, NoReturn

from .aval import Aval, aval_of
from .errors import where
from .levels import clock
from .tape import NOTHING, Node, new
from .traced import Traced

__all__ = ["Symbol", "new_symbol"]


class Symbol(Traced):
    """A value of a graph being captured: `value` is an `Aval`, `node` the call that makes it."""

    __slots__ = ()
    numbers = False
    unanswerable = "being captured and has no data"

    @property
    def aval(self) -> Aval:
        return self.value  # type: ignore[no-any-return]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape  # type: ignore[no-any-return]

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        mine = [a for a in args if type(a) is Symbol and a.level == level]
        aval = prim.shape(*[aval_of(a) for a in args], **params)
        node = (next(clock), prim, None, args, False, aval, params, *[a.node for a in mine])
        if not prim.outputs:
            return new_symbol(aval, level, node)
        picks = [(next(clock), prim, None, (i,), True, a, NOTHING, node) for i, a in enumerate(aval)]
        return tuple(new_symbol(a, level, pick) for a, pick in zip(aval, picks, strict=True))

    def __repr__(self) -> str:
        return f"Symbol({self.value})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def _no_data(self) -> NoReturn:
        raise TypeError(f"a captured value {self.value} has no data to branch on{where()}: use np.where")

    __bool__ = __index__ = __int__ = _no_data


def new_symbol(aval: Aval, level: float, node: Node | None = None) -> Symbol:
    """An input of a graph, or the result of its call `node`."""
    v = new(Symbol)
    v.value, v.level = aval, level
    v.node = node or (next(clock), None, None, (), True, aval, NOTHING)
    return v
