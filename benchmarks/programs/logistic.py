"""Logistic regression: its Hessian in 50 dimensions, and a whole fit of 10,000 x 100 by L-BFGS."""

import numpy as np

ARGNUMS = (0,)


def f(w, x, y):
    return np.mean(np.log1p(np.exp(-y * (x @ w)))) + 1e-3 * np.sum(w * w)


def inputs(n=500, d=50):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, d))
    y = np.where(x @ rng.normal(size=d) + rng.normal(size=n) > 0, 1.0, -1.0)
    return 0.1 * rng.normal(size=d), x, y


def hessian_by_hand(w, x, y):
    p = 1 / (1 + np.exp(-y * (x @ w)))
    return [(x.T * (p * (1 - p) / len(y))) @ x + 2e-3 * np.eye(len(w))]


def value_and_grad_by_hand(w, x, y):
    e = np.exp(-y * (x @ w))
    value = np.mean(np.log1p(e)) + 1e-3 * np.sum(w * w)
    return value, x.T @ (-y * (e / (1 + e)) / len(y)) + 2e-3 * w
