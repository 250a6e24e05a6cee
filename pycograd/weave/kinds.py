"""Callables of all kinds: which Python functions a call of one runs, replaced by others.

`rebuild(callee, weave)` is `callee` with `weave` of the functions in it: the function of a bound method, the `__call__`
of an object, the `__init__` of a class, the function in a `partial` or an `lru_cache`.  What is not Python has an entry
in a table: the registry's, or ours for what calls a function it is given (`callables.py`).
"""

import sys
from collections.abc import Callable
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from pycograd.core import PLAIN, REGISTRY, UFUNC_METHODS, Batched, Buffer, Dual, Symbol, Traced, Var

from .selection import LRU, call_of, is_woven

__all__ = [
    "INSTANCES",
    "LISTED",
    "METHODS",
    "TAKE_FUNCTIONS",
    "TAKE_METHODS",
    "construct",
    "has_makers",
    "is_method_of_known",
    "known",
    "made_once",
    "of_partial",
    "rebuild",
    "rebound",
    "registered",
]

TAKE_FUNCTIONS: dict[Any, Callable[..., Any]] = {}  # map, sorted, np.vectorize ... -> ours (`callables.py`)
TAKE_METHODS: dict[str, Callable[..., Any]] = {}  # the same for methods of lists
INSTANCES: dict[type, Callable[[Any], Any]] = {}  # the same for callable objects, by their class
# The methods of these types are numpy's, Python's or ours, but for those in METHODS.
known = {*PLAIN, Var, Buffer, Dual, Batched, Symbol, str, bytes, list, tuple, dict, set, frozenset}
known.add(np.dtype)
METHODS = frozenset(["dot", "clip", "choose", "searchsorted", "sort"])
LISTED = (BuiltinFunctionType, np.ufunc, type(np.sum), type)  # hashed by identity, and made once
new_object = object.__new__


def rebuild(callee: Any, weave: Callable[[FunctionType], Any]) -> Any:
    """`callee` with the Python functions that a call of it runs replaced by `weave` of them."""
    kind = type(callee)
    if kind is FunctionType:
        return weave(callee)
    if kind is MethodType:
        return rebound(callee, weave)
    if kind is BuiltinFunctionType and type(callee.__self__) is not ModuleType:
        return of_builtin_method(callee)
    if kind in INSTANCES:
        return INSTANCES[kind](callee)
    call = call_of(kind)
    if type(call) is FunctionType:
        replaced = weave(call)
        return callee if replaced is call else MethodType(replaced, callee)
    found = registered(callee)
    if found is not None:
        return found
    if isinstance(callee, type):
        return of_class(callee, weave)
    if kind is partial:
        return of_partial(callee, lambda func: rebuild(func, weave))
    if kind is LRU:
        return partial(call_cached, callee, weave)
    if kind is staticmethod:
        return rebuild(callee.__func__, weave)
    return callee


def registered(callee: Any) -> Any:
    """Ours for what is not a Python function: a ufunc, a function of C, a class."""
    try:
        return TAKE_FUNCTIONS.get(callee) or REGISTRY.find(callee)
    except TypeError:  # not hashable
        return None


def made_once(f: Any) -> bool:
    """Whether the function or class `f` is a module's, of which there will be no others that hold other values."""
    if "<locals>" in f.__qualname__:
        return False
    if type(f) is not FunctionType:
        return True
    if f.__closure__ and f.__code__.co_freevars != ("__class__",):
        return vars(sys.modules.get(f.__module__, f)).get(f.__name__) is f  # decorated
    return not (f.__defaults__ and f.__name__ == "<lambda>")


def rebound(method: MethodType, weave: Callable[[FunctionType], Any]) -> Any:
    """The bound method, of the function that `rebuild` makes of its own."""
    function = rebuild(method.__func__, weave)
    return method if function is method.__func__ else MethodType(function, method.__self__)


def of_partial(callee: Any, resolve: Callable[[Any], Any]) -> Any:
    """The `partial`, of what `resolve` makes of its function."""
    found = resolve(callee.func)
    return callee if found is callee.func else partial(found, *callee.args, **callee.keywords)


# ---- methods of C ---------------------------------------------------------------------------------------------------
def is_method_of_known(method: Any) -> bool:
    """Whether the function of C `method` belongs to a value of a known type, and means what it always means."""
    return type(method.__self__) in known and method.__name__ not in METHODS


def of_builtin_method(method: Any) -> Any:
    """A method of an array, a list or a ufunc that would not see a watched argument, or that calls a function."""
    owner, name = method.__self__, method.__name__
    if type(owner).__module__.startswith("numpy.random"):  # not imported before the user does
        known.add(type(owner))
        return method
    if isinstance(owner, np.ufunc) and name in UFUNC_METHODS:
        return partial(UFUNC_METHODS[name], owner)
    if name not in METHODS:
        return registered(method) or method
    if isinstance(owner, list) and name in TAKE_METHODS:
        return partial(TAKE_METHODS[name], owner)
    if isinstance(owner, np.ndarray) and name != "sort":
        ufunc = getattr(np, name)
        return partial(registered(ufunc) or ufunc, owner)
    return method


# ---- classes --------------------------------------------------------------------------------------------------------
def of_class(cls: Any, weave: Callable[[FunctionType], Any]) -> Any:
    """The construction of an instance, by woven `__new__` and `__init__` if they are the user's."""
    if type(cls).__call__ is not type.__call__:
        return cls
    new, init = cls.__new__, cls.__init__
    woven = {make: weave(make) for make in (new, init) if type(make) is FunctionType and is_woven(make)}
    if all(make is replaced for make, replaced in woven.items()):
        return cls
    if new is not object.__new__:
        return partial(construct, cls, weave)
    return constructor(cls, init, woven[init], weave)


def has_makers(cls: Any) -> bool:
    """Whether the construction of an instance runs code of the user."""
    makers = (cls.__new__, cls.__init__)
    return type(cls).__call__ is type.__call__ and any(
        type(m) is FunctionType and is_woven(m) for m in makers
    )


def constructor(cls: Any, init: Any, woven: Any, weave: Callable[[FunctionType], Any]) -> Any:
    """What `type.__call__` does for a class that has an `__init__` and no `__new__`."""

    def make(*args: Any, **kwargs: Any) -> Any:
        if cls.__init__ is not init:
            return construct(cls, weave, *args, **kwargs)
        obj = new_object(cls)
        result = woven(obj, *args, **kwargs)
        if result is not None:
            raise not_none(result)
        return obj

    return make


def construct(cls: Any, weave: Callable[[FunctionType], Any], /, *args: Any, **kwargs: Any) -> Any:
    """What `type.__call__` does."""
    new = cls.__new__
    obj = new_object(cls) if new is new_object else rebuild(new, weave)(cls, *args, **kwargs)
    if issubclass(type(obj), cls):
        result = rebuild(type(obj).__init__, weave)(obj, *args, **kwargs)
        if result is not None:
            raise not_none(result)
    return obj


def not_none(result: Any) -> TypeError:
    return TypeError(f"__init__() should return None, not '{type(result).__name__}'")


# ---- caches ---------------------------------------------------------------------------------------------------------
def call_cached(cached: Any, weave: Callable[[FunctionType], Any], /, *args: Any, **kwargs: Any) -> Any:
    """A call of an `lru_cache`: a watched value is of one call, so its results are not kept."""
    if any(isinstance(a, Traced) for a in (*args, *kwargs.values())):
        return rebuild(cached.__wrapped__, weave)(*args, **kwargs)
    return cached(*args, **kwargs)
