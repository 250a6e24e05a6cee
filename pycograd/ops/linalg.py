"""Systems of equations, inverses, determinants.

All primitives map over leading axes, as numpy's do.  Rules are plain transposes; where a source's formula has V^H, here
stand V^T or its conjugate, by that convention.
"""

from functools import cache

import numpy as np

from pycograd.core import Aval, Primitive, pullback, result_dtype, shape_of

from .families import arrayed, composite, map_last_axes, pad_rank, rank


def swapped(x):
    """`x` with its last two axes exchanged."""
    return np.swapaxes(x, -1, -2)


@cache
def named(func):
    """The named tuple that numpy's `func` returns."""
    return type(func(np.eye(1)))


def inexact(*avals):
    """The dtype that numpy.linalg computes in."""
    dtype = result_dtype(*avals)
    return dtype if dtype.kind in "fc" else np.dtype(float)


def real_of(aval):
    """The dtype of singular values and norms of `aval`."""
    return np.zeros((), inexact(aval)).real.dtype


def cubic(times):
    """The cost rule of a factorisation that takes `times` n m min(n, m) operations."""
    return lambda a, **params: times * a.size * min(a.shape[-2:])


def square_shape(a, **params):
    return Aval(a.shape, inexact(a))


# ---- systems: b is one vector if its rank is one, else a stack of matrices -------------------------------------------
def solve_b(g, a, b_shape):
    """The cotangent of b: the solution of a^T w = g.  Giles 2008, section 2.2."""
    a = swapped(a)
    return np.linalg.solve(a, g[..., None])[..., 0] if len(b_shape) == 1 else np.linalg.solve(a, g)


def solve_a(g, y, a, b_shape):
    """The cotangent of a: -w y^T, with w that of b."""
    w = solve_b(g, a, b_shape)
    return -w[..., :, None] * y[..., None, :] if len(b_shape) == 1 else -np.matmul(w, swapped(y))


def solve_jvp_a(t, y, a, b_shape):
    if len(b_shape) == 1:
        return -np.linalg.solve(a, np.matmul(t, y[..., None]))[..., 0]
    return -np.linalg.solve(a, np.matmul(t, y))


def batch_solve(prim, xs, batched, params):
    (a, b), (ba, bb) = xs, batched
    ra, rb = rank(a) - ba, rank(b) - bb
    if not ba and ra == 2 and rb <= 2:  # one factorisation for all examples: they are further columns
        columns = np.moveaxis(b, 0, -1)
        shape = shape_of(columns)
        y = prim.call(a, np.reshape(columns, (shape[0], -1)) if rb == 2 else columns)
        return np.moveaxis(np.reshape(y, shape), -1, 0)
    b = b[..., None] if rb == 1 else b
    top = max(ra, rb, 2)
    y = prim.call(pad_rank(a, top) if ba else a, pad_rank(b, top) if bb else b)
    return y[..., 0] if rb == 1 else y


def solve_shape(a, b):
    dtype = np.result_type(inexact(a), inexact(b))
    if len(b.shape) == 1:
        return Aval(a.shape[:-1], dtype)
    return Aval((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]), dtype)


solve_ = Primitive(
    np.linalg.solve,
    solve_a,
    solve_b,
    jvp=(solve_jvp_a, lambda t, a, b_shape: np.linalg.solve(a, t)),
    batch=batch_solve,
    shape=solve_shape,
    cost=lambda a, b: 2 / 3 * a.size * a.shape[-1] + 2.0 * a.shape[-1] * b.size,
    operands="a b",
)
inv_ = Primitive(
    np.linalg.inv,
    lambda g, y: -np.matmul(np.matmul(swapped(y), g), swapped(y)),
    jvp=(lambda t, y: -np.matmul(np.matmul(y, t), y),),
    batch=map_last_axes,
    shape=square_shape,
    cost=cubic(2.0),
)


@composite(np.linalg.solve)
def solve(a, b):
    """`np.linalg.solve`."""
    return solve_.call(arrayed(a), arrayed(b))


@composite(np.linalg.inv)
def inv(a):
    """`np.linalg.inv`."""
    return inv_.call(arrayed(a))


# ---- determinants --------------------------------------------------------------------------------------------------
def products_without(s):
    """The products of all of `s` but one, along the last axis, without a division."""
    ones = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([ones, s[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, s[..., :0:-1]], -1), -1)[..., ::-1]
    return before * after


def unitary_parts(a):
    """The SVD of `a`, and det(u) det(vh), which the cofactors of a product are multiplied by."""
    u, s, vh = np.linalg.svd(a)
    return u.conj(), s, vh.conj(), (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]


def inverse_if_safe(a):
    """The inverse of matrices that are all far from singular, where it costs a tenth of an SVD; None for others."""
    try:
        z = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return None
    condition = np.linalg.norm(a, axis=(-2, -1)) * np.linalg.norm(z, axis=(-2, -1))
    return z if np.all(condition < 1e3) else None


def cofactors(a):
    """d det(a) / da, exact at singular matrices too: a = u s vh, and cof(x y) = cof(x) cof(y)."""
    if not a.size:
        return np.zeros_like(a)
    z = inverse_if_safe(a)
    if z is not None:
        return np.linalg.det(a)[..., None, None] * swapped(z)
    u, s, vh, scale = unitary_parts(a)
    return (scale * np.matmul(u * products_without(s)[..., None, :], vh)).astype(a.dtype)


def cofactor_slopes(a, b):
    """The derivative of the cofactors of `a` along `b`: of a diagonal one, products of all entries but two."""
    if not a.size:
        return np.zeros(np.broadcast_shapes(a.shape, b.shape), np.result_type(a, b))
    u, s, vh, scale = unitary_parts(a)
    m = swapped(u) @ b @ swapped(vh)
    eye = np.eye(s.shape[-1], dtype=bool)
    pairs = np.where(
        eye, 0.0, products_without(np.where(eye, 1.0, s[..., None, :]))
    )  # [i, j]: all but i and j
    slopes = np.where(eye, np.einsum("...ij,...jj->...i", pairs, m)[..., None], -pairs * swapped(m))
    return (scale * np.matmul(np.matmul(u, slopes), vh)).astype(np.result_type(a, b))


def slopes_by_inverse(a, b):
    """`cofactor_slopes` of regular matrices, as a differentiable formula."""
    z = swapped(np.linalg.inv(a))
    trace = np.sum(z * b, axis=(-2, -1))[..., None, None]
    return np.linalg.det(a)[..., None, None] * (trace * z - np.matmul(np.matmul(z, swapped(b)), z))


def slopes_a(g, a, b):
    """The third derivative of a determinant; LinAlgError where the matrix is singular."""
    return pullback(lambda a: slopes_by_inverse(a, b), a)[1](g)[0]


def batch_matrices(prim, xs, batched, params):
    """The batch rule of functions of several stacks of matrices, whose leading axes broadcast."""
    top = max([rank(x) - b for x, b in zip(xs, batched, strict=True)])
    return prim.call(*[pad_rank(x, top) if b else x for x, b in zip(xs, batched, strict=True)], **params)


slopes = Primitive(
    cofactor_slopes,
    slopes_a,
    lambda g, a: slopes.call(a, g),  # a second derivative is symmetric
    batch=batch_matrices,
    shape=lambda a, b: Aval(np.broadcast_shapes(a.shape, b.shape), result_dtype(a, b)),
    cost=cubic(20.0),
    operands="a b",
    name="cofactor_slopes",
)
cofactor = Primitive(
    cofactors,
    lambda g, x: slopes.call(x, g),
    jvp=(lambda t, x: slopes.call(x, t),),
    batch=map_last_axes,
    shape=square_shape,
    cost=cubic(20.0),
    name="cofactor",
)
det_ = Primitive(
    np.linalg.det,
    lambda g, x: np.expand_dims(g, (-2, -1)) * cofactor.call(x),
    jvp=(lambda t, x: np.sum(t * cofactor.call(x), axis=(-2, -1)),),
    batch=map_last_axes,
    shape=lambda a: Aval(a.shape[:-2], inexact(a)),
    cost=cubic(2 / 3),
)


@composite(np.linalg.det)
def det(a):
    """`np.linalg.det`; its slope is exact at singular matrices."""
    return det_.call(arrayed(a))


# ---- sign and logarithm of a determinant: infinite, so a LinAlgError, where the matrix is singular -------------------
def slogdet_vjp(g, y, a):
    """d log|det| = Re h and d sign = i sign Im h, with h = tr(a^-1 da)."""
    of_sign, of_log = g
    g = 0.0 if of_log is None else of_log
    if of_sign is not None and np.iscomplexobj(y[0]):
        g = g + 1j * np.imag(y[0] * of_sign)
    return np.expand_dims(g, (-2, -1)) * swapped(np.linalg.inv(a))


def slogdet_jvp(t, y, a):
    h = np.sum(swapped(np.linalg.inv(a)) * t, axis=(-2, -1))
    return (1j * y[0] * np.imag(h) if np.iscomplexobj(y[0]) else None), np.real(h)


slogdet_ = Primitive(
    lambda a: tuple(np.linalg.slogdet(a)),
    slogdet_vjp,
    jvp=(slogdet_jvp,),
    batch=map_last_axes,
    shape=lambda a: (Aval(a.shape[:-2], inexact(a)), Aval(a.shape[:-2], real_of(a))),
    cost=cubic(2 / 3),
    outputs=2,
    operands="a",
    name="slogdet",
)


@composite(np.linalg.slogdet)
def slogdet(a):
    """`np.linalg.slogdet`."""
    return named(np.linalg.slogdet)(*slogdet_.call(arrayed(a)))
