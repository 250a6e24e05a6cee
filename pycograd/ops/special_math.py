"""`math.erf`, `erfc`, `gamma`, `lgamma`: values without scipy; only the slopes of the last two need its digamma."""

import math

import numpy as np

from pycograd.core.lazy import optional

from .families import elementwise

SLOPE_OF_ERF = 2 / math.sqrt(math.pi)


def digamma(x):
    """The slope of `lgamma`."""
    return optional("scipy.special", "scipy").digamma(x)


def of_numbers(func, rule):
    """Declare a function of `math` that numpy has not: many examples are computed one number after the other."""
    vectorised = np.vectorize(func, otypes=[float])
    vectorised.__name__ = vectorised.__qualname__ = func.__name__
    prim, on_arrays = elementwise(func, rule), elementwise(vectorised, rule, dtype=lambda d: float)
    prim.batch = lambda _, xs, batched, params: on_arrays.call(xs[0])
    return prim


erf = of_numbers(math.erf, lambda t, x: t * (SLOPE_OF_ERF * np.exp(-x * x)))
erfc = of_numbers(math.erfc, lambda t, x: t * (-SLOPE_OF_ERF * np.exp(-x * x)))
gamma = of_numbers(math.gamma, lambda t, y, x: t * (y * digamma(x)))
lgamma = of_numbers(math.lgamma, lambda t, x: t * digamma(x))
