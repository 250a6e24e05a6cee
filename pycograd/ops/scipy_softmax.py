"""`scipy.special.logsumexp`, `softmax`, `log_softmax`: one operation each, shifted by the maximum."""

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, aval_of, result_dtype, shape_of
from pycograd.core.lazy import optional

from .families import arrayed, axes_of, batch_axes, composite, expand, rank

special = optional("scipy.special", "scipy")
inf = np.inf


def floating(x):
    """`x` as an array of a floating dtype."""
    x = arrayed(x)
    return x if np.dtype(aval_of(x).dtype).kind in "fc" else x.astype(float)


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
# The shift of a weighted sum: any number will do, so it has no slope.
shift_ = Primitive(
    lambda x, *, axis: np.nan_to_num(np.max(x, axis=axis, keepdims=True), nan=0.0, posinf=0.0, neginf=0.0),
    operands="x",
    batch=batch_axes,
    shape=lambda x, *, axis: Aval(reduced(x, axis, True), np.dtype(x.dtype)),
    name="shift",
)


@composite(special.logsumexp)
def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False):
    """`scipy.special.logsumexp`; `b` may be watched too, also where it is 0."""
    a, keepdims = floating(a), bool(keepdims)
    if b is None and not return_sign and not np.iscomplexobj(a):
        return logsumexp_.call(a, axis=axes_of(axis, rank(a)), keepdims=keepdims)
    b = 1.0 if b is None else arrayed(b)
    common = result_dtype(aval_of(a), aval_of(b))
    a, b = (
        x if aval_of(x).dtype in (common, float) else REGISTRY[np.asarray](x).astype(common) for x in (a, b)
    )
    axes = axes_of(axis, max(rank(a), rank(b)))
    a = np.broadcast_to(a, np.broadcast_shapes(shape_of(a), shape_of(b)))
    a = np.where(np.logical_and(b == 0, np.logical_not(np.isfinite(a))), -inf, a)
    shift = shift_.call(np.where(b != 0, np.real(a), -inf), axis=axes)
    total = np.sum(b * np.exp(a - shift), axis=axes, keepdims=True)
    y = np.log(np.abs(total) if return_sign else total) + shift
    y, sign = (v if keepdims else np.squeeze(v, axes) for v in (y, np.sign(total)))
    return (y, sign) if return_sign else y


# ---- softmax -------------------------------------------------------------------------------------------------------
def shifted(x, axis):
    top = np.max(x, axis=axis, keepdims=True)
    return x - np.where(np.isfinite(top), top, 0)


def softmax_of(x, *, axis):
    y = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return y / np.sum(y, axis=axis, keepdims=True)


def log_softmax_of(x, *, axis):
    x = shifted(x, axis)
    with np.errstate(divide="ignore"):
        return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def softmax_slope(t, y, *, axis):
    return y * (t - np.sum(t * y, axis=axis, keepdims=True))


def same(x, **_):
    return Aval(x.shape, np.dtype(x.dtype))


softmax_ = Primitive(
    softmax_of, softmax_slope, jvp=(softmax_slope,), batch=batch_axes, shape=same, name="softmax"
)  # its Jacobian is symmetric
log_softmax_ = Primitive(
    log_softmax_of,
    lambda g, y, *, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True),
    jvp=(lambda t, y, *, axis: t - np.sum(t * np.exp(y), axis=axis, keepdims=True),),
    batch=batch_axes,
    shape=same,
    name="log_softmax",
)


@composite(special.softmax)
def softmax(x, axis=None):
    """`scipy.special.softmax`."""
    x = floating(x)
    return softmax_.call(x, axis=axes_of(axis, rank(x)))


@composite(special.log_softmax)
def log_softmax(x, axis=None):
    """`scipy.special.log_softmax`."""
    x = floating(x)
    return log_softmax_.call(x, axis=axes_of(axis, rank(x)))
