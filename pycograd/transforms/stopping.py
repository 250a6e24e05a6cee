"""Ending a gradient on purpose: `stop_gradient`, and `value_of` for the plain numbers."""

from typing import Any

from pycograd.core import Primitive, Traced, is_ambient, tree_flatten, tree_unflatten

__all__ = ["detach", "stop_gradient"]

constant = Primitive(
    lambda x: x,
    operands="x",
    batch=lambda prim, xs, batched, params: prim.call(xs[0]),  # a tape may lie below
    shape=lambda x: x,
    name="stop_gradient",
)


def stop_gradient(x: Any) -> Any:
    """`x`, a value or a pytree of values, as a constant: no transform differentiates it, in any order.

    Under vmap it still differs between the examples.

    >>> from pycograd import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    (3.0,)
    """
    leaves, treedef = tree_flatten(x, whole=True)
    return tree_unflatten(treedef, [ended(v) for v in leaves])


def ended(x: Any) -> Any:
    if is_ambient(x):
        return x.holding(ended(x.held()))
    return constant(x) if isinstance(x, Traced) else x


detach = stop_gradient
