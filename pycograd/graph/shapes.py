"""Shapes without data: a function run on symbols, which have a shape and a dtype and no numbers."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import (
    Aval,
    BranchError,
    MissingRuleError,
    Traced,
    aval_of,
    current_of,
    new_symbol,
    resolve_dtype,
    running,
    tree_flatten,
    tree_map,
    tree_unflatten,
)
from pycograd.weave import woven

__all__ = ["ShapeDtypeStruct", "eval_shape", "infer_shapes"]

METHODS = ("auto", "abstract", "dummy")
# What code says that asks for numbers which a symbol does not have.
UNANSWERED = (BranchError, MissingRuleError, TypeError)


class ShapeDtypeStruct:
    """The type of an array: its shape and its dtype.

    shape  integers
    dtype  as numpy or `pycograd.dtype` names it
    Raises NotImplementedError for a dimension that is a name: symbolic sizes come in a later version.

    >>> ShapeDtypeStruct((2, 3))
    f64[2,3]
    >>> ShapeDtypeStruct((2, 3), "f32").size
    6
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Any, dtype: Any = float) -> None:
        self.shape = dimensions(shape)
        self.dtype = (
            resolve_dtype(dtype) if isinstance(dtype, str) and dtype[0] in "fdbc" else np.dtype(dtype)
        )

    @property
    def aval(self) -> Aval:
        return Aval(self.shape, self.dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return self.aval.size

    def __repr__(self) -> str:
        return str(self.aval)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShapeDtypeStruct) and self.aval == other.aval

    def __hash__(self) -> int:
        return hash(self.aval)


def dimensions(shape: Any) -> tuple[int, ...]:
    """`shape` as a tuple of integers."""
    dims = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    named = [d for d in dims if isinstance(d, str)]
    if named:
        raise NotImplementedError(
            f"a dimension named {named[0]!r} in the shape {dims}: symbolic sizes come in a later version of pycograd; "
            "give a number"
        )
    sizes = tuple(operator.index(d) for d in dims)
    if any(n < 0 for n in sizes):
        raise ValueError(f"a negative dimension in the shape {sizes}")
    return sizes


def eval_shape(fn: Callable[..., Any], *args: Any, method: str = "auto") -> Any:
    """What `fn(*args)` returns, with a `ShapeDtypeStruct` in the place of every array: its numbers are not computed.

    args    pytrees; arrays and `ShapeDtypeStruct`s stand for any array of their type, and need no memory.  Numbers,
            and arrays of integers or bools (labels, indices, masks), keep their values
    method  "abstract": run on symbols, which have no data; "dummy": run on arrays of ones; "auto": on symbols, and
            on ones where `fn` asks for numbers
    Raises ShapeError for shapes that do not fit together, as `fn` itself would; ValueError for an unknown method.

    >>> eval_shape(lambda x, w: np.tanh(x @ w), ShapeDtypeStruct((10**6, 300)), ShapeDtypeStruct((300, 10**6)))
    f64[1000000,1000000]
    """
    if method not in METHODS:
        raise ValueError(f"eval_shape: unknown method {method!r}; there are {', '.join(METHODS)}")
    leaves, structure = tree_flatten(args)
    if method == "dummy":
        return on_ones(fn, leaves, structure)
    try:
        return on_symbols(fn, leaves, structure)
    except UNANSWERED:
        if method == "abstract":
            raise
    return on_ones(fn, leaves, structure)


def infer_shapes(fn: Callable[..., Any], *shapes: Any, method: str = "auto") -> Any:
    """The shapes of what `fn` returns, given the shapes of its arguments: tuples in the place of arrays.

    shapes  for each argument a tuple of integers, the shape of a float64 array; or what `eval_shape` takes
    Raises as `eval_shape` does.

    >>> infer_shapes(np.matmul, (5, 2), (2, 3))
    (5, 3)
    """
    args = [ShapeDtypeStruct(s) if is_shape(s) else s for s in shapes]
    found = eval_shape(fn, *args, method=method)
    return tree_map(lambda s: s.shape if isinstance(s, ShapeDtypeStruct) else s, found)


def is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and all(isinstance(d, int | np.integer | str) for d in x)


# ---- the two ways --------------------------------------------------------------------------------------------------
def on_symbols(fn: Callable[..., Any], leaves: list[Any], structure: Any) -> Any:
    with running("capture") as level:
        xs = [
            new_symbol(x.aval, level) if isinstance(x, ShapeDtypeStruct) else symbol(x, level) for x in leaves
        ]
        return described(woven(fn)(*tree_unflatten(structure, xs)))


def symbol(x: Any, level: int) -> Any:
    """A floating array as a symbol; numbers, integers and bools keep their values."""
    if isinstance(x, np.ndarray | Traced) and np.dtype(aval_of(x).dtype).kind in "fcV":
        return new_symbol(aval_of(x), level)
    return x


def on_ones(fn: Callable[..., Any], leaves: list[Any], structure: Any) -> Any:
    xs = [np.ones(x.shape, x.dtype) if isinstance(x, ShapeDtypeStruct) else x for x in leaves]
    with np.errstate(all="ignore"):
        return described(fn(*tree_unflatten(structure, xs)))


def described(out: Any) -> Any:
    """`out` with the types of its arrays and numbers."""

    def type_of(y: Any) -> Any:
        y = current_of(y)
        if isinstance(y, Traced | np.ndarray | np.generic | int | float | complex):
            aval = aval_of(y)
            return ShapeDtypeStruct(aval.shape, np.dtype(aval.dtype))
        return y

    return tree_map(type_of, out)
