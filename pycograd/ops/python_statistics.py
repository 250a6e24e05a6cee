"""Python's `statistics`: averages and spreads of lists of numbers, and the methods of `NormalDist`."""

import math
import statistics
import sys
from functools import wraps
from statistics import NormalDist

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, Traced, aval_of, registered

from .families import batch_elementwise, watches

fsum, sqrt, exp, log, erfc = (
    REGISTRY[getattr(math, name)] for name in ("fsum", "sqrt", "exp", "log", "erfc")
)


def of_lists(n=1):
    """Decorator: the function of `statistics` of that name, whose first `n` arguments are any iterables of numbers."""

    def declare(ours):
        func = getattr(statistics, ours.__name__)

        @wraps(func)
        def call(*args, **params):
            data = [x if isinstance(x, (Traced, list, tuple, np.ndarray)) else list(x) for x in args[:n]]
            args = (*data, *args[n:])
            if not (watches(args) or watches(params.values())):
                return func(*args, **params)
            if not all(len(x) for x in data):
                return func(*[list(x) for x in data])  # which raises
            return ours(*[list(x) for x in data], *args[n:], **params)

        REGISTRY[func] = call
        return ours

    return declare


def of_kind(y, *lists):
    """`y` as a number of the kind of the data: of numpy's for numbers of numpy's."""
    kinds = {aval_of(x).dtype for data in lists for x in data}
    numpys = [kind for kind in kinds if not isinstance(kind, type)]
    return y.astype(np.result_type(*numpys)) if numpys else y


def of_products(y, *lists):
    """The same for sums of products, which Python computes with such numbers since 3.12."""
    return of_kind(y, *lists) if sys.version_info >= (3, 12) else y


# ---- averages ------------------------------------------------------------------------------------------------------
def average(data):
    return fsum(data) / len(data)


@of_lists()
def mean(data):
    return of_kind(average(data), data)


@of_lists()
def fmean(data, weights=None):
    if weights is None:
        return average(data)
    weights = list(weights)
    return fsum([w * x for w, x in zip(weights, data, strict=True)]) / fsum(weights)


@of_lists()
def geometric_mean(data):
    return exp(average([log(x) for x in data]))


@of_lists()
def harmonic_mean(data, weights=None):
    if any(x < 0 for x in data):
        raise statistics.StatisticsError("harmonic mean does not support negative values")
    if any(x == 0 for x in data):
        return 0 * sum(data)
    weights = [1.0] * len(data) if weights is None else list(weights)
    return of_kind(fsum(weights) / fsum([w / x for w, x in zip(weights, data, strict=True)]), data)


@of_lists()
def median(data):
    data, half = sorted(data), len(data) // 2
    return data[half] if len(data) % 2 else (data[half - 1] + data[half]) / 2


@of_lists()
def median_low(data):
    return sorted(data)[(len(data) - 1) // 2]


@of_lists()
def median_high(data):
    return sorted(data)[len(data) // 2]


@of_lists()
def quantiles(data, *, n=4, method="exclusive"):
    if n < 1 or len(data) < 2 or method not in ("exclusive", "inclusive"):
        return statistics.quantiles([0.0] * len(data), n=n, method=method)  # which raises
    data, size = sorted(data), len(data)
    if method == "inclusive":
        places = [divmod(i * (size - 1), n) for i in range(1, n)]
    else:
        places = [exclusive(i * (size + 1), n, size) for i in range(1, n)]
    return [(data[j] * (n - rest) + data[min(j + 1, size - 1)] * rest) / n for j, rest in places]


def exclusive(place, n, size):
    """The sorted number below a quantile, and how many n-ths of the way to the next one it lies."""
    j = min(max(place // n, 1), size - 1)
    return j - 1, place - j * n


# ---- spreads -------------------------------------------------------------------------------------------------------
def deviations(data, centre):
    centre = average(data) if centre is None else centre
    return [x - centre for x in data]


def products(a, b):
    return fsum([x * y for x, y in zip(a, b, strict=True)])


def spread(data, centre, free):
    """The mean square deviation, of `free` numbers fewer."""
    if len(data) <= free:
        raise statistics.StatisticsError("variance requires at least two data points")
    d = deviations(data, centre)
    return products(d, d) / (len(data) - free)


@of_lists()
def pvariance(data, mu=None):
    return of_kind(spread(data, mu, 0), data)


@of_lists()
def variance(data, xbar=None):
    return of_kind(spread(data, xbar, 1), data)


@of_lists()
def pstdev(data, mu=None):
    return sqrt(spread(data, mu, 0))


@of_lists()
def stdev(data, xbar=None):
    return sqrt(spread(data, xbar, 1))


# ---- two lists -----------------------------------------------------------------------------------------------------
def both(x, y, name):
    """The deviations of the numbers of two lists from their means."""
    if len(x) != len(y) or len(x) < 2:
        getattr(statistics, name)([0.0] * len(x), [0.0] * len(y))  # which raises
    return deviations(x, None), deviations(y, None)


@of_lists(2)
def covariance(x, y, /):
    return of_products(products(*both(x, y, "covariance")) / (len(x) - 1), x, y)


@of_lists(2)
def correlation(x, y, /, *, method="linear"):
    if method != "linear":
        x, y = ([float(sum((b < a) + 0.5 * (b == a) for b in v)) for a in v] for v in (x, y))
    dx, dy = both(x, y, "correlation")
    return of_products(products(dx, dy) / sqrt(products(dx, dx) * products(dy, dy)), x, y)


@of_lists(2)
def linear_regression(x, y, /, *, proportional=False):
    if proportional:
        return statistics.LinearRegression(of_products(products(x, y) / products(x, x), x, y), 0.0)
    dx, dy = both(x, y, "linear_regression")
    slope = products(dx, dy) / products(dx, dx)
    lines = slope, average(y) - slope * average(x)
    return statistics.LinearRegression(*[of_products(v, x, y) for v in lines])


# ---- the normal distribution ---------------------------------------------------------------------------------------
STANDARD = NormalDist()
inv_cdf_ = Primitive(
    lambda p: STANDARD.inv_cdf(p) if np.ndim(p) == 0 else np.vectorize(STANDARD.inv_cdf)(p),
    lambda g, y: g * math.sqrt(2 * math.pi) * np.exp(y * y / 2),
    batch=batch_elementwise,
    shape=lambda p: Aval(p.shape, p.dtype),
    name="inv_cdf",
)


@registered(NormalDist)
def normal_dist(mu=0.0, sigma=1.0):
    """`NormalDist`, whose mean and standard deviation stay watched."""
    if not watches((mu, sigma)):
        return NormalDist(mu, sigma)
    negative = sigma < 0
    if not isinstance(negative, Traced) and negative:
        raise statistics.StatisticsError("sigma must be non-negative")
    found = NormalDist()
    found._mu, found._sigma = mu, sigma
    return found


def of_normal(ours):
    """Decorator: the method of `NormalDist` of that name."""
    method = getattr(NormalDist, ours.__name__)

    @wraps(method)
    def call(self, x):
        return ours(self, x) if watches((self.mean, self.stdev, x)) else method(self, x)

    REGISTRY[method] = call
    return ours


@of_normal
def pdf(self, x):
    z = (x - self.mean) / self.stdev
    return exp(-z * z / 2) / (math.sqrt(2 * math.pi) * self.stdev)


@of_normal
def cdf(self, x):
    return 0.5 * erfc((self.mean - x) / (self.stdev * math.sqrt(2)))


@of_normal
def inv_cdf(self, p):
    return self.mean + self.stdev * inv_cdf_.call(p)
