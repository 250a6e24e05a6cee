"""Convolutions and transposed convolutions in one and two dimensions, of one example or of many.

As in all such libraries they are correlations: the kernel is not turned round.
"""

import numpy as np

from pycograd.core import ShapeError, shape_of, where
from pycograd.ops.families import arrayed
from pycograd.ops.softmax import floating

from .correlation import biased_conv, conv_, spread_
from .windows import reach, spread_size, window_size

__all__ = ["causal_conv1d", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"]


# ---- arguments -----------------------------------------------------------------------------------------------------
def each(n, rank, function, name, least):
    """`n` as one integer for each of the `rank` axes."""
    found = tuple(n) if isinstance(n, tuple | list) else (n,) * rank
    if len(found) != rank or not all(isinstance(i, int | np.integer) and i >= least for i in found):
        raise ValueError(
            f"{function}: {name}={n!r}{where()}: it must be an integer of at least {least}, or {rank} of them"
        )
    return tuple(map(int, found))


def geometry(function, rank, stride, pad, dilation, groups):
    """The parameters of the operation."""
    pad = each(pad, rank, function, "pad", 0)
    return {
        "stride": each(stride, rank, function, "stride", 1),
        "pad": tuple((p, p) for p in pad),
        "dilation": each(dilation, rank, function, "dilation", 1),
        "groups": each(groups, 1, function, "groups", 1)[0],
    }


AXES = {1: "length", 2: "height, width"}


def misfit(function, x, w, why):
    return ShapeError(f"{function}: x of shape {shape_of(x)} and w of shape {shape_of(w)}{where()}: {why}")


def fitting(function, rank, x, w, b, groups, transposed=False):
    """Raise ShapeError if `x`, `w` and `b` do not go together."""
    of_x, of_w = shape_of(x), shape_of(w)
    if len(of_x) not in (rank + 1, rank + 2) or len(of_w) != rank + 2:
        order = "inputs, outputs / groups" if transposed else "outputs, inputs / groups"
        why = f"x must be (batch, channels, {AXES[rank]}), w ({order}, kernel sizes)"
        raise misfit(function, x, w, why)
    inputs, outputs = (of_w[0], of_w[1] * groups) if transposed else (of_w[1] * groups, of_w[0])
    if of_x[-rank - 1] != inputs:
        why = f"x has {of_x[-rank - 1]} channels, w takes {inputs} (groups={groups})"
        raise misfit(function, x, w, why)
    if of_w[0] % groups:
        why = f"groups={groups} does not divide the {of_w[0]} channels that w begins with"
        raise misfit(function, x, w, why)
    if b is not None and shape_of(b) != (outputs,):
        why = f"b of shape {shape_of(b)} must be of shape {(outputs,)}, the channels of the result"
        raise misfit(function, x, w, why)


def of_many(x, rank, operation):
    """`operation` of `x`, which may be one example without an axis of examples."""
    if len(shape_of(x)) == rank + 2:
        return operation(x)
    return operation(x[None])[0]


def biased(y, b, rank):
    return y if b is None else y + np.reshape(arrayed(b), (-1, *(1,) * rank))


# ---- convolutions --------------------------------------------------------------------------------------------------
def convolve(function, rank, x, w, b, params):
    x, w = floating(x), floating(w)
    fitting(function, rank, x, w, b, params["groups"])
    size, kernel = shape_of(x)[-rank:], shape_of(w)[2:]
    if min(window_size(size, kernel, params["stride"], params["pad"], params["dilation"])) < 1:
        spans = reach(kernel, params["dilation"])
        why = f"a kernel that spans {spans} does not fit into {size} with pad={params['pad']}"
        raise misfit(function, x, w, why)
    if b is None:
        return of_many(x, rank, lambda x: conv_.call(x, w, **params))
    return of_many(x, rank, lambda x: biased_conv(x, w, arrayed(b), **params))


def conv1d(x, w, b=None, stride=1, pad=0, dilation=1, groups=1):
    """The correlation of `x` with kernels, along one axis.

    x         (batch, channels, length), or one example (channels, length)
    w         (outputs, channels / groups, kernel length)
    b         (outputs,), added; or None
    stride    how far apart the windows are;  pad  how many zeros stand before and behind;  dilation  how far apart the
              elements of a window are
    groups    the first outputs see the first channels only, and so on
    Returns (batch, outputs, (length + 2 pad - (kernel length - 1) dilation - 1) // stride + 1).  Raises ShapeError if
    the sizes differ, ValueError for a stride, pad, dilation or groups that make no sense.

    >>> conv1d(np.array([[1.0, 2.0, 4.0, 7.0]]), np.array([[[-1.0, 1.0]]]))
    array([[1., 2., 3.]])
    """
    return convolve("conv1d", 1, x, w, b, geometry("conv1d", 1, stride, pad, dilation, groups))


def conv2d(x, w, b=None, stride=1, pad=0, dilation=1, groups=1):
    """The correlation of images with kernels.

    x         (batch, channels, height, width), or one example (channels, height, width)
    w         (outputs, channels / groups, kernel height, kernel width)
    b         (outputs,), added; or None
    stride    how far apart the windows are;  pad  how many zeros stand at each border;  dilation  how far apart the
              elements of a window are: each an integer, or one for the height and one for the width
    groups    the first outputs see the first channels only, and so on
    Returns (batch, outputs, new height, new width), each (n + 2 pad - (k - 1) dilation - 1) // stride + 1.  The tape
    keeps `x`, and its windows if they take less than 4 MiB.  Raises ShapeError if the sizes differ, ValueError for
    a stride, pad, dilation or groups that make no sense.

    >>> conv2d(np.ones((1, 3, 3)), np.ones((1, 1, 2, 2)))
    array([[[4., 4.],
            [4., 4.]]])
    """
    return convolve("conv2d", 2, x, w, b, geometry("conv2d", 2, stride, pad, dilation, groups))


def causal_conv1d(x, w, b=None, stride=1, dilation=1, groups=1):
    """`conv1d` with zeros in front only: no output sees what comes after it, and the first sees one element.

    x, w, b  as `conv1d` has them; likewise stride, dilation and groups
    Returns (batch, outputs, (length - 1) // stride + 1).  van den Oord et al., arXiv:1609.03499.

    >>> causal_conv1d(np.array([[1.0, 2.0, 4.0]]), np.array([[[1.0, 1.0]]]))
    array([[1., 3., 6.]])
    """
    params = geometry("causal_conv1d", 1, stride, 0, dilation, groups)
    before = (shape_of(w)[-1] - 1) * params["dilation"][0] if len(shape_of(w)) == 3 else 0
    return convolve("causal_conv1d", 1, x, w, b, {**params, "pad": ((before, 0),)})


# ---- transposed convolutions ---------------------------------------------------------------------------------------
def spread(function, rank, x, w, b, params):
    x, w = floating(x), floating(w)
    fitting(function, rank, x, w, b, params["groups"], transposed=True)
    size = spread_size(
        shape_of(x)[-rank:], shape_of(w)[2:], params["stride"], params["pad"], params["dilation"]
    )
    if min(size) < 1:
        raise misfit(function, x, w, f"pad={params['pad']} leaves nothing of the result")
    return of_many(x, rank, lambda x: biased(spread_.call(x, w, size=size, **params), b, rank))


def conv_transpose1d(x, w, b=None, stride=1, pad=0, dilation=1, groups=1):
    """The transpose of `conv1d` as a linear map of its input, with the same `w`: each element spreads a kernel.

    x         (batch, channels, length), or one example (channels, length)
    w         (channels, outputs / groups, kernel length), that of the `conv1d` from outputs to channels
    b         (outputs,), added; or None
    Returns (batch, outputs, (length - 1) stride - 2 pad + (kernel length - 1) dilation + 1).  Raises as `conv1d` does.

    >>> conv_transpose1d(np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0]]]), stride=2)
    array([[ 1., 10.,  2., 20.]])
    """
    params = geometry("conv_transpose1d", 1, stride, pad, dilation, groups)
    return spread("conv_transpose1d", 1, x, w, b, params)


def conv_transpose2d(x, w, b=None, stride=1, pad=0, dilation=1, groups=1):
    """The transpose of `conv2d` as a linear map of its input, with the same `w`: each element spreads a kernel.

    x         (batch, channels, height, width), or one example (channels, height, width)
    w         (channels, outputs / groups, kernel height, kernel width), that of the `conv2d` from outputs to channels
    b         (outputs,), added; or None
    Returns (batch, outputs, new height, new width), each (n - 1) stride - 2 pad + (k - 1) dilation + 1.  Raises as
    `conv2d` does.

    >>> conv_transpose2d(np.ones((1, 1, 2)), np.ones((1, 1, 2, 2)))
    array([[[1., 2., 1.],
            [1., 2., 1.]]])
    """
    params = geometry("conv_transpose2d", 2, stride, pad, dilation, groups)
    return spread("conv_transpose2d", 2, x, w, b, params)
