"""RWKV time mixing: attention whose scores decay with distance, in a parallel form over a sequence and, with a state of
two numbers a channel, one token at a time.

What a channel has read is kept as the logarithm of the sum of its weights and the weighted mean of its values, which
no weight makes overflow.  Two stretches of time join into one by these alone, and joining is associative: the parallel
form doubles the stretches, log2(time) times.  Peng et al., arXiv:2305.13048, section 3.1 and appendix D.
"""

import numpy as np

from pycograd.core import ShapeError, aval_of, shape_of, where
from pycograd.ops.families import arrayed
from pycograd.ops.softmax import floating

from .activations import relu_, sigmoid_

__all__ = ["rwkv_channel_mixing", "rwkv_time_mixing", "rwkv_time_mixing_step", "wkv", "wkv_step"]


# ---- the weighted mean ---------------------------------------------------------------------------------------------
def joined(first, second):
    """The log weight and the mean of two stretches together."""
    (a, x), (b, y) = first, second
    return np.logaddexp(a, b), x + sigmoid_.call(b - a) * (y - x)


def nothing(like):
    """The state of channels that have read nothing yet: of weight 0."""
    return np.full(shape_of(like), -np.inf, aval_of(like).dtype), np.zeros(
        shape_of(like), aval_of(like).dtype
    )


def wkv_step(k, v, decay, bonus, state=None):
    """One token of `wkv`: (its mean, the state after it).

    k, v   (..., channels)
    state  what the last call returned, or None before the first token

    >>> mean, state = wkv_step(np.zeros(1), np.array([2.0]), np.ones(1), np.zeros(1))
    >>> mean
    array([2.])
    """
    k, v = floating(k), floating(v)
    state = nothing(k) if state is None else state
    y = joined(state, (k + bonus, v))[1]
    weight, mean = state
    return y, joined((weight - decay, mean), (k, v))


def wkv(k, v, decay, bonus, state=None):
    """For each token the mean of the values so far, in each channel: (the means, the state after the last token).

    The weight of token i in the mean of token t is exp(k_i - (t - 1 - i) * decay) for i < t, and exp(k_t + bonus) for
    itself.  All tokens at once, in log2(time) steps; `wkv_step` is the same, one token at a time.
    k, v         (..., time, channels)
    decay        (channels,), positive; bonus  (channels,)
    state        of an earlier part of the sequence, or None
    Returns (..., time, channels), and a pair of arrays (..., channels).  Raises ShapeError if the sizes differ.

    >>> means, _ = wkv(np.zeros((3, 1)), np.array([[1.0], [2.0], [6.0]]), np.zeros(1), np.zeros(1))
    >>> means.ravel()
    array([1. , 1.5, 3. ])
    """
    k, v = floating(k), floating(v)
    if len(shape_of(k)) < 2 or shape_of(k) != shape_of(v) or not shape_of(k)[-2]:
        raise ShapeError(
            f"wkv: k of shape {shape_of(k)} and v of shape {shape_of(v)}{where()}: both must be (..., time, channels)"
        )
    for name, p in (("decay", decay), ("bonus", bonus)):
        if shape_of(p) != shape_of(k)[-1:]:
            raise ShapeError(
                f"wkv: {name} of shape {shape_of(p)}{where()}: it must be of shape {shape_of(k)[-1:]}, channels of k"
            )
    time = shape_of(k)[-2]
    weight, mean = nothing(k[..., 0, :]) if state is None else state
    # what each token brings for the next, the state in front; then stretches of 1, 2, 4, ... of them
    weights, means = after(weight, k), after(mean, v)
    reach = 1
    while reach <= time:
        older = weights[..., :-reach, :] - reach * decay, means[..., :-reach, :]
        new = joined(older, (weights[..., reach:, :], means[..., reach:, :]))
        weights, means = (
            np.concatenate([old[..., :reach, :], sum_], axis=-2)
            for old, sum_ in zip((weights, means), new, strict=True)
        )
        reach *= 2
    last = weights[..., -1, :], means[..., -1, :]
    return joined((weights[..., :-1, :], means[..., :-1, :]), (k + bonus, v))[1], last


def after(first, xs):
    """`xs` along the axis of time, with `first` before it."""
    return np.concatenate([first[..., None, :], xs], axis=-2)


# ---- the layers ----------------------------------------------------------------------------------------------------
def mixed(x, before, share):
    """Each token, mixed with the one before it."""
    return before + share * (x - before)


def rwkv_time_mixing(x, weights, state=None):
    """A layer of RWKV in the place of attention: (its output, the state after the last token).

    x        (..., time, channels)
    weights  a mapping: mix_k, mix_v, mix_r (channels,), the share of each token against the one before it; key, value,
             receptance (channels, inner); log_decay and bonus (inner,); output (inner, channels)
    state    what an earlier part of the sequence left, or None
    Returns (..., time, channels) and the state, for the next part or for `rwkv_time_mixing_step`.

    >>> ones = np.ones((1, 1)); one = np.ones(1)
    >>> weights = dict(mix_k=one, mix_v=one, mix_r=0 * one, key=0 * ones, value=ones, receptance=0 * ones,
    ...                log_decay=-30 * one, bonus=0 * one, output=ones)
    >>> rwkv_time_mixing(np.array([[2.0], [4.0]]), weights)[0].ravel()
    array([1. , 1.5])
    """
    x = floating(x)
    last, read = (np.zeros_like(x[..., 0, :]), None) if state is None else state
    before = after(last, x[..., :-1, :])
    k, v, r = gathered(x, before, weights)
    y, read = wkv(k, v, np.exp(weights["log_decay"]), weights["bonus"], read)
    return np.matmul(r * y, arrayed(weights["output"])), (x[..., -1, :], read)


def rwkv_time_mixing_step(x, weights, state=None):
    """`rwkv_time_mixing` of one token, (..., channels): (its output, the state after it).

    >>> weights = dict.fromkeys("mix_k mix_v mix_r log_decay bonus".split(), np.ones(1))
    >>> weights |= dict.fromkeys("key value receptance output".split(), np.ones((1, 1)))
    >>> x = np.array([[1.0], [2.0]])
    >>> first, state = rwkv_time_mixing_step(x[0], weights)
    >>> second, state = rwkv_time_mixing_step(x[1], weights, state)
    >>> np.allclose([first, second], rwkv_time_mixing(x, weights)[0])
    True
    """
    x = floating(x)
    last, read = (np.zeros_like(x), None) if state is None else state
    k, v, r = gathered(x, last, weights)
    y, read = wkv_step(k, v, np.exp(weights["log_decay"]), weights["bonus"], read)
    return np.matmul(r * y, arrayed(weights["output"])), (x, read)


def gathered(x, before, weights):
    """Key, value and the gate of each token."""
    k, v, r = (
        np.matmul(mixed(x, before, weights[mix]), arrayed(weights[matrix]))
        for mix, matrix in (("mix_k", "key"), ("mix_v", "value"), ("mix_r", "receptance"))
    )
    return k, v, sigmoid_.call(r)


def rwkv_channel_mixing(x, weights, state=None):
    """The layer of RWKV in the place of the perceptron: (its output, the last token, which is the state).

    x        (..., time, channels); one token at a time is a time of length 1
    weights  a mapping: mix_k, mix_r (channels,); key (channels, inner); value (inner, channels); receptance
             (channels, channels)
    The output is sigmoid(receptance) * (relu(key)^2 value).

    >>> weights = dict.fromkeys(["mix_k", "mix_r"], np.ones(1))
    >>> weights |= dict(key=np.ones((1, 1)), value=np.ones((1, 1)), receptance=np.zeros((1, 1)))
    >>> rwkv_channel_mixing(np.array([[3.0]]), weights)[0]
    array([[4.5]])
    """
    x = floating(x)
    last = np.zeros_like(x[..., 0, :]) if state is None else state
    before = after(last, x[..., :-1, :])
    k = relu_.call(np.matmul(mixed(x, before, weights["mix_k"]), arrayed(weights["key"])))
    r = sigmoid_.call(np.matmul(mixed(x, before, weights["mix_r"]), arrayed(weights["receptance"])))
    return r * np.matmul(k * k, arrayed(weights["value"])), x[..., -1, :]
