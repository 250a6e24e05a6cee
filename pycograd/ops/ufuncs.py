"""ufuncs called in numpy's other ways: with keywords, and by their methods `reduce`, `accumulate`, `outer`, ..."""

from functools import partial

import numpy as np

from pycograd.core import REGISTRY, UFUNC_METHODS, Traced, handle, written

from . import generalised
from .families import no_rule, watches
from .generalised import operands
from .writing import accumulate_at, deliver, outside, plain_key


def call(ufunc, *args, where=True, **params):
    """`ufunc(*args)` with keywords; where `where` is false the result is 0, as numpy leaves it undefined."""
    if not watches((*args, where, *params.values())):
        written((*args[ufunc.nin :], params.get("out")))
        return ufunc(*args, where=where, **params) if where is not True else ufunc(*args, **params)
    if ufunc.signature:
        return generalised.call(ufunc, *args, **params)
    out = params.pop("out", None)
    out = out if type(out) is tuple else (out,)
    args, out = args[: ufunc.nin], args[ufunc.nin :] or out
    if any(o is not None for o in out):
        if len(out) > 1:
            raise no_rule(ufunc, "out")
        return deliver(call(ufunc, *args, **params), out[0], where)
    y = REGISTRY[ufunc](*operands(ufunc, args, **params))
    return y if where is True else np.where(where, y, 0)


def reduce(ufunc, array, axis=0, dtype=None, out=None, keepdims=False, **params):
    """`ufunc.reduce`, by the function that numpy has for it."""
    if not watches((array, out, *params.values())):
        return ufunc.reduce(array, axis, dtype, written(out), keepdims, **params)
    params = {k: v for k, v in params.items() if v is not np._NoValue}
    return method(REDUCTIONS, ufunc)(array, axis=axis, dtype=dtype, out=out, keepdims=keepdims, **params)


def accumulate(ufunc, array, axis=0, dtype=None, out=None):
    """`ufunc.accumulate`, by the function that numpy has for it."""
    if not watches((array, out)):
        return ufunc.accumulate(array, axis, dtype, written(out))
    return method(ACCUMULATIONS, ufunc)(array, axis=axis, dtype=dtype, out=out)


def reduceat(ufunc, array, indices, axis=0, dtype=None, out=None):
    """`ufunc.reduceat`: the reduction of each segment."""
    if not watches((array, indices, out)):
        return ufunc.reduceat(array, indices, axis, dtype, written(out))
    return method(REDUCEATS, ufunc)(array, indices, axis=axis, dtype=dtype, out=out)


def outer(ufunc, a, b, **params):
    """`ufunc.outer`: every pair of elements."""
    a = np.reshape(a, (*np.shape(a), *(1,) * np.ndim(b)))
    return ufunc(a, b, **params)


def at(ufunc, a, indices, *b):
    """`ufunc.at`: in place, an index that is named twice counts twice."""
    if isinstance(a, Traced):
        a = handle(a)
    elif watches((a, indices, *b)):
        a = outside(a, f"np.{ufunc.__name__}.at", b)
    else:
        return ufunc.at(written(a), indices, *b)
    if ufunc is np.add:
        return accumulate_at(a, indices, b[0])
    if ufunc is np.subtract:
        return accumulate_at(a, indices, np.negative(b[0]))
    places = np.reshape(np.arange(a.size), a.shape)[plain_key(indices)]
    if np.unique(places).size < places.size:
        raise no_rule(ufunc, "at")  # one after the other
    a[indices] = ufunc(a[indices], *b)
    return None


def method(table, ufunc):
    """What `table` has for `ufunc`, or what it has for any, under None."""
    return table[ufunc] if ufunc in table else partial(table[None], ufunc)


REDUCTIONS, ACCUMULATIONS, REDUCEATS = {}, {}, {}
UFUNC_METHODS.update(
    __call__=call, reduce=reduce, accumulate=accumulate, outer=outer, reduceat=reduceat, at=at
)
