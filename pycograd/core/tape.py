"""Reverse mode: `Var`, the tape, and the one backward pass that serves every order of derivative.

A node is one recorded call, an equation.  It is a bare tuple, because nothing is cheaper to make and a heap orders
it by its index:

    index    counts down, so the smallest index is the newest node
    prim     the operation; None for a leaf
    pull     (g, node) -> pairs of a parent and its cotangent
    saved    what the rules of the watched operands asked for
    aligned  the cotangents of these parents need no `fit`: the operands have the aval of the output
    aval     the type of the cotangent of this value (an integer's is float64)
    params   the static parameters of the call

and last the parents, the nodes of the watched operands (not in a tuple of their own, which the garbage collector would
visit).  There is no list of nodes: a value holds its node, a node its parents, so what nobody needs is freed at once.
"""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush, heappushpop
from math import inf
from typing import Any

import numpy as np
from numpy import ndarray

from .aval import PLAIN, Aval, aval_of, cotangent_aval, ones, shape_of, zeros
from .levels import HAND_MADE, clock, live, running
from .traced import Handle, Traced, finite

__all__ = [
    "Several",
    "Var",
    "backward",
    "fit",
    "leaf",
    "new_var",
    "pullback",
    "record",
    "sum_to",
    "twin",
    "watched",
]

Node = tuple[Any, ...]
INDEX, PRIM, PULL, SAVED, ALIGNED, AVAL, PARAMS, FIRST_PARENT = range(8)
NOTHING: dict[str, Any] = {}  # the params of a call without any
new = object.__new__


class Cell:
    """What a leaf `Var` and its node share: no cycle between the two."""

    __slots__ = ("grad", "name")

    def __init__(self, name: str | None) -> None:
        self.grad: Any = None
        self.name = name


class Var(Traced):
    """A value on the tape: `node` is the call that made it.

    `Var(value)` by hand is a leaf for the imperative style, anywhere numpy code runs:

    >>> x = Var(np.array([1.0, 2.0]))
    >>> np.sum(np.exp(2 * x)).backward()
    >>> x.grad.round(2)
    array([ 14.78, 109.2 ])

    value  an array, or what `np.asarray` accepts; floating arrays keep their dtype and are not copied, everything else
           becomes `dtype` (float64 by default)
    Raises TypeError if `value` is watched by a transform that runs.
    """

    __slots__ = ()

    def __init__(self, value: Any, *, dtype: Any = None, name: str | None = None) -> None:
        if isinstance(value, Traced):
            raise TypeError(
                "Var of a watched value: a transform already records it; use it as it is, or value_of(x)"
            )
        array = np.asarray(value)
        if dtype is not None or array.dtype.kind not in "fcV":
            array = array.astype(dtype or float)
        self.value = array
        self.level = HAND_MADE
        self.node = (next(clock), None, None, Cell(name), True, aval_of(array), NOTHING)

    @property
    def name(self) -> str | None:
        return self.node[SAVED].name if self.is_leaf else None

    @property
    def is_leaf(self) -> bool:
        """Whether this is a `Var` made by hand rather than the result of an operation."""
        return isinstance(self.node[SAVED], Cell)

    @property
    def grad(self) -> Any:
        """The gradient that the last `backward` left here: None before one, and for the result of an operation."""
        return self.node[SAVED].grad if self.is_leaf else None

    @grad.setter
    def grad(self, value: Any) -> None:
        if not self.is_leaf:
            raise AttributeError("only a Var made by hand has a gradient that can be set")
        self.node[SAVED].grad = value

    def backward(self, cotangent: Any = None) -> None:
        """Fill `.grad` of every leaf `Var` that this value depends on.

        cotangent  an array of this value's shape; ones by default, if there is one element
        A leaf that is reached is cleared first, so calling this twice gives the same answer.
        """
        if self.level != HAND_MADE:
            kind = live.get(int(self.level), "transform that has ended")
            raise TypeError(
                f"backward() of a value that belongs to a running {kind}; return it from the function instead"
            )
        if cotangent is None and self.size != 1:
            raise TypeError(
                f"backward() of a value of shape {self.shape} needs a cotangent of that shape, or sum it first"
            )
        g = ones(self.aval) if cotangent is None else np.asarray(cotangent)
        if shape_of(g) != self.shape:
            raise ValueError(f"backward(): the cotangent has shape {shape_of(g)}, the value {self.shape}")
        for node, c in backward([(self.node, g)]).values():
            node[SAVED].grad = np.asarray(c)

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        xs, mine = list(args), []
        for i, a in enumerate(args):
            if isinstance(a, Traced):
                if type(a) is Var and a.level == level:
                    xs[i] = a.value
                    mine.append(i)
                else:
                    xs[i] = twin(a)
        y = prim.call(*xs, **params)
        saved, parents = [], []
        for i in mine:
            entry = prim.vjp_at(i)
            if entry is not None:
                saved.append((entry.rule, entry.keep(i, y, xs)))
                parents.append(args[i].node)
        if not parents:
            return y
        aval = None if prim.outputs else cotangent_aval(aval_of(y))
        node = (next(clock), prim, pull_saved, tuple(saved), False, aval, params, *parents)
        return several(y, level, node) if prim.outputs else new_var(y, level, node)


def twin(x: Any) -> Any:
    """`x` as an object of its own, which stays a value when the user writes into `x` (handles.py)."""
    kind = type(x)
    if not issubclass(kind, Traced):
        return x
    if issubclass(kind, Handle):
        return x.current()
    y = new(kind)
    y.value, y.level, y.node = x.value, x.level, x.node
    return y


def new_var(value: Any, level: float, node: Node) -> Var:
    """`value` on the tape of `level`, made by the call `node`."""
    v = new(Var)
    v.value, v.level, v.node = value, level, node
    return v


def pull_saved(g: Any, node: Node) -> list[tuple[Node, Any]]:
    """The parents of `node` and their cotangents, when it saved pairs of a rule and what that rule asked for."""
    params = node[PARAMS]
    return [
        (p, rule(g, *kept, **params))
        for p, (rule, kept) in zip(node[FIRST_PARENT:], node[SAVED], strict=True)
    ]


# ---- operations with several outputs -------------------------------------------------------------------------------
class Several(tuple[Any, ...]):
    """The cotangents of the outputs of one call; None where no cotangent has come."""

    __slots__ = ()

    def __add__(self, other: Any) -> "Several":
        return Several(
            b if a is None else a if b is None else a + b for a, b in zip(self, other, strict=True)
        )


def several(ys: Iterable[Any], level: float, node: Node) -> tuple[Any, ...]:
    """One `Var` for each differentiable output of the call `node`."""
    ys = list(ys)
    out: list[Any] = []
    for i, y in enumerate(ys):
        aval = aval_of(y)
        if np.dtype(aval.dtype).kind not in "fcV":
            out.append(y)
            continue
        pick = (next(clock), node[PRIM], pull_output, (i, len(ys)), True, cotangent_aval(aval), NOTHING, node)
        out.append(new_var(y, level, pick))
    return tuple(out)


def pull_output(g: Any, node: Node) -> tuple[tuple[Node, Any]]:
    i, n = node[SAVED]
    return ((node[FIRST_PARENT], Several([g if j == i else None for j in range(n)])),)


class Roots:
    """Stands for the operation that makes one value of all that a backward pass starts from."""

    into = None
    same_aval = False


ROOTS = Roots()


# ---- the backward pass ---------------------------------------------------------------------------------------------
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
    leaves: dict[int, tuple[Node, Any]] = {}
    with np.errstate(all="ignore"):  # an infinite slope is an answer, not a reason to warn
        node: Node | None = start
        while node is not None:
            index, prim = node[0], node[1]
            g = cotangents.pop(index)
            newest: Node | None = None  # a parent seen for the first time, held back: mostly the next node
            if prim is None or index > oldest:
                leaves[index] = (
                    node,
                    g if index in owned else fresh(g if node[AVAL] is None else fit(g, node[AVAL])),
                )
            elif prim.into and type(g) in PLAIN and deposit(cotangents, owned, heap, g, node):
                pass
            else:
                pulled = node[2](g, node)
                if careful and prim.same_aval:
                    pulled = zeros_kept(g, pulled)
                aligned = node[4]
                for parent, c in pulled:
                    if not aligned and parent[5] is not None:
                        c = fit(c, parent[5])
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


def fresh(g: Any) -> Any:
    """`g`, or a copy that the caller may write into."""
    return g.copy() if type(g) is np.ndarray else g


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
    if lead < 0 or any(h == 1 != n for h, n in zip(have[lead:], shape, strict=True)):
        return np.broadcast_to(g, shape)
    axes = tuple(range(lead)) + tuple(lead + i for i, n in enumerate(shape) if n == 1 != have[lead + i])
    return np.reshape(np.sum(g, axis=axes), shape)


# ---- what the transforms are made of -------------------------------------------------------------------------------
def leaf(aval: Aval) -> Node:
    """The node of an input whose values are of type `aval`."""
    return (next(clock), None, None, (), True, cotangent_aval(aval), NOTHING)


def watched(x: Any, level: float) -> Var:
    """`x` as an input of the tape of `level`."""
    return new_var(x, level, leaf(aval_of(x)))


def record(
    f: Callable[..., Any], xs: Iterable[Any], transform: str = "grad"
) -> tuple[Any, list[Node], float]:
    """Run `f` on `xs` as inputs of a tape of its own: what it returns, the nodes of the inputs, the level."""
    with running(transform) as level:
        inputs = [watched(x, level) for x in xs]
        return f(*inputs), [v.node for v in inputs], level


def pullback(f: Callable[..., Any], *xs: Any) -> tuple[Any, Callable[[Any], list[Any]]]:
    """The value of `f`, a function of arrays to an array or a tuple of them, and its pullback to the arrays `xs`."""
    out, inputs, level = record(f, xs, "vjp")
    many = isinstance(out, tuple)
    ys = out if many else (out,)
    nodes = [y.node if type(y) is Var and y.level == level else None for y in ys]

    def pull(g: Any) -> list[Any]:
        gs = g if many else (g,)
        found = backward([(n, c) for n, c in zip(nodes, gs, strict=True) if n is not None and c is not None])
        return [found[n[INDEX]][1] if n[INDEX] in found else zeros(n[AVAL]) for n in inputs]

    values = tuple(y.value if n is not None else y for y, n in zip(ys, nodes, strict=True))
    return values if many else values[0], pull
