"""Arrays made of watched values: `array`, `asarray`, `astype`, `full` and their like."""

from itertools import islice

import numpy as np

from pycograd.core import (
    REGISTRY,
    Aval,
    LostGradientError,
    Primitive,
    Traced,
    aval_of,
    copied,
    registered,
    shape_of,
    told,
    value_of,
    where,
    without_tape,
)

from .families import composite, linear, watches
from .joining import stack_
from .layout import fortran, in_order
from .movement import reshape_


# ---- dtypes --------------------------------------------------------------------------------------------------------
def convert(x, *, dtype):
    """`x` as an array (or scalar) of `dtype`; the real part if that is real."""
    x = np.asarray(x)
    return (x.real if x.dtype.kind == "c" and np.dtype(dtype).kind != "c" else x).astype(dtype)[()]


def batch_convert(prim, xs, batched, params):
    return prim.call(xs[0], **params)


def converted_shape(x, *, dtype):
    return Aval(x.shape, np.dtype(dtype))


astype_ = linear(convert, lambda g, *, dtype: g, batch=batch_convert, shape=converted_shape, name="astype")
# An integer has no slope: it is watched by vmap and capture alone.
discrete_ = Primitive(
    convert, operands="x", batch=batch_convert, shape=converted_shape, name="astype_discrete"
)


def astype(x, dtype, order="K", casting="unsafe", subok=True, copy=True):
    """`x.astype(dtype)` of a watched value; an integer or boolean dtype ends its gradient."""
    dtype = np.dtype(dtype)
    have = aval_of(x).dtype
    if casting != "unsafe" and not np.can_cast(np.dtype(have), dtype, casting):
        text = (
            f"Cannot cast array data from {np.dtype(have)!r} to {dtype!r} according to the rule {casting!r}"
        )
        raise TypeError(text)
    if dtype.names is not None:
        raise LostGradientError(
            told(
                "watched values are to be put into a structured array",
                "its fields hold plain numbers: the gradient would be lost",
                fix="an array for each field, v = np.array([row[0] for row in rows])",
            )
        )
    if dtype.kind == "O" and np.dtype(have).kind in "fc":
        raise TypeError(
            f"an array of objects{where()} would lose the gradient of a watched value: leave out dtype"
        )
    if have == dtype and not isinstance(have, type):
        return copied(x) if copy else x
    return (astype_ if dtype.kind in "fcV" else discrete_).call(x, dtype=dtype)


Traced.astype = astype


@composite(np.astype)
def np_astype(x, dtype, /, *, copy=True, device=None):
    """`np.astype`."""
    return astype(x, dtype)


# ---- arrays of arrays ----------------------------------------------------------------------------------------------
def nested(x):
    """The leaves of nested lists that are all of one length at each depth, and those lengths; None if they are not."""
    shape, leaves = [], [x]
    while leaves and all(isinstance(leaf, (list, tuple)) for leaf in leaves):
        lengths = set(map(len, leaves))
        if len(lengths) != 1:
            return None
        shape.append(lengths.pop())
        leaves = [item for leaf in leaves for item in leaf]
    if any(isinstance(leaf, (list, tuple)) for leaf in leaves):
        return None
    return (shape, leaves) if len(set(map(shape_of, leaves))) == 1 else None


array_ = linear(
    np.asarray,
    lambda g: g,
    batch=batch_convert,
    shape=lambda x: Aval(x.shape, np.dtype(x.dtype)),
    name="asarray",
)


def built(x):
    """The array of `x`, a watched value or (nested) lists that hold some: one operation for all scalars of a list."""
    if isinstance(x, Traced):
        return x if isinstance(value_of(x), (np.ndarray, Aval)) else array_.call(x)
    if not watches((x,)):
        return np.array(x)
    found = nested(x)
    if found is None:
        parts = [built(part) for part in x]
        if len(set(map(shape_of, parts))) > 1:
            raise ValueError(
                "setting an array element with a sequence. The requested array has an inhomogeneous shape"
            )
        return stack_.call(*parts, axis=0)
    shape, leaves = found
    stacked = stack_.call(*leaves, axis=0)
    return stacked if len(shape) == 1 else reshape_.call(stacked, shape=(*shape, *stacked.shape[1:]))


@registered(np.array)
def array(object, dtype=None, *, copy=True, order="K", subok=False, ndmin=0, like=None, **params):
    """`np.array`; nested lists may hold watched values and plain numbers."""
    if not watches((object,)):
        return np.array(object, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin, **params)
    y = built(object) if copy is None or copy is False else copied(built(object))
    y = in_order(y if dtype is None else keep_array(y, dtype), order)
    return y if y.ndim >= ndmin else np.reshape(y, (1,) * (ndmin - y.ndim) + y.shape)


def keep_array(x, dtype):
    """The array `x` as an array of `dtype`, though it be 0-d."""
    y = astype(x, dtype)
    return y if shape_of(y) else array_.call(y)


def as_array(func):
    """Register `func`, which is `np.array` of one argument but for the memory order."""

    def convert(a, dtype=None, order=None, **params):
        if not watches((a,)):
            return func(a, dtype, order, **params) if order is not None else func(a, dtype, **params)
        return array(a, dtype, copy=None, order=order or "K")

    REGISTRY[func] = convert


as_array(np.asarray)
as_array(np.asanyarray)
as_array(np.asarray_chkfinite)


def contiguous(func):
    def convert(a, dtype=None, *, like=None):
        return array(a, dtype, ndmin=least, copy=None, order=order) if watches((a,)) else func(a, dtype)

    least, order = (1, "C") if func is np.ascontiguousarray else (0, "F")
    REGISTRY[func] = convert


contiguous(np.ascontiguousarray)
contiguous(np.asfortranarray)


@composite(np.copy)
def copy(a, order="K", subok=False):
    """`np.copy`; the plain numbers may be shared, a watched value is never written."""
    return array(a, order=order)


@composite(np.require)
def require(a, dtype=None, requirements=None, *, like=None):
    """`np.require`."""
    wanted = {text[0].upper() for text in np.atleast_1d(requirements)} if requirements else set()
    return array(a, dtype, copy=None, order="F" if "F" in wanted else "C" if "C" in wanted else "K")


@registered(np.fromiter)
def fromiter(iter, dtype, count=-1, *, like=None):
    """`np.fromiter`; the items may be watched."""
    items = list(iter if count < 0 else islice(iter, count))
    if not watches((items,)):
        return np.fromiter(items, dtype, count)
    if len(items) < count:
        raise ValueError(f"iterator too short: Expected {count} but iterator had only {len(items)} items.")
    return array(items, dtype)


# ---- arrays of one value -------------------------------------------------------------------------------------------
def shape_like(a, shape):
    return shape_of(a) if shape is None else shape


def dtype_like(a, dtype):
    return aval_of(a).dtype if dtype is None else dtype


def order_like(a, order):
    return "F" if isinstance(a, Traced) and fortran(a, order) else "C"


@composite(np.full)
def full(shape, fill_value, dtype=None, order="C", *, device=None, like=None):
    """`np.full`."""
    shape, fill_value = without_tape(shape), array(fill_value, dtype)
    if not watches((fill_value,)):
        return np.full(shape, fill_value, order=order)
    y = np.broadcast_to(fill_value, shape)
    return copied(in_order(y, "F") if order == "F" else y)  # it may be written, a broadcast view may not


@composite(np.full_like)
def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """`np.full_like`."""
    return full(shape_like(a, shape), fill_value, np.dtype(dtype_like(a, dtype)), order_like(a, order))


def filled_like(func, make):
    """Register `func`, such as `np.zeros_like`: plain numbers, of the type of a watched array."""

    def like(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
        if not watches((a, shape)):
            return func(a, dtype, order, subok, shape)
        return make(without_tape(shape_like(a, shape)), dtype_like(a, dtype), order=order_like(a, order))

    REGISTRY[func] = like


filled_like(np.zeros_like, np.zeros)
filled_like(np.ones_like, np.ones)
filled_like(np.empty_like, np.zeros)
