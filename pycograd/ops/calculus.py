"""Differences, slopes and integrals of samples: `diff`, `gradient`, `trapezoid`, `unwrap`."""

import math

import numpy as np

from pycograd.core import Traced, aval_of, shape_of, without_tape

from .families import arrayed, axes_of, composite, rank


def along(axis, part):
    """The key that reads `part` along `axis`."""
    return (*(slice(None),) * axis, part)


AFTER, BEFORE = slice(1, None), slice(None, -1)


@composite(np.diff)
def diff(a, n=1, axis=-1, prepend=np._NoValue, append=np._NoValue):
    """`np.diff`: differences between neighbours, `n` times."""
    a, n = arrayed(a), without_tape(n)
    if n == 0:
        return a
    if n < 0:
        raise ValueError("order must be non-negative but got " + repr(n))
    if not np.ndim(a):
        raise ValueError("diff requires input that is at least one dimensional")
    (axis,) = axes_of(axis, np.ndim(a))
    a = extended(a, axis, prepend, append)
    subtract = np.not_equal if a.dtype == bool else np.subtract
    for _ in range(n):
        a = subtract(a[along(axis, AFTER)], a[along(axis, BEFORE)])
    return a


def extended(a, axis, prepend, append):
    """`a` with values before and behind it along `axis`; scalars stand for a row of them."""
    if prepend is np._NoValue and append is np._NoValue:
        return a
    row = tuple(1 if i == axis else n for i, n in enumerate(shape_of(a)))
    ends = [None if end is np._NoValue else arrayed(end) for end in (prepend, append)]
    first, last = [e if e is None or rank(e) else np.broadcast_to(e, row) for e in ends]
    return np.concatenate([part for part in (first, a, last) if part is not None], axis)


@composite(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    """`np.ediff1d`: differences between the neighbours of the flattened array, with values before and behind them."""
    ary = np.ravel(arrayed(ary))
    between = ary[1:] - ary[:-1]
    first, last = end("to_begin", to_begin, ary.dtype), end("to_end", to_end, ary.dtype)
    parts = [part for part in (first, between, last) if part is not None]
    return np.concatenate(parts) if len(parts) > 1 else between


def end(name, values, dtype):
    if values is None:
        return None
    values = np.ravel(arrayed(values))
    if not np.can_cast(values.dtype if isinstance(values, Traced) else values, dtype, casting="same_kind"):
        raise TypeError(f"dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule.")
    return values.astype(dtype)


# ---- gradient ------------------------------------------------------------------------------------------------------
@composite(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    """`np.gradient`: slopes by central differences, second-order accurate inside; spacings may be watched."""
    f = arrayed(f)
    f = f if np.dtype(aval_of(f).dtype).kind in "fc" else np.asarray(f, float)
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    axes = axes_of(axis, rank(f))
    slopes = [slope(f, a, h, edge_order) for a, h in zip(axes, spacings(f, axes, varargs), strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def spacings(f, axes, given):
    """For each axis its spacing, a scalar, or the array of distances between neighbours."""
    if not given:
        return [1.0] * len(axes)
    if len(given) == 1 and rank(arrayed(given[0])) == 0:
        return list(given) * len(axes)
    if len(given) != len(axes):
        raise TypeError("invalid number of arguments")
    return [spacing(arrayed(h), shape_of(f)[a]) for a, h in zip(axes, given, strict=True)]


def spacing(h, n):
    if rank(h) == 0:
        return h
    if rank(h) != 1:
        raise ValueError("distances must be either scalars or 1d")
    if len(h) != n:
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    h = h if isinstance(h, Traced) else np.asarray(h)
    steps = np.diff(h if h.dtype.kind in "fc" else h.astype(float))
    # Watched distances keep the general formula: each of them has a gradient, even where all are equal.
    return steps[0] if not isinstance(steps, Traced) and (steps == steps[0]).all() else steps


def slope(f, axis, h, edge_order):
    """The slope of the samples `f` along `axis`, `h` apart."""
    n = shape_of(f)[axis]
    if n < edge_order + 1:
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, "
            "at least (edge_order + 1) elements are required."
        )
    first, last = (one_sided if edge_order == 1 else three_point)(f, axis, h)
    parts = [first, central(f, axis, h), last] if n > 2 else [first, last]
    return np.concatenate(parts, axis).astype(f.dtype, copy=False)


def read(f, axis, start, stop):
    return f[along(axis, slice(start, stop))]


def central(f, axis, h):
    if rank(h) == 0:
        return (read(f, axis, 2, None) - read(f, axis, None, -2)) / (2.0 * h)
    left, right = (np.reshape(part, (-1, *(1,) * (rank(f) - axis - 1))) for part in (h[:-1], h[1:]))
    a = -right / (left * (left + right))
    b = (right - left) / (left * right)
    c = left / (right * (left + right))
    return a * read(f, axis, None, -2) + b * read(f, axis, 1, -1) + c * read(f, axis, 2, None)


def one_sided(f, axis, h):
    """The slopes at both ends from two samples, of first order."""
    first, last = (h, h) if rank(h) == 0 else (h[0], h[-1])
    return (
        (read(f, axis, 1, 2) - read(f, axis, 0, 1)) / first,
        (read(f, axis, -1, None) - read(f, axis, -2, -1)) / last,
    )


def three_point(f, axis, h):
    """The slopes at both ends from three samples, of second order."""
    if rank(h) == 0:
        first, last = (-1.5 / h, 2.0 / h, -0.5 / h), (0.5 / h, -2.0 / h, 1.5 / h)
    else:
        p, q = h[0], h[1]
        first = -(2.0 * p + q) / (p * (p + q)), (p + q) / (p * q), -p / (q * (p + q))
        p, q = h[-2], h[-1]
        last = q / (p * (p + q)), -(q + p) / (p * q), (2.0 * q + p) / (q * (p + q))
    stop = shape_of(f)[axis]
    return [
        a * read(f, axis, k, k + 1) + b * read(f, axis, k + 1, k + 2) + c * read(f, axis, k + 2, k + 3)
        for (a, b, c), k in ((first, 0), (last, stop - 3))
    ]


# ---- integrals and phases ------------------------------------------------------------------------------------------
@composite(np.trapezoid, *[getattr(np, name) for name in ("trapz",) if name in np.__all__])
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """`np.trapezoid`: the integral by the trapezoidal rule."""
    y = arrayed(y)
    (axis,) = axes_of(axis, np.ndim(y))
    d = dx
    if x is not None:
        x = arrayed(x)
        d = (
            np.diff(x, axis=axis)
            if np.ndim(x) != 1
            else np.reshape(np.diff(x), (-1, *(1,) * (rank(y) - axis - 1)))
        )
    y = y if isinstance(y, Traced) else np.asarray(y)
    return np.sum(d * (y[along(axis, AFTER)] + y[along(axis, BEFORE)]) / 2.0, axis=axis)


@composite(np.unwrap)
def unwrap(p, discont=None, axis=-1, *, period=2 * math.pi):
    """`np.unwrap`: the corrections are whole periods, so the slope in `p` is 1."""
    p = arrayed(p)
    (axis,) = axes_of(axis, rank(p))
    steps = np.diff(p, axis=axis)
    half = period / 2
    wrapped = np.mod(steps + half, period) - half
    wrapped = np.where(np.logical_and(wrapped == -half, steps > 0), half, wrapped)
    correction = np.where(np.abs(steps) < (half if discont is None else discont), 0, wrapped - steps)
    return np.concatenate(
        [p[along(axis, slice(0, 1))], p[along(axis, AFTER)] + np.cumsum(correction, axis=axis)], axis
    )
