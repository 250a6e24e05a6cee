"""Rows of taking at indices and choosing by conditions."""

import numpy as np
from laws.row import distinct, normal, positive, row

from pycograd.core import REGISTRY

select = REGISTRY[np.select]  # numpy does not look at the default when it dispatches
WRITERS = [np.place, np.put, np.putmask, np.put_along_axis, np.copyto, np.fill_diagonal]  # tests/mutation
x, y, v = normal(3, 4), normal(4, 3).T, normal(5)
condition = x > 0.1
some, square = np.array([True, False, True]), np.array([[0, 2], [-1, 1]])
along = np.array([[2, 0, 0], [1, 1, -1], [3, 0, 2]])
choice = np.array([[0, 2, 1, 1], [2, 0, 0, 1], [1, 1, 2, 2]])

ROWS = [
    row(np.where, x, y, call=lambda x, y: np.where(condition, x, y), complex=True, covers=WRITERS),
    row(np.where, x, y, call=lambda x, y: np.where(x > y, x * y, 1.0)),
    row(np.where, x, normal(4), call=lambda x, b: np.where(condition, 2.0, np.where(True, x, b))),
    row(np.where, normal(), v, call=lambda a, v: np.where([[True], [False]], a, v)),
    row(np.where, normal(3, 1), call=lambda a: np.where(condition, a, [1.0, 2.0, 3.0, 4.0])),
    row(np.where, 2.0, call=lambda a: np.where(True, a, 1.0)),
    row(np.where, normal(0, 3), call=lambda a: np.where(a > 0, a, 0.0)),
    # ---- at indices
    row(np.take, x, square, complex=True),
    row(np.take, x, square, axis=1),
    row(np.take, x, square, axis=-2),
    row(np.take, x, np.array([-7, 5, 3]), axis=0, mode="wrap"),
    row(np.take, x, np.array([-7, 5, 3]), mode="clip"),
    row(np.take, v, 2),
    row(np.take, v, call=lambda v: np.take(v, [[1, 1], [0, -1]])),
    row(np.take, v, call=lambda v: v.take([True, False])),
    row(np.take, v, np.zeros((0, 2), int)),
    row(np.take_along_axis, x, along, axis=1),
    row(np.take_along_axis, x, along[:2, :2].repeat(2, 1), axis=0),
    row(np.take_along_axis, x, square.ravel(), axis=None),
    row(
        np.take_along_axis, x, call=lambda x: np.take_along_axis(x, np.argsort(-np.abs(distinct(3, 4)), 0), 0)
    ),
    row(np.choose, x, y, v[:4], call=lambda *c: np.choose(choice, c), complex=True),
    row(np.choose, normal(3, 3, 4), call=lambda c: np.choose(choice, c)),
    row(np.choose, x, normal(), call=lambda *c: np.choose(choice - 1, c, mode="wrap")),
    row(np.choose, x, y, call=lambda *c: np.choose(choice, c, mode="clip")),
    row(np.compress, x, call=lambda x: np.compress(some, x, axis=0), complex=True),
    row(np.compress, x, call=lambda x: np.compress([True, False], x, axis=-1)),
    row(np.compress, x, call=lambda x: np.compress(condition.ravel(), x)),
    row(np.extract, x, call=lambda x: np.extract(condition, x)),
    # ---- by conditions
    row(np.select, x, y, call=lambda x, y: np.select([condition, x < -0.3], [x * x, y], 7.0)),
    row(np.select, x, v[:4], call=lambda x, b: np.select([condition, condition[0]], [b, x])),
    row(np.select, x, normal(), call=lambda x, d: select([condition], [x], default=d)),
    row(np.piecewise, x, call=lambda x: np.piecewise(x, [x < 0, x >= 0], [np.exp, lambda x: 1 + x])),
    row(np.piecewise, x, call=lambda x: np.piecewise(x, [x < -1, x > 1], [-1, lambda x: x**3, np.sin])),
    row(np.piecewise, v, call=lambda v: np.piecewise(v, v > 0, [np.square, 3.0])),
    row(
        np.piecewise,
        v,
        call=lambda v: np.piecewise(v, [v > 9, v > 0], [lambda v, k: k / v, lambda v, k: k * v], 2.5),
    ),
    row(np.piecewise, normal(), call=lambda a: np.piecewise(a, [a < 0], [np.exp, np.cos])),
    row(np.piecewise, positive(4), call=lambda p: np.piecewise(p, [[1, 0, 1, 1]], [np.log, np.sqrt])),
]
