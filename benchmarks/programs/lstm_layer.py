"""The LSTM of `lstm.py`, by the layer that a library has for it: one operation, if it has one."""

import numpy as np

from benchmarks.programs import lstm
from pycograd import nn

ARGNUMS = lstm.ARGNUMS


def f(wx, wh, b, xs, target):
    hs, _ = nn.lstm(xs, None, wx, wh, b)
    return np.sum((hs - target) ** 2)


def inputs():
    wx, wh, b, xs, target = lstm.inputs()
    return wx, wh, b, *[np.ascontiguousarray(a.swapaxes(0, 1)) for a in (xs, target)]


def by_hand(wx, wh, b, xs, target):
    return lstm.by_hand(wx, wh, b, xs.swapaxes(0, 1), target.swapaxes(0, 1))
