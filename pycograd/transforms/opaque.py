"""Opaque functions: `primitive`, which only sees plain numbers, with its gradient declared by `defvjp`."""

import functools
import sys
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from pycograd.core import MissingRuleError, Primitive, Traced, aval_of, current_of, shape_of, told
from pycograd.weave import woven

from .custom import positional, same_shape
from .edge import name_of

__all__ = ["Maker", "defvjp", "primitive"]

Maker = Callable[..., Any] | None


class primitive:
    """Decorator: a function that numpy code cannot look into; it only sees plain numbers, one output array.

    Its gradient is declared by `defvjp`.  vmap runs it in a loop.

    >>> from pycograd import grad
    >>> @primitive
    ... def cube(x):
    ...     return float(x) ** 3
    >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    >>> grad(cube)(2.0)
    (12.0,)
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f, updated=())
        self.makers: dict[int, Maker] = {}
        self._prim = Primitive(opaque, opaque_rule, operands="*xs", name=name_of(f))
        self._prim.reruns = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(v, Traced) for v in kwargs.values()):
            args, kwargs = positional(self.__wrapped__, args, kwargs)
            if any(isinstance(v, Traced) for v in kwargs.values()):
                raise TypeError(
                    f"{self.__name__}: a keyword argument of a primitive is static; it was given a watched value"
                )
        args = tuple(map(current_of, args))
        at = [i for i, x in enumerate(args) if isinstance(x, Traced)]
        if not at:
            return self.__wrapped__(*args, **kwargs)
        return self._prim.call(*[args[i] for i in at], call=Opaque(self, args, kwargs, at))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"primitive({self.__name__})"

    def __reduce__(self) -> Any:
        named = getattr(sys.modules.get(self.__module__), self.__qualname__, None) is self
        return self.__qualname__ if named else self.made_by()

    def made_by(self) -> Any:
        """How to make this again, if it has no name of its own."""
        raise TypeError(f"{self!r} cannot be pickled: it is not what its module calls {self.__qualname__}")

    def maker(self, i: int, x: Any) -> Maker:
        """The function (ans, *args) -> (g -> cotangent) for argument `i`, whose value is `x`."""
        if i in self.makers or np.dtype(aval_of(x).dtype).kind in "iub":
            return self.makers.get(i)
        raise MissingRuleError(
            told(
                f"{self.__name__} has no derivative for its argument {i}",
                fix=f"defvjp({self.__name__}, lambda ans, *args: lambda g: ..., argnums=({i},))",
            )
        )


class Opaque:
    """One call of a primitive: its arguments, of which those `at` are watched."""

    def __init__(self, f: primitive, args: tuple[Any, ...], kwargs: dict[str, Any], at: list[int]) -> None:
        self.f, self.args, self.kwargs, self.at = f, args, kwargs, at

    def all(self, xs: Sequence[Any]) -> list[Any]:
        args = list(self.args)
        for i, x in zip(self.at, xs, strict=True):
            args[i] = x
        return args


def opaque(*xs: Any, call: Opaque) -> Any:
    y = call.f.__wrapped__(*call.all(xs), **call.kwargs)
    if isinstance(y, (tuple, list, dict)):
        raise TypeError(
            f"{call.f.__name__}: a primitive returns one array, not a {type(y).__name__}; use custom_vjp"
        )
    return y


def opaque_rule(g: Any, y: Any, i: int, xs: Any, *, call: Opaque) -> Any:
    maker = call.f.maker(call.at[i], xs[i])
    if maker is None:
        return np.zeros(shape_of(xs[i]))
    c = woven(maker)(y, *call.all(xs), **call.kwargs)(g)
    zero = shape_of(c) == () and not isinstance(c, Traced) and c == 0  # of any shape
    if shape_of(c) != shape_of(xs[i]) and not zero:
        same_shape(f"{call.f.__name__}: the cotangent of argument {call.at[i]}", c, "the argument", xs[i])
    return c


def defvjp(f: primitive, *makers: Maker, argnums: Sequence[int] | None = None) -> None:
    """Declare the gradient of the `primitive` `f`: per argument, maker(ans, *args) -> (g -> cotangent of the argument).

    argnums  the arguments that `makers` are for; by default the first, the second, ...
    A maker None says that the gradient is zero.

    >>> from pycograd import grad
    >>> cube = primitive(lambda x: x ** 3)
    >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x ** 2)
    >>> grad(cube)(2.0)
    (12.0,)
    """
    places = range(len(makers)) if argnums is None else argnums
    f.makers.update(zip(places, makers, strict=True))
