"""Methods written in C, as they are found on classes and numbers: `np.ndarray.sum`, `(2.0).__mul__`, `f.__call__`."""

import operator
from collections.abc import Callable
from functools import partial
from types import MethodWrapperType
from typing import Any

import numpy as np

from pycograd.core import PLAIN, Traced

from .classes import construct
from .noted import of_slot

__all__ = ["of_method_of_c"]


def of_method_of_c(slot: Any, resolve: Callable[[Any], Any]) -> Any:
    """What a woven call of `slot` calls; resolve: what other callables resolve to."""
    found = of_slot(slot)  # maybe noted, as it writes
    if type(slot) is not MethodWrapperType:
        ours = issubclass(slot.__objclass__, (np.ndarray, *PLAIN))
        return partial(call, found, slot.__name__) if ours else found
    owner = slot.__self__
    if slot.__name__ == "__call__":
        if isinstance(owner, type):  # super().__call__ of a metaclass
            return partial(construct, owner, resolve)
        callee = resolve(owner)
        return slot if callee is owner else callee
    return partial(call_bound, found, slot.__name__, owner) if type(owner) in PLAIN else found


def call(slot: Any, name: str, owner: Any, *args: Any, **kwargs: Any) -> Any:
    """The method `name` of `owner`; `slot` knows nothing of watched operands."""
    if not any(isinstance(x, Traced) for x in (owner, *args)):
        return slot(owner, *args, **kwargs)
    symbol = getattr(operator, name, None)
    if symbol:
        return symbol(owner, *args)
    reflected = getattr(operator, name.replace("__r", "__", 1), None)
    return reflected(*args, owner) if reflected else getattr(owner, name)(*args, **kwargs)


def call_bound(slot: Any, name: str, owner: Any, *args: Any, **kwargs: Any) -> Any:
    """The same of one that is bound to its owner."""
    if not any(isinstance(x, Traced) for x in args):
        return slot(*args, **kwargs)
    return call(slot, name, owner, *args, **kwargs)
