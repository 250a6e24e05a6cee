"""Products of matrices and tensors."""

import operator

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, ShapeError, result_dtype, shape_of

from .families import pad_rank, rank


# ---- matmul: vectors stand for a row on the left, a column on the right ----------------------------------------------
def matmul_a(g, b, a_shape):
    """The cotangent of a in a @ b: g b^T."""
    if rank(b) == 1:
        return g[..., None] * b if len(a_shape) > 1 else g * b
    if len(a_shape) == 1:
        return np.matmul(b, g[..., None])[..., 0]
    return np.matmul(g, np.swapaxes(b, -1, -2))


def matmul_b(g, a, b_shape):
    """The cotangent of b in a @ b: a^T g."""
    if rank(a) == 1:
        return a * g if len(b_shape) == 1 else a[:, None] * g[..., None, :]
    if len(b_shape) == 1:
        return np.matmul(np.swapaxes(a, -1, -2), g[..., None])[..., 0]
    if len(b_shape) == 2 < rank(a):  # one product of matrices, which also sums over the leading axes
        a, g = np.reshape(a, (-1, shape_of(a)[-1])), np.reshape(g, (-1, shape_of(g)[-1]))
    return np.matmul(np.swapaxes(a, -1, -2), g)


def batch_matmul(prim, xs, batched, params):
    (a, b), (ba, bb) = xs, batched
    ra, rb = rank(a) - ba, rank(b) - bb
    if ba and not bb and ra == 1 and rb <= 2:
        return prim.call(a, b)
    if bb and not ba and rb == 1 and ra <= 2:
        return prim.call(b, np.swapaxes(a, 0, 1) if ra == 2 else a)
    if ba and not bb and ra == rb == 2:
        y = prim.call(np.reshape(a, (-1, shape_of(a)[-1])), b)
        return np.reshape(y, (*shape_of(a)[:2], -1))
    a = a[..., None, :] if ra == 1 else a
    b = b[..., None] if rb == 1 else b
    top = max(ra, rb, 2)
    y = prim.call(pad_rank(a, top) if ba else a, pad_rank(b, top) if bb else b)
    y = y[..., 0, :] if ra == 1 else y
    return y[..., 0] if rb == 1 else y


def matmul_shape(a, b):
    left, right = (a.shape if len(a.shape) > 1 else (1, *a.shape)), (b.shape if len(b.shape) > 1 else (*b.shape, 1))
    if not a.shape or not b.shape or left[-1] != right[-2]:
        raise ShapeError(f"matmul: incompatible shapes {a.shape} and {b.shape}")
    lead = np.broadcast_shapes(left[:-2], right[:-2])
    rows, columns = left[-2:-1] if len(a.shape) > 1 else (), right[-1:] if len(b.shape) > 1 else ()
    return Aval((*lead, *rows, *columns), result_dtype(a, b))


def matmul_cost(a, b):
    return 2.0 * matmul_shape(a, b).size * a.shape[-1]


matmul = REGISTRY[np.matmul] = Primitive(
    np.matmul, matmul_a, matmul_b, linear="each", batch=batch_matmul, shape=matmul_shape, cost=matmul_cost, operands="a b"
)
matmul.ufunc = np.matmul
