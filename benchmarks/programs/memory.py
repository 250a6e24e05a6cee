"""Chains of 100 operations on arrays of 1 MiB: what the tape keeps."""

import numpy as np

ARGNUMS = (0,)
OPS = 100


def sums(x, a):
    for _ in range(OPS // 2):
        x = x + a
        x = x - a
    return np.sum(x)


def mixed(x, a):
    for _ in range(OPS // 4):
        x = np.tanh(x)
        x = x * a
        x = np.exp(x)
        x = x - a
    return np.sum(x)


def inputs():
    return np.full(2**17, 0.5), np.full(2**17, 0.25)
