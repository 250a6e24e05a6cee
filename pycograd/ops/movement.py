"""Functions that move elements without computing: reshape, transpose, broadcast, and what is made of them."""

import numpy as np

from pycograd.core import REGISTRY, Aval, shape_of, sum_to, without_tape

from .families import arrayed, axes_of, linear, pad_rank, rank, watches


def batch_to_shape(prim, xs, batched, params):
    return prim.call(xs[0], shape=(shape_of(xs[0])[0], *params["shape"]))


reshape_ = linear(
    lambda x, *, shape: np.reshape(x, shape),
    lambda g, x_shape, *, shape: np.reshape(g, x_shape),
    batch=batch_to_shape,
    shape=lambda x, *, shape: Aval(shape, x.dtype),
    mismatch=lambda x_shape, *, shape: f"reshape: cannot reshape size {int(np.prod(x_shape))} into {shape}",
    name="reshape",
)


def explicit(shape, size):
    """`shape` as a tuple of plain integers, with numpy's -1 worked out."""
    shape = tuple(int(n) for n in (shape if isinstance(shape, (tuple, list)) else (shape,)))
    if -1 not in shape:
        return shape
    known = -int(np.prod(shape))
    return tuple(size // known if n == -1 and known else n for n in shape) if known and size % known == 0 else shape


def np_reshape(a, /, shape, order="C", *, copy=None):
    """`np.reshape`, in C or F order."""
    if not watches((a,)):
        return np.reshape(a, shape, order=order, copy=copy)
    a = arrayed(a)
    shape = explicit(without_tape(shape), a.size)
    if order == "F":
        return np.transpose(reshape_.call(np.transpose(a), shape=shape[::-1]))
    return reshape_.call(a, shape=shape)


REGISTRY[np.reshape] = np_reshape

broadcast_to_ = linear(
    lambda x, *, shape: np.broadcast_to(x, shape),
    lambda g, x_shape, *, shape: sum_to(g, x_shape),
    batch=lambda prim, xs, batched, params: prim.call(
        pad_rank(xs[0], len(params["shape"])), shape=(shape_of(xs[0])[0], *params["shape"])
    ),
    shape=lambda x, *, shape: Aval(shape, x.dtype),
    name="broadcast_to",
)


def np_broadcast_to(array, shape, subok=False):
    """`np.broadcast_to`."""
    if not watches((array,)):
        return np.broadcast_to(array, shape, subok)
    return broadcast_to_.call(arrayed(array), shape=explicit(without_tape(shape), 0))


REGISTRY[np.broadcast_to] = np_broadcast_to

transpose_ = linear(
    lambda x, *, axes: np.transpose(x, axes),
    lambda g, *, axes: np.transpose(g, tuple(np.argsort(axes).tolist())),
    batch=lambda prim, xs, batched, params: prim.call(xs[0], axes=(0, *[a + 1 for a in params["axes"]])),
    shape=lambda x, *, axes: Aval(tuple(x.shape[a] for a in axes), x.dtype),
    name="transpose",
)


def np_transpose(a, axes=None):
    """`np.transpose`."""
    if not watches((a,)):
        return np.transpose(a, axes)
    a = arrayed(a)
    axes = tuple(reversed(range(rank(a)))) if axes is None else axes_of(axes, rank(a))
    if len(axes) != rank(a):
        raise ValueError("axes don't match array")
    return a if axes == tuple(range(rank(a))) else transpose_.call(a, axes=axes)


REGISTRY[np.transpose] = REGISTRY[np.permute_dims] = np_transpose


def np_moveaxis(a, source, destination):
    """`np.moveaxis`."""
    if not watches((a,)):
        return np.moveaxis(a, source, destination)
    n = rank(a)
    source, destination = axes_of(source, n), axes_of(destination, n)
    order = [i for i in range(n) if i not in source]
    for to, axis in sorted(zip(destination, source, strict=True)):
        order.insert(to, axis)
    return np_transpose(a, order)


def np_swapaxes(a, axis1, axis2):
    """`np.swapaxes`."""
    if not watches((a,)):
        return np.swapaxes(a, axis1, axis2)
    order = list(range(rank(a)))
    (i, j) = axes_of((axis1, axis2), rank(a))
    order[i], order[j] = order[j], order[i]
    return np_transpose(a, order)


REGISTRY[np.moveaxis] = np_moveaxis
REGISTRY[np.swapaxes] = np_swapaxes
