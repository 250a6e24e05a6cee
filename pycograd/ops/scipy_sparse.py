"""`scipy.sparse`: matrices that are constants, times watched vectors and matrices, and systems solved with them.

A product and a solution are linear in the vector; the transpose is the same with the transposed matrix.  The matrix
itself has no gradient: one that is made of watched numbers raises.
"""

from collections.abc import Callable

import numpy as np

from pycograd.core import Aval, Primitive, Traced, shape_of
from pycograd.core.lazy import optional

from .families import arrayed, composite, no_rule, rank

sparse = optional("scipy.sparse", "scipy")
linalg = optional("scipy.sparse.linalg", "scipy")
BASE = next(c for c in sparse.csr_matrix.__mro__ if "__matmul__" in vars(c))  # of sparse arrays and matrices


class Map:
    """A linear map of columns, (n, k) -> (m, k), and its transpose."""

    def __init__(self, rows: int, dtype: np.dtype, forward: Callable, backward: Callable) -> None:
        self.rows, self.dtype, self.forward, self.backward = rows, dtype, forward, backward

    def transposed(self, columns: int) -> "Map":
        return Map(columns, self.dtype, self.backward, self.forward)


def mapped_columns(x, *, by):
    y = by.forward(x if x.ndim == 2 else x[:, None])
    return y if x.ndim == 2 else y[:, 0]


def batch_columns(prim, xs, batched, params):
    """All examples side by side."""
    x = np.moveaxis(xs[0], 0, -1)
    y = prim.call(np.reshape(x, (shape_of(x)[0], -1)), **params)
    return np.moveaxis(np.reshape(y, (params["by"].rows, *shape_of(x)[1:])), -1, 0)


columns = Primitive(
    mapped_columns,
    lambda g, x_shape, *, by: columns.call(g, by=by.transposed(x_shape[0])),
    linear="each",
    batch=batch_columns,
    shape=lambda x, *, by: Aval((by.rows, *x.shape[1:]), np.result_type(by.dtype, x.dtype)),
    operands="x",
    name="sparse",
)


def product_of(a):
    csr = a.tocsr()
    other = csr.T.tocsr()
    return Map(csr.shape[0], csr.dtype, lambda x: np.asarray(csr @ x), lambda g: np.asarray(other @ g))


def times(a, x):
    """a @ x of a sparse matrix and an array."""
    if len(a.shape) != 2 or rank(x) not in (1, 2) or a.shape[1] != shape_of(x)[0]:
        raise ValueError(f"matmul: incompatible shapes {a.shape} and {shape_of(x)}")
    return columns.call(x, by=product_of(a))


@composite(BASE.__matmul__)
def matmul(self, other):
    """`A @ x`."""
    return times(self, arrayed(other))


@composite(BASE.__rmatmul__)
def rmatmul(self, other):
    """`x @ A`."""
    return np.transpose(times(self.T, np.transpose(arrayed(other))))


@composite(BASE.dot)
def dot(self, other):
    """`A.dot(x)`."""
    x = arrayed(other)
    return self.multiply(x) if not rank(x) else times(self, x)


# ---- systems ---------------------------------------------------------------------------------------------------------
def solution_of(a):
    factors = linalg.splu(a.tocsc())
    dtype = np.dtype(factors.L.dtype)

    def solve(mode):
        def solved(b):
            if np.iscomplexobj(b) and dtype.kind != "c":
                return factors.solve(b.real.copy(), mode) + 1j * factors.solve(b.imag.copy(), mode)
            return factors.solve(np.ascontiguousarray(b, dtype), mode)

        return solved

    return Map(a.shape[0], dtype, solve("N"), solve("T"))


def constant_matrix(func, a):
    if sparse.issparse(a):
        return a
    if isinstance(a, (linalg.LinearOperator, Traced)):
        raise no_rule(func, "A")
    return sparse.csc_array(np.asarray(a))


@composite(linalg.spsolve)
def spsolve(A, b, permc_spec=None, use_umfpack=True):
    """`scipy.sparse.linalg.spsolve`, in the right-hand side."""
    return columns.call(arrayed(b), by=solution_of(constant_matrix(linalg.spsolve, A)))


@composite(linalg.spsolve_triangular)
def spsolve_triangular(A, b, lower=True, overwrite_A=False, overwrite_b=False, unit_diagonal=False):
    """`scipy.sparse.linalg.spsolve_triangular`, in the right-hand side."""
    given = {"unit_diagonal": unit_diagonal}
    a = constant_matrix(linalg.spsolve_triangular, A).tocsr()
    turned = a.T.tocsr()
    by = Map(
        a.shape[0],
        np.dtype(np.result_type(a.dtype, float)),
        lambda x: linalg.spsolve_triangular(a, x, lower, **given),
        lambda g: linalg.spsolve_triangular(turned, g, not lower, **given),
    )
    return columns.call(arrayed(b), by=by)


@composite(linalg.expm_multiply)
def expm_multiply(A, B, start=None, stop=None, num=None, endpoint=None, traceA=None):
    """`scipy.sparse.linalg.expm_multiply` at one time, in `B`."""
    if start is not None or stop is not None or num is not None:
        raise no_rule(linalg.expm_multiply, "start")
    a = constant_matrix(linalg.expm_multiply, A)
    by = Map(
        a.shape[0],
        np.dtype(np.result_type(a.dtype, float)),
        lambda x: linalg.expm_multiply(a, x, traceA=traceA),
        lambda g: linalg.expm_multiply(a.T, g, traceA=traceA),
    )
    return columns.call(arrayed(B), by=by)


def iterative(name):
    """Register an iterative solver, for which the solution of the system itself stands, whatever its start."""
    func = getattr(linalg, name)

    def solve(A, b, x0=None, *, callback=None, **given):
        if callback is not None:
            raise no_rule(func, "callback")
        if sparse.issparse(A):
            return spsolve(A, b), 0
        if isinstance(A, linalg.LinearOperator):
            raise no_rule(func, "A")
        return np.linalg.solve(arrayed(A), arrayed(b)), 0

    solve.__name__ = solve.__qualname__ = name
    composite(func)(solve)


for _name in "cg gmres bicg bicgstab cgs minres lgmres gcrotmk qmr tfqmr".split():
    iterative(_name)
