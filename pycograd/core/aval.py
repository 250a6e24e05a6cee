"""Avals: the type of a value, its shape and dtype, without the data.

A Python scalar has the Python class itself as its dtype (`float`, `int`, ...): it is weak, as numpy's promotion has it
(NEP 50), and its gradient is a Python float again.
"""

from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "FLOAT",
    "PLAIN",
    "Aval",
    "aval_of",
    "cotangent_aval",
    "dtype_name",
    "has_own_operators",
    "ones",
    "result_dtype",
    "shape_of",
    "zeros",
]

# What an interpreter need not look at twice: numpy computes on these directly.
PLAIN = frozenset(
    [
        np.ndarray,
        float,
        int,
        bool,
        complex,
        np.float64,
        np.float32,
        np.int64,
        np.int32,
        np.bool_,
        np.complex128,
        np.complex64,
    ]
)


class Aval(NamedTuple):
    """The type of an array: `Aval((3, 4), np.dtype("float64"))`, which prints as `f64[3,4]`."""

    shape: tuple[int, ...]
    dtype: Any = np.dtype(float)

    def __str__(self) -> str:
        return f"{dtype_name(self.dtype)}[{','.join(map(str, self.shape))}]"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size


FLOAT = Aval((), float)
NUMBER = Aval((), np.dtype(float))  # one object for all, as loops over elements make many
SCALARS = {
    float: FLOAT, int: Aval((), int), bool: Aval((), bool), complex: Aval((), complex), np.float64: NUMBER,
}  # fmt: skip
make = tuple.__new__  # a third of what the constructor of a NamedTuple costs


def aval_of(x: Any) -> Aval:
    """The aval of any value: array, scalar, watched value, or what `np.asarray` accepts."""
    if type(x) is np.ndarray:
        return make(Aval, (x.shape, x.dtype))
    aval = SCALARS.get(type(x)) or getattr(x, "aval", None)  # a watched value knows if it is a weak scalar
    if isinstance(aval, Aval):
        return aval
    try:
        return make(Aval, (x.shape, x.dtype))
    except AttributeError:
        return Aval(np.shape(x), np.result_type(x))


def has_own_operators(x: Any) -> bool:
    """Whether `x` is an array of a class with operators of its own (np.matrix, masked arrays)."""
    kind = type(x)
    return kind not in PLAIN and issubclass(kind, np.ndarray) and kind.__mul__ is not np.ndarray.__mul__


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of any value; a Python scalar has none."""
    try:
        return x.shape
    except AttributeError:
        return np.shape(x) if isinstance(x, (list, tuple)) else ()


def cotangent_aval(aval: Aval) -> Aval:
    """The aval of the cotangents (and tangents) of values of type `aval`: integers have float64 ones."""
    dtype = aval.dtype
    if dtype is float or dtype is complex:
        return aval
    if dtype is int or dtype is bool:
        return FLOAT
    return aval if dtype.kind in "fcV" else make(Aval, (aval.shape, np.dtype(float)))


def zeros(aval: Aval) -> Any:
    """The zero cotangent of a value of type `aval`."""
    shape, dtype = cotangent_aval(aval)
    return dtype(0) if isinstance(dtype, type) else np.zeros(shape, dtype)


def ones(aval: Aval) -> Any:
    """The cotangent of a sum of a value of type `aval`."""
    shape, dtype = cotangent_aval(aval)
    if isinstance(dtype, type):
        return dtype(1)
    return np.ones(shape, dtype) if shape else dtype.type(1)


def result_dtype(*avals: Aval) -> np.dtype[Any]:
    """What numpy promotes the dtypes of `avals` to; Python scalars are weak."""
    return np.result_type(*[a.dtype(0) if isinstance(a.dtype, type) else a.dtype for a in avals])


def dtype_name(dtype: Any) -> str:
    """`f64`, `c128`, `i32`, `bool`: how graphs and errors print a dtype."""
    dtype = np.dtype(dtype)
    return f"{dtype.kind}{8 * dtype.itemsize}" if dtype.kind in "fciu" else str(dtype)
