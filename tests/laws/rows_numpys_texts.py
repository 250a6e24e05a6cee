"""numpy's functions by their own text: sets, histograms of several variables, `emath`, division of polynomials."""

import math

import numpy as np
from laws.row import distinct, normal, positive, row

DEPENDS = dict.fromkeys(
    ("vmap", "vmap_gradient", "capture", "float32", "every_in_axes", "every_order", "every_dtype", "capture_gradient"),
    "the text decides by numbers, which differ between examples, and which a symbol has not",
)  # fmt: skip
x6, y4, table, POS = distinct(6), normal(4), normal(5, 2), positive(6)
both = np.concatenate([x6[:3], y4])
padded = np.array([0.0, 0.0, 1.3, 0.0, -2.0, 0.0])
inside, outside = np.array([0.4, 0.7]), np.array([1.4, -1.7])

ROWS = [
    row(np.union1d, x6, y4, exempt=DEPENDS),
    row(np.intersect1d, x6, call=lambda a: np.intersect1d(a, a[1:4]), exempt=DEPENDS),
    row(np.setdiff1d, x6, y4, call=lambda a, b: np.setdiff1d(np.concatenate([a, b]), a), exempt=DEPENDS),
    row(np.setxor1d, x6, y4, call=lambda a, b: np.setxor1d(np.concatenate([a, b]), a[1:]), exempt=DEPENDS),
    row(np.trim_zeros, y4, call=lambda a: np.trim_zeros(np.concatenate([np.zeros(2), a, [0.0]])), exempt=DEPENDS),
    row(np.trim_zeros, y4, call=lambda a: np.trim_zeros(np.concatenate([[0.0], a, [0.0]]), "b"), exempt=DEPENDS),
    row(np.polydiv, normal(5), normal(3), exempt=DEPENDS),
    row(np.real_if_close, x6),
    row(np.real_if_close, x6, call=lambda x: np.real_if_close(x + 0j), exempt=DEPENDS),
    row(np.histogram2d, x6, x6 * x6, POS, call=lambda x, y, w: np.histogram2d(x, y, 3, weights=w), exempt=DEPENDS),
    row(np.histogram2d, x6, x6 * x6, bins=(2, 3), range=[[-1, 1], [0, 1]], density=True, exempt=DEPENDS),
    row(np.histogramdd, table, positive(5), call=lambda x, w: np.histogramdd(x, 3, weights=w)[0], exempt=DEPENDS),
    row(np.i0, np.array([0.3, -1.7, 9.2])),
    row(np.einsum_path, table, table, call=lambda a, b: np.einsum_path("ij,kj", a, b)[0], exempt=DEPENDS),
    *[row(getattr(np.emath, f), x, exempt=DEPENDS) for f in ("sqrt", "log", "log2", "log10") for x in (x6, y4)],
    *[row(getattr(np.emath, f), x, exempt=DEPENDS) for f in ("arccos", "arcsin", "arctanh") for x in (inside, outside)],
    row(np.emath.power, x6, 1.5, exempt=DEPENDS),
    row(np.emath.logn, 3.0, x6, exempt=DEPENDS),
    # ---- parts of a number
    row(np.modf, x6 * 3),
    row(np.frexp, x6 * 3),
    row(np.nextafter, x6, y4[:1], covers=(math.nextafter,)),
]  # fmt: skip
