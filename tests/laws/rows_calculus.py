"""Rows of differences, slopes and integrals of samples."""

import numpy as np
from laws.row import normal, positive, row

from pycograd.core import REGISTRY

unwrap = REGISTRY[np.unwrap]  # numpy does not look at the period when it dispatches
x, cube, v = normal(3, 4), normal(3, 4, 2), normal(5)
knots, rows = np.array([0.0, 0.5, 1.7, 2.0]), np.cumsum(positive(3, 4), axis=1)
angles = np.array([0.1, 3.0, -2.9, -0.5, 4.0, 10.9, -1.0])

ROWS = [
    row(np.diff, v, complex=True),
    row(np.diff, x, n=2),
    row(np.diff, x, n=0),
    row(np.diff, x, n=5),
    row(np.diff, x, axis=0),
    row(np.diff, cube, axis=-2, n=2),
    row(np.diff, x, normal(3, 1), call=lambda x, e: np.diff(x, prepend=e, append=2.0)),
    row(np.diff, v, normal(), call=lambda v, e: np.diff(v, append=e)),
    row(np.diff, x, normal(2, 4), call=lambda x, e: np.diff(x, 1, 0, [[1.0] * 4], e)),
    row(np.diff, normal(1)),
    row(np.ediff1d, x),
    row(np.ediff1d, v, complex=True),
    row(np.ediff1d, v, normal(2), call=lambda v, e: np.ediff1d(v, to_end=e, to_begin=[1, 2])),
    row(np.ediff1d, normal(1), call=lambda v: np.ediff1d(v, to_begin=99.0)),
    row(np.gradient, v, complex=True),
    row(np.gradient, x),
    row(np.gradient, x, axis=0),
    row(np.gradient, x, axis=(1, 0)),
    row(np.gradient, x, edge_order=2),
    row(np.gradient, v, 0.3),
    row(np.gradient, x, 0.3, 2.0),
    row(np.gradient, x, knots, axis=1),
    row(np.gradient, x, knots, axis=-1, edge_order=2),
    row(np.gradient, cube, 2.0, call=lambda x, h: np.gradient(x, [0, 1, 3], knots, h)),
    row(np.gradient, cube, call=lambda x: np.gradient(x, np.arange(3) * 0.5, 1, 2, edge_order=1)),
    row(np.gradient, v, np.linspace(0.0, 2.0, 5), edge_order=2),
    row(np.gradient, normal(2)),
    row(np.trapezoid, v, complex=True, covers=[np.trapz] if "trapz" in np.__all__ else []),  # until numpy 2.0
    row(np.trapezoid, x, dx=0.5, axis=0),
    row(np.trapezoid, x, knots, axis=1),
    row(np.trapezoid, x, rows, axis=-1),
    row(np.trapezoid, cube, knots, axis=1),
    row(np.trapezoid, v, 0.7, call=lambda v, h: np.trapezoid(v, dx=h)),
    row(np.trapezoid, normal(1)),
    row(np.unwrap, angles),
    row(np.unwrap, 3 * x, axis=0),
    row(np.unwrap, angles, discont=4.0),
    row(np.unwrap, 5 * v, period=4.0),
    row(np.unwrap, 5 * v, np.array(2.5), call=lambda v, p: unwrap(v, period=p)),
]
