"""Functions of Python that call a function they are given: ours weave it first.

Those of the standard library that are written in Python, and do nothing but call the user's, are woven themselves.
"""

import bisect
import builtins
import contextlib
import dataclasses
import functools
import heapq
import itertools
import operator
import typing
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from pycograd.core import REGISTRY

from .asking import comparable, iterable, stood
from .classes import construct
from .kinds import TAKE_METHODS, of_instances, takes_function
from .resolve import resolve_call
from .selection import codes
from .source import nested
from .specials import ATTRIBUTE, active, known
from .standin import StandIn

__all__: list[str] = []


# ---- functions that call a function ----------------------------------------------------------------------------------
@takes_function(builtins.map)
def map_(function: Any, /, *iterables: Any) -> Any:
    return map(resolve_call(function), *[iterable(values) for values in iterables])


@takes_function(builtins.filter)
def filter_(function: Any, values: Any, /) -> Any:
    return filter(function and resolve_call(function), iterable(values))


@takes_function(builtins.sorted)
def sorted_(values: Any, /, *, key: Any = None, reverse: Any = False) -> Any:
    return sorted(iterable(values), key=comparable(key), reverse=reverse)


@takes_function(builtins.min)
def min_(*args: Any, key: Any = None, **params: Any) -> Any:
    return extreme(min, args, key, params)


@takes_function(builtins.max)
def max_(*args: Any, key: Any = None, **params: Any) -> Any:
    return extreme(max, args, key, params)


def extreme(func: Any, args: tuple[Any, ...], key: Any, params: dict[str, Any]) -> Any:
    """The least or the greatest value; `key` says by what, or the values, if they are of a class of the user."""
    if len(args) == 1:
        args = (iterable(args[0]),)
        if type(args[0]) is StandIn:
            args = (list(args[0]),)
    values = args[0] if len(args) == 1 else args
    if key is None and (type(values) not in (tuple, list) or known.issuperset(map(type, values))):
        return (REGISTRY.find(func) or func)(*args, **params)
    return func(*args, key=comparable(key), **params)


@takes_function(type.__call__)
def call_of_type(cls: Any, /, *args: Any, **kwargs: Any) -> Any:
    return construct(cls, resolve_call, *args, **kwargs)


@takes_function(functools.reduce)
def reduce(function: Any, values: Any, /, *initial: Any) -> Any:
    return functools.reduce(resolve_call(function), iterable(values), *initial)


@takes_function(functools.cmp_to_key)
def cmp_to_key(mycmp: Any) -> Any:
    return functools.cmp_to_key(resolve_call(mycmp))


@takes_function(itertools.accumulate)
def accumulate(values: Any, func: Any = None, **params: Any) -> Any:
    return itertools.accumulate(iterable(values), resolve_call(func or operator.add), **params)


@takes_function(itertools.groupby)
def groupby(values: Any, key: Any = None) -> Any:
    return itertools.groupby(iterable(values), key and resolve_call(key))


for _func in (itertools.starmap, itertools.takewhile, itertools.dropwhile, itertools.filterfalse):
    takes_function(_func)(
        lambda function, values, /, func=_func: func(resolve_call(function), iterable(values))
    )
for _func in (bisect.bisect_left, bisect.bisect_right, bisect.insort_left, bisect.insort_right):
    takes_function(_func)(
        lambda a, x, *at, key=None, func=_func, **to: func(a, x, *at, key=comparable(key), **to)
    )


def sort(items: list[Any], *, key: Any = None, reverse: bool = False) -> None:
    items.sort(key=comparable(key), reverse=reverse)


TAKE_METHODS["sort"] = sort


@of_instances(operator.methodcaller)
def method_caller(caller: Any) -> Any:
    make, args = caller.__reduce__()[:2]
    params = make.keywords if isinstance(make, functools.partial) else {}
    name, *args = (*getattr(make, "args", ()), *args)
    return lambda owner: resolve_call(getattr(stood(owner), name))(*args, **params)


@of_instances(operator.attrgetter)
def attribute_getter(getter: Any) -> Any:
    return get_attributes(getter.__reduce__()[1]) if active({ATTRIBUTE}) else getter


def get_attributes(names: tuple[str, ...]) -> Any:
    def get(owner: Any) -> Any:
        found = []
        for name in names:
            value = owner
            for part in name.split("."):
                value = getattr(stood(value), part)
            found.append(value)
        return found[0] if len(found) == 1 else tuple(found)

    return get


@of_instances(operator.itemgetter)
def item_getter(getter: Any) -> Any:
    return (lambda owner: getter(stood(owner))) if active({"__getitem__"}) else getter


# ---- functions that are woven themselves -----------------------------------------------------------------------------
def weave_too(function: Any, *inner: str) -> None:
    """Weave `function`, or the functions of the names `inner` that it makes."""
    code: CodeType = function.__code__
    for chosen in [c for c in nested(code) if c.co_name in inner] if inner else [code]:
        codes[id(chosen)] = chosen, True


for _name, _function in vars(functools).items():
    if _name.startswith(("_gt_from", "_lt_from", "_ge_from", "_le_from")):  # total_ordering
        weave_too(_function)
for _function in (heapq.merge, heapq.nsmallest, heapq.nlargest, dataclasses.replace):
    weave_too(_function)
weave_too(getattr(dataclasses, "_replace", dataclasses.replace))  # Python 3.13
weave_too(functools.singledispatchmethod.__get__, "_method")
weave_too(contextlib.ContextDecorator.__call__, "inner")
weave_too(contextlib.AsyncContextDecorator.__call__, "inner")
weave_too(np.errstate.__call__, "inner")
weave_too(type(typing.Sequence[int]).__call__)  # Model[int](x)
for _value in vars(getattr(functools, "_singledispatchmethod_get", object)).values():  # Python 3.14
    if isinstance(_value, FunctionType):
        weave_too(_value)
