"""Pseudo-inverses and least squares, at matrices of constant rank.  Golub and Pereyra 1973, SIAM J. Numer. Anal. 10."""

import numpy as np

from pycograd.core import Aval, Primitive, shape_of

from .decompositions import adjoint, column, product, row, symmetric
from .families import all_batched, arrayed, composite, map_last_axes, rank
from .linalg import cubic, inexact, swapped
from .products import conj
from .svd_and_qr import svd_


def complement(a, p):
    """The projections on the null spaces of a^H and of a: 1 - a p and 1 - p a."""
    m, n = shape_of(a)[-2:]
    return np.eye(m, dtype=a.dtype) - np.matmul(a, p), np.eye(n, dtype=a.dtype) - np.matmul(p, a)


def pinv_vjp(g, y, a, *, hermitian=False, **_):
    """dp = -p da p + p p^H da^H (1 - a p) + (1 - p a) da^H p^H p."""
    left, right = complement(a, y)
    of_a = -product(swapped(y), g, swapped(y))
    of_a = of_a + adjoint(product(swapped(np.matmul(y, adjoint(y))), g, swapped(left)))
    of_a = of_a + adjoint(product(swapped(right), g, swapped(np.matmul(adjoint(y), y))))
    return symmetric(of_a) if hermitian else of_a


pinv_ = Primitive(
    np.linalg.pinv,
    pinv_vjp,
    batch=map_last_axes,
    shape=lambda a, **_: Aval((*a.shape[:-2], a.shape[-1], a.shape[-2]), inexact(a)),
    cost=cubic(22.0),
    operands="a",
)


@composite(np.linalg.pinv)
def pinv(a, rcond=None, hermitian=False, **rtol):
    """`np.linalg.pinv`, at matrices of constant rank."""
    return pinv_.call(arrayed(a), rcond=rcond, hermitian=hermitian, **rtol)


# ---- least squares: x, the squared residuals, the rank, the singular values ------------------------------------------
def tolerance(a, rcond):
    """numpy's: below which share of the largest a singular value counts as zero."""
    eps = float(np.finfo(a.dtype if np.dtype(a.dtype).kind in "fc" else float).eps)
    return eps * max(shape_of(a)[-2:]) if rcond is None else eps if rcond == -1 else rcond


def least_squares(a, b, *, rcond):
    """`np.linalg.lstsq`, and the same for stacks of matrices."""
    if a.ndim == 2 and b.ndim <= 2:
        return tuple(np.linalg.lstsq(a, b, rcond))
    share = tolerance(a, rcond)
    x = np.matmul(np.linalg.pinv(a, share), b)
    s = np.linalg.svd(a, compute_uv=False)
    ranks = np.sum(s > share * s[..., :1], axis=-1, dtype=np.intc)
    residuals = np.sum(np.abs(b - np.matmul(a, x)) ** 2, axis=-2)
    return x, residuals if a.shape[-2] > a.shape[-1] else residuals[..., :0], ranks, s


def as_matrices(g, y, a, b, rcond):
    """The cotangents and values of a call as matrices: of x, of the residuals, x, the residual vectors, pinv(a)."""
    of_x, of_residuals, x, vector = g[0], g[1], y[0], rank(b) == 1
    x, b = (column(x), column(b)) if vector else (x, b)
    of_x = 0.0 * x if of_x is None else column(of_x) if vector else of_x
    if of_residuals is None or not shape_of(of_residuals)[-1]:
        of_residuals = np.zeros(1)
    return of_x, row(of_residuals), x, b - np.matmul(a, x), np.linalg.pinv(a, tolerance(a, rcond))


def lstsq_a(g, y, a, b, *, rcond):
    of_x, of_residuals, x, r, p = as_matrices(g, y, a, b, rcond)
    through = np.matmul(swapped(p), of_x)  # the cotangent of b
    of_a = -np.matmul(through, swapped(x))
    of_a = of_a + product(conj(r), adjoint(np.matmul(conj(p), through)))
    of_a = of_a + product(swapped(p), conj(x), adjoint(np.matmul(swapped(complement(a, p)[1]), of_x)))
    of_a = of_a - 2.0 * np.matmul(conj(r) * of_residuals, swapped(x))
    if g[3] is not None:
        u, _, vh = svd_.call(a, full_matrices=False)
        of_a = of_a + product(conj(u) * row(g[3]), conj(vh))
    return of_a


def lstsq_b(g, y, a, b, *, rcond):
    of_x, of_residuals, x, r, p = as_matrices(g, y, a, b, rcond)
    of_b = np.matmul(swapped(p), of_x) + 2.0 * conj(r) * of_residuals
    return of_b[..., 0] if rank(b) == 1 else of_b


def batch_lstsq(prim, xs, batched, params):
    a, b = all_batched(xs, batched)
    if rank(b) > 2:
        return prim.call(a, b, **params)
    x, *rest = prim.call(a, b[..., None], **params)
    return x[..., 0], *rest


def lstsq_shape(a, b, *, rcond):
    """As for a matrix of full rank; numpy returns no residuals for another."""
    *lead, m, n = a.shape
    dtype = np.result_type(inexact(a), inexact(b))
    real = np.zeros((), dtype).real.dtype
    columns = b.shape[len(lead) + 1 :]
    residuals = (columns or (1,)) if m > n else (0,)
    shapes = (*lead, n, *columns), (*lead, *residuals), tuple(lead), (*lead, min(m, n))
    return tuple(map(Aval, shapes, (dtype, real, np.dtype(np.intc), real)))


lstsq_ = Primitive(
    least_squares,
    lstsq_a,
    lstsq_b,
    batch=batch_lstsq,
    shape=lstsq_shape,
    cost=lambda a, b, **_: 22.0 * a.size * min(a.shape[-2:]) + 4.0 * a.shape[-1] * b.size,
    outputs=4,
    operands="a b",
    name="lstsq",
)


@composite(np.linalg.lstsq)
def lstsq(a, b, rcond=None):
    """`np.linalg.lstsq`, at matrices of constant rank; the residuals and singular values have slopes too."""
    a, b = arrayed(a), arrayed(b)
    if rank(a) != 2 or rank(b) > 2:
        n = rank(a) if rank(a) != 2 else rank(b)
        raise np.linalg.LinAlgError(f"{n}-dimensional array given. Array must be two-dimensional")
    return lstsq_.call(a, b, rcond=rcond)
