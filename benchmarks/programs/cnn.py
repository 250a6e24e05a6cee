"""A convolutional network on 32 images of 28 x 28: 8 and 16 channels, kernels of 3 x 3, pooling by 2; float32."""

import numpy as np

from benchmarks.programs.heads import cross_entropy
from pycograd import nn

ARGNUMS = (0, 1, 2, 3, 4, 5)
RTOL = 1e-3  # float32


def f(k1, b1, k2, b2, w, b, x, labels):
    h = nn.max_pool2d(nn.relu(nn.conv2d(x, k1, b1, pad=1)), 2)
    h = nn.max_pool2d(nn.relu(nn.conv2d(h, k2, b2, pad=1)), 2)
    return nn.cross_entropy(h.reshape(len(labels), -1) @ w + b, labels)


def inputs(batch=32, size=28):
    rng = np.random.default_rng(0)
    shapes = (8, 1, 3, 3), (8,), (16, 8, 3, 3), (16,), (size * size, 10), (10,)
    params = [(rng.normal(size=s) / 3).astype("f4") for s in shapes]
    return *params, rng.normal(size=(batch, 1, size, size)).astype("f4"), rng.integers(0, 10, batch)


# ---- by hand, channels first in memory: (channels, examples, height, width)
def windows(x):
    channels, n, height, width = x.shape
    padded = np.zeros((channels, n, height + 2, width + 2), x.dtype)
    padded[:, :, 1:-1, 1:-1] = x
    cols = np.empty((channels, 3, 3, n, height, width), x.dtype)
    for i in range(3):
        for j in range(3):
            cols[:, i, j] = padded[:, :, i : i + height, j : j + width]
    return cols.reshape(channels * 9, -1)


def from_windows(cols, channels, n, height, width):
    cols = cols.reshape(channels, 3, 3, n, height, width)
    padded = np.zeros((channels, n, height + 2, width + 2), cols.dtype)
    for i in range(3):
        for j in range(3):
            padded[:, :, i : i + height, j : j + width] += cols[:, i, j]
    return padded[:, :, 1:-1, 1:-1]


def layer(x, k, b):
    """Convolution, relu and pooling: the result, and what the way back needs."""
    cols = windows(x)
    y = k.reshape(len(k), -1) @ cols
    y += b[:, None]
    np.maximum(y, 0, out=y)
    y = y.reshape(len(k), *x.shape[1:])
    rows = np.maximum(y[:, :, ::2], y[:, :, 1::2])
    return np.maximum(rows[..., ::2], rows[..., 1::2]), (cols, y)


def back(g, pooled, cols, y):
    """The cotangents of the windows' product, of its kernels and of b; equal largest numbers share."""
    views = [np.s_[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]
    hits = [y[v] == pooled for v in views]
    g = g / (hits[0].astype("i1") + hits[1] + hits[2] + hits[3])
    of_y = np.empty_like(y)
    for v, hit in zip(views, hits):
        of_y[v] = g * hit
    of_y *= y > 0
    of_y = of_y.reshape(len(y), -1)
    return of_y, of_y @ cols.T, of_y.sum(1)


def by_hand(k1, b1, k2, b2, w, b, x, labels):
    h1, kept1 = layer(x.swapaxes(0, 1), k1, b1)
    h2, kept2 = layer(h1, k2, b2)
    flat = h2.swapaxes(0, 1).reshape(len(labels), -1)
    value, p = cross_entropy(flat @ w + b, labels)
    g = (p @ w.T).reshape(h2.shape[1], h2.shape[0], *h2.shape[2:]).swapaxes(0, 1)
    g2, of_k2, of_b2 = back(g, h2, *kept2)
    g1 = from_windows(k2.reshape(len(k2), -1).T @ g2, *h1.shape)
    _, of_k1, of_b1 = back(g1, h1, *kept1)
    return [value, of_k1.reshape(k1.shape), of_b1, of_k2.reshape(k2.shape), of_b2, flat.T @ p, p.sum(0)]
