"""The methods and attributes of `numpy.ndarray` on watched values: numpy's function of the same name, registered."""

import math
import operator

import numpy as np

from pycograd.core import (
    DELIVERY,
    REGISTRY,
    Buffer,
    Traced,
    aval_of,
    copied,
    told,
    value_of,
    where,
    without_tape,
)
from pycograd.core.foreign import lost

from .creation import astype
from .layout import flags_of, in_order
from .movement import np_reshape, np_transpose
from .reductions import np_sum
from .scalars import rounded, to_python

SAME = (
    "all any argmax argmin argpartition argsort clip conj conjugate cumprod cumsum diagonal dot max mean min nonzero "
    "prod repeat round searchsorted squeeze std swapaxes take trace var ravel choose"
).split()
IN_PLACE = "resize setfield setflags byteswap".split()
LOSING = "tobytes tofile dump dumps getfield as_integer_ratio hex".split()


def method(name):
    """`x.name(...)` as `np.name(x, ...)`."""
    func = getattr(np, name)

    def call(self, *args, **params):
        if "out" in params:
            return DELIVERY[0](REGISTRY[func], self, *args, **params)
        return REGISTRY[func](self, *args, **params)

    call.__name__ = name
    call.__doc__ = f"`np.{name}` of this value."
    return call


def writes(name):
    def refuse(self, *args, **params):
        raise TypeError(
            f".{name}() would write a watched value in place{where()}; use the function of numpy that returns an array"
        )

    return refuse


def is_plain_handle(x):
    """Whether `x` is an array that can be written and holds plain numbers."""
    return issubclass(type(x), Buffer) and not x.watched()


def loses(name):
    def refuse(self, *args, **params):
        if is_plain_handle(self):
            return getattr(np.asarray(self), name)(
                *args, **params
            )  # of plain numbers: of them, but not to write
        raise lost(f".{name}()", self)

    return refuse


for name in SAME:
    setattr(Traced, name, method(name))
for name in IN_PLACE:
    setattr(Traced, name, writes(name))
for name in LOSING:
    setattr(Traced, name, loses(name))


# ---- methods whose arguments differ from the function's ------------------------------------------------------------
def reshape(self, *shape, order="C", copy=None):
    """`np.reshape`; the sizes may be several arguments."""
    return np_reshape(self, shape[0] if len(shape) == 1 else shape, order)


def transpose(self, *axes):
    """`np.transpose`; the axes may be several arguments."""
    if len(axes) == 1 and not isinstance(axes[0], int):
        (axes,) = axes
    return np_transpose(self, axes or None)


def flatten(self, order="C"):
    """`np.ravel`."""
    return copied(np_reshape(self, (-1,), order))


def compress(self, condition, axis=None, out=None):
    """`np.compress` of this value."""
    return REGISTRY[np.compress](condition, self, axis, out)


def item(self, *args):
    """One element, as Python's number, still watched."""
    if not args:
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return to_python(np_reshape(self, ()))
    index = args[0] if len(args) == 1 else args
    if isinstance(index, tuple):
        return to_python(self[tuple(map(operator.index, index))])
    return to_python(np_reshape(self, (-1,))[operator.index(index)])


def tolist(self):
    """Nested lists of Python's numbers, still watched."""
    if not self.shape:
        return to_python(self)
    return [part.tolist() for part in self]


def copy(self, order="C"):
    """This value, as an object of its own, which may be written."""
    return copied(in_order(self, order))


def shallow_copy(self):
    """`copy.copy`: an object of its own, which may be written."""
    return copied(self)


def deep_copy(self, memo):
    """`copy.deepcopy`."""
    return copied(self)


def view(self, dtype=None, type=None):
    """This value under another name, which shares its memory; no other dtype, whose numbers would be others."""
    same = dtype is None or np.dtype(aval_of(self).dtype) == np.dtype(dtype)
    if same and type in (None, np.ndarray):
        return self[...]
    if is_plain_handle(self):
        return np.asarray(self).view(
            dtype, *[type] * (type is not None)
        )  # of plain numbers, and not to write
    kinds = "" if type is not None else np.dtype(aval_of(self).dtype).kind + np.dtype(dtype).kind
    if kinds not in AS_OTHERS:
        raise lost(".view()", self)
    raise TypeError(
        told(f".view({np.dtype(dtype)}) reads the memory of a watched value as others", fix=AS_OTHERS[kinds])
    )


AS_OTHERS = {"cf": "np.stack([z.real, z.imag], axis=-1)", "fc": "x[..., ::2] + 1j * x[..., 1::2]"}


def to_device(self, device, /, *, stream=None):
    """This value: numpy has one device."""
    return self


Traced.__copy__, Traced.__deepcopy__ = shallow_copy, deep_copy
Traced.sum = np_sum
for function in (reshape, transpose, flatten, compress, item, tolist, copy, to_device, astype, view):
    setattr(Traced, function.__name__, function)


# ---- attributes ----------------------------------------------------------------------------------------------------
def flat(self):
    """All elements in order, as a watched vector."""
    return np_reshape(self, (-1,))


Traced.T = property(np_transpose)
Traced.mT = property(lambda self: REGISTRY[np.matrix_transpose](self))
Traced.flat = property(flat)
Traced.flags = property(lambda self: flags_of(self) or value_of(self).flags)
Traced.strides = property(lambda self: np.asarray(without_tape(self)).strides)
Traced.device = "cpu"
Traced.base = None


# ---- Python's own questions ----------------------------------------------------------------------------------------
def contains(self, x):
    return bool(np.any(self == x))


Traced.__contains__ = contains
Traced.__round__ = rounded
for question in (math.floor, math.ceil, math.trunc):
    setattr(Traced, f"__{question.__name__}__", lambda self, question=question: question(without_tape(self)))
