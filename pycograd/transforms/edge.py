"""The edge of a transform: the function that it returns, errors as they leave it, the names of the user's functions."""

import functools
import inspect
import sys
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from pycograd.core import LambdaPickleError, Traced, hide_frames, tree_structure
from pycograd.core.errors import file_name
from pycograd.core.foreign import compiled
from pycograd.core.labelled import WHOLE

from .recorder import crashed

__all__ = [
    "Transformed",
    "also_argnum",
    "at_the_edge",
    "described",
    "name_of",
    "names_of_leaves",
    "one_of",
    "one_per_argument",
]


class Transformed:
    """A function made of a user's function by a transform: keeps its name, signature and doc, and can be pickled."""

    def __init__(
        self, maker: Callable[..., Any], f: Callable[..., Any], call: Callable[..., Any], **options: Any
    ) -> None:
        functools.update_wrapper(self, f, updated=())
        self.__wrapped__ = f
        self._maker, self._call, self._options = maker, call, options

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True  # what IPython and pytest leave out; our other frames are taken out here
        try:
            return self._call(*args, **kwargs)
        except Exception as error:
            if (said := left(error)) is not error:
                raise said from None
            raise

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"{self._maker.__name__}({name_of(self.__wrapped__)})"

    def __reduce__(self) -> Any:
        f = self.__wrapped__
        if type(f) is FunctionType and "<" in f.__qualname__ and not by_value(sys._getframe(1)):
            kind = "a lambda" if f.__name__ == "<lambda>" else "a function defined inside another"
            raise LambdaPickleError(
                f"{self._maker.__name__} of {described(f)} cannot be pickled: it is {kind}, which has no name to be "
                "found by\n  fix: give it a name with `def` at the top of a module, or use cloudpickle"
            )
        return rebuild, (self._maker, f, self._options)


def by_value(frame: Any) -> bool:
    """Whether `frame` copies, or pickles functions by their code rather than by their name."""
    name = frame.f_globals.get("__name__", "").partition(".")[0]
    return name in ("copy", "cloudpickle", "dill", "joblib", "distributed")


def at_the_edge(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: errors leave the function `transform` without our frames in their traceback."""

    @functools.wraps(transform)
    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return transform(*args, **kwargs)
        except Exception as error:
            if (said := left(error)) is not error:
                raise said from None
            raise

    return call


def left(error: Exception) -> Exception:
    """The error that leaves a transform for `error`: without our frames, and in the user's words if it is of C."""
    said = compiled(error, Traced)
    if said is not None:
        error = said.with_traceback(error.__traceback__)
    hide_frames(error)
    for notice in crashed:
        notice(error)
    return error


def rebuild(maker: Callable[..., Any], f: Callable[..., Any], options: dict[str, Any]) -> Any:
    return maker(f, **options)


# ---- keywords ------------------------------------------------------------------------------------------------------
def one_of(**spellings: Any) -> Any:
    """The value of the one keyword that was given of two spellings; None if neither was."""
    given = {name: value for name, value in spellings.items() if value is not None}
    if len(given) > 1:
        raise TypeError(f"{' and '.join(given)} are two spellings of one keyword: give one of them")
    return next(iter(given.values()), None)


def one_per_argument(given: Any, what: str) -> tuple[Any, ...]:
    """The sequence `given` as a tuple; raises TypeError if it is an argument itself."""
    if not isinstance(given, (tuple, list)):
        raise TypeError(
            f"{what} are a tuple with one entry per argument, `(x,)`, not a {type(given).__name__}"
        )
    return tuple(given)


def also_argnum(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the transform takes `argnum` for its `argnums`, but not both."""
    signature = inspect.signature(transform)

    @functools.wraps(transform)
    def make(*args: Any, argnum: Any = None, **params: Any) -> Any:
        if argnum is not None:
            given = signature.bind_partial(*args, **params).arguments
            one_of(argnums=given.get("argnums"), argnum=argnum)
            params["argnums"] = argnum
        return transform(*args, **params)

    synonym = inspect.Parameter("argnum", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Any)
    make.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), synonym]
    )
    return make


# ---- names ---------------------------------------------------------------------------------------------------------
def name_of(f: Any) -> str:
    """What the user calls `f`."""
    return (
        getattr(f, "__name__", None)
        or getattr(getattr(f, "func", None), "__name__", None)
        or type(f).__name__
    )


def names_of_leaves(f: Any, args: tuple[Any, ...]) -> list[str]:
    """`argument w`, or `argument model['w']`, for each leaf of the arguments of one call; a number where no name is."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # code of C
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    found = []
    for path in tree_structure(args).paths():
        inside = "".join(f"[{k!r}]" for k in path[1:] if k is not WHOLE)
        found.append(f"argument {names[path[0]] if path[0] < len(names) else path[0]}{inside}")
    return found


def described(f: Any) -> str:
    """`loss (fit.py:12)`: how errors name a user's function."""
    code = getattr(inspect.unwrap(f), "__code__", None) if callable(f) else None
    return f"{name_of(f)} ({file_name(code)}:{code.co_firstlineno})" if code else name_of(f)
