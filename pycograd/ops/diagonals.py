"""Diagonals and triangles: `diagonal` and its transpose, and what is made of them."""

import numpy as np

from pycograd.core import Aval, View, shape_of, without_tape

from .families import arrayed, axes_of, composite, linear, no_rule, rank, structural


def diagonal_view(x, offset, axis1, axis2):
    """The diagonal of an array as a view that can be written into, along its last axis."""
    m = np.moveaxis(x, (axis1, axis2), (-2, -1))[..., max(0, -offset) :, max(0, offset) :]
    n = min(m.shape[-2:])
    return np.einsum("...ii->...i", m[..., :n, :n])


def add_on_diagonal(buffer, g, *, offset, axis1, axis2):
    view = diagonal_view(buffer, offset, axis1, axis2)
    view += g


def on_diagonal(g, *, shape, offset, axis1, axis2):
    """Zeros of `shape`, with `g` on a diagonal."""
    buffer = np.zeros(shape, np.result_type(g))
    diagonal_view(buffer, offset, axis1, axis2)[...] = g
    return buffer


def diagonal_shape(x, *, offset, axis1, axis2):
    rows, columns = x.shape[axis1], x.shape[axis2]
    n = max(0, min(rows + min(0, offset), columns - max(0, offset)))
    return Aval((*[n for i, n in enumerate(x.shape) if i not in (axis1, axis2)], n), np.dtype(x.dtype))


def example_plane(params):
    return {**params, "axis1": params["axis1"] + 1, "axis2": params["axis2"] + 1}


def batch_put_diagonal(prim, xs, batched, params):
    return prim.call(xs[0], **{**example_plane(params), "shape": (shape_of(xs[0])[0], *params["shape"])})


diagonal_ = linear(
    lambda x, *, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    lambda g, x_shape, **plane: put_diagonal.call(g, shape=x_shape, **plane),
    batch=lambda prim, xs, batched, params: prim.call(xs[0], **example_plane(params)),
    shape=diagonal_shape,
    into=add_on_diagonal,
    name="diagonal",
    kind=View,
)
put_diagonal = linear(
    on_diagonal,
    lambda g, *, shape, **plane: diagonal_.call(g, **plane),
    batch=batch_put_diagonal,
    shape=lambda g, *, shape, offset, axis1, axis2: Aval(shape, np.dtype(g.dtype)),
    name="put_diagonal",
)


@composite(np.diagonal)
def diagonal(a, offset=0, axis1=0, axis2=1):
    """`np.diagonal`."""
    a = arrayed(a)
    if rank(a) < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    axis1, axis2 = axes_of((axis1, axis2), rank(a))
    if axis1 == axis2:
        raise ValueError("axis1 and axis2 cannot be the same")
    return diagonal_.view(a, offset=without_tape(offset).__index__(), axis1=axis1, axis2=axis2)


@composite(np.diag)
def diag(v, k=0):
    """`np.diag`: the diagonal of a matrix, or the matrix of a diagonal."""
    v = arrayed(v)
    if rank(v) == 2:
        return diagonal(v, k)
    if rank(v) != 1:
        raise ValueError("Input must be 1- or 2-d.")
    k = without_tape(k).__index__()
    n = shape_of(v)[0] + abs(k)
    return put_diagonal.call(v, shape=(n, n), offset=k, axis1=0, axis2=1)


@composite(np.diagflat)
def diagflat(v, k=0):
    """`np.diagflat`."""
    return diag(np.ravel(arrayed(v)), k)


@composite(np.trace)
def trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    """`np.trace`."""
    if out is not None:
        raise no_rule(np.trace, "out")
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@composite(np.linalg.diagonal)
def matrix_diagonal(x, /, *, offset=0):
    """`np.linalg.diagonal`, of the last two axes."""
    return diagonal(x, offset, -2, -1)


@composite(np.linalg.trace)
def matrix_trace(x, /, *, offset=0, dtype=None):
    """`np.linalg.trace`, over the last two axes."""
    return trace(x, offset, -2, -1, dtype)


@composite(np.tril)
def tril(m, k=0):
    """`np.tril`: 0 above the diagonal."""
    m = arrayed(m)
    return np.where(np.tri(*shape_of(m)[-2:], k=without_tape(k), dtype=bool), m, zero_like(m))


@composite(np.triu)
def triu(m, k=0):
    """`np.triu`: 0 below the diagonal."""
    m = arrayed(m)
    return np.where(np.tri(*shape_of(m)[-2:], k=without_tape(k) - 1, dtype=bool), zero_like(m), m)


def zero_like(m):
    return m.dtype.type(0)


# Indices have no gradient, and their shapes depend on plain numbers.
structural(np.tri, np.tril_indices, np.triu_indices, np.diag_indices, np.mask_indices, np.indices)
structural(np.tril_indices_from, answer=lambda arr, k=0: np.tril_indices(*rows_and_columns(arr, k)))
structural(np.triu_indices_from, answer=lambda arr, k=0: np.triu_indices(*rows_and_columns(arr, k)))


@composite(np.diag_indices_from)
def diag_indices_from(arr):
    """`np.diag_indices_from`."""
    return np.diag_indices_from(np.broadcast_to(0, shape_of(arr)))


def rows_and_columns(arr, k):
    if rank(arr) != 2:
        raise ValueError("input array must be 2-d")
    rows, columns = shape_of(arr)
    return rows, without_tape(k), columns
