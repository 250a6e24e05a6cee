"""Moments, averages, covariances, and counts in bins.

The standard deviation has slope 0 where the variance is 0: there it is a norm at the origin.
"""

import warnings
from math import inf

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, Traced, aval_of, cotangent_aval, shape_of, without_tape

from .families import (
    arrayed,
    axes_of,
    composite,
    expand,
    linear,
    no_rule,
    rank,
    watches,
)
from .indexing import put
from .reductions import NO, batch_axes, cast, count, counted, shape_like, unless_all


# ---- variance ------------------------------------------------------------------------------------------------------
def deviation(x, axis, ddof):
    """d var / dx but for the factor 2: the conjugate of x - mean(x), over the degrees of freedom."""
    centred = x - np.mean(x, axis=axis, keepdims=True)
    free = count(shape_of(x), axis) - ddof
    return (np.conj(centred) if np.iscomplexobj(x) else centred) * (1 / max(free, 0) if free > 0 else inf)


def var_back(g, x, *, axis=None, keepdims=False, ddof=0):
    return expand(2 * g, shape_of(x), axis, keepdims) * deviation(x, axis, ddof)


def var_forward(t, x, *, axis=None, keepdims=False, ddof=0):
    return 2 * np.sum(t * deviation(x, axis, ddof), axis=axis, keepdims=keepdims)


def std_back(g, x, y, *, axis=None, keepdims=False, ddof=0):
    slope = g / np.where(y == 0, inf, y)
    return expand(slope, shape_of(x), axis, keepdims) * deviation(x, axis, ddof)


def std_forward(t, x, y, *, axis=None, keepdims=False, ddof=0):
    return np.sum(t * deviation(x, axis, ddof), axis=axis, keepdims=keepdims) / np.where(y == 0, inf, y)


var_ = Primitive(
    lambda x, *, axis=None, keepdims=False, ddof=0: np.var(x, axis=axis, keepdims=keepdims, ddof=ddof),
    var_back,
    jvp=(var_forward,),
    batch=batch_axes,
    shape=shape_like(np.var),
    name="var",
)
std_ = Primitive(
    lambda x, *, axis=None, keepdims=False, ddof=0: np.std(x, axis=axis, keepdims=keepdims, ddof=ddof),
    std_back,
    jvp=(std_forward,),
    batch=batch_axes,
    shape=shape_like(np.std),
    name="std",
)


def root(variance):
    """The square root, with slope 0 at 0."""
    none = variance == 0
    return np.where(none, 0.0, np.sqrt(np.where(none, 1.0, variance)))[()]


def masked_var(a, axis, keepdims, ddof, where, mean):
    """The variance about a given mean, or of the elements that `where` selects."""
    where = True if where is NO else where
    n = counted(where, a, axis, keepdims)
    if mean is NO:
        mean = np.sum(a, axis=axis, keepdims=True, where=where) / counted(where, a, axis, True)
    centred = a - mean
    if where is not True:
        centred = np.where(where, centred, 0.0)
    square = (
        np.square(np.real(centred)) + np.square(np.imag(centred))
        if np.iscomplexobj(a)
        else np.square(centred)
    )
    return np.sum(square, axis=axis, keepdims=keepdims) / np.maximum(n - ddof, 0)


def moment(func, prim, finish):
    """Register `np.var` or `np.std`."""

    def reduce(
        a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=NO, correction=NO
    ):
        if not watches((a, where, mean)):
            given = {"where": unless_all(where), "mean": mean, "correction": correction}
            return func(a, axis, dtype, out, ddof, keepdims or NO, **given)
        if out is not None:
            raise no_rule(func, "out")
        a, ddof = cast(arrayed(a), dtype), ddof if correction is NO else correction
        keepdims = keepdims is not NO and bool(keepdims)
        if (where is True or where is NO) and mean is NO:
            return prim.call(a, axis=axis, keepdims=keepdims, ddof=ddof)
        return finish(masked_var(a, axis, keepdims, ddof, where, mean))

    reduce.__name__ = reduce.__qualname__ = func.__name__
    REGISTRY[func] = reduce


moment(np.var, var_, lambda variance: variance)
moment(np.std, std_, root)


# ---- averages ------------------------------------------------------------------------------------------------------
def weights_for(weights, a, axis):
    """`weights` in the shape of `a`, or along its `axis`."""
    if shape_of(weights) == shape_of(a):
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = axes_of(axis, rank(a))
    if shape_of(weights) != tuple([shape_of(a)[i] for i in axes]):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    weights = np.transpose(weights, tuple(np.argsort(axes).tolist()))
    return np.reshape(weights, tuple([n if i in axes else 1 for i, n in enumerate(shape_of(a))]))


@composite(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    """`np.average`; the sum of weights that are watched is not checked to differ from zero."""
    a = arrayed(a)
    keepdims = keepdims is not NO and bool(keepdims)
    if weights is None:
        y = np.mean(a, axis=axis, keepdims=keepdims)
        total = np.full(shape_of(y), float(count(shape_of(a), axis)), aval_of(y).dtype)[()]
        return (y, total) if returned else y
    weights = arrayed(weights)
    weights = weights_for(weights if isinstance(weights, Traced) else np.asarray(weights), a, axis)
    a = a if isinstance(a, Traced) else np.asarray(a)
    product = a * weights
    whole = np.broadcast_to(weights, shape_of(a)) if keepdims or shape_of(weights) != shape_of(a) else weights
    total = np.sum(whole, axis=axis, keepdims=keepdims, dtype=cotangent_aval(aval_of(product)).dtype)
    if not isinstance(total, Traced) and np.any(total == 0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    y = np.sum(product, axis=axis, keepdims=keepdims) / total
    return (y, total) if returned else y


def observations(m, rowvar, dtype):
    """`m` as variables by observations."""
    x = cast(m, dtype)
    x = np.reshape(x, (1, -1)) if rank(x) < 2 else x
    return x if rowvar or rank(m) == 1 else np.transpose(x)


def observation_weights(weights, name, n):
    weights = arrayed(weights)
    weights = cast(weights if isinstance(weights, Traced) else np.asarray(weights), float)
    if rank(weights) > 1:
        raise RuntimeError(f"cannot handle multidimensional {name}")
    if shape_of(weights)[0] != n:
        raise RuntimeError(f"incompatible numbers of samples and {name}")
    if not isinstance(weights, Traced) and np.any(weights < 0):
        raise ValueError(f"{name} cannot be negative")
    return weights


@composite(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, *, dtype=None):
    """`np.cov`."""
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    m, y = (v if v is None or isinstance(v, Traced) else np.asarray(v) for v in (arrayed(m), arrayed(y)))
    for name, v in (("m", m), ("y", y)):
        if v is not None and rank(v) > 2:
            raise ValueError(f"{name} has more than 2 dimensions")
    if dtype is None:
        dtype = np.result_type(*[aval_of(v).dtype for v in (m, y) if v is not None], float)
    x = observations(m, rowvar, dtype)
    if y is not None:
        x = np.concatenate((x, observations(y, rowvar or shape_of(y)[0] == 1, dtype)), 0)
    n = shape_of(x)[1]
    ddof = (0 if bias else 1) if ddof is None else ddof
    w, free = None, n - ddof
    if fweights is not None:
        w = observation_weights(fweights, "fweights", n)
        if not isinstance(w, Traced) and np.any(w != np.around(w)):
            raise TypeError("fweights must be integer")
    if aweights is not None:
        aweights = observation_weights(aweights, "aweights", n)
        w = aweights if w is None else w * aweights
    mean, total = np.average(x, axis=1, weights=w, returned=True)
    if w is not None:
        total = total[0]
        free = total - (ddof if aweights is None else ddof * np.sum(w * aweights) / total) if ddof else total
    if not isinstance(free, Traced) and free <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=4)
        free = 0.0
    x = x - mean[:, None]
    c = np.dot(x, np.conj(np.transpose(x if w is None else x * w)))
    return np.squeeze(cast(c * np.true_divide(1, free), dtype))


@composite(np.corrcoef)
def corrcoef(x, y=None, rowvar=True, *, dtype=None):
    """`np.corrcoef`."""
    c = np.cov(x, y, rowvar, dtype=dtype)
    if rank(c) == 0:
        return c / c
    size = np.sqrt(np.real(np.diagonal(c)))
    c = c / size[:, None] / size[None, :]
    if np.iscomplexobj(c):
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return np.clip(c, -1, 1)


# ---- counts in bins ------------------------------------------------------------------------------------------------
def batch_bincount(prim, xs, batched, params):
    """One count of them all, each example in bins of its own."""
    (w,), labels, n = xs, params["labels"], params["n"]
    k = shape_of(w)[0]
    apart = np.reshape(np.arange(k)[:, None] * n + labels, (-1,))
    return np.reshape(prim.call(np.reshape(w, (-1,)), labels=apart, n=n * k), (k, n))


bincount_ = linear(
    lambda w, *, labels, n: np.bincount(labels, w, n),
    lambda g, *, labels, n: g[labels],
    batch=batch_bincount,
    shape=lambda w, *, labels, n: Aval((n,), np.dtype(float)),
    name="bincount",
)


@composite(np.bincount)
def bincount(x, /, weights=None, minlength=0):
    """`np.bincount`: linear in the weights."""
    x = np.asarray(without_tape(x))
    plain = np.bincount(x, minlength=minlength)
    if not watches((weights,)):
        return plain if weights is None else np.bincount(x, weights, minlength)
    weights = arrayed(weights)
    if shape_of(weights) != shape_of(x):
        raise ValueError("The weights and list don't have the same length.")
    dtype = np.dtype(aval_of(weights).dtype)
    if dtype.kind == "c":
        raise TypeError(
            f"Cannot cast array data from {dtype!r} to dtype('float64') according to the rule 'safe'"
        )
    return bincount_.call(weights, labels=x, n=len(plain))


@composite(np.histogram_bin_edges)
def histogram_bin_edges(a, bins=10, range=None, weights=None):
    """`np.histogram_bin_edges`: edges are where `bins` and `range` say, or from the smallest element to the largest."""
    a, bins = arrayed(a), arrayed(bins)
    if isinstance(bins, Traced) and bins.ndim:
        np.histogram_bin_edges([], without_tape(bins))  # complains if they do not increase
        return bins
    if not (aval_of(a).size if range is None else watches((range,))):
        return np.histogram_bin_edges(without_tape(a), bins, range)
    if np.ndim(bins):
        return np.histogram_bin_edges([], bins)
    n = (
        len(np.histogram_bin_edges(without_tape(a), bins, without_tape(range))) - 1
        if isinstance(bins, str)
        else bins
    )
    low, high = (np.min(a), np.max(a)) if range is None else range
    margin = np.where(low == high, 0.5, 0.0)
    dtype = np.dtype(aval_of(a).dtype)
    return np.linspace(low - margin, high + margin, n + 1, dtype=dtype if dtype.kind == "f" else float)


@composite(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    """`np.histogram`: linear in the weights; the counts of elements are plain."""
    edges = np.histogram_bin_edges(a, bins, range)
    a, limits = np.asarray(without_tape(a)).reshape(-1), np.asarray(without_tape(edges))
    if not watches((weights,)):
        counts = np.histogram(a, without_tape(bins), without_tape(range), None, weights)[0]
    else:
        inside = np.flatnonzero((a >= limits[0]) & (a <= limits[-1]))
        labels = np.minimum(np.searchsorted(limits, a[inside], "right") - 1, len(limits) - 2)
        weights = np.reshape(arrayed(weights), (-1,))[inside]
        counts = add_up_at(labels, weights, len(limits) - 1)
    if density:
        counts = counts / cast(np.diff(edges), float) / np.sum(counts)
    return counts, edges


def add_up_at(labels, weights, n):
    """The sums of the weights with each label, in the dtype of the weights."""
    dtype = np.dtype(aval_of(weights).dtype)
    if dtype.kind == "c" or dtype.itemsize > 8:
        return put.call(weights, shape=(n,), key=labels)
    return cast(np.bincount(labels, weights, n), dtype)
