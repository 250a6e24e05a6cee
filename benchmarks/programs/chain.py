"""A chain of 1000 operations on arrays of 4: sin, exp, mul, add. What an operation costs."""

import numpy as np

ARGNUMS = (0,)
OPS_PER_BLOCK = 4


def f(x, a, blocks):
    for _ in range(blocks):
        s = np.sin(x)
        e = np.exp(s)
        m = e * a
        x = x + m
    return np.sum(x)


def inputs(blocks=250):
    # x flows along a * exp(sin(x)), whose derivative neither vanishes nor explodes, however long the chain
    return np.linspace(0.1, 1.0, 4), np.array([1e-3, -1e-3, 2e-3, -2e-3]), blocks


def by_hand(x, a, blocks):
    xs, es = [], []
    for _ in range(blocks):
        e = np.exp(np.sin(x))
        xs.append(x)
        es.append(e)
        x = x + e * a
    value = np.sum(x)
    g = np.ones(4)
    for x, e in zip(reversed(xs), reversed(es)):
        g = g + g * a * e * np.cos(x)
    return [value, g]
