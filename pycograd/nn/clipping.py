"""Clipping: gradients scaled down to a norm, all together or example by example."""

from typing import Any

import numpy as np

from pycograd.core import Traced, told, tree_flatten, tree_unflatten, value_of
from pycograd.transforms.descent import like

__all__ = ["clip_grad_norm", "clip_per_sample"]

SMALLEST = np.finfo(float).tiny


def clip_grad_norm(grads: Any, max_norm: float) -> Any:
    """`grads`, scaled so that all of them together have at most the norm `max_norm`: Pascanu et al. 2013.

    The norm is the root of the sum of squares over all leaves, one that stands in several places, a tied gradient,
    counted once; None stays None, and each leaf keeps its dtype.  Raises ValueError unless `max_norm` is positive.

    >>> clip_grad_norm({"w": np.array([3.0, 4.0]), "b": None}, 1.0)
    {'w': array([0.6, 0.8]), 'b': None}
    """
    if not max_norm > 0:
        raise ValueError(f"clip_grad_norm: max_norm must be positive, not {max_norm}")
    leaves, structure = tree_flatten(grads)
    distinct = {id(g): g for g in leaves if g is not None}
    norm = norm_of(list(distinct.values()))
    scale = np.minimum(1.0, max_norm / np.maximum(norm, SMALLEST))
    scaled = {i: like(g, g * scale) for i, g in distinct.items()}
    return tree_unflatten(structure, [None if g is None else scaled[id(g)] for g in leaves])


def clip_per_sample(grads: Any, max_norm: float) -> Any:
    """Gradients of many examples, along the first axis of each leaf, each example's scaled to a norm of at most
    `max_norm` over all leaves together.  None stays None.

    Raises ValueError unless `max_norm` is positive, and if the leaves have other numbers of examples.

    >>> clip_per_sample({"w": np.array([[3.0, 4.0], [0.3, 0.4]])}, 1.0)
    {'w': array([[0.6, 0.8],
           [0.3, 0.4]])}
    """
    if not max_norm > 0:
        raise ValueError(f"clip_per_sample: max_norm must be positive, not {max_norm}")
    leaves, structure = tree_flatten(grads)
    counts = {np.shape(g)[0] if np.shape(g) else 0 for g in leaves if g is not None}
    if len(counts) > 1:
        raise ValueError(
            told(
                f"clip_per_sample: gradients of {' and of '.join(map(str, sorted(counts)))} examples",
                fix="vmap(grad(loss, 0), in_axes=(None, 0))(params, x), whose first axis is that of the examples",
            )
        )
    present = [g for g in leaves if g is not None]
    scale = np.minimum(1.0, max_norm / np.maximum(norm_of(present, each=True), SMALLEST))
    return tree_unflatten(
        structure,
        [g if g is None else like(g, g * np.reshape(scale, (-1, *[1] * (np.ndim(g) - 1)))) for g in leaves],
    )


def norm_of(leaves: list[Any], each: bool = False) -> Any:
    """The norm over all leaves together; `each`: of each example, along their first axis."""
    with np.errstate(over="ignore", invalid="ignore"):
        norm = np.sqrt(sum([squared_norm(g, each) for g in leaves], 0.0))
    lost = np.logical_not((norm >= 1e-150) & (norm < np.inf))  # squares that vanish or overflow
    if not leaves or not np.any(value_of(lost)) or any(isinstance(g, Traced) for g in leaves):
        return norm
    sizes = [np.abs(np.asarray(g)).astype(float).reshape((len(g) if each else 1), -1) for g in leaves]
    return np.where(lost, np.hypot.reduce(np.concatenate(sizes, axis=1), axis=1), norm)[... if each else 0]


def squared_norm(g: Any, each: bool) -> Any:
    """The sum of squares of `g`, or of each example in it, in double precision."""
    double = np.result_type(np.float64, np.asarray(value_of(g)).dtype)
    if type(g) is np.ndarray and not each:
        return np.vdot(g := g.astype(double, copy=False), g).real  # one pass of BLAS
    size = np.abs(g.astype(double) if hasattr(g, "astype") else g)
    return np.sum(size * size, axis=tuple(range(1, np.ndim(g))) if each else None)
