"""`np.r_[v, w]` and `np.c_[v, w]`, which convert what they join to arrays before they call a function of numpy.

A watched value gives them a `Carrier`, an array of its shape and dtype without its numbers, that remembers the value;
the call of `np.concatenate` that follows comes to the carrier, by numpy's own protocol, and joins the values.
"""

import numpy as np

from pycograd.core import CONVERSIONS, Traced


class Carrier(np.ndarray):
    """An array that stands for a watched value, reshaped to its own shape, until numpy calls a function of it."""

    def __array_finalize__(self, obj):
        self.carried = getattr(obj, "carried", None)

    def __array_function__(self, func, types, args, params):
        if func is not np.concatenate:
            raise TypeError(f"{func.__name__} of the parts of np.r_")
        (arrays, *rest) = args
        return np.concatenate([unpacked(a) for a in arrays], *rest, **params)


def unpacked(a):
    if not isinstance(a, Carrier):
        return a
    value = np.reshape(a.carried, a.shape)
    return value.astype(a.dtype) if value.dtype != a.dtype else value


def carrier(x: Traced):
    """The array that stands for the watched value `x`."""
    array = np.zeros(x.shape, x.dtype).view(Carrier)
    array.carried = x
    return array


CONVERSIONS[type(np.r_).__getitem__.__code__] = carrier
