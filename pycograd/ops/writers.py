"""numpy's functions and methods that write into their argument: `copyto`, `put`, `place`, `sort()`,
`fill()`, ... as stores.
"""

import numpy as np

from pycograd.core import REGISTRY, Buffer, Traced, handle, registered, shape_of, where, without_tape, written

from .families import arrayed, watches
from .indexing import plain
from .movement import np_reshape
from .writing import deliver, is_number, outside, store_item


def writer(func):
    """Decorator: ours for `func`, whose first argument is written: a handle, or a plain array if all else is
    plain too.
    """

    def register(ours):
        def write(a, *args, **params):
            if not isinstance(a, Traced):
                outside(a, f"np.{func.__name__}", [*args, *params.values()])
                plain_args = [without_tape(v) for v in args]
                return func(a, *plain_args, **{k: without_tape(v) for k, v in params.items()})
            return ours(handle(a), *args, **params)

        REGISTRY[func] = write
        return ours

    return register


@registered(np.copyto)
def copyto(dst, src, casting="same_kind", where=True):
    """`np.copyto`."""
    if watches((dst, src, where)):
        deliver(arrayed(src), dst, where, casting)
    else:
        np.copyto(written(dst), src, casting, where)


@writer(np.put)
def put(a, ind, v, mode="raise"):
    """`np.put`: at flat indices, the values as often as it takes."""
    ind = np.ravel(plain(arrayed(ind)))
    if mode != "raise":
        ind = np.clip(ind, 0, a.size - 1) if mode == "clip" else ind % a.size
    v = np.ravel(arrayed(v) if isinstance(v, (list, tuple, Traced)) else np.asarray(v))
    if ind.size:
        store_flat(a, ind, v[np.arange(ind.size) % v.size])


@writer(np.place)
def place(arr, mask, vals):
    """`np.place`: where the mask holds, the values one after the other."""
    where_true = np.flatnonzero(without_tape(mask))
    put(arr, where_true, vals)


@writer(np.putmask)
def putmask(a, mask, values):
    """`np.putmask`: where the mask holds, the values at the same places."""
    where_true = np.flatnonzero(without_tape(mask))
    values = np.ravel(arrayed(values) if isinstance(values, (list, tuple, Traced)) else np.asarray(values))
    if where_true.size:
        store_flat(a, where_true, values[where_true % values.size])


@writer(np.put_along_axis)
def put_along_axis(arr, indices, values, axis):
    """`np.put_along_axis`."""
    indices = plain(arrayed(indices))
    if axis is None:
        store_flat(arr, np.ravel(indices), values)
        return
    axis = np.lib.array_utils.normalize_axis_index(axis, arr.ndim)
    shape = shape_of(arr)
    key = [
        np.reshape(np.arange(n), tuple(n if j == i else 1 for j in range(len(shape))))
        for i, n in enumerate(shape)
    ]
    key[axis] = indices
    store_item(arr, tuple(key), values)


@writer(np.fill_diagonal)
def fill_diagonal(a, val, wrap=False):
    """`np.fill_diagonal`."""
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    shape = shape_of(a)
    if a.ndim > 2 and len(set(shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    step = shape[1] + 1 if a.ndim == 2 else 1 + int(np.cumprod(shape[:-1]).sum())
    end = None if wrap or a.ndim > 2 else shape[1] * shape[1]
    places = np.arange(a.size)[:end:step]
    val = np.ravel(arrayed(val) if isinstance(val, (list, tuple, Traced)) else np.asarray(val))
    store_flat(a, places, val[np.arange(places.size) % shape_of(val)[0]])


def store_flat(a, places, v):
    """Store `v` at the flat indices `places`."""
    store_item(a, np.unravel_index(places, shape_of(a)), v)


# ---- methods -------------------------------------------------------------------------------------------------------
def to_write(self, name):
    if is_number(self):
        raise AttributeError(f"'numpy.float64' object has no attribute '{name}'")
    return handle(self)


def fill(self, value):
    """`ndarray.fill`."""
    store_item(to_write(self, "fill"), ..., value)


def sort(self, axis=-1, kind=None, order=None, *, stable=None):
    """`ndarray.sort`: in place."""
    store_item(to_write(self, "sort"), ..., np.sort(self, axis=axis, kind=kind))


def partition(self, kth, axis=-1, kind="introselect", order=None):
    """`ndarray.partition`: in place."""
    store_item(to_write(self, "partition"), ..., np.partition(self, kth, axis=axis))


def put_method(self, indices, values, mode="raise"):
    """`ndarray.put`."""
    put(to_write(self, "put"), indices, values, mode)


def itemset(self, *args):
    """`ndarray.itemset`, of older numpy."""
    raise AttributeError(f"itemset{where()}: use x[index] = value")


class Flat:
    """`x.flat`: the elements in order, to read and to write."""

    def __init__(self, x):
        self.x = x

    def __len__(self):
        return self.x.size

    def __iter__(self):
        flat = np_reshape(self.x, (-1,))
        return (flat[i] for i in range(self.x.size))

    def __getitem__(self, key):
        return np_reshape(self.x, (-1,))[plain(key)]

    def __setitem__(self, key, value):
        places = np.arange(self.x.size)[plain(key)]
        store_item(self.x, np.unravel_index(places, shape_of(self.x)), value)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(np_reshape(self.x, (-1,)), dtype)


def flat(x):
    """`x.flat`: a view where numpy makes one, which is a watched vector; else an iterator that writes through."""
    y = np_reshape(x, (-1,))
    shares = (
        type(y) is Buffer and y.storage is x.storage if issubclass(type(x), Buffer) else hasattr(y, "link")
    )
    return y if shares else Flat(x)


Traced.fill, Traced.sort, Traced.partition, Traced.put = fill, sort, partition, put_method
Traced.flat = property(flat, lambda self, value: store_item(self, ..., np.reshape(value, shape_of(self))))
