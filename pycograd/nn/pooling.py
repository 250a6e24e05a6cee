"""Pooling and upsampling of images, over their last two axes: maxima and means of strided views.

Equal largest numbers of a window share its gradient equally, as those of `np.max` do; PyTorch gives it to the first.
"""

from math import prod

import numpy as np

from pycograd.core import Aval, Primitive, ShapeError, computed_in, shape_of, where
from pycograd.ops.families import all_batched, arrayed, linear

from .activations import only
from .convolution import each
from .windows import places, window_size

__all__ = ["avg_pool2d", "max_pool2d", "upsample_nearest2d"]


# ---- windows without padding or dilation ---------------------------------------------------------------------------
def pooled_size(shape, kernel, stride):
    rank = len(kernel)
    return window_size(shape[-rank:], kernel, stride, ((0, 0),) * rank, (1,) * rank)


def pooled(shape, kernel, stride):
    return (*shape[: -len(kernel)], *pooled_size(shape, kernel, stride))


def views(x, kernel, stride):
    """What stands at each offset of the kernel in all windows of `x`: strided views."""
    return [x[place] for place in where_at(x.shape, kernel, stride)]


def where_at(shape, kernel, stride):
    return [p for _, p in places(kernel, stride, (1,) * len(kernel), pooled_size(shape, kernel, stride))]


def scattered(shape, dtype, kernel, stride, parts):
    """Zeros of `shape`, with each of the `parts`, one for each offset of the kernel, added in its places."""
    apart = all(s >= k for s, k in zip(stride, kernel, strict=True))
    tiled = kernel == stride and not any(n % k for n, k in zip(shape[-len(kernel) :], kernel, strict=True))
    out = (np.empty if tiled else np.zeros)(shape, dtype)
    for place, part in zip(where_at(shape, kernel, stride), parts, strict=True):
        if apart:
            out[place] = part
        else:
            out[place] += part
    return out


def over_examples(prim, xs, batched, params):
    """These act on last axes, with any number of axes before them."""
    return prim.call(*all_batched(xs, batched), **params)


# ---- maxima --------------------------------------------------------------------------------------------------------
def largest(x, *, kernel, stride):
    first, *others = views(np.asarray(x), kernel, stride)
    y = first.copy(order="K")
    for view in others:
        np.maximum(y, view, out=y)
    return y


def hits(x, m, kernel, stride):
    """Where each offset of the kernel has the maximum `m` of its window, and how many have it."""
    found = [view == m for view in views(x, kernel, stride)]
    count = found[0].astype(np.int8 if len(found) < 128 else np.intp)
    for hit in found[1:]:
        count += hit
    return found, np.maximum(count, 1, out=count)


def share(c, x, m, *, kernel, stride):
    """Hand the cotangent `c` of the maxima `m` to the elements of `x` that they are."""
    found, count = hits(x, m, kernel, stride)
    c = np.asarray(c / count, np.result_type(c))
    return scattered(x.shape, c.dtype, kernel, stride, [only(c, hit) for hit in found])


def collect(t, x, m, *, kernel, stride):
    """The transpose of `share`: the mean of `t` over the elements that are the maximum of their window."""
    found, count = hits(x, m, kernel, stride)
    total = sum(only(v, hit) for v, hit in zip(views(t, kernel, stride), found, strict=True))
    return np.asarray(total / count, np.result_type(t))


max_pool_ = Primitive(
    largest,
    lambda g, x, y, **window: share_.call(g, x, y, **window),
    jvp=(lambda t, x, y, **window: collect_.call(t, x, y, **window),),
    batch=over_examples,
    shape=lambda x, *, kernel, stride: Aval(pooled(x.shape, kernel, stride), np.dtype(x.dtype)),
    cost=lambda x, **_: float(x.size),
    name="max_pool",
)
share_ = Primitive(
    share,
    lambda u, x, m, **window: collect_.call(u, x, m, **window),
    None,
    None,
    jvp=(lambda t, x, m, **window: share_.call(t, x, m, **window), None, None),
    batch=over_examples,
    shape=lambda c, x, m, **_: Aval(x.shape, np.dtype(c.dtype)),
    operands="c x m",
    name="max_pool_share",
)
collect_ = Primitive(
    collect,
    lambda u, x, m, **window: share_.call(u, x, m, **window),
    None,
    None,
    jvp=(lambda t, x, m, **window: collect_.call(t, x, m, **window), None, None),
    batch=over_examples,
    shape=lambda t, x, m, **_: Aval(m.shape, np.dtype(t.dtype)),
    operands="t x m",
    name="max_pool_collect",
)


# ---- means ---------------------------------------------------------------------------------------------------------
def mean(x, *, kernel, stride):
    first, *others = views(np.asarray(x), kernel, stride)
    y = first.astype(computed_in(first.dtype))
    for view in others:
        y += view
    y *= 1 / prod(kernel)
    return y


def mean_back(g, x_shape, *, kernel, stride):
    return mean_back_.call(g, shape=x_shape, kernel=kernel, stride=stride)


def spread_out(g, *, shape, kernel, stride):
    lead = np.ndim(g) - len(shape)  # axes of a batch, in front
    g = np.asarray(g) * (1 / prod(kernel))
    return scattered((*g.shape[:lead], *shape), g.dtype, kernel, stride, [g] * prod(kernel))


def mean_shape(x, *, kernel, stride):
    return Aval(pooled(x.shape, kernel, stride), computed_in(x.dtype))


avg_pool_ = linear(mean, mean_back, batch=over_examples, shape=mean_shape, name="avg_pool")
mean_back_ = linear(
    spread_out,
    lambda u, *, shape, kernel, stride: avg_pool_.call(u, kernel=kernel, stride=stride),
    batch=over_examples,
    shape=lambda g, *, shape, **_: Aval(shape, np.dtype(g.dtype)),
    name="avg_pool_back",
)


# ---- public --------------------------------------------------------------------------------------------------------
def window(function, x, k, stride):
    """The parameters of a pooling of `x`."""
    kernel = each(k, 2, function, "k", 1)
    stride = kernel if stride is None else each(stride, 2, function, "stride", 1)
    shape = shape_of(x)
    if len(shape) < 2 or min(pooled_size(shape, kernel, stride)) < 1:
        raise ShapeError(
            f"{function}: x of shape {shape}{where()}: a window of {kernel} does not fit into (..., height, width)"
        )
    return {"kernel": kernel, "stride": stride}


def max_pool2d(x, k, stride=None):
    """The largest number of each window of an image.

    x       (..., height, width)
    k       the size of a window: an integer, or height and width
    stride  how far apart the windows are, `k` by default
    Returns (..., (height - k) // stride + 1, (width - k) // stride + 1); what no window covers is left out.  Equal
    largest numbers share the gradient equally.  Raises ShapeError if a window does not fit, ValueError for a `k` or
    `stride` below 1.

    >>> max_pool2d(np.arange(16.0).reshape(4, 4), 2)
    array([[ 5.,  7.],
           [13., 15.]])
    """
    x = arrayed(x)
    return max_pool_.call(x, **window("max_pool2d", x, k, stride))


def avg_pool2d(x, k, stride=None):
    """The mean of each window of an image.

    x, k, stride  as `max_pool2d` has them
    Returns (..., (height - k) // stride + 1, (width - k) // stride + 1).  Raises as `max_pool2d` does.

    >>> avg_pool2d(np.arange(16.0).reshape(4, 4), 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    x = arrayed(x)
    return avg_pool_.call(x, **window("avg_pool2d", x, k, stride))


def upsample_nearest2d(x, scale):
    """An image with each element repeated: (..., scale * height, scale * width).

    x      (..., height, width)
    scale  an integer, or one for the height and one for the width
    Raises ShapeError if `x` is no image, ValueError for a scale below 1.

    >>> upsample_nearest2d(np.array([[1.0, 2.0]]), 2)
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.]])
    """
    x = arrayed(x)
    down, across = each(scale, 2, "upsample_nearest2d", "scale", 1)
    if len(shape_of(x)) < 2:
        raise ShapeError(
            f"upsample_nearest2d: x of shape {shape_of(x)}{where()}: it must be (..., height, width)"
        )
    *lead, height, width = shape_of(x)
    wide = np.broadcast_to(x[..., :, None, :, None], (*lead, height, down, width, across))
    return np.reshape(wide, (*lead, height * down, width * across))
