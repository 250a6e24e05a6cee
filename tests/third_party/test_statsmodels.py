"""statsmodels: likelihoods in classes, as its users write them, and its own; scores and Hessians for its fits."""

import warnings

import numpy as np
import pytest
from third_party.differences import differences

from pycograd import errors, grad, hessian, jacobian

sm = pytest.importorskip("statsmodels.api")
from scipy.special import gammaln, log_ndtr  # noqa: E402
from statsmodels.base.model import GenericLikelihoodModel  # noqa: E402

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(60), rng.normal(size=(60, 2))])
BINARY = (rng.random(60) < 1 / (1 + np.exp(-X @ [0.2, 1.0, -0.5]))).astype(float)
COUNTS = rng.poisson(np.exp(X @ [0.5, 0.3, -0.2])).astype(float)
B3, B4 = np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.3, -0.5])


class Probit(GenericLikelihoodModel):
    def loglike(self, params):
        q = 2 * self.endog - 1
        return log_ndtr(q * np.dot(self.exog, params)).sum()


class NegativeBinomial(GenericLikelihoodModel):
    def nloglikeobs(self, params):
        mu, alpha = np.exp(self.exog @ params[:-1]), np.exp(params[-1])
        r, y = 1 / alpha, self.endog
        terms = gammaln(y + r) - gammaln(r) - gammaln(y + 1)
        return -(terms + r * np.log(r / (r + mu)) + y * np.log(mu / (r + mu)))


class WithScore(Probit):
    def score(self, params):
        return grad(self.loglike, argnums=0)(params)

    def hessian(self, params):
        return hessian(self.loglike)(params)


def test_likelihoods_in_classes():
    probit, counts = Probit(BINARY, X), NegativeBinomial(COUNTS, X)
    np.testing.assert_allclose(grad(probit.loglike)(B3)[0], differences(probit.loglike, B3), rtol=1e-5)
    np.testing.assert_allclose(
        grad(counts.loglike)(B4)[0], differences(counts.loglike, B4), rtol=1e-5, atol=1e-5
    )
    scores = jacobian(counts.nloglikeobs)(B4)
    assert scores.shape == (60, 4)
    np.testing.assert_allclose(-scores.sum(0), grad(counts.loglike)(B4)[0])


@pytest.mark.parametrize(
    "kind, y, at",
    [
        ("Logit", BINARY, B3),
        ("Probit", BINARY, B3),
        ("Poisson", COUNTS, B3),
        ("NegativeBinomial", COUNTS, np.abs(B4)),
    ],
)
def test_its_own_likelihoods_agree_with_its_own_scores(kind, y, at):
    model = getattr(sm, kind)(y, X)
    np.testing.assert_allclose(grad(model.loglike)(at)[0], model.score(at), rtol=1e-6, atol=1e-6)
    if kind != "NegativeBinomial":
        np.testing.assert_allclose(hessian(model.loglike)(at), model.hessian(at), rtol=1e-6, atol=1e-6)


def test_generalised_linear_models():
    for family in (sm.families.Poisson(), sm.families.Gaussian(), sm.families.Gamma(sm.families.links.Log())):
        model = sm.GLM(COUNTS + 0.5, X, family=family)
        found = grad(model.loglike)(B3)[0]  # which weaves the package of the method
        np.testing.assert_allclose(found, differences(model.loglike, B3), rtol=1e-5, atol=1e-5)


def test_a_fit_that_uses_the_score_and_the_hessian():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of statsmodels' own, about degrees of freedom
        exact = WithScore(BINARY, X).fit(start_params=np.zeros(3), method="newton", disp=0)
        plain = sm.Probit(BINARY, X).fit(disp=0)
    np.testing.assert_allclose(exact.params, plain.params, rtol=1e-6)
    np.testing.assert_allclose(exact.bse, plain.bse, rtol=1e-4)


def test_compiled_filters_are_named():
    model = sm.tsa.SARIMAX(COUNTS, order=(1, 0, 0))
    with pytest.raises(errors.ForeignCodeError, match="fix: pycograd.blackbox"):
        grad(model.loglike)(np.array([0.5, 1.0]))
