"""The Jacobian of two tanh layers, 100 to 100."""

import numpy as np

ARGNUMS = (0,)


def f(x, w1, w2):
    return np.tanh(w2 @ np.tanh(w1 @ x))


def inputs(n=100):
    rng = np.random.default_rng(0)
    return rng.normal(size=n), rng.normal(size=(n, n)) / 10, rng.normal(size=(n, n)) / 10


def by_hand(x, w1, w2):
    h = np.tanh(w1 @ x)
    y = np.tanh(w2 @ h)
    return [((1 - y * y)[:, None] * w2 * (1 - h * h)) @ w1]
