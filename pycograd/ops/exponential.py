"""Exponentials and logarithms."""

import math

import numpy as np

from .families import elementwise

LOG2, LOG10 = math.log(2), math.log(10)

exp = elementwise(np.exp, lambda t, y: t * y, math=math.exp)
exp2 = elementwise(np.exp2, lambda t, y: t * (y * LOG2), math=getattr(math, "exp2", None))
expm1 = elementwise(np.expm1, lambda t, y: t * (y + 1), math=math.expm1)
log = elementwise(np.log, lambda t, x: t / x, unbounded=True)
log2 = elementwise(np.log2, lambda t, x: t / (x * LOG2), math=math.log2, unbounded=True)
log10 = elementwise(np.log10, lambda t, x: t / (x * LOG10), math=math.log10, unbounded=True)
log1p = elementwise(np.log1p, lambda t, x: t / (1 + x), math=math.log1p, unbounded=True)


def weight(a, y):
    """exp(a - y), the share of `a` in a sum of exponentials with logarithm `y`; 0 where the sum is."""
    return np.exp(a - np.where(y == -np.inf, 0.0, y))


logaddexp = elementwise(
    np.logaddexp,
    lambda t, y, a: t * weight(a, y),
    lambda t, y, b: t * weight(b, y),
    unbounded=True,
)
logaddexp2 = elementwise(
    np.logaddexp2,
    lambda t, y, a: t * weight(a * LOG2, y * LOG2),
    lambda t, y, b: t * weight(b * LOG2, y * LOG2),
    unbounded=True,
)
