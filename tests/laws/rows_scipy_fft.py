"""`scipy.fft`: numpy's transforms under its own arguments, and cosine and sine transforms of all types and norms."""

import pytest
from laws.row import normal, row

F = pytest.importorskip("scipy.fft")
x6, x5, x46, x345 = normal(6), normal(5), normal(4, 6), normal(3, 4, 5)
TRIGONOMETRIC = (F.dct, F.idct, F.dst, F.idst)

ROWS = [
    *[row(f, x6, n=5, norm="ortho", workers=1) for f in (F.fft, F.ifft, F.rfft, F.irfft, F.hfft, F.ihfft)],
    *[row(f, x46, norm="forward") for f in (F.fft2, F.ifft2, F.rfft2, F.irfft2, F.hfft2, F.ihfft2)],
    *[row(f, x345, s=(3, 6), axes=(2, 0)) for f in (F.fftn, F.ifftn, F.rfftn, F.irfftn, F.hfftn, F.ihfftn)],
    *[
        row(f, x345 * (1 + 0.5j), norm=norm)
        for f in (F.hfft2, F.hfftn)
        for norm in (None, "ortho", "forward")
    ],
    *[row(f, x345, axes=(0, 2)) for f in (F.fftshift, F.ifftshift)],
    # ---- cosines and sines
    *[
        row(f, x, type=kind, norm=norm)
        for f in TRIGONOMETRIC
        for kind in (1, 2, 3, 4)
        for x, norm in ((x6, None), (x5, "backward"), (x6, "ortho"), (x5, "forward"))
    ],
    *[row(f, x46, type=kind, axis=0, orthogonalize=True) for f in TRIGONOMETRIC for kind in (1, 2, 3, 4)],
    *[row(f, x46, n=5, orthogonalize=False, norm="ortho", complex=True) for f in TRIGONOMETRIC],
    *[row(f, x345, norm="ortho") for f in (F.dctn, F.idctn, F.dstn, F.idstn)],
    *[row(f, x345, type=3, s=(3, 6), axes=(2, 0)) for f in (F.dctn, F.idctn, F.dstn, F.idstn)],
    row(F.dctn, x345, s=(3, 6)),
]
