"""Reductions over axes, with and without nan."""

import numpy as np
from laws.row import distinct, normal, positive, row

X, D, P = normal(3, 4), distinct(3, 4), positive(3, 4)
ZEROS = np.array([[1.5, 0.0, 2.0, 3.0], [0.0, 2.0, 0.0, 1.0], [1.0, 2.0, 3.0, -4.0]])
NAN = np.where(np.eye(3, 4), np.nan, distinct(3, 4))
ALL_NAN = np.array([[np.nan, np.nan], [1.0, np.nan]])
MASK = np.array([[True, False, True, True], [False, True, True, False], [True, True, False, True]])
TIED = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
SHARED = (np.array([[0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]]),)


def forms(func, x=X, **params):
    """The forms of axis and keepdims."""
    for axis in (None, 0, -1, (0, 1), (1,), (), np.int64(1)):
        yield row(func, x, axis=axis, **params)
    yield row(func, x, axis=1, keepdims=True, **params)
    yield row(func, x, keepdims=True, **params)
    yield row(func, distinct(2, 3, 4), axis=(0, -1), **params)
    yield row(func, distinct(1), **params)
    yield row(func, distinct(1, 1), axis=0, **params)
    yield row(func, np.float64(1.5), **params)
    yield row(func, np.array(1.5), axis=(), **params)


def extrema(func, *aliases, x=D):
    yield from forms(func, x, covers=aliases)
    yield row(func, x, axis=1, initial=0.0)
    yield row(func, x, axis=1, initial=0.02, where=MASK)
    yield row(func, np.zeros((0, 3)), axis=0, initial=0.5)
    yield row(func, np.zeros((0, 3)), axis=1)


ROWS = [
    *forms(np.sum, complex=True),
    row(np.sum, np.zeros((0, 3)), axis=0),
    row(np.sum, np.zeros((0, 3))),
    row(np.sum, X, axis=1, initial=2.0),
    row(np.sum, X, axis=1, where=MASK),
    row(np.sum, X, where=MASK[0], initial=1.0),
    row(np.sum, X, call=lambda x: np.add.reduce(x), covers=["add.reduce"]),
    row(np.sum, X, call=lambda x: np.add.reduce(x, axis=None, initial=1.0, where=MASK)),
    row(
        np.sum,
        X,
        0.5,
        call=lambda x, i: np.sum(x, axis=1, initial=i),
        exempt=dict.fromkeys(
            ("reverse", "vmap", "every_in_axes"),
            "numpy does not dispatch on initial=, so it is not asked when x is plain",
        ),
    ),
    *forms(np.prod),
    row(np.prod, X, complex=True),
    row(np.prod, ZEROS, axis=0),
    row(np.prod, ZEROS, axis=1),
    row(np.prod, ZEROS),
    row(np.prod, ZEROS[0]),
    row(np.prod, np.zeros((0, 3)), axis=0),
    row(np.prod, X, axis=1, where=MASK, initial=2.0),
    row(np.prod, X, call=lambda x: np.multiply.reduce(x, axis=1)),
    *forms(np.mean, complex=True),
    row(np.mean, X, axis=1, where=MASK),
    row(np.mean, np.zeros((0, 3)), axis=1),
    *extrema(np.max, np.amax),
    *extrema(np.min, np.amin),
    row(np.amax, D, axis=0),
    row(np.amin, D, axis=0),
    *[row(func, np.float64(1.5), axis=-1) for func in (np.sum, np.prod, np.max)],
    row(np.max, TIED, axis=1, expected=SHARED),
    row(np.max, np.zeros((2, 2)), expected=(np.full((2, 2), 0.25),)),
    row(np.min, -TIED, axis=1, keepdims=True, expected=SHARED),
    row(np.max, np.array([np.nan, 1.0]), expected=(np.zeros(2),)),
    row(np.max, D, call=lambda x: np.maximum.reduce(x, axis=1)),
    row(np.min, D, call=lambda x: np.minimum.reduce(x, axis=(0, 1))),
    *forms(np.ptp, D),
    *extrema(np.nanmax, x=NAN),
    *extrema(np.nanmin, x=NAN),
    row(np.nanmax, D, call=lambda x: np.fmax.reduce(x, axis=1)),
    row(np.nanmin, D, call=lambda x: np.fmin.reduce(x, axis=1)),
    row(np.nanmax, ALL_NAN, axis=1, expected=(np.array([[0.0, 0.0], [1.0, 0.0]]),)),
    *[
        row(func, NAN, axis=axis, keepdims=keepdims)
        for func in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd)
        for axis in (None, 0, (0, 1))
        for keepdims in (False, True)
    ],
    row(np.nansum, NAN, axis=1, where=MASK, initial=1.0),
    row(np.nanmean, NAN, axis=1, where=MASK),
    row(np.nanmean, ALL_NAN, axis=1),
    row(np.nanvar, NAN, axis=1, ddof=1),
    row(np.nanvar, ALL_NAN, axis=1, ddof=1),
    row(np.nanstd, NAN, axis=1, correction=1),
    row(np.logaddexp, X, call=lambda x: np.logaddexp.reduce(x, axis=1)),
    row(np.logaddexp, X, call=lambda x: np.logaddexp.reduce(x, axis=None, keepdims=True, initial=0.5)),
    row(np.logaddexp, np.full(3, -np.inf), call=np.logaddexp.reduce, expected=(np.zeros(3),)),
    row(np.logaddexp2, X, call=lambda x: np.logaddexp2.reduce(x, axis=0, where=MASK)),
    row(np.subtract, X, call=lambda x: np.subtract.reduce(x, axis=1)),
    row(np.divide, P, call=lambda x: np.divide.reduce(x, axis=1, keepdims=True)),
    row(np.power, P, call=lambda x: np.power.reduce(x[:, :2], axis=1)),
    row(np.hypot, P, call=lambda x: np.hypot.reduce(x, axis=0, initial=2.0)),
    *[
        row(func, D, axis=axis, keepdims=keepdims)
        for func in (np.argmax, np.argmin, np.any, np.all, np.count_nonzero)
        for axis in (None, 0, -1)
        for keepdims in (False, True)
    ],
    row(np.any, D, axis=(0, 1)),
    row(np.any, ZEROS, axis=1, where=MASK),
    row(np.all, ZEROS, axis=1, where=MASK),
    row(np.all, ZEROS, call=lambda x: np.logical_and.reduce(x, axis=1)),
    row(np.count_nonzero, ZEROS, axis=(0, 1)),
    row(np.nanargmax, NAN, axis=1),
    row(np.nanargmin, NAN),
]
