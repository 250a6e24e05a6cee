"""Python's numbers: float, complex, int, round, numpy's scalar types; and sum, min and max.

What becomes a float or a complex number stays watched; what becomes an integer or a boolean has no slope, and is plain.
"""

import numpy as np

from pycograd.core import (
    PLAIN,
    REGISTRY,
    Aval,
    Primitive,
    Traced,
    aval_of,
    registered,
    result_dtype,
    without_tape,
)
from pycograd.core.labelled import LABELLED

from .creation import astype_, discrete_
from .families import arrayed, batch_elementwise, watches


# ---- one number of Python's ----------------------------------------------------------------------------------------
def number(kind):
    """The primitive of Python's class `kind`; under vmap its result is an array of numpy's equal of it."""
    return Primitive(
        kind,
        lambda g: g,
        jvp=(lambda t: t,),
        linear="each" if kind in (float, complex) else None,
        batch=lambda prim, xs, batched, params: xs[0].astype(kind),
        shape=lambda x: Aval((), kind),
        name=kind.__name__,
    )


NUMBERS = {float: number(float), complex: number(complex), int: number(int), bool: number(bool)}
KINDS = {"f": float, "c": complex, "i": int, "u": int, "b": bool}


def as_number(x, kind):
    """The watched value `x`, of one element, as Python's `kind`."""
    shape, dtype = aval_of(x)
    if dtype is kind:
        return x
    if shape:
        raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
    if kind is float and np.dtype(dtype).kind == "c":
        raise TypeError("float() argument must be a string or a real number, not 'complex'")
    return NUMBERS[kind].call(x)


def to_python(x):
    """The watched value `x`, of one element, as the Python number that `item` makes of it."""
    kind = KINDS.get(np.dtype(aval_of(x).dtype).kind)
    return x if kind is None else as_number(x, kind)


def number_in(x):
    """`x`, or the number in a container of pandas or xarray."""
    known = LABELLED.get(type(x))
    return x if known is None else known.values(x)


@registered(float)
def to_float(x=0.0, /):
    """`float`, still watched."""
    x = number_in(x)
    return as_number(x, float) if isinstance(x, Traced) else float(x)


@registered(complex)
def to_complex(*args, **params):
    """`complex`, still watched."""
    given = dict(zip(("real", "imag"), args, strict=False)) | params
    if not watches(given.values()):
        return complex(*args, **params)
    parts = [as_number(x, complex) if isinstance(x, Traced) else complex(x) for x in given.values()]
    first, *rest = parts if "real" in given else (0j, *parts)
    return first + 1j * rest[0] if rest else first


@registered(int)
def to_int(x=0, /, *base, **params):
    """`int`: plain."""
    return int(without_tape(number_in(x)), *base, **params)


@registered(round)
def rounded(number, ndigits=None):
    """`round`: plain, half to even."""
    return round(without_tape(number), ndigits) if ndigits is not None else round(without_tape(number))


def scalar(kind):
    """Register numpy's scalar type `kind`: an inexact one keeps watching."""

    def make(*args, **params):
        if not watches(args):
            return kind(*args, **params)
        dtype = np.dtype(kind)
        return (astype_ if dtype.kind in "fc" else discrete_).call(arrayed(args[0]), dtype=dtype)

    REGISTRY[kind] = make


for kind in {*np.sctypeDict.values()}:
    if issubclass(kind, (np.number, np.bool_)) and kind is not np.timedelta64:
        scalar(kind)


# ---- sum ------------------------------------------------------------------------------------------------------------
sum_ = Primitive(
    lambda start, *xs: sum(xs, start),
    lambda g: g,
    linear="joint",
    operands="*xs",
    batch=batch_elementwise,
    shape=lambda *avals: Aval(np.broadcast_shapes(*[a.shape for a in avals]), result_dtype(*avals)),
    name="sum_of_many",
)


@registered(sum)
def total(iterable, /, start=0):
    """Python's `sum`, as one operation, added up as Python does."""
    items = list(iterable)
    if watches((start, items)) and all(isinstance(x, Traced) or type(x) in PLAIN for x in (start, *items)):
        return sum_.call(start, *items)
    return sum(items, start)


# ---- the largest and the smallest ----------------------------------------------------------------------------------
def extremum(func):
    """Register Python's `max` or `min`: of a watched vector, the element of the index that `func` finds."""

    def choose(*args, **params):
        if (
            len(args) == 1
            and isinstance(args[0], Traced)
            and len(args[0].shape) == 1
            and args[0].size
            and not params.get("key")
        ):
            plain = without_tape(args[0])
            return args[0][func(range(len(plain)), key=plain.__getitem__)]
        return func(*args, **params)

    REGISTRY[func] = choose


extremum(max)
extremum(min)
