"""Calls that write into an array, by callees that only the call knows: noted as they happen (`stores.py`)."""

from functools import partial
from types import MethodDescriptorType, MethodWrapperType, WrapperDescriptorType
from typing import Any

import numpy as np

from pycograd.core import Buffer, written

from .stores import IN_PLACE, OUT

__all__ = ["SLOTS", "of_array", "of_slot", "write_any", "write_first"]

SLOTS = (MethodDescriptorType, WrapperDescriptorType, MethodWrapperType)  # np.ndarray.fill, a.__setitem__


def of_array(method: Any) -> Any:
    """The method of an array, noted if it may write into the array or into an argument."""
    name = method.__name__
    if name in IN_PLACE:
        return partial(write, method.__self__, method)
    return partial(write_out, method, OUT[name]) if name in OUT else method


def of_slot(slot: Any) -> Any:
    """The same for a method that is written in C in another way, or for one that is not bound."""
    if slot.__name__ not in IN_PLACE:
        return slot
    if type(slot) is MethodWrapperType:
        return partial(write, slot.__self__, slot)
    return partial(write_first, slot) if issubclass(np.ndarray, slot.__objclass__) else slot


def write(array: Any, method: Any, *args: Any, **kwargs: Any) -> Any:
    """A call of `method`, which writes into `array`."""
    written(array)
    return method(*args, **kwargs)


def write_first(function: Any, array: Any, *args: Any, **kwargs: Any) -> Any:
    """A call of `function`, which writes into its first argument."""
    return function(written(array), *args, **kwargs)


def write_any(routine: Any, *args: Any, **kwargs: Any) -> Any:
    """A call of `routine`, of Fortran's by f2py, which may write into each of its arguments.

    f2py copies what is no array, so what an array that the function makes came to in a copy is stored in it after it.
    """
    made: list[tuple[Any, Any, bytes]] = []

    def handed(x: Any) -> Any:
        if type(x) is not Buffer or x.watched():
            return written(x)
        array = np.array(x.current(False), order="K")
        made.append((x, array, array.tobytes()))
        return array

    result = routine(*map(handed, args), **{name: handed(x) for name, x in kwargs.items()})
    for x, array, before in made:
        if array.tobytes() != before:
            x[...] = array
    same = {id(array): x for x, array, _ in made}
    if type(result) is tuple:
        return tuple([same.get(id(y), y) for y in result])
    return same.get(id(result), result)


def write_out(method: Any, at: int, *args: Any, **kwargs: Any) -> Any:
    """A call of `method`, which writes into its arguments from the position `at` on, if there are so many."""
    written(args[at:])
    return method(*args, **kwargs)
