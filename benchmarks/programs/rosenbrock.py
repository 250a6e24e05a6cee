"""A Hessian-vector product of Rosenbrock's function in 10,000 dimensions."""

import numpy as np

ARGNUMS = (0,)


def f(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def inputs(n=10_000):
    rng = np.random.default_rng(0)
    return rng.normal(size=n), rng.normal(size=n)


def by_hand(x, v):
    head, tail = x[:-1], x[1:]
    out = np.zeros_like(x)
    out[:-1] += (1200.0 * head * head - 400.0 * tail + 2.0) * v[:-1] - 400.0 * head * v[1:]
    out[1:] += 200.0 * v[1:] - 400.0 * head * v[:-1]
    return [out]
