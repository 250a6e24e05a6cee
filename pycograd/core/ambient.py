"""Ambient values: parameters, which a function may reach without being handed them.

An `Ambient` is a handle: it steps aside for a value in whatever operation asks, as an array that can be written does.
That value is its own, unless a transform that runs in this thread or task has put another one in its place
(`stand_in`).  So a weight is watched while its gradient is taken, and a constant otherwise, by whatever name it is
reached.
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from math import inf
from types import MappingProxyType
from typing import Any

import numpy as np

from .aval import Aval, aval_of, shape_of
from .tape import twin
from .traced import Handle, Traced

__all__ = ["Ambient", "is_ambient", "keepers", "stand_in", "stand_ins", "surroundings"]

# id of an ambient value -> itself, so that the id stays its own, and what stands in its place
stand_ins: ContextVar[Mapping[int, list[Any]]] = ContextVar("stand_ins", default=MappingProxyType({}))


@contextmanager
def stand_in(places: Mapping[int, list[Any]]) -> Iterator[None]:
    """While this lasts, other values stand in the places of ambient ones, in this thread or task."""
    before = stand_ins.set(MappingProxyType({**stand_ins.get(), **places}))
    try:
        yield
    finally:
        stand_ins.reset(before)


# Each remembers something of the surroundings of a call, and gives a context manager that brings it back.
keepers: list[Callable[[], Callable[[], AbstractContextManager[Any]]]] = []


def surroundings() -> Callable[[], AbstractContextManager[Any]]:
    """What a function that runs now sees around it, for another run of it: what stands where, and more that upper
    layers know.
    """
    places = stand_ins.get()
    kept = [keeper() for keeper in keepers]

    @contextmanager
    def restored() -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(stand_in(places))
            for restore in kept:
                stack.enter_context(restore())
            yield

    return restored


class Ambient(Handle):
    """A value that is reached by name: a parameter, or the name of one in a `with` block.

    trainable  whether a transform that meets it among its arguments differentiates it
    tie        what it shares its gradient with: every other one of the same tie; None for nothing
    """

    __slots__ = ()
    level = inf
    identified = True
    trainable: bool = True
    tie: Any = None

    def now(self) -> Any:
        """The very object that stands in this place now: plain, or watched."""
        raise NotImplementedError

    def current(self) -> Any:
        return twin(self.now())

    def held(self) -> Any:
        """The value now, by a reader who means it as a constant."""
        return self.current()

    def holding(self, value: Any) -> Any:
        """What stands for this one in a container whose leaves were replaced."""
        return value

    def differentiable(self) -> bool:
        """Whether this argument has a gradient."""
        return self.trainable

    value = property(lambda self: self.now())

    # ---- what numpy asks: as if the value itself stood here --------------------------------------------------------
    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **params: Any) -> Any:
        args, params = plainer(args), plainer(params)
        return getattr(ufunc, method)(*args, **params)

    def __array_function__(self, func: Any, types: Any, args: Any, params: Any) -> Any:
        return func(*plainer(args), **plainer(params))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        v = self.now()
        if isinstance(v, Traced):
            return v.__array__(dtype, copy)
        return np.array(v, dtype, copy=copy)

    # ---- what code asks --------------------------------------------------------------------------------------------
    @property
    def aval(self) -> Aval:
        return aval_of(self.now())

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.now())

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.aval.dtype)

    def __len__(self) -> int:
        return len(self.now())

    def __iter__(self) -> Any:
        return iter(self.now())

    def __contains__(self, x: Any) -> bool:
        return x in self.now()

    def __getitem__(self, key: Any) -> Any:
        return self.now()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.now()[key] = value

    def __bool__(self) -> bool:
        return bool(self.now())

    def __index__(self) -> int:
        return operator.index(self.now())

    def __int__(self) -> int:
        return int(self.now())

    def __float__(self) -> float:
        return float(self.now())

    def __complex__(self) -> complex:
        return complex(self.now())

    def __round__(self, digits: int | None = None) -> Any:
        return round(self[()], digits)  # an array of no axes cannot be rounded, its number can

    def __repr__(self) -> str:
        return repr(self.now())

    def __str__(self) -> str:
        return str(self.now())

    def __format__(self, spec: str) -> str:
        return format(self.now(), spec)

    def __copy__(self) -> Any:
        return self.now().copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.now().copy()

    def __reduce__(self) -> Any:
        return self.now().__reduce__()


def is_ambient(x: Any) -> bool:
    """Whether `x` is a parameter, or the name of one."""
    return issubclass(type(x), Ambient)


def plainer(x: Any) -> Any:
    """`x` with what stands in the places of ambient values, in lists and tuples too."""
    kind = type(x)
    if kind is tuple or kind is list:
        return kind(map(plainer, x))
    if kind is dict:
        return {name: plainer(v) for name, v in x.items()}
    return x.now() if issubclass(kind, Ambient) else x


# ---- the methods of arrays, and the operators that write -----------------------------------------------------------
def forwarded(name: str) -> Any:
    """The method or attribute of the value."""
    known = getattr(np.ndarray, name)

    def call(self: Ambient, *args: Any, **params: Any) -> Any:
        return getattr(self.now(), name)(*args, **params)

    call.__name__, call.__doc__ = name, f"`{name}` of the value."
    if callable(known):
        return call
    return property(
        lambda self: getattr(self.now(), name), lambda self, value: setattr(self.now(), name, value)
    )


def binary(symbol: str) -> tuple[Callable[[Ambient, Any], Any], Callable[[Ambient, Any], Any]]:
    """The operator on the value, and the one that is asked of the second operand."""
    compute = getattr(operator, f"__{symbol}__")

    def method(self: Ambient, other: Any) -> Any:
        return compute(self.now(), other.now() if issubclass(type(other), Ambient) else other)

    def reflected(self: Ambient, other: Any) -> Any:
        return compute(other, self.now())

    return method, reflected


def in_place(symbol: str) -> Callable[[Ambient, Any], Any]:
    """The in-place operator: it writes into the value, whoever else has it."""
    written, computed = getattr(operator, f"__i{symbol}__"), getattr(operator, f"__{symbol}__")

    def method(self: Ambient, other: Any) -> Any:
        x = self.now()
        if isinstance(x, Traced):
            x[...] = computed(twin(x), other)  # type: ignore[index]
        else:
            written(x, other)
        return self

    return method


for name in dir(np.ndarray):
    if not name.startswith("_") and name not in vars(Ambient):
        setattr(Ambient, name, forwarded(name))
for symbol in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    method, reflected = binary(symbol)
    setattr(Ambient, f"__{symbol}__", method)
    setattr(Ambient, f"__r{symbol}__", reflected)
    setattr(Ambient, f"__i{symbol}__", in_place(symbol))
for symbol in "lt le gt ge eq ne".split():
    setattr(Ambient, f"__{symbol}__", binary(symbol)[0])
for question in (math.ceil, math.floor, math.trunc):
    setattr(Ambient, f"__{question.__name__}__", lambda self, question=question: question(self.now()))
