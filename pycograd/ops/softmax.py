"""logsumexp, softmax, log_softmax: one operation each, shifted by the maximum, so that nothing overflows.

`scipy.special`'s functions and those of `pycograd.nn` are made of them.  `axis` is a tuple of axes from the front.
"""

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, aval_of, computed_in, shape_of

from .families import arrayed, axes_of, batch_axes, expand

inf = np.inf


def floating(x):
    """`x` as an array (or number) of a floating dtype."""
    x = arrayed(x)
    dtype = np.dtype(aval_of(x).dtype)
    return x if dtype.kind in "fc" else REGISTRY[np.asarray](x).astype(computed_in(dtype))


def reduced(x, axis, keepdims):
    axes = axes_of(axis, len(x.shape))
    return tuple(1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes)


# ---- logsumexp -----------------------------------------------------------------------------------------------------
def log_sum_exp(x, *, axis, keepdims):
    """log(sum(exp(x))); the maximum is kept out of the sum, which makes it exact to the last digit, as scipy's is."""
    with np.errstate(all="ignore"):
        top = np.max(x, axis=axis, keepdims=True, initial=-inf)
        where = x == top
        count = np.maximum(np.sum(where, axis=axis, keepdims=True, dtype=x.dtype), 1)
        rest = np.where(where, 0, np.exp(x - np.where(np.isfinite(top), top, 0)))
        y = np.log1p(np.sum(rest, axis=axis, keepdims=True) / count) + np.log(count) + top
    return (y if keepdims else np.squeeze(y, axis))[()]


def share(x, y, axis, keepdims):
    """What of the sum with logarithm `y` is each exponential's; 0 where the sum is."""
    y = expand(y, shape_of(x), axis, keepdims)
    return np.exp(x - np.where(y == -inf, 0.0, y))


def vjp(g, y, x, *, axis, keepdims):
    return expand(g, shape_of(x), axis, keepdims) * share(x, y, axis, keepdims)


def jvp(t, y, x, *, axis, keepdims):
    return np.sum(t * share(x, y, axis, keepdims), axis=axis, keepdims=keepdims)


logsumexp_ = Primitive(
    log_sum_exp,
    vjp,
    jvp=(jvp,),
    batch=batch_axes,
    shape=lambda x, *, axis, keepdims: Aval(reduced(x, axis, keepdims), np.dtype(x.dtype)),
    cost=lambda x, **_: 4.0 * x.size,
    name="logsumexp",
)


# ---- softmax -------------------------------------------------------------------------------------------------------
def is_last(x, axis):
    """Whether `axis` is the last of the plain array `x`: then BLAS and einsum sum along it, in half the time."""
    return type(x) is np.ndarray and axis == (x.ndim - 1,) and x.flags.c_contiguous and x.dtype.char in "df"


def total(x, axis):
    """The sum along `axis`, which stays as an axis of length one."""
    if is_last(x, axis):
        n = x.shape[-1]
        return np.dot(x.reshape(-1, n), np.ones(n, x.dtype)).reshape(*x.shape[:-1], 1)
    return np.sum(x, axis=axis, keepdims=True)


def inner(x, y, axis):
    """The sum of `x * y` along `axis`, which stays as an axis of length one."""
    if is_last(x, axis) and type(y) is np.ndarray and x.dtype == y.dtype:
        return np.einsum("...i,...i->...", x, y)[..., None]
    return np.sum(x * y, axis=axis, keepdims=True)


SHORT = 128  # below this, a maximum for each row takes longer than the largest and the smallest of all
SPAN = {"f": 80.0, "d": 600.0}  # exp(-SPAN) has all its digits


def largest(x, axis):
    """What `x` is shifted by: its maximum along `axis`, or that of all where no exponential can vanish for it."""
    if is_last(x, axis) and x.shape[-1] < SHORT and x.size > 32 * SHORT:
        top = np.max(x)
        if top - np.min(x) < SPAN[x.dtype.char]:
            return top
    return np.max(x, axis=axis, keepdims=True)


def softmax_of(x, *, axis):
    y = np.asarray(x - largest(x, axis))
    np.exp(y, y)
    y /= total(y, axis)
    return y[()]


def log_softmax_of(x, *, axis):
    top = np.max(x, axis=axis, keepdims=True)
    y = np.asarray(x - np.where(np.isfinite(top), top, 0))
    with np.errstate(divide="ignore"):
        y -= np.log(total(np.exp(y), axis))
    return y[()]


def softmax_slope(t, y, *, axis):
    """The product with the Jacobian, which is symmetric."""
    return y * (t - inner(t, y, axis))


def log_softmax_back(g, y, *, axis):
    return g - np.exp(y) * total(g, axis)


def log_softmax_forward(t, y, *, axis):
    return t - inner(t, np.exp(y), axis)


def same(x, **_):
    return Aval(x.shape, np.dtype(x.dtype))


softmax_ = Primitive(
    softmax_of, softmax_slope, jvp=(softmax_slope,), batch=batch_axes, shape=same, name="softmax"
)
log_softmax_ = Primitive(
    log_softmax_of,
    log_softmax_back,
    jvp=(log_softmax_forward,),
    batch=batch_axes,
    shape=same,
    name="log_softmax",
)
