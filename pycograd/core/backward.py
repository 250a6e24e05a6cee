"""The backward pass, one for every order of derivative: on plain arrays it is numpy, on watched ones it is recorded."""

from collections.abc import Iterable
from heapq import heappop, heappush, heappushpop
from math import inf
from sys import getrefcount
from typing import Any

import numpy as np
from numpy import ndarray

from .aval import PLAIN, Aval, shape_of
from .memories import unobserved
from .node import AVAL, FIRST_PARENT, INDEX, NOTHING, PARAMS, PRIM, Node
from .traced import Traced, finite

__all__ = ["backward", "fit", "fresh", "sum_to", "zeros_kept"]


class Roots:
    """Stands for the operation that makes one value of all that a backward pass starts from."""

    into = None
    same_aval = False


ROOTS = Roots()


def backward(roots: Iterable[tuple[Node, Any]], oldest: int = 1) -> dict[int, tuple[Node, Any]]:
    """The leaves that the `roots` (pairs of a node and its cotangent) depend on, with their cotangents, by index.

    Nodes with an index above `oldest` (by default there are none) count as leaves.  The cotangent of the newest node
    is always complete, so a heap is all the order there is to keep, and a node that has left it is gone, with what it
    saved.  A rule may return its argument, a view or a residual, so a first cotangent is only borrowed; a sum belongs
    to this pass (`owned`), and later ones are added to it in place.

    Where a cotangent is an exact zero, so is what an elementwise rule makes of it, though a saved factor be inf or
    nan: an unselected branch of `np.where` never poisons.  As that is rare, it is looked after in a second pass, if
    some leaf comes out inf or nan in the first.
    """
    roots = tuple(roots)
    leaves = back(roots, oldest)
    if all([has_no_numbers(g) or finite(g) for _, g in leaves.values()]):
        return leaves
    return back(roots, oldest, careful=True)


def has_no_numbers(g: Any) -> bool:
    """Whether `g` is being captured: then nobody knows what it turns out to be."""
    while isinstance(g, Traced):
        g = g.value
    return isinstance(g, Aval)


def zeros_kept(g: Any, pulled: Iterable[tuple[Node, Any]]) -> list[tuple[Node, Any]]:
    """`pulled`, with zeros where the cotangent `g` is an exact zero and the rule made inf or nan of it."""
    quiet = g == 0
    return [(p, np.where(np.logical_and(quiet, np.logical_not(np.isfinite(c))), 0.0, c)) for p, c in pulled]


def back(
    roots: tuple[tuple[Node, Any], ...], oldest: int, careful: bool = False
) -> dict[int, tuple[Node, Any]]:
    """One backward pass."""
    start: Node = (-inf, ROOTS, lambda g, node: roots, (), False, None, NOTHING)
    heap: list[Node] = []
    cotangents: dict[float, Any] = {-inf: None}
    owned: set[float] = set()
    mine: set[float] = set()  # the same of cotangents that are watched
    leaves: dict[int, tuple[Node, Any]] = {}
    with np.errstate(all="ignore"):  # an infinite slope is an answer, not a reason to warn
        node: Node | None = start
        while node is not None:
            index, prim = node[0], node[1]
            g = cotangents.pop(index)
            newest: Node | None = None  # a parent seen for the first time, held back: mostly the next node
            if prim is None or index > oldest:
                pulled = c = None  # which may hold on to g
                g = g if node[AVAL] is None else fit(g, node[AVAL])
                leaves[index] = node, g if index in owned else fresh(g)
            elif prim.into and (
                deposit(cotangents, owned, heap, g, node)
                if type(g) in PLAIN
                else deposit_watched(cotangents, mine, heap, g, node)
            ):
                pass
            else:
                pulled = node[2](g, node)
                if careful and prim.same_aval:
                    pulled = zeros_kept(g, pulled)
                aligned = node[4]
                for parent, c in pulled:
                    if not aligned:
                        aval = parent[5]
                        if aval and (type(c) is not ndarray or c.dtype is not aval[1] or c.shape != aval[0]):
                            c = fit(c, aval)
                    i = parent[0]
                    if i not in cotangents:
                        cotangents[i] = c
                        if newest is None:
                            newest = parent
                        elif i < newest[0]:
                            heappush(heap, newest)
                            newest = parent
                        else:
                            heappush(heap, parent)
                    elif type(c) is ndarray and i in owned:
                        cotangents[i] += c
                    else:
                        total = cotangents[i] = cotangents[i] + c
                        if type(total) is ndarray:
                            owned.add(i)
                        elif owned:
                            owned.discard(i)
            if newest is None:
                node = heappop(heap) if heap else None
            elif newest[0] == index + 1:  # made just before this one: nothing can be newer
                node = newest
            else:
                node = heappushpop(heap, newest)
    return leaves


ALONE = 0  # references to an array that nobody but the backward pass holds, as `fresh` counts them


def fresh(g: Any) -> Any:
    """`g`, or a copy that the caller may write into, if somebody else has that array or its memory."""
    if type(g) is not np.ndarray or g.base is None and g.flags.writeable and getrefcount(g) <= ALONE:
        return g
    return g.copy()


def references_of_one_name() -> int:
    def count(g: Any) -> int:
        return getrefcount(g)

    alone = np.empty(1)
    return count(alone)


ALONE = unobserved(references_of_one_name(), 3)


def deposit(cotangents: dict[float, Any], owned: set[float], heap: list[Node], g: Any, node: Node) -> bool:
    """Add `g` to the cotangent of the operand in place, or hand the array `g` itself on; False if neither can be."""
    prim = node[PRIM]
    if prim.moves is None:
        if not own(cotangents, owned, heap, node[FIRST_PARENT]):
            return False
        prim.into(cotangents[node[FIRST_PARENT][INDEX]], g, **node[PARAMS])
        return True
    if type(g) is not np.ndarray:
        return False
    mine = g if node[INDEX] in owned else g.copy(order="C")
    for parent, c in prim.moves(mine, node):
        give(cotangents, owned, heap, parent, c, c is mine)
    return True


def deposit_watched(
    cotangents: dict[float, Any], mine: set[float], heap: list[Node], g: Any, node: Node
) -> bool:
    """The same for a watched `g`, whose tower is written in place once its arrays are this pass's own."""
    prim = node[PRIM]
    if prim.moves is None:
        return prim.adds is not None and add_at_place(cotangents, mine, heap, g, node)
    for parent, c, own in prim.hand_on(g, node, node[INDEX] in mine):
        i = parent[INDEX]
        c = c if own else fit(c, parent[AVAL])
        if i in cotangents:
            c, own = cotangents[i] + c, True
        else:
            heappush(heap, parent)
        cotangents[i] = c
        if own:
            mine.add(i)
    return True


def add_at_place(
    cotangents: dict[float, Any], mine: set[float], heap: list[Node], g: Any, node: Node
) -> bool:
    """Add the cotangent of what was read to that of the array it was read from."""
    prim, parent = node[PRIM], node[FIRST_PARENT]
    i, (store, at) = parent[INDEX], prim.adds(node[PARAMS])
    if not parent[AVAL].shape or g.dtype != parent[AVAL].dtype:
        return False
    if i not in cotangents:
        heappush(heap, parent)
        cotangents[i] = store.in_place(np.zeros(*parent[AVAL]), g, at)
    elif i in mine:
        cotangents[i] = store.in_place(cotangents[i], g, at)
    else:
        cotangents[i] = store.call(cotangents[i], g, at=at)
    mine.add(i)
    return True


def give(
    cotangents: dict[float, Any], owned: set[float], heap: list[Node], node: Node, c: Any, mine: bool
) -> None:
    """Add `c` to the cotangent of `node`; `mine` if it may be written from now on."""
    i = node[INDEX]
    c = c if mine else fit(c, node[AVAL])
    if i not in cotangents:
        heappush(heap, node)
        cotangents[i] = c
    elif i in owned and type(c) is np.ndarray:
        cotangents[i] += c
        return
    elif mine and type(cotangents[i]) is np.ndarray:
        c += cotangents[i]
        cotangents[i] = c
    else:
        mine = False
        cotangents[i] = cotangents[i] + c
        owned.discard(i)
    if mine:
        owned.add(i)


def own(cotangents: dict[float, Any], owned: set[float], heap: list[Node], node: Node) -> bool:
    """Make the cotangent of `node` an array that the backward pass may write into, if it can be one."""
    i = node[INDEX]
    if i in owned:
        return True
    if i not in cotangents:
        if not node[AVAL].shape:
            return False
        cotangents[i] = np.zeros(*node[AVAL])
        heappush(heap, node)
    elif type(cotangents[i]) is np.ndarray:
        cotangents[i] = cotangents[i].copy()
    else:
        return False
    owned.add(i)
    return True


def fit(g: Any, aval: Aval) -> Any:
    """`g` with the shape, dtype and realness of the value whose cotangent it is: the one place where this happens."""
    shape, dtype = aval
    if shape_of(g) != shape:
        g = sum_to(g, shape)
    have = getattr(g, "dtype", None)
    if have is dtype:
        return g
    if isinstance(dtype, type):  # a Python scalar's
        if isinstance(g, Traced):
            return np.real(g) if g.dtype.kind == "c" and dtype is float else g
        return g if type(g) is dtype else dtype(g.real if dtype is float else g)
    if have is None:
        return np.asarray(g.real if isinstance(g, complex) and dtype.kind != "c" else g, dtype)
    if have.kind == "c" != dtype.kind:
        g = np.real(g)
    return g.astype(dtype)


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` over the axes along which broadcasting stretched `shape`, or stretch it."""
    have = shape_of(g)
    lead = len(have) - len(shape)
    if lead > 0 and have[lead:] == shape:
        axes = tuple(range(lead))
        return np.add.reduce(g, axes) if type(g) is ndarray else np.sum(g, axis=axes)
    if lead < 0 or any(h == 1 != n for h, n in zip(have[lead:], shape, strict=True)):
        return np.broadcast_to(g, shape)
    axes = tuple(range(lead)) + tuple(lead + i for i, n in enumerate(shape) if n == 1 != have[lead + i])
    return np.reshape(np.sum(g, axis=axes), shape)
