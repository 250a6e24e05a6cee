"""`np.fft`: four primitives along one axis, all others made of them.

The matrix of a Fourier transform is symmetric, so `fft` is its own transpose.  The real transforms are each other's,
with weights: a coefficient of the half spectrum counts twice, for itself and its mirror image, but the first does not,
nor does the last of an even length, and their imaginary parts do not count.
"""

import numpy as np

from pycograd.core import Aval, Primitive, aval_of, result_dtype, shape_of

from .families import arrayed, axes_of, batch_axis, composite, rank
from .indexing import put

INVERSE = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


# ---- the primitives: the length is that of the axis, but for irfft's result ------------------------------------------
def complex_of(aval):
    return np.result_type(single_or_better(aval), np.complex64)


def single_or_better(aval):
    """The real dtype that numpy transforms in: float32 stays, integers and halves do not."""
    dtype = np.zeros((), result_dtype(aval)).real.dtype
    return dtype if dtype.kind == "f" else np.dtype(float)


def complex_shape(x, **_):
    return Aval(x.shape, complex_of(x))


def with_length(shape, axis, n):
    axis %= len(shape)
    return (*shape[:axis], n, *shape[axis + 1 :])


def weights(n, ndim, axis):
    """How often each coefficient of the half spectrum of `n` numbers stands in the whole one."""
    w = np.full(n // 2 + 1, 2.0)
    w[0] = 1.0
    if n % 2 == 0:
        w[-1] = 1.0
    return np.reshape(w, [-1 if i == axis % ndim else 1 for i in range(ndim)])


def rfft_transpose(g, x_shape, *, axis, norm):
    n = x_shape[axis]
    w = weights(n, rank(g), axis)
    return irfft_.call(
        np.conjugate(g) / w.astype(single_or_better(aval_of(g))), n=n, axis=axis, norm=INVERSE[norm]
    )


def irfft_transpose(g, *, n, axis, norm):
    w = weights(n, rank(g), axis).astype(single_or_better(aval_of(g)))
    return w * np.conjugate(rfft_.call(g, axis=axis, norm=INVERSE[norm]))


def fft_cost(x, *, axis, **_):
    return 5.0 * x.size * np.log2(max(x.shape[axis], 2))


def complex_transform(func):
    prim = Primitive(
        lambda x, *, axis, norm: func(x, axis=axis, norm=norm),
        lambda g, *, axis, norm: prim.call(g, axis=axis, norm=norm),
        linear="each",
        batch=batch_axis,
        shape=complex_shape,
        cost=fft_cost,
        name=func.__name__,
    )
    return prim


fft_, ifft_ = complex_transform(np.fft.fft), complex_transform(np.fft.ifft)
rfft_ = Primitive(
    lambda x, *, axis, norm: np.fft.rfft(x, axis=axis, norm=norm),
    rfft_transpose,
    linear="each",
    batch=batch_axis,
    shape=lambda x, *, axis, norm: Aval(with_length(x.shape, axis, x.shape[axis] // 2 + 1), complex_of(x)),
    cost=fft_cost,
    name="rfft",
)
irfft_ = Primitive(
    lambda x, *, n, axis, norm: np.fft.irfft(x, n, axis=axis, norm=norm),
    irfft_transpose,
    linear="each",
    batch=batch_axis,
    shape=lambda x, *, n, axis, norm: Aval(with_length(x.shape, axis, n), single_or_better(x)),
    cost=fft_cost,
    name="irfft",
)


def resized(x, n, axis):
    """`x` cut, or filled up with zeros, to length `n` along `axis`."""
    have = shape_of(x)[axis]
    if n is None or n == have:
        return x
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    key = (*[slice(None)] * (axis % rank(x)), slice(0, min(n, have)))
    return x[key] if n < have else put.call(x, shape=with_length(shape_of(x), axis, n), key=key)


# ---- numpy's functions along one axis --------------------------------------------------------------------------------
def along_one_axis(prim, func):
    @composite(func)
    def transform(a, n=None, axis=-1, norm=None, out=None):
        a = arrayed(a)
        (axis,) = axes_of(axis, rank(a))
        return prim.call(resized(a, n, axis), axis=axis, norm=norm)

    return transform


fft, ifft, rfft = (
    along_one_axis(p, f) for p, f in ((fft_, np.fft.fft), (ifft_, np.fft.ifft), (rfft_, np.fft.rfft))
)


@composite(np.fft.irfft)
def irfft(a, n=None, axis=-1, norm=None, out=None):
    """`np.fft.irfft`."""
    a = arrayed(a)
    (axis,) = axes_of(axis, rank(a))
    n = 2 * (shape_of(a)[axis] - 1) if n is None else n
    return irfft_.call(resized(a, n // 2 + 1, axis), n=n, axis=axis, norm=norm)


@composite(np.fft.hfft)
def hfft(a, n=None, axis=-1, norm=None, out=None):
    """`np.fft.hfft`."""
    return irfft(np.conjugate(arrayed(a)), n, axis, INVERSE.get(norm, norm))


@composite(np.fft.ihfft)
def ihfft(a, n=None, axis=-1, norm=None, out=None):
    """`np.fft.ihfft`."""
    return np.conjugate(rfft(arrayed(a), n, axis, INVERSE.get(norm, norm)))


# ---- along several axes, one after the other -------------------------------------------------------------------------
def lengths_and_axes(a, s, axes, half):
    """numpy's defaults: all axes, or the last ones; lengths as they are, of a whole spectrum from its `half`."""
    if s is not None and axes is None:
        axes = tuple(range(-len(s), 0))
    axes = axes_of(None if axes is None else tuple(axes), rank(a))
    if s is None:
        s = [shape_of(a)[axis] for axis in axes]
        if half and axes:
            s[-1] = 2 * (s[-1] - 1)
    s = [shape_of(a)[axis] if n == -1 else n for n, axis in zip(s, axes, strict=False)]
    if len(s) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return s, axes


def several_axes(func, default, first=None, last=None, half=False):
    """Register `func`: `first` along the last axis, or `last` after all others; the others by fft or ifft."""
    inner = ifft if func.__name__.startswith("i") else fft

    @composite(func)
    def transform(a, s=None, axes=default, norm=None, out=None):
        a = arrayed(a)
        s, axes = lengths_and_axes(a, s, axes, half)
        pairs = list(zip(s, axes, strict=True))
        if first or last:
            n, axis = pairs.pop()
        a = first(a, n, axis, norm) if first else a
        for k, other in pairs if last else reversed(pairs):
            a = inner(a, k, other, norm)
        return last(a, n, axis, norm) if last else a

    return transform


fftn, fft2 = several_axes(np.fft.fftn, None), several_axes(np.fft.fft2, (-2, -1))
ifftn, ifft2 = several_axes(np.fft.ifftn, None), several_axes(np.fft.ifft2, (-2, -1))
rfftn, rfft2 = several_axes(np.fft.rfftn, None, first=rfft), several_axes(np.fft.rfft2, (-2, -1), first=rfft)
irfftn = several_axes(np.fft.irfftn, None, last=irfft, half=True)
irfft2 = several_axes(np.fft.irfft2, (-2, -1), last=irfft, half=True)


# ---- the zero frequency in the middle --------------------------------------------------------------------------------
def shifting(func, by):
    @composite(func)
    def shift(x, axes=None):
        x = arrayed(x)
        axes = axes_of(axes, rank(x))
        return np.roll(x, [by(shape_of(x)[axis]) for axis in axes], axes)

    return shift


fftshift = shifting(np.fft.fftshift, lambda n: n // 2)
ifftshift = shifting(np.fft.ifftshift, lambda n: -(n // 2))
