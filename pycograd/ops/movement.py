"""Functions that move elements without computing: reshape, transpose, broadcast, and what is made of them."""

import math
from functools import cache

import numpy as np

from pycograd.core import REGISTRY, Aval, Traced, View, aval_of, shape_of, sum_to, without_tape

from .families import arrayed, axes_of, composite, linear, pad_rank, rank, watches
from .layout import axes_in_memory, fortran


def batch_to_shape(prim, xs, batched, params):
    return prim.call(xs[0], shape=(shape_of(xs[0])[0], *params["shape"]))


def reshaped(x, *, shape):
    return x.reshape(shape) if type(x) is np.ndarray else np.reshape(x, shape)  # a method costs a sixth


reshape_ = linear(
    reshaped,
    lambda g, x_shape, *, shape: reshaped(g, shape=x_shape),
    batch=batch_to_shape,
    shape=lambda x, *, shape: Aval(shape, np.dtype(x.dtype)),
    mismatch=lambda x_shape, *, shape: f"reshape: cannot reshape size {int(np.prod(x_shape))} into {shape}",
    name="reshape",
    kind=View,
)


def explicit(shape, a):
    """`shape` for the elements of `a` as a tuple of plain integers, with numpy's -1 worked out."""
    if type(shape) is tuple:
        for n in shape:
            if type(n) is not int or n < 0:
                break
        else:
            return shape
    shape = without_tape(shape)
    shape = tuple([int(n) for n in (shape if np.ndim(shape) else (shape,))])
    if -1 not in shape:
        return shape
    size = aval_of(a).size
    known = -math.prod(shape)
    return (
        tuple(size // known if n == -1 and known else n for n in shape)
        if known and size % known == 0
        else shape
    )


def np_reshape(a, shape=None, order="C", *, newshape=None, copy=None):
    """`np.reshape`, in any order; `newshape` is what numpy 2.0 called the shape."""
    shape = newshape if shape is None else shape
    if not isinstance(a, Traced):
        if not watches((a,)):
            return np.reshape(a, without_tape(shape), order, **({} if copy is None else {"copy": copy}))
        a = arrayed(a)
    shape = explicit(shape, a)
    if order == "K":
        return reshape_.view(np.transpose(a, axes_in_memory(a)), shape=shape)
    if order != "C" and fortran(a, order):
        return np.transpose(reshape_.view(np.transpose(a), shape=shape[::-1]))
    return reshape_.view(a, shape=shape)


REGISTRY[np.reshape] = np_reshape

broadcast_to_ = linear(
    lambda x, *, shape: np.broadcast_to(x, shape),
    lambda g, x_shape, *, shape: sum_to(g, x_shape),
    batch=lambda prim, xs, batched, params: prim.call(
        pad_rank(xs[0], len(params["shape"])), shape=(shape_of(xs[0])[0], *params["shape"])
    ),
    shape=lambda x, *, shape: Aval(shape, np.dtype(x.dtype)),
    name="broadcast_to",
    kind=View,
)


def np_broadcast_to(array, shape, subok=False):
    """`np.broadcast_to`."""
    if not watches((array,)):
        return np.broadcast_to(array, without_tape(shape), subok)
    return broadcast_to_.view(arrayed(array), shape=explicit(shape, array))


REGISTRY[np.broadcast_to] = np_broadcast_to


@cache
def inverse(axes):
    """The permutation that undoes `axes`."""
    return tuple(np.argsort(axes).tolist())


transpose_ = linear(
    lambda x, *, axes: x.transpose(axes),
    lambda g, *, axes: g.transpose(inverse(axes)),
    batch=lambda prim, xs, batched, params: prim.call(xs[0], axes=(0, *[a + 1 for a in params["axes"]])),
    shape=lambda x, *, axes: Aval(tuple(x.shape[a] for a in axes), x.dtype),
    name="transpose",
    kind=View,
)


def np_transpose(a, axes=None):
    """`np.transpose`."""
    if not watches((a,)):
        return np.transpose(a, axes)
    a = arrayed(a)
    n = rank(a)
    if axes is None:
        return transpose_.view(a, axes=tuple(range(n - 1, -1, -1))) if n > 1 else a
    axes = axes_of(axes, n)
    if len(axes) != n:
        raise ValueError("axes don't match array")
    return a if axes == tuple(range(n)) else transpose_.view(a, axes=axes)


REGISTRY[np.transpose] = REGISTRY[np.permute_dims] = np_transpose


def np_moveaxis(a, source, destination):
    """`np.moveaxis`."""
    if not watches((a,)):
        return np.moveaxis(a, source, destination)
    a = arrayed(a)
    source = np.lib.array_utils.normalize_axis_tuple(source, rank(a), "source")
    destination = np.lib.array_utils.normalize_axis_tuple(destination, rank(a), "destination")
    if len(source) != len(destination):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    order = [i for i in range(rank(a)) if i not in source]
    for to, axis in sorted(zip(destination, source, strict=True)):
        order.insert(to, axis)
    return np_transpose(a, order)


def np_swapaxes(a, axis1, axis2):
    """`np.swapaxes`."""
    if not watches((a,)):
        return np.swapaxes(a, axis1, axis2)
    a = arrayed(a)
    order = list(range(rank(a)))
    i, j = axes_of((axis1, axis2), rank(a))
    order[i], order[j] = order[j], order[i]
    return np_transpose(a, order)


REGISTRY[np.moveaxis] = np_moveaxis
REGISTRY[np.swapaxes] = np_swapaxes


@composite(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x, /):
    """`np.matrix_transpose`."""
    if rank(x) < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {rank(x)}")
    return np_swapaxes(x, -1, -2)


@composite(np.rollaxis)
def rollaxis(a, axis, start=0):
    """`np.rollaxis`."""
    n = rank(a := arrayed(a))
    (axis,) = axes_of(axis, n)
    start = start + n if start < 0 else start
    if not 0 <= start <= n:
        raise np.exceptions.AxisError(
            f"'start' arg requires {-n} <= start < {n + 1}, but {start} was passed in"
        )
    return np_moveaxis(a, axis, start - 1 if axis < start else start)


# ---- axes of length one --------------------------------------------------------------------------------------------
@composite(np.ravel)
def ravel(a, order="C"):
    """`np.ravel`."""
    return np_reshape(arrayed(a), -1, order=order)


@composite(np.squeeze)
def squeeze(a, axis=None):
    """`np.squeeze`."""
    shape = shape_of(a := arrayed(a))
    axes = [i for i, n in enumerate(shape) if n == 1] if axis is None else axes_of(axis, len(shape))
    if any(shape[i] != 1 for i in axes):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return reshape_.view(a, shape=tuple(n for i, n in enumerate(shape) if i not in axes))


@composite(np.expand_dims)
def expand_dims(a, axis):
    """`np.expand_dims`."""
    shape, extra = list(shape_of(a := arrayed(a))), axis if isinstance(axis, (tuple, list)) else (axis,)
    for i in sorted(np.lib.array_utils.normalize_axis_tuple(extra, len(shape) + len(extra))):
        shape.insert(i, 1)
    return reshape_.view(a, shape=tuple(shape))


def at_least(func, place):
    """Register `func`, atleast_1d and its like, where place(shape) is the shape with the missing axes."""

    def atleast(*arys):
        if not watches(arys):
            return func(*arys)
        arrays = [arrayed(a) for a in arys]
        out = [a if place(shape_of(a)) == shape_of(a) else np.reshape(a, place(shape_of(a))) for a in arrays]
        return out[0] if len(out) == 1 else tuple(out)

    REGISTRY[func] = atleast


at_least(np.atleast_1d, lambda shape: shape or (1,))
at_least(np.atleast_2d, lambda shape: (1,) * (2 - len(shape)) + shape)
at_least(
    np.atleast_3d, lambda shape: {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}.get(len(shape), shape)
)


@composite(np.broadcast_arrays)
def broadcast_arrays(*args, subok=False):
    """`np.broadcast_arrays`."""
    arrays = [arrayed(a) for a in args]
    shape = np.broadcast_shapes(*map(shape_of, arrays))
    return tuple([a if shape_of(a) == shape else np.broadcast_to(a, shape) for a in arrays])
