"""Resolution: what a call reaches.  `resolve_call` is the look-up that woven code makes, and event mode too.

A function that the registry knows becomes ours; a function, method or callable object of the user is woven; one that
takes a function hands a woven one on (`callables.py`); everything else is what it was.
"""

import ast
import contextlib
import functools
from collections.abc import Callable
from functools import partial
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from pycograd.core import (
    DELIVERY,
    PLAIN,
    REGISTRY,
    UFUNC_METHODS,
    Batched,
    Buffer,
    Dual,
    Primitive,
    Symbol,
    Traced,
    Var,
)

from .plans import Plans
from .rewriter import DYNAMIC, METHODS
from .selection import EXAMPLES, LRU, adopt, call_of, functions_of, is_woven, observers

__all__ = [
    "Cells",
    "PLANS",
    "TAKE_FUNCTIONS",
    "known",
    "rebuild",
    "resolve_call",
    "resolve_method",
    "visible",
    "woven",
]

LIMIT = 4096
OF_C = frozenset([np.ufunc, type(np.sum)])
TAKE_FUNCTIONS: dict[Any, Callable[..., Any]] = {}  # map, sorted, np.vectorize ... -> ours (`callables.py`)
INSTANCES: dict[type, Callable[[Any], Any]] = {}  # the same for callable objects, by their class
functions: dict[FunctionType, Any] = {}  # what functions without a closure resolve to: the fast look-up
observers.append(functions.clear)
# The methods of these types are numpy's, Python's or ours, but for those in METHODS.
known = {*PLAIN, Var, Buffer, Dual, Batched, Symbol, str, bytes, list, tuple, dict, set, frozenset}
known.add(np.dtype)
DISPATCHER = functools.singledispatch(lambda x: x).__code__
MANAGER = contextlib.contextmanager(lambda: iter(())).__code__
PLANS = Plans()


def resolve_call(callee: Any) -> Any:
    """What a woven call of `callee` calls."""
    kind = type(callee)
    if kind is FunctionType:
        return functions.get(callee) or of_function(callee)
    if kind is BuiltinFunctionType and type(callee.__self__) in known and callee.__name__ not in METHODS:
        return callee
    if kind in OF_C:
        return TAKE_FUNCTIONS.get(callee) or REGISTRY.get(callee) or REGISTRY.find(callee) or callee
    return rebuild(callee, of_function)


def resolve_method(callee: Any) -> Any:
    """`resolve_call` of an attribute, none of METHODS: faster for methods."""
    kind = type(callee)
    if kind is MethodType:
        function = callee.__func__
        found = functions.get(function) if type(function) is FunctionType else None
        if found is not None:
            return callee if found is function else MethodType(found, callee.__self__)
    elif kind is BuiltinFunctionType and type(callee.__self__) in known:
        return callee
    return resolve_call(callee)


def woven(f: Any) -> Any:
    """What a transform runs for the user's `f`: woven, and its package with it; `f` if there is nothing to weave."""
    if not enabled[-1]:
        return f
    if type(f) is FunctionType:
        found = functions.get(f)
        if found is not None and found is not f:
            return found
        plan = PLANS.by_code.get(id(f.__code__))
        if plan is not None and not plan.alone:
            return plan.function(f)
    elif type(f) is MethodType and type(f.__func__) is FunctionType:
        return rebound(f, woven)
    elif type(f).__module__.startswith("pycograd.") and not type(f).__module__.startswith(EXAMPLES):
        return f  # a transform of something, which weaves that
    for function in functions_of(f):
        adopt(function)
    return resolve_call(f)


enabled = [True]


def of_function(f: FunctionType) -> Any:
    """What a call of the Python function `f` resolves to."""
    plan = PLANS.by_code.get(id(f.__code__))
    if plan is None or plan.woven is None:
        found = TAKE_FUNCTIONS.get(f) or REGISTRY.find(f)
        if found is not None:
            return found
        if f.__code__ is DISPATCHER:
            return partial(call_dispatched, f)
        if f.__code__ is MANAGER:
            return contextlib.contextmanager(resolve_call(f.__wrapped__))  # type: ignore[attr-defined]
        plan = PLANS.plan(f)
    result = plan.function(f)
    if made_once(f):
        if len(functions) >= LIMIT:
            functions.clear()
        functions[f] = result
    return result


def made_once(f: FunctionType) -> bool:
    """Whether `f` is a function or method of a module, of which there will be no others that hold other values."""
    inner = f.__closure__ and f.__code__.co_freevars != ("__class__",) or "<locals>" in f.__qualname__
    return not inner and not (f.__defaults__ and f.__name__ == "<lambda>")


# ---- callables of other kinds --------------------------------------------------------------------------------------
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
        return partial(rebuild(callee.func, weave), *callee.args, **callee.keywords)
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


def rebound(method: MethodType, weave: Callable[[FunctionType], Any]) -> Any:
    function = rebuild(method.__func__, weave)
    return method if function is method.__func__ else MethodType(function, method.__self__)


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
    if isinstance(owner, list) and name == "sort":
        return partial(sort, owner)
    if isinstance(owner, np.ndarray) and name != "sort":
        return partial(resolve_call(getattr(np, name)), owner)
    return method


def sort(items: list[Any], *, key: Any = None, reverse: bool = False) -> None:
    items.sort(key=key and resolve_call(key), reverse=reverse)


def of_class(cls: Any, weave: Callable[[FunctionType], Any]) -> Any:
    """The construction of an instance, by woven `__new__` and `__init__` if they are the user's."""
    if type(cls).__call__ is not type.__call__ or issubclass(cls, BaseException):
        return cls
    makers = [make for make in (cls.__new__, cls.__init__) if type(make) is FunctionType]
    if not any(map(is_woven, makers)):
        return cls
    return partial(construct, cls, weave)


def construct(cls: Any, weave: Callable[[FunctionType], Any], /, *args: Any, **kwargs: Any) -> Any:
    """What `type.__call__` does."""
    new = cls.__new__
    obj = object.__new__(cls) if new is object.__new__ else rebuild(new, weave)(cls, *args, **kwargs)
    if issubclass(type(obj), cls):
        init = type(obj).__init__
        result = rebuild(init, weave)(obj, *args, **kwargs)
        if result is not None:
            raise TypeError(f"__init__() should return None, not '{type(result).__name__}'")
    return obj


def call_cached(cached: Any, weave: Callable[[FunctionType], Any], /, *args: Any, **kwargs: Any) -> Any:
    """A call of an `lru_cache`: a watched value is of one call, so its results are not kept."""
    if any(isinstance(a, Traced) for a in (*args, *kwargs.values())):
        return rebuild(cached.__wrapped__, weave)(*args, **kwargs)
    return cached(*args, **kwargs)


def call_dispatched(dispatcher: Any, /, *args: Any, **kwargs: Any) -> Any:
    """A call of a `singledispatch` function: it looks at the type that the plain value would have."""
    if not args:
        return dispatcher(*args, **kwargs)
    return resolve_call(dispatcher.dispatch(args[0].__class__))(*args, **kwargs)


# ---- what the rewriter asks ----------------------------------------------------------------------------------------
class Cells:
    """What the callees known in one function resolve to, in cells.  DYNAMIC: only the call can tell; None: leave it."""

    def __init__(self) -> None:
        self.made: dict[int, CellType | object | None] = {}

    def __call__(self, callee: Any, node: ast.Call) -> CellType | object | None:
        ours = registered(callee)
        if ours is not None and any(k.arg == "out" for k in node.keywords):
            return CellType(ours if isinstance(ours, Primitive) else partial(DELIVERY[0], ours))
        if isinstance(ours, Primitive):
            plain = not node.keywords and not any(isinstance(a, ast.Starred) for a in node.args)
            if plain and not ours.variadic and len(node.args) == len(ours.operands):
                return ours.cell
            if plain and ours.ufunc and len(node.args) > len(ours.operands):
                return None  # `out` by position: numpy's protocol puts it in its place
        if id(callee) not in self.made:
            self.made[id(callee)] = self.make(callee, ours)
        return self.made[id(callee)]

    def make(self, callee: Any, ours: Any) -> CellType | object | None:
        if ours is not None:
            return CellType(ours)
        if isinstance(callee, FunctionType):
            return (
                later(callee)
                if is_woven(callee) or callee.__code__ is DISPATCHER or callee.__code__ is MANAGER
                else None
            )
        if isinstance(callee, type):
            found = of_class(callee, of_function)
            return None if found is callee else CellType(found)
        return None if isinstance(callee, ALONE) else DYNAMIC


ALONE = (np.ufunc, type(np.sum), BuiltinFunctionType)


def later(function: FunctionType) -> CellType:
    """A cell that holds what `function` resolves to from its first call on: so what is never called is never woven."""
    cell = CellType()

    def first(*args: Any, **kwargs: Any) -> Any:
        cell.cell_contents = found = resolve_call(function)
        return found(*args, **kwargs)

    cell.cell_contents = first
    return cell


def visible(names: Any) -> Any:
    """`locals()` (or `vars()`, `dir()`) without the names that weaving adds."""
    if isinstance(names, list):
        return [name for name in names if not name.startswith("__pg_")]
    for name in [name for name in names if name.startswith("__pg_")]:
        del names[name]
    return names
