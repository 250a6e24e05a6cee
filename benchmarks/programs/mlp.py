"""An MLP 784-256-256-10 on a batch of 128 in float32, with cross entropy."""

import numpy as np

from benchmarks.programs.heads import cross_entropy

ARGNUMS = (0, 1, 2, 3, 4, 5)
RTOL = 1e-3  # float32
SIZES = (784, 256, 256, 10)


def f(w1, b1, w2, b2, w3, b3, x, labels):
    h1 = np.maximum(x @ w1 + b1, 0)
    h2 = np.maximum(h1 @ w2 + b2, 0)
    z = h2 @ w3 + b3
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(labels)), labels])


def inputs(batch=128):
    rng = np.random.default_rng(0)
    params = []
    for n, m in zip(SIZES, SIZES[1:]):
        params += [(rng.normal(size=(n, m)) * np.sqrt(2 / n)).astype("f4"), np.zeros(m, "f4")]
    return *params, rng.normal(size=(batch, SIZES[0])).astype("f4"), rng.integers(0, SIZES[-1], batch)


def by_hand(w1, b1, w2, b2, w3, b3, x, labels):
    h1 = np.maximum(x @ w1 + b1, 0)
    h2 = np.maximum(h1 @ w2 + b2, 0)
    value, g3 = cross_entropy(h2 @ w3 + b3, labels)
    g2 = (g3 @ w3.T) * (h2 > 0)
    g1 = (g2 @ w2.T) * (h1 > 0)
    return [value, x.T @ g1, g1.sum(0), h1.T @ g2, g2.sum(0), h2.T @ g3, g3.sum(0)]
