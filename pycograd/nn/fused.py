"""Fused operations: what the forward pass computed on its way, the backward pass need not compute again.

A fused operation is a `Primitive`, whose rules name operands and the output only and serve every mode; or it is numpy
text.  In front of it stands the common case, plain arrays on one tape, as one node, which also keeps what `forward`
says: the probabilities of a cross entropy, the tanh of a gelu, the gates of an LSTM.
"""

from collections.abc import Callable
from functools import partial
from operator import is_
from typing import Any

import numpy as np

from pycograd.core import Primitive, Var, aval_of, cotangent_aval, current_of, dispatch, new_var
from pycograd.core.levels import clock
from pycograd.core.tape import FIRST_PARENT, PARAMS, SAVED, several

__all__ = ["Text", "fuse"]

Rule = Callable[..., Any] | None


class Text:
    """Stands for the operation of a node whose general case is numpy text, `otherwise`."""

    into = None
    same_aval = False

    def __init__(self, name: str, otherwise: Callable[..., Any]) -> None:
        self.name = self.__name__ = name
        self.otherwise = otherwise

    def __repr__(self) -> str:
        return f"<fused {self.name}>"


def fuse(
    prim: Any,
    forward: Callable[..., tuple[Any, tuple[Any, ...]]],
    *backward: Rule,
    before: Rule = None,
) -> Callable[..., Any]:
    """The call that takes the common case, and leaves all others to `prim`, whose own call it becomes.

    forward   (*arrays, **params) -> the output (or a tuple of them), and a tuple of what to keep
    backward  for each operand, (g, *kept, **params) -> its cotangent; None where it has none
    before    (g, *kept, **params) -> the tuple that the rules get in the place of `kept`: what several of them need
    `g` may be watched, and what is kept must not be written: a pullback can be called many times, or by vmap.  Of
    several outputs, `g` is a tuple, with None for zeros.
    """
    general = prim.otherwise if isinstance(prim, Text) else partial(dispatch, prim)
    pulls: dict[tuple[int, ...], Callable[..., Any]] = {}

    def pull_to(mine: tuple[int, ...]) -> Callable[..., Any]:
        rules: list[Any] = [backward[i] for i in mine]

        def pull(g: Any, node: Any) -> list[tuple[Any, Any]]:
            params = node[PARAMS]
            kept = before(g, *node[SAVED], **params) if before else node[SAVED]
            parents = node[FIRST_PARENT:]
            return [(p, rule(g, *kept, **params)) for p, rule in zip(parents, rules, strict=True)]

        return pull

    def call(*xs: Any, **params: Any) -> Any:
        level, mine, parents, values = None, [], [], []
        for i, x in enumerate(xs):
            if type(x) is np.ndarray:
                values.append(x)
                continue
            if type(x) is not Var or type(x.value) is not np.ndarray or level not in (None, x.level):
                aside = [current_of(a) for a in xs]  # weights, arrays that are written
                return (general if all(map(is_, aside, xs)) else call)(*aside, **params)
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
        if type(y) is tuple:
            return several(y, level, (next(clock), prim, pulls[key], kept, False, None, params, *parents))
        aval = cotangent_aval(aval_of(y))
        return new_var(y, level, (next(clock), prim, pulls[key], kept, False, aval, params, *parents))

    if isinstance(prim, Primitive):
        prim.become(call)
    return call
