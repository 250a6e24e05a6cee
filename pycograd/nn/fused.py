"""Fused operations: what the forward pass computed on its way, the backward pass need not compute again.

A fused operation is a `Primitive`, whose rules name operands and the output only and serve every mode.  In front of
them stands the common case, plain arrays on one tape, which also keeps what `forward` says: the probabilities of a
cross entropy, the tanh of a gelu.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import Primitive, Var, aval_of, cotangent_aval, dispatch, new_var
from pycograd.core.levels import clock
from pycograd.core.tape import FIRST_PARENT, PARAMS, SAVED

__all__ = ["fuse"]

Forward = Callable[..., tuple[Any, tuple[Any, ...]]]


def fuse(prim: Primitive, forward: Forward, *backward: Callable[..., Any] | None) -> Primitive:
    """Give `prim` its common case.

    forward   (*arrays, **params) -> the output, and a tuple of what to keep
    backward  for each operand, (g, *kept, **params) -> its cotangent; None where it has none.  `g` may be watched, and
              what is kept must not be written: a pullback can be called many times, or by vmap
    """
    pulls: dict[tuple[int, ...], Callable[..., Any]] = {}

    def pull_to(mine: tuple[int, ...]) -> Callable[..., Any]:
        rules = [backward[i] for i in mine]

        def pull(g: Any, node: Any) -> list[tuple[Any, Any]]:
            kept, params = node[SAVED], node[PARAMS]
            return [(p, rule(g, *kept, **params)) for p, rule in zip(node[FIRST_PARENT:], rules, strict=True)]

        return pull

    def call(*xs: Any, **params: Any) -> Any:
        level, mine, parents, values = None, [], [], []
        for i, x in enumerate(xs):
            if type(x) is np.ndarray:
                values.append(x)
                continue
            if type(x) is not Var or type(x.value) is not np.ndarray or level not in (None, x.level):
                return dispatch(prim, *xs, **params)
            level = x.level
            values.append(x.value)
            if backward[i] is not None:
                mine.append(i)
                parents.append(x.node)
        y, kept = forward(*values, **params)
        if not mine:
            return y
        key = tuple(mine)
        if key not in pulls:
            pulls[key] = pull_to(key)
        aval = cotangent_aval(aval_of(y))
        return new_var(y, level, (next(clock), prim, pulls[key], kept, False, aval, params, *parents))

    prim.become(call)
    return prim
