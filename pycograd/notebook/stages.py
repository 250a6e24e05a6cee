"""What lowered code calls when it runs: point-free operations whose function is not plain to see, `.**`, and blocks.

The functions here are woven like a user's, since they call what the user piped through them.
"""

import operator
import sys
from collections.abc import Callable
from typing import Any

from pycograd.nn import params
from pycograd.weave import weave

__all__ = ["apply", "block", "compose"]


def apply(
    value: Any, text: str, operation: Callable[..., Any], right: tuple[int, ...], *operands: Any
) -> Any:
    """`value |> a ** b`: the operation on what the operands that are functions make of the value, and on the others.

    text   of the stage, for errors
    right  which operands stand on the right of an `@`, where a function raises TypeError

    >>> apply(3.0, "abs ** n", lambda a, b: a**b, (), abs, 2)
    9.0
    """
    for index in right:
        if callable(operands[index]):
            found = f"point-free '@': there is a function on its right in `{text}`"
            raise TypeError(f"{found}; say where the value goes: `w @ f($)`")
    found = [f(value) if callable(f) else f for f in operands]
    if not any(map(callable, operands)):
        kinds = " and ".join(type(f).__name__ for f in operands)
        raise TypeError(f"the stage `{text}` has no function ({kinds}), and no hole `$` for the value")
    return operation(*found)


def compose(f: Any, g: Any) -> Callable[..., Any]:
    """`f .** g`: `f` after the function `g`, or `f` so many times if `g` is a whole number, at least 0.

    >>> compose(abs, len)([-1, 2])
    2
    >>> compose(lambda x: 2 * x, 3)(1.0)
    8.0
    """
    if not callable(f):
        raise TypeError(f"`.**` composes functions; on its left is a {type(f).__name__}")
    if callable(g):
        return lambda *args, **kwargs: f(g(*args, **kwargs))
    try:
        count = operator.index(g)
    except TypeError:
        raise TypeError(
            f"`.**` takes a function or a whole number on its right, not a {type(g).__name__}"
        ) from None
    if count < 0:
        raise ValueError(f"`.** {count}`: a function cannot be undone")

    def repeated(value: Any) -> Any:
        for _ in range(count):
            value = f(value)
        return value

    return repeated


def block(assigned: dict[str, Any]) -> Any:
    """The ParamDict of a `params{...}`: what it assigned, without the names that start with an underscore."""
    return params({name: value for name, value in assigned.items() if not name.startswith("_")})


weave(sys.modules[__name__])
