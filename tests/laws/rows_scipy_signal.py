"""scipy.signal."""

import numpy as np
from laws.row import distinct, normal, positive, row

from pycograd.core import REGISTRY

try:
    from scipy import signal
except ModuleNotFoundError:
    signal = None

x, long = normal(2, 12), normal(30)
b, a = np.array([0.4, 0.3, 0.1]), np.array([1.2, -0.5, 0.2, 0.1])
SOS = np.array([[0.3, 0.1, 0.2, -0.4, 0.1], [1.0, 0.5, 0.2, 0.2, 0.3]])  # without the ones
STRIDED = {"layout": "scipy itself refuses sections that are not contiguous"}
GIVEN = STRIDED | dict.fromkeys(
    ["capture", "vmap", "vmap_gradient", "capture_gradient", "every_in_axes", "every_order"],
    "how far the signal is continued depends on the zeros among the coefficients",
)


def by(func, *inputs, call=None, **params):
    """A row of a function that numpy does not hand over by its protocols: it is called by the registry."""
    ours = lambda *args, **kwargs: REGISTRY.find(func)(*args, **kwargs)  # noqa: E731
    return row(func, *inputs, call=(lambda *xs: call(ours, *xs)) if call else None, **params)


def with_ones(sos):
    return np.concatenate([sos[:, :3], np.ones((2, 1), sos.dtype), sos[:, 3:]], axis=1)


def filters():
    s = signal
    return [
        by(s.lfilter, b, a, x, complex=True),
        by(s.lfilter, b, a, x, axis=0),
        by(s.lfilter, normal(5), positive(1), normal(3)),
        by(s.lfilter, 0.3, np.array([1.0, -0.7]), normal(6), call=lambda f, b, a, x: f([b], a, x)),
        by(s.lfilter, b, a, x, normal(2, 3), call=lambda f, b, a, x, z: f(b, a, x, zi=z)),
        by(s.lfilter, b, a, normal(2), normal(3), call=lambda f, b, a, x, z: f(b, a, x, zi=z)),
        by(s.lfilter_zi, b, a),
        by(s.sosfilt, SOS, x, call=lambda f, sos, x: f(with_ones(sos), x), exempt=STRIDED),
        by(
            s.sosfilt,
            SOS,
            x,
            normal(2, 2, 2),
            call=lambda f, sos, x, z: f(with_ones(sos), x, zi=z),
            exempt=STRIDED,
        ),
        by(s.sosfilt_zi, SOS, call=lambda f, sos: f(with_ones(sos))),
        *[by(s.filtfilt, b, a, normal(2, 20), padtype=kind) for kind in ("odd", "even", "constant", None)],
        by(s.filtfilt, b, a, normal(20, 2), axis=0, padlen=4),
        by(s.sosfiltfilt, SOS, normal(2, 24), call=lambda f, sos, x: f(with_ones(sos), x), exempt=GIVEN),
        by(
            s.sosfiltfilt,
            SOS,
            normal(2, 24),
            call=lambda f, sos, x: f(with_ones(sos), x, padlen=5),
            exempt=STRIDED,
        ),
    ]


def convolutions():
    s, image, kernel = signal, normal(5, 6), normal(3, 2)
    modes = ("full", "same", "valid")
    return [
        *[by(f, normal(7), normal(4), mode=mode) for f in (s.convolve, s.correlate) for mode in modes],
        *[by(f, normal(3), normal(6), mode=mode) for f in (s.convolve, s.correlate) for mode in modes],
        by(s.convolve, image, kernel, complex=True, tolerance=1e-5),
        *[by(s.fftconvolve, image, kernel, mode=mode, covers=[s.oaconvolve]) for mode in modes],
        by(s.fftconvolve, image, normal(5, 3), axes=1),
        *[
            by(f, image, kernel, mode=mode, boundary=boundary)
            for f in (s.convolve2d, s.correlate2d)
            for mode in modes
            for boundary in ("fill", "wrap", "symm")
        ],
        by(s.convolve2d, image, kernel, fillvalue=0.5),
        by(s.correlate2d, kernel, image, mode="valid"),
        by(s.savgol_filter, x, window_length=5, polyorder=2),
        by(s.savgol_filter, x, window_length=5, polyorder=3, deriv=1, delta=0.5, mode="nearest"),
        by(s.medfilt, distinct(3, 4)),
        by(s.medfilt, distinct(9), kernel_size=5),
    ]


def spectra():
    s = signal
    return [
        by(s.detrend, x),
        by(s.detrend, x, type="constant", axis=0),
        by(s.detrend, long, bp=[10, 17]),
        by(s.hilbert, x),
        by(s.hilbert, normal(7), N=9),
        *[by(s.resample, normal(n), num=m) for n in (8, 9) for m in (5, 6, 8, 11, 12)],
        by(s.welch, long, call=lambda f, x: f(x, 2.0, nperseg=8)[1]),
        by(
            s.welch,
            long,
            call=lambda f, x: f(x, nperseg=9, noverlap=3, nfft=16, scaling="spectrum", detrend="linear")[1],
        ),
        by(s.welch, long, positive(8), call=lambda f, x, w: f(x, window=w, detrend=False)[1]),
        by(s.periodogram, x, call=lambda f, x: f(x, 10.0)[1]),
    ]


ROWS = [*filters(), *convolutions(), *spectra()] if signal else []
