"""Medians, quantiles, percentiles: order statistics, and lines between two of them.

The k-th smallest element is an element of its array, taken at a plain position; between two of them the continuous
methods are linear, in the array and in q.  The discrete ones are constant in q.
"""

import numpy as np

from pycograd.core import Traced, aval_of, peeled, shape_of

from .families import arrayed, axes_of, composite, no_rule, rank
from .indexing import item
from .reductions import cast, lanes
from .sorting import argpartition_

# Hyndman and Fan (1996): the position of quantile q among n elements is n q + alpha + q (1 - alpha - beta) - 1.
CONTINUOUS = {
    "interpolated_inverted_cdf": (0, 1),
    "hazen": (0.5, 0.5),
    "weibull": (0, 0),
    "median_unbiased": (1 / 3.0, 1 / 3.0),
    "normal_unbiased": (3 / 8.0, 3 / 8.0),
}
DISCRETE = {
    "lower": lambda n, q: np.floor((n - 1) * q),
    "higher": lambda n, q: np.ceil((n - 1) * q),
    "nearest": lambda n, q: np.rint((n - 1) * q),
    "inverted_cdf": lambda n, q: np.ceil(n * q - 1),
    "closest_observation": lambda n, q: closest(n * q - 1 - 0.5),
}


def closest(at):
    """The observation after `at`; the one at it, if that is an odd one exactly."""
    below = np.floor(at)
    return np.where(np.logical_and(at == below, below % 2 == 1), below, below + 1)


def positive(n):
    """`n`, or 0 if it is negative; a Python integer stays one, which leaves float32 alone."""
    return max(n, 0) if isinstance(n, int) else np.maximum(n, 0)


def clipped(k, n):
    return np.minimum(np.maximum(k, 0), positive(n - 1)).astype(np.intp)


def between(method, n, q):
    """The positions of the two order statistics that quantile `q` of `n` lies between, and the weight of the second."""
    if method == "linear":
        at = (n - 1) * q
    elif method in CONTINUOUS:
        alpha, beta = CONTINUOUS[method]
        at = n * q + (alpha + q * (1 - alpha - beta)) - 1
    elif method == "averaged_inverted_cdf":
        at = n * q - 1
    else:
        at = 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q))
    # so that q = 1 has the slope from its left
    below = np.minimum(np.maximum(np.floor(at), 0), positive(n - 2))
    weight = at - below
    if method == "averaged_inverted_cdf" or method == "midpoint":
        exact = {"averaged_inverted_cdf": (0.5, 1.0), "midpoint": (0.0, 0.5)}[method]
        weight = cast(np.where(at >= n - 1, 1.0, np.where(at % 1 == 0, *exact)), aval_of(at).dtype)
    return below, below + 1, np.where(at < 0, 0.0, np.where(at > n - 1, 1.0, weight))


# ---- order statistics ----------------------------------------------------------------------------------------------
def is_float(x):
    return np.dtype(aval_of(x).dtype).kind == "f"


def is_plain(k):
    return type(k) is np.ndarray and k.ndim == 1


def order_of(x, *ks):
    """Positions along the last axis of `x`: at least those of the `ks`-th smallest and of the largest are sorted."""
    if not all(map(is_plain, ks)):
        return np.argsort(x, -1)
    kth = {shape_of(x)[-1] - 1}.union(*[k.tolist() for k in ks])
    return argpartition_.call(x, axis=rank(x) - 1, kth=tuple(sorted(kth)))


def pick(x, index):
    """The elements of `x` at `index` along the last axis."""
    return item(x, index) if rank(x) == 1 else np.take_along_axis(x, index, -1)


def statistic(x, order, k, nan=True):
    """The `k`-th smallest elements along the last axis of `x`; nan, if `nan`, where one of all elements is."""
    if is_plain(k):
        index = order[..., k]
    else:
        index = pick(order, np.broadcast_to(k, (*shape_of(x)[:-1], shape_of(k)[-1])))
    if nan and is_float(x):
        last = order[..., -1:]  # nan, which sorts behind all numbers
        index = np.where(np.isnan(pick(peeled(x), last)), last, index)
    return pick(x, index)


def reshaped(y, q_shape, x, axis, keepdims):
    """`y`, with the quantiles along its last axis, in numpy's layout: those in front."""
    kept = tuple([1 if i in axes_of(axis, rank(x)) else n for i, n in enumerate(shape_of(x))])
    kept = kept if keepdims else shape_of(y)[:-1]
    return np.reshape(np.moveaxis(y, -1, 0), (*q_shape, *kept))[()]


def quantiles(x, q, axis, method, keepdims, weights=None, n=None, scale=1):
    """`np.quantile` and all its kin.  `n` is the function that counts the elements; None: all of them."""
    x = arrayed(x)
    x = x if isinstance(x, Traced) else np.asarray(x)
    if np.dtype(aval_of(x).dtype).kind == "c":
        raise TypeError("a must be an array of real numbers")
    weak = type(q) in (int, float) or (isinstance(q, Traced) and isinstance(q.aval.dtype, type))
    q = arrayed(q) if isinstance(q, (Traced, list, tuple)) else np.asarray(q)
    q = q if isinstance(q, Traced) else np.asarray(q)
    q = q / scale if scale != 1 else q
    if rank(q) > 2:
        raise ValueError("q must be a scalar or 1d")
    check(q, scale)
    flat, flat_q = lanes(x, axis), np.reshape(q, (-1,))
    size = (
        shape_of(flat)[-1] if n is None else cast(n(flat), np.result_type(aval_of(flat_q).dtype, np.float16))
    )
    if weights is not None:
        index = weighted_position(flat, flat_q, weights_of(weights, x, axis, method), size)
        y = np.take_along_axis(flat, index, -1)
    elif method in DISCRETE:
        k = clipped(DISCRETE[method](size, peeled(flat_q)), size)
        y = statistic(flat, order_of(flat, k), k, n is None)
    elif method in CONTINUOUS or method in ("linear", "averaged_inverted_cdf", "midpoint"):
        below, above, weight = between(method, size, flat_q)
        below, above = clipped(below, size), clipped(above, size)
        order = order_of(flat, below, above)
        a, b = (statistic(flat, order, k, n is None) for k in (below, above))
        y = line(a, b, weight, aval_of(flat).dtype if weak and is_float(flat) else None)
    else:
        raise ValueError(
            f"{method!r} is not a valid method. Use one of: {[*CONTINUOUS, *DISCRETE, 'linear', 'midpoint']}"
        )
    return reshaped(y, shape_of(q), x, axis, keepdims)


def line(a, b, weight, dtype):
    """From `a` to `b`, computed from the nearer end as numpy does."""
    rest = 1 - weight
    if dtype is not None:
        weight, rest = weight.astype(dtype), rest.astype(dtype)
    step = b - a
    return np.where(weight >= 0.5, b - step * rest, a + step * weight)


def check(q, scale):
    """Raise ValueError for a plain `q` that is out of its range."""
    q = peeled(q)
    if not isinstance(q, Traced) and not np.all((q >= 0) & (q <= 1)):
        raise ValueError(
            "Quantiles must be in the range [0, 1]"
            if scale == 1
            else "Percentiles must be in the range [0, 100]"
        )


# ---- weights -------------------------------------------------------------------------------------------------------
def weights_of(weights, x, axis, method):
    """The weights of `x`, in lanes as it is."""
    if method != "inverted_cdf":
        raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
    weights = peeled(arrayed(weights))
    weights = weights if isinstance(weights, Traced) else np.asarray(weights)
    if shape_of(weights) != shape_of(x):
        if axis is None:
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        axes = axes_of(axis, rank(x))
        if shape_of(weights) != tuple([shape_of(x)[i] for i in axes]):
            raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
        order = np.argsort(axes).tolist()
        shape = tuple([n if i in axes else 1 for i, n in enumerate(shape_of(x))])
        weights = np.broadcast_to(np.reshape(np.transpose(weights, order), shape), shape_of(x))
    if not isinstance(weights, Traced) and np.any(weights < 0):
        raise ValueError("Weights must be non-negative.")
    return lanes(weights, axis)


def weighted_position(x, q, weights, n):
    """Positions in the last axis of `x` of the first elements at which the cumulated `weights` reach `q`."""
    x, q = peeled(x), peeled(q)
    order = np.argsort(x, -1)
    mass = np.cumsum(np.take_along_axis(weights, order, -1), -1, dtype=float)
    mass = mass / mass[..., -1:]
    mass = np.where(mass == 0, -1.0, mass)
    k = np.minimum(np.sum(mass[..., None, :] < q[:, None], axis=-1), n - 1)
    if is_float(x):
        k = np.where(np.isnan(np.take_along_axis(x, order[..., -1:], -1)), shape_of(x)[-1] - 1, k)
    return np.take_along_axis(order, k, -1)


# ---- numpy's signatures --------------------------------------------------------------------------------------------
def present(x):
    """How many elements of each lane are not nan."""
    return np.sum(np.logical_not(np.isnan(x)), axis=-1, keepdims=True)


def quantile_like(func, scale, n=None):
    """Register `np.quantile`, `np.percentile` or its relative that leaves nan out."""

    def find(
        a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None
    ):
        if out is not None:
            raise no_rule(func, "out")
        if n and weights is not None:
            raise no_rule(func, "weights")
        return quantiles(
            a, q, axis, method, keepdims is not np._NoValue and bool(keepdims), weights, n, scale
        )

    find.__name__ = find.__qualname__ = func.__name__
    composite(func)(find)


quantile_like(np.quantile, 1)
quantile_like(np.percentile, 100)
quantile_like(np.nanquantile, 1, present)
quantile_like(np.nanpercentile, 100, present)


def median_like(func, n=None):
    """Register `np.median` or `np.nanmedian`: the mean of the middle one or two."""

    def find(a, axis=None, out=None, overwrite_input=False, keepdims=False):
        if out is not None:
            raise no_rule(func, "out")
        a = arrayed(a)
        flat = lanes(a, axis)
        size = shape_of(flat)[-1]
        if not size:
            return np.mean(a, axis=axis, keepdims=keepdims)
        if n is None:
            k = np.arange((size - 1) // 2, size // 2 + 1)
        else:
            size = n(flat)
            k = clipped(np.concatenate([(size - 1) // 2, size // 2], -1), size)
        y = np.mean(statistic(flat, order_of(flat, k), k, n is None), axis=-1, keepdims=True)
        return reshaped(y, (), a, axis, keepdims is not np._NoValue and bool(keepdims))

    find.__name__ = find.__qualname__ = func.__name__
    composite(func)(find)


median_like(np.median)
median_like(np.nanmedian, present)
