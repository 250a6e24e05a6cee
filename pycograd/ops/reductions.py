"""Reductions over axes: sums, means, products, extrema.

A tie of `max` or `min` shares the gradient equally, the subgradient of least norm.  The slope of `prod` is the
product of the other elements, found by running products from both sides: exact with zeros, in any order.
"""

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, Traced, aval_of, shape_of

from .families import arrayed, axes_of, expand, linear, no_rule, rank, watches
from .scans import exclusive, flipped
from .ufuncs import REDUCTIONS

NO = np._NoValue


def axes_over(axis, ndim):
    """The axes of a reduction; numpy lets a number be reduced over its axis 0 or -1, which it does not have."""
    return () if not ndim and axis in (0, -1) else axes_of(axis, ndim)


def batch_axes(prim, xs, batched, params):
    """A reduction leaves the batch axis alone."""
    axes = axes_over(params.get("axis"), rank(xs[0]) - 1)
    return prim.call(xs[0], **{**params, "axis": tuple([a + 1 for a in axes])})


def reduced_shape(aval, *, axis=None, keepdims=False, **_):
    """The shape that a reduction over `axis` leaves."""
    axes = axes_over(axis, len(aval.shape))
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(aval.shape))
    return tuple(n for i, n in enumerate(aval.shape) if i not in axes)


def shape_like(func):
    """The shape rule of the reduction `func`: its dtype is what numpy says for one element."""

    def shape(aval, **params):
        return Aval(reduced_shape(aval, **params), func(np.ones(1, aval.dtype)).dtype)

    return shape


def spread(g, shape, axis, keepdims):
    """`g`, left by a reduction over `axis`, stretched to `shape` again: a view, without numpy's general machinery."""
    if type(g) is np.float64:
        return np.ndarray(shape, np.float64, g, 0, (0,) * len(shape))
    if type(g) is not np.ndarray or not g.size or not g.flags.c_contiguous:
        return np.broadcast_to(expand(g, shape, axis, keepdims), shape)
    if type(axis) is int and not keepdims:
        at = axis % len(shape)
        return np.ndarray(shape, g.dtype, g, 0, (*g.strides[:at], 0, *g.strides[at:]))
    axes = axes_over(axis, len(shape))
    kept = iter([] if axis is None else g.strides)
    strides = tuple(
        [(keepdims and next(kept, 0)) * 0 if i in axes else next(kept) for i in range(len(shape))]
    )
    view = np.ndarray(shape, g.dtype, g, 0, strides)
    view.flags.writeable = False
    return view


def against(y, x, axis, keepdims):
    """`y`, left by a reduction of `x`, in a shape that broadcasts against `x`; a number does as it is."""
    return y if axis is None else expand(y, shape_of(x), axis, keepdims)


def count(shape, axis):
    """How many elements a reduction of `shape` over `axis` puts together; 1 where there are none."""
    n = 1
    for i in axes_over(axis, len(shape)):
        n *= shape[i]
    return n or 1


# ---- sums and means ------------------------------------------------------------------------------------------------
def add_up(x, *, axis=None, keepdims=False):
    return np.add.reduce(x, axis, None, None, keepdims)  # by position: half the time of by keyword


def sum_back(g, x_shape, *, axis=None, keepdims=False):
    return spread(g, x_shape, axis, keepdims)


sum_ = linear(add_up, sum_back, batch=batch_axes, shape=shape_like(np.sum), name="sum")


def average_out(x, *, axis=None, keepdims=False):
    if type(x) is not np.ndarray or x.dtype.char not in "dfDF" or not x.size:
        return np.mean(x, axis=axis, keepdims=keepdims)
    total = np.add.reduce(x, axis, None, None, keepdims)
    return total / (x.size // total.size)


def mean_back(g, x_shape, *, axis=None, keepdims=False):
    return spread(g / count(x_shape, axis), x_shape, axis, keepdims)


mean_ = linear(average_out, mean_back, batch=batch_axes, shape=shape_like(np.mean), name="mean")


# ---- products ------------------------------------------------------------------------------------------------------
def multiply_up(x, *, axis=None, keepdims=False):
    return np.multiply.reduce(x, axis, None, None, keepdims)


def lanes(x, axis):
    """`x` with the axes `axis` flattened into one, the last."""
    shape, axes = shape_of(x), axes_over(axis, rank(x))
    kept = [i for i in range(len(shape)) if i not in axes]
    n = int(np.prod([shape[i] for i in axes], dtype=int))
    return np.reshape(np.transpose(x, (*kept, *axes)), (*[shape[i] for i in kept], n))


def from_lanes(y, shape, axis):
    """The inverse of `lanes`: `y` in the places of the elements of an array of `shape`."""
    axes = axes_over(axis, len(shape))
    order = (*[i for i in range(len(shape)) if i not in axes], *axes)
    return np.transpose(np.reshape(y, tuple([shape[i] for i in order])), tuple(np.argsort(order).tolist()))


def others(x, axis):
    """For each element of `x` the product of the others along `axis`."""
    flat = lanes(x, axis)
    last = rank(flat) - 1
    right = flipped(exclusive(flipped(flat, last), last), last)
    return from_lanes(exclusive(flat, last) * right, shape_of(x), axis)


def prod_back(g, x, *, axis=None, keepdims=False):
    return against(g, x, axis, keepdims) * others(x, axis)


def prod_forward(t, x, *, axis=None, keepdims=False):
    return np.sum(t * others(x, axis), axis=axis, keepdims=keepdims)


prod_ = Primitive(
    multiply_up, prod_back, jvp=(prod_forward,), batch=batch_axes, shape=shape_like(np.prod), name="prod"
)


# ---- extrema -------------------------------------------------------------------------------------------------------
def ties(x, y, axis, keepdims):
    """Where `x` is the extremum, and how many share it."""
    hit, dtype = x == against(y, x, axis, keepdims), aval_of(y).dtype
    if type(hit) is np.ndarray:
        return hit, np.maximum(np.add.reduce(hit, axis, dtype, None, keepdims), 1)
    return hit, np.maximum(np.sum(hit, axis=axis, keepdims=keepdims, dtype=dtype), 1)


def extremum(ufunc, name):
    """The primitive that reduces by `ufunc`, one of maximum, minimum, fmax and fmin."""

    def impl(x, *, axis=None, keepdims=False):
        return ufunc.reduce(x, axis, None, None, keepdims)

    def vjp(g, x, y, *, axis=None, keepdims=False):
        hit, n = ties(x, y, axis, keepdims)
        return np.where(hit, against(g / n, x, axis, keepdims), 0.0)

    def jvp(t, x, y, *, axis=None, keepdims=False):
        hit, n = ties(x, y, axis, keepdims)
        return np.sum(np.where(hit, t, 0.0), axis=axis, keepdims=keepdims) / n

    return Primitive(impl, vjp, jvp=(jvp,), batch=batch_axes, shape=shape_like(ufunc.reduce), name=name)


max_, min_ = extremum(np.maximum, "max"), extremum(np.minimum, "min")
fmax_, fmin_ = extremum(np.fmax, "nanmax"), extremum(np.fmin, "nanmin")


def log_sum(ufunc, exp):
    """The primitive that reduces by logaddexp or logaddexp2, whose inverse of the logarithm is `exp`."""

    def impl(x, *, axis=None, keepdims=False):
        return ufunc.reduce(x, axis, None, None, keepdims)

    def share(x, y, axis, keepdims):
        y = np.where(np.isneginf(y), 0.0, y)  # -inf of nothing but -inf has slope 0
        return exp(x - against(y, x, axis, keepdims))

    def vjp(g, x, y, *, axis=None, keepdims=False):
        return against(g, x, axis, keepdims) * share(x, y, axis, keepdims)

    def jvp(t, x, y, *, axis=None, keepdims=False):
        return np.sum(t * share(x, y, axis, keepdims), axis=axis, keepdims=keepdims)

    name = f"{ufunc.__name__}.reduce"
    return Primitive(impl, vjp, jvp=(jvp,), batch=batch_axes, shape=shape_like(ufunc.reduce), name=name)


# ---- numpy's signatures --------------------------------------------------------------------------------------------
def reducer(prim, ufunc, fill):
    """`ufunc.reduce` with its whole signature, around `prim`; `fill(dtype)` is what elements left out count as."""

    def reduce(a, axis=None, dtype=None, out=None, keepdims=False, initial=NO, where=True):
        if out is not None:
            raise no_rule(ufunc, "out")
        given = initial is not NO and initial is not None
        a = cast(arrayed(a), dtype)
        keepdims = keepdims is not NO and bool(keepdims)
        empty = fill(np.dtype(aval_of(a).dtype))
        if where is not True and where is not NO:
            if ufunc.identity is None and not given:
                raise ValueError(
                    f"reduction operation '{ufunc.__name__}' does not have an identity, "
                    "so to use a where mask one has to specify 'initial'"
                )
            a = np.where(np.broadcast_to(where, shape_of(a)), a, empty)
        if given and not aval_of(a).size:
            y = np.full(reduced_shape(aval_of(a), axis=axis, keepdims=keepdims), empty, aval_of(a).dtype)
        else:
            y = prim.call(a, axis=axis, keepdims=keepdims)
        return ufunc(y, cast(initial, aval_of(y).dtype)) if given else y

    REDUCTIONS[ufunc] = reduce
    return reduce


def cast(x, dtype):
    """`x` with `dtype`, if one is given."""
    if dtype is None or aval_of(x).dtype == dtype:
        return x
    return (x if isinstance(x, Traced) else np.asarray(x)).astype(dtype)


def lowest(dtype):
    return -np.inf if dtype.kind in "fc" else False if dtype.kind == "b" else np.iinfo(dtype).min


def highest(dtype):
    return np.inf if dtype.kind in "fc" else True if dtype.kind == "b" else np.iinfo(dtype).max


def unless_all(where):
    """`where` for numpy, which hands what it is given to methods of other classes that do not know it."""
    return NO if where is True else where


def accumulating(func, prim, ufunc, identity):
    """Register `np.sum` or `np.prod`."""
    general = reducer(prim, ufunc, lambda dtype: identity)

    def reduce(a, axis=None, dtype=None, out=None, keepdims=False, initial=NO, where=True):
        if (
            isinstance(a, Traced)
            and dtype is None is out
            and initial is NO
            and where is True
            and keepdims is not NO
        ):
            return prim.call(a, axis=axis, keepdims=keepdims)
        if not watches((a, initial, where)):
            return func(a, axis, dtype, out, keepdims or NO, initial, unless_all(where))
        if out is not None:
            raise no_rule(func, "out")
        return general(a, axis, dtype, out, keepdims, initial, where)

    reduce.__name__ = reduce.__qualname__ = func.__name__
    REGISTRY[func] = reduce
    return reduce


def extreme(prim, ufunc, fill, *funcs):
    """Register `np.max`, `np.min` or their like."""
    general = reducer(prim, ufunc, fill)

    def reduce(a, axis=None, out=None, keepdims=False, initial=NO, where=True):
        if isinstance(a, Traced) and out is None and initial is NO and where is True and keepdims is not NO:
            return prim.call(a, axis=axis, keepdims=keepdims)
        if not watches((a, initial, where)):
            return funcs[0](a, axis, out, keepdims or NO, initial, unless_all(where))
        if out is not None:
            raise no_rule(funcs[0], "out")
        return general(a, axis, None, out, keepdims, initial, where)

    reduce.__name__ = reduce.__qualname__ = funcs[0].__name__
    REGISTRY.update(dict.fromkeys(funcs, reduce))
    return reduce


np_sum = accumulating(np.sum, sum_, np.add, 0)
np_prod = accumulating(np.prod, prod_, np.multiply, 1)
np_max = extreme(max_, np.maximum, lowest, np.max, np.amax)
np_min = extreme(min_, np.minimum, highest, np.min, np.amin)
np_nanmax = extreme(fmax_, np.fmax, lowest, np.nanmax)
np_nanmin = extreme(fmin_, np.fmin, highest, np.nanmin)
np_logsumexp = reducer(log_sum(np.logaddexp, np.exp), np.logaddexp, lowest)
np_logsumexp2 = reducer(log_sum(np.logaddexp2, np.exp2), np.logaddexp2, lowest)


def np_mean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
    """`np.mean`."""
    if isinstance(a, Traced) and dtype is None is out and where is True and keepdims is not NO:
        return mean_.call(a, axis=axis, keepdims=keepdims)
    if not watches((a, where)):
        return np.mean(a, axis, dtype, out, keepdims or NO, where=unless_all(where))
    if out is not None:
        raise no_rule(np.mean, "out")
    a = cast(arrayed(a), dtype)
    keepdims = keepdims is not NO and bool(keepdims)
    if where is True or where is NO:
        return mean_.call(a, axis=axis, keepdims=keepdims)
    y = np.sum(a, axis=axis, keepdims=keepdims, where=where)
    return y / counted(where, a, axis, keepdims)


def counted(where, a, axis, keepdims):
    """How many elements of `a` the mask `where` selects, in the precision of `a`."""
    dtype = np.dtype(aval_of(a).dtype)
    real = np.ones(0, dtype).real.dtype if dtype.kind in "fc" else float
    return np.sum(np.broadcast_to(where, shape_of(a)), axis=axis, keepdims=keepdims, dtype=real)


REGISTRY[np.mean] = np_mean


def np_ptp(a, axis=None, out=None, keepdims=False):
    """`np.ptp`: the largest minus the smallest."""
    if not watches((a,)):
        return np.ptp(a, axis, out, keepdims or NO)
    if out is not None:
        raise no_rule(np.ptp, "out")
    return np_max(a, axis, None, keepdims) - np_min(a, axis, None, keepdims)


REGISTRY[np.ptp] = np_ptp
