"""Python's `statistics`: functions of lists, which arrays are iterated for."""

import statistics
from statistics import NormalDist

import numpy as np
from laws.row import distinct, normal, positive, row

from pycograd.core import REGISTRY

AVERAGES = "mean fmean geometric_mean pvariance variance pstdev stdev".split()
SORTED = "median median_low median_high quantiles".split()
BY_ORDER = dict.fromkeys(
    ["vmap", "vmap_gradient", "capture", "float32"], "which number is in the middle is asked of the numbers"
)
BY_ZEROS = dict.fromkeys(
    ["vmap", "vmap_gradient", "capture", "float32"],
    "whether a number is 0 or negative is asked of the numbers",
)


def by(name, *inputs, exempt=None, **params):
    func = getattr(statistics, name)

    def call(*xs):
        y = REGISTRY.find(func)(*[list(x) for x in xs], **params)
        return np.stack(y) if isinstance(y, (list, tuple)) else y

    return row(func, *inputs, call=call, exempt=exempt)


def of_normal(name, x):
    method = getattr(NormalDist, name)
    call = lambda mu, sigma, x: REGISTRY.find(method)(REGISTRY.find(NormalDist)(mu, sigma), x)  # noqa: E731
    return row(method, 0.3, 1.2, x, call=call, covers=(NormalDist,))


ROWS = [
    *[by(name, positive(4)) for name in AVERAGES],
    by("harmonic_mean", positive(4), exempt=BY_ZEROS),
    *[by(name, distinct(5), exempt=BY_ORDER) for name in SORTED],
    by("quantiles", distinct(5), n=7, method="inclusive", exempt=BY_ORDER),
    *[by(name, normal(4), normal(4) + 2.0) for name in ("covariance", "correlation", "linear_regression")],
    by("linear_regression", normal(4), normal(4), proportional=True),
    of_normal("pdf", 0.7),
    of_normal("cdf", 0.7),
    of_normal("inv_cdf", 0.7),
]
