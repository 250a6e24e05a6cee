"""Running sums and products, accumulations and reductions of segments by ufuncs."""

import numpy as np
from laws.row import distinct, normal, positive, row

X, D, P = normal(3, 4), distinct(3, 4), positive(3, 4)
ZEROS = np.array([[1.5, 0.0, 2.0, 3.0], [0.0, 2.0, 0.0, 1.0], [1.0, 2.0, 3.0, -4.0]])
NAN = np.where(np.eye(3, 4), np.nan, normal(3, 4))
TIED = np.array([1.0, 3.0, 2.0, 3.0, 3.0])
THREE = np.array([1.0, 1.0 + 1 + 1 / 2 + 1 / 3, 0.0, 1 / 2 + 1 / 3, 1 / 3])


def running(func, x=X, **params):
    for axis in (None, 0, -1):
        yield row(func, x, axis=axis, **params)
    yield row(func, distinct(2, 3, 2), axis=1, **params)
    yield row(func, distinct(1), **params)
    yield row(func, np.zeros((0, 3)), axis=0)
    yield row(func, np.zeros((2, 0)), axis=1)
    yield row(func, np.float64(1.5))
    yield row(func, x, dtype=np.float64)


def accumulations(ufunc, x, **params):
    for axis in (0, 1):
        yield row(ufunc, x, call=lambda x, axis=axis: ufunc.accumulate(x, axis=axis), **params)


ROWS = [
    *running(np.cumsum, complex=True),
    *running(np.cumprod, complex=True),
    row(np.cumprod, ZEROS, axis=1),
    row(np.cumprod, ZEROS, axis=0),
    row(np.cumprod, normal(70) + 0.2),
    *running(np.nancumsum, NAN),
    *running(np.nancumprod, NAN),
    *accumulations(np.add, X, covers=["add.accumulate"]),
    *accumulations(np.multiply, ZEROS),
    *accumulations(np.maximum, D),
    *accumulations(np.minimum, D),
    *accumulations(np.fmax, D),
    *accumulations(np.fmin, D),
    *accumulations(np.logaddexp, X),
    *accumulations(np.logaddexp2, X),
    *accumulations(np.subtract, X),
    *accumulations(np.divide, P),
    *accumulations(np.hypot, P),
    *accumulations(np.power, P[:, :3]),
    row(np.greater, X, call=lambda x: np.greater.accumulate(x, axis=1, dtype=bool)),
    row(np.maximum, TIED, call=np.maximum.accumulate, expected=(THREE,)),
    row(np.minimum, -TIED, call=np.minimum.accumulate, expected=(THREE,)),
    row(np.maximum, normal(1), call=np.maximum.accumulate),
    row(np.add, X, call=lambda x: np.add.accumulate(x, axis=1, dtype=float)),
    row(np.add, X, call=lambda x: np.add.reduceat(x, [0, 3, 1, 2], axis=1), covers=["add.reduceat"]),
    row(np.add, X, call=lambda x: np.add.reduceat(x, np.array([1, 2])), complex=True),
    row(np.multiply, ZEROS, call=lambda x: np.multiply.reduceat(x, [0, 3, 1, 2], axis=1)),
    row(np.maximum, D, call=lambda x: np.maximum.reduceat(x, [0, 2], axis=1)),
    row(np.minimum, D, call=lambda x: np.minimum.reduceat(x, [0, 2], axis=0)),
    row(np.logaddexp, X, call=lambda x: np.logaddexp.reduceat(x, [0, 2], axis=1)),
]
if hasattr(np, "cumulative_sum"):
    ROWS += [
        row(func, X, axis=axis, include_initial=initial)
        for func in (np.cumulative_sum, np.cumulative_prod)
        for axis in (0, -1)
        for initial in (False, True)
    ]
    ROWS += [row(np.cumulative_sum, normal(4)), row(np.cumulative_prod, normal(4), include_initial=True)]
