"""The real and imaginary parts as numpy has them: views, through which a store changes the whole."""

import numpy as np

from pycograd.core import (
    REGISTRY,
    Aval,
    Buffer,
    Part,
    Primitive,
    Traced,
    current_of,
    fresh,
    handle,
    part,
    relate,
    shape_of,
)

from .complex import imag as imag_
from .complex import real as real_
from .families import arrayed, batch_elementwise, watches
from .places import add_at
from .scattering import differs, with_stored
from .writing import cast_like, is_number, plain_key, read_item, store_item


# ---- taking a part -------------------------------------------------------------------------------------------------
def taken(x, prim):
    """The part of the watched complex `x` that `prim` takes."""
    if type(x) is Buffer:
        return part(x, prim)
    y = prim.call(x)
    if shape_of(y) and type(y) is type(x):
        relate(x, y, prim, {})
    return y


def real(x):
    """The real part; a real value is its own."""
    return x if x.dtype.kind != "c" else taken(x, real_)


def imag(x):
    """The imaginary part; zeros for a real value."""
    return imag_.call(x) if x.dtype.kind != "c" else taken(x, imag_)


def set_real(x, value):
    store_item(real(to_write(x, "real")), ..., value)


def set_imag(x, value):
    x = to_write(x, "imag")
    if x.dtype.kind != "c":
        raise TypeError("array does not have imaginary part to set")
    store_item(imag(x), ..., value)


def to_write(x, name):
    if is_number(x):
        raise AttributeError(f"attribute '{name}' of 'numpy.generic' objects is not writable")
    return handle(x)


def registered_part(func, ours):
    def take(val):
        if not watches((val,)):
            return func(val)
        return ours(arrayed(val))

    REGISTRY[func] = take


registered_part(np.real, real)
registered_part(np.imag, imag)
Traced.real, Traced.imag = property(real, set_real), property(imag, set_imag)
Buffer.real, Buffer.imag = Traced.real, Traced.imag


# ---- writing to it -------------------------------------------------------------------------------------------------
def joined(re, im):
    y = np.empty(np.broadcast_shapes(np.shape(re), np.shape(im)), np.result_type(re, im, np.complex64))
    y.real, y.imag = re, im
    return y


def joined_aval(re, im):
    dtype = np.result_type(*[np.dtype(a.dtype) for a in (re, im)], np.complex64)
    return Aval(np.broadcast_shapes(re.shape, im.shape), dtype)


# the cotangents of its operands keep their real part: `fit`
joined_ = Primitive(
    joined,
    lambda g: g,
    lambda g: 1j * g,
    linear="joint",
    operands="re im",
    batch=batch_elementwise,
    shape=joined_aval,
    name="joined",
)


def store_part(x, key, v):
    """`x[key] = v` of a part: the other part stays."""
    v = arrayed(v)
    v = current_of(v)
    if np.dtype(getattr(v, "dtype", type(v))).kind == "c":
        raise TypeError("a complex number is stored in the real or imaginary part of an array")
    if differs(key):
        key, v = ..., with_stored(x.current(), key, v)
    now = read_item(x.whole, key)
    now = now.current() if type(now) is Buffer else now
    whole = joined_.call(v, imag_.call(now)) if x.taken is real_ else joined_.call(real_.call(now), v)
    store_item(x.whole, key, whole)


def read_part(x, key):
    """`x[key]` of a part."""
    y = read_item(x.whole, key)
    if type(y) is not Buffer:
        return x.taken.call(y)
    return part(y, x.taken) if y.storage is x.whole.storage else fresh(x.taken.call(y.current()))


def part_in_place(x, operator, v):
    """`x += v` and its like."""
    y = operator.call(x.current(), v)
    cast_like(y, x, operator.name)
    store_item(x, ..., y)
    return x


def accumulate_in_part(x, indices, v):
    """`np.add.at`."""
    store_item(x, ..., add_at.call(x.current(), v, at=plain_key(indices)))


Part.store, Part.in_place, Part.accumulate = store_part, part_in_place, accumulate_in_part
Part.__getitem__ = read_part
