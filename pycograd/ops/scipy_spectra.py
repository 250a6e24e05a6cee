"""`scipy.signal`: trends, the analytic signal, power spectra, resampling."""

import numpy as np

from pycograd.core import aval_of, shape_of, without_tape
from pycograd.core.lazy import optional

from .families import arrayed, composite, no_rule, rank

signal = optional("scipy.signal", "scipy")


@composite(signal.detrend)
def detrend(data, axis=-1, type="linear", bp=0, overwrite_data=False):
    """`scipy.signal.detrend`."""
    x = np.moveaxis(arrayed(data), axis, -1)
    if type in ("constant", "c"):
        return np.moveaxis(x - np.mean(x, axis=-1, keepdims=True), -1, axis)
    if type not in ("linear", "l"):
        raise ValueError("Trend type must be 'linear' or 'constant'.")
    n = shape_of(x)[-1]
    ends = np.unique([0, *np.ravel(bp), n])
    if np.any(ends > n):
        raise ValueError("Breakpoints must be less than length of data along given axis.")
    parts = [without_line(x[..., a:b]) for a, b in zip(ends, ends[1:])]
    return np.moveaxis(np.concatenate(parts, axis=-1), -1, axis)


def without_line(x):
    """`x` less the line that fits it."""
    n = shape_of(x)[-1]
    line = np.stack([np.arange(1, n + 1) / n, np.ones(n)], axis=1)
    fit = (line @ np.linalg.pinv(line)).astype(x.dtype)
    return x - np.matmul(x, fit.T)


@composite(signal.hilbert)
def hilbert(x, N=None, axis=-1):
    """`scipy.signal.hilbert`."""
    x = arrayed(x)
    if np.dtype(aval_of(x).dtype).kind == "c":
        raise ValueError("x must be real.")
    n = shape_of(x)[axis] if N is None else N
    if n <= 0:
        raise ValueError("N must be positive.")
    weights = np.zeros(n, x.dtype)
    weights[0] = 1
    weights[1 : (n + 1) // 2] = 2
    if n % 2 == 0:
        weights[n // 2] = 1
    shape = [1] * rank(x)
    shape[axis] = n
    return np.fft.ifft(np.fft.fft(x, n, axis) * weights.reshape(shape), axis=axis)


@composite(signal.resample)
def resample(x, num, t=None, axis=0, window=None, domain="time"):
    """`scipy.signal.resample` of a real signal in time, without a window."""
    x = arrayed(x)
    for name, value, default in (("t", t, None), ("window", window, None), ("domain", domain, "time")):
        if value is not default and value != default:
            raise no_rule(signal.resample, name)
    if np.dtype(aval_of(x).dtype).kind == "c":
        raise no_rule(signal.resample, "x of complex numbers")
    x = np.moveaxis(x, axis, -1)
    n, num = shape_of(x)[-1], int(num)
    spectrum, shared = np.fft.rfft(x), min(n, num)
    kept = np.ones(shared // 2 + 1)
    if shared % 2 == 0 and n != num:
        kept[-1] = 2.0 if num < n else 0.5  # two halves of one frequency, joined or taken apart
    y = np.fft.irfft(spectrum[..., : shared // 2 + 1] * kept, num) * (num / n)
    return np.moveaxis(y.astype(x.dtype), -1, axis)


# ---- power spectra -------------------------------------------------------------------------------------------------
def spectrum(func, x, fs, window, nperseg, noverlap, nfft, trend, onesided, scaling, axis, average):
    """The frequencies, and the mean power of the segments of a real signal."""
    x = np.moveaxis(arrayed(x), axis, -1)
    if not onesided or np.dtype(aval_of(x).dtype).kind == "c":
        raise no_rule(func, "return_onesided=False")
    if average != "mean" or callable(trend):
        raise no_rule(func, "average" if average != "mean" else "detrend")
    if isinstance(window, (str, tuple)):
        nperseg = min(256 if nperseg is None else nperseg, shape_of(x)[-1])
        weights = signal.get_window(window, nperseg).astype(x.dtype)
    else:
        weights = arrayed(window)
        nperseg = shape_of(weights)[0]
    step = nperseg - (nperseg // 2 if noverlap is None else noverlap)
    nfft = nperseg if nfft is None else nfft
    segments = np.lib.stride_tricks.sliding_window_view(x, nperseg, -1)[..., ::step, :]
    if trend:
        segments = detrend(segments, type=trend)
    power = np.abs(np.fft.rfft(segments * weights, nfft)) ** 2
    scale = 1 / (fs * np.sum(weights**2)) if scaling == "density" else 1 / np.sum(weights) ** 2
    doubled = np.full(nfft // 2 + 1, 2.0, power.dtype)
    doubled[0] = 1.0
    if nfft % 2 == 0:
        doubled[-1] = 1.0
    precision = np.zeros(0, np.result_type(x.dtype, np.complex64)).real.dtype  # that of the signal alone
    mean = np.mean(power * doubled * scale, axis=-2).astype(precision)
    return np.fft.rfftfreq(nfft, 1 / without_tape(fs)), np.moveaxis(mean, -1, axis)


@composite(signal.welch)
def welch(
    x, fs=1.0, window="hann", nperseg=None, noverlap=None, nfft=None, detrend="constant", return_onesided=True,
    scaling="density", axis=-1, average="mean",
):  # fmt: skip
    """`scipy.signal.welch` of a real signal."""
    return spectrum(
        signal.welch, x, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis, average
    )


@composite(signal.periodogram)
def periodogram(
    x, fs=1.0, window="boxcar", nfft=None, detrend="constant", return_onesided=True, scaling="density", axis=-1
):  # fmt: skip
    """`scipy.signal.periodogram` of a real signal."""
    n = shape_of(arrayed(x))[axis]
    if nfft is not None and nfft < n:
        raise no_rule(signal.periodogram, "nfft")
    return spectrum(
        signal.periodogram, x, fs, window, n, 0, nfft, detrend, return_onesided, scaling, axis, "mean"
    )
