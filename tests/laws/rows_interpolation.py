"""Rows of interpolation in a table."""

import numpy as np
from laws.row import normal, row

from pycograd.core import REGISTRY

interp = REGISTRY[np.interp]
xp, fp = np.array([0.0, 0.5, 1.7, 2.0, 3.1]), normal(5)
x = np.array([[0.2, 1.9, 0.7], [2.5, -0.4, 3.6]])
turns, values = np.array([190.0, -190.0, 350.0, -350.0]), np.array([5.0, 10.0, 3.0, 4.0])

ROWS = [
    row(np.interp, x, xp, fp),
    row(np.interp, 0.6, xp, fp),
    row(np.interp, normal(), xp, fp),
    row(np.interp, 7.5, xp, fp),
    row(np.interp, x, xp, fp, left=-1.0, right=9.0),
    row(np.interp, x, normal(), call=lambda x, end: interp(x, xp, fp, end, 2 * end)),
    row(np.interp, x, xp, fp + 0.5j * fp[::-1]),
    row(np.interp, x, call=lambda x: np.interp(x, xp, fp)),
    row(np.interp, fp, call=lambda fp: np.interp([0.0, 0.6, 3.1, 4.0], xp, fp)),
    row(np.interp, np.array([-180.0, -17.0, 185.0, 35.0, 365.0]), turns, values, period=360),
    row(np.interp, x, np.array([0.35, 1.3]), np.array([2.0, -1.0]), 1.5, call=lambda *a: interp(*a[:3], period=a[3])),
    row(np.interp, x, np.array([1.0]), np.array([2.0]), left=0.0),
    row(np.interp, np.array([0.0, 0.5, 2.0, 3.1]), xp, fp, call=lambda x, xp, fp: interp(x + 1e-3, xp, fp)),
    row(np.interp, np.zeros(0), xp, fp),
    # on the points of the table: the slope to the right, to the left at the last
    row(
        np.interp,
        np.array([0.0, 1.0, 2.0]),
        call=lambda x: np.interp(x, [0.0, 1.0, 2.0], [1.0, 3.0, 0.0]),
        expected=([2.0, -3.0, -3.0],),
    ),
]  # fmt: skip
