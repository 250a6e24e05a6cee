"""Fourier transforms: even and odd lengths, cut and filled up, all norms."""

import numpy as np
from laws.row import normal, row

F = np.fft
x6, x5, x46, x345 = normal(6), normal(5), normal(4, 6), normal(3, 4, 5)
half6, half5 = F.rfft(x6) + 0.3j, F.rfft(x5) + 0.3j  # with imaginary parts that do not count
NORMS = ("backward", "ortho", "forward")

ROWS = [
    *[
        row(f, x, norm=norm, complex=True)
        for f in (F.fft, F.ifft)
        for x in (x6, x5)
        for norm in (None, *NORMS)
    ],
    *[row(f, x6, n=n, complex=True) for f in (F.fft, F.ifft) for n in (4, 9)],
    *[row(f, x46, n=5, axis=axis, norm="ortho") for f in (F.fft, F.ifft, F.rfft) for axis in (0, 1, -2)],
    *[row(F.rfft, x, norm=norm) for x in (x6, x5) for norm in (None, *NORMS)],
    *[row(F.rfft, x6, n=n) for n in (1, 2, 4, 5, 8, 9)],
    *[row(F.irfft, half6, n=n, norm=norm) for n in (None, 6, 7) for norm in (None, *NORMS)],
    *[row(F.irfft, half5, n=n) for n in (None, 1, 2, 3, 4, 5, 9)],
    row(F.irfft, x46, axis=0),
    row(F.hfft, half6),
    row(F.hfft, half5, n=5, norm="ortho"),
    row(F.hfft, x46, axis=0),
    row(F.ihfft, x6, norm="forward"),
    row(F.ihfft, x5, n=7),
    # ---- several axes
    *[row(f, x345, complex=True) for f in (F.fft2, F.ifft2, F.fftn, F.ifftn)],
    *[row(f, x345) for f in (F.rfft2, F.rfftn, F.irfft2, F.irfftn)],
    *[row(f, x345, s=(3, 6), axes=(2, 0), norm="ortho") for f in (F.fftn, F.ifftn, F.rfftn, F.irfftn)],
    *[row(f, x345 * (1 + 0.5j), s=(3, 7)) for f in (F.fft2, F.irfft2)],
    *[row(f, x345, axes=(1,)) for f in (F.fftn, F.rfftn, F.irfftn)],
    # ---- shifts
    *[row(f, x, complex=True) for f in (F.fftshift, F.ifftshift) for x in (x5, x345)],
    *[row(f, x345, axes=axes) for f in (F.fftshift, F.ifftshift) for axes in (1, (0, 2))],
    row(F.fftfreq, 0.7, call=lambda d: F.fftfreq(5, d)),
]
