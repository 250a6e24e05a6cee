"""Convolutions as products of matrices, in any number of dimensions: three operations, each linear in each operand.

    conv_    x, w -> z   correlates the examples x with the kernels w
    spread_  z, w -> x   its transpose in x: a transposed convolution
    match_   x, z -> w   its transpose in w: the kernels that the outputs ask for

x is (examples, channels, *size), w (channels of z, channels of x / groups, *kernel), z (examples, channels, *windows).
The three are closed under transposition, so their derivatives of any order are convolutions.  Under vmap examples
become more examples, kernels more channels, and both together more groups.  Where the windows of a batch are few they
are kept for the backward pass; else they are made in blocks of examples that stay in the cache, and made again.
"""

from functools import partial
from math import prod

import numpy as np

from pycograd.core import Aval, Primitive, result_dtype, shape_of

from .fused import Text, fuse
from .windows import columns, from_columns, window_size

__all__ = ["biased_conv", "conv_", "match_", "spread_"]

BLOCK = 2**22  # bytes of windows at a time


# ---- matrices ------------------------------------------------------------------------------------------------------
def blocks(x_shape, w_shape, itemsize, stride, pad, dilation):
    """Slices of the examples, few enough for their windows to take no more than BLOCK bytes."""
    windows = prod(window_size(x_shape[2:], w_shape[2:], stride, pad, dilation))
    each = x_shape[1] * prod(w_shape[2:]) * windows * itemsize
    n, step = x_shape[0], max(1, BLOCK // max(each, 1))
    return [slice(i, i + step) for i in range(0, n, step)] or [slice(0, 0)]


def kernels(w, groups):
    """The kernels as matrices, one for each group."""
    return w.reshape(groups, w.shape[0] // groups, -1)


def rows(z, groups):
    """(examples, channels, *size) as a matrix for each group: its channels, and all that each has."""
    n, channels, *size = z.shape
    return np.swapaxes(z, 0, 1).reshape(groups, channels // groups, n * prod(size))


def product(w, cols, groups, rank):
    """The output of convolving with `w`, channels first in memory."""
    y = np.matmul(kernels(w, groups), cols.reshape(groups, prod(cols.shape[: rank + 1]) // groups, -1))
    return np.swapaxes(y.reshape(w.shape[0], *cols.shape[rank + 1 :]), 0, 1)


# ---- the operations on arrays --------------------------------------------------------------------------------------
def conv_forward(x, w, *, stride, pad, dilation, groups):
    """The output, and the windows if they are few."""
    parts = blocks(x.shape, w.shape, x.itemsize, stride, pad, dilation)
    rank = len(stride)
    if len(parts) == 1:
        cols = columns(x, w.shape[2:], stride, pad, dilation)
        return product(w, cols, groups, rank), (x, w, cols)
    size = window_size(x.shape[2:], w.shape[2:], stride, pad, dilation)
    y = np.swapaxes(np.empty((w.shape[0], len(x), *size), np.result_type(x, w)), 0, 1)
    for part in parts:
        y[part] = product(w, columns(x[part], w.shape[2:], stride, pad, dilation), groups, rank)
    return y, (x, w, None)


def spread(z, w, *, size, stride, pad, dilation, groups):
    """The transpose in x."""
    shape = (len(z), w.shape[1] * groups, *size)
    parts = blocks(shape, w.shape, z.itemsize, stride, pad, dilation)
    transposed = np.swapaxes(kernels(w, groups), 1, 2)

    def of(part):
        cols = np.matmul(transposed, rows(z[part], groups))
        cols = cols.reshape(shape[1], *w.shape[2:], len(z[part]), *z.shape[2:])
        return from_columns(cols, size, stride, pad, dilation)

    if len(parts) == 1:
        return of(parts[0])
    x = np.empty(shape, np.result_type(z, w))
    for part in parts:
        x[part] = of(part)
    return x


def match(x, z, cols=None, *, kernel, stride, pad, dilation, groups):
    """The transpose in w; `cols` are the windows of `x`, if they are there already."""
    shape = (z.shape[1], x.shape[1] // groups, *kernel)
    parts = [slice(None)]
    if cols is None:
        parts = blocks(x.shape, shape, x.itemsize, stride, pad, dilation)
    total = None
    for part in parts:
        found = columns(x[part], kernel, stride, pad, dilation) if cols is None else cols
        found = found.reshape(groups, prod(shape[1:]), -1)
        w = np.matmul(rows(z[part], groups), np.swapaxes(found, 1, 2))
        total = w if total is None else total + w
    return total.reshape(shape)


# ---- rules ---------------------------------------------------------------------------------------------------------
def conv_x(g, w, x_shape, **geometry):
    return spread_.call(g, w, size=x_shape[2:], **geometry)


def conv_w(g, x, w_shape, **geometry):
    return match_.call(x, g, kernel=w_shape[2:], **geometry)


def spread_y(g, w, *, size, **geometry):
    return conv_.call(g, w, **geometry)


def spread_w(g, z, w_shape, *, size, **geometry):
    return match_.call(g, z, kernel=w_shape[2:], **geometry)


def match_x(g, z, x_shape, *, kernel, **geometry):
    return spread_.call(z, g, size=x_shape[2:], **geometry)


def match_y(g, x, *, kernel, **geometry):
    return conv_.call(x, g, **geometry)


def conv_shape(x, w, *, stride, pad, dilation, groups):
    size = window_size(x.shape[2:], w.shape[2:], stride, pad, dilation)
    return Aval((x.shape[0], w.shape[0], *size), result_dtype(x, w))


def spread_shape(z, w, *, size, groups, **_):
    return Aval((z.shape[0], w.shape[1] * groups, *size), result_dtype(z, w))


def match_shape(x, z, *, kernel, groups, **_):
    return Aval((z.shape[1], x.shape[1] // groups, *kernel), result_dtype(x, z))


# ---- vmap: an array of examples as one with more examples, channels or groups --------------------------------------
# Where each operand has what: its examples, the input and output channels of a group, the groups; and whether these
# channels lie in groups.
EXAMPLES, INPUTS, OUTPUTS, GROUPS = "examples", "inputs", "outputs", "groups"
LAYOUT = {
    "x": {EXAMPLES: (0, False), INPUTS: (1, True), GROUPS: (1, False)},
    "w": {OUTPUTS: (0, True), INPUTS: (1, False), GROUPS: (0, False)},
    "z": {EXAMPLES: (0, False), OUTPUTS: (1, True), GROUPS: (1, False)},
}


def shared(a, b):
    """What the operands of kinds `a` and `b` have in common besides groups."""
    (name,) = LAYOUT[a].keys() & LAYOUT[b].keys() - {GROUPS}
    return name


def batch(kinds, prim, xs, batched, params):
    """An operand that is mapped alone has its batch among what it shares with the result, two have it among groups."""
    n = shape_of(xs[batched.index(True)])[0]
    name = GROUPS if all(batched) else shared(kinds[batched.index(True)], kinds[2])
    groups = params["groups"]
    xs = [joined(x, groups, *LAYOUT[kind][name]) if b else x for x, b, kind in zip(xs, batched, kinds)]
    y = prim.call(*xs, **{**params, "groups": groups * n if name is GROUPS else groups})
    return parted(y, n, groups, *LAYOUT[kinds[2]][name])


def joined(x, groups, axis, grouped):
    """`x` with its batch axis, the first, put in front of the axis `axis` of an example: inside groups if `grouped`."""
    n, *shape = shape_of(x)
    if grouped:
        x = np.reshape(x, (n, *shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :]))
    x = np.moveaxis(x, 0, axis + grouped)
    return np.reshape(x, (*shape[:axis], n * shape[axis], *shape[axis + 1 :]))


def parted(y, n, groups, axis, grouped):
    """The inverse of `joined`."""
    shape = shape_of(y)
    each = shape[axis] // n
    lead = (groups, n, each // groups) if grouped else (n, each)
    y = np.moveaxis(np.reshape(y, (*shape[:axis], *lead, *shape[axis + 1 :])), axis + grouped, 0)
    return np.reshape(y, (n, *shape[:axis], each, *shape[axis + 1 :]))


# ---- the operations ------------------------------------------------------------------------------------------------
conv_ = Primitive(
    lambda x, w, **geometry: conv_forward(np.asarray(x), np.asarray(w), **geometry)[0],
    conv_x,
    conv_w,
    linear="each",
    batch=partial(batch, "xwz"),
    shape=conv_shape,
    cost=lambda x, w, **geometry: 2.0 * conv_shape(x, w, **geometry).size * prod(w.shape[1:]),
    operands="x w",
    name="conv",
)
spread_ = Primitive(
    spread,
    spread_y,
    spread_w,
    linear="each",
    batch=partial(batch, "zwx"),
    shape=spread_shape,
    cost=lambda z, w, **_: 2.0 * z.size * prod(w.shape[1:]),
    operands="z w",
    name="conv_transpose",
)
match_ = Primitive(
    match,
    match_x,
    match_y,
    linear="each",
    batch=partial(batch, "xzw"),
    shape=match_shape,
    cost=lambda x, z, *, kernel, groups, **_: 2.0 * z.size * x.shape[1] // groups * prod(kernel),
    operands="x z",
    name="conv_kernel",
)


def kept_x(g, x, w, cols, **geometry):
    return conv_x(g, w, x.shape, **geometry)


def kept_w(g, x, w, cols, **geometry):
    if cols is None or type(g) is not np.ndarray:
        return conv_w(g, x, w.shape, **geometry)
    return match(x, g, cols, kernel=w.shape[2:], **geometry)


fuse(conv_, conv_forward, kept_x, kept_w)


# ---- with a number added to each channel of the output -------------------------------------------------------------
def biased_text(x, w, b, **geometry):
    return conv_.call(x, w, **geometry) + np.reshape(b, (-1, *(1,) * len(geometry["stride"])))


def biased_forward(x, w, b, **geometry):
    y, kept = conv_forward(x, w, **geometry)
    b = b.reshape(-1, *(1,) * len(geometry["stride"]))
    if b.dtype != y.dtype:
        return y + b, kept
    y += b
    return y, kept


def biased_b(g, x, w, cols, **geometry):
    return np.sum(g, axis=(0, *range(2, len(geometry["stride"]) + 2)))


biased_conv = fuse(Text("conv", biased_text), biased_forward, kept_x, kept_w, biased_b)
