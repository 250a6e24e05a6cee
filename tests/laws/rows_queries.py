"""Rows of what code asks about values: the answers are plain, and under vmap each example has its own, where it can."""

import numpy as np
from laws.row import normal, row

from pycograd.core import REGISTRY


def by(func, *inputs, **params):
    """A row of a function that numpy does not hand over by its protocols: it is called by the registry."""
    return row(func, *inputs, call=lambda *xs: REGISTRY[func](*xs, **params))


def elements(x):
    """The squares of the elements of `x`, by `np.nditer`."""
    return np.stack([v * v for v in REGISTRY[np.nditer](x)])


OWN = dict.fromkeys(
    ["vmap", "vmap_gradient", "capture", "every_in_axes", "every_order", "capture_gradient"],
    "what is found depends on the numbers, so the examples of a batch differ in shape",
)
ROWS = [
    row(
        np.nditer, normal(2, 3), call=elements, exempt={"layout": "it goes through memory, as the name says"}
    ),
    row(np.shape, normal(2, 3)),
    row(np.ndim, normal(2, 3)),
    row(np.ndim, 1.5),
    row(np.size, normal(2, 3)),
    row(np.size, normal(2, 3), axis=1),
    by(np.size, 1.5),
    row(np.iscomplexobj, normal(3), complex=True),
    row(np.isrealobj, normal(3), complex=True),
    by(np.isscalar, 1.5),
    by(np.isscalar, normal(3)),
    row(np.allclose, normal(3), normal(3), rtol=1e-3),
    row(np.allclose, normal(3), normal(3) + 1e-9),
    row(np.allclose, normal(3), 2.0, equal_nan=True),
    row(np.array_equal, normal(3), normal(3)),
    row(np.array_equal, normal(3), normal(2)),
    row(np.array_equal, normal(3), normal(3), equal_nan=True),
    row(np.array_equiv, normal(2, 3), normal(3)),
]
