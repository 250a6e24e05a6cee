"""Resolution: what a call reaches.  `resolve_call` is the look-up that woven code makes, and event mode too.

A function that the registry knows becomes ours; a function, method or callable object of the user is woven; one that
takes a function hands a woven one on (`callables.py`); everything else is what it was.  What is made once (a function
of a module, a class, a function of C) is looked up in one table, in a twentieth of a microsecond.
"""

import contextlib
import functools
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from pycograd.core import PLAIN, REGISTRY, Primitive

from .classes import generated_init
from .kinds import LISTED, TAKE_FUNCTIONS, is_method_of_known, made_once, of_partial, rebound, rebuild, taken
from .plans import Plans
from .selection import EXAMPLES, adopt, functions_of, observers
from .specials import look, look_at_imports
from .stores import OUT
from .texts import is_function_of_text, where_watched
from .uses import WRITERS

__all__ = [
    "DISPATCHER",
    "MANAGERS",
    "PLANS",
    "enabled",
    "functions",
    "of_function",
    "resolve_ahead",
    "resolve_call",
    "resolve_for_one",
    "resolve_for_two",
    "resolve_method",
    "woven",
]

LIMIT = 4096
UFUNC, DISPATCHED = np.ufunc, type(np.sum)
SHARED = (ModuleType, type, type(None))  # what owns a function of C that there is but once
functions: dict[Any, Any] = {}  # functions, classes and functions of C, made once -> what they resolve to
methods: dict[Any, Any] = {}  # the same for functions that are methods; None for one that resolves to itself
calls: dict[
    type, tuple[Any, Any]
] = {}  # classes whose instances are called -> `__call__`, and what that resolves to
observers += [functions.clear, methods.clear, calls.clear]
DISPATCHER = functools.singledispatch(lambda x: x).__code__
MANAGERS: dict[int, Any] = {  # by the id of the code of what it makes
    id(decorate(lambda: iter(())).__code__): decorate  # type: ignore[arg-type,return-value]
    for decorate in (contextlib.contextmanager, contextlib.asynccontextmanager)
}
NEVER_CALLED = (None, None)
PLANS = Plans()
enabled = [True]


def resolve_call(callee: Any) -> Any:
    """What a woven call of `callee` calls.

    >>> resolve_call(np.exp)
    <primitive exp>
    """
    kind = type(callee)
    if kind is FunctionType:
        return functions.get(callee) or of_function(callee)
    if kind in LISTED:
        return functions.get(callee) or of_listed(callee)
    if kind is MethodType:
        return resolve_method(callee)
    call, found = calls.get(kind, NEVER_CALLED)
    if call is not None and kind.__call__ is call:
        return callee if found is call else MethodType(found, callee)
    return of_kind(callee)


def resolve_for_one(callee: Any, a: Any) -> Any:
    """`resolve_call` for a call whose arguments are made of `a`: a function of numpy's itself if that is plain."""
    kind = type(callee)
    if (kind is UFUNC or kind is DISPATCHED) and type(a) in PLAIN:
        return callee
    if kind is FunctionType:
        return functions.get(callee) or of_function(callee)
    call, found = calls.get(kind, NEVER_CALLED)
    if call is not None and kind.__call__ is call:
        return callee if found is call else MethodType(found, callee)
    return resolve_call(callee)


def resolve_for_two(callee: Any, a: Any, b: Any, count: int = 1) -> Any:
    """The same for a call whose arguments, one or two, are made of `a` and `b`."""
    kind = type(callee)
    if (kind is UFUNC or kind is DISPATCHED) and type(a) in PLAIN and type(b) in PLAIN:
        writes = count == 2 and (callee.nin == 1 if kind is UFUNC else callee in WRITERS)
        return resolve_call(callee) if writes else callee
    if kind is FunctionType:
        return functions.get(callee) or of_function(callee)
    return resolve_call(callee)


def resolve_method(callee: Any, a: Any = None, b: Any = 0.0, count: int = 1) -> Any:
    """`resolve_call` of an attribute, which is a method, mostly; its arguments may be made of `a` and `b`."""
    if type(callee) is MethodType:
        try:
            found = methods[callee.__func__]
        except (KeyError, TypeError):  # TypeError: not hashable
            return of_method(callee)
        return callee if found is None else MethodType(found, callee.__self__)
    if type(callee) is BuiltinFunctionType and is_method_of_known(callee):
        return callee
    call, found = calls.get(type(callee), NEVER_CALLED)
    if call is not None and type(callee).__call__ is call:
        return callee if found is call else MethodType(found, callee)
    return resolve_call(callee) if a is None else resolve_for_two(callee, a, b, count)


def resolve_ahead(callee: Any, count: int) -> Any:
    """`resolve_call`, once for many calls; None if it is better done for each.

    count  how many arguments all those calls have, by position; -1 if they differ
    """
    found = resolve_call(callee)
    if found is callee or type(callee) not in LISTED or type(callee) is type:
        return found
    if type(found) is Primitive and len(found.operands) == count and type(found.call) is FunctionType:
        return found.call  # the text of that operation, which is fast for plain values too
    return None


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
    own = list(functions_of(f))
    for function in own:
        adopt(function)
    if any(id(function.__code__) not in PLANS.by_code for function in own):
        look()
    return resolve_call(f)


# ---- what is not in the tables ---------------------------------------------------------------------------------------
def of_function(f: FunctionType) -> Any:
    """What a call of the Python function `f` resolves to."""
    plan = PLANS.by_code.get(id(f.__code__))
    if plan is not None and plan.inside:
        return f
    text = is_function_of_text(f)  # those that are decorated share their code
    if plan is None or plan.woven is None or text:
        found = (
            TAKE_FUNCTIONS.get(f) or REGISTRY.get(f) if plan and not text else taken(f) or REGISTRY.find(f)
        )
        if found is not None:
            return found
        if f.__code__ is DISPATCHER:
            return partial(call_dispatched, f)
        if not plan:
            look_at_imports()
        plan = PLANS.plan(f)
    manager = MANAGERS.get(id(f.__code__))
    if manager:
        result = manager(resolve_call(f.__wrapped__))  # type: ignore[attr-defined]
    else:
        result = plan.function(f)
        if result is f:
            result = generated_init(f, resolve_call) or f
        elif text:
            result = where_watched(f, result)
    if "<locals>" not in f.__qualname__ and made_once(f):
        keep(functions, f, result)
    return result


def of_method(method: MethodType) -> Any:
    """A method that is not in the table yet, or never will be."""
    found = rebound(method, of_function)
    function = method.__func__
    if type(found) is MethodType and type(function) is FunctionType and function in functions:
        keep(methods, function, None if found is method else found.__func__)
    return found


def of_listed(callee: Any) -> Any:
    """A class, or a function of C, which may be a method of a value."""
    if type(callee) is BuiltinFunctionType:
        if is_method_of_known(callee) and callee.__name__ not in OUT:
            return callee
        once = isinstance(callee.__self__, SHARED)
    else:
        once = type(callee) is not type or made_once(callee)
    found = rebuild(callee, of_function)
    if once:
        keep(functions, callee, found)
    return found


def of_kind(callee: Any) -> Any:
    """A callable object, a `partial`, or what cannot be called."""
    kind = type(callee)
    if kind is partial:
        return of_partial(callee, resolve_call)
    found = rebuild(callee, of_function)
    call = kind.__call__
    if type(call) is FunctionType and made_once(kind) and made_once(call):
        if found is callee:
            keep(calls, kind, (call, call))
        elif type(found) is MethodType and found.__self__ is callee:
            keep(calls, kind, (call, found.__func__))
    return found


def keep(table: dict[Any, Any], key: Any, value: Any) -> None:
    if len(table) >= LIMIT:
        table.clear()
    table[key] = value


def call_dispatched(dispatcher: Any, /, *args: Any, **kwargs: Any) -> Any:
    """A call of a `singledispatch` function: it looks at the type that the plain value would have."""
    if not args:
        return dispatcher(*args, **kwargs)
    return resolve_call(dispatcher.dispatch(args[0].__class__))(*args, **kwargs)
