"""The MLP of `mlp.py`, by the layers that a library has for it."""

from benchmarks.programs import mlp
from pycograd import nn

ARGNUMS, RTOL = mlp.ARGNUMS, mlp.RTOL
inputs, by_hand = mlp.inputs, mlp.by_hand


def f(w1, b1, w2, b2, w3, b3, x, labels):
    h1 = nn.relu(x @ w1 + b1)
    h2 = nn.relu(h1 @ w2 + b2)
    return nn.cross_entropy(h2 @ w3 + b3, labels)
