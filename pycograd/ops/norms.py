"""Norms of vectors and matrices.

Kinks, by the subgradient of least norm: 0 at the origin for the Euclidean norm and all p > 1, the sign for p = 1, an
equal share for each tie of the largest; singular values that are 0 add nothing to the nuclear and spectral norms.
"""

import numpy as np

from pycograd.core import Aval, Primitive, shape_of

from .families import arrayed, axes_of, batch_axes, composite, expand, rank
from .linalg import real_of
from .products import conj

inf = np.inf


# ---- the Euclidean norm --------------------------------------------------------------------------------------------
def euclidean(x, *, axis=None, keepdims=False):
    """The square root of the sum of squares over any axes."""
    if axis is None or len(axis) < 3:
        return np.linalg.norm(x, axis=axis, keepdims=keepdims)
    return np.sqrt(np.add.reduce((x.conj() * x).real, axis=axis, keepdims=keepdims))


def safe(y):
    """`y`, and 1 where it is 0: what is 0 / 0 at the origin becomes the slope 0."""
    return np.where(y == 0, 1.0, y)


def euclidean_vjp(g, y, x, *, axis=None, keepdims=False):
    return expand(g / safe(y), shape_of(x), axis, keepdims) * conj(x)


def euclidean_jvp(t, y, x, *, axis=None, keepdims=False):
    return np.sum(np.real(t * conj(x)), axis=axis, keepdims=keepdims) / safe(y)


def reduced_shape(x, *, axis=None, keepdims=False):
    axes = axes_of(axis, len(x.shape))
    kept = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
    return Aval(tuple(kept), real_of(x))


euclidean_ = Primitive(
    euclidean, euclidean_vjp, jvp=(euclidean_jvp,), batch=batch_axes, shape=reduced_shape, name="norm"
)


# ---- all the others ------------------------------------------------------------------------------------------------
def vector_p(x, p, axis, keepdims):
    """The p-norm of vectors along one axis (or several, as one vector)."""
    if p is None or p == 2:
        return euclidean_.call(x, axis=axis, keepdims=keepdims)
    size = np.abs(x)
    if p == inf:
        return np.max(size, axis=axis, keepdims=keepdims, **({} if size.size else {"initial": 0.0}))
    if p == -inf:
        return np.min(size, axis=axis, keepdims=keepdims)
    if p == 0:
        return np.sum((x != 0).astype(size.dtype), axis=axis, keepdims=keepdims)
    if p == 1:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if isinstance(p, str):
        raise ValueError(f"Invalid norm order '{p}' for vectors")
    total = np.sum(size**p, axis=axis, keepdims=keepdims)
    root = np.reciprocal(p, dtype=total.dtype)
    return total**root if p < 0 else np.where(total == 0, 1.0, total) ** root * (total != 0)


def matrix_p(x, p, keepdims):
    """The norm of order `p` of the matrices in the last axes."""
    if p is None or p in ("fro", "f"):
        return euclidean_.call(x, axis=(-2, -1), keepdims=keepdims)
    if p in (2, -2, "nuc"):
        s = np.linalg.svdvals(x)
        y = {2: np.max, -2: np.min, "nuc": np.sum}[p](s, axis=-1)
        return y[..., None, None] if keepdims else y
    if p not in (1, -1, inf, -inf):
        raise ValueError("Invalid norm order for matrices.")
    along = -2 if abs(p) == 1 else -1
    sums = np.sum(np.abs(x), axis=along, keepdims=True)
    return (np.max if p > 0 else np.min)(sums, axis=(-2, -1), keepdims=keepdims)


def floating(x):
    """`x` as numpy's norms take it: of a floating dtype."""
    x = arrayed(x)
    return x if x.dtype.kind in "fc" else x.astype(float)


@composite(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """`np.linalg.norm`, of all orders."""
    if isinstance(axis, list):
        raise TypeError("'axis' must be None, an integer or a tuple of integers")
    x, keepdims = floating(x), bool(keepdims)
    n = rank(x)
    if n == 0 and axis is None and ord is None:
        return euclidean_.call(np.reshape(x, (1,)), axis=(0,))
    if axis is None and (ord is None or (ord in ("f", "fro") and n == 2) or (ord == 2 and n == 1)):
        return euclidean_.call(x, axis=axes_of(None, n), keepdims=keepdims)
    axes = axes_of(axis, n)
    if len(axes) == 1:
        return vector_p(x, ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    if axes[0] == axes[1]:
        raise ValueError("Duplicate axes given.")
    if ord is None or ord in ("f", "fro"):
        return euclidean_.call(x, axis=axes, keepdims=keepdims)
    y = matrix_p(np.moveaxis(x, axes, (-2, -1)), ord, keepdims)
    return np.moveaxis(y, (-2, -1), axes) if keepdims else y


@composite(np.linalg.vector_norm)
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """`np.linalg.vector_norm`, over any axes."""
    x = floating(x)
    x = x if rank(x) or axis is not None else np.reshape(x, (1,))
    return vector_p(x, ord, axes_of(axis, rank(x)), bool(keepdims))


@composite(np.linalg.matrix_norm)
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """`np.linalg.matrix_norm`, of the last two axes."""
    return matrix_p(floating(x), ord, bool(keepdims))
