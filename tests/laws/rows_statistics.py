"""Variances, averages, medians, quantiles, covariances, counts in bins."""

import numpy as np
from laws.row import distinct, normal, positive, row

X, D, P = normal(3, 4), distinct(3, 4), positive(3, 4)
W = positive(4)
Q = np.array([0.11, 0.52, 0.83])
NAN = np.where(np.eye(3, 4), np.nan, distinct(3, 4))
MASK = np.array([[True, False, True, True], [False, True, True, False], [True, True, False, True]])
LABELS = np.array([0, 2, 2, 5])
DEPENDS = dict.fromkeys(
    (
        "vmap",
        "vmap_gradient",
        "capture",
        "float32",
        "every_in_axes",
        "every_order",
        "every_dtype",
        "capture_gradient",
    ),
    "the number of each bin depends on the numbers of each example",
)
METHODS = {
    "smooth": ["linear", "hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf"],
    "jumps": [
        "lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
    ],
}  # fmt: skip


def moments(func):
    for axis in (None, 0, -1, (0, 1), (1,)):
        yield row(func, X, axis=axis, complex=axis == 0)
    yield row(func, X, axis=1, keepdims=True, ddof=1)
    yield row(func, X, correction=1)
    yield row(func, X, ddof=0.5)
    yield row(func, X, axis=1, where=MASK)
    yield row(func, X, where=MASK, keepdims=True, ddof=1)
    yield row(func, X, np.array([0.3, -0.2, 0.1, 0.5]), call=lambda x, m: func(x, axis=0, mean=m[None]))
    yield row(func, X, axis=0, where=MASK, complex=True)
    yield row(func, distinct(2, 3, 4), axis=(0, -1))
    yield row(func, X, dtype=np.float64)


def quantiles(func, scale, x=D):
    for method in (*METHODS["smooth"], *METHODS["jumps"]):
        yield row(func, x, 0.43 * scale, axis=1, method=method)
        yield row(func, x, scale * Q, axis=0, method=method, keepdims=True)
        yield row(func, x, call=lambda x, m=method: func(x, [0.0, 0.5 * scale, 1.0 * scale], method=m))
    yield row(func, x, Q[0] * scale)
    yield row(func, x, scale * Q[:2].reshape(2, 1), axis=0)
    yield row(func, distinct(2, 3, 4), scale * Q, axis=(0, 2))
    yield row(func, distinct(2, 3, 4), 0.3 * scale, axis=(-1, 0), keepdims=True)
    yield row(func, distinct(1), 0.3 * scale)
    yield row(func, np.float64(2.5), 0.3 * scale)
    yield row(func, x, scale * Q, call=lambda x, q: func(x, q, 1, None, False, "linear", True))


def weighted(func, scale):
    call = lambda x, w: func(x, [0.2 * scale, 0.7 * scale], axis=1, weights=w, method="inverted_cdf")  # noqa: E731
    yield row(func, D, W, call=call)
    yield row(func, D, P, call=call)
    yield row(
        func, D, P, call=lambda x, w: func(x, 0.3 * scale, weights=w, keepdims=True, method="inverted_cdf")
    )


def medians(func, x):
    for axis in (None, 0, 1, (0, 1)):
        yield row(func, x, axis=axis)
        yield row(func, x, axis=axis, keepdims=True)
    yield row(func, distinct(2, 3, 4), axis=(0, -1))
    yield row(func, distinct(5))
    yield row(func, distinct(1))


ROWS = [
    *moments(np.var),
    *moments(np.std),
    row(np.std, np.full((2, 3), 1.5), axis=1, expected=(np.zeros((2, 3)),)),
    row(np.std, np.full(3, 1.5), where=np.array([True, True, False]), expected=(np.zeros(3),)),
    row(np.nanstd, np.array([1.5, np.nan, 1.5]), expected=(np.zeros(3),)),
    row(np.average, X),
    row(np.average, X, axis=1, keepdims=True),
    row(np.average, X, axis=(0, 1), returned=True),
    row(np.average, X, W, call=lambda x, w: np.average(x, 1, w)),
    row(np.average, X, P, call=lambda x, w: np.average(x, weights=w, returned=True)),
    row(np.average, X, W, call=lambda x, w: np.average(x, axis=1, weights=w, keepdims=True, returned=True)),
    row(
        np.average,
        distinct(2, 3, 4),
        positive(4, 2),
        call=lambda x, w: np.average(x, axis=(2, 0), weights=w, returned=True),
    ),
    *medians(np.median, D),
    *medians(np.nanmedian, NAN),
    row(np.median, np.array([1.0, 1.0, 1.0, 2.0]), expected=(np.array([0, 0.5, 0.5, 0]),)),
    row(np.median, np.array([[np.nan, 1.0, 2.0], [3.0, 1.0, 2.0]]), axis=1),
    row(np.nanmedian, np.array([[np.nan, np.nan, np.nan], [3.0, 1.0, np.nan]]), axis=1),
    *quantiles(np.quantile, 1),
    *quantiles(np.percentile, 100),
    *quantiles(np.nanquantile, 1, NAN),
    *quantiles(np.nanpercentile, 100, NAN),
    *weighted(np.quantile, 1),
    *weighted(np.percentile, 100),
    row(
        np.quantile,
        np.array([[np.nan, 1.0, 2.0], [3.0, 1.0, 2.0]]),
        call=lambda x: np.quantile(x, 0.3, axis=1),
    ),
    row(
        np.quantile,
        np.array([1.0, 4.0, 2.0]),
        0.0,
        call=lambda x, q: np.quantile(x, 1 - q),
        expected=(np.array([0.0, 1.0, 0.0]), -4.0),
    ),
    row(np.cov, X, complex=True),
    row(np.cov, X, rowvar=False, bias=True),
    row(np.cov, X, P, call=lambda x, y: np.cov(x, y, ddof=0)),
    row(np.cov, X[0], P[0], call=lambda x, y: np.cov(x, y)),
    row(np.cov, X[0]),
    row(np.cov, X, W, call=lambda x, w: np.cov(x, aweights=w)),
    row(np.cov, X, W, call=lambda x, w: np.cov(x, aweights=w, fweights=[1, 2, 1, 3])),
    row(np.cov, X, fweights=[1, 2, 1, 3], ddof=0),
    row(np.corrcoef, X, complex=True),
    row(np.corrcoef, X, rowvar=False),
    row(np.corrcoef, X, P, call=lambda x, y: np.corrcoef(x, y)),
    row(np.bincount, W, call=lambda w: np.bincount(LABELS, w, minlength=8)),
    row(np.bincount, W, call=lambda w: np.bincount(LABELS, weights=w)),
    row(np.histogram, normal(7), call=lambda w: np.histogram(distinct(7), weights=w)),
    row(np.histogram, positive(7), call=lambda w: np.histogram(distinct(7), 3, (-0.2, 0.3), True, w)),
    row(
        np.histogram, normal(7), call=lambda w: np.histogram(distinct(7), [-1.0, -0.1, 0.05, 0.1], weights=w)
    ),
    row(np.histogram_bin_edges, distinct(7), bins=3),
    row(np.histogram_bin_edges, distinct(7), bins="sturges", exempt=DEPENDS),
    row(np.histogram_bin_edges, np.full(3, 2.0), expected=(np.full(3, 11 / 3),)),
    row(np.histogram, distinct(7), exempt=DEPENDS),
    row(np.histogram, normal(7), density=True, exempt=DEPENDS),
    row(np.histogram, normal(7), positive(7), call=lambda x, w: np.histogram(x, weights=w), exempt=DEPENDS),
]
