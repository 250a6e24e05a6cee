"""The policy of checkpoint: results that the second run takes from the first instead of computing them again.

A watcher above all others sees each operation.  One that the policy names runs as a copy whose plain function notes its
results, and in the second run returns them in the same order; all other watchers work on the copy as on the original.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from pycograd.core import REGISTRY, Primitive, Traced, dispatch, levels
from pycograd.core.tape import new

__all__ = ["Kept", "chooser"]


def chooser(policy: Any) -> Callable[[Primitive], bool]:
    """`policy`, a collection of numpy functions, primitives or names, or already a function of a primitive."""
    if callable(policy):
        return policy
    names = {p if isinstance(p, str) else name_of(p) for p in policy}
    return lambda prim: prim.name in names


def name_of(function: Any) -> str:
    for known in (function, REGISTRY.find(function)):
        if isinstance(known, Primitive):
            return known.name
    name = getattr(function, "__name__", None)
    if name is None:
        raise TypeError(
            f"the policy of checkpoint: {function!r} is no operation; give numpy functions or their names"
        )
    return name


class Kept:
    """The `results` of the operations that are `chosen`, noted by the first run and returned to each later one."""

    def __init__(self, chosen: Callable[[Primitive], bool], results: list[Any], first: bool) -> None:
        self.chosen, self.results, self.first = chosen, results, first
        self.level, self.rest = next(levels), iter(results)

    def watch(self, x: Any) -> Any:
        if not isinstance(x, Traced):
            return x
        v = new(Watched)
        v.value, v.level, v.node = x, self.level, self
        return v

    def unwatch(self, y: Any) -> Any:
        return y.value if self.owns(y) else y

    def owns(self, y: Any) -> bool:
        return type(y) is Watched and y.node is self

    def run(self, prim: Primitive, xs: list[Any], params: dict[str, Any]) -> Any:
        """`prim` of `xs`, by a copy with a plain function that notes or returns results if it is chosen."""
        if self.chosen(prim):
            twin = new(Primitive)  # `copy` would find the registered one
            twin.__dict__.update(vars(prim))
            twin.impl = partial(self.result, prim.impl)
            twin.call = partial(dispatch, twin)
            prim = twin
        return prim.call(*xs, **params)

    def result(self, impl: Callable[..., Any], *xs: Any, **params: Any) -> Any:
        if not self.first:
            return next(self.rest)
        self.results.append(impl(*xs, **params))
        return self.results[-1]


class Watched(Traced):
    """A value in a checkpoint with a policy: `node` is its `Kept`."""

    __slots__ = ()

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        kept = self.node
        y = kept.run(prim, [kept.unwatch(a) for a in args], params)
        return tuple(map(kept.watch, y)) if prim.outputs else kept.watch(y)
