"""Rows of the operations that make arrays, and of Python's and numpy's scalars."""

import numpy as np
from laws.row import normal, positive, row

from pycograd.core import REGISTRY


def by(func, *inputs, call=None, **params):
    """A row of a function that numpy does not hand over by its protocols: it is called by the registry."""
    ours = lambda *args, **kwargs: REGISTRY[func](*args, **kwargs)  # noqa: E731
    return row(func, *inputs, call=(lambda *xs: call(ours, *xs)) if call else None, **params)


BATCHES = ["vmap", "vmap_gradient", "capture", "every_in_axes", "every_order", "capture_gradient"]
LENGTH = dict.fromkeys(BATCHES, "how long the range is depends on the numbers")
BRANCH = dict.fromkeys(BATCHES, "Python's own numbers and branches have one answer for all examples")
PLAIN = dict.fromkeys(
    ["vmap", "capture", "every_in_axes"], "Python's own numbers have one answer for all examples"
)
NEEDED = "this law captures, and a choice needs numbers"
KINDS = [getattr(np, name) for name in "float16 float32 longdouble complex64 clongdouble".split()]
WHOLE = [np.dtype(c).type for c in "bBhHiIlLqQ"]
ROWS = [
    by(np.array, normal(2, 3), complex=True),
    by(np.array, 1.5),
    by(np.array, np.float64(1.5)),
    by(np.array, normal(3), ndmin=3),
    by(np.array, normal(2), 0.5, call=lambda array, v, w: array([v, [w, 1.0]])),
    by(np.array, 0.5, 1.5, call=lambda array, v, w: array([v, 2, w])),
    by(np.array, 0.5, normal(), call=lambda array, v, w: array([[v, 2], (w, v)])),
    by(np.array, normal(2), call=lambda array, v: array([[v, np.ones(2)], [[1.0, 2.0], v]])),
    by(np.array, 0.5, call=lambda array, v: array([[v]], ndmin=3)),
    by(np.array, 0.5, call=lambda array, v: array([v, 1.0], dtype=complex)),
    by(np.asarray, normal(3), complex=True),
    by(np.asarray, 0.5, call=lambda asarray, v: asarray([v, v])),
    by(np.asanyarray, 0.5),
    by(np.asarray_chkfinite, normal(3)),
    by(np.ascontiguousarray, 0.5),
    by(np.ascontiguousarray, normal(2, 3)),
    by(np.asfortranarray, normal(2, 3)),
    by(np.copy, normal(2, 3)),
    by(np.copy, 0.5),
    by(np.require, normal(2), call=lambda require, v: require(v, None, "C")),
    by(np.fromiter, 0.5, normal(), call=lambda fromiter, v, w: fromiter(iter([v, w]), float)),
    row(np.ndarray.astype, normal(3), call=lambda x: x.astype(complex)),
    row(np.ndarray.astype, normal(3), call=lambda x: x.astype(float), complex=True),
    row(np.ndarray.astype, normal(3), call=lambda x: x.astype(int) * x),
    row(np.astype, normal(3), call=lambda x: np.astype(x, complex)),
    by(np.full, 1.5, call=lambda full, v: full((2, 3), v), complex=True),
    by(np.full, normal(3), call=lambda full, v: full((2, 3), v)),
    row(np.full_like, normal(2, 3), 1.5),
    row(np.full_like, normal(2, 3), normal(3), shape=(4, 3)),
    row(np.zeros_like, normal(2, 3)),
    row(np.ones_like, normal(2, 3), dtype=int),
    row(np.empty_like, normal(0, 3)),
    # ---- ranges and grids ----
    row(np.linspace, 0.5, 2.0, num=5, complex=True),
    row(np.linspace, normal(3), 2.0, num=4, endpoint=False),
    row(np.linspace, normal(3), normal(2, 3), num=4, axis=1),
    row(np.linspace, normal(3), normal(3), num=4, axis=-1),
    row(np.linspace, 0.5, 2.0, num=1),
    row(np.linspace, 0.5, 2.0, num=0),
    row(np.linspace, 0.5, 2.0, num=5, retstep=True),
    row(np.logspace, 0.5, 1.5, num=5),
    row(np.logspace, normal(3), 1.5, num=3, base=2.0, axis=-1),
    row(np.logspace, 0.5, 1.5, positive(3), call=lambda a, b, base: np.logspace(a, b, 4, base=base)),
    row(np.geomspace, 0.5, 8.0, num=5, complex=True),
    row(np.geomspace, positive(3), 8.0, num=4, endpoint=False),
    row(np.geomspace, -positive(3), -8.0, num=4, axis=1),
    by(np.arange, 0.25, call=lambda arange, v: arange(v, 3.0), exempt=LENGTH),
    by(np.arange, 0.25, call=lambda arange, v: arange(1.0, 3.1, v), exempt=LENGTH),
    by(np.arange, 0.25, 0.5, call=lambda arange, v, step: arange(v, 3.1, step), exempt=LENGTH),
    by(np.arange, 0.25, call=lambda arange, v: arange(start=v, stop=2), exempt=LENGTH),
    by(np.arange, 2.25, call=lambda arange, v: arange(v), exempt=LENGTH),
    row(np.meshgrid, normal(3), normal(2)),
    row(np.meshgrid, normal(3), normal(2), normal(2), indexing="ij"),
    row(np.meshgrid, normal(3), 0.5, sparse=True),
    row(np.vander, normal(3), complex=True),
    row(np.vander, normal(3), N=4, increasing=True),
    row(np.vander, normal(3), N=0),
    row(np.r_, normal(3), 1.5, call=lambda a, b: np.r_[a, 0:3, b, 7]),
    row(np.r_, normal(3), normal(3), call=lambda a, b: np.r_["0,2", a, b]),
    row(np.r_, normal(3), normal(2), call=lambda a, b: np.r_["1,2,0", a, a]),
    row(np.r_, normal(2, 3), normal(2, 1), call=lambda a, b: np.r_["-1", a, b]),
    row(np.c_, normal(3), normal(3, 2), call=lambda a, b: np.c_[a, b, [1, 2, 3]]),
    # ---- scalars ----
    by(float, 1.5),
    by(float, np.float64(1.5)),
    by(float, normal()),
    by(complex, 1.5),
    by(complex, 1.5, 0.5),
    by(complex, 1.5 + 1j),
    by(int, 1.5, exempt=PLAIN),
    by(round, 1.5, exempt=PLAIN),
    by(max, normal(3), exempt={**BRANCH, "float32": NEEDED, "every_dtype": NEEDED}, covers=[min]),
    by(np.float64, 1.5, covers=KINDS),
    by(np.float64, normal(3)),
    by(np.float64, 1.5, call=lambda f64, v: f64([v, 2.0])),
    by(np.complex128, 1.5),
    by(np.int64, 1.5, covers=WHOLE),
    by(np.bool_, 1.5),
    by(sum, normal(3)),
    by(sum, normal(2, 3)),
    by(sum, 0.5, 1.5, call=lambda total, v, w: total([v, 2, w])),
    by(sum, 0.5, normal(2), call=lambda total, v, w: total((x for x in (v, w)), v)),
    by(sum, normal(2), call=lambda total, v: total([v, np.ones((3, 1))])),
]  # fmt: skip
