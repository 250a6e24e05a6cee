"""Rows of the functions that act on each element: arithmetic, exponentials, angles, rounding, comparison, complex."""

import math

import numpy as np

from laws.row import distinct, normal, positive, row, unit

ROWS = [
    row(np.sin, normal(3, 4)),
    row(np.multiply, normal(3, 4), positive(3, 4)),
    row(np.divide, normal(3, 4), positive(3, 4)),
    row(math.sin, 0.3),
]
