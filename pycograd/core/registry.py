"""The registry: the one table of what is differentiable.

numpy, scipy, math or builtin callable -> our function of the same signature.  numpy's protocols look up here, and so
does woven code.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .errors import MissingRuleError, blackbox_text, callee_text, expression, told, user_frame

__all__ = ["REGISTRY", "registered"]


class Registry(dict[Any, Callable[..., Any]]):
    """numpy, scipy, math or builtin callable -> our function of the same signature.

    `lazy` maps the name of an optional package to the module of ours that registers its functions, imported when one
    of them, or a method of one of its classes, is first met.  `makers` make ours of functions that are made at run
    time; None if it is none of theirs.
    """

    lazy: dict[str, str] = {}
    makers: list[Callable[[Any], Callable[..., Any] | None]] = []

    def find(self, func: Any) -> Callable[..., Any] | None:
        """What `func` resolves to, or None; loads the rules of an optional package that `func` belongs to."""
        try:
            found = self.get(func)
        except TypeError:  # not hashable
            return None
        return found or self._load(func)

    def _load(self, func: Any) -> Callable[..., Any] | None:
        name, home = getattr(func, "__name__", None), getattr(func, "__module__", None) or ""
        for package, module in list(self.lazy.items()):
            mine = name and (
                getattr(sys.modules.get(package), name, None) is func or home.startswith(f"{package}.")
            )
            if mine:
                import_module(module)
                return self.get(func)
        for make in self.makers:
            made = make(func)
            if made is not None:
                return made
        return None

    def __missing__(self, func: Any) -> Callable[..., Any]:
        found = self._load(func)
        if found is None:
            raise missing(func)
        return found


REGISTRY = Registry()


def registered(*funcs: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function understands watched values where numpy's `funcs` stand."""

    def register(ours: Callable[..., Any]) -> Callable[..., Any]:
        REGISTRY.update(dict.fromkeys(funcs, ours))
        return ours

    return register


def missing(func: Any) -> MissingRuleError:
    frame = user_frame()
    text = expression(frame) if frame else ""
    name = callee_text(text)
    if name.rpartition(".")[2] != getattr(func, "__name__", ""):
        name = name_of(func)
    return MissingRuleError(
        told(
            f"no derivative for {name}",
            "give it one: pycograd.blackbox, @pycograd.custom_vjp, or "
            'finite differences of this operation alone: grad(f, on_missing="fd")',
            fix=blackbox_text(text, name),
        )
    )


def name_of(func: Any) -> str:
    """The name of a function as users write it; a ufunc may not know its module."""
    name = getattr(func, "__name__", str(func))
    home = getattr(func, "__module__", None)
    if not home:
        packages = ("numpy", "scipy.special")
        home = next((p for p in packages if getattr(sys.modules.get(p), name, None) is func), "numpy")
    return f"{home}.{name}".replace("numpy.", "np.", 1)
