"""A call of a scipy function that takes a function: its arguments by name, and what to hand to scipy in their place."""

import inspect
from collections.abc import Callable
from typing import Any

from pycograd.core import REGISTRY, MissingRuleError, told
from pycograd.weave import woven

from .watching import Watch

__all__ = ["Call", "define", "refused"]


class Call:
    """One call of scipy's `func`: `call["xtol"]` is an argument of it, or the default.

    given   the arguments that were given, by name
    watch   the plain run of it
    """

    def __init__(self, func: Callable[..., Any], args: Any, params: Any) -> None:
        self.func, self.watch = func, Watch()
        signature = inspect.signature(func)
        unsaid = {
            k: v for k, v in params.items() if k == "seed" and k not in signature.parameters
        }  # scipy 1.15
        bound = signature.bind(*args, **{k: v for k, v in params.items() if k not in unsaid})
        self.given = bound.arguments | unsaid
        for name in [n for n, p in bound.signature.parameters.items() if p.kind is p.VAR_KEYWORD]:
            self.given |= self.given.pop(name, {})
        bound.apply_defaults()
        self.defaults = bound.arguments

    def __getitem__(self, name: str) -> Any:
        return self.given.get(name, self.defaults.get(name))

    def function(self, name: str) -> Callable[..., Any]:
        """The function given as `name`, of its own arguments alone: `args` follow them."""
        f, extra = woven(self[name]), self.extra
        return (lambda *xs: f(*xs, *extra)) if extra else f

    @property
    def extra(self) -> tuple[Any, ...]:
        """The arguments that the user's functions take in addition."""
        extra = self["args"]
        return extra if isinstance(extra, tuple) else () if extra is None else (extra,)

    def run(self, *functions: str, **changed: Any) -> Any:
        """What scipy finds, plain: the `functions` that the user gave hand out plain numbers."""
        seen = {name: self.watch.numbers(self.function(name)) for name in functions if callable(self[name])}
        given = {name: x for name, x in self.given.items() if name not in (*seen, "args")} | changed
        return self.watch.run(lambda: self.func(**self.watch.plain(given), **seen))


def refused(func: Callable[..., Any], keyword: str, why: str, fix: str) -> MissingRuleError:
    """The error for a keyword with which a solver has no derivative."""
    module = func.__module__.partition("._")[0]
    return MissingRuleError(told(f"{module}.{func.__name__} has no derivative with {keyword}", why, fix=fix))


def define(func: Callable[..., Any], ours: Callable[..., Any]) -> None:
    """Register `ours` in the place of scipy's `func`."""
    name = f"{func.__module__.partition('._')[0]}.{func.__name__}"
    ours.__name__ = ours.__qualname__ = func.__name__
    ours.__doc__ = f"`{name}`, whose result is differentiated by the equation that it satisfies."
    REGISTRY[func] = ours
