"""Callables of all kinds: which Python functions a call of one runs, replaced by others.

`rebuild(callee, weave)` is `callee` with `weave` of the functions in it: the function of a bound method, the `__call__`
of an object, the `__init__` of a class, the function in a `partial` or an `lru_cache`.  What is not Python has an entry
in a table: the registry's, or ours for what calls a function it is given (`callables.py`).
"""

import operator
import sys
from collections.abc import Callable
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from pycograd.core import REGISTRY, UFUNC_METHODS, Traced

from .classes import of_class
from .noted import SLOTS, of_array, write_any, write_first
from .selection import LRU, call_of
from .slots import of_method_of_c
from .specials import active, known
from .stores import IN_PLACE, OUT

__all__ = [
    "ASKING",
    "INSTANCES",
    "LISTED",
    "METHODS",
    "TAKE_FUNCTIONS",
    "TAKE_METHODS",
    "TAKE_NAMES",
    "is_method_of_known",
    "made_once",
    "of_instances",
    "of_partial",
    "rebuild",
    "rebound",
    "registered",
    "taken",
    "takes_function",
]

TAKE_FUNCTIONS: dict[Any, Callable[..., Any]] = {}  # map, sorted, np.vectorize ... -> ours (`callables.py`)
TAKE_NAMES: dict[str, Callable[[Any], Any]] = {}  # dotted names of more -> what makes ours of one
TAKE_METHODS: dict[str, Callable[..., Any]] = {}  # the same for methods of lists
INSTANCES: dict[type, Callable[[Any], Any]] = {}  # the same for callable objects, by their class
ASKING: dict[Any, tuple[set[str], Callable[..., Any]]] = {}  # len, list ...: their special methods, and ours
METHODS = frozenset(
    ["dot", "clip", "choose", "searchsorted", "sort"]
)  # of `known`, that need a look all the same
LOOKED_AT = METHODS | IN_PLACE
LISTED = frozenset([BuiltinFunctionType, np.ufunc, type(np.sum), type])  # hashed by identity, and made once


def takes_function(func: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: woven calls of `func`, which calls a function it is given, reach the decorated one."""

    def register(ours: Callable[..., Any]) -> Callable[..., Any]:
        TAKE_FUNCTIONS[func] = ours
        return ours

    return register


def of_instances(cls: type) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Decorator: woven calls of an instance of `cls` call what the decorated function makes of it."""

    def register(ours: Callable[[Any], Any]) -> Callable[[Any], Any]:
        INSTANCES[cls] = ours
        return ours

    return register


for (
    symbol
) in "setitem iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift".split():
    TAKE_FUNCTIONS[getattr(operator, symbol)] = partial(write_first, getattr(operator, symbol))


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
    if kind.__name__ == "fortran":  # each module of f2py has a type of its own
        return registered(callee) or partial(write_any, callee)
    call = call_of(kind)
    if type(call) is FunctionType:
        if kind.__module__.startswith("scipy.") and (found := registered(callee)):
            return found
        replaced = weave(call)
        return callee if replaced is call else MethodType(replaced, callee)
    found = registered(callee)
    if found is not None:
        return found
    if isinstance(callee, type):
        return of_class(callee, lambda func: rebuild(func, weave))
    if kind in SLOTS:
        return of_method_of_c(callee, lambda func: rebuild(func, weave))
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
        names, ours = ASKING.get(callee, NOT_ASKING)
        if ours and active(names):
            return ours
        return taken(callee) or REGISTRY.find(callee)
    except TypeError:  # not hashable
        return None


def taken(callee: Any) -> Any:
    """Ours for a function or class that calls a function it is given."""
    found = TAKE_FUNCTIONS.get(callee)
    if found is None and type(callee) in (FunctionType, type):
        make = TAKE_NAMES.get(f"{callee.__module__}.{callee.__qualname__}")
        if make:
            found = TAKE_FUNCTIONS[callee] = make(callee)
    return found


NOT_ASKING: tuple[set[str], None] = (set(), None)


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
    if function is not method.__func__:
        return MethodType(function, method.__self__)
    return partial(write_first, method) if method.__name__ == "shuffle" else method  # a generator's


def of_partial(callee: Any, resolve: Callable[[Any], Any]) -> Any:
    """The `partial`, of what `resolve` makes of its function."""
    found = resolve(callee.func)
    return callee if found is callee.func else partial(found, *callee.args, **callee.keywords)


# ---- methods of C ---------------------------------------------------------------------------------------------------
def is_method_of_known(method: Any) -> bool:
    """Whether the function of C `method` belongs to a value of a known type, and means what it always means."""
    return type(method.__self__) in known and method.__name__ not in LOOKED_AT


def of_builtin_method(method: Any) -> Any:
    """A method of an array, a list or a ufunc that would not see a watched argument, or that calls a function."""
    owner, name = method.__self__, method.__name__
    if type(owner).__module__.startswith("numpy.random"):  # not imported before the user does
        known.add(type(owner))
        return method
    if isinstance(owner, np.ufunc) and name in UFUNC_METHODS:
        return partial(UFUNC_METHODS[name], owner)
    if isinstance(owner, np.ndarray) and (name in IN_PLACE or name in OUT and name not in METHODS):
        return of_array(method)
    if name not in METHODS:
        return registered(method) or method
    if isinstance(owner, list) and name in TAKE_METHODS:
        return partial(TAKE_METHODS[name], owner)
    if isinstance(owner, np.ndarray):
        ufunc = getattr(np, name)
        return partial(registered(ufunc) or ufunc, owner)
    return method


# ---- caches ---------------------------------------------------------------------------------------------------------
def call_cached(cached: Any, weave: Callable[[FunctionType], Any], /, *args: Any, **kwargs: Any) -> Any:
    """A call of an `lru_cache`: a watched value is of one call, so its results are not kept."""
    if any(isinstance(a, Traced) for a in (*args, *kwargs.values())):
        return rebuild(cached.__wrapped__, weave)(*args, **kwargs)
    return cached(*args, **kwargs)
