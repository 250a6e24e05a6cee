"""Joining arrays: concatenate and stack, linear in all their operands together, and what numpy makes of them."""

from itertools import accumulate

import numpy as np

from pycograd.core import Aval, Primitive, ShapeError, Traced, shape_of, where, without_tape

from .families import all_batched, arrayed, axes_of, composite, no_rule, rank, watches


def joined_dtype(avals):
    """What numpy promotes the dtypes of joined arrays to: a Python scalar counts as the array that it becomes."""
    return np.result_type(*[np.dtype(a.dtype) for a in avals])


def joined_shape(*avals, axis, bounds):
    shape = avals[0].shape
    return Aval((*shape[:axis], bounds[-1], *shape[axis + 1 :]), joined_dtype(avals))


def batch_joined(prim, xs, batched, params):
    return prim.call(*all_batched(xs, batched), **{**params, "axis": params["axis"] + 1})


# `bounds` are where the pieces begin along the axis, and where the last one ends: so no rule has to add up n sizes.
concatenate_ = Primitive(
    lambda *xs, axis, bounds: np.concatenate(xs, axis),
    lambda g, i, *, axis, bounds: g[(slice(None),) * axis + (slice(bounds[i], bounds[i + 1]),)],
    linear="joint",
    operands="*xs",
    batch=batch_joined,
    shape=joined_shape,
    name="concatenate",
)


def stack_up(*xs, axis):
    return np.array(xs) if not any(map(shape_of, xs)) else np.stack(xs, axis)


stack_ = Primitive(
    stack_up,
    lambda g, i, *, axis: g[(slice(None),) * axis + (i,)],
    linear="joint",
    operands="*xs",
    batch=batch_joined,
    shape=lambda *avals, axis: Aval(
        (*avals[0].shape[:axis], len(avals), *avals[0].shape[axis:]), joined_dtype(avals)
    ),
    name="stack",
)


def pieces(arrays):
    """The arrays to join, each an array; a watched array is the sequence of its parts along axis 0."""
    if isinstance(arrays, Traced):
        return list(arrays)
    return [array_of(a) for a in arrays]


def array_of(a):
    """`a`, watched or an array; lists may hold watched values."""
    return a if isinstance(a, (Traced, np.ndarray)) else np.asarray(a) if not watches((a,)) else arrayed(a)


def cast(arrays, dtype, casting):
    """`arrays` as `dtype`, if that is given and `casting` allows it."""
    if dtype is None:
        return arrays
    for a in arrays:
        if not np.can_cast(a.dtype, dtype, casting):
            raise TypeError(
                f"Cannot cast array data from {a.dtype!r} to {np.dtype(dtype)!r} according to the rule '{casting}'"
            )
    return [a.astype(dtype) for a in arrays]


@composite(np.concatenate)
def concatenate(arrays, /, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """`np.concatenate`."""
    if out is not None:
        raise no_rule(np.concatenate, "out")
    xs = cast(pieces(arrays), dtype, casting)
    if axis is None:
        xs, axis = [np.ravel(x) for x in xs], 0
    shapes = [x.shape for x in xs]
    if () in shapes:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    (axis,) = axes_of(axis, len(shapes[0]))
    rest = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    if len(rest) > 1:
        text = " and ".join(map(str, dict.fromkeys(shapes)))
        raise ShapeError(f"concatenate: incompatible shapes {text} along axis {axis}{where()}")
    bounds = (0, *accumulate([shape[axis] for shape in shapes]))
    return concatenate_.call(*xs, axis=axis, bounds=bounds)


@composite(np.stack)
def stack(arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """`np.stack`."""
    if out is not None:
        raise no_rule(np.stack, "out")
    if isinstance(arrays, Traced) and dtype is None and rank(arrays):
        return np.moveaxis(arrays, 0, axis)
    xs = cast(pieces(arrays), dtype, casting)
    if len({x.shape for x in xs}) > 1:
        raise ValueError("all input arrays must have the same shape")
    (axis,) = axes_of(axis, rank(xs[0]) + 1)
    return stack_.call(*xs, axis=axis)


# ---- in numpy's other ways -----------------------------------------------------------------------------------------
def joiner(func, prepare, axis):
    """Register `func`, which concatenates its prepared arrays along axis(first array)."""

    def join(tup, *, dtype=None, casting="same_kind"):
        xs = [prepare(a) for a in pieces(tup)]
        return np.concatenate(xs, axis(xs[0]), dtype=dtype, casting=casting)

    join.__name__ = join.__qualname__ = func.__name__
    return composite(func)(join)


def as_column(a):
    return a if rank(a) > 1 else np.transpose(np.atleast_2d(a))


joiner(np.vstack, np.atleast_2d, lambda first: 0)
joiner(np.hstack, np.atleast_1d, lambda first: 0 if rank(first) == 1 else 1)
joiner(np.dstack, np.atleast_3d, lambda first: 2)
column_stack = composite(np.column_stack)(lambda tup: np.concatenate([as_column(a) for a in pieces(tup)], 1))


@composite(np.append)
def append(arr, values, axis=None):
    """`np.append`."""
    if axis is None:
        arr, values, axis = np.ravel(arrayed(arr)), np.ravel(arrayed(values)), 0
    return np.concatenate((arr, values), axis)


@composite(np.block)
def block(arrays):
    """`np.block`: nested lists of blocks, the innermost joined along the last axis."""
    depth = depth_of(arrays)
    n = max(depth, highest_rank(arrays))
    return joined_blocks(arrays, depth, n)


def depth_of(arrays):
    """How deep the lists of `arrays` are nested."""
    if isinstance(arrays, tuple):
        raise TypeError("arrays is a tuple. Only lists can be used to arrange blocks")
    if not isinstance(arrays, list):
        return 0
    depths = {depth_of(a) for a in arrays}
    if len(depths) != 1:
        raise ValueError("List depths are mismatched or a list is empty in the argument of np.block")
    return 1 + depths.pop()


def highest_rank(arrays):
    return max(map(highest_rank, arrays)) if isinstance(arrays, list) else rank(arrays)


def joined_blocks(arrays, depth, n):
    if not isinstance(arrays, list):
        return np.reshape(arrays, (1,) * (n - rank(arrays)) + shape_of(arrays))
    return np.concatenate([joined_blocks(a, depth - 1, n) for a in arrays], -depth)


# ---- editing -------------------------------------------------------------------------------------------------------
def along(axis, key):
    """The key of `key` along `axis`."""
    return (slice(None),) * axis + (key,)


@composite(np.delete)
def delete(arr, obj, axis=None):
    """`np.delete`."""
    arr = array_of(arr)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    (axis,) = axes_of(axis, rank(arr))
    return arr[along(axis, np.delete(np.arange(shape_of(arr)[axis]), without_tape(obj)))]


@composite(np.insert)
def insert(arr, obj, values, axis=None):
    """`np.insert`: the values behind the array, and then all in order."""
    arr, values, obj = array_of(arr), array_of(values), without_tape(obj)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    (axis,) = axes_of(axis, arr.ndim)
    n = arr.shape[axis]
    single, count = insertions(obj, n)
    values = np.reshape(values, (1,) * (arr.ndim - rank(values)) + shape_of(values))
    if single and not np.ndim(obj) and not isinstance(obj, slice):
        values = np.moveaxis(values, 0, axis)
    if single:
        count = shape_of(values)[axis]
    values = np.broadcast_to(values, (*arr.shape[:axis], count, *arr.shape[axis + 1 :])).astype(arr.dtype)
    order = np.insert(np.arange(n), obj, np.arange(n, n + count))
    return np.concatenate((arr, values), axis)[along(axis, order)]


def insertions(obj, n):
    """Whether `obj` is a single place among `n`, and how many places it is."""
    if isinstance(obj, slice):
        count = len(range(*obj.indices(n)))
    else:
        obj = np.asarray(obj)
        count = int(np.count_nonzero(obj)) if obj.dtype == bool else obj.size
    return count == 1, count
