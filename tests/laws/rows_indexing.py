"""Rows of indexing: a key of each kind.  tests/test_indexing.py has many more keys, and indices that vmap maps."""

import operator

import numpy as np
from laws.row import normal, row

x, v = normal(4, 3, 5), normal(6)
rows, table = np.array([0, 2, 2, -1]), np.array([[0, 1], [2, -3]])
KEYS = [
    0, -1, slice(1, -1), slice(None, None, -2), slice(2, 2), ..., None, (), (1, 2, 3), (..., 0), (slice(None), None, 1),
    rows, table, [], (rows, slice(None), 1), (slice(None), 0, table), (table, [1]), (slice(None), table % 3, None),
    x[:, 0, 0] > 0, x > 0, (x[:, :, 0] > 0,), True, False,
]  # fmt: skip


def at(key):
    return lambda x: x[key]


ROWS = [
    *[row(operator.getitem, x, call=at(key), complex=True) for key in KEYS],
    row(operator.getitem, v, call=lambda v: v[1:-1] * v[:-2] + v[2]),
    row(operator.getitem, v, call=lambda v: v[np.int64(2)] * v[np.array(3)]),
    row(operator.getitem, normal(), call=at(())),
    row(operator.getitem, normal(), call=at(None)),
    row(operator.getitem, normal(0, 3), call=at((slice(None), 1))),
    row(operator.getitem, normal(1), call=at(0)),
    row(operator.getitem, x, rows, call=lambda x, i: x[i, :, i]),
    row(operator.getitem, x, table, call=lambda x, i: x[..., i, 1]),
    # ---- indices made of watched ones
    row(np.ix_, x, rows[:3], call=lambda x, i: x[np.ix_(i, [True, False, True], range(2))]),
    row(np.unravel_index, x, table, call=lambda x, i: x[np.unravel_index(i % 60, (4, 3, 5))]),
    row(np.unravel_index, table + 9, (4, 3), order="F"),
    row(np.unravel_index, 7, 9),
    row(
        np.ravel_multi_index,
        x,
        rows,
        call=lambda x, i: x.ravel()[np.ravel_multi_index((i % 3, i % 2), (4, 3))],
    ),
    row(
        np.ravel_multi_index, rows, call=lambda i: np.ravel_multi_index((i, i), (3, 4), ("wrap", "clip"), "F")
    ),
]
