"""Sparse matrices that are constants: products with them, and systems solved with them."""

import numpy as np
from laws.row import normal, row, spd

from pycograd.core import REGISTRY

try:
    from scipy import sparse
    from scipy.sparse import linalg
except ModuleNotFoundError:
    sparse = None
dense = np.where(np.abs(normal(4, 4)) > 0.5, normal(4, 4), 0) + 3 * np.eye(4)
wide = np.array([[1.0, 0, 2, 0], [0, 3, 0, -1]])
v, m = normal(4), normal(4, 3)


def by(func, call, *inputs, **params):
    ours = lambda *args, **kwargs: REGISTRY.find(func)(*args, **kwargs)  # noqa: E731
    return row(func, *inputs, call=lambda *xs: call(ours, *xs), **params)


def rows():
    csr, coo = sparse.csr_array(dense), sparse.coo_matrix(wide)
    positive = sparse.csc_matrix(spd(4))
    lower = sparse.tril(csr).tocsr()
    base = type(csr)
    return [
        *[
            by(base.__matmul__, lambda f, x, a=a: f(a, x), x, complex=True)
            for a in (csr, coo)
            for x in (v, m)
        ],
        *[by(base.__rmatmul__, lambda f, x, a=a: f(a, x), x) for a in (csr, coo) for x in (v[: a.shape[0]],)],
        by(base.__rmatmul__, lambda f, x: f(csr, x), normal(3, 4)),
        *[by(base.dot, lambda f, x: f(csr, x), x) for x in (v, m)],
        *[by(linalg.spsolve, lambda f, b: f(csr.tocsc(), b), b, complex=True) for b in (v, m)],
        *[by(linalg.spsolve_triangular, lambda f, b: f(lower, b), b) for b in (v, m)],
        *[by(linalg.expm_multiply, lambda f, b: f(csr, b), b) for b in (v, m)],
        *[
            by(
                getattr(linalg, name),
                lambda f, b: f(positive, b, rtol=1e-14)[0],
                v,
            )
            for name in "cg gmres bicg bicgstab cgs qmr tfqmr lgmres gcrotmk minres".split()
        ],
        by(linalg.cg, lambda f, a, b: f(a, b, rtol=1e-14)[0], spd(4), v, order=1),
    ]


ROWS = rows() if sparse else []
