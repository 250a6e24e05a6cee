"""The elements of one array in another order, or several times: flip, roll, rot90, repeat, tile, resize."""

import numpy as np

from pycograd.core import Aval, View, shape_of, without_tape

from .families import arrayed, axes_of, composite, example_axes, linear, rank


def same_aval(x, **_):
    return Aval(x.shape, np.dtype(x.dtype))


flip_ = linear(
    lambda x, *, axis: np.flip(x, axis),
    lambda g, *, axis: np.flip(g, axis),
    batch=lambda prim, xs, batched, params: prim.call(xs[0], axis=example_axes(params["axis"], xs[0])),
    shape=same_aval,
    name="flip",
    kind=View,
)


@composite(np.flip)
def flip(m, axis=None):
    """`np.flip`."""
    return flip_.view(arrayed(m), axis=axes_of(axis, rank(arrayed(m))))


@composite(np.flipud)
def flipud(m):
    """`np.flipud`."""
    if rank(m := arrayed(m)) < 1:
        raise ValueError("Input must be >= 1-d.")
    return flip_.view(m, axis=(0,))


@composite(np.fliplr)
def fliplr(m):
    """`np.fliplr`."""
    if rank(m := arrayed(m)) < 2:
        raise ValueError("Input must be >= 2-d.")
    return flip_.view(m, axis=(1,))


@composite(np.rot90)
def rot90(m, k=1, axes=(0, 1)):
    """`np.rot90`."""
    m, axes = arrayed(m), tuple(axes)
    if len(axes) != 2:
        raise ValueError("len(axes) must be 2.")
    first, second = axes_of(axes, rank(m))
    if first == second:
        raise ValueError("Axes must be different.")
    k %= 4
    if k == 0:
        return m
    if k == 2:
        return flip_.view(m, axis=(first, second))
    if k == 1:
        return np.swapaxes(np.flip(m, second), first, second)
    return np.flip(np.swapaxes(m, first, second), second)


roll_ = linear(
    lambda x, *, shift, axis: np.roll(x, shift, axis),
    lambda g, *, shift, axis: np.roll(g, tuple(-s for s in shift), axis),
    batch=lambda prim, xs, batched, params: prim.call(
        xs[0], shift=params["shift"], axis=example_axes(params["axis"], xs[0])
    ),
    shape=same_aval,
    name="roll",
)


@composite(np.roll)
def roll(a, shift, axis=None):
    """`np.roll`."""
    a, shift = arrayed(a), without_tape(shift)
    if axis is None:
        return np.reshape(np.roll(np.ravel(a), shift, 0), shape_of(a))
    pairs = np.broadcast(np.asarray(shift), np.asarray(axes_of(axis, rank(a)), int))
    if pairs.ndim > 1:
        raise ValueError("'shift' and 'axis' should be scalars or 1D sequences")
    shift, axis = zip(*[(int(s), int(i)) for s, i in pairs], strict=True)
    return roll_.call(a, shift=shift, axis=axis)


@composite(np.repeat)
def repeat(a, repeats, axis=None):
    """`np.repeat`."""
    a, repeats = arrayed(a), np.asarray(without_tape(repeats))
    if axis is None:
        a, axis = np.ravel(a), 0
    (axis,) = axes_of(axis, rank(a))
    shape = shape_of(a)
    if repeats.size != 1:
        return a[(slice(None),) * axis + (np.repeat(np.arange(shape[axis]), repeats),)]
    n = int(repeats.item())
    if n < 0:
        raise ValueError("repeats may not contain negative values.")
    a = np.broadcast_to(np.expand_dims(a, axis + 1), (*shape[: axis + 1], n, *shape[axis + 1 :]))
    return np.reshape(a, (*shape[:axis], shape[axis] * n, *shape[axis + 1 :]))


@composite(np.tile)
def tile(A, reps):
    """`np.tile`."""
    A = arrayed(A)
    reps = without_tape(reps)
    reps = tuple(map(int, reps)) if np.iterable(reps) else (int(reps),)
    n = max(rank(A), len(reps))
    shape, reps = (1,) * (n - rank(A)) + shape_of(A), (1,) * (n - len(reps)) + reps
    if n == 0:
        return np.reshape(A, ())
    before = tuple(m for size in shape for m in (1, size))
    stretched = tuple(m for rep, size in zip(reps, shape, strict=True) for m in (rep, size))
    repeated = np.broadcast_to(np.reshape(A, before), stretched)
    return np.reshape(repeated, tuple(rep * size for rep, size in zip(reps, shape, strict=True)))


@composite(np.resize)
def resize(a, new_shape):
    """`np.resize`: as many copies as the new shape takes."""
    flat, shape = np.ravel(arrayed(a)), without_tape(new_shape)
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if any(n < 0 for n in shape):
        raise ValueError("all elements of `new_shape` must be non-negative")
    size, (have,) = int(np.prod(shape)), shape_of(flat)
    if size == 0 or have == 0:
        return np.zeros(shape, flat.dtype)
    return np.reshape(np.tile(flat, -(-size // have))[:size], shape)


# ---- windows -------------------------------------------------------------------------------------------------------
@composite(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x, window_shape, axis=None, *, subok=False, writeable=False):
    """`np.lib.stride_tricks.sliding_window_view`; the windows are copies, not views."""
    x = arrayed(x)
    sizes = tuple(window_shape) if isinstance(window_shape, (tuple, list)) else (window_shape,)
    axes = axes_of(axis, rank(x))
    np.lib.stride_tricks.sliding_window_view(
        np.empty(shape_of(x), np.int8), sizes, axis
    )  # numpy's own errors
    for size, i in zip(sizes, axes, strict=True):
        windows = np.arange(shape_of(x)[i] - size + 1)[:, None] + np.arange(size)
        x = np.moveaxis(np.take(x, windows, axis=i), i + 1, -1)
    return x
