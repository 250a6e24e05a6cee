"""The Jacobian of a tanh layer, 100 to 100."""

import numpy as np

ARGNUMS = (0,)


def f(x, w):
    return np.tanh(w @ x)


def inputs(n=100):
    rng = np.random.default_rng(0)
    return rng.normal(size=n), rng.normal(size=(n, n)) / 10


def by_hand(x, w):
    y = np.tanh(w @ x)
    return [(1 - y * y)[:, None] * w]
