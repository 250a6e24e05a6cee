"""The tape: `Var`, whose calls are recorded as nodes, and what the transforms make of one run of a function."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .aval import Aval, aval_of, cotangent_aval, ones, shape_of, zeros
from .backward import backward
from .dtypes import resolve_dtype, working_for
from .errors import where
from .levels import HAND_MADE, clock, live, running
from .node import AVAL, FIRST_PARENT, INDEX, NOTHING, PARAMS, PRIM, SAVED, Node
from .traced import Handle, Traced, current_of

__all__ = [
    "Several",
    "Var",
    "VarByHand",
    "leaf",
    "new",
    "new_var",
    "pull_output",
    "pull_saved",
    "pullback",
    "record",
    "several",
    "twin",
    "watched",
]

new = object.__new__
become = object.__dict__["__class__"].__set__  # `Traced` says of itself that it is an array


class Cell:
    """What a leaf `Var` and its node share: no cycle between the two."""

    __slots__ = ("grad", "name")

    def __init__(self, name: str | None) -> None:
        self.grad: Any = None
        self.name = name


class VarByHand(Traced):
    """A value on the tape: `node` is the call that made it.

    `Var(value)` by hand is a leaf for the imperative style, anywhere numpy code runs:

    >>> from pycograd import Var
    >>> x = Var(np.array([1.0, 2.0]))
    >>> np.sum(np.exp(2 * x)).backward()
    >>> x.grad.round(2)
    array([ 14.78, 109.2 ])

    value  an array, or what `np.asarray` accepts; floating arrays keep their dtype and are not copied, everything else
           becomes `dtype` (by default the working dtype, float64)
    Raises TypeError if `value` is watched by a transform that runs.
    """

    __slots__ = ()
    __qualname__ = "Var"  # its public name

    def __init__(self, value: Any, *, dtype: Any = None, name: str | None = None) -> None:
        value = current_of(value)
        if isinstance(value, Traced):
            raise TypeError(
                "Var of a watched value: a transform already records it; use it as it is, or value_of(x)"
            )
        array = np.asarray(value)
        if array.dtype.kind not in "biufc" and (array.dtype.kind != "V" or array.dtype.names):
            what = f"an array of dtype {array.dtype}" if array.shape else repr(value)
            raise TypeError(
                f"Var of {what}{where()}: it takes numbers; convert them first, np.asarray(x, float)"
            )
        if dtype is not None:
            array = array.astype(resolve_dtype(dtype))
        elif array.dtype.kind not in "fcV" or not hasattr(value, "__array__"):  # numbers of Python's, lists
            array = array.astype(working_for(array.dtype), copy=False)
        become(self, Var)
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


class Var(VarByHand):
    """The class of every value on a tape.  Nothing runs when one is made, `Var()`, which so costs a quarter less."""

    __slots__ = ()
    __init__ = object.__init__


def twin(x: Any) -> Any:
    """`x` as an object of its own, which stays a value when the user writes into `x` (families.py)."""
    kind = type(x)
    if kind is Var:
        return new_var(x.value, x.level, x.node)
    if not issubclass(kind, Traced):
        return x
    if issubclass(kind, Handle):
        return x.current()
    y = new(kind)
    y.value, y.level, y.node = x.value, x.level, x.node
    return y


def new_var(value: Any, level: float, node: Node) -> Var:
    """`value` on the tape of `level`, made by the call `node`."""
    v = Var()
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
    """The call that `node` picks an output of, and the cotangents of its outputs."""
    i, n = node[SAVED]
    return ((node[FIRST_PARENT], Several([g if j == i else None for j in range(n)])),)


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
