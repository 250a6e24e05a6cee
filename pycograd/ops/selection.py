"""Choosing between values: `where`.  The branch that is not chosen gets an exact zero."""

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, result_dtype

from .families import arrayed, batch_elementwise, watches


def where_shape(c, a, b):
    return Aval(np.broadcast_shapes(c.shape, a.shape, b.shape), result_dtype(a, b))


def keep_where(t, c):
    """`t` where `c`, and 0 elsewhere: chosen, not multiplied, so that nan and inf elsewhere do no harm."""
    return where_.call(c, t, 0.0)


def keep_where_not(t, c):
    return where_.call(c, 0.0, t)


where_ = Primitive(
    np.where,
    None,
    keep_where,
    keep_where_not,
    jvp=(None, keep_where, keep_where_not),
    operands="c a b",
    batch=batch_elementwise,
    shape=where_shape,
    name="where",
)


def np_where(condition, /, *branches):
    """`np.where`, with one or three arguments."""
    if not branches or not watches((condition, *branches)):
        return np.where(condition, *branches) if not watches((condition,)) else np.nonzero(condition)
    return where_.call(*map(arrayed, (condition, *branches)))


REGISTRY[np.where] = np_where
