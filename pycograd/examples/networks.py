"""Networks as functions of a flat dict of parameters: they read an image row by row, and a text letter by letter."""

import numpy as np

from pycograd import nn


def matrix(rng, rows, columns):
    """Normal weights, scaled by the square root of their inputs."""
    return rng.normal(size=(rows, columns)) / np.sqrt(rows)


def rows_of(x):
    """Images of 64 pixels, (n, 64), as sequences of 8 rows, (n, 8, 8)."""
    return x.reshape(len(x), 8, 8)


def classify(logits):
    """The mean cross entropy (params, x, y, *more) of `logits`, and its accuracy (params, x, y)."""

    def loss(params, x, y, *more):
        return nn.cross_entropy(logits(params, x, *more), y)

    def accuracy(params, x, y):
        return nn.accuracy(logits(params, x), y)

    return loss, accuracy


# ---- LayerNorm and Dropout -----------------------------------------------------------------------------------------
def init_normalized(rng, hidden=64):
    """Parameters of a perceptron of 64 inputs and 10 classes with a normalization in the middle."""
    return {
        "w1": matrix(rng, 64, hidden), "scale": np.ones(hidden), "shift": np.zeros(hidden),
        "w2": matrix(rng, hidden, 10), "b2": np.zeros(10),
    }  # fmt: skip


def normalized(p, x, key=None):
    """Logits (n, 10); with a `key` a fifth of the hidden units is dropped, as in training."""
    hidden = nn.gelu(nn.layer_norm(x @ p["w1"], p["scale"], p["shift"]))
    return nn.dropout(hidden, 0.2, training=key is not None, key=key) @ p["w2"] + p["b2"]


# ---- a transformer block -------------------------------------------------------------------------------------------
def init_block(rng, size, inputs, outputs, length):
    """Parameters of one block of width `size` between an embedding of `inputs` and a read-out to `outputs`."""
    return {
        "embed": matrix(rng, inputs, size), "place": 0.1 * rng.normal(size=(length, size)),
        "scale1": np.ones(size), "shift1": np.zeros(size), "scale2": np.ones(size), "shift2": np.zeros(size),
        "q": matrix(rng, size, size), "k": matrix(rng, size, size), "v": matrix(rng, size, size),
        "o": matrix(rng, size, size), "up": matrix(rng, size, 4 * size), "down": matrix(rng, 4 * size, size),
        "out": matrix(rng, size, outputs), "bias": np.zeros(outputs),
    }  # fmt: skip


def block(p, x, mask=None):
    """Attention and a perceptron, each normalized before and bridged."""
    h = nn.layer_norm(x, p["scale1"], p["shift1"])
    x = x + nn.multi_head_attention(h @ p["q"], h @ p["k"], h @ p["v"], 4, mask) @ p["o"]
    return x + nn.gelu(nn.layer_norm(x, p["scale2"], p["shift2"]) @ p["up"]) @ p["down"]


def transformer(p, x):
    """Logits (n, 10): the rows of the image look at each other, and their mean is read out."""
    return np.mean(block(p, rows_of(x) @ p["embed"] + p["place"]), axis=1) @ p["out"] + p["bias"]


def gpt(p, x):
    """Logits (n, time, letters) for the letter after each of `x`, (n, time): nobody looks ahead."""
    time = x.shape[1]
    h = block(p, nn.embedding(p["embed"], x) + p["place"][:time], np.tril(np.ones((time, time))))
    return h @ p["out"] + p["bias"]


# ---- recurrent networks --------------------------------------------------------------------------------------------
def init_recurrent(rng, gates, hidden=32):
    """Parameters of a recurrent network over rows of 8 pixels, with `gates` gates."""
    return {
        "wx": matrix(rng, 8, gates * hidden), "wh": matrix(rng, hidden, gates * hidden),
        "bx": np.zeros(gates * hidden), "out": matrix(rng, hidden, 10), "bias": np.zeros(10),
    }  # fmt: skip


def gru(p, x):
    """Logits (n, 10) from the state after the last row."""
    return nn.gru(rows_of(x), None, p["wx"], p["wh"], p["bx"])[1] @ p["out"] + p["bias"]


def lstm(p, x):
    """Logits (n, 10) from the output after the last row."""
    return nn.lstm(rows_of(x), None, p["wx"], p["wh"], p["bx"])[1][0] @ p["out"] + p["bias"]


def init_rwkv(rng, size=32):
    """Parameters of a layer of RWKV over rows of 8 pixels."""
    return {
        "embed": matrix(rng, 8, size),
        "mix_k": np.full(size, 0.5), "mix_v": np.full(size, 0.5), "mix_r": np.full(size, 0.5),
        "key": matrix(rng, size, size), "value": matrix(rng, size, size), "receptance": matrix(rng, size, size),
        "log_decay": np.linspace(-3.0, 1.0, size), "bonus": np.zeros(size), "output": matrix(rng, size, size),
        "up": matrix(rng, size, 2 * size), "down": matrix(rng, 2 * size, size),
        "out": matrix(rng, size, 10), "bias": np.zeros(10),
    }  # fmt: skip


def rwkv(p, x):
    """Logits (n, 10) from the mean over the rows."""
    h = rows_of(x) @ p["embed"]
    h = h + nn.rwkv_time_mixing(h, p)[0]
    h = h + nn.relu(h @ p["up"]) ** 2 @ p["down"]
    return np.mean(h, axis=1) @ p["out"] + p["bias"]
