"""Rows of polynomials."""

import numpy as np
from laws.row import normal, positive, row

from pycograd.core import REGISTRY

lowest_first, polyfit, roots = (REGISTRY[f] for f in (np.polynomial.polynomial.polyval, np.polyfit, np.roots))
p, q, x, v = normal(4), normal(2), normal(3, 4), normal(7)
t, weights = np.linspace(-1.0, 1.0, 7) ** 3 + 0.1 * v, positive(7)
UNKNOWN = dict.fromkeys(
    ("capture", "float32", "every_dtype"), "whether roots are real, and how many, the numbers decide"
)
cubic = np.array([2.0, -3.0, -11.0, 6.0])  # roots 3, -2, 0.5

ROWS = [
    row(np.polyval, p, x, complex=True),
    row(np.polyval, p, 0.7),
    row(np.polyval, normal(1), x),
    row(np.polyval, p, call=lambda p: np.polyval(p, [1, 2])),
    row(np.polyval, x, call=lambda x: np.polyval([3, 0, -1], x)),
    row(np.polyval, x, call=lambda x: np.poly1d([3.0, 0.0, -1.0])(x)),
    row(np.polynomial.polynomial.polyval, x, p),
    row(
        np.polynomial.polynomial.polyval,
        v[:4],
        normal(3, 4),
        call=lambda x, c: lowest_first(x, c, tensor=False),
    ),
    row(np.polynomial.polynomial.polyval, v, normal(3, 2), complex=True),
    row(np.polynomial.polynomial.polyval2d, v, v * v, normal(3, 2), complex=True),
    row(np.polynomial.polynomial.polygrid2d, v, x, normal(3, 2)),
    row(np.polyder, p, complex=True),
    row(np.polyder, p, m=3),
    row(np.polyder, p, m=0),
    row(np.polyder, normal(1)),
    row(np.polyint, p, complex=True),
    row(np.polyint, p, m=2),
    row(np.polyint, p, m=0),
    row(np.polyint, p, normal(2), call=lambda p, k: REGISTRY[np.polyint](p, 2, k)),
    row(np.polyint, p, normal(), call=lambda p, k: REGISTRY[np.polyint](p, 3, k=k)),
    row(np.polyadd, p, q, complex=True),
    row(np.polyadd, p, call=lambda p: np.polyadd([1.0] * 6, p)),
    row(np.polysub, q, p),
    row(np.polymul, p, q, complex=True),
    row(np.polymul, p, call=lambda p: np.polymul([0.0, 0.0, 2.0], p)),
    row(np.polyfit, t, v, deg=2),
    row(np.polyfit, t, normal(7, 2), deg=1),
    row(np.polyfit, t, v, weights, call=lambda t, v, w: polyfit(t, v, 2, w=w)),
    row(np.polyfit, t, normal(7, 2), weights, call=lambda t, v, w: polyfit(t, v, 1, w=w)),
    row(np.polyfit, t, v, call=lambda t, v: list(polyfit(t, v, 2, cov=True)), tolerance=1e-5),
    row(np.polyfit, t, normal(7, 2), call=lambda t, v: list(polyfit(t, v, 1, cov="unscaled"))),
    row(np.polyfit, v, call=lambda v: np.polyfit(t, v, 3)),
    row(np.roots, cubic, tolerance=1e-5, exempt=UNKNOWN),
    row(np.roots, np.array([1.0, 0.4, 2.0]), tolerance=1e-5),
    row(
        np.roots,
        np.array([1.0, -3.0, 2.0]),
        call=lambda p: roots(np.append(0.0, p)),
        tolerance=1e-5,
        exempt=UNKNOWN,
    ),
    row(np.poly, v[:4], complex=True),
    row(np.poly, normal(0)),
]
