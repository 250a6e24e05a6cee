"""emcee: the log-probability of its tutorial, its gradient, and a sampler that uses it."""

import numpy as np
import pytest
from third_party.differences import differences

from pycograd import grad, hessian, value_and_grad, vmap

emcee = pytest.importorskip("emcee")

rng = np.random.default_rng(0)
x = np.sort(10 * rng.random(30))
error = 0.1 + 0.5 * rng.random(30)
y = -0.96 * x + 4.3 + error * rng.normal(size=30)


def log_prior(theta):
    m, b, log_f = theta
    if -5.0 < m < 0.5 and 0.0 < b < 10.0 and -10.0 < log_f < 1.0:
        return 0.0
    return -np.inf


def log_likelihood(theta, x, y, error):
    m, b, log_f = theta
    model = m * x + b
    sigma2 = error**2 + model**2 * np.exp(2 * log_f)
    return -0.5 * np.sum((y - model) ** 2 / sigma2 + np.log(sigma2))


def log_probability(theta, x, y, error):
    lp = log_prior(theta)
    if not np.isfinite(lp):
        return -np.inf
    return lp + log_likelihood(theta, x, y, error)


THETA = np.array([-0.9, 4.0, -2.0])


def test_the_gradient_of_a_log_probability():
    f = lambda theta: log_probability(theta, x, y, error)
    np.testing.assert_allclose(grad(f)(THETA)[0], differences(f, THETA), rtol=1e-5)
    assert np.all(np.linalg.eigvalsh(hessian(log_likelihood)(THETA, x, y, error)[:2, :2]) < 0)
    each = vmap(grad(log_likelihood, argnums=0), in_axes=(0, None, None, None))(
        np.stack([THETA] * 4), x, y, error
    )
    np.testing.assert_allclose(each[2], grad(f)(THETA)[0])


def test_a_sampler_with_gradients():
    """Walkers of emcee, moved by Langevin proposals that use the gradient."""
    both = value_and_grad(log_probability, argnums=0)
    size = np.array([2e-4, 2e-3, 1e-2])

    class Langevin(emcee.moves.MHMove):
        def __init__(self):
            super().__init__(self.propose_all)

        def propose_all(self, points, random):
            ahead = points + size * np.array([both(p, x, y, error)[1] for p in points])
            new = ahead + np.sqrt(2 * size) * random.normal(size=points.shape)
            back = new + size * np.array([grad(log_likelihood, argnums=0)(p, x, y, error) for p in new])
            return new, np.sum((new - ahead) ** 2 - (points - back) ** 2, axis=1) / 4

    sampler = emcee.EnsembleSampler(8, 3, log_probability, moves=Langevin(), args=(x, y, error))
    sampler.run_mcmc(THETA + 1e-3 * rng.normal(size=(8, 3)), 20)
    assert 0.05 < np.mean(sampler.acceptance_fraction) <= 1.0
    assert np.all(np.isfinite(sampler.get_log_prob()))
