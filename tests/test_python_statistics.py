"""Python's `statistics` in woven code: any iterables, types, errors, and a formula of finance by `NormalDist`."""

import math
import statistics
from statistics import NormalDist

import numpy as np
import pytest

from pycograd import check_grads, grad, value_and_grad
from pycograd.errors import ForeignCodeError

DATA = [1.3, 0.2, 2.5, 0.9, 3.1]
OF_ONE = "mean fmean geometric_mean harmonic_mean median median_low median_high pvariance variance pstdev stdev".split()


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("n", [4, 5])
def test_lists_arrays_and_generators(name, n):
    f = lambda *x: getattr(statistics, name)(x)  # noqa: E731
    value, _ = value_and_grad(f)(*DATA[:n])
    assert type(value) is float
    np.testing.assert_allclose(value, f(*DATA[:n]), rtol=1e-15)
    check_grads(f, *DATA[:n])
    check_grads(lambda x: getattr(statistics, name)(v * v for v in x), np.array(DATA[:n]))


def test_weights_and_quantiles():
    x, w = DATA, np.array([1.0, 2.0, 0.5, 1.0, 3.0])
    check_grads(lambda w: statistics.fmean(x, weights=w) + statistics.harmonic_mean(x, weights=w), w)
    for options in ({}, {"n": 10}, {"n": 7, "method": "inclusive"}):
        value, _ = value_and_grad(lambda x: sum(statistics.quantiles(x, **options)))(x)  # noqa: B023
        np.testing.assert_allclose(value, sum(statistics.quantiles(x, **options)), rtol=1e-15)


def test_a_regression_is_the_named_tuple():
    def f(x, y):
        line = statistics.linear_regression(x, y)
        return line.slope + 2 * line.intercept

    x, y = np.array(DATA), np.array(DATA[::-1]) ** 2
    np.testing.assert_allclose(value_and_grad(f)(x, y)[0], f(x, y))
    check_grads(f, x, y)


def test_black_and_scholes_by_the_standard_library():
    N = NormalDist().cdf

    def call(S, K, r, s, T):
        d = (math.log(S / K) + (r + s * s / 2) * T) / (s * math.sqrt(T))
        return S * N(d) - K * math.exp(-r * T) * N(d - s * math.sqrt(T))

    d = (math.log(100 / 95) + 0.07) / 0.2
    np.testing.assert_allclose(grad(call, argnums=0)(100.0, 95.0, 0.05, 0.2, 1.0), N(d), rtol=1e-12)
    check_grads(call, 100.0, 95.0, 0.05, 0.2, 1.0)


def test_a_likelihood_by_a_watched_distribution():
    def minus_log_likelihood(mu, sigma):
        return -sum(math.log(NormalDist(mu, sigma).pdf(x)) for x in DATA)

    check_grads(minus_log_likelihood, 1.2, 0.8)
    np.testing.assert_allclose(
        grad(minus_log_likelihood)(statistics.mean(DATA), statistics.pstdev(DATA)), 0, atol=1e-12
    )


def test_errors_are_pythons_own():
    for f in (
        lambda v: statistics.variance([v]),
        lambda v: statistics.covariance([v], [v, v]),
        lambda v: NormalDist(v, -v),
    ):
        with pytest.raises(statistics.StatisticsError):
            grad(f)(1.0)
    with pytest.raises(ForeignCodeError, match="median_grouped"):
        grad(lambda v: statistics.median_grouped([v, v]))(1.0)
