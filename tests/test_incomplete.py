"""The slopes of the incomplete gamma and beta functions in their shapes are as right as they say."""

import numpy as np
import pytest

from pycograd import elementwise_grad, grad

special = pytest.importorskip("scipy.special")
stats = pytest.importorskip("scipy.stats")
SHAPES = np.array([0.01, 0.5, 1.0, 3.0, 19.9, 20.1, 300.0, 1e4])
RATIOS = np.array([0.01, 0.3, 0.9, 1.0, 1.1, 2.0, 4.0])


def test_the_slope_of_gammainc_obeys_the_recurrence():
    """P(a, x) - P(a + 1, x) = x**a exp(-x) / gamma(a + 1): DLMF 8.8.5."""
    a, ratio = (v.ravel() for v in np.meshgrid(SHAPES, RATIOS))
    x = a * ratio
    slope = elementwise_grad(special.gammainc)
    left = slope(a, x) - slope(a + 1, x)
    right = np.exp(a * np.log(x) - x - special.gammaln(a + 1)) * (np.log(x) - special.digamma(a + 1))
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12)


def test_the_slope_of_betainc_is_that_of_the_mirrored_function():
    """I(a, b, x) = 1 - I(b, a, 1 - x): DLMF 8.17.4."""
    a, b = (v.ravel() for v in np.meshgrid(SHAPES[:7], SHAPES[:7]))
    x = np.clip(a / (a + b), 0.02, 0.98)
    in_a = elementwise_grad(special.betainc)(a, b, x)
    in_b = elementwise_grad(lambda b, a, x: special.betainc(a, b, x))(a, b, 1 - x)
    np.testing.assert_allclose(in_a, -in_b, rtol=1e-9, atol=1e-12)


def test_closed_forms():
    x = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(
        elementwise_grad(lambda a: special.betainc(a, 1.0, x))(np.full(3, 1.7)),
        x**1.7 * np.log(x),
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        elementwise_grad(lambda b: special.betainc(1.0, b, x))(np.full(3, 0.4)),
        -((1 - x) ** 0.4) * np.log1p(-x),
        rtol=1e-12,
    )


@pytest.mark.parametrize(
    "name, at",
    [("gamma", (1.3, 2.5)), ("beta", (0.3, 1.4, 2.2)), ("t", (0.7, 3.5)), ("chi2", (1.3, 4.2)), ("f", (1.3, 4.2, 3.1)),
     ("nbinom", (3, 5, 0.4)), ("invgamma", (0.6, 2.5)), ("chi", (1.1, 2.2))],
)  # fmt: skip
def test_distributions_in_their_shapes(name, at):
    cdf = getattr(stats, name).cdf
    which = len(at) - 1
    step = np.eye(len(at))[which] * 1e-5
    found = grad(lambda *shapes: cdf(at[0], *shapes), which - 1)(*at[1:])
    found = found[0] if isinstance(found, tuple) else found
    witness = (cdf(*(at + step)) - cdf(*(at - step))) / 2e-5
    np.testing.assert_allclose(found, witness, rtol=1e-6)
