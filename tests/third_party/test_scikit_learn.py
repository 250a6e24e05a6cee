"""scikit-learn's own functions on watched values: through numpy's protocols, and woven."""

import numpy as np
import pytest
from third_party.differences import differences

from pycograd import errors, grad, hessian, unweave, weave

sklearn = pytest.importorskip("sklearn")
import sklearn.metrics as metrics  # noqa: E402
from sklearn._loss import HalfSquaredError  # noqa: E402
from sklearn.linear_model._linear_loss import LinearModelLoss  # noqa: E402
from sklearn.neural_network._base import binary_log_loss, squared_loss  # noqa: E402
from sklearn.preprocessing import PolynomialFeatures, StandardScaler  # noqa: E402
from sklearn.utils.extmath import softmax  # noqa: E402

rng = np.random.default_rng(0)
LABELS, MEASURED = np.array([0, 1, 1, 0, 1]), rng.normal(size=5)
P = np.array([0.2, 0.7, 0.6, 0.4, 0.9])
X = rng.normal(size=(5, 3))
SCALER, POLYNOMIAL = StandardScaler().fit(X), PolynomialFeatures(2).fit(X[:, :2])


def column(p):
    return p.reshape(-1, 1)


UNWOVEN = {
    "squared_loss": lambda p: squared_loss(column(MEASURED), column(p)),
    "binary_log_loss": lambda p: binary_log_loss(column(LABELS), column(p)),
}
WOVEN = UNWOVEN | {
    "log_loss": lambda p: metrics.log_loss(LABELS, p),
    "mean_squared_error": lambda p: metrics.mean_squared_error(MEASURED, p),
    "root_mean_squared_error": lambda p: metrics.root_mean_squared_error(MEASURED, p),
    "mean_absolute_error": lambda p: metrics.mean_absolute_error(MEASURED, p),
    "mean_squared_log_error": lambda p: metrics.mean_squared_log_error(abs(MEASURED), p),
    "mean_poisson_deviance": lambda p: metrics.mean_poisson_deviance(abs(MEASURED), p),
    "mean_gamma_deviance": lambda p: metrics.mean_gamma_deviance(abs(MEASURED), p),
    "mean_pinball_loss": lambda p: metrics.mean_pinball_loss(MEASURED, p, alpha=0.3),
    "r2_score": lambda p: metrics.r2_score(MEASURED, p),
    "explained_variance_score": lambda p: metrics.explained_variance_score(MEASURED, p),
    "brier_score_loss": lambda p: metrics.brier_score_loss(LABELS, p),
    "hinge_loss": lambda p: metrics.hinge_loss(LABELS, p - 0.45),
    "cosine_similarity": lambda p: metrics.pairwise.cosine_similarity(column(p).T, column(MEASURED).T)[0, 0],
    "rbf_kernel": lambda p: np.sum(metrics.pairwise.rbf_kernel(column(p), column(MEASURED))),
    "euclidean_distances": lambda p: np.sum(
        metrics.pairwise.euclidean_distances(column(p), column(MEASURED)) ** 2
    ),
    "softmax": lambda p: np.sum(softmax(column(p).T) * MEASURED),
    "a fitted scaler": lambda p: np.sum(SCALER.transform(p[None, :3]) ** 2),
}


@pytest.fixture
def opted_in():
    weave(sklearn)


@pytest.mark.parametrize("name", UNWOVEN)
def test_losses_through_the_protocols(name):
    f = UNWOVEN[name]
    np.testing.assert_allclose(grad(f)(P)[0], differences(f, P), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", WOVEN)
def test_functions_woven(name, opted_in):
    f = WOVEN[name]
    np.testing.assert_allclose(grad(f)(P)[0], differences(f, P), rtol=1e-5, atol=1e-6)


def test_curvature_of_a_loss(opted_in):
    H = hessian(WOVEN["log_loss"])(P)
    np.testing.assert_allclose(H, np.diag(np.where(LABELS, 1 / P**2, 1 / (1 - P) ** 2)) / 5)


def test_what_is_not_woven_says_how_to_weave_it():
    with pytest.raises(errors.ForeignCodeError) as caught:
        grad(WOVEN["log_loss"])(P)
    text = str(caught.value)
    assert (
        'fix: pycograd.weave("sklearn")' in text
        and "test_scikit_learn.py" in text
        and text.count("fix:") == 1
    )
    weave("sklearn")
    grad(WOVEN["log_loss"])(P)
    unweave("sklearn")
    with pytest.raises(errors.ForeignCodeError):
        grad(WOVEN["log_loss"])(P)


def test_compiled_losses_are_named(opted_in):
    loss = LinearModelLoss(base_loss=HalfSquaredError(), fit_intercept=False)
    with pytest.raises(errors.ForeignCodeError) as caught:
        grad(lambda w: loss.loss(w, X, MEASURED))(np.ones(3))
    text = str(caught.value)
    assert (
        "loss.loss is a library function" in text
        and 'fix: pycograd.blackbox(loss.loss, jac="3-point")' in text
    )
