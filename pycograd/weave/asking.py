"""Functions of Python that ask their argument by its special methods: `len`, `sum`, `getattr`, the module `operator`.

Ours give them a stand-in where the argument's class defines the method, and are used only while some class does.
"""

import builtins
import operator
from collections.abc import Callable, Iterator
from typing import Any

from pycograd.core import REGISTRY

from .kinds import ASKING, TAKE_FUNCTIONS
from .resolve import resolve_call
from .specials import ATTRIBUTE, COMPARISONS, OPERATORS, active, known, ordinary
from .standin import StandIn, in_place, keeper_of

__all__ = ["comparable", "iterable", "stood"]

ITERATED = {"__iter__", "__next__", "__getitem__"}
READ = {"__getattr__", "__getattribute__"}
stood = keeper_of(resolve_call)  # the value, or its stand-in


def beyond(func: Any) -> Any:
    """What a woven call of `func` reaches while no class of the user has such methods."""
    return TAKE_FUNCTIONS.get(func) or REGISTRY.find(func) or func


def asks(func: Any, *names: str, first: bool = False) -> None:
    """Say that `func` calls the methods `names` of its arguments, or only of the first one."""

    def ask(*args: Any, **params: Any) -> Any:
        stand_ins = (stood(args[0]), *args[1:]) if first and args else tuple(map(stood, args))
        if any(type(a) is StandIn for a in stand_ins):
            return func(*stand_ins, **params)
        return beyond(func)(*args, **params)

    ASKING[func] = set(names), ask


for _func in (list, tuple, set, frozenset, any, all, zip, dict):
    asks(_func, *ITERATED)
asks(enumerate, *ITERATED, first=True)
asks(len, "__len__")
for _func in (str, repr, format, print):
    asks(_func, "__str__", "__repr__", "__format__", first=_func is not print)
asks(bool, "__bool__", "__len__")
asks(abs, "__abs__")
asks(round, "__round__", first=True)
asks(next, "__next__", first=True)
asks(reversed, "__reversed__", "__len__", "__getitem__")
asks(divmod, "__divmod__", "__rdivmod__")
asks(pow, "__pow__", "__rpow__")
for _symbol in OPERATORS:
    _name = {"and": "and_", "or": "or_"}.get(_symbol, _symbol)
    asks(getattr(operator, _name), f"__{_symbol}__", f"__r{_symbol}__")
    ASKING[getattr(operator, f"i{_symbol}")] = (
        {f"__i{_symbol}__", f"__{_symbol}__", f"__r{_symbol}__"},
        in_place(_symbol, resolve_call),
    )
for _symbol, _other in COMPARISONS.items():
    asks(getattr(operator, _symbol), f"__{_symbol}__", f"__{_other}__", "__eq__")
for _symbol in ("neg", "pos", "invert", "abs", "getitem", "setitem", "delitem", "contains", "truth", "not_"):
    _names = {"contains": ITERATED | {"__contains__"}, "truth": {"__bool__"}, "not_": {"__bool__"}}
    asks(getattr(operator, _symbol), *_names.get(_symbol, {f"__{_symbol}__"}), first=True)


def asking(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function takes the place of Python's of the same name while a class defines one of the methods."""

    def register(ours: Callable[..., Any]) -> Callable[..., Any]:
        ASKING[getattr(builtins, ours.__name__.rstrip("_"))] = set(names), ours
        return ours

    return register


# ---- numbers ---------------------------------------------------------------------------------------------------------
def to_number(func: type) -> None:
    """`float(x)` and its like: Python would refuse a watched value that the user's `__float__` gives."""
    name = f"__{func.__name__}__"

    def convert(*args: Any, **params: Any) -> Any:
        x = stood(args[0]) if args else None
        if type(x) is StandIn and hasattr(type(args[0]), name):
            return beyond(func)(getattr(StandIn, name)(x))
        return beyond(func)(*args, **params)

    ASKING[func] = {name}, convert


for _type in (float, complex, int):
    to_number(_type)


# ---- attributes ------------------------------------------------------------------------------------------------------


@asking(ATTRIBUTE, *READ)
def getattr_(obj: Any, name: str, /, *default: Any) -> Any:
    return getattr(stood(obj), name, *default)


@asking(ATTRIBUTE, *READ)
def hasattr_(obj: Any, name: str, /) -> bool:
    return hasattr(stood(obj), name)


@asking(ATTRIBUTE, "__setattr__")
def setattr_(obj: Any, name: str, value: Any, /) -> None:
    setattr(stood(obj), name, value)


@asking(ATTRIBUTE, "__delattr__")
def delattr_(obj: Any, name: str, /) -> None:
    delattr(stood(obj), name)


# ---- many values -----------------------------------------------------------------------------------------------------
@asking("__iter__", "__next__", "__getitem__")
def iter_(obj: Any, /, *sentinel: Any) -> Iterator[Any]:
    return iter(resolve_call(obj), *sentinel) if sentinel else iter(stood(obj))


@asking("__add__", "__radd__", "__iter__", "__next__", "__getitem__")
def sum_(iterable: Any, /, start: Any = 0) -> Any:
    if type(iterable) in known and type(iterable) not in (list, tuple) and type(start) in ordinary:
        return beyond(builtins.sum)(iterable, start)  # arrays
    values = list(stood(iterable))
    if ordinary.issuperset({type(start), *map(type, values)}):
        return beyond(builtins.sum)(values, start)
    for value in values:
        start = operator.add(stood(start), stood(value))
    return start


def comparable(key: Any) -> Any:
    """What `sorted`, `min` and `max` compare by: by stand-ins, while classes of the user define how they compare."""
    key = key and resolve_call(key)
    if not active({"__lt__", "__gt__"}):
        return key
    return (lambda value: stood(key(value))) if key else stood


def iterable(values: Any) -> Any:
    """What may be iterated in place of `values`, which may be of a class of the user."""
    return stood(values) if active(ITERATED) else values
