"""An LSTM over 100 steps, batch 16, 32 inputs, 64 hidden, in numpy text: the gradient of a loss of all its states."""

import numpy as np

ARGNUMS = (0, 1, 2)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def f(wx, wh, b, xs, target):
    size = wh.shape[0]
    h = c = np.zeros((xs.shape[1], size))
    loss = 0.0
    for x, y in zip(xs, target):
        z = x @ wx + h @ wh + b
        i, f = sigmoid(z[:, :size]), sigmoid(z[:, size : 2 * size])
        g, o = np.tanh(z[:, 2 * size : 3 * size]), sigmoid(z[:, 3 * size :])
        c = f * c + i * g
        h = o * np.tanh(c)
        loss = loss + np.sum((h - y) ** 2)
    return loss


def inputs(steps=100, batch=16, features=32, hidden=64):
    rng = np.random.default_rng(0)
    wx, wh = rng.normal(size=(features, 4 * hidden)) / 6, rng.normal(size=(hidden, 4 * hidden)) / 8
    xs, target = rng.normal(size=(steps, batch, features)), rng.normal(size=(steps, batch, hidden))
    return wx, wh, np.zeros(4 * hidden), xs, target


def by_hand(wx, wh, b, xs, target):
    size = wh.shape[0]
    h = c = np.zeros((xs.shape[1], size))
    value, kept = 0.0, []
    for x, y in zip(xs, target):
        z = x @ wx + h @ wh + b
        i, f = sigmoid(z[:, :size]), sigmoid(z[:, size : 2 * size])
        g, o = np.tanh(z[:, 2 * size : 3 * size]), sigmoid(z[:, 3 * size :])
        old, before = c, h
        c = f * c + i * g
        t = np.tanh(c)
        h = o * t
        error = h - y
        value += np.sum(error**2)
        kept.append((x, before, old, i, f, g, o, t, error))
    of_wx, of_wh, of_b = np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(b)
    of_h = of_c = 0.0
    of_z = np.empty_like(z)
    for x, before, old, i, f, g, o, t, error in reversed(kept):
        of_h = of_h + 2 * error
        of_c = of_c + of_h * o * (1 - t * t)
        of_z[:, :size] = of_c * g * i * (1 - i)
        of_z[:, size : 2 * size] = of_c * old * f * (1 - f)
        of_z[:, 2 * size : 3 * size] = of_c * i * (1 - g * g)
        of_z[:, 3 * size :] = of_h * t * o * (1 - o)
        of_wx += x.T @ of_z
        of_wh += before.T @ of_z
        of_b += of_z.sum(0)
        of_h = of_z @ wh.T
        of_c = of_c * f
    return [value, of_wx, of_wh, of_b]
