"""Cholesky decompositions and eigenvalues.

    cholesky, eigh  read one triangle; their gradients are symmetric (Hermitian), as if they read (a + a^H) / 2
    eigh            where two values are equal, the vectors that belong to them may turn freely; the slope along that
                    turn is taken as 0: right for every loss that does not depend on it, and always finite
    eig             for losses that do not depend on the phases of the vectors, whose norm is 1

Formulas are those of the papers, in V^H and its like; as cotangents here are their conjugates, a rule conjugates its
cotangent and its result.
"""

import numpy as np

from pycograd.core import Aval, Primitive, shape_of

from .families import arrayed, composite, map_last_axes
from .linalg import cubic, inexact, named, real_of, square_shape, swapped
from .products import conj, is_diagonal


# ---- pieces --------------------------------------------------------------------------------------------------------
def adjoint(x):
    """The conjugate transpose of `x`."""
    return conj(swapped(x))


def symmetric(x):
    """The Hermitian part of `x`."""
    return (x + adjoint(x)) * 0.5


def product(x, *others):
    """The product of matrices, from the left."""
    for y in others:
        x = np.matmul(x, y)
    return x


def diagonal(x):
    return np.einsum("...ii->...i", x)


def on_diagonal(x):
    """A stack of vectors as diagonal matrices."""
    return np.where(np.eye(shape_of(x)[-1], dtype=bool), x[..., None], 0.0)


def column(x):
    """Vectors as columns: a factor for each row of a matrix."""
    return x[..., :, None]


def row(x):
    """Vectors as rows: a factor for each column of a matrix."""
    return x[..., None, :]


def rounding(s):
    """Below what size, for each vector of values in `s`, a difference of two is rounding."""
    n = shape_of(s)[-1]
    return np.max(np.abs(s), axis=-1, keepdims=True) * (n * float(np.finfo(s.dtype).eps)) if n else s


def safe_inverse(d, zero):
    """1 / d, and 0 where `zero`."""
    return np.where(zero, 0.0, 1.0 / np.where(zero, 1.0, d))


def gaps(w):
    """1 / (w_j - w_i), and 0 where the two are equal: on the diagonal and within a repeated value."""
    d = row(w) - column(w)
    return safe_inverse(d, np.abs(d) <= column(rounding(w)))


# ---- Cholesky: Murray, arXiv:1602.07527 ----------------------------------------------------------------------------
def lower_half(x):
    """The lower triangle of `x`, with half of its diagonal: Phi in the paper."""
    n = shape_of(x)[-1]
    return np.where(np.tri(n, k=-1, dtype=bool), x, np.where(np.eye(n, dtype=bool), 0.5 * x, 0.0))


def lower_inverse(y):
    """The inverse of the lower triangular `y`, of its halves and by products: a quarter of np.linalg.inv's time."""
    n = shape_of(y)[-1]
    if type(y) is not np.ndarray or n <= 64:
        return np.linalg.inv(y)
    half = n // 2
    top, bottom = lower_inverse(y[..., :half, :half]), lower_inverse(y[..., half:, half:])
    z = np.zeros_like(y)
    z[..., :half, :half], z[..., half:, half:] = top, bottom
    z[..., half:, :half] = -np.matmul(bottom, np.matmul(y[..., half:, :half], top))
    return z


def cholesky_vjp(g, y, *, upper=False):
    g, y = (adjoint(g), adjoint(y)) if upper else (g, y)
    z = lower_inverse(y)
    if type(g) is np.ndarray and is_diagonal(g):  # that of a log-determinant: a third of the work
        return symmetric(np.matmul(swapped(z) * row(0.5 * diagonal(y) * diagonal(g)), conj(z)))
    return symmetric(product(swapped(z), lower_half(np.matmul(swapped(y), g)), conj(z)))


def cholesky_jvp(t, y, *, upper=False):
    y = adjoint(y) if upper else y
    z = lower_inverse(y)
    t = np.matmul(y, lower_half(product(z, symmetric(t), adjoint(z))))
    return adjoint(t) if upper else t


cholesky_ = Primitive(
    np.linalg.cholesky,
    cholesky_vjp,
    jvp=(cholesky_jvp,),
    batch=map_last_axes,
    shape=square_shape,
    cost=cubic(1 / 3),
)


@composite(np.linalg.cholesky)
def cholesky(a, /, *, upper=False):
    """`np.linalg.cholesky`; the gradient is symmetric."""
    return cholesky_.call(arrayed(a), upper=upper)


# ---- eigenvalues: Giles 2008, section 3.1; Boeddeker et al., arXiv:1701.00392 ----------------------------------------
def eigh_vjp(g, y, *, UPLO):
    (of_w, of_v), (w, v) = g, y
    inner = 0.0 if of_w is None else on_diagonal(of_w)
    if of_v is not None:
        inner = inner + gaps(w) * np.matmul(swapped(v), of_v)
    return symmetric(product(conj(v), inner, swapped(v)))


def eigh_jvp(t, y, *, UPLO):
    w, v = y
    inner = product(adjoint(v), symmetric(t), v)
    return np.real(diagonal(inner)), np.matmul(v, gaps(w) * inner)


eigh_ = Primitive(
    lambda a, *, UPLO: tuple(np.linalg.eigh(a, UPLO)),
    eigh_vjp,
    jvp=(eigh_jvp,),
    batch=map_last_axes,
    shape=lambda a, *, UPLO: (Aval(a.shape[:-1], real_of(a)), square_shape(a)),
    cost=cubic(9.0),
    outputs=2,
    operands="a",
    name="eigh",
)


@composite(np.linalg.eigh)
def eigh(a, UPLO="L"):
    """`np.linalg.eigh`; the gradient is symmetric."""
    return named(np.linalg.eigh)(*eigh_.call(arrayed(a), UPLO=UPLO))


@composite(np.linalg.eigvalsh)
def eigvalsh(a, UPLO="L"):
    """`np.linalg.eigvalsh`; the gradient is symmetric."""
    return eigh_.call(arrayed(a), UPLO=UPLO)[0]


def eig_vjp(g, y):
    (of_w, of_v), (w, v) = g, y
    inner = 0.0 if of_w is None else on_diagonal(of_w)
    if of_v is not None:
        along = np.matmul(swapped(v), of_v)
        inner = inner + gaps(w) * (along - np.matmul(swapped(v), conj(v)) * row(np.real(diagonal(along))))
    return product(swapped(np.linalg.inv(v)), inner, swapped(v))


def eig_jvp(t, y):
    w, v = y
    inner = product(np.linalg.inv(v), t, v)
    turn = np.matmul(v, gaps(w) * inner)
    return diagonal(inner), turn - v * np.real(np.sum(conj(v) * turn, axis=-2, keepdims=True))


def eig_shape(a):
    """Of numbers not known yet: complex, though numpy's are real where all of a real matrix's are."""
    dtype = np.result_type(inexact(a), np.complex64)
    return Aval(a.shape[:-1], dtype), Aval(a.shape, dtype)


eig_ = Primitive(
    lambda a: tuple(np.linalg.eig(a)),
    eig_vjp,
    jvp=(eig_jvp,),
    batch=map_last_axes,
    shape=eig_shape,
    cost=cubic(25.0),
    outputs=2,
    operands="a",
    name="eig",
)


@composite(np.linalg.eig)
def eig(a):
    """`np.linalg.eig`, for losses that do not depend on the phases of the vectors."""
    return named(np.linalg.eig)(*eig_.call(arrayed(a)))


@composite(np.linalg.eigvals)
def eigvals(a):
    """`np.linalg.eigvals`."""
    return eig_.call(arrayed(a))[0]
