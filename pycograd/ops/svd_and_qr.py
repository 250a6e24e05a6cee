"""Singular values and QR.

svd  the slope of a singular value that is 0 is 0; where two are equal, that of the turn of their vectors is 0, as in
     `eigh`; with full_matrices, for losses that depend on the space that the added vectors span, not on themselves
qr   for matrices of full rank; LinAlgError for others
"""

import numpy as np

from pycograd.core import Aval, Primitive, shape_of

from .decompositions import (
    adjoint,
    column,
    diagonal,
    eigh,
    gaps,
    on_diagonal,
    product,
    rounding,
    row,
    safe_inverse,
)
from .families import arrayed, composite, map_last_axes, no_rule
from .linalg import cubic, inexact, named, real_of
from .products import conj


# ---- singular values: Townsend 2016; Wan and Zhang, arXiv:1909.02659 (complex) ---------------------------------------
def reduced(u, g, k):
    """The first `k` columns of the unitary `u`, and the cotangent of all its columns as one of those.

    The other columns u2 follow: du2 = -u1 du1^H u2.
    """
    if g is None or shape_of(u)[-1] == k:
        return u[..., :k], g
    u, u2, g, g2 = u[..., :k], u[..., k:], g[..., :k], g[..., k:]
    return u, g - product(u2, adjoint(g2), u)


def svd_vjp(g, y, *, full_matrices):
    of_u, of_s, of_v = (None if c is None else conj(c) for c in g)
    u, s, v = y[0], y[1], adjoint(y[2])
    k = shape_of(s)[-1]
    u, of_u = reduced(u, of_u, k)
    v, of_v = reduced(v, None if of_v is None else adjoint(of_v), k)
    zero = s <= rounding(s)
    inverse = safe_inverse(s, zero)
    split = gaps(s) * safe_inverse(row(s) + column(s), row(zero) & column(zero))  # 1 / (s_j^2 - s_i^2)
    inner = 0.0 if of_s is None else on_diagonal(np.where(zero, 0.0, of_s))
    outer = 0.0
    if of_u is not None:
        along = np.matmul(adjoint(u), of_u)
        inner = inner + split * (along - adjoint(along)) * row(s)
        if np.iscomplexobj(along):
            inner = inner + on_diagonal(1j * np.imag(diagonal(along)) * inverse)
        outer = outer + product((of_u - np.matmul(u, along)) * row(inverse), adjoint(v))
    if of_v is not None:
        along = np.matmul(adjoint(v), of_v)
        inner = inner + column(s) * split * (along - adjoint(along))
        outer = outer + product(u * row(inverse), adjoint(of_v - np.matmul(v, along)))
    return conj(product(u, inner, adjoint(v)) + outer)


def svd_shape(a, *, full_matrices):
    *lead, m, n = a.shape
    k, dtype = min(m, n), inexact(a)
    columns, rows = (m, n) if full_matrices else (k, k)
    return Aval((*lead, m, columns), dtype), Aval((*lead, k), real_of(a)), Aval((*lead, rows, n), dtype)


svd_ = Primitive(
    lambda a, *, full_matrices: tuple(np.linalg.svd(a, full_matrices)),
    svd_vjp,
    batch=map_last_axes,
    shape=svd_shape,
    cost=cubic(20.0),
    outputs=3,
    operands="a",
    name="svd",
)


@composite(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """`np.linalg.svd`."""
    a = arrayed(a)
    if hermitian:
        return hermitian_svd(a, compute_uv)
    if not compute_uv:
        return svdvals(a)
    return named(np.linalg.svd)(*svd_.call(a, full_matrices=bool(full_matrices)))


@composite(np.linalg.svdvals)
def svdvals(x, /):
    """`np.linalg.svdvals`."""
    return svd_.call(arrayed(x), full_matrices=False)[1]


def hermitian_svd(a, compute_uv):
    """The SVD of a Hermitian matrix by its eigenvalues, as numpy has it."""
    w, v = eigh(a)
    if not compute_uv:
        return np.sort(np.abs(w), axis=-1)[..., ::-1]
    order = np.argsort(np.abs(w), axis=-1)[..., ::-1]
    w, v = np.take_along_axis(w, order, axis=-1), np.take_along_axis(v, order[..., None, :], axis=-1)
    return named(np.linalg.svd)(v, np.abs(w), adjoint(v * row(np.sign(w))))


# ---- QR: Seeger et al., arXiv:1710.08717; wide: Roberts and Roberts, arXiv:2009.10071 --------------------------------
def above(x, k=0):
    """The triangle of `x` above diagonal `k`, which belongs to it; 0 elsewhere."""
    return np.where(~np.tri(*shape_of(x)[-2:], k - 1, dtype=bool), x, 0.0)


def qr_vjp(g, y, *, mode):
    (q, r), (of_q, of_r) = y, (None if c is None else conj(c) for c in g)
    k = min(shape_of(q)[-2], shape_of(r)[-1])
    q, of_q = reduced(q, of_q, k)
    r, of_r = r[..., :k, :], 0.0 * r if of_r is None else of_r[..., :k, :]
    of_q = 0.0 * q if of_q is None else of_q
    beyond, of_beyond = r[..., k:], of_r[..., k:]  # of a wide matrix (a1 a2): q^H a2
    r, of_r = r[..., :k], of_r[..., :k]
    wide = shape_of(beyond)[-1] > 0
    if wide:
        of_q = of_q + product(q, beyond, adjoint(of_beyond))
    inner = np.matmul(of_r, adjoint(r)) - np.matmul(adjoint(q), of_q)
    strict = above(inner, 1)
    inner = strict + adjoint(strict) + on_diagonal(np.real(diagonal(inner)))
    of_a = adjoint(np.linalg.solve(r, adjoint(of_q + np.matmul(q, inner))))
    return conj(np.concatenate([of_a, np.matmul(q, of_beyond)], axis=-1) if wide else of_a)


def qr_shape(a, *, mode):
    *lead, m, n = a.shape
    k, dtype = m if mode == "complete" else min(m, n), inexact(a)
    return Aval((*lead, m, k), dtype), Aval((*lead, k, n), dtype)


qr_ = Primitive(
    lambda a, *, mode: tuple(np.linalg.qr(a, mode)),
    qr_vjp,
    batch=map_last_axes,
    shape=qr_shape,
    cost=cubic(4.0),
    outputs=2,
    operands="a",
    name="qr",
)


@composite(np.linalg.qr)
def qr(a, mode="reduced"):
    """`np.linalg.qr`, for matrices of full rank."""
    if mode == "raw":
        raise no_rule(np.linalg.qr, "mode")
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"Unrecognized mode '{mode}'")
    if mode == "r":
        return qr_.call(arrayed(a), mode="reduced")[1]
    return named(np.linalg.qr)(*qr_.call(arrayed(a), mode=mode))
