"""Writing: stores at a key, in-place operators, `out=`.  Any watched value can be written; it becomes a
handle of a storage.

Nothing here knows how a store is made or undone (`places.py`, `core/storage.py`).
"""

import sys
from types import EllipsisType, NoneType

import numpy as np

from pycograd.core import (
    DELIVERY,
    PLAIN,
    Aval,
    Batched,
    Buffer,
    Part,
    Place,
    Traced,
    Var,
    aval_of,
    buffer,
    fresh,
    handle,
    is_ambient,
    live,
    shape_of,
    value_of,
    view_at,
    window_of,
    written,
)
from pycograd.core.memories import unobserved
from pycograd.core.stored import integer_store
from pycograd.core.stored import outside as plain_array

from .arithmetic import (
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    divide,
    floor_divide,
    left_shift,
    multiply,
    power,
    remainder,
    right_shift,
    subtract,
)
from .families import arrayed
from .indexing import getitem, item, plain
from .places import add_at, set_
from .products import matmul
from .scattering import differs, sums_at, with_stored

SINGLE = (int, slice, NoneType, EllipsisType)


# ---- reading -------------------------------------------------------------------------------------------------------
def read_item(x, key):
    """`x[key]` of a handle: a handle on the same storage where numpy gives a view."""
    storage, window = x.value, x.node
    if window is None and (len(storage.shape) == 1 if type(key) is int else is_element(key, storage.shape)):
        v = storage.value
        if type(v) is np.ndarray:
            return v[key]
        v = storage.now()
        if type(v) is Var and type(v.value) is np.ndarray:
            return getitem.call(v, key=key)
        return Buffer.read.call(v, at=key, copy=True)  # the number of each example is a view of the batch
    key = plain_key(key)
    if view_at(key):
        memory = storage.memory
        view = (memory if window is None else window.of(memory))[key]
        if type(view) is np.ndarray:
            return buffer(storage, window_of(view, memory, key if window is None else None))
        if window is not None:
            return Buffer.read.call(storage.now(), at=Place(window, key), copy=True)
    return fresh(item(x.current(False), key))


def is_element(key, shape):
    """Whether `key` is one integer for each axis of `shape`."""
    if type(key) is not tuple or len(key) != len(shape):
        return False
    for k in key:
        if type(k) is not int:
            return False
    return True


def plain_key(key):
    """`key` with plain numbers; arrays are copied, because a tape keeps the key and the user may write into it."""
    if type(key) in SINGLE and type(key) is not slice:
        return key
    if type(key) is tuple:
        return tuple([copied(plain(k)) for k in key])
    return copied(plain(key))


def copied(k):
    return k.copy() if type(k) is np.ndarray else int(k) if isinstance(k, np.integer) else k


# ---- storing -------------------------------------------------------------------------------------------------------
def store_item(x, key, v):
    """`x[key] = v`."""
    if type(x) is not Buffer:
        if is_ambient(x):
            x[key] = v
            return
        if is_number(x):
            raise TypeError(f"'{type_name(x)}' object does not support item assignment")
        x = handle(x)
        if type(x) is Part:
            x.store(key, v)
            return
    storage, window = x.value, x.node
    if type(v) is not Var and type(v) not in PLAIN:
        v = to_store(v, x, key)
        if v is None:
            return
    if window is None and (type(key) is int or is_element(key, storage.shape)):
        storage.write(set_, v, key)
        return
    if differs(key):
        key, v = ..., with_stored(x.current(), key, v)
    key = plain_key(key)
    if isinstance(v, Traced) and not view_at(key):
        v = last_wins(x, key, v)
    storage.write(set_, v, key if window is None else Place(window, key))


def to_store(v, x, key):
    """What is stored: no handle.  None if it is what is there already, as after `y[1:] += z`."""
    if isinstance(v, (list, tuple)):
        v = arrayed(v)
    if type(v) is Buffer:
        if v.storage is x.storage:
            key = plain_key(key)
            whole = key if type(key) is tuple or key is ... else (key, ...)
            if view_at(key) and v.window == read_item(x, whole).window:
                return None
        return v.current(not view_at(plain_key(key)))
    return v.current() if isinstance(v, Traced) and not isinstance(v, (Var,)) and hasattr(v, "current") else v


def last_wins(x, key, v):
    """`v` with zeros where the same element is stored again later: an index may name one twice."""
    places = np.reshape(np.arange(x.size), x.shape)[key]
    if places.size < 2 or np.unique(places).size == places.size:
        return v
    order = np.empty(x.size, np.intp)
    order[places] = np.reshape(np.arange(places.size), places.shape)
    won = order[places] == np.reshape(np.arange(places.size), places.shape)
    return np.where(won, v, 0.0)


def accumulate_at(x, indices, v):
    """`np.add.at`."""
    v = arrayed(v)
    v = v.current() if issubclass(type(v), Buffer) else v
    if type(x) is Part:
        x.accumulate(indices, v)
        return
    if differs(indices):
        indices, v = ..., sums_at(x.current(), indices, v)
    key = plain_key(indices)
    x.storage.write(add_at, v, key if x.window is None else Place(x.window, key))


def is_number(x):
    """Whether the watched value `x` stands for a number rather than for an array."""
    if x.shape:
        return False
    while isinstance(x, Traced):
        if type(x) is Buffer:
            return False
        if type(x) is Batched:  # an example of rank 0 may be either: arrays of no axes are rare
            return True
        x = x.value
    return type(x) is not np.ndarray


def type_name(x):
    return "numpy.float64" if isinstance(value_of(x), (Aval, np.ndarray)) else type(value_of(x)).__name__


def outside(x, what, values):
    """The plain array `x` is written by `what`; raises if a value is watched by a transform, which `x` cannot hold."""
    held = [v.current(False) if issubclass(type(v), Buffer) else v for v in values]
    if any(isinstance(v, Traced) for v in held):
        raise plain_array(x)
    return written(x)


def track(array):
    """`array`, so that watched values may be stored in it: a copy that takes them, inside a function that a transform
    runs; anywhere else the array itself.

    Woven code tracks the arrays that it makes.  This is for arrays that others make, and for code that is not woven.

    >>> from pycograd import grad
    >>> table = np.zeros(3)
    >>> def f(x):
    ...     t = track(table)
    ...     t[1] = x * x
    ...     return np.sum(t)
    >>> grad(f)(3.0), table[1].item()
    ((6.0,), 0.0)
    """
    return fresh(np.array(array)) if live and type(array) is np.ndarray else array


# ---- y += x --------------------------------------------------------------------------------------------------------
def in_place(prim):
    """The method of an in-place operator: numpy's, where all names of an array see what is written."""
    operator, signed = prim.operator, {add: 1, subtract: -1}.get(prim)

    def method(a, b):
        if type(a) is Var:
            v = a.value
            if type(v) is float or type(v) is np.float64:
                return operator.call(a, b)
        if type(a) is Part:
            return a.in_place(operator, b)
        if type(a) is not Buffer:
            count = sys.getrefcount(a)
            if is_number(a):
                return operator.call(a, b)
            if count <= LONE and not hasattr(a, "link"):  # nobody else would see what is written
                y = operator.call(a, b)
                if y.node[5] == a.node[5] if type(y) is type(a) is Var else aval_of(y) == aval_of(a):
                    return y
            elif type(a) is Probe:
                return count
        return write_in_place(operator, signed, a, b)

    return method


def write_in_place(operator, signed, a, b):
    a = handle(a)
    if type(a) is Part:
        return a.in_place(operator, b)
    if (
        signed
        and isinstance(b, (Traced, np.ndarray, float, int))
        and np.can_cast(aval_of(b).dtype, a.dtype, "same_kind")
    ):
        b = b.current(True) if isinstance(b, Buffer) else b
        b = -b if signed < 0 else b
        a.storage.write(add_at, b, ... if a.window is None else Place(a.window))
        return a
    y = operator.call(a, b)
    cast_like(y, a, operator.name)
    store_item(a, ..., y)
    return a


def cast_like(y, a, name, casting="same_kind"):
    """Raise numpy's error where the result `y` may not be stored in the array `a`."""
    have = np.dtype(aval_of(y).dtype)
    if not np.can_cast(have, a.dtype, casting):
        text = f"Cannot cast ufunc '{name}' output from {have!r} to {a.dtype!r} with casting rule '{casting}'"
        if isinstance(y, Traced) and have.kind in "fc" and a.dtype.kind in "iub":
            raise integer_store(have, a.dtype, a, text)
        raise TypeError(text)
    if np.broadcast_shapes(shape_of(y), a.shape) != a.shape:
        raise ValueError(
            f"non-broadcastable output operand with shape {a.shape} doesn't match the broadcast shape {shape_of(y)}"
        )


class Probe(Traced):
    """What the number of references to a value that has one name is measured with."""

    __slots__ = ()
    shape = (1,)


LONE = -1
IN_PLACE = {
    "add": add, "sub": subtract, "mul": multiply, "truediv": divide, "floordiv": floor_divide, "mod": remainder,
    "pow": power, "matmul": matmul, "and": bitwise_and, "or": bitwise_or, "xor": bitwise_xor, "lshift": left_shift,
    "rshift": right_shift,
}  # fmt: skip
for symbol, prim in IN_PLACE.items():
    setattr(Traced, f"__i{symbol}__", in_place(prim))


def references_to_one_name():
    """How many references an in-place operator sees to a value that only a variable holds."""
    probe = object.__new__(Probe)
    probe.value, probe.level, probe.node = np.zeros(1), 0, None
    probe.link = ()
    probe += 1
    return probe


LONE = unobserved(references_to_one_name(), 4)


# ---- out= ----------------------------------------------------------------------------------------------------------
def deliver(y, out, condition=True, casting="same_kind"):
    """`out`, with `y` in it."""
    if not isinstance(out, Traced):
        outside(out, "out=", (y,))
        y = y.current(False) if issubclass(type(y), Buffer) else y
        np.copyto(out, y, casting, where=value_of(condition))
        return out
    cast_like(y, out, "out", casting)
    store_item(out, ..., y if condition is True else np.where(condition, y, out))
    return out


def with_out(ours, *args, out=None, **params):
    """`ours(*args)`, delivered in `out`, an array or a tuple of them."""
    y = ours(*args, **params)
    if type(out) is tuple:
        found = [
            v if o is None else deliver(v, o)
            for v, o in zip(y if type(y) is tuple else (y,), out, strict=True)
        ]
        return tuple(found) if type(y) is tuple else found[0]
    return y if out is None else deliver(y, out)


DELIVERY.append(with_out)
Traced.__setitem__ = store_item
Buffer.__getitem__ = read_item
