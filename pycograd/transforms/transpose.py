"""linear_transpose: the adjoint (without conjugation) of a linear function, from its operations alone."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import Aval, aval_of, tree_leaves, tree_map, value_of

from .arguments import is_differentiable
from .edge import described
from .reverse import vjp

__all__ = ["linear_transpose"]


def linear_transpose(f: Callable[..., Any], *examples: Any) -> Callable[[Any], tuple[Any, ...]]:
    """The transpose of the linear function `f`: from a cotangent of its output to a tuple, one per argument.

    examples  arguments, of which only structures, shapes and dtypes matter (anything with a shape and a dtype)
    The bilinear pairing sum(g * f(x)) = sum(transpose(g) * x) holds, complex numbers are not conjugated.
    Raises TypeError if `f` is seen not to be linear.

    >>> transpose = linear_transpose(lambda x: np.cumsum(x), np.zeros(3))
    >>> transpose(np.array([1.0, 2.0, 3.0]))
    (array([6., 5., 3.]),)
    """
    rng = np.random.default_rng(0)
    xs = tree_map(lambda x: probe(rng, x), examples)
    y, transpose = vjp(f, *xs)
    check_linear(f, rng, xs, y, transpose)
    return transpose


def probe(rng: Any, x: Any) -> Any:
    """Random numbers of the shape and dtype of `x`: a function that is linear everywhere can be recorded anywhere."""
    if not (is_differentiable(x) or (hasattr(x, "shape") and hasattr(x, "dtype"))):
        return x
    shape, dtype = aval_of(x)
    if np.dtype(dtype).kind in "iub":
        return x
    numbers = rng.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        numbers = numbers + 1j * rng.normal(size=shape)
    return dtype(numbers) if isinstance(dtype, type) else np.asarray(numbers, dtype)


def check_linear(f: Any, rng: Any, xs: Any, y: Any, transpose: Any) -> None:
    """Raise unless f(-x) = -f(x) and, Euler's identity, the derivative of `f` in the direction x is f(x)."""
    ys = tree_leaves(y)
    if any(type(value_of(v)) is Aval for v in ys):  # being captured: there are no numbers to look at
        return
    g = tree_map(lambda v: probe(rng, v), y)
    mirrored = f(*tree_map(lambda x: -x if is_number(x) else x, xs))
    here, there, along = pairing(g, y), pairing(g, mirrored), pairing(transpose(g), xs)
    slack = 1e-3 * (np.sqrt(sum(np.sum(np.abs(value_of(v)) ** 2) for v in ys if is_number(v))) + 1e-30)
    if max(abs(here + there), abs(here - along)) > slack:
        raise TypeError(
            f"linear_transpose: {described(f)} is not linear; its derivative at a point is vjp's pullback"
        )


def is_number(x: Any) -> bool:
    return is_differentiable(x) and np.dtype(aval_of(x).dtype).kind in "fc"


def pairing(gs: Any, xs: Any) -> float:
    """The real part of sum(g * x), which conjugation too leaves as it is."""
    pairs = zip(tree_leaves(gs), tree_leaves(xs), strict=True)
    products = [value_of(g) * value_of(x) for g, x in pairs if g is not None and is_number(x)]
    return float(sum([np.sum(np.real(p)) for p in products]))
