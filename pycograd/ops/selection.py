"""Choosing between values: `where` and what is made of it.  A branch that is not chosen gets an exact zero."""

from functools import reduce

import numpy as np

from pycograd.core import (
    PLAIN,
    REGISTRY,
    Aval,
    Primitive,
    Traced,
    Var,
    aval_of,
    dispatch,
    result_dtype,
    shape_of,
    value_of,
    where,
)
from pycograd.core.levels import clock
from pycograd.core.node import FIRST_PARENT, NOTHING, SAVED
from pycograd.core.tape import new_var
from pycograd.core.templates import aval_like

from .families import arrayed, axes_of, batch_elementwise, composite, no_rule, rank, watches
from .indexing import EACH, item, mask_error, plain, put


def where_shape(c, a, b):
    return Aval(np.broadcast_shapes(c.shape, a.shape, b.shape), result_dtype(a, b))


def keep_where(t, c):
    """`t` where `c`, and 0 elsewhere: chosen, not multiplied, so that nan and inf elsewhere do no harm."""
    return np.where(c, t, 0.0)


def keep_where_not(t, c):
    return np.where(c, 0.0, t)


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


# ---- the common case, written out as `core/templates.py` does for operations on one or two arrays ------------------
def pull_both(g, node):
    (c,) = node[SAVED]
    return (node[FIRST_PARENT], keep_where(g, c)), (node[FIRST_PARENT + 1], keep_where_not(g, c))


def pull_chosen(g, node):
    return ((node[FIRST_PARENT], keep_where(g, *node[SAVED])),)


def pull_other(g, node):
    return ((node[FIRST_PARENT], keep_where_not(g, *node[SAVED])),)


def where_call(c, a, b):
    """np.where of a plain condition and values on one tape; everything else is dispatched."""
    if type(c) in PLAIN:
        if type(a) is Var and type(a.value) in PLAIN:
            if type(b) is Var and a.level == b.level and type(b.value) in PLAIN:
                return chosen(c, a.value, b.value, a.level, pull_both, a.node, b.node)
            if type(b) in PLAIN:
                return chosen(c, a.value, b, a.level, pull_chosen, a.node)
        elif type(b) is Var and type(b.value) in PLAIN and type(a) in PLAIN:
            return chosen(c, a, b.value, b.level, pull_other, b.node)
    return dispatch(where_, c, a, b)


def chosen(c, a, b, level, pull, *parents):
    try:
        y = np.where(c, a, b)
    except ValueError:
        return dispatch(where_, c, a, b)  # which explains it
    return new_var(
        y, level, (next(clock), where_, pull, (c,), False, aval_like(y, parents[0]), NOTHING, *parents)
    )


where_.become(where_call)


def np_where(condition, /, *branches):
    """`np.where`, with one or three arguments."""
    if len(branches) == 2:
        a, b = branches
        if type(condition) in (list, tuple) or type(a) in (list, tuple) or type(b) in (list, tuple):
            condition, a, b = map(arrayed, (condition, a, b))
        return where_.call(condition, a, b)
    return np.where(condition, *branches) if branches else np.nonzero(condition)


REGISTRY[np.where] = np_where


# ---- reading at indices ---------------------------------------------------------------------------------------------
def in_range(indices, n, mode):
    """Integer `indices` into an axis of length `n`, in numpy's `mode`: "raise", "wrap" or "clip"."""
    if isinstance(indices, Traced) and mode == "raise":
        return indices
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    if not isinstance(indices, Traced):
        indices = np.asarray(indices)
        indices = indices.astype(np.intp, casting="same_kind") if indices.size else indices.astype(np.intp)
    return indices if mode == "raise" else indices % n if mode == "wrap" else np.clip(indices, 0, n - 1)


def np_take(a, indices, axis=None, out=None, mode="raise"):
    """`np.take`; also of a plain array at a watched index."""
    if out is not None:
        raise no_rule(np.take, "out")
    indices = plain(arrayed(indices))
    if not watches((a, indices)):
        return np.take(a, indices, axis=axis, mode=mode)
    a = arrayed(a) if watches((a,)) else np.asarray(a)
    if axis is None:
        a, axis = np.ravel(a), 0
    (axis,) = axes_of(axis, rank(a))
    return item(a, (*(EACH,) * axis, in_range(indices, shape_of(a)[axis], mode)))


def np_take_along_axis(arr, indices, axis=-1):
    """`np.take_along_axis`."""
    arr, indices = arrayed(arr), plain(arrayed(indices))
    if not watches((arr, indices)):
        return np.take_along_axis(arr, indices, axis=axis)
    indices = indices if isinstance(indices, Traced) else np.asarray(indices)
    if axis is None:
        if rank(indices) != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        arr, axis = np.ravel(arr), 0
    (axis,) = axes_of(axis, rank(arr))
    if indices.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if rank(indices) != rank(arr):
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    grid = np.ogrid[tuple(map(slice, shape_of(arr)))]
    return item(arr, (*grid[:axis], indices, *grid[axis + 1 :]))


REGISTRY[np.take] = np_take
REGISTRY[np.take_along_axis] = np_take_along_axis


# ---- choosing by conditions ----------------------------------------------------------------------------------------
@composite(np.select)
def select(condlist, choicelist, default=0):
    """`np.select`: the choice of the first condition that holds."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if not len(condlist):
        raise ValueError("select with an empty condition list is not possible")
    y = arrayed(default)
    for i in reversed(range(len(condlist))):
        condition = arrayed(condlist[i])
        if np.dtype(aval_of(condition).dtype) != bool:
            raise TypeError(f"invalid entry {i} in condlist: should be boolean ndarray")
        y = np.where(condition, arrayed(choicelist[i]), y)
    return y


@composite(np.choose)
def choose(a, choices, out=None, mode="raise"):
    """`np.choose`: element i is that of array `a[i]` among the `choices`, which broadcast together and with `a`."""
    if out is not None:
        raise no_rule(np.choose, "out")
    a, choices = plain(arrayed(a)), list(choices)
    known = value_of(a)
    if (
        mode == "raise"
        and not isinstance(known, Aval)
        and not np.all((np.less(known, len(choices)), np.less_equal(0, known)))
    ):
        raise ValueError("invalid entry in choice array")
    a = in_range(a, len(choices), mode)
    shape = np.broadcast_shapes(shape_of(a), *map(shape_of, choices))
    table = np.stack([np.broadcast_to(arrayed(c), shape) for c in choices])
    return item(table, (np.broadcast_to(a, shape), *np.ogrid[tuple(map(slice, shape))]))


@composite(np.compress)
def compress(condition, a, axis=None, out=None):
    """`np.compress`: the slices of `a` where the plain `condition` holds."""
    if out is not None:
        raise no_rule(np.compress, "out")
    condition = plain_mask(condition)
    if rank(condition) != 1:
        raise ValueError("condition must be a 1-d array")
    return np_take(a, np.nonzero(condition)[0], axis)


@composite(np.extract)
def extract(condition, arr):
    """`np.extract`: the elements of `arr` where the plain `condition` holds."""
    return np_take(np.ravel(arrayed(arr)), np.nonzero(np.ravel(plain_mask(condition)))[0], 0)


def plain_mask(condition):
    condition = plain(arrayed(condition))
    if isinstance(condition, Traced):
        raise mask_error(condition)
    return np.asarray(condition)


@composite(np.piecewise)
def piecewise(x, condlist, funclist, *args, **kw):
    """`np.piecewise`: each function is called on the elements that its condition selects.

    Under vmap, where conditions differ between examples, on all elements: there the functions must act elementwise.
    """
    x = arrayed(x)
    conditions, n = piecewise_conditions(x, condlist), len(funclist)
    if len(conditions) == n - 1:
        conditions.append(~reduce(np.logical_or, conditions))
    elif len(conditions) != n:
        k = len(conditions)
        raise ValueError(f"with {k} condition(s), either {k} or {k + 1} functions are expected")
    y = np.zeros(shape_of(x), x.dtype)
    for condition, func in zip(conditions, funclist):
        y = piece(y, x, condition, func, args, kw)
    return y


def piecewise_conditions(x, condlist):
    """The conditions as a list of boolean arrays; a single one may stand without its list."""
    if not isinstance(condlist, (list, tuple)) and (rank(condlist) == 0 or (rank(x) and rank(condlist) == 1)):
        condlist = [condlist]
    elif rank(x) and not isinstance(condlist[0], list) and rank(condlist[0]) == 0:
        condlist = [condlist]
    conditions = [plain(arrayed(c)) for c in condlist]
    return [c.astype(bool) if isinstance(c, Traced) else np.asarray(c, bool) for c in conditions]


def piece(y, x, condition, func, args, kw):
    """`y`, with `func` of the elements of `x` in its place where `condition`."""
    if not callable(func):
        return np.where(condition, func, y).astype(x.dtype)
    if isinstance(condition, Traced):
        new = func(x, *args, **kw)
        if isinstance(new, Traced) and shape_of(new) != shape_of(x):
            raise TypeError(
                f"a function of np.piecewise{where()} that is not elementwise, under vmap: use np.where"
            )
        return np.where(condition, new, y).astype(x.dtype)
    if not condition.any():
        return y
    chosen = item(x, condition)
    new = np.broadcast_to(func(chosen, *args, **kw), shape_of(chosen))
    return np.where(condition, put.call(new, shape=shape_of(x), key=condition), y).astype(x.dtype)
