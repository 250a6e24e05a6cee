"""The memory behind what can be written: who owns that of an array, and the arrays that share that of another object.

A row of a structured array, a `bytearray`, a Series or a DataArray is no array; a store into one changes arrays all the
same.  `HOLDERS` says which: for a class of its own, or of a package whose module of ours fills it in.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .labelled import labelled

__all__ = ["HOLDERS", "arrays_of", "is_array", "root", "unobserved"]

Holder = Callable[[Any], Iterable[Any]]


def is_array(x: Any) -> bool:
    """Whether `x` is a plain array: a watched value says that it is an instance."""
    return issubclass(type(x), np.ndarray)


def root(a: Any) -> Any:
    """The object that owns the memory of the array `a`."""
    base = a.base
    while base is not None:
        a = base
        base = a.obj if type(a) is memoryview else getattr(a, "base", None)
    return a


def unobserved(count: int, usual: int) -> int:
    """`count`, references to an array that nobody else has, less those of a debugger that looks at the variables
    where they are counted: up to Python 3.12 it keeps them in a dictionary of its own.
    """
    return min(count, usual)


def arrays_of(a: Any) -> Iterable[Any]:
    """The plain arrays, which can be written, whose memory is that of `a`, which is no array."""
    kind = type(a)
    found = HOLDERS.get(kind)
    if found is None and kind.__module__ != "builtins":
        found = holder(kind)
    return [array for array in map(writeable, found(a)) if array is not None] if found else ()


def holder(kind: type) -> Holder | None:
    """What is said of a class that is met for the first time, or never noted down."""
    if issubclass(kind, np.void):
        return of_record
    if type(kind).__module__ == "_ctypes" or kind.__module__ in ("array", "mmap"):
        return of_bytes
    labelled(kind)  # loads our module of its package
    return next((HOLDERS[base] for base in kind.__mro__ if base in HOLDERS), None)


def writeable(a: Any) -> Any:
    """The array `a`, or the nearest that it is a view of and that can be written; None if there is none."""
    while is_array(a) and not a.flags.writeable:
        a = a.base
    return a if is_array(a) else None


def of_record(a: Any) -> Iterable[Any]:
    """A row of a structured array."""
    return () if a.base is None else (np.asarray(a),)


def of_memoryview(a: Any) -> Iterable[Any]:
    return () if a.readonly else (np.asarray(a),)


def of_bytes(a: Any) -> Iterable[Any]:
    """What exports its bytes; an object that could still grow has exported none, and is left so."""
    if hasattr(a, "append"):
        try:
            a.append(0)
        except BufferError:
            return (np.frombuffer(a, np.uint8),)
        except (TypeError, ValueError):  # an array.array of text
            return ()
        a.pop()
        return ()
    view = memoryview(a)
    return () if view.readonly else (np.frombuffer(view.cast("B"), np.uint8),)


HOLDERS: dict[type, Holder] = {
    np.void: of_record,
    np.record: of_record,
    memoryview: of_memoryview,
    bytearray: of_bytes,
}
