"""`scipy.special.logsumexp`, `softmax`, `log_softmax`."""

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, aval_of, result_dtype, shape_of
from pycograd.core.lazy import optional

from .families import arrayed, axes_of, batch_axes, composite, rank
from .softmax import floating, inf, log_softmax_, logsumexp_, reduced, softmax_

special = optional("scipy.special", "scipy")
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
