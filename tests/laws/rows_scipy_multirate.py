"""scipy: filters that change the rate, peaks, densities from samples, values at scattered points."""

import numpy as np
from laws.row import distinct, normal, positive, row

from pycograd.core import REGISTRY

try:
    from scipy import interpolate, signal, stats
except ModuleNotFoundError:
    signal = None

taps, wave, table = normal(3), normal(20), normal(4, 6)
corners = np.array([[0, 0], [3, 0.0], [0, 3.0], [3, 3.0], [1.4, 1.6]])
inside = np.array([[1.0, 1.2], [2.0, 1.9], [7.0, 7.0]])
DECIDED = dict.fromkeys(
    ["vmap", "vmap_gradient", "capture", "capture_gradient", "float32"],
    "where peaks are, and how many, the numbers decide, which differ between examples",
)
SEARCHED = dict.fromkeys(
    ["vmap", "vmap_gradient", "capture", "capture_gradient", "float32"],
    "scipy finds triangles and neighbours by numbers, which differ between examples",
)


def by(func, call, *inputs, **params):
    ours = lambda *args, **kwargs: REGISTRY.find(func)(*args, **kwargs)  # noqa: E731
    return row(func, *inputs, call=lambda *xs: call(ours, *xs), **params)


def found(find, x):
    peaks, told = find(x, height=0.1, threshold=0.01, prominence=0.1)
    return (
        x[peaks],
        told["peak_heights"],
        told["prominences"],
        told["left_thresholds"],
        told["right_thresholds"],
    )


def rows():
    kde, grid, nd = stats.gaussian_kde, interpolate.griddata, interpolate.LinearNDInterpolator
    samples, places, several = positive(7), distinct(3), normal(2, 6)
    known, known2 = kde(positive(7)), kde(normal(2, 6))
    return [
        by(signal.upfirdn, lambda f, h, x: f(h, x, 2, 3), taps, wave),
        by(signal.upfirdn, lambda f, h, x: f(h, x, 5, 2, axis=0), taps, table),
        by(signal.find_peaks, found, distinct(20), exempt=DECIDED),
        by(signal.peak_prominences, lambda f, x: f(x, [int(np.argmax(distinct(20)))])[0], distinct(20), exempt=DECIDED),
        by(kde, lambda f, x, w: f(x, weights=w)(places), samples, positive(7)[::-1].copy()),
        by(kde, lambda f, x: f(x, "silverman").logpdf(normal(2, 4)), several),
        by(kde, lambda f, s: f(samples, s).pdf(places), np.float64(0.4)),
        *[by(getattr(kde, name), lambda f, p: f(known, p), places) for name in ("evaluate", "pdf", "logpdf")],
        by(kde.logpdf, lambda f, p: f(known2, p), normal(2, 4)),
        by(grid, lambda f, y, x: f(corners, y, x, fill_value=0.3), positive(5), inside, exempt=SEARCHED),
        by(grid, lambda f, y: f(corners, y, inside, method="nearest"), positive(5)),
        by(nd, lambda f, y: f(corners, y, 0.3)(inside), normal(5, 2)),
    ]  # fmt: skip


ROWS = rows() if signal else []
