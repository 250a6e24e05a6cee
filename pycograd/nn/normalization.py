"""Normalizations: one operation, (x - mean) / sqrt(variance + eps) * gamma + beta over some axes, for all of them.

The variance is the biased one, sum((x - mean)^2) / n.  The tape keeps the normalized array n and the divisor;
the slope is an orthogonal projection, so it is its own transpose:
dn = (dx - mean(dx) - n mean(n dx)) / sqrt(variance + eps).
"""

from functools import partial
from math import prod

import numpy as np

from pycograd.core import (
    Aval,
    Primitive,
    ShapeError,
    aval_of,
    computed_in,
    current_dtype,
    result_dtype,
    shape_of,
    where,
)
from pycograd.ops.families import arrayed, example_axes, pad_rank, rank
from pycograd.ops.softmax import floating, inner, total
from pycograd.transforms import stop_gradient

from .fused import fuse

__all__ = ["batch_norm", "batch_norm_init", "group_norm", "instance_norm", "layer_norm", "rms_norm"]


# ---- the operation -------------------------------------------------------------------------------------------------
def average(x, axes):
    return total(x, axes) / count(x, axes)


def count(x, axes):
    return prod([shape_of(x)[i] for i in axes])


def normalized(x, axes, eps, centred):
    """`x` with mean 0 (if `centred`) and variance 1 over `axes`, and what it was divided by, inverted."""
    n = x - average(x, axes) if centred else x
    inverse = 1 / np.sqrt(inner(n, n, axes) / count(x, axes) + eps)
    return n * inverse, inverse


def projected(t, n, inverse, axes, centred):
    """The product of `t` with the slope of `normalized`, and with its transpose, which is the same."""
    out = n * (inner(n, t, axes) / -count(n, axes)) + t
    if centred:
        out = out - average(t, axes)
    return out * inverse


def forward(x, gamma, *beta, axes, eps, centred):
    x = x if x.dtype.kind == "f" else x.astype(computed_in(x.dtype))
    n, inverse = normalized(x, axes, eps, centred)
    y = n * gamma
    return y + beta[0] if beta else y, (n, inverse, gamma)


def pull_x(g, n, inverse, gamma, *, axes, eps, centred):
    return projected(g * gamma, n, inverse, axes, centred)


def pull_gamma(g, n, inverse, gamma, **_):
    """sum(g * n) over what `gamma` was broadcast along; along rows without a temporary."""
    if type(g) is np.ndarray and g.shape == n.shape and gamma.shape == n.shape[-1:]:
        columns = gamma.size
        return np.einsum("ij,ij->j", g.reshape(-1, columns), n.reshape(-1, columns))
    return g * n


def pull_beta(g, n, inverse, gamma, **_):
    return g


def norm_shape(*avals, axes, eps, centred):
    dtype = result_dtype(*avals)
    shape = np.broadcast_shapes(*[a.shape for a in avals])
    return Aval(shape, computed_in(dtype))


def batch_norm_rule(prim, xs, batched, params):
    """An example's axes move up by one; operands of every example have the same rank, to line up."""
    top = rank(xs[0]) - batched[0]
    xs = [pad_rank(x, top) if b else x for x, b in zip(xs, batched, strict=True)]
    x = xs[0] if batched[0] else xs[0][None]
    return prim.call(x, *xs[1:], **{**params, "axes": example_axes(params["axes"], x)})


def declare(operands):
    """The operation on `operands`, with beta or without."""

    def rule_x(g, x, gamma, *, axes, eps, centred):
        return projected(g * gamma, *normalized(x, axes, eps, centred), axes, centred)

    def push_x(t, x, gamma, *, axes, eps, centred):
        return projected(t, *normalized(x, axes, eps, centred), axes, centred) * gamma

    def rule_gamma(t, x, *, axes, eps, centred):
        return t * normalized(x, axes, eps, centred)[0]

    rules = rule_x, rule_gamma, lambda t, **_: t
    pushes = push_x, rule_gamma, lambda t, **_: t
    n = len(operands.split())
    prim = Primitive(
        lambda *xs, **params: forward(*map(np.asarray, xs), **params)[0], *rules[:n], jvp=pushes[:n],
        batch=batch_norm_rule, shape=norm_shape, cost=lambda x, *_, **params: 8.0 * x.size,
        operands=operands, name="normalize",
    )  # fmt: skip
    fuse(prim, forward, *(pull_x, pull_gamma, pull_beta)[:n])
    return prim


scaled_, shifted_ = declare("x gamma"), declare("x gamma beta")


def norm(x, gamma, beta, axes, eps, centred=True):
    """The operation with `gamma` or `beta`, or without where they are None."""
    gamma = np.ones((), x.dtype) if gamma is None else gamma
    if beta is None:
        return scaled_.call(x, gamma, axes=axes, eps=eps, centred=centred)
    return shifted_.call(x, gamma, beta, axes=axes, eps=eps, centred=centred)


# ---- along the last axes -------------------------------------------------------------------------------------------
def layer_norm(x, gamma, beta, eps=1e-5):
    """(x - mean) / sqrt(variance + eps) * gamma + beta over the last axes, as many as `gamma` has: mostly one.

    x            (..., features), floating
    gamma, beta  (features,); None for none
    Raises ShapeError if the sizes differ.  Ba et al., arXiv:1607.06450.

    >>> layer_norm(np.array([1.0, 2.0, 3.0]), np.ones(3), np.zeros(3)).round(3)
    array([-1.225,  0.   ,  1.225])
    """
    return over_last("layer_norm", x, gamma, beta, eps, True)


def rms_norm(x, gamma, eps=1e-5):
    """x / sqrt(mean(x^2) + eps) * gamma over the last axes, as many as `gamma` has: mostly one.

    x      (..., features), floating
    gamma  (features,); None for none
    Raises ShapeError if the sizes differ.  Zhang and Sennrich, arXiv:1910.07467.

    >>> rms_norm(np.array([3.0, 4.0]), np.ones(2)).round(3)
    array([0.849, 1.131])
    """
    return over_last("rms_norm", x, gamma, None, eps, False)


def over_last(function, x, gamma, beta, eps, centred):
    x, gamma, beta = real(function, x), given(gamma), given(beta)
    shape = shape_of(x)
    features = shape[-1:] if gamma is None is beta else shape_of(beta if gamma is None else gamma)
    axes = tuple(range(len(shape) - len(features), len(shape)))
    for name, p in (("gamma", gamma), ("beta", beta)):
        if p is not None and (not features or shape_of(p) != features or shape[-len(features) :] != features):
            raise ShapeError(
                f"{function}: x of shape {shape} and {name} of shape {shape_of(p)}{where()}: {name} must have the "
                f"sizes of the last axes of x, {shape[-1:]}"
            )
    if not axes:
        raise ShapeError(f"{function}: x of shape {shape}{where()} has no axis to normalize over")
    return norm(x, gamma, beta, axes, eps, centred)


def real(function, x):
    """`x` as an array of a floating dtype; raises TypeError if it is complex."""
    x = floating(x)
    dtype = np.dtype(aval_of(x).dtype)
    if dtype.kind == "c":
        raise TypeError(
            f"{function}: x must be real, not {dtype}{where()}: normalize np.real(x) and np.imag(x)"
        )
    return x


def given(p):
    return None if p is None else arrayed(p)


# ---- channels ------------------------------------------------------------------------------------------------------
def batch_norm_init(n):
    """The running mean and variance of `n` channels before any batch: zeros and ones, of the working dtype.

    >>> batch_norm_init(2)
    (array([0., 0.]), array([1., 1.]))
    """
    return np.zeros(n, current_dtype()), np.ones(n, current_dtype())


def batch_norm(x, gamma, beta, rm, rv, training=True, momentum=0.1, eps=1e-5):
    """`x` normalized in each channel (axis 1) over all other axes, and the new running mean and variance.

    x            (batch, channels, ...), floating
    gamma, beta  (channels,); None for none
    rm, rv       (channels,), as `batch_norm_init` makes them
    training     True: by the mean and (biased) variance of the batch; the running ones become (1 - momentum) * old +
                 momentum * batch, and are not differentiated.  False: by `rm` and `rv`, which are returned as they are
    Returns `(y, new_mean, new_var)`.  Raises ShapeError if the sizes differ.  Ioffe and Szegedy, arXiv:1502.03167.

    >>> x = np.array([[1.0], [3.0]])
    >>> y, mean, variance = batch_norm(x, None, None, *batch_norm_init(1))
    >>> y.round(3), mean, variance
    (array([[-1.],
           [ 1.]]), array([0.2]), array([1.]))
    """
    x = real("batch_norm", x)
    shape = shape_of(x)
    axes, across = channels("batch_norm", x, gamma=gamma, beta=beta, rm=rm, rv=rv)
    if training:
        constant = stop_gradient(x)
        mean, variance = (np.reshape(f(constant, axis=axes), shape[1:2]) for f in (np.mean, np.var))
        rm, rv = ((1 - momentum) * old + momentum * new for old, new in ((rm, mean), (rv, variance)))
        return norm(x, across(gamma), across(beta), axes, eps), rm, rv
    y = (x - across(rm)) * (1 / np.sqrt(across(rv) + eps))
    y = y if gamma is None else y * across(gamma)
    return y if beta is None else y + across(beta), rm, rv


def channels(function, x, **parameters):
    """The axes other than 1, and a function that makes a parameter of the channels broadcast along axis 1."""
    shape = shape_of(x)
    if len(shape) < 2:
        raise ShapeError(f"{function}: x must be (batch, channels, ...), not {shape}{where()}")
    for name, p in parameters.items():
        if p is not None and shape_of(p) != shape[1:2]:
            raise ShapeError(
                f"{function}: x of shape {shape} and {name} of shape {shape_of(p)}{where()}: x has {shape[1]} "
                f"channels, so {name} must be of shape {shape[1:2]}"
            )
    to = (shape[1], *(1,) * (len(shape) - 2))
    return (0, *range(2, len(shape))), partial(reshaped, shape=to)


def reshaped(p, shape):
    return None if p is None else np.reshape(arrayed(p), shape)


def group_norm(x, gamma, beta, num_groups, eps=1e-5):
    """`x` normalized in each example over groups of neighbouring channels and all axes behind them.

    x            (batch, channels, ...), floating
    gamma, beta  (channels,); None for none
    num_groups   a divisor of the number of channels
    Raises ShapeError if the sizes differ.  Wu and He, arXiv:1803.08494.

    >>> group_norm(np.array([[1.0, 3.0, 5.0, 9.0]]), None, None, 2).round(3)
    array([[-1.,  1., -1.,  1.]])
    """
    return grouped("group_norm", x, gamma, beta, num_groups, eps)


def instance_norm(x, gamma=None, beta=None, eps=1e-5):
    """`x` normalized in each example and channel over the axes behind.

    x            (batch, channels, ...), floating
    gamma, beta  (channels,); None for none
    Raises ShapeError if the sizes differ.  Ulyanov et al., arXiv:1607.08022.

    >>> instance_norm(np.array([[[1.0, 3.0], [5.0, 9.0]]])).round(3)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    return grouped("instance_norm", x, gamma, beta, None, eps)


def grouped(function, x, gamma, beta, groups, eps):
    x = real(function, x)
    shape = shape_of(x)
    _, across = channels(function, x, gamma=gamma, beta=beta)
    groups = shape[1] if groups is None else groups
    if groups < 1 or shape[1] % groups:
        raise ShapeError(
            f"{function}: num_groups={groups} does not divide the {shape[1]} channels of x of shape {shape}{where()}"
        )
    lanes = np.reshape(x, (shape[0], groups, prod(shape[1:]) // groups))
    y = np.reshape(norm(lanes, None, None, (2,), eps), shape)
    y = y if gamma is None else y * across(gamma)
    return y if beta is None else y + across(beta)
