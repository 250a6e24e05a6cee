"""A backward pass that can be looked at: the cotangent of every node, and the first rule that makes a NaN or infinity.

Slower than the tape's own, and the same in all else: a node's cotangent is complete when all newer nodes have gone.
"""

import time
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

import numpy as np

from pycograd.core import fit, value_of
from pycograd.core.backward import zeros_kept
from pycograd.core.node import ALIGNED, AVAL, INDEX, PRIM, PULL, Node

__all__ = ["Pass", "backward", "bad_element"]


@dataclass(slots=True)
class Pass:
    """What a backward pass found: cotangents by node index, the leaves, and the first step whose rule went wrong."""

    cotangents: dict[int, Any] = field(default_factory=dict)
    leaves: dict[int, tuple[Node, Any]] = field(default_factory=dict)
    culprit: Any = None  # the Step
    cotangent: Any = None  # what its rule made


def backward(roots: list[tuple[Node, Any]], steps: dict[int, Any]) -> Pass:
    """The pass from `roots`; a rule that raises has the user's forward line added to its error as a note."""
    found = Pass()
    heap: list[tuple[int, Node]] = []
    pending: dict[int, Any] = {}

    def add(node: Node, c: Any) -> None:
        i = node[INDEX]
        if i in pending:
            pending[i] = pending[i] + c
        else:
            pending[i] = c
            heappush(heap, (i, node))

    for node, g in roots:
        add(node, g)
    with np.errstate(all="ignore"):
        while heap:
            index, node = heappop(heap)
            g = pending.pop(index)
            if node[AVAL] is not None:
                g = fit(g, node[AVAL])
            found.cotangents[index] = g
            if node[PRIM] is None:
                found.leaves[index] = (node, g)
                continue
            step = steps.get(index)
            start = time.perf_counter()
            try:
                pairs = list(node[PULL](g, node))
                if getattr(node[PRIM], "same_aval", False) and not all(finite(c) for _, c in pairs):
                    pairs = zeros_kept(g, pairs)  # as the tape does, on its second pass
            except Exception as error:
                if step and step.site:
                    error.add_note(f"in the backward pass of {step.name} at {step.site}")
                    error.step = step  # type: ignore[attr-defined]
                raise
            if step:
                step.back += time.perf_counter() - start
            for parent, c in pairs:
                c = c if node[ALIGNED] or parent[AVAL] is None else fit(c, parent[AVAL])
                if found.culprit is None and step and finite(g) and not finite(c):
                    found.culprit, found.cotangent = step, c
                add(parent, c)
    return found


def finite(g: Any) -> bool:
    """Whether there is no NaN and no infinity in `g`."""
    return bad_element(g) is None


def bad_element(g: Any) -> tuple[int, ...] | None:
    """The index of the first NaN or infinity in `g`; None if there is none."""
    if isinstance(g, tuple):
        return next((at for at in map(bad_element, [v for v in g if v is not None]) if at is not None), None)
    a = np.asarray(value_of(g))
    if a.dtype.kind not in "fc":
        return None
    bad = ~np.isfinite(a)
    return tuple(map(int, np.argwhere(bad)[0])) if bad.any() else None
