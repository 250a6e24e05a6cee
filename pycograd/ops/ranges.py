"""Ranges and grids: linspace and its like, linear between their ends, arange, meshgrid, vander."""

import numpy as np

from pycograd.core import Primitive, registered, shape_of, without_tape

from .families import arrayed, axes_of, composite, pad_rank, rank, watches
from .joining import array_of


def batch_linspace(prim, xs, batched, params):
    top = max(rank(x) - b for x, b in zip(xs, batched, strict=True))
    xs = [pad_rank(x, top) if b else x for x, b in zip(xs, batched, strict=True)]
    return prim.call(*xs, **{**params, "axis": params["axis"] + 1})


def weights(g, num, endpoint, axis):
    """How much of `stop` is in each of the numbers, lined up with `axis` of the cotangent `g`."""
    return np.reshape(np.linspace(0.0, 1.0, num, endpoint), (num,) + (1,) * (rank(g) - axis - 1))


def linspace_start(g, *, num, endpoint, axis):
    return np.sum(g * (1 - weights(g, num, endpoint, axis)), axis=axis)


def linspace_stop(g, *, num, endpoint, axis):
    return np.sum(g * weights(g, num, endpoint, axis), axis=axis)


linspace_ = Primitive(
    lambda a, b, *, num, endpoint, axis: np.linspace(a, b, num, endpoint, axis=axis),
    linspace_start,
    linspace_stop,
    linear="joint",
    batch=batch_linspace,
    name="linspace",
)


@composite(np.linspace)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    """`np.linspace`."""
    start, stop, num = arrayed(start), arrayed(stop), int(without_tape(num))
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    (axis,) = axes_of(axis, len(np.broadcast_shapes(shape_of(start), shape_of(stop))) + 1)
    y = linspace_.call(start, stop, num=num, endpoint=bool(endpoint), axis=axis)
    if dtype is not None:
        y = (np.floor(y) if np.dtype(dtype).kind in "iu" else y).astype(dtype)
    if not retstep:
        return y
    gaps = num - 1 if endpoint else num
    return y, np.subtract(stop, start) / gaps if gaps > 0 else np.nan


@composite(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """`np.logspace`."""
    if rank(arrayed(base)):
        n = max(rank(arrayed(x)) for x in (start, stop, base))
        start, stop, base = (
            np.reshape(x, (1,) * (n - rank(x)) + shape_of(x)) for x in map(arrayed, (start, stop, base))
        )
        base = np.expand_dims(base, axis)
    y = np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else y.astype(dtype)


@composite(np.geomspace)
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """`np.geomspace`: its ends are exact."""
    start, stop = np.broadcast_arrays(array_of(start), array_of(stop))
    (axis,) = axes_of(axis, rank(start) + 1)
    common = np.result_type(start, stop, float(num), np.zeros((), dtype))
    start, stop = start.astype(common), stop.astype(common)
    sign = np.sign(start)
    y = np.logspace(np.log10(start / sign), np.log10(stop / sign), num, endpoint, axis=axis) * np.expand_dims(
        sign, axis
    )
    if num > 0:
        where = (slice(None),) * axis
        last = [np.expand_dims(stop, axis)] if endpoint and num > 1 else []
        inner = y[(*where, slice(1, num - len(last)))]
        y = np.concatenate([np.expand_dims(start, axis), inner, *last], axis)
    return y if dtype is None else y.astype(dtype)


@registered(np.arange)
def arange(*args, dtype=None, **params):
    """`np.arange`: start + i * step; how many there are is constant."""
    given = dict(zip(("start", "stop", "step"), args, strict=False)) | params
    start, stop, step = (given.get(name) for name in ("start", "stop", "step"))
    if stop is None:
        start, stop = None, start
    start, step = (0 if start is None else start), (1 if step is None else step)
    if not watches((start, stop, step)):
        return np.arange(*args, dtype=dtype, **params)
    plain = np.arange(*map(without_tape, (start, stop, step)), dtype=dtype)
    if not watches((start, step)) or plain.dtype.kind not in "fc":
        return plain
    y = start + np.arange(len(plain)) * ((start + step) - start)  # as numpy rounds it
    return y if dtype is None else y.astype(dtype)


@composite(np.meshgrid)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """`np.meshgrid`."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    n = len(xi)
    out = [np.reshape(arrayed(x), (1,) * i + (-1,) + (1,) * (n - i - 1)) for i, x in enumerate(xi)]
    if indexing == "xy" and n > 1:
        out = [np.swapaxes(x, 0, 1) for x in out]
    return tuple(out) if sparse else tuple(np.broadcast_arrays(*out))


@composite(np.vander)
def vander(x, N=None, increasing=False):
    """`np.vander`: running products, as numpy multiplies them."""
    x = arrayed(x)
    if rank(x) != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    n = shape_of(x)[0] if N is None else N
    x = x.astype(np.promote_types(x.dtype, int))
    columns = [np.ones_like(x)][:n]
    while len(columns) < n:
        columns.append(columns[-1] * x)
    if n == 0:
        return np.zeros((*x.shape, 0), x.dtype)
    return np.stack(columns if increasing else columns[::-1], axis=1)
