"""Products of matrices and vectors: `matmul`, and what is made of it."""

import math
import operator

import numpy as np

from pycograd.core import (
    PLAIN,
    REGISTRY,
    UFUNC_METHODS,
    Aval,
    Primitive,
    ShapeError,
    Traced,
    aval_of,
    result_dtype,
    shape_of,
    where,
    without_tape,
)

from .families import arrayed, axes_of, composite, no_rule, pad_rank, rank, watches


# ---- matmul: vectors stand for a row on the left, a column on the right ----------------------------------------------
def matmul_a(g, b, a_shape):
    """The cotangent of a in a @ b: g b^T."""
    n = rank(b)
    if n == 1:
        return g[..., None] * b if len(a_shape) > 1 else g * b
    if len(a_shape) == 1:
        return np.matmul(b, g) if n == 2 else np.matmul(b, g[..., None])[..., 0]
    return np.matmul(g, np.swapaxes(b, -1, -2))


def matmul_b(g, a, b_shape):
    """The cotangent of b in a @ b: a^T g."""
    n = rank(a)
    if n == 1:
        return a * g if len(b_shape) == 1 else a[:, None] * g[..., None, :]
    if len(b_shape) == 1:  # g a rather than a^T g: under vmap that is one product of matrices
        return np.matmul(g, a) if n == 2 else np.matmul(np.swapaxes(a, -1, -2), g[..., None])[..., 0]
    if len(b_shape) == 2 < n:  # one product of matrices, which also sums over the leading axes
        a, g = flattened(a), flattened(g)
    return np.matmul(np.swapaxes(a, -1, -2), g)


def flattened(x):
    """A stack of matrices as one matrix, of all their rows."""
    *lead, n = shape_of(x)
    return np.reshape(x, (math.prod(lead), n))


def batch_matmul(prim, xs, batched, params):
    (a, b), (ba, bb) = xs, batched
    ra, rb = rank(a) - ba, rank(b) - bb
    if ba and not bb and ra == 1 and rb <= 2:
        return rows_times(prim, a, b)
    if bb and not ba and rb == 1 and ra <= 2:
        return rows_times(prim, b, np.swapaxes(a, 0, 1) if ra == 2 else a)
    if ba and not bb and ra == rb == 2:
        return np.reshape(prim.call(flattened(a), b), (*shape_of(a)[:2], shape_of(b)[1]))
    a = a[..., None, :] if ra == 1 else a
    b = b[..., None] if rb == 1 else b
    top = max(ra, rb, 2)
    y = prim.call(pad_rank(a, top) if ba else a, pad_rank(b, top) if bb else b)
    y = y[..., 0, :] if ra == 1 else y
    return y[..., 0] if rb == 1 else y


def rows_times(prim, x, a):
    """x @ a for the vectors that are the rows of `x`; those of a Jacobian start as the rows of a diagonal matrix."""
    large = type(x) is type(a) is np.ndarray and a.ndim == 2 and x.shape == (len(x), len(x)) and len(x) >= 32
    if large and not x[0, -1] and is_diagonal(x):  # mostly one look at an element tells
        return x.diagonal()[:, None] * a
    return prim.call(x, a)


def is_diagonal(x):
    """Whether the plain `x` is a diagonal matrix, or a stack of them."""
    return np.count_nonzero(x) == np.count_nonzero(np.einsum("...ii->...i", x))


def matmul_shape(a, b):
    left, right = (
        (a.shape if len(a.shape) > 1 else (1, *a.shape)),
        (b.shape if len(b.shape) > 1 else (*b.shape, 1)),
    )
    if not a.shape or not b.shape or left[-1] != right[-2]:
        raise ShapeError(f"matmul: incompatible shapes {a.shape} and {b.shape}")
    lead = np.broadcast_shapes(left[:-2], right[:-2])
    rows, columns = left[-2:-1] if len(a.shape) > 1 else (), right[-1:] if len(b.shape) > 1 else ()
    return Aval((*lead, *rows, *columns), result_dtype(a, b))


def matmul_cost(a, b):
    return 2.0 * matmul_shape(a, b).size * a.shape[-1]


matmul = REGISTRY[np.matmul] = Primitive(
    np.matmul,
    matmul_a,
    matmul_b,
    linear="each",
    batch=batch_matmul,
    shape=matmul_shape,
    cost=matmul_cost,
    operands="a b",
)
matmul.ufunc = np.matmul


# ---- of vectors: where numpy's product conjugates its first operand, so does this -----------------------------------
def conj(x):
    """The complex conjugate of `x`; `x` itself if it is real."""
    return np.conjugate(x) if np.iscomplexobj(x) else x


def product_of_vectors(name):
    """Decorator: the function computes the generalised ufunc `name` of two operands, if numpy has it (2.2)."""

    def register(ours):
        ufunc = getattr(np, name, None)

        def call(*args, **params):
            if len(args) == 2 and not params:
                return ours(*args)
            return UFUNC_METHODS["__call__"](ufunc, *args, **params)

        if ufunc:
            REGISTRY[ufunc] = call
        return ours

    return register


@product_of_vectors("vecdot")
def vecdot(a, b, /):
    """`np.vecdot` on last axes."""
    return np.einsum("...i,...i->...", conj(arrayed(a)), arrayed(b))


@product_of_vectors("matvec")
def matvec(a, b, /):
    """`np.matvec`."""
    return np.matmul(arrayed(a), arrayed(b)[..., None])[..., 0]


@product_of_vectors("vecmat")
def vecmat(a, b, /):
    """`np.vecmat`."""
    return np.matmul(conj(arrayed(a))[..., None, :], arrayed(b))[..., 0, :]


# ---- dot and its like ------------------------------------------------------------------------------------------------
def scaled(a, b):
    """`a` times `b` where one is a number; these functions, not being ufuncs, know no weak scalars."""
    return np.multiply(strong(a), strong(b))


def strong(x):
    """`x`, a Python number as an array."""
    if not isinstance(aval_of(x).dtype, type):
        return x
    return x.astype(x.dtype) if isinstance(x, Traced) else np.asarray(x)


def dot(a, b, out=None):
    """`np.dot`: the last axis of `a` with the last but one of `b`."""
    if not (isinstance(a, Traced) and type(b) in PLAIN or isinstance(b, Traced)):
        if not watches((a, b)):
            return np.dot(a, b, out=out)
        a, b = arrayed(a), arrayed(b)
    if out is not None:
        raise no_rule(np.dot, "out")
    ra, rb = rank(a), rank(b)
    if not ra or not rb:
        return scaled(a, b)
    return matmul.call(a, b) if rb < 3 or ra == 1 else np.tensordot(a, b, (ra - 1, rb - 2))


REGISTRY[np.dot] = dot


@composite(np.inner)
def inner(a, b, /):
    """`np.inner`: the last axes."""
    a, b = arrayed(a), arrayed(b)
    if not rank(a) or not rank(b):
        return scaled(a, b)
    if rank(b) < 3:
        return matmul.call(a, np.transpose(b))
    return np.tensordot(a, b, (-1, -1))


@composite(np.vdot)
def vdot(a, b, /):
    """`np.vdot`: of the flattened arrays, the first conjugated."""
    return matmul.call(np.ravel(conj(arrayed(a))), np.ravel(arrayed(b)))


@composite(np.outer)
def outer(a, b, out=None):
    """`np.outer` of the flattened arrays."""
    return np.multiply(np.ravel(arrayed(a))[:, None], np.ravel(arrayed(b)))


@composite(np.tensordot)
def tensordot(a, b, axes=2):
    """`np.tensordot`: `axes` is a number of axes, or the axes of `a` and of `b`."""
    a, b = arrayed(a), arrayed(b)
    ra, rb = rank(a), rank(b)
    axes = without_tape(axes)
    try:
        of_a, of_b = axes
    except TypeError:
        n = operator.index(axes)
        of_a, of_b = range(ra - n, ra), range(n)
        if n > min(ra, rb):
            raise IndexError(
                f"tensordot: there are not {n} axes in {shape_of(a)} and {shape_of(b)}{where()}"
            ) from None
    of_a, of_b = (axes_of(tuple(x) if np.iterable(x) else x, r) for x, r in ((of_a, ra), (of_b, rb)))
    a_shape, b_shape = shape_of(a), shape_of(b)
    summed = [a_shape[i] for i in of_a]
    if summed != [b_shape[i] for i in of_b]:
        raise ShapeError(
            f"tensordot: axes {of_a} of {a_shape} and {of_b} of {b_shape} have different lengths{where()}"
        )
    rows, columns = [i for i in range(ra) if i not in of_a], [i for i in range(rb) if i not in of_b]
    a = np.reshape(np.transpose(a, (*rows, *of_a)), (math.prod(a_shape[i] for i in rows), math.prod(summed)))
    b = np.reshape(
        np.transpose(b, (*of_b, *columns)), (math.prod(summed), math.prod(b_shape[i] for i in columns))
    )
    return np.reshape(matmul.call(a, b), [a_shape[i] for i in rows] + [b_shape[i] for i in columns])


@composite(np.kron)
def kron(a, b):
    """`np.kron`: blocks of `b`, one for each element of `a`."""
    a, b = arrayed(a), arrayed(b)
    n = max(rank(a), rank(b))
    a_shape, b_shape = ((1,) * (n - rank(x)) + shape_of(x) for x in (a, b))
    a = np.reshape(a, [m for k in a_shape for m in (k, 1)])
    b = np.reshape(b, [m for k in b_shape for m in (1, k)])
    return np.reshape(np.multiply(a, b), [k * m for k, m in zip(a_shape, b_shape, strict=True)])


@composite(np.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """`np.cross`, of vectors of three components, or of two where numpy still has them."""
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = arrayed(a), arrayed(b)
    if not rank(a) or not rank(b):
        raise ValueError("At least one array has zero dimension")
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    n, m = shape_of(a)[-1], shape_of(b)[-1]
    if (n, m) != (3, 3):
        np.cross(np.ones(n), np.ones(m))  # warns of two components, or refuses them, as this numpy does
    if n == m == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = (x if k == 3 else np.matmul(x, np.eye(2, 3, dtype=x.dtype)) for x, k in ((a, n), (b, m)))
    one, two = [1, 2, 0], [2, 0, 1]
    return np.moveaxis(a[..., one] * b[..., two] - a[..., two] * b[..., one], -1, axisc)
