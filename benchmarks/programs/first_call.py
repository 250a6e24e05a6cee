"""In a fresh process: how long pycograd takes to import beyond numpy, and a first gradient of 10 lines.

Run as a script, it prints both, in seconds.
"""

import time

import numpy as np

start = time.perf_counter()
import pycograd  # noqa: E402

imported = time.perf_counter() - start


def loss(w, x, y):
    h = np.tanh(x @ w)
    total = 0.0
    for i in range(3):
        row = h[i] * y
        if row.shape[0] > 1:
            row = row - np.mean(row)
        total = total + np.sum(row**2)
    scale = np.exp(-total)
    return total + scale


w, x, y = np.ones((4, 5)), np.ones((3, 4)), np.arange(5.0)
start = time.perf_counter()
pycograd.value_and_grad(loss)(w, x, y)
print(imported, time.perf_counter() - start)
