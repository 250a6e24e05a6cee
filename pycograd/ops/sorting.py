"""Order: sort, partition, unique, and the positions they are made of.

A sorted array is its own elements, taken at the positions that a stable `argsort` gives: each gradient of a tie goes
to the element it came from.  Positions are plain to a tape; under vmap each example has its own.
"""

import numpy as np

from pycograd.core import Aval, Primitive, Traced, aval_of, shape_of, without_tape

from .families import all_batched, arrayed, axes_of, batch_axis, composite, no_rule, rank


def positions(impl, name):
    """The primitive of a function that finds positions along one axis."""

    def shape(x, **_):
        return Aval(x.shape, np.dtype(np.intp))

    return Primitive(impl, operands="x", batch=batch_axis, shape=shape, name=name)


argsort_ = positions(lambda x, *, axis, **how: np.argsort(x, axis, **how), "argsort")
argpartition_ = positions(lambda x, *, axis, kth: np.argpartition(x, kth, axis), "argpartition")


def partition_shape(x, **_):
    return Aval(x.shape, np.dtype(x.dtype))


partitioned = Primitive(
    lambda x, *, axis, kth: np.partition(x, kth, axis),
    operands="x",
    batch=batch_axis,
    shape=partition_shape,
    name="partition",
)


def one_axis(a, axis):
    """`a` and the number of the axis to work along; flattened if that is None."""
    a = arrayed(a)
    return (np.reshape(a, (-1,)), 0) if axis is None else (a, *axes_of(axis, rank(a)))


def how(func, kind, order, stable, descending):
    """The keywords of `np.argsort`; `descending` (numpy 2.5) goes with no `kind`."""
    if order is not None:
        raise no_rule(func, "order")
    if descending:
        return {"kind": kind, "stable": stable, "descending": True}
    return {"kind": "stable" if stable else kind}


@composite(np.argsort)
def argsort(a, axis=-1, kind=None, order=None, *, stable=None, descending=None):
    """`np.argsort`."""
    keywords = how(np.argsort, kind, order, stable, descending)
    a, axis = one_axis(a, axis)
    return argsort_.call(a, axis=axis, **keywords)


@composite(np.sort)
def sort(a, axis=-1, kind=None, order=None, *, stable=None, descending=None):
    """`np.sort`, a stable one by default."""
    keywords = how(np.sort, kind, order, stable or (True if kind is None else None), descending)
    a, axis = one_axis(a, axis)
    return np.take_along_axis(a, argsort_.call(a, axis=axis, **keywords), axis)


@composite(np.sort_complex)
def sort_complex(a):
    """`np.sort_complex`."""
    y = np.sort(arrayed(a))
    dtype = np.dtype(aval_of(y).dtype)
    return (
        y
        if dtype.kind == "c"
        else y.astype("F" if dtype.char in "bhBH" else "G" if dtype.char == "g" else "D")
    )


def plain_kth(kth):
    return tuple(np.atleast_1d(without_tape(kth)).tolist())


@composite(np.argpartition)
def argpartition(a, kth, axis=-1, kind="introselect", order=None):
    """`np.argpartition`."""
    if order is not None:
        raise no_rule(np.argpartition, "order")
    a, axis = one_axis(a, axis)
    return argpartition_.call(a, axis=axis, kth=plain_kth(kth))


@composite(np.partition)
def partition(a, kth, axis=-1, kind="introselect", order=None):
    """`np.partition`: which element went where is found by sorting both, as numpy does not say."""
    if order is not None:
        raise no_rule(np.partition, "order")
    a, axis = one_axis(a, axis)
    y = partitioned.call(a, axis=axis, kth=plain_kth(kth))
    before, after = (argsort_.call(v, axis=axis, kind="stable") for v in (a, y))
    rank_after = argsort_.call(after, axis=axis, kind="stable")
    return np.take_along_axis(a, np.take_along_axis(before, rank_after, axis), axis)


# ---- several keys --------------------------------------------------------------------------------------------------
lexsort_ = Primitive(
    lambda keys, *, axis: np.lexsort(keys, axis),
    operands="keys",
    batch=lambda prim, xs, batched, params: prim.call(np.moveaxis(xs[0], 0, 1), axis=params["axis"] + 1),
    shape=lambda keys, *, axis: Aval(keys.shape[1:], np.dtype(np.intp)),
    name="lexsort",
)


@composite(np.lexsort)
def lexsort(keys, axis=-1):
    """`np.lexsort`, of an array or a sequence of keys."""
    keys = np.stack([arrayed(k) for k in keys]) if isinstance(keys, (list, tuple)) else keys
    if rank(keys) == 1:
        keys = np.reshape(keys, (-1, 1))
        return lexsort_.call(keys, axis=0)[0]
    return lexsort_.call(keys, axis=axes_of(axis, rank(keys) - 1)[0])


# ---- places in a sorted array --------------------------------------------------------------------------------------
def batch_searchsorted(prim, xs, batched, params):
    """Each example its own sorted array: the places are those in a stable sort of both together."""
    a, v = xs
    if not batched[0]:
        return prim.call(a, v, **params)
    shape = shape_of(v) if batched[1] else (shape_of(a)[0], *shape_of(v))
    a, v = all_batched(xs, batched)
    v = np.reshape(v, (shape[0], -1))
    n, m = shape_of(a)[1], shape_of(v)[1]
    left = params["side"] == "left"
    both = np.concatenate([v, a] if left else [a, v], 1)
    place, own = (inverse(argsort_.call(x, axis=1, kind="stable")) for x in (both, v))
    return np.reshape((place[:, :m] if left else place[:, n:]) - own, shape)


def inverse(order):
    """The inverse of each permutation, along axis 1."""
    return argsort_.call(order, axis=1, kind="stable")


searchsorted_ = Primitive(
    lambda a, v, *, side: np.searchsorted(a, v, side),
    operands="a v",
    batch=batch_searchsorted,
    shape=lambda a, v, *, side: Aval(v.shape, np.dtype(np.intp)),
    name="searchsorted",
)


@composite(np.searchsorted)
def searchsorted(a, v, side="left", sorter=None):
    """`np.searchsorted`."""
    if side not in ("left", "right"):
        raise ValueError(f"search side must be one of 'left' or 'right' (got '{side}')")
    a = arrayed(a) if sorter is None else np.take(arrayed(a), sorter)
    return searchsorted_.call(
        *[x if isinstance(x, Traced) else np.asarray(x) for x in (a, arrayed(v))], side=side
    )


@composite(np.digitize)
def digitize(x, bins, right=False):
    """`np.digitize`, with bins that are the same for all examples."""
    bins, x = np.asarray(without_tape(bins)), arrayed(x)
    if np.dtype(aval_of(x).dtype).kind == "c":
        raise TypeError("x may not be complex")
    steps = np.diff(bins)
    side = "left" if right else "right"
    if (steps >= 0).all():
        return np.searchsorted(bins, x, side)
    if not (steps <= 0).all():
        raise ValueError("bins must be monotonically increasing or decreasing")
    return len(bins) - np.searchsorted(bins[::-1], x, side)


# ---- unique --------------------------------------------------------------------------------------------------------
def taken_from(values, a, axis=None, **params):
    """The plain unique `values` of `a`, as elements of `a`: of equal ones the first."""
    plain = without_tape(a)
    ordered, index = np.unique(plain, return_index=True, axis=axis, **params)
    if axis is not None:
        return np.take(a, index, axis)
    back = np.argsort(np.argsort(values, kind="stable"), kind="stable")  # numpy need not sort its values
    return np.reshape(a, (-1,))[index[back]]


@composite(np.unique)
def unique(
    ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True, **params
):
    """`np.unique`: the values keep their gradient, indices and counts are plain."""
    ar = arrayed(ar)
    found = np.unique(
        without_tape(ar), return_index, return_inverse, return_counts, axis, equal_nan=equal_nan, **params
    )
    if not (return_index or return_inverse or return_counts):
        return taken_from(found, ar, axis, equal_nan=equal_nan)
    return (taken_from(found[0], ar, axis, equal_nan=equal_nan), *found[1:])


def unique_with(func):
    """Register one of the functions of the array API standard, whose result is a named tuple."""

    def find(x):
        x = arrayed(x)
        found = func(without_tape(x))
        return found._replace(values=taken_from(found.values, x, equal_nan=False))

    find.__name__ = find.__qualname__ = func.__name__
    composite(func)(find)


for func in (np.unique_all, np.unique_counts, np.unique_inverse):
    unique_with(func)


@composite(np.unique_values)
def unique_values(x):
    """`np.unique_values`."""
    x = arrayed(x)
    return taken_from(np.unique_values(without_tape(x)), x, equal_nan=False)
