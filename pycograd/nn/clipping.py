"""Clipping: gradients scaled down to a norm, all together or example by example."""

from typing import Any

import numpy as np

from pycograd.core import told, tree_flatten, tree_unflatten, value_of
from pycograd.transforms.descent import like

__all__ = ["clip_grad_norm", "clip_per_sample"]


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
    norm = np.sqrt(sum([squared_norm(g) for g in distinct.values()], 0.0))
    scale = np.minimum(1.0, max_norm / np.maximum(norm, np.finfo(float).tiny))
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
    norms = np.sqrt(sum([squared_norm(g, tuple(range(1, np.ndim(g)))) for g in leaves if g is not None], 0.0))
    scale = np.minimum(1.0, max_norm / np.maximum(norms, np.finfo(float).tiny))
    return tree_unflatten(
        structure,
        [g if g is None else like(g, g * np.reshape(scale, (-1, *[1] * (np.ndim(g) - 1)))) for g in leaves],
    )


def squared_norm(g: Any, axis: tuple[int, ...] | None = None) -> Any:
    """The sum of squares of `g`, in double precision."""
    double = np.result_type(np.float64, np.asarray(value_of(g)).dtype)
    if type(g) is np.ndarray and axis is None:
        return np.vdot(g := g.astype(double, copy=False), g).real  # one pass of BLAS
    size = np.abs(g.astype(double) if hasattr(g, "astype") else g)
    return np.sum(size * size, axis=axis)
