"""Running sums, products and extrema, and reductions over segments.

`ufunc.accumulate` runs y[k] = f(y[k-1], x[k]), so with the slopes A = df/dy and B = df/dx, which the rules of `f` give,
its tangent runs the linear recurrence ty[k] = A[k] ty[k-1] + B[k] tx[k], and its cotangent the same backwards.  One
primitive, `recurrence`, whose rules are itself, thus differentiates every accumulation to any order, without dividing:
`cumprod` is exact with zeros.  Ties of a running maximum share the gradient equally.
"""

from functools import cache

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, aval_of, result_dtype, shape_of

from .families import all_batched, arrayed, axes_of, batch_axis, composite, linear, no_rule, rank, watches
from .indexing import getitem, put
from .ufuncs import ACCUMULATIONS, REDUCEATS, REDUCTIONS

BEFORE, AFTER, REVERSED = slice(None, -1), slice(1, None), slice(None, None, -1)


def at(axis, key):
    return (*(slice(None),) * axis, key)


def part(x, axis, key):
    """`x` at the slice `key` of one axis."""
    return getitem.call(x, key=at(axis, key))


def flipped(x, axis):
    return part(x, axis, REVERSED)


def placed(x, axis, key, n):
    """Zeros of length `n` along `axis`, with `x` at the slice `key`."""
    shape = shape_of(x)
    return put.call(x, shape=(*shape[:axis], n, *shape[axis + 1 :]), key=at(axis, key))


def delayed(x, axis):
    """`x` one step later along `axis`, a zero in front."""
    return placed(part(x, axis, BEFORE), axis, AFTER, shape_of(x)[axis])


def advanced(x, axis):
    """`x` one step earlier along `axis`, a zero behind."""
    return placed(part(x, axis, AFTER), axis, BEFORE, shape_of(x)[axis])


def first(shape, axis):
    """Whether an element comes first along `axis`, in a shape that broadcasts against `shape`."""
    return np.reshape(np.arange(shape[axis]) == 0, (-1, *(1,) * (len(shape) - axis - 1)))


def exclusive(x, axis):
    """For each element of `x` the product of those before it along `axis`."""
    return delayed(np.cumprod(x, axis=axis), axis) + first(shape_of(x), axis)


# ---- the linear recurrence -----------------------------------------------------------------------------------------
def recur(a, b, *, axis, reverse):
    """s[k] = b[k] + a[k] s[k-1] along `axis`; in reverse, its transpose in b, s[k] = b[k] + a[k+1] s[k+1].

    By doubling the step: log2(n) passes over whole arrays.
    """
    shape, dtype = np.broadcast_shapes(np.shape(a), np.shape(b)), np.result_type(a, b)
    a = np.moveaxis(np.broadcast_to(a, shape), axis, 0).astype(dtype)
    s = np.moveaxis(np.broadcast_to(b, shape), axis, 0).astype(dtype)
    if reverse:
        a, s = np.roll(a[::-1], 1, axis=0), s[::-1]
    a[:1], step = 0, 1
    while step < len(s):
        s[step:] += a[step:] * s[:-step]
        a[step:] = a[step:] * a[:-step]
        step *= 2
    return np.moveaxis(s[::-1] if reverse else s, 0, axis)


def recurrence_a(g, y, a, *, axis, reverse):
    pulled = recurrence.call(a, g, axis=axis, reverse=not reverse)
    return delayed(pulled, axis) * y if reverse else pulled * delayed(y, axis)


def recurrence_b(g, a, *, axis, reverse):
    return recurrence.call(a, g, axis=axis, reverse=not reverse)


def forward_a(t, y, a, *, axis, reverse):
    pushed = advanced(t * y, axis) if reverse else t * delayed(y, axis)
    return recurrence.call(a, pushed, axis=axis, reverse=reverse)


def forward_b(t, a, *, axis, reverse):
    return recurrence.call(a, t, axis=axis, reverse=reverse)


def batch_recurrence(prim, xs, batched, params):
    return prim.call(*all_batched(xs, batched), **{**params, "axis": params["axis"] + 1})


recurrence = Primitive(
    recur,
    recurrence_a,
    recurrence_b,
    jvp=(forward_a, forward_b),
    batch=batch_recurrence,
    shape=lambda a, b, **_: Aval(b.shape, result_dtype(a, b)),
    name="recurrence",
)


# ---- running sums --------------------------------------------------------------------------------------------------
def run_sum(x, *, axis, reverse):
    return flipped(np.cumsum(flipped(x, axis), axis), axis) if reverse else np.cumsum(x, axis)


def scan_shape(ufunc):
    def shape(x, **_):
        return Aval(x.shape, ufunc.accumulate(np.ones(1, x.dtype)).dtype)

    return shape


cumsum_ = linear(
    run_sum,
    lambda g, *, axis, reverse: cumsum_.call(g, axis=axis, reverse=not reverse),
    batch=batch_axis,
    shape=scan_shape(np.add),
    name="cumsum",
)


def running_sum(x, axis):
    return cumsum_.call(x, axis=axis, reverse=False)


# ---- every other ufunc ---------------------------------------------------------------------------------------------
def slopes(ufunc, x, y, axis):
    """dy[k]/dy[k-1] and dy[k]/dx[k] of the accumulation `y` of `x`: 0 and 1 in the first place."""
    before, here, after = part(y, axis, BEFORE), part(x, axis, AFTER), part(y, axis, AFTER)
    one = np.ones(shape_of(after), aval_of(y).dtype)
    a, b = [one * e.rule(one, *e.keep(i, after, (before, here))) for i, e in enumerate(REGISTRY[ufunc].jvp)]
    n = shape_of(x)[axis]
    return placed(a, axis, AFTER, n), placed(b, axis, AFTER, n) + first(shape_of(x), axis)


def shares(ufunc, x, y, axis):
    """`slopes` of a running extremum, which all that tie for it share equally."""
    same, hit, one = y == delayed(y, axis), x == y, np.ones((), aval_of(y).dtype)
    same, hit = same * one, hit * one
    n = np.maximum(recurrence.call(same, hit, axis=axis, reverse=False), 1)
    return same * delayed(n, axis) / n, hit / n


@cache
def accumulation(ufunc):
    """The primitive of `ufunc.accumulate` along one axis."""
    find = shares if ufunc in (np.maximum, np.minimum, np.fmax, np.fmin) else slopes

    def impl(x, *, axis):
        return ufunc.accumulate(x, axis)

    def vjp(g, x, y, *, axis):
        a, b = find(ufunc, x, y, axis)
        return b * recurrence.call(a, g, axis=axis, reverse=True)

    def jvp(t, x, y, *, axis):
        a, b = find(ufunc, x, y, axis)
        return recurrence.call(a, b * t, axis=axis, reverse=False)

    rules = ((vjp,), (jvp,)) if REGISTRY[ufunc].vjp else ((), ())
    name = {np.multiply: "cumprod"}.get(ufunc, f"{ufunc.__name__}.accumulate")
    return Primitive(
        impl, *rules[0], jvp=rules[1], operands="x", batch=batch_axis, shape=scan_shape(ufunc), name=name
    )


def running_ufunc(ufunc, x, axis):
    return running_sum(x, axis) if ufunc is np.add else accumulation(ufunc).call(x, axis=axis)


# ---- numpy's signatures --------------------------------------------------------------------------------------------
def accumulate(ufunc, array, axis=0, dtype=None, out=None):
    """`ufunc.accumulate`."""
    if out is not None:
        raise no_rule(ufunc, "out")
    x = arrayed(array)
    (axis,) = axes_of(axis, rank(x))
    return running_ufunc(ufunc, x if dtype is None else x.astype(dtype), axis)


def reduce_by_accumulating(
    ufunc, array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=True
):
    """`ufunc.reduce` for the ufuncs that have no reduction of their own: the last of each accumulation."""
    if out is not None:
        raise no_rule(ufunc, "out")
    x = arrayed(array)
    x = x if dtype is None else x.astype(dtype)
    if where is not True:
        raise no_rule(ufunc, "where")
    axes = axes_of(axis, rank(x))
    if len(axes) > 1:
        raise ValueError(
            f"reduction operation '{ufunc.__name__}' is not reorderable, so at most one axis may be specified"
        )
    shape = shape_of(x)
    for a in axes:
        start = np.full((*shape[:a], 1, *shape[a + 1 :]), 0 if initial is None else initial)
        x = x if initial is None else np.concatenate([start.astype(aval_of(x).dtype), x], a)
        x = part(running_ufunc(ufunc, x, a), a, slice(-1, None) if keepdims else -1)
    return x


def reduceat(ufunc, array, indices, axis=0, dtype=None, out=None):
    """`ufunc.reduceat`: one reduction for each segment."""
    if out is not None:
        raise no_rule(ufunc, "out")
    x, starts = arrayed(array), np.asarray(indices).tolist()
    (axis,) = axes_of(axis, rank(x))
    x = x if dtype is None else x.astype(dtype)
    n = shape_of(x)[axis]
    if any(not 0 <= i < n for i in starts):
        raise IndexError(f"index out-of-bounds in {ufunc.__name__}.reduceat [0, {n})")
    ends = [*starts[1:], n]
    pieces = [part(x, axis, slice(i, max(i + 1, j))) for i, j in zip(starts, ends, strict=True)]
    return np.concatenate([ufunc.reduce(p, axis=axis, keepdims=True) for p in pieces], axis)


def segments(starts, n):
    """The elements of the segments that begin at `starts`, one after the other, and the numbers of those segments."""
    ends = np.maximum([*starts[1:], n], starts + 1)
    sizes = ends - starts
    owner = np.repeat(np.arange(len(starts)), sizes)
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + starts[owner], owner


def add_segments_back(g, x_shape, *, axis, starts):
    element, owner = segments(np.array(starts), x_shape[axis])
    return put.call(getitem.call(g, key=at(axis, owner)), shape=x_shape, key=at(axis, element))


add_segments = linear(
    lambda x, *, axis, starts: np.add.reduceat(x, starts, axis),
    add_segments_back,
    batch=batch_axis,
    shape=lambda x, *, axis, starts: Aval((*x.shape[:axis], len(starts), *x.shape[axis + 1 :]), x.dtype),
    name="add.reduceat",
)


def add_reduceat(array, indices, axis=0, dtype=None, out=None):
    """`np.add.reduceat`."""
    if out is not None:
        raise no_rule(np.add, "out")
    x = arrayed(array)
    (axis,) = axes_of(axis, rank(x))
    x = x if dtype is None else x.astype(dtype)
    return add_segments.call(x, axis=axis, starts=tuple(np.asarray(indices).tolist()))


REDUCTIONS[None], ACCUMULATIONS[None], REDUCEATS[None] = reduce_by_accumulating, accumulate, reduceat
REDUCEATS[np.add] = add_reduceat


def running(func, ufunc):
    """Register `np.cumsum` or `np.cumprod`."""

    def run(a, axis=None, dtype=None, out=None):
        if not watches((a,)):
            return func(a, axis, dtype, out)
        if out is not None:
            raise no_rule(func, "out")
        a = arrayed(a)
        a = a if dtype is None else a.astype(dtype)
        if axis is None:
            return running_ufunc(ufunc, np.reshape(a, (-1,)), 0)
        return running_ufunc(ufunc, a, *axes_of(axis, rank(a)))

    run.__name__ = run.__qualname__ = func.__name__
    REGISTRY[func] = run
    return run


np_cumsum, np_cumprod = running(np.cumsum, np.add), running(np.cumprod, np.multiply)


def cumulative(func, ufunc):
    """Register `np.cumulative_sum` or `np.cumulative_prod`, which numpy has since 2.1."""

    def run(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
        x = arrayed(x)
        if axis is None:
            if rank(x) > 1:
                raise ValueError(
                    "For arrays which have more than one dimension ``axis`` argument is required."
                )
            axis = 0
        (axis,) = axes_of(axis, rank(x))
        y = running_ufunc(ufunc, x if dtype is None else x.astype(dtype), axis)
        if not include_initial:
            return y
        n = shape_of(y)[axis] + 1
        y = placed(y, axis, AFTER, n)
        return y if ufunc is np.add else y + first(shape_of(y), axis)

    run.__name__ = run.__qualname__ = func.__name__
    composite(func)(run)


if hasattr(np, "cumulative_sum"):
    cumulative(np.cumulative_sum, np.add)
    cumulative(np.cumulative_prod, np.multiply)
