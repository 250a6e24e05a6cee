"""Linear interpolation in a table: `interp`.

At a point of the table the slope in `x` is that of the interval to its right (to its left at the last point).
"""

import numpy as np

from pycograd.core import Traced, aval_of, shape_of

from .families import arrayed, composite, rank
from .selection import np_take


@composite(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    """`np.interp`: linear in `fp`; slopes in `x` and `xp`, 0 where `x` lies outside the table."""
    x, xp, fp = as_floating(x), as_floating(xp), as_floating(fp, complex)
    if rank(xp) != 1 or rank(fp) != 1:
        raise ValueError("Data points must be 1-D sequences")
    if shape_of(xp) != shape_of(fp):
        raise ValueError("fp and xp are not of the same length.")
    if not shape_of(xp)[0]:
        raise ValueError("array of sample points is empty")
    if period is not None:
        x, xp, fp = one_period(x, xp, fp, period)
        left = right = None
    y = inside(x, xp, fp)
    y = np.where(x < xp[0], fp[0] if left is None else left, y)
    y = np.where(x > xp[-1], fp[-1] if right is None else right, y)
    return y if shape_of(x) else y[()]


def as_floating(x, *kinds):
    """`x` in double precision, as numpy interpolates; complex stays complex if `complex` is among `kinds`."""
    x = arrayed(x)
    dtype = np.dtype(complex if kinds and np.dtype(aval_of(x).dtype).kind == "c" else float)
    if isinstance(x, Traced):
        return x if x.dtype == dtype else x.astype(dtype)
    return np.asarray(x, dtype)[()]


def one_period(x, xp, fp, period):
    """`x` and the table within one period, the table with a neighbour beyond either end."""
    if not isinstance(period, Traced) and period == 0:
        raise ValueError("period must be a non-zero value")
    period = np.abs(period)
    x, xp = x % period, xp % period
    order = np.argsort(xp)
    xp, fp = np_take(xp, order), np_take(fp, order)
    return x, np.concatenate((xp[-1:] - period, xp, xp[:1] + period)), np.concatenate((fp[-1:], fp, fp[:1]))


def inside(x, xp, fp):
    """The line through the two points of the table around `x`."""
    n = shape_of(xp)[0]
    if n == 1:
        return np.broadcast_to(fp[0], shape_of(x))
    at = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, n - 1)
    low = np.minimum(at, n - 2)
    x0, f0 = np_take(xp, low), np_take(fp, low)
    slope = (np_take(fp, low + 1) - f0) / (np_take(xp, low + 1) - x0)
    return slope * (x - np_take(xp, at)) + np_take(fp, at)
