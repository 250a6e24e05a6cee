"""softmax and its logarithm, one-hot labels, cross entropy: stable at any size of the logits.

Cross entropy is one operation: log(sum(exp(z))) - z[label], whose slope is softmax(z) less one at the label.
"""

import numpy as np

from pycograd.core import (
    REGISTRY,
    Aval,
    Primitive,
    ShapeError,
    Traced,
    aval_of,
    current_dtype,
    shape_of,
    value_of,
    where,
)
from pycograd.ops.families import all_batched, arrayed, axes_of, rank
from pycograd.ops.indexing import plain
from pycograd.ops.softmax import floating, inner, log_softmax_, logsumexp_, softmax_, total

from .fused import fuse

__all__ = ["cross_entropy", "log_softmax", "logsumexp", "one_hot", "softmax"]


# ---- softmax -------------------------------------------------------------------------------------------------------
def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along `axis` (or several); the shape of `x`.  The tape keeps the output only.

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    x = floating(x)
    return softmax_.call(x, axis=axes_of(axis, rank(x)))


def log_softmax(x, axis=-1):
    """log(softmax(x)) along `axis` (or several), without overflow and exact where the softmax itself is 0.

    >>> log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    x = floating(x)
    return log_softmax_.call(x, axis=axes_of(axis, rank(x)))


def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))) over `axis`, all of them by default, without overflow; -inf of nothing but -inf.

    >>> round(float(logsumexp(np.array([1000.0, 1000.0]))), 4)
    1000.6931
    """
    x = floating(x)
    return logsumexp_.call(x, axis=axes_of(axis, rank(x)), keepdims=bool(keepdims))


# ---- labels --------------------------------------------------------------------------------------------------------
def checked_labels(labels, classes, function, name):
    """The class numbers `labels`, off the tape; raises if they are no integers from 0 to classes - 1.

    Each may be watched by vmap or capture; the numbers of the latter are not known, and not looked at.
    """
    labels = plain(arrayed(labels))
    labels = labels if isinstance(labels, Traced) else np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{function}: {name} must be integers, not {labels.dtype}{where()}")
    known = value_of(labels)
    if isinstance(known, Aval) or not known.size:
        return labels
    if known.min() < 0 or known.max() >= classes:
        wrong = known[(known < 0) | (known >= classes)].flat[0] if known.ndim else known
        raise ValueError(
            f"{function}: {name} of shape {shape_of(labels)} hold {wrong}{where()}, which is none of the {classes} "
            f"classes 0 to {classes - 1}"
        )
    return labels


def hot(labels, classes, dtype):
    """Ones at `labels` along a new last axis of length `classes`."""
    return np.equal(labels[..., None], np.arange(classes)).astype(dtype)


def one_hot(idx, n):
    """An array (*idx.shape, n) of the working dtype: 1.0 at the class number `idx` along its last axis, 0.0 elsewhere.

    Raises ValueError for a class number that is not in 0 to n - 1, TypeError if `idx` is not of integers.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    return hot(checked_labels(idx, n, "one_hot", "indices"), n, current_dtype())


# ---- cross entropy with class numbers ------------------------------------------------------------------------------
def label_forward(z, labels):
    """The losses of the rows of `z`; their probabilities are kept."""
    n = z.shape[-1]
    rows = z.reshape(-1, n)
    p = rows - np.max(rows, axis=1, keepdims=True)
    picked = p[np.arange(len(p)), labels.reshape(-1)]
    np.exp(p, p)
    sums = total(p, (1,))
    p /= sums
    losses = np.log(sums[:, 0]) - picked
    return losses.reshape(labels.shape)[()], (p.reshape(z.shape), labels)


def label_backward(g, p, labels):
    """g * (p - 1 at the label)."""
    if not isinstance(g, Traced) and type(p) is type(labels) is np.ndarray:
        g = np.asarray(g, p.dtype)
        out = p * g[..., None]
        rows = out.reshape(-1, p.shape[-1])
        rows[np.arange(len(rows)), labels.reshape(-1)] -= g.reshape(-1)
        return out
    return (p - hot(labels, shape_of(p)[-1], p.dtype)) * np.expand_dims(g, -1)


def label_rule(g, z, labels):
    return label_backward(g, softmax_.call(z, axis=(rank(z) - 1,)), labels)


def label_slope(t, z, labels):
    p = softmax_.call(z, axis=(rank(z) - 1,))
    return np.sum(t * (p - hot(labels, shape_of(p)[-1], p.dtype)), axis=-1)


def rowwise(prim, xs, batched, params):
    """The batch rule of an operation on the last axes that takes any number of axes before them, the same for all."""
    return prim.call(*all_batched(xs, batched), **params)


label_entropy_ = Primitive(
    lambda z, labels: label_forward(np.asarray(z), np.asarray(labels))[0],
    label_rule,
    None,
    jvp=(label_slope, None),
    batch=rowwise,
    shape=lambda z, labels: Aval(z.shape[:-1], np.dtype(z.dtype)),
    cost=lambda z, labels: 6.0 * z.size,
    operands="z labels",
    name="cross_entropy",
)
fuse(label_entropy_, label_forward, label_backward, None)


# ---- cross entropy with probabilities ------------------------------------------------------------------------------
def weigh(targets, log_p):
    """The sum of targets * log_p along the last axis; 0 * -inf counts as 0, as it does in an entropy."""
    s = inner(targets, log_p, (targets.ndim - 1,))[..., 0]
    if np.isfinite(s).all():
        return s
    return np.sum(targets * np.where(targets == 0, 0.0, log_p), axis=-1)


def share_forward(z, targets):
    log_p = log_softmax_.impl(z, axis=(z.ndim - 1,))
    return -weigh(targets, log_p), (log_p, targets)


def share_z(g, log_p, targets):
    """g * (softmax * sum(targets) - targets)."""
    axis = (rank(targets) - 1,)
    return (np.exp(log_p) * total(targets, axis) - targets) * np.expand_dims(g, -1)


def share_t(g, log_p, targets):
    return -log_p * np.expand_dims(g, -1)


def log_p_of(z):
    return log_softmax_.call(z, axis=(rank(z) - 1,))


def share_shape(z, targets):
    return Aval(z.shape[:-1], np.result_type(z.dtype, targets.dtype))


share_entropy_ = Primitive(
    lambda z, targets: share_forward(np.asarray(z), np.asarray(targets))[0],
    lambda g, z, targets: share_z(g, log_p_of(z), targets),
    lambda g, z: share_t(g, log_p_of(z), None),
    jvp=(
        lambda t, z, targets: np.sum(t * share_z(1.0, log_p_of(z), targets), axis=-1),
        lambda t, z: -np.sum(t * log_p_of(z), axis=-1),
    ),
    batch=rowwise,
    shape=share_shape,
    cost=lambda z, targets: 6.0 * z.size,
    operands="z targets",
    name="cross_entropy",
)
fuse(share_entropy_, share_forward, share_z, share_t)


# ---- cross entropy -------------------------------------------------------------------------------------------------
def cross_entropy(logits, targets, axis=-1):
    """The mean of -log(softmax(logits)) at the targets: over all axes but `axis`, that of the classes.

    logits   of any shape; floating
    targets  class numbers, of the shape of `logits` without `axis`; or a probability for each class, of the shape of
             `logits`, which is differentiated too where it is watched
    The tape keeps one array of the size of `logits` (and `targets`).  Under vmap, of one example's logits and its
    target, it is that example's loss.
    Raises ShapeError for targets of another shape, ValueError for a class number out of range, TypeError for class
    numbers that are not integers.

    >>> logits = np.array([[2.0, 0.0], [0.0, 2.0]])
    >>> round(float(cross_entropy(logits, np.array([0, 0]))), 4)
    1.1269
    >>> round(float(cross_entropy(logits, np.array([[0.5, 0.5], [0.0, 1.0]]))), 4)
    0.6269
    """
    logits, targets = floating(logits), arrayed(targets)
    shape, given = shape_of(logits), shape_of(targets)
    (axis,) = axes_of(axis, len(shape))
    without = shape[:axis] + shape[axis + 1 :]
    last = axis == len(shape) - 1
    z = logits if last else np.moveaxis(logits, axis, -1)
    if given == without:
        losses = label_entropy_.call(z, checked_labels(targets, shape[axis], "cross_entropy", "targets"))
    elif given == shape:
        targets = targets if last else np.moveaxis(targets, axis, -1)
        losses = share_entropy_.call(z, as_dtype(targets, aval_of(z).dtype))
    else:
        raise ShapeError(
            f"cross_entropy: targets of shape {given} and logits of shape {shape} with the classes along axis "
            f"{axis}{where()}: give class numbers of shape {without}, or probabilities of shape {shape}"
        )
    return np.mean(losses)


def as_dtype(x, dtype):
    """`x`, as an array of `dtype` if it is one of integers."""
    x = x if isinstance(x, Traced) else np.asarray(x)
    return x if x.dtype.kind in "fc" else REGISTRY[np.asarray](x).astype(dtype)
