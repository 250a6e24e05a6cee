"""`scipy.linalg`: systems of equations, by a matrix, a triangle, a factor, or of Sylvester's kind.

Of a symmetric or triangular matrix scipy reads a part.  The gradient of a triangular one lies in its triangle; that of
a symmetric one (`assume_a`) is that of the whole matrix.  Giles 2008, section 2.2.
"""

import numpy as np

from pycograd.core import Aval, Primitive, result_dtype, shape_of
from pycograd.core.lazy import optional

from .decompositions import adjoint
from .families import composite, rank
from .linalg import cubic, inexact, swapped
from .products import conj
from .scipy_stacks import as_columns, batch_stacks, matrix, on_stacks

linalg = optional("scipy.linalg", "scipy")


@composite(linalg.solve)
def solve(
    a, b, lower=False, overwrite_a=False, overwrite_b=False, check_finite=True, assume_a=None, transposed=False
):  # fmt: skip
    """`scipy.linalg.solve`."""
    if assume_a in ("lower triangular", "upper triangular"):
        return solve_triangular(
            a, b, int(transposed), assume_a.startswith("lower"), check_finite=check_finite
        )
    a, b = matrix(a, check_finite), matrix(b, check_finite)
    return np.linalg.solve(swapped(a) if transposed else a, b)


@composite(linalg.inv)
def inv(a, overwrite_a=False, check_finite=True, **assumed):
    """`scipy.linalg.inv`."""
    return np.linalg.inv(matrix(a, check_finite))


@composite(linalg.det)
def det(a, overwrite_a=False, check_finite=True):
    """`scipy.linalg.det`."""
    y = np.linalg.det(matrix(a, check_finite))
    return y.astype(np.result_type(y.dtype, float))  # in which scipy multiplies the diagonal


# ---- triangles -----------------------------------------------------------------------------------------------------
def system_shape(a, b, **params):
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return Aval((*lead, *b.shape[-2:]), result_dtype(Aval((), inexact(a)), Aval((), inexact(b))))


def triangle(x, lower, strict):
    """The part of `x` that a triangular solver reads, 0 elsewhere."""
    n = shape_of(x)[-1]
    kept = np.tri(n, k=-strict, dtype=bool)
    return np.where(kept if lower else kept.T, x, 0.0)


def triangular_b(g, a, *, trans, lower, unit_diagonal):
    return triangular.call(a, g, trans=1 - trans, lower=lower, unit_diagonal=unit_diagonal)


def triangular_a(g, y, a, *, trans, lower, unit_diagonal):
    w = triangular_b(g, a, trans=trans, lower=lower, unit_diagonal=unit_diagonal)
    outer = -np.matmul(y, swapped(w)) if trans else -np.matmul(w, swapped(y))
    return triangle(outer, lower, unit_diagonal)


def triangular_jvp(t, y, a, *, trans, lower, unit_diagonal):
    t = triangle(t, lower, unit_diagonal)
    moved = -np.matmul(swapped(t) if trans else t, y)
    return triangular.call(a, moved, trans=trans, lower=lower, unit_diagonal=unit_diagonal)


triangular = Primitive(
    on_stacks(linalg.solve_triangular, 2, 2),
    triangular_a,
    triangular_b,
    jvp=(triangular_jvp, lambda t, a, **params: triangular.call(a, t, **params)),
    batch=batch_stacks,
    shape=system_shape,
    cost=lambda a, b, **params: float(a.shape[-1] * b.size),
    operands="a b",
    name="solve_triangular",
)


@composite(linalg.solve_triangular)
def solve_triangular(
    a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True
):  # fmt: skip
    """`scipy.linalg.solve_triangular`."""
    a, b = matrix(a, check_finite), matrix(b, check_finite)
    kind = {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    a = conj(a) if kind == 2 else a
    params = {"trans": min(kind, 1), "lower": bool(lower), "unit_diagonal": bool(unit_diagonal)}
    return as_columns(lambda a, b: triangular.call(a, b, **params), a, b)


# ---- Cholesky factors ----------------------------------------------------------------------------------------------
@composite(linalg.cholesky)
def cholesky(a, lower=False, overwrite_a=False, check_finite=True):
    """`scipy.linalg.cholesky`; the gradient is symmetric."""
    return np.linalg.cholesky(matrix(a, check_finite), upper=not lower)


@composite(linalg.cho_factor)
def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """`scipy.linalg.cho_factor`; the triangle that is not the factor keeps the numbers of `a`, before scipy 1.18."""
    a = matrix(a, check_finite)
    factor = np.linalg.cholesky(a, upper=not lower)
    if CLEAN:
        return factor, lower
    kept = np.tri(shape_of(a)[-1], dtype=bool)
    return np.where(kept if lower else kept.T, factor, a), lower


CLEAN = not linalg.cho_factor(np.array([[2.0, 1.0], [1.0, 2.0]]))[0][1, 0]


@composite(linalg.cho_solve)
def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    """`scipy.linalg.cho_solve`."""
    c, lower = c_and_lower
    first, last = (0, 2) if lower else (2, 0)
    half = solve_triangular(c, b, first, lower, check_finite=check_finite)
    return solve_triangular(c, half, last, lower, check_finite=check_finite)


# ---- LU: of P^T a = l u, the rows permuted; l and u in one matrix, l's unit diagonal left out ------------------------
def permutation(pivots):
    """The order of rows that LAPACK's exchanges make."""
    order = np.arange(len(pivots))
    for i, j in enumerate(pivots):
        order[[i, j]] = order[[j, i]]
    return order


permuted = Primitive(
    on_stacks(permutation, 1),
    operands="x",
    batch=batch_stacks,
    shape=lambda x: Aval(x.shape, np.dtype(np.intp)),
)


def inverse_rows(x, pivots):
    """The rows of `x`, a stack of matrices, put back where they were."""
    return np.take_along_axis(x, np.argsort(permuted.call(pivots), axis=-1)[..., None], axis=-2)


def parts(y):
    n = shape_of(y)[-1]
    return np.where(np.tri(n, k=-1, dtype=bool), y, np.eye(n, dtype=y.dtype)), triangle(y, False, False)


def lu_vjp(g, y):
    (g, _), (y, pivots) = g, y
    low, up = parts(y)
    inner = triangle(np.matmul(swapped(low), triangle(g, True, 1)), True, 1)
    inner = inner + triangle(np.matmul(triangle(g, False, 0), swapped(up)), False, 0)
    half = triangular.call(y, inner, trans=1, lower=True, unit_diagonal=True)
    whole = triangular.call(y, swapped(half), trans=0, lower=False, unit_diagonal=False)
    return inverse_rows(swapped(whole), pivots)


def lu_jvp(t, y):
    y, pivots = y
    low, up = parts(y)
    t = np.take_along_axis(t, permuted.call(pivots)[..., None], axis=-2)
    half = triangular.call(y, t, trans=0, lower=True, unit_diagonal=True)
    inner = swapped(triangular.call(y, swapped(half), trans=1, lower=False, unit_diagonal=False))
    return np.matmul(low, triangle(inner, True, 1)) + np.matmul(triangle(inner, False, 0), up), None


lu_ = Primitive(
    on_stacks(lambda a: tuple(linalg.lu_factor(a)), 2),
    lu_vjp,
    jvp=(lu_jvp,),
    batch=batch_stacks,
    shape=lambda a: (Aval(a.shape, inexact(a)), Aval(a.shape[:-1], np.dtype(np.int32))),
    cost=cubic(2 / 3),
    outputs=2,
    operands="a",
    name="lu_factor",
)


@composite(linalg.lu_factor)
def lu_factor(a, overwrite_a=False, check_finite=True):
    """`scipy.linalg.lu_factor`, of square matrices."""
    return lu_.call(matrix(a, check_finite))


@composite(linalg.lu_solve)
def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    """`scipy.linalg.lu_solve`."""
    (y, pivots), b = lu_and_piv, matrix(b, check_finite)
    if rank(b) == 1:
        return lu_solve((y, pivots), b[..., None], trans)[..., 0]
    if trans == 0:
        rows = np.take_along_axis(b, permuted.call(pivots)[..., None], axis=-2)
        return solve_triangular(y, solve_triangular(y, rows, 0, True, True), 0, False)
    half = solve_triangular(y, b, trans, False)
    return inverse_rows(solve_triangular(y, half, trans, True, True), pivots)


# ---- a x + x b = q, and Lyapunov's equations -----------------------------------------------------------------------
def sylvester_q(g, a, b):
    return sylvester.call(swapped(a), swapped(b), g)


sylvester = Primitive(
    on_stacks(linalg.solve_sylvester, 2, 2, 2),
    lambda g, y, a, b: -np.matmul(sylvester_q(g, a, b), swapped(y)),
    lambda g, y, a, b: -np.matmul(swapped(y), sylvester_q(g, a, b)),
    lambda g, a, b: sylvester_q(g, a, b),
    jvp=(
        lambda t, y, a, b: sylvester.call(a, b, -np.matmul(t, y)),
        lambda t, y, a, b: sylvester.call(a, b, -np.matmul(y, t)),
        lambda t, a, b: sylvester.call(a, b, t),
    ),
    batch=batch_stacks,
    shape=lambda a, b, q: Aval(
        (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2], q.shape[:-2]), *q.shape[-2:]),
        result_dtype(*[Aval((), inexact(x)) for x in (a, b, q)]),
    ),
    cost=lambda a, b, q: 25.0 * (a.size * a.shape[-1] + b.size * b.shape[-1]),
    operands="a b q",
    name="solve_sylvester",
)


@composite(linalg.solve_sylvester)
def solve_sylvester(a, b, q):
    """`scipy.linalg.solve_sylvester`."""
    return sylvester.call(matrix(a), matrix(b), matrix(q))


@composite(linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a, q):
    """`scipy.linalg.solve_continuous_lyapunov`: a x + x a^H = q."""
    a = matrix(a)
    return sylvester.call(a, adjoint(a), matrix(q))


@composite(linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov(a, q, method=None):
    """`scipy.linalg.solve_discrete_lyapunov`: a x a^H - x + q = 0, as a continuous one by the bilinear transform."""
    a, q = matrix(a), matrix(q)
    eye = np.eye(shape_of(a)[-1])
    inverse = np.linalg.inv(adjoint(a) + eye)
    b = np.matmul(adjoint(a) - eye, inverse)
    c = 2 * np.matmul(np.matmul(np.linalg.inv(a + eye), q), inverse)
    return solve_continuous_lyapunov(adjoint(b), -c)
