"""Windows that slide over the last axes of an array: their places, and their contents as columns of a matrix.

A column holds the contents of one window, so a convolution is a product of matrices (im2col: Chellapilla et al. 2006).
Channels come first and examples inside, (channels * kernel, examples * outputs): then each offset of the kernel is
one strided copy, and the product needs no transposition.
"""

from functools import lru_cache
from itertools import product

import numpy as np

__all__ = ["columns", "from_columns", "places", "reach", "spread_size", "window_size"]


def reach(kernel, dilation):
    """The lengths that a window spans."""
    return tuple([(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)])


def window_size(size, kernel, stride, pad, dilation):
    """How many windows there are along each axis of `size`, with `pad` = (before, after) zeros."""
    spans = reach(kernel, dilation)
    return tuple([(n + sum(p) - r) // s + 1 for n, r, s, p in zip(size, spans, stride, pad, strict=True)])


def spread_size(size, kernel, stride, pad, dilation):
    """The smallest size that has so many windows: that of a transposed convolution."""
    spans = reach(kernel, dilation)
    return tuple([(n - 1) * s - sum(p) + r for n, r, s, p in zip(size, spans, stride, pad, strict=True)])


@lru_cache(512)
def places(kernel, stride, dilation, size):
    """For each offset in the kernel: its index, and where the elements that stand there in the `size` windows are."""
    found = []
    for offset in product(*map(range, kernel)):
        starts = [i * d for i, d in zip(offset, dilation, strict=True)]
        stops = [a + (n - 1) * s + 1 for a, n, s in zip(starts, size, stride, strict=True)]
        found.append((offset, (..., *map(slice, starts, stops, stride))))
    return found


def inside(size, pad):
    return (..., *[slice(a, a + n) for n, (a, _) in zip(size, pad, strict=True)])


def columns(x, kernel, stride, pad, dilation):
    """The windows of `x`, (examples, channels, *size), as (channels, *kernel, examples, *windows)."""
    n, channels, *size = x.shape
    windows = window_size(size, kernel, stride, pad, dilation)
    x = np.swapaxes(x, 0, 1)
    if any(map(any, pad)):
        padded = np.zeros((channels, n, *[m + sum(p) for m, p in zip(size, pad, strict=True)]), x.dtype)
        padded[inside(size, pad)] = x
        x = padded
    out = np.empty((channels, *kernel, n, *windows), x.dtype)
    for offset, place in places(kernel, stride, dilation, windows):
        out[(slice(None), *offset)] = x[place]
    return out


def from_columns(cols, size, stride, pad, dilation):
    """The transpose of `columns`: adds up what stands at one place in several windows; (examples, channels, *size)."""
    rank = len(size)
    channels, kernel, n, windows = (
        cols.shape[0],
        cols.shape[1 : rank + 1],
        cols.shape[rank + 1],
        cols.shape[rank + 2 :],
    )
    padded = np.zeros((channels, n, *[m + sum(p) for m, p in zip(size, pad, strict=True)]), cols.dtype)
    for offset, place in places(kernel, stride, dilation, windows):
        padded[place] += cols[(slice(None), *offset)]
    return np.swapaxes(padded[inside(size, pad)], 0, 1)
