"""Gradient descent, the plainest way to use a gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import Traced, aval_of, shape_of, told, tree_flatten, tree_map, tree_paths, tree_unflatten

from .grads import Grads
from .reverse import value_and_grad

__all__ = ["downhill", "gradient_descent", "like", "misfit", "outlined", "sgd_update"]


def gradient_descent(
    loss_fn: Callable[..., Any], init_params: tuple[Any, ...], lr: float = 0.1, steps: int = 100
) -> tuple[tuple[Any, ...], list[Any]]:
    """The parameters after `steps` steps of gradient descent on `loss_fn(*params)`, and the loss before each step.

    init_params  a tuple with one entry per argument, each a number, an array or a pytree

    >>> (x,), losses = gradient_descent(lambda x: (x - 3.0) ** 2, (0.0,), lr=0.25, steps=2)
    >>> x, losses
    (2.25, [9.0, 2.25])
    """
    if not isinstance(init_params, tuple):
        raise TypeError(
            f"gradient_descent: init_params is a tuple with one entry per argument, not a {type(init_params).__name__}"
        )
    step, params, losses = value_and_grad(loss_fn), init_params, []
    for _ in range(steps):
        loss, grads = step(*params)
        losses.append(loss)
        params = sgd_update(params, grads, lr)
    return params, losses


def sgd_update(params: Any, grads: Any, lr: Any) -> Any:
    """`params - lr * grads`, leaf by leaf, in the containers of `params`.

    Where the gradient is None (a frozen parameter, a flag) the parameter stays; a parameter keeps its dtype.
    Raises ValueError if the structures or shapes differ.

    >>> sgd_update({"w": 1.0, "name": "a"}, {"w": 2.0, "name": None}, 0.5)
    {'w': 0.0, 'name': 'a'}
    """
    gs, structure = tree_flatten(tuple(grads) if isinstance(grads, Grads) else grads)
    try:
        parts = structure.flatten_up_to(params)
    except ValueError:
        raise ValueError(
            told(
                "sgd_update: the gradients have another structure than the parameters",
                f"the parameters are {outlined(params)}",
                f"the gradients are {outlined(grads)}",
                fix="a tree with one gradient for each parameter, None where nothing is trained",
            )
        ) from None

    def moved(i: int, part: Any, g: Any) -> Any:
        if g is None or getattr(part, "trainable", True) is False:
            return part

        def new(p: Any) -> Any:
            if shape_of(p) != shape_of(g):
                raise misfit("sgd_update", grads, i, p, g)
            return like(p, p - lr * downhill(g))

        return tree_map(new, part)

    return tree_unflatten(structure, [moved(i, part, g) for i, (part, g) in enumerate(zip(parts, gs))])


def misfit(what: str, tree: Any, i: int, x: Any, g: Any) -> ValueError:
    """The error, in the name of `what`, for a gradient `g` of another shape than the leaf `x`, number `i` of `tree`."""
    named = repr(tree_paths(tree)[i]) if tree_paths(tree)[i] else "the parameter"
    return ValueError(
        told(
            f"{what}: {named} has shape {shape_of(x)}, its gradient {shape_of(g)}",
            fix="the gradient of a scalar loss, which has the parameter's shape",
        )
    )


def outlined(tree: Any) -> str:
    """`a dict of w, b`: the container, and where its leaves are."""
    paths = tree_paths(tree)
    kind = "tuple" if isinstance(tree, Grads) else type(tree).__name__
    if isinstance(tree, list | tuple) and all(path.isdigit() for path in paths):
        return f"a {kind} of {len(paths)}"
    return f"a {kind}" if paths == [""] else f"a {kind} of {', '.join(paths) or 'nothing'}"


def downhill(g: Any) -> Any:
    """The direction of steepest ascent, given a gradient: of a complex parameter the conjugate (dL/dx + i dL/dy)."""
    return np.conj(g) if np.dtype(aval_of(g).dtype).kind == "c" else g


def like(p: Any, new: Any) -> Any:
    """`new` in the dtype of the parameter `p`, which a numpy scalar as learning rate would widen; Python's number for
    one of Python's.
    """
    dtype, have = aval_of(p).dtype, aval_of(new).dtype
    if isinstance(dtype, type) and isinstance(new, np.generic) and not isinstance(p, Traced):
        return new.item()
    if isinstance(dtype, type) or have == dtype or np.dtype(dtype).kind not in "fcV":
        return new
    return new.astype(dtype)
