"""Convolutions of a signal that arrives in chunks: the results of the chunks, joined, are that of the whole signal.

A state is (carry, number).  A convolution carries the inputs that its next windows still see, and how many inputs came
since the last output; a transposed one carries the outputs that the next inputs still add to, with the bias in them,
and how many outputs nothing adds to (where the stride is longer than the kernel).  Images arrive along their width.
"""

import numpy as np

from pycograd.core import ShapeError, aval_of, current_dtype, shape_of, where
from pycograd.ops.families import arrayed
from pycograd.ops.softmax import floating

from .convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d, geometry

__all__ = [
    "streaming_conv1d",
    "streaming_conv1d_init",
    "streaming_conv2d",
    "streaming_conv2d_init",
    "streaming_conv_transpose1d",
    "streaming_conv_transpose1d_init",
    "streaming_conv_transpose2d",
    "streaming_conv_transpose2d_init",
]


# ---- convolutions --------------------------------------------------------------------------------------------------
def streaming_conv1d_init(channels, k, dilation=1, batch=1):
    """The state of `streaming_conv1d` before the first chunk: zeros (batch, channels, (k - 1) dilation), and 0.

    >>> carry, since = streaming_conv1d_init(2, 3)
    >>> carry.shape, since
    ((1, 2, 2), 0)
    """
    return np.zeros((batch, channels, (k - 1) * dilation), current_dtype()), 0


def streaming_conv1d(x, w, b, state, stride=1, dilation=1, groups=1):
    """`causal_conv1d` of the next chunk of a signal: (its outputs, the new state).

    x      (batch, channels, length), of any length
    w, b   as `conv1d` has them; b may be None
    state  of `streaming_conv1d_init`, or of the last call
    The outputs of all chunks, joined along the last axis, are `causal_conv1d` of the chunks joined.  A chunk may bring
    no output, where the stride is longer.  Raises ShapeError if the sizes differ.

    >>> x, w = np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[1.0, 1.0]]])
    >>> first, state = streaming_conv1d(x[..., :1], w, None, streaming_conv1d_init(1, 2))
    >>> rest, state = streaming_conv1d(x[..., 1:], w, None, state)
    >>> np.concatenate([first, rest], -1)
    array([[[ 1.,  3.,  6., 12.]]])
    """
    params = geometry("streaming_conv1d", 1, stride, 0, dilation, groups)

    def convolve(x):
        return conv1d(x, w, b, stride, 0, dilation, groups)

    return streamed("streaming_conv1d", convolve, x, w, state, params)


def streaming_conv2d_init(channels, height, kernel_w, dilation=1, batch=1):
    """The state of `streaming_conv2d` before the first chunk: zeros for the columns on the left, and 0.

    The zeros are (batch, channels, height, (kernel_w - 1) dilation).

    >>> streaming_conv2d_init(2, 5, 3)[0].shape
    (1, 2, 5, 2)
    """
    return np.zeros((batch, channels, height, (kernel_w - 1) * dilation), current_dtype()), 0


def streaming_conv2d(x, w, b, state, stride=1, dilation=1, groups=1, pad_h=0):
    """`conv2d` of the next columns of an image that arrives from left to right: (its outputs, the new state).

    x      (batch, channels, height, width), of any width
    w, b   as `conv2d` has them; b may be None
    state  of `streaming_conv2d_init`, or of the last call
    pad_h  how many rows of zeros stand above and below
    The outputs of all chunks, joined along the last axis, are `conv2d` of the chunks joined, with `pad_h` rows of zeros
    above and below and (kernel width - 1) dilation columns of them on the left.  Raises ShapeError if the sizes differ.

    >>> x, w = np.ones((1, 1, 2, 3)), np.ones((1, 1, 2, 2))
    >>> streaming_conv2d(x, w, None, streaming_conv2d_init(1, 2, 2))[0]
    array([[[[2., 4., 4.]]]])
    """
    params = geometry("streaming_conv2d", 2, stride, 0, dilation, groups)

    def convolve(x):
        return conv2d(x, w, b, stride, (pad_h, 0), dilation, groups)

    return streamed("streaming_conv2d", convolve, x, w, state, params)


def streamed(function, convolve, x, w, state, params):
    """`convolve` of what the state carries and the chunk `x`, from the next input on that a window ends at."""
    if state is None:
        raise TypeError(
            f"{function}: there is no state{where()}: {function}_init makes the one before the first chunk"
        )
    x, (carry, since) = floating(x), state
    span, stride = (shape_of(w)[-1] - 1) * params["dilation"][-1], params["stride"][-1]
    expected = (*shape_of(x)[:-1], span)
    if shape_of(carry) != expected:
        raise ShapeError(
            f"{function}: a state that carries {shape_of(carry)}{where()}: x of shape {shape_of(x)} and w of shape "
            f"{shape_of(w)} ask for one that carries {expected}"
        )
    seen = np.concatenate([arrayed(carry).astype(aval_of(x).dtype), x], axis=-1)
    length, skipped = shape_of(x)[-1], -since % stride
    if length > skipped:
        y = convolve(seen[..., skipped:])
    else:  # no window ends in this chunk: no output, of the shape that they have
        y = convolve(np.zeros((*shape_of(x)[:-1], span + 1), aval_of(x).dtype))[..., :0]
    return y, (seen[..., length:], (since + length) % stride)


# ---- transposed convolutions ---------------------------------------------------------------------------------------
def streaming_conv_transpose1d_init():
    """The state of `streaming_conv_transpose1d` before the first chunk: None."""
    return None


def streaming_conv_transpose1d(x, w, b, state, stride=1, dilation=1, groups=1):
    """`conv_transpose1d` of the next chunk of a signal: (the outputs that are complete, the new state).

    x      (batch, channels, length), of any length
    w, b   as `conv_transpose1d` has them; b may be None
    state  None before the first chunk, or that of the last call
    The outputs of all chunks, joined along the last axis, and after them the first part of the last state, are
    `conv_transpose1d` of the chunks joined.  Raises ShapeError if the sizes differ.

    >>> x, w = np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]])
    >>> first, state = streaming_conv_transpose1d(x[..., :1], w, None, streaming_conv_transpose1d_init())
    >>> rest, state = streaming_conv_transpose1d(x[..., 1:], w, None, state)
    >>> np.concatenate([first, rest, state[0]], -1)
    array([[[ 1., 12., 20.]]])
    """
    params = geometry("streaming_conv_transpose1d", 1, stride, 0, dilation, groups)

    def spread(x):
        return conv_transpose1d(x, w, None, stride, 0, dilation, groups)

    return joined(spread, x, w, b, state, params)


def streaming_conv_transpose2d_init():
    """The state of `streaming_conv_transpose2d` before the first chunk: None."""
    return None


def streaming_conv_transpose2d(x, w, b, state, stride=1, dilation=1, groups=1, pad_h=0):
    """`conv_transpose2d` of the next columns of an image: (the columns of outputs that are complete, the new state).

    x      (batch, channels, height, width), of any width
    w, b   as `conv_transpose2d` has them; b may be None
    state  None before the first chunk, or that of the last call
    pad_h  how many rows are left out above and below
    The outputs of all chunks, joined along the last axis, and after them the first part of the last state, are
    `conv_transpose2d` of the chunks joined, with pad=(pad_h, 0).  Raises ShapeError if the sizes differ.

    >>> y, state = streaming_conv_transpose2d(np.ones((1, 1, 1, 3)), np.ones((1, 1, 1, 2)), None, None)
    >>> np.concatenate([y, state[0]], -1)
    array([[[[1., 2., 2., 1.]]]])
    """
    params = geometry("streaming_conv_transpose2d", 2, stride, 0, dilation, groups)

    def spread(x):
        return conv_transpose2d(x, w, None, stride, (pad_h, 0), dilation, groups)

    return joined(spread, x, w, b, state, params)


def joined(spread, x, w, b, state, params):
    """`spread` of the chunk `x`, on top of what the last one left: what is complete, and the new state."""
    x = floating(x)
    stride, reach = params["stride"][-1], (shape_of(w)[-1] - 1) * params["dilation"][-1] + 1
    length = shape_of(x)[-1]
    if not length:
        one = spread(np.zeros((*shape_of(x)[:-1], 1), aval_of(x).dtype))[..., :0]
        return (one, state) if state is not None else (one, (one, 0))
    y = spread(x)
    bias = 0.0 if b is None else np.reshape(arrayed(b), (-1, *(1,) * (len(shape_of(w)) - 2)))
    if state is None:
        y = y + bias
    else:
        carry, gap = state
        overlap = shape_of(carry)[-1]
        empty = np.zeros((*shape_of(y)[:-1], gap), aval_of(y).dtype)
        y = np.concatenate([empty + bias, y[..., :overlap] + carry, y[..., overlap:] + bias], axis=-1)
    left = max(reach - stride, 0)  # the last outputs, to which the next inputs add
    complete = shape_of(y)[-1] - left
    return y[..., :complete], (y[..., complete:], max(stride - reach, 0))
