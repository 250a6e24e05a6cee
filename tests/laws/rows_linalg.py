"""Linear algebra."""

import numpy as np
from laws.row import normal, positive, row, spd

from pycograd.core import REGISTRY

a33, a234, b33, v3, v4 = normal(3, 3), normal(2, 3, 4), normal(3, 3) + 3 * np.eye(3), normal(3), normal(4)
stack = normal(2, 3, 3) + 3 * np.eye(3)
spread = np.diag([3.0, 1.0, -2.0]) + 0.2 * a33  # eigenvalues far apart, and real
LA = np.linalg


def hermitian(a):
    return a + np.conj(np.swapaxes(a, -1, -2))


def definite(a):
    return a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(a.shape[-1])


def phases_out(v):
    """What of columns of unit vectors does not depend on their phases: their projections."""
    return v[..., :, None, :] * np.conj(v[..., None, :, :])


def svd_projections(a, full_matrices=False):
    u, s, vh = LA.svd(a, full_matrices=full_matrices)
    v = np.conj(np.swapaxes(vh, -1, -2))
    k = s.shape[-1]
    across = u[..., :, None, :k] * np.conj(v[..., None, :, :k])  # u_i v_i^H: free of the common phase
    rest = (
        u[..., k:] @ np.conj(np.swapaxes(u[..., k:], -1, -2)),
        v[..., k:] @ np.conj(np.swapaxes(v[..., k:], -1, -2)),
    )
    return (s, across, *rest) if full_matrices else (s, across)


def projection(v):
    return v @ np.conj(v.T)


def complete_qr(a):
    q, r = LA.qr(a, "complete")
    return q[:, :3], projection(q[:, 3:]), r


TURN = [[0.0, 0.0, -1.0], [0.0, 0.0, -1.0], [-1.0, -1.0, 0.0]]  # finite, and 0 within the repeated eigenvalue
DATA = dict.fromkeys(
    ("capture", "float32", "every_dtype"),
    "whether the eigenvalues are real is in the numbers, not in the type",
)
if LA.eig(np.eye(2))[0].dtype.kind == "c":  # since numpy 2.5 they always are complex
    DATA = {}
ORDERS = (None, 1, 2, 3, 2.5, 0.5, -1, -2, np.inf, -np.inf)
ROWS = [
    # ---- numpy.linalg's names of products
    row(LA.matmul, normal(3, 4), normal(4, 5)),
    row(LA.outer, v3, v4),
    row(LA.vecdot, normal(3, 4), v4, complex=True),
    row(LA.vecdot, normal(3, 4), normal(3, 4) + 1, axis=0),
    row(LA.tensordot, normal(3, 4), normal(4, 5), axes=1),
    row(LA.cross, normal(4, 3), normal(4, 3)),
    row(LA.cross, normal(3, 4), normal(3, 4), axis=0),
    row(LA.matrix_transpose, a234, complex=True),
    row(LA.diagonal, a234),
    row(LA.diagonal, a234, offset=1),
    row(LA.trace, a234),
    row(LA.trace, a234, offset=-1),
    # ---- systems
    row(LA.solve, b33, v3, complex=True),
    row(LA.solve, b33, normal(3, 2), complex=True),
    row(LA.solve, stack, normal(2, 3, 2)),
    row(LA.solve, stack, normal(3, 2)),
    row(LA.solve, b33, normal(2, 3, 2)),
    row(LA.solve, stack, v3),
    row(LA.solve, normal(4, 1, 3, 3) + 3 * np.eye(3), normal(2, 3, 2)),
    row(LA.solve, positive(1, 1), normal(1)),
    row(LA.inv, b33, complex=True),
    row(LA.inv, stack),
    row(LA.tensorsolve, normal(2, 3, 6) + np.eye(6).reshape(2, 3, 6) * 3, normal(2, 3)),
    row(LA.tensorsolve, (normal(6, 6) + 3 * np.eye(6)).reshape(6, 2, 3).transpose(1, 0, 2), normal(6), axes=(0,)),
    row(LA.tensorinv, (normal(6, 6) + 3 * np.eye(6)).reshape(2, 3, 6)),
    row(LA.tensorinv, (normal(6, 6) + 3 * np.eye(6)).reshape(6, 2, 3), ind=1),
    # ---- determinants
    row(LA.det, a33, complex=True),
    row(LA.det, normal(2, 3, 3)),
    row(LA.det, normal(1, 1)),
    row(LA.det, normal(0, 0)),
    row(LA.det, np.array([[1.0, 2.0], [2.0, 4.0]]), exempt={"every_order": "third derivatives need a regular matrix"}),
    row(LA.det, np.outer(v3, v3 + 1), exempt={"every_order": "third derivatives need a regular matrix"}),
    row(LA.det, np.zeros((3, 3)), exempt={"every_order": "third derivatives need a regular matrix"}),
    row(LA.det, np.diag([2.0, 0.0, 3.0]), expected=(np.diag([0.0, 6.0, 0.0]),)),
    row(LA.det, np.eye(3)),
    row(LA.slogdet, a33, complex=True),
    row(LA.slogdet, stack),
    # ---- Cholesky
    row(LA.cholesky, normal(3, 3), call=lambda a: LA.cholesky(definite(a)), complex=True),
    row(LA.cholesky, normal(3, 3), call=lambda a: LA.cholesky(definite(a), upper=True), complex=True),
    row(LA.cholesky, normal(2, 3, 3), call=lambda a: LA.cholesky(definite(a))),
    row(LA.cholesky, np.eye(2), expected=([[0.5, 0.5], [0.5, 0.5]],)),
    # ---- eigenvalues
    row(LA.eigh, a33, call=lambda a: (LA.eigh(hermitian(a))[0], phases_out(LA.eigh(hermitian(a))[1])), complex=True),
    row(LA.eigh, a33, call=lambda a: LA.eigh(hermitian(a)).eigenvectors),
    row(LA.eigh, normal(2, 3, 3), call=lambda a: LA.eigh(hermitian(a), UPLO="U")[1]),
    row(LA.eigvalsh, a33, call=lambda a: LA.eigvalsh(hermitian(a)), complex=True),
    row(LA.eigvalsh, a33, call=lambda a: LA.eigvalsh(hermitian(a), UPLO="U")),
    row(LA.eigh, np.diag([1.0, 1.0, 2.0]), call=lambda a: projection(LA.eigh(a)[1][:, :2]), expected=(TURN,)),
    row(LA.eigvalsh, np.eye(3), expected=(np.eye(3),)),
    row(LA.eig, spread, exempt=DATA),
    row(LA.eig, a33, call=lambda a: (LA.eig(a)[0], phases_out(LA.eig(a)[1])), complex=True),
    row(LA.eigvals, spread, exempt=DATA),
    row(LA.eigvals, a33, complex=True),
    row(LA.eigvals, normal(2, 3, 3)),
    # ---- singular values
    *[row(LA.svd, normal(*s), full_matrices=False) for s in ((3, 4), (4, 3), (3, 3), (2, 4, 3), (2, 3, 4))],
    *[row(LA.svd, normal(*s), call=svd_projections, complex=True) for s in ((3, 4), (4, 3), (3, 3))],
    *[row(LA.svd, normal(*s), call=lambda a: svd_projections(a, True), complex=True) for s in ((3, 4), (4, 2), (3, 3))],
    row(LA.svd, a234, compute_uv=False, complex=True),
    row(LA.svd, a33, call=lambda a: LA.svd(hermitian(a), hermitian=True)),
    row(LA.svd, a33, call=lambda a: LA.svd(hermitian(a), hermitian=True, compute_uv=False)),
    row(LA.svdvals, normal(4, 3), complex=True),
    row(LA.svdvals, np.zeros((2, 2)), expected=(np.zeros((2, 2)),)),
    row(LA.svd, np.eye(2), call=lambda a: LA.svd(a)[0] * 1.0, expected=(np.zeros((2, 2)),)),
    # ---- QR
    *[row(LA.qr, normal(*s), complex=True) for s in ((3, 3), (4, 3), (3, 5), (2, 4, 3))],
    *[row(LA.qr, normal(*s), mode="r") for s in ((3, 3), (4, 3), (3, 5))],
    *[row(LA.qr, normal(*s), call=complete_qr, complex=True) for s in ((3, 3), (5, 3), (3, 5))],
    # ---- least squares
    row(LA.pinv, normal(4, 3), complex=True),
    row(LA.pinv, normal(3, 4)),
    row(LA.pinv, normal(2, 4, 3)),
    row(LA.pinv, a33, call=lambda a: LA.pinv(hermitian(a), hermitian=True)),
    row(LA.pinv, v3, v4, call=lambda a, b: LA.pinv(np.outer(a, b), rcond=1e-5), tolerance=1e-5),
    row(LA.lstsq, normal(5, 3), normal(5), complex=True),
    row(LA.lstsq, normal(5, 3), normal(5, 2), complex=True),
    row(LA.lstsq, normal(3, 5), v3),
    row(LA.lstsq, normal(3, 5), normal(3, 2), complex=True),
    row(LA.lstsq, b33, v3),
    # ---- norms
    *[row(LA.norm, v4, ord=p) for p in ORDERS],
    *[row(LA.norm, a234, ord=p, axis=1) for p in ORDERS],
    *[row(LA.norm, normal(4, 3), ord=p) for p in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)],
    *[row(LA.norm, a234, ord=p, axis=(2, 0), keepdims=True) for p in (None, "fro", "nuc", 2, 1, -1, np.inf)],
    row(LA.norm, v4, ord=0),
    row(LA.norm, a234, complex=True),
    row(LA.norm, a234, axis=-1, keepdims=True, complex=True),
    row(LA.norm, normal(3, 4), keepdims=True),
    row(LA.norm, normal(3, 4), ord=3, axis=np.int64(0), complex=True),
    row(LA.norm, np.zeros(3), expected=(np.zeros(3),)),
    row(LA.norm, np.zeros(3), ord=3, expected=(np.zeros(3),)),
    row(LA.norm, np.zeros(3), ord=1, expected=(np.zeros(3),)),
    row(LA.norm, np.array([3.0, -3.0, 1.0]), ord=np.inf, expected=([0.5, -0.5, 0.0],)),
    row(LA.norm, np.array([0.0, -2.0]), ord=1, expected=([0.0, -1.0],)),
    row(LA.norm, np.eye(2), ord="nuc", expected=(np.eye(2),)),
    row(LA.norm, np.zeros((2, 2)), ord="nuc", expected=(np.zeros((2, 2)),)),
    row(LA.norm, np.array([[0.0, 3.0], [0.0, 4.0]]), axis=1, expected=([[0.0, 1.0], [0.0, 1.0]],)),
    row(LA.vector_norm, a234, complex=True),
    row(LA.vector_norm, a234, axis=(0, 2), ord=3),
    row(LA.vector_norm, a234, axis=1, ord=1, keepdims=True),
    row(LA.vector_norm, normal(2, 3, 4, 2), axis=(0, 1, 3), keepdims=True),
    row(LA.matrix_norm, a234),
    row(LA.matrix_norm, a234, ord="nuc", keepdims=True),
    row(LA.matrix_norm, a234, ord=-2),
    row(LA.cond, b33),
    *[row(LA.cond, stack, p=p) for p in (None, 2, -2, "fro", 1, -1, np.inf, "nuc")],
    row(LA.matrix_rank, b33),
    row(LA.matrix_rank, stack, tol=0.1),
    # ---- powers and chains
    *[row(LA.matrix_power, b33, n=n, complex=n == 3) for n in (0, 1, 2, 3, 6, -1, -3)],
    row(LA.matrix_power, stack, n=3),
    row(LA.multi_dot, normal(3, 4), normal(4, 2), normal(2, 5), call=lambda *xs: LA.multi_dot(xs)),
    row(LA.multi_dot, v3, normal(3, 4), normal(4, 2), call=lambda *xs: LA.multi_dot(list(xs))),
    row(LA.multi_dot, v3, normal(3, 4), normal(4, 4), v4, call=lambda *xs: LA.multi_dot(xs)),
    row(LA.multi_dot, normal(3, 4), v4, call=lambda *xs: LA.multi_dot(xs)),
    row(LA.det, np.array(0.7), call=lambda x: REGISTRY[LA.det]([[x, 1.0], [2.0, x * x]])),
    row(LA.solve, 2.0, 0.5, call=lambda x, y: REGISTRY[LA.solve]([[x, 1.0], [y, x]], [y, 1.0])),
    row(LA.inv, spd(3), complex=True),
]  # fmt: skip
