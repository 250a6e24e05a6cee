"""`np.convolve` and `np.correlate`: one bilinear primitive, along last axes, so its derivatives are convolutions."""

import numpy as np

from pycograd.core import Aval, Primitive, result_dtype, shape_of

from .families import arrayed, batch_elementwise, composite
from .indexing import put
from .products import conj


def kept(n, m, mode):
    """Where in the full convolution of lengths `n` and `m` that of `mode` lies."""
    small, large = sorted((n, m))
    if mode == "full":
        return slice(0, n + m - 1)
    start, length = (small - 1, large - small + 1) if mode == "valid" else ((small - 1) // 2, large)
    return slice(start, start + length)


def convolved(a, b, *, mode):
    """numpy's convolution along the last axes; the others broadcast."""
    if a.ndim == b.ndim == 1:
        return np.convolve(a, b, mode)
    a, b = (a, b) if a.shape[-1] >= b.shape[-1] else (b, a)
    n, m = a.shape[-1], b.shape[-1]
    at = kept(n, m, mode)
    padded = np.zeros((*a.shape[:-1], n + 2 * (m - 1)), a.dtype)
    padded[..., m - 1 : m - 1 + n] = a
    windows = np.lib.stride_tricks.sliding_window_view(padded[..., at.start : at.stop + m - 1], m, axis=-1)
    return np.matmul(windows, b[..., ::-1, None])[..., 0]


def convolve_a(g, b, a_shape, *, mode):
    """The cotangent of one operand: the cotangent of the full convolution, correlated with the other operand."""
    n, m = a_shape[-1], shape_of(b)[-1]
    full = put.call(g, shape=(*shape_of(g)[:-1], n + m - 1), key=(..., kept(n, m, mode)))
    return convolve_.call(full, b[..., ::-1], mode="valid")


def convolve_b(g, a, b_shape, *, mode):
    return convolve_a(g, a, b_shape, mode=mode)


def convolve_shape(a, b, *, mode):
    at = kept(a.shape[-1], b.shape[-1], mode)
    return Aval((*np.broadcast_shapes(a.shape[:-1], b.shape[:-1]), at.stop - at.start), result_dtype(a, b))


convolve_ = Primitive(
    convolved,
    convolve_a,
    convolve_b,
    linear="each",
    batch=batch_elementwise,
    shape=convolve_shape,
    cost=lambda a, b, *, mode: 2.0 * a.size * b.shape[-1],
    operands="a b",
    name="convolve",
)


def vectors(func, *xs):
    """`xs` as numpy's `func` takes them: of rank one, a number being a vector of one."""
    xs = [np.reshape(x, (1,)) if np.ndim(x) == 0 else x for x in map(arrayed, xs)]
    if any(np.ndim(x) > 1 for x in xs):
        raise ValueError("object too deep for desired array")
    if any(shape_of(x) == (0,) for x in xs):
        raise ValueError(f"{func.__name__}: an operand cannot be empty")
    return xs


def mode_of(mode):
    """numpy's mode, whose first letter or number will do too."""
    if mode not in MODES:
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    return MODES[mode]


@composite(np.convolve)
def convolve(a, v, mode="full"):
    """`np.convolve`."""
    return convolve_.call(*vectors(np.convolve, a, v), mode=mode_of(mode))


@composite(np.correlate)
def correlate(a, v, mode="valid"):
    """`np.correlate`; the second operand is conjugated."""
    a, v = vectors(np.correlate, a, v)
    mode, v = mode_of(mode), conj(v)
    if shape_of(a)[0] >= shape_of(v)[0]:
        return convolve_.call(a, v[::-1], mode=mode)
    return convolve_.call(a[::-1], v, mode=mode)[
        ::-1
    ]  # numpy exchanges the two, which moves the middle of "same"


MODES = {key: mode for i, mode in enumerate(("valid", "same", "full")) for key in (mode, mode[0], i)}
