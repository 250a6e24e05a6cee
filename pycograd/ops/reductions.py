"""Sums, products and extrema over axes; running sums and products; any and all.

Ties of `max` and `min` share the gradient equally.  `prod` and `cumprod` are exact with zeros.
"""

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, result_dtype

from .families import arrayed, axes_of, batch_axes, expand, linear, no_rule, watches
from .ufuncs import REDUCTIONS


def reduced_shape(aval, *, axis=None, keepdims=False, **_):
    """The shape that a reduction over `axis` leaves."""
    axes = axes_of(axis, len(aval.shape))
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(aval.shape))
    return tuple(n for i, n in enumerate(aval.shape) if i not in axes)


def shape_like(func):
    """The shape rule of the reduction `func`: its dtype is what numpy says for one element."""

    def shape(aval, **params):
        return Aval(reduced_shape(aval, **params), func(np.ones(1, aval.dtype)).dtype)

    return shape


def add_up(x, *, axis=None, keepdims=False):
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


sum_ = linear(
    add_up,
    lambda g, x_shape, *, axis=None, keepdims=False: np.broadcast_to(expand(g, x_shape, axis, keepdims), x_shape),
    batch=batch_axes,
    shape=shape_like(np.sum),
    name="sum",
)
NO = np._NoValue


def reduction(func, prim, identity):
    """Register `func` with numpy's whole signature around `prim`, whose params are axis and keepdims."""
    combine = {np.sum: np.add, np.prod: np.multiply, np.max: np.maximum, np.min: np.minimum}[func]

    def reduce(a, axis=None, dtype=None, out=None, keepdims=False, initial=NO, where=True):
        if out is not None:
            raise no_rule(func, "out")
        if not watches((a, initial)):
            return func(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)
        a = arrayed(a)
        a = a if dtype is None else a.astype(dtype)
        a = a if where is True else np.where(where, a, identity if initial is NO else initial)
        y = prim.call(a, axis=axis, keepdims=bool(keepdims) if keepdims is not NO else False)
        return y if initial is NO else combine(y, initial)

    reduce.__name__ = func.__name__
    REGISTRY[func] = REDUCTIONS[combine] = reduce
    return reduce


np_sum = reduction(np.sum, sum_, 0)
