"""Python's `statistics`: averages and spreads of lists of numbers, and the methods of `NormalDist`."""

import math
import statistics
from functools import wraps
from statistics import NormalDist

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, Traced, registered

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


# ---- averages ------------------------------------------------------------------------------------------------------
@of_lists()
def mean(data):
    return fsum(data) / len(data)


@of_lists()
def fmean(data, weights=None):
    if weights is None:
        return mean(data)
    weights = list(weights)
    return fsum([w * x for w, x in zip(weights, data, strict=True)]) / fsum(weights)


@of_lists()
def geometric_mean(data):
    return exp(mean([log(x) for x in data]))


@of_lists()
def harmonic_mean(data, weights=None):
    if any(x < 0 for x in data):
        raise statistics.StatisticsError("harmonic mean does not support negative values")
    if any(x == 0 for x in data):
        return 0 * sum(data)
    weights = [1.0] * len(data) if weights is None else list(weights)
    return fsum(weights) / fsum([w / x for w, x in zip(weights, data, strict=True)])


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
    centre = mean(data) if centre is None else centre
    return [x - centre for x in data]


def products(a, b):
    return fsum([x * y for x, y in zip(a, b, strict=True)])


@of_lists()
def pvariance(data, mu=None):
    d = deviations(data, mu)
    return products(d, d) / len(data)


@of_lists()
def variance(data, xbar=None):
    if len(data) < 2:
        raise statistics.StatisticsError("variance requires at least two data points")
    d = deviations(data, xbar)
    return products(d, d) / (len(data) - 1)


@of_lists()
def pstdev(data, mu=None):
    return sqrt(pvariance(data, mu))


@of_lists()
def stdev(data, xbar=None):
    return sqrt(variance(data, xbar))


# ---- two lists -----------------------------------------------------------------------------------------------------
def both(x, y, name):
    """The deviations of the numbers of two lists from their means."""
    if len(x) != len(y) or len(x) < 2:
        getattr(statistics, name)([0.0] * len(x), [0.0] * len(y))  # which raises
    return deviations(x, None), deviations(y, None)


@of_lists(2)
def covariance(x, y, /):
    return products(*both(x, y, "covariance")) / (len(x) - 1)


@of_lists(2)
def correlation(x, y, /, *, method="linear"):
    if method != "linear":
        x, y = ([float(sum((b < a) + 0.5 * (b == a) for b in v)) for a in v] for v in (x, y))
    dx, dy = both(x, y, "correlation")
    return products(dx, dy) / sqrt(products(dx, dx) * products(dy, dy))


@of_lists(2)
def linear_regression(x, y, /, *, proportional=False):
    if proportional:
        return statistics.LinearRegression(products(x, y) / products(x, x), 0.0)
    dx, dy = both(x, y, "linear_regression")
    slope = products(dx, dy) / products(dx, dx)
    return statistics.LinearRegression(slope, mean(y) - slope * mean(x))


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
