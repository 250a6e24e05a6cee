"""Draws of numpy.random: values, streams, and what has no derivative."""

import math

import numpy as np
import pytest

from pycograd import check_grads, grad, value_and_grad, vmap
from pycograd.errors import MissingRuleError

PARAMETERS = {
    "normal": (1.0, 2.0), "laplace": (1.0, 2.0), "logistic": (1.0, 2.0), "gumbel": (1.0, 2.0), "uniform": (1.0, 2.0),
    "lognormal": (0.1, 0.2), "exponential": (2.0,), "rayleigh": (2.0,), "weibull": (1.5,), "pareto": (2.5,),
    "power": (1.7,),
}  # fmt: skip
COUNTS = {
    "poisson": (2.0,), "binomial": (5, 0.3), "gamma": (2.0, 1.0), "beta": (2.0, 3.0), "choice": ([1.0, 2.0],),
    "standard_t": (3.0,), "chisquare": (2.0,), "dirichlet": ([1.0, 2.0],),
}  # fmt: skip
MAKERS = [np.random.default_rng, np.random.RandomState]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("size", [None, 3, (2, 3)])
def test_values_are_numpys_and_so_is_what_is_drawn_next(name, make, size):
    def f(*parameters):
        rng = make(0)
        return getattr(rng, name)(*parameters, size=size), rng.random()

    plain, next_plain = f(*PARAMETERS[name])
    seen = []

    def loss(*parameters):
        y, after = f(*parameters)
        seen.append(after)
        return np.sum(y)

    value, g = value_and_grad(loss)(*PARAMETERS[name])
    assert seen == [next_plain] and all(g)
    np.testing.assert_allclose(value, np.sum(plain), rtol=1e-14)
    assert size is not None or type(value) is type(np.sum(plain))


def test_a_call_option_by_monte_carlo():
    def price(spot, volatility, rate):
        rng = np.random.default_rng(3)
        growth = rng.normal(rate - volatility**2 / 2, volatility, size=200_000)
        return math.exp(-rate) * np.mean(np.maximum(spot * np.exp(growth) - 100.0, 0.0))

    value, (delta, vega, rho) = value_and_grad(price)(100.0, 0.2, 0.05)
    assert value == price(100.0, 0.2, 0.05)
    np.testing.assert_allclose([value, delta, vega, rho], [10.45, 0.6368, 37.52, 53.23], rtol=1e-2)


def test_the_global_generator_and_keywords():
    def f(scale):
        np.random.seed(1)
        return np.random.normal(scale=scale, size=4).sum() + np.random.uniform(high=scale)

    check_grads(f, 1.5)


def test_examples_share_the_bits():
    f = lambda s: np.random.default_rng(0).exponential(s)  # noqa: E731
    s = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(vmap(f)(s), [f(v) for v in s])
    np.testing.assert_array_equal(vmap(grad(f, argnums=0))(s), np.full(3, f(1.0)))


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("name", COUNTS)
def test_what_has_no_path_says_so(name, make):
    rest = COUNTS[name]
    draw = lambda x: np.sum(getattr(make(0), name)(*(x * np.asarray(v) for v in rest)))  # noqa: E731
    draw(1.0)
    with pytest.raises(MissingRuleError, match=rf"a draw by {name} has no derivative along its path .*`"):
        grad(draw)(1.0)


def test_a_covariance_needs_its_cholesky_factor():
    def draw(c, **method):
        return np.sum(np.random.default_rng(0).multivariate_normal(np.zeros(2), c * np.eye(2), **method))

    with pytest.raises(MissingRuleError, match=r'method="cholesky"'):
        grad(draw)(2.0)
    value, (g,) = value_and_grad(lambda c: draw(c, method="cholesky"))(2.0)
    assert value == draw(2.0, method="cholesky")
    np.testing.assert_allclose(g, value / 4)
    with pytest.raises(ValueError, match="scale < 0"):
        grad(lambda s: np.random.default_rng(0).normal(0.0, s))(-1.0)
