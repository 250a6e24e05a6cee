"""Stand-ins: a value of the user's class for the time of one operation, which runs the class' functions woven.

`a + b` is rewritten to `stand(a) + stand(b)` where a class of the user defines `__add__`.  For every value of another
class `stand` is the identity.  A stand-in looks up what Python would look up, in the order of Python, and calls it
woven; what is not the user's is left to Python, with the value itself.  No function of the user ever sees one.
"""

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

from pycograd.core import written

from .attributes import read, write
from .specials import COMPARISONS, OPERATORS, keep_ordinary, ordinary, special, user_function

__all__ = ["StandIn", "each_of", "in_place", "keeper_of", "searcher_of", "stand"]

new = object.__new__
put = object.__setattr__
Resolve = Callable[[Any], Any]


class StandIn:
    """A value and the look-up (`resolve_call`, or another weaving's) of what its functions are to be."""

    __slots__ = ("resolve", "value")
    __array_ufunc__ = None  # numpy's arrays leave the operation to it
    __hash__ = None  # type: ignore[assignment]

    # ---- attributes ----
    def __getattribute__(self, name: str) -> Any:
        return read(value_of(self), name, resolve_of(self))

    def __setattr__(self, name: str, value: Any) -> None:
        write(value_of(self), "set", name, resolve_of(self), value)

    def __delattr__(self, name: str) -> None:
        write(value_of(self), "delete", name, resolve_of(self))

    # ---- texts ----
    def __repr__(self) -> str:
        found = method(self, "__repr__")
        return found() if found else repr(value_of(self))

    def __str__(self) -> str:
        found = method(self, "__str__")
        default = special(type(value_of(self)), "__str__") is object.__str__
        return found() if found else repr(self) if default else str(value_of(self))

    def __format__(self, spec: str) -> str:
        found = method(self, "__format__")
        default = special(type(value_of(self)), "__format__") is object.__format__
        return found(spec) if found else str(self) if default and not spec else format(value_of(self), spec)

    # ---- truth, containers, iteration ----
    def __bool__(self) -> Any:
        truth = method(self, "__bool__")
        if truth:
            return truth()
        length = method(self, "__len__")
        if length and special(type(value_of(self)), "__bool__") is None:
            return length() != 0
        return bool(value_of(self))

    def __contains__(self, item: Any) -> Any:
        found = method(self, "__contains__")
        if found:
            return found(item)
        listed = type(value_of(self)) in (list, tuple) and type(item) not in ordinary
        if listed or method(self, "__iter__"):
            resolve = resolve_of(self)
            return any(v is item or stand(v, resolve) == stand(item, resolve) for v in self)
        return item in value_of(self)

    def __iter__(self) -> Iterator[Any]:
        found = method(self, "__iter__")
        if found:
            made = stand(found(), resolve_of(self))
            if type(made) is not StandIn and not hasattr(type(made), "__next__"):
                raise TypeError(f"iter() returned non-iterator of type '{type(made).__name__}'")
            return steps(made) if type(made) is StandIn else made
        if method(self, "__getitem__") and special(type(value_of(self)), "__iter__") is None:
            return items(self)
        return iter(value_of(self))

    # ---- context managers ----
    def __enter__(self) -> Any:
        return managing(self, "__enter__")()

    def __exit__(self, *error: Any) -> Any:
        return managing(self, "__exit__")(*error)

    def __aenter__(self) -> Any:
        return managing(self, "__aenter__")()

    def __aexit__(self, *error: Any) -> Any:
        return managing(self, "__aexit__")(*error)

    def __aiter__(self) -> Any:
        found = method(self, "__aiter__")
        return stand(found() if found else aiter(value_of(self)), resolve_of(self))

    def __await__(self) -> Any:
        found = method(self, "__await__")
        return found() if found else value_of(self).__await__()

    def __anext__(self) -> Any:
        return (method(self, "__anext__") or functools.partial(anext, value_of(self)))()


value_of: Callable[[StandIn], Any] = StandIn.value.__get__  # type: ignore[attr-defined]
resolve_of: Callable[[StandIn], Resolve] = StandIn.resolve.__get__  # type: ignore[attr-defined]


def keeper_of(resolve: Resolve) -> Callable[[Any], Any]:
    """The function `stand` of one way of weaving."""
    return lambda value: value if type(value) in ordinary else stand(value, resolve)


def searcher_of(resolve: Resolve) -> Callable[[Any], Any]:
    """What `x in values` asks, where the values may be of a class that defines `==`: one way of weaving's."""
    return lambda values: (
        made_for(values, resolve) if type(values) in (list, tuple) else stand(values, resolve)
    )


def each_of(resolve: Resolve) -> Callable[[Any], Iterator[Any]]:
    """The items of what is iterated, to be unpacked: one way of weaving's."""
    keep = keeper_of(resolve)
    return lambda values: map(keep, values)


def stand(value: Any, resolve: Resolve) -> Any:
    """A stand-in for `value`, if its class has special methods or computed attributes of the user."""
    kind = type(value)
    if kind in ordinary or kind is StandIn or (kind is not super and keep_ordinary(kind)):
        return value
    return made_for(value, resolve)


def made_for(value: Any, resolve: Resolve) -> StandIn:
    made = new(StandIn)
    put(made, "value", value)
    put(made, "resolve", resolve)
    return made


def plain(value: Any) -> Any:
    """The value itself."""
    return value_of(value) if type(value) is StandIn else value


def method(stand_in: StandIn, name: str) -> Any:
    """The special method of the user, woven and bound; None if that is not the user's."""
    value = value_of(stand_in)
    found = user_function(type(value), name)
    return found and functools.partial(resolve_of(stand_in)(found), value)


def managing(stand_in: StandIn, name: str) -> Any:
    value = value_of(stand_in)
    if special(type(value), name) is None:
        protocol = "asynchronous context manager" if name.startswith("__a") else "context manager"
        raise TypeError(f"'{type(value).__name__}' object does not support the {protocol} protocol")
    return method(stand_in, name) or functools.partial(getattr(type(value), name), value)


def steps(iterator: Any) -> Iterator[Any]:
    """What an iterator gives, by its `__next__`, woven."""
    following = method(iterator, "__next__")
    if following is None:
        raise TypeError(f"iter() returned non-iterator of type '{type(value_of(iterator)).__name__}'")
    while True:
        try:
            value = following()
        except StopIteration:
            return
        yield value


def items(sequence: StandIn) -> Iterator[Any]:
    """What a sequence without `__iter__` gives: Python asks it for item 0, 1, ... until there is none."""
    get, i = method(sequence, "__getitem__"), 0
    while True:
        try:
            value = get(i)
        except IndexError:
            return
        yield value
        i += 1


# ---- what has one operand --------------------------------------------------------------------------------------------
def forwarded(name: str, native: Callable[..., Any]) -> Callable[..., Any]:
    def forward(self: StandIn, *args: Any) -> Any:
        found = method(self, name)
        return found(*args) if found else native(value_of(self), *args)

    return forward


for _name, _native in {
    **{
        name: getattr(operator, name)
        for name in ("neg", "pos", "invert", "abs", "getitem", "setitem", "delitem")
    },
    **dict(len=len, round=round, int=int, float=float, complex=complex, reversed=reversed, next=next),
}.items():
    setattr(StandIn, f"__{_name}__", forwarded(f"__{_name}__", _native))


# ---- operators -------------------------------------------------------------------------------------------------------
def binary(a: Any, b: Any, names: tuple[str, str], native: Callable[..., Any], resolve: Resolve) -> Any:
    """What `native(a, b)` gives, which tries method names[0] of `a` and then, reflected, names[1] of `b`."""
    tries = [(a, b, names[0])]
    if type(a) is not type(b) or names[0] in RICH:
        tries.append((b, a, names[1]))
        first, second = special(type(a), names[1]), special(type(b), names[1])
        if (
            type(b) is not type(a)
            and issubclass(type(b), type(a))
            and (first is not second or names[0] in RICH)
        ):
            tries.reverse()  # a subclass goes first
    if type(a) in SEQUENCES and names[0] not in RICH:
        tries.reverse()  # they concatenate and repeat only if the other does not know better
    for x, y, name in tries:
        function = special(type(x), name)
        if function is None:
            continue
        found = user_function(type(x), name)
        if (
            found is None
            and name == "__ne__"
            and function is object.__ne__
            and user_function(type(x), "__eq__")
        ):
            result = binary(x, y, ("__eq__", "__eq__"), operator.eq, resolve)
            return result if result is NotImplemented else not result
        result = resolve(found)(x, y) if found else function.__get__(x, type(x))(y)
        if result is not NotImplemented:
            return result
    if names[0] in ("__eq__", "__ne__"):
        return (a is b) == (names[0] == "__eq__")
    return native(a, b)  # which raises


def in_place(symbol: str, resolve: Resolve) -> Callable[[Any, Any], Any]:
    """What `a += b` leaves in `a`."""
    native = getattr(operator, f"i{symbol}")
    names = f"__{symbol}__", f"__r{symbol}__"

    def forward(a: Any, b: Any) -> Any:
        written(a)
        b = plain(b)
        if type(a) in ordinary and type(b) in ordinary:
            return native(a, b)
        found = user_function(type(a), f"__i{symbol}__")
        if found:
            result = resolve(found)(a, b)
            if result is not NotImplemented:
                return result
        elif special(type(a), f"__i{symbol}__"):
            return native(a, b)
        return binary(a, b, names, native, resolve)

    return forward


SEQUENCES = (list, tuple, str, bytes)
RICH = frozenset(f"__{name}__" for name in COMPARISONS)


def operate(symbol: str, reflected: str, native: Callable[..., Any]) -> None:
    """Give StandIn the binary operator `symbol`."""
    names = f"__{symbol}__", f"__{reflected}__"

    def forward(self: StandIn, other: Any) -> Any:
        return binary(value_of(self), plain(other), names, native, resolve_of(self))

    def backward(self: StandIn, other: Any) -> Any:
        return binary(other, value_of(self), names, native, resolve_of(self))

    setattr(StandIn, names[0], forward)
    if names[0] not in RICH:
        setattr(StandIn, names[1], backward)


for _symbol in OPERATORS:
    operate(_symbol, f"r{_symbol}", getattr(operator, {"and": "and_", "or": "or_"}.get(_symbol, _symbol)))
for _symbol, _other in COMPARISONS.items():
    operate(_symbol, _other, getattr(operator, _symbol))
operate("divmod", "rdivmod", divmod)
