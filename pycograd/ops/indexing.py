"""Reading at an index: every kind of key that numpy takes, and its transpose, adding at an index.

The static key is a parameter.  An index that an interpreter watches (it differs between the examples of vmap, or is being
captured) is an operand instead: `gather`.  The index of a value on a tape is its plain number, an index has no gradient.
"""

from types import EllipsisType

import numpy as np

from pycograd.core import Aval, Primitive, Traced, aval_of, shape_of, value_of

from .families import all_batched, linear, rank

BASIC = (int, slice, EllipsisType, type(None), np.integer)


def is_basic(key):
    """Whether `key` selects a view, each element at most once."""
    if isinstance(key, tuple):
        return all(isinstance(k, BASIC) and not isinstance(k, bool) for k in key)
    return isinstance(key, BASIC) and not isinstance(key, bool)


def add_at(buffer, g, *, key):
    """buffer[key] += g, with repeated indices added up."""
    if is_basic(key) or getattr(key, "dtype", None) == bool:
        buffer[key] += g
    else:
        np.add.at(buffer, key, g)


def scatter(g, *, shape, key):
    buffer = np.zeros(shape, np.result_type(g))
    add_at(buffer, g, key=key)
    return buffer


def arrays_in(key):
    return [k for k in (key if isinstance(key, tuple) else (key,)) if not isinstance(k, BASIC) or isinstance(k, bool)]


def separated(key):
    """How many axes numpy puts in front because a slice stands between the advanced indices of `key`; 0 if none does."""
    if not isinstance(key, tuple) or not arrays_in(key):
        return 0
    advanced = [i for i, k in enumerate(key) if not isinstance(k, (slice, EllipsisType, type(None)))]
    if advanced[-1] - advanced[0] + 1 == len(advanced):
        return 0
    return np.broadcast(*[np.nonzero(k)[0] if getattr(k, "dtype", None) == bool else k for k in arrays_in(key)]).ndim


def example_key(key):
    return (slice(None), *(key if isinstance(key, tuple) else (key,)))


def batch_getitem(prim, xs, batched, params):
    key = params["key"]
    y = prim.call(xs[0], key=example_key(key))
    front = separated(key)
    return np.moveaxis(y, front, 0) if front else y


def batch_put(prim, xs, batched, params):
    key, front = params["key"], separated(params["key"])
    g = np.moveaxis(xs[0], 0, front) if front else xs[0]
    return prim.call(g, shape=(shape_of(xs[0])[0], *params["shape"]), key=example_key(key))


getitem = linear(
    lambda x, *, key: x[key],
    lambda g, x_shape, *, key: put(g, shape=x_shape, key=key),
    batch=batch_getitem,
    shape=lambda x, *, key: Aval(np.broadcast_to(np.int8(0), x.shape)[key].shape, x.dtype),
    into=add_at,
    name="getitem",
)
put = linear(
    scatter,
    lambda g, *, shape, key: g[key],
    batch=batch_put,
    shape=lambda g, *, shape, key: Aval(shape, g.dtype),
    name="put",
)


def item(x, key):
    """`x[key]` of a watched value."""
    if is_basic(key):
        return getitem.call(x, key=key)
    return getitem.call(x, key=plain_key(key))


def plain_key(key):
    """`key` with lists as arrays, and with the plain numbers of watched indices."""
    if isinstance(key, tuple):
        return tuple([plain_key(k) for k in key])
    if isinstance(key, Traced):
        return plain_key(key.value)
    return np.asarray(key) if isinstance(key, list) else key


Traced.__getitem__ = item
