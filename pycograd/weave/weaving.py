"""What a user chooses about weaving, and how to ask why something is not woven."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .resolve import PLANS, enabled
from .selection import choose, functions_of

__all__ = ["unweave", "unwoven_reason", "weave", "weaving"]


def weave(obj: Any) -> Any:
    """Weave `obj`, which is left alone by default, when code that a transform runs calls it.

    obj  a function, a class (its methods), a module or a package (all of it), or the name of one
    Returns `obj`, so that it serves as a decorator.

    >>> import colorsys
    >>> weave(colorsys) is colorsys
    True
    >>> unweave(colorsys) is colorsys
    True
    """
    choose(obj, True)
    return obj


def unweave(obj: Any) -> Any:
    """Leave `obj` alone: a function, class, module or package runs as it is, through numpy's protocols.

    >>> from pycograd import grad
    >>> @unweave
    ... def f(x):
    ...     return x * x
    >>> grad(f)(3.0)
    (6.0,)
    """
    choose(obj, False)
    return obj


def unwoven_reason(f: Any) -> str | None:
    """Why `f` is not woven; None if it is.

    >>> unwoven_reason(len)
    'a builtin_function_or_method is no Python function'
    """
    for function in functions_of(f):
        plan = PLANS.plan(function)
        if plan.woven is None:
            return plan.reason or "it calls nothing that weaving would change"
        return None
    return f"a {type(f).__name__} is no Python function"


@contextmanager
def weaving(on: bool) -> Iterator[None]:
    """While this lasts, transforms weave what they are given, or run it as it is: to test numpy's protocols."""
    enabled.append(on)
    try:
        yield
    finally:
        enabled.pop()
