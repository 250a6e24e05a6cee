"""Forward mode: a tangent is carried beside each value.  `linearize` keeps the linear part to apply it again."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import (
    Dual,
    Memory,
    Symbol,
    as_saved,
    aval_of,
    cotangent_aval,
    current_of,
    evaluate,
    fit,
    levels,
    new_dual,
    new_symbol,
    nodes_of,
    running,
    tangent_of,
    tree_flatten,
    tree_unflatten,
    twin,
    with_own,
)
from pycograd.core.backward import fresh
from pycograd.core.node import INDEX
from pycograd.weave import woven

from .arguments import Argnums, Selection, contents, leave
from .edge import (
    Transformed,
    also_argnum,
    at_the_edge,
    name_of,
    one_per_argument,
)
from .missing import with_differences
from .recorder import unreached
from .staleness import check_live

__all__ = ["forward_at", "jvp", "linearize", "make_jvp"]


@at_the_edge
def jvp(f: Callable[..., Any], primals: Any, tangents: Any, *, on_missing: str = "raise") -> tuple[Any, Any]:
    """The output of `f` at `primals` and its derivative along `tangents`.

    primals, tangents  sequences of arguments and of their tangents, of the same structures and shapes
    on_missing  "fd": finite differences of an operation without a rule, as in `grad`
    Both results have the structure of the output.  Raises ValueError if structures or shapes differ;
    TypeError if primals or tangents are no sequence.

    >>> jvp(lambda x: x ** 2, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    selection = Selection(f, None, one_per_argument(primals, f"jvp of {name_of(f)}: the primals"), {})
    tangents = one_per_argument(tangents, f"jvp of {name_of(f)}: the tangents")
    given = selection.unwrap(tangents, f"jvp of {name_of(f)}: the tangent")
    if on_missing == "raise":
        return push(f, selection, given)
    g = with_differences(f, on_missing)
    found = push(g, selection, given)
    g.report()
    return found


def push(f: Callable[..., Any], selection: Selection, tangents: list[Any]) -> tuple[Any, Any]:
    """The output of `f` and its tangent, given one tangent for each leaf of `selection`."""
    return pushed(f, selection, tangents)[:2]


def pushed(
    f: Callable[..., Any], selection: Selection, tangents: list[Any], lasting: bool = False
) -> tuple[Any, Any, Any]:
    """The output of `f`, its tangent, and what was written into plain arrays meanwhile.

    lasting  whether what comes of captured tangents is used after the transform has returned
    """
    inputs = [*selection.leaves, *tangents]
    with running("jvp") as level, Memory(inputs) as memory:
        primals = selection.values(lasting)
        duals = [new_dual(x, level, twin(t)) for x, t in zip(primals, tangents, strict=True)]
        leaves, treedef = tree_flatten(selection.call(woven(f), duals))
        leaves = [current_of(y) for y in leaves]
        written, changes = contents(duals, level), memory.changes()
    leave(selection.leaves, written)
    if not (lasting or isinstance(f, Transformed)) and not any(
        [type(y) is Dual and y.level == level for y in leaves]
    ):
        for notice in unreached:
            notice(f, selection)
    values = [y.value if type(y) is Dual and y.level == level else y for y in leaves]
    tangents = [fresh(tangent_of(y, level)) for y in leaves]
    check_live(f, selection, [*values, *tangents])
    return tree_unflatten(treedef, values), tree_unflatten(treedef, tangents), changes


@also_argnum
def forward_at(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """`jvp`, curried: forward_at(f, argnums)(*args)(v) is `(out, df.v)`, v the tangent of argument `argnums`.

    >>> forward_at(lambda x: x * x)(3.0)(1.0)
    (9.0, 6.0)
    """

    def at(*args: Any, **kwargs: Any) -> Callable[[Any], tuple[Any, Any]]:
        selection = Selection(f, argnums, args, kwargs)
        return lambda v: push(f, selection, selection.unwrap(v, f"jvp of {name_of(f)}: the tangent"))

    return Transformed(forward_at, f, at, argnums=argnums)


make_jvp = forward_at


@at_the_edge
def linearize(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The output of `f` at `primals`, and its derivative there as a linear function of one tangent per primal.

    `f` runs once, with a captured tangent; the derivative replays only what depended on that, so that many directions
    cost no second evaluation of `f`.

    >>> y, along = linearize(lambda x: x ** 3, 2.0)
    >>> along(1.0)
    12.0
    """
    selection = Selection(f, None, primals, {})
    level = next(levels)
    inputs = [new_symbol(cotangent_aval(aval_of(x)), level) for x in selection.leaves]
    out, tangent, changes = pushed(f, selection, list(inputs), lasting=True)
    leaves, treedef = tree_flatten(tangent)
    avals = [cotangent_aval(aval_of(y)) for y in tree_flatten(out)[0]]
    symbols = [t for t in leaves if type(t) is Symbol and t.level == level]
    nodes = with_own(as_saved(nodes_of(symbols), changes))

    def along(*tangents: Any) -> Any:
        given = selection.unwrap(tangents, f"linearize of {name_of(f)}: the tangent")
        with np.errstate(all="ignore"):  # as in a backward pass: an infinite slope is an answer
            values = evaluate(nodes, {s.node[INDEX]: t for s, t in zip(inputs, given, strict=True)})
        mine = [type(t) is Symbol and t.level == level for t in leaves]
        found = [
            fit(values[t.node[INDEX]], a) if m else t for t, m, a in zip(leaves, mine, avals, strict=True)
        ]
        return tree_unflatten(treedef, list(map(fresh, found)))

    return out, along
