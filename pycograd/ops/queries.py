"""What code asks about a value: its shape, its dtype, its numbers.  The answers are plain."""

import numpy as np

from pycograd.core import REGISTRY, Traced, aval_of, peeled, registered, shape_of, value_of, without_tape

from .families import arrayed, composite, structural, watches


# ---- its type ------------------------------------------------------------------------------------------------------
def kind_of(x):
    return np.dtype(aval_of(arrayed(x)).dtype).kind


composite(np.shape)(lambda a: aval_of(arrayed(a)).shape)
composite(np.ndim)(lambda a: len(shape_of(arrayed(a))))
composite(np.iscomplexobj)(lambda x: kind_of(x) == "c")
composite(np.isrealobj)(lambda x: kind_of(x) != "c")


@registered(np.size)
def size(a, axis=None):
    """`np.size`."""
    return np.size(np.broadcast_to(False, shape_of(arrayed(a))), axis)


@registered(np.isscalar)
def isscalar(element):
    """`np.isscalar`: a watched value is one where its plain number is."""
    if not isinstance(element, Traced):
        return np.isscalar(element)
    plain = value_of(element)
    return np.isscalar(plain) or not element.shape and bool(np.ndim(plain))  # an example under vmap


def weak(x):
    """What stands for `x` in numpy's promotion: the dtype of a watched array, a number for a watched Python scalar."""
    if not isinstance(x, Traced):
        return x
    dtype = x.aval.dtype
    return dtype(0) if isinstance(dtype, type) else dtype


@registered(type)
def type_(*args, **params):
    """`type`; of a watched value the type of the plain one."""
    return args[0].__class__ if len(args) == 1 and isinstance(args[0], Traced) else type(*args, **params)


@registered(np.result_type)
def result_type(*arrays_and_dtypes):
    """`np.result_type`."""
    return np.result_type(*map(weak, arrays_and_dtypes))


@registered(np.can_cast)
def can_cast(from_, to, casting="safe"):
    """`np.can_cast`."""
    return np.can_cast(from_.dtype if isinstance(from_, Traced) else from_, to, casting)


@registered(np.common_type)
def common_type(*arrays):
    """`np.common_type`."""
    return np.common_type(*[np.empty(0, a.dtype) if isinstance(a, Traced) else a for a in arrays])


# ---- its numbers ---------------------------------------------------------------------------------------------------
structural(
    np.min_scalar_type, np.nonzero, np.flatnonzero, np.argwhere, np.isfortran, np.may_share_memory, np.shares_memory,
    np.broadcast, np.isin,
)  # fmt: skip


def unsettled(x):
    """Whether `x`, or a value in the list `x`, has no single set of numbers: under vmap, or captured."""
    if isinstance(x, (list, tuple)):
        return any(map(unsettled, x))
    return isinstance(peeled(x), Traced)


def comparing(func, same):
    """Register `func`, a question about two arrays with one bool as its answer; under vmap each example has its own."""

    def compare(*args, **params):
        if not unsettled((*args, *params.values())):
            return func(*map(without_tape, args), **{k: without_tape(v) for k, v in params.items()})
        return same(*map(arrayed, args), **params)

    REGISTRY[func] = compare


def close(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return np.all(np.isclose(a, b, rtol, atol, equal_nan))


def equal(a1, a2, equal_nan=False):
    if shape_of(a1) != shape_of(a2):
        return False
    return equivalent(a1, a2) if not equal_nan else np.all((a1 == a2) | (np.isnan(a1) & np.isnan(a2)))


def equivalent(a1, a2):
    return np.all(np.equal(a1, a2))


comparing(np.allclose, close)
comparing(np.array_equal, equal)
comparing(np.array_equiv, equivalent)


@registered(np.ndenumerate)
def ndenumerate(arr):
    """`np.ndenumerate`: the numbers of a watched array stay watched."""
    if not watches((arr,)):
        return np.ndenumerate(arr)
    arr = arrayed(arr)
    return ((index, arr[index]) for index in np.ndindex(arr.shape))


# ---- its text ------------------------------------------------------------------------------------------------------
def printing(func):
    """Register `func`, which makes a text of an array: under vmap, of all examples."""
    REGISTRY[func] = lambda a, *args, **params: func(np.asarray(value_of(a)), *args, **params)


for func in (np.array2string, np.array_repr, np.array_str):
    printing(func)
