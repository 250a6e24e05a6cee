"""The marginal likelihood of a Gaussian process on 300 points, in three logarithmic hyperparameters."""

import numpy as np

ARGNUMS = (0,)
RTOL = 1e-6  # the condition of the covariance


def f(theta, squared_distance, y):
    scale, length, noise = np.exp(theta[0]), np.exp(theta[1]), np.exp(theta[2])
    k = scale * np.exp(-squared_distance / (2 * length**2)) + noise * np.eye(len(y))
    alpha = np.linalg.solve(k, y)
    return 0.5 * (y @ alpha) + np.sum(np.log(np.diag(np.linalg.cholesky(k))))


def inputs(n=300):
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 10, n))
    return np.array([0.1, -0.2, -2.0]), (x[:, None] - x) ** 2, np.sin(x) + 0.3 * rng.normal(size=n)


def by_hand(theta, squared_distance, y):
    scale, length, noise = np.exp(theta)
    smooth = scale * np.exp(-squared_distance / (2 * length**2))
    k = smooth + noise * np.eye(len(y))
    inverse = np.linalg.inv(k)
    alpha = inverse @ y
    value = 0.5 * (y @ alpha) + np.sum(np.log(np.diag(np.linalg.cholesky(k))))
    g = 0.5 * (inverse - alpha[:, None] * alpha)
    gs = g * smooth
    return [value, np.array([gs.sum(), np.vdot(gs, squared_distance) / length**2, noise * np.trace(g)])]
