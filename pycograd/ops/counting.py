"""Reductions whose results no tape watches: `any`, `all`, counts, and the indices of extrema."""

import numpy as np

from pycograd.core import Aval, Primitive, shape_of

from .families import arrayed, axes_of, composite, no_rule, rank
from .reductions import NO, batch_axes, reduced_shape
from .ufuncs import REDUCTIONS


def constant_reduction(impl, name, dtype):
    def shape(x, **params):
        return Aval(reduced_shape(x, **params), np.dtype(dtype))

    return Primitive(impl, operands="x", batch=batch_axes, shape=shape, name=name)


# ---- logic ---------------------------------------------------------------------------------------------------------
def logical(func, ufunc, identity):
    """Register `np.any` or `np.all`."""

    def impl(x, *, axis, keepdims):
        return ufunc.reduce(x, axis, bool, None, keepdims)

    prim = constant_reduction(impl, func.__name__, bool)

    def reduce(a, axis=None, out=None, keepdims=False, *, where=True):
        if out is not None:
            raise no_rule(func, "out")
        a = arrayed(a)
        if where is not True and where is not NO:
            a = np.where(np.broadcast_to(where, shape_of(a)), a, identity)
        return prim.call(a, axis=axis, keepdims=keepdims is not NO and bool(keepdims))

    def reduce_ufunc(array, axis=None, dtype=None, out=None, keepdims=False, where=True, initial=identity):
        if initial is not identity:
            raise no_rule(ufunc, "initial")
        return reduce(array, axis, out, keepdims, where=where)

    reduce.__name__ = reduce.__qualname__ = func.__name__
    composite(func)(reduce)
    REDUCTIONS[ufunc] = reduce_ufunc


logical(np.any, np.logical_or, False)
logical(np.all, np.logical_and, True)


@composite(np.count_nonzero)
def count_nonzero(a, axis=None, *, keepdims=False):
    """`np.count_nonzero`."""
    a = arrayed(a)
    return np.sum(a != 0, axis=axis, keepdims=keepdims, dtype=np.intp)


# ---- the indices of extrema ----------------------------------------------------------------------------------------
def batch_index(prim, xs, batched, params):
    """Flatten each example if there is no axis."""
    x, axis, keepdims = xs[0], params["axis"], params["keepdims"]
    shape = shape_of(x)
    if axis is not None:
        return prim.call(x, axis=axis + 1, keepdims=keepdims)
    y = prim.call(np.reshape(x, (shape[0], -1)), axis=1, keepdims=False)
    return np.reshape(y, (shape[0], *(1,) * (len(shape) - 1))) if keepdims else y


def index_of_extremum(func):
    """Register `np.argmax` or its like."""
    prim = Primitive(
        lambda x, *, axis, keepdims: func(x, axis=axis, keepdims=keepdims),
        operands="x",
        batch=batch_index,
        shape=lambda x, **params: Aval(reduced_shape(x, **params), np.dtype(np.intp)),
        name=func.__name__,
    )

    def find(a, axis=None, out=None, *, keepdims=False):
        if out is not None:
            raise no_rule(func, "out")
        a = arrayed(a)
        axis = None if axis is None else axes_of(axis, rank(a))[0]
        return prim.call(a, axis=axis, keepdims=keepdims is not NO and bool(keepdims))

    find.__name__ = find.__qualname__ = func.__name__
    composite(func)(find)


for func in (np.argmax, np.argmin, np.nanargmax, np.nanargmin):
    index_of_extremum(func)
