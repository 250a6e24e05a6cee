"""What a call of a function with rules of the user's own becomes for the interpreters: a flat rule.

A flat rule is a record of functions of the watched operands alone.  `FlatVjp` has the value, the value with residuals,
and the pullback; `FlatJvp` the value, and the value with its tangent.  Each interpreter acts on the record: a tape runs
the rule one level down and keeps one node, forward mode likewise, vmap makes the record of the batched functions.  What
runs one level down is ordinary code, so every order of derivative and every composition follows.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pycograd.core import (
    Batched,
    Dual,
    Primitive,
    Traced,
    Var,
    aval_of,
    cotangent_aval,
    current_of,
    dispatch,
    fit,
    levels,
    new_batched,
    pullback,
    shape_of,
    tree_flatten,
    tree_leaves,
    tree_unflatten,
    zeros,
)
from pycograd.core.forward import dual
from pycograd.core.levels import clock
from pycograd.core.node import FIRST_PARENT, NOTHING, SAVED, Node
from pycograd.core.tape import several

__all__ = ["CustomPrimitive", "FlatJvp", "FlatVjp"]

Flat = Callable[..., Any]


class CustomPrimitive(Primitive):
    """The operation of a function with a flat rule, which is the static parameter `rule` of each call."""

    reruns = True  # code of the user's, in the backward pass

    def __init__(self, name: str) -> None:
        super().__init__(lambda *xs, rule: tuple(rule.run(*xs)), operands="*xs", outputs=1, name=name)
        self.become(self.interpret)

    def interpret(self, *xs: Any, rule: Any) -> Any:
        top: Any = max((x for x in xs if isinstance(x, Traced)), key=lambda x: x.level, default=None)
        if type(top) is Var:
            return rule.record(self, top.level, xs)
        if type(top) is Dual:
            return rule.push(self, top.level, xs)
        if type(top) is not Batched:
            return dispatch(self, *xs, rule=rule)
        lower, mine = lowered(xs, Batched, top.level)
        batch = Batch(self.name, top.level, shape_of(lower[mine[0]])[0], [i in mine for i in range(len(xs))])
        ys = self.call(*lower, rule=rule.batched(batch))
        return tuple([new_batched(y, top.level) for y in ys])


def lowered(xs: Sequence[Any], kind: type, level: float) -> tuple[list[Any], list[int]]:
    """The operands one level down, and which of them `level` watches."""
    mine = [i for i, x in enumerate(xs) if type(x) is kind and x.level == level]
    return [x.value if i in mine else x for i, x in enumerate(xs)], mine


def without_level(name: str, level: float, *values: Any) -> None:
    """Raise if a value is watched at `level` or above: the rule closed over it."""
    if any(isinstance(y, Traced) and y.level >= level for y in values):
        raise closed_over(name)


def closed_over(name: str) -> TypeError:
    return TypeError(
        f"{name}: its rule uses a watched value that is not one of its arguments, whose gradient would be lost; "
        "pass that value as an argument"
    )


class FlatVjp:
    """run(*xs) -> ys;  fwd(*xs) -> (ys, residuals);  bwd(residuals, gs) -> one cotangent per operand, None for zero."""

    def __init__(self, run: Flat, fwd: Flat, bwd: Flat) -> None:
        self.run, self.fwd, self.bwd = run, fwd, bwd

    def record(self, prim: Primitive, level: float, xs: Sequence[Any]) -> Any:
        lower, mine = lowered(xs, Var, level)
        ys, residuals = self.fwd(*lower)
        without_level(prim.name, level, *ys, *tree_leaves(residuals))
        saved = self.bwd, residuals, mine, [cotangent_aval(aval_of(y)) for y in ys]
        node = (next(clock), prim, pull_vjp, saved, False, None, NOTHING, *[xs[i].node for i in mine])
        return several(ys, level, node)

    def push(self, prim: Primitive, level: float, xs: Sequence[Any]) -> Any:
        """The output and its tangent: `bwd` is linear in the cotangents, and its transpose takes tangents forward."""
        lower, mine = lowered(xs, Dual, level)
        ys, residuals = self.fwd(*lower)
        without_level(prim.name, level, *ys, *tree_leaves(residuals))

        def back(*gs: Any) -> tuple[Any, ...]:
            cs = self.bwd(residuals, gs)
            avals = [cotangent_aval(aval_of(lower[i])) for i in mine]
            return tuple(
                [zeros(a) if cs[i] is None else fit(cs[i], a) for i, a in zip(mine, avals, strict=True)]
            )

        tangents = pullback(back, *[zeros(aval_of(y)) for y in ys])[1]([xs[i].tangent for i in mine])
        return tuple(dual(y, level, t) for y, t in zip(ys, tangents, strict=True))

    def batched(self, batch: "Batch") -> "FlatVjp":
        def run(*xs: Any) -> list[Any]:
            return batch.outputs(self.run(*batch.examples(xs)))

        def fwd(*xs: Any) -> tuple[list[Any], Any]:
            ys, residuals = self.fwd(*batch.examples(xs))
            leaves, structure = tree_flatten(residuals)
            values, which = lowered(list(map(current_of, leaves)), Batched, batch.level)
            return batch.outputs(ys), (values, which, Constant(structure))

        def bwd(residuals: Any, gs: Any) -> list[Any]:
            values, which, structure = residuals
            again = batch.again()
            leaves = again.examples(values, [i in which for i in range(len(values))])
            cs = self.bwd(tree_unflatten(structure.value, leaves), again.examples(gs, [True] * len(gs)))
            return again.cotangents(cs)

        return FlatVjp(run, fwd, bwd)


class Constant:
    """A leaf that no transform looks into."""

    def __init__(self, value: Any) -> None:
        self.value = value


def pull_vjp(g: Any, node: Node) -> list[tuple[Node, Any]]:
    bwd, residuals, mine, avals = node[SAVED]
    cs = bwd(residuals, [zeros(a) if c is None else c for c, a in zip(g, avals, strict=True)])
    return [(p, cs[i]) for p, i in zip(node[FIRST_PARENT:], mine, strict=True) if cs[i] is not None]


class FlatJvp:
    """run(*xs) -> ys;  jvp(xs, ts) -> (ys, their tangents), one tangent per operand."""

    def __init__(self, run: Flat, jvp: Flat) -> None:
        self.run, self.jvp = run, jvp

    def push(self, prim: Primitive, level: float, xs: Sequence[Any]) -> Any:
        lower, mine = lowered(xs, Dual, level)
        ts = [xs[i].tangent if i in mine else zeros(aval_of(x)) for i, x in enumerate(lower)]
        ys, tangents = self.jvp(lower, ts)
        without_level(prim.name, level, *ys, *tangents)
        return tuple(dual(y, level, t) for y, t in zip(ys, tangents, strict=True))

    def record(self, prim: Primitive, level: float, xs: Sequence[Any]) -> Any:
        """The output with a node that goes back through the tangents: the rule is linear in them."""
        lower, mine = lowered(xs, Var, level)
        found: list[Any] = []

        def along(*ts: Any) -> tuple[Any, ...]:
            given = dict(zip(mine, ts, strict=True))
            ys, tangents = self.jvp(
                lower, [given[i] if i in mine else zeros(aval_of(x)) for i, x in enumerate(lower)]
            )
            found.append(ys)
            return tuple(tangents)

        _, pull = pullback(along, *[zeros(aval_of(lower[i])) for i in mine])
        ys = found[0]
        without_level(prim.name, level, *ys)
        saved = pull, [cotangent_aval(aval_of(y)) for y in ys]
        node = (next(clock), prim, pull_jvp, saved, False, None, NOTHING, *[xs[i].node for i in mine])
        return several(ys, level, node)

    def batched(self, batch: "Batch") -> "FlatJvp":
        def run(*xs: Any) -> list[Any]:
            return batch.outputs(self.run(*batch.examples(xs)))

        def jvp(xs: Any, ts: Any) -> tuple[list[Any], list[Any]]:
            again = batch.again()
            ys, tangents = self.jvp(again.examples(xs), again.examples(ts))
            return again.outputs(ys), again.outputs(tangents)

        return FlatJvp(run, jvp)


def pull_jvp(g: Any, node: Node) -> list[tuple[Node, Any]]:
    pull, avals = node[SAVED]
    gs = tuple([zeros(a) if c is None else c for c, a in zip(g, avals, strict=True)])
    return list(zip(node[FIRST_PARENT:], pull(gs), strict=True))


# ---- batches -------------------------------------------------------------------------------------------------------
class Batch:
    """One call under vmap: at which level, how many examples, and which operands differ between them.

    A rule that runs later, or on the values of newer transforms, runs at a level of its own: what it watches lies
    above them.  Values of the `first` level that it closed over cannot follow it there.
    """

    def __init__(
        self, name: str, level: float, n: int, mask: Sequence[bool], first: float | None = None
    ) -> None:
        self.name, self.level, self.n, self.mask, self.first = name, level, n, mask, first

    def again(self) -> "Batch":
        return Batch(self.name, next(levels), self.n, self.mask, self.level)

    def examples(self, xs: Sequence[Any], mask: Sequence[bool] | None = None) -> list[Any]:
        return [new_batched(x, self.level) if b else x for x, b in zip(xs, mask or self.mask, strict=True)]

    def outputs(self, ys: Sequence[Any]) -> list[Any]:
        """The outputs with a batch axis, one level down."""
        return [self.lower(y) if self.owns(y) else np.broadcast_to(y, (self.n, *shape_of(y))) for y in ys]

    def cotangents(self, cs: Sequence[Any]) -> list[Any]:
        """One cotangent per operand, one level down: summed over the examples for an operand that they share."""
        found = []
        for c, mine in zip(cs, self.mask, strict=True):
            if c is None or not self.owns(c):
                found.append(
                    None if c is None else np.broadcast_to(c, (self.n, *shape_of(c))) if mine else c * self.n
                )
            else:
                found.append(self.lower(c) if mine else np.sum(self.lower(c), axis=0))
        return found

    def owns(self, y: Any) -> bool:
        return type(y) is Batched and y.level == self.level

    def lower(self, y: Any) -> Any:
        inner = y.value
        while isinstance(inner, Traced):
            if type(inner) is Batched and inner.level == self.first:
                raise closed_over(self.name)
            inner = inner.value
        return y.value
