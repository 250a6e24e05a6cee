"""`scipy.signal`: convolutions of any number of axes, and filters that are one: Savitzky-Golay, median."""

import numpy as np

from pycograd.core import aval_of, shape_of
from pycograd.core.lazy import optional

from .convolution import convolve_
from .families import arrayed, composite, rank
from .products import conj
from .scipy_ndimage import convolve1d

signal = optional("scipy.signal", "scipy")
DIRECT = 2000  # products, up to which one axis is convolved directly


def operands(a, b):
    a, b = arrayed(a), arrayed(b)
    if rank(a) != rank(b):
        raise ValueError("in1 and in2 should have the same dimensionality")
    return a, b


def centred(x, shape, axes):
    """The middle of `x`, of these lengths along `axes`."""
    key = [slice(None)] * rank(x)
    for axis, n in zip(axes, shape, strict=True):
        start = (shape_of(x)[axis] - n) // 2
        key[axis] = slice(start, start + n)
    return x[tuple(key)]


def cropped(full, a, b, mode, axes):
    """What `mode` keeps of the whole convolution of `a` and `b`."""
    lengths = [(shape_of(a)[i], shape_of(b)[i]) for i in axes]
    if mode == "full":
        return full
    if mode == "same":
        return centred(full, [n for n, _ in lengths], axes)
    if mode != "valid":
        raise ValueError("acceptable mode flags are 'valid', 'same', or 'full'")
    if not (all(n >= m for n, m in lengths) or all(n <= m for n, m in lengths)):
        raise ValueError("For 'valid' mode, one must be at least as large as the other in every dimension")
    return centred(full, [abs(n - m) + 1 for n, m in lengths], axes)


def by_fourier(a, b, mode, axes):
    """The convolution along `axes`, which multiplies the Fourier transforms."""
    lengths = [shape_of(a)[i] + shape_of(b)[i] - 1 for i in axes]
    real = all(np.dtype(aval_of(x).dtype).kind != "c" for x in (a, b))
    there, back = (np.fft.rfftn, np.fft.irfftn) if real else (np.fft.fftn, np.fft.ifftn)
    full = back(there(a, lengths, axes) * there(b, lengths, axes), lengths, axes)
    return cropped(full.astype(np.result_type(a.dtype, b.dtype)), a, b, mode, axes)


@composite(signal.convolve)
def convolve(in1, in2, mode="full", method="auto"):
    """`scipy.signal.convolve`."""
    a, b = operands(in1, in2)
    if rank(a) == 0:
        return a * b
    if rank(a) == 1 and method != "fft" and shape_of(a)[0] * shape_of(b)[0] < DIRECT:
        return cropped(convolve_.call(a, b, mode="full"), a, b, mode, [0])
    return by_fourier(a, b, mode, list(range(rank(a))))


@composite(signal.fftconvolve, signal.oaconvolve)
def fftconvolve(in1, in2, mode="full", axes=None):
    """`scipy.signal.fftconvolve`."""
    a, b = operands(in1, in2)
    axes = list(range(rank(a))) if axes is None else [int(i) % rank(a) for i in np.atleast_1d(axes)]
    return by_fourier(a, b, mode, axes)


@composite(signal.correlate)
def correlate(in1, in2, mode="full", method="auto"):
    """`scipy.signal.correlate`."""
    a, b = operands(in1, in2)
    return convolve(a, conj(np.flip(b)), mode, method)


# ---- images --------------------------------------------------------------------------------------------------------
BOUNDARIES = {"fill": "constant", "wrap": "wrap", "symm": "symmetric"}


@composite(signal.convolve2d)
def convolve2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    """`scipy.signal.convolve2d`."""
    a, b = operands(in1, in2)
    if mode == "valid" and shape_of(a)[0] < shape_of(b)[0]:
        a, b = b, a
    (h, w), given = shape_of(b), {"constant_values": fillvalue} if boundary == "fill" else {}
    padded = np.pad(a, ((h - 1, h - 1), (w - 1, w - 1)), BOUNDARIES[boundary], **given)
    views = np.lib.stride_tricks.sliding_window_view(padded, (h, w), (0, 1))
    return cropped(np.tensordot(views, np.flip(b), 2), a, b, mode, [0, 1])


@composite(signal.correlate2d)
def correlate2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    """`scipy.signal.correlate2d`."""
    a, b = operands(in1, in2)
    return np.flip(convolve2d(np.flip(a), conj(b), mode, boundary, fillvalue))


# ---- smoothing -----------------------------------------------------------------------------------------------------
@composite(signal.savgol_filter)
def savgol_filter(x, window_length, polyorder, deriv=0, delta=1.0, axis=-1, mode="interp", cval=0.0):
    """`scipy.signal.savgol_filter`."""
    x = np.moveaxis(arrayed(x), axis, -1)
    weights = signal.savgol_coeffs(window_length, polyorder, deriv=deriv, delta=delta)
    y = convolve1d(x, weights, -1, None, "constant" if mode == "interp" else mode, cval)
    if mode == "interp":
        if window_length > shape_of(x)[-1]:
            raise ValueError(
                "If mode is 'interp', window_length must be less than or equal to the size of x."
            )
        half = window_length // 2
        fits = signal.savgol_filter(np.eye(window_length), window_length, polyorder, deriv, delta, axis=0)
        fits = fits.astype(y.dtype)
        first = np.matmul(x[..., :window_length], fits[:half].T)
        last = np.matmul(x[..., shape_of(x)[-1] - window_length :], fits[window_length - half :].T)
        y = np.concatenate([first, y[..., half : shape_of(x)[-1] - half], last], axis=-1)
    return np.moveaxis(y, -1, axis)


@composite(signal.medfilt)
def medfilt(volume, kernel_size=None):
    """`scipy.signal.medfilt`."""
    x = arrayed(volume)
    sizes = (
        [3] * rank(x) if kernel_size is None else [int(n) for n in np.broadcast_to(kernel_size, (rank(x),))]
    )
    if any(n % 2 == 0 for n in sizes):
        raise ValueError("Each element of kernel_size should be odd.")
    views = np.lib.stride_tricks.sliding_window_view(
        np.pad(x, [(n // 2, n // 2) for n in sizes]), tuple(sizes)
    )
    return np.sort(np.reshape(views, (*shape_of(x), -1)), axis=-1)[..., int(np.prod(sizes)) // 2]
