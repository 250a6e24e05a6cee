"""Looking at values and their cotangents as they pass: `watch` and `hook`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import Primitive, Traced, aval_of, current_of, shape_of, tree_map, value_of

__all__ = ["hook", "watch"]


def handed(g: Any, x_shape: Any, *, fn: Callable[[Any], Any]) -> Any:
    """The cotangent `g`, or what `fn` returns in its place."""
    new = fn(g)
    if new is None:
        return g
    if shape_of(new) != shape_of(g):
        raise ValueError(
            f"hook: the function returned shape {shape_of(new)} for a cotangent of shape {shape_of(g)}"
        )
    return new


passing = Primitive(
    lambda x, *, fn: x,
    handed,
    jvp=(lambda t, *, fn: t,),
    batch=lambda prim, xs, batched, params: prim.call(xs[0], **params),
    shape=lambda x, *, fn: x,
    operands="x",
    name="hook",
)


def hook(value: Any, fn: Callable[[Any], Any]) -> Any:
    """`value`, an array or a pytree of them, whose cotangent `fn` sees in the backward pass.

    fn  function of the cotangent; what it returns takes its place, None leaves it
    Plain values pass; forward mode does not call `fn`.  Raises ValueError if `fn` returns another shape.

    >>> from pycograd import grad
    >>> grad(lambda x: 3 * hook(x, lambda g: np.clip(g, -1, 1)))(2.0)
    (1.0,)
    """

    def hooked(x: Any) -> Any:
        x = current_of(x)
        return passing.call(x, fn=fn) if isinstance(x, Traced) else x

    return tree_map(hooked, value)


def watch(name: str, value: Any) -> Any:
    """`value`, printed as it passes, and its cotangent when the backward pass comes by.

    >>> from pycograd import grad
    >>> def f(x):
    ...     y = watch("y", x * x)
    ...     return 3 * y
    >>> grad(f)(2.0)
    y = 4.0
    d/dy = 3.0
    (12.0,)
    """

    def printed(x: Any) -> Any:
        print(f"{name} = {brief(x)}")
        return x

    return hook(tree_map(printed, value), lambda g: print(f"d/d{name} = {brief(g)}"))


def brief(x: Any) -> str:
    """The numbers of `x`; the ends of a large array, with its type."""
    x = value_of(x)
    if np.size(x) < 20:
        return np.array2string(x, separator=", ") if isinstance(x, np.ndarray) else str(x)
    return f"{aval_of(x)} {np.array2string(np.asarray(x), threshold=8, edgeitems=2, separator=', ')}"
