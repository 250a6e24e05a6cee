"""scipy.linalg.  Functions that read one triangle are called with what makes a symmetric matrix of their input."""

import numpy as np
from laws.row import normal, positive, row, spd, unit

from pycograd.core import REGISTRY

try:
    from scipy import linalg
except ModuleNotFoundError:
    linalg = None

a, b, v = normal(4, 4) + 3 * np.eye(4), normal(4, 2), normal(4)
s, tall, small = spd(4), normal(5, 3), 0.3 * normal(3, 3)
low = np.tril(a)
symmetric = lambda x: (x + np.swapaxes(x, -1, -2)) / 2  # noqa: E731


def by(func, *inputs, call=None, **params):
    """A row of a function that numpy does not hand over by its protocols: it is called by the registry."""
    ours = lambda *args, **kwargs: REGISTRY.find(func)(*args, **kwargs)  # noqa: E731
    return row(func, *inputs, call=(lambda *xs: call(ours, *xs)) if call else None, **params)


def systems():
    return [
        by(linalg.solve, a, b, complex=True),
        by(linalg.solve, a, v, call=lambda f, a, v: f(a, v, transposed=True)),
        by(linalg.solve, s, v, call=lambda f, s, v: f(symmetric(s), v, assume_a="pos")),
        by(linalg.solve, a, v, call=lambda f, a, v: f(a, v, assume_a="lower triangular")),
        by(linalg.inv, a, complex=True),
        by(linalg.det, a, complex=True),
        *[by(linalg.solve_triangular, a, b, trans=t, lower=t == 1, complex=True) for t in (0, 1, 2)],
        by(linalg.solve_triangular, low, v, lower=True),
        by(linalg.solve_triangular, a, v, unit_diagonal=True),
        by(linalg.cholesky, s, call=lambda f, s: f(symmetric(s))),
        by(linalg.cholesky, s, call=lambda f, s: f(symmetric(s), lower=True)),
        *[
            by(linalg.cho_factor, s, call=lambda f, s, low=low: f(symmetric(s), low)[0])
            for low in (False, True)
        ],
        *[
            by(linalg.cho_solve, a, b, call=lambda f, c, b, low=low: f((c, low), b), complex=True)
            for low in (False, True)
        ],
        by(linalg.cho_solve, a, v, call=lambda f, c, v: f((c, True), v)),
        by(linalg.lu_factor, a, call=lambda f, a: f(a)[0], complex=True),
        *[
            by(
                linalg.lu_solve,
                a,
                b,
                call=lambda f, a, b, t=t: f((a, np.array([2, 1, 3, 3])), b, t),
                complex=True,
            )
            for t in (0, 1, 2)
        ],
        by(linalg.lu_solve, a, v, call=lambda f, a, v: f(REGISTRY.find(linalg.lu_factor)(a), v)),
        by(linalg.solve_sylvester, a, s, normal(4, 4), complex=True),
        by(linalg.solve_continuous_lyapunov, a, s),
        by(linalg.solve_discrete_lyapunov, 0.2 * normal(3, 3), s[:3, :3]),
    ]


def decompositions():
    return [
        by(linalg.eigh, s, call=lambda f, s: f(symmetric(s))),
        by(linalg.eigh, s, call=lambda f, s: f(symmetric(s), lower=False, subset_by_index=[1, 2])),
        by(linalg.eigh, symmetric(a), s, call=lambda f, a, s: f(symmetric(a), symmetric(s)), tolerance=1e-5),
        by(linalg.eigvalsh, symmetric(a), call=lambda f, a: f(symmetric(a))),
        by(linalg.eig, a, call=lambda f, a: np.abs(f(a)[1]), covers=[linalg.eigvals]),
        by(linalg.eigvals, a, call=lambda f, a: np.sort(np.real(f(a)))),
        by(linalg.svd, tall, full_matrices=False),
        by(linalg.svd, tall.T, call=lambda f, x: f(x, full_matrices=False)[1]),
        by(linalg.svdvals, tall),
        by(linalg.qr, tall, mode="economic"),
        by(linalg.qr, a),
        by(linalg.qr, a, call=lambda f, a: f(a, mode="r")[0]),
        by(linalg.lstsq, tall, normal(5), call=lambda f, a, b: f(a, b)[0]),
        by(linalg.pinv, tall),
        by(linalg.pinvh, s, call=lambda f, s: f(symmetric(s))),
        by(linalg.norm, tall),
        by(linalg.norm, v, ord=1),
    ]


def functions():
    return [
        by(linalg.expm, small, complex=True),
        *[by(f, small) for f in (linalg.cosm, linalg.sinm, linalg.coshm, linalg.sinhm)],
        *[by(f, small, tolerance=1e-5) for f in (linalg.tanm, linalg.tanhm)],
        by(linalg.sqrtm, s),
        by(linalg.logm, s, tolerance=1e-5),
        by(linalg.fractional_matrix_power, s, t=0.4, tolerance=1e-5),
        by(linalg.expm_frechet, small, unit(3, 3)),
    ]


def structured():
    bands = positive(4, 5) + np.array([0, 3, 0, 0])[:, None]
    upper = np.array([[0.3, 0.2, 0.5, 0.1], [2.0, 3.0, 2.5, 4.0]])
    return [
        by(linalg.toeplitz, v, normal(3)),
        by(linalg.toeplitz, v),
        by(linalg.hankel, v, normal(3)),
        by(linalg.hankel, v),
        by(linalg.circulant, v),
        by(linalg.block_diag, a, tall, v),
        by(linalg.khatri_rao, tall, normal(2, 3)),
        by(linalg.solve_toeplitz, v + np.array([5.0, 0, 0, 0]), v[::-1].copy(), call=lambda f, c, b: f(c, b)),
        by(linalg.solve_banded, bands, normal(5), call=lambda f, ab, b: f((2, 1), ab, b), complex=True),
        by(linalg.solve_banded, bands, normal(5, 2), call=lambda f, ab, b: f((2, 1), ab, b)),
        by(linalg.solveh_banded, upper, v, complex=True),
        by(linalg.solveh_banded, upper[::-1].copy(), v, lower=True),
    ]


ROWS = [*systems(), *decompositions(), *functions(), *structured()] if linalg else []
