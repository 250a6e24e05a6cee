"""Products of matrices and tensors, einsum, convolutions."""

import warnings

import numpy as np
from laws.row import normal, row


def pairs(func, *shapes, **params):
    return [row(func, normal(*a), normal(*b), **params) for a, b in shapes]


def quiet_cross(a, b):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.cross(a, b)


def einsum(text, *shapes, **params):
    xs = [normal(*s) for s in shapes]
    return row(np.einsum, *xs, call=lambda *xs: np.einsum(text, *xs, **params), complex=len(shapes) == 2)


a34, b45, v3, v4 = normal(3, 4), normal(4, 5), normal(3), normal(4)
NEW = [
    *([row(np.matvec, normal(2, 3, 4), v4, complex=True)] if hasattr(np, "matvec") else []),
    *([row(np.vecmat, v4, normal(2, 4, 3), complex=True)] if hasattr(np, "vecmat") else []),
]

flat_crosses = [
    row(np.cross, normal(4, 2), normal(4, 2), call=quiet_cross),
    row(np.cross, normal(4, 2), v3, call=quiet_cross),
    row(np.cross, v3, normal(4, 2), call=quiet_cross),
]
if np.lib.NumpyVersion(np.__version__) >= "2.5.0":  # which has no cross product in the plane
    flat_crosses = []
ROWS = [
    # ---- matmul: every mix of ranks, broadcasting included
    *pairs(
        np.matmul,
        ((4,), (4,)), ((4,), (4, 5)), ((3, 4), (4,)), ((3, 4), (4, 5)), ((4,), (2, 4, 5)), ((2, 3, 4), (4,)),
        ((3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (1, 4, 5)),
        ((1, 3, 4), (2, 4, 5)), ((6, 2, 3, 4), (2, 4, 5)), ((2, 3, 4), (6, 1, 4, 5)), ((6, 2, 3, 4), (4,)),
        ((4,), (6, 2, 4, 5)), ((1, 1), (1, 1)), ((0, 4), (4, 5)), ((3, 0), (0, 5)),
        ((6, 2, 3, 4), (4, 5)), ((3, 4), (6, 2, 4, 5)),
    ),
    row(np.matmul, a34, b45, complex=True),
    row(np.matmul, v4, normal(2, 4, 5), complex=True),
    row(np.matmul, normal(4, 3), b45, call=lambda a, b: np.matmul(a, b, axes=[(1, 0), (0, 1), (1, 0)])),
    row(np.matmul, a34, b45, call=lambda a, b: np.matmul(a, b, dtype=np.float64)),
    row(np.matmul, a34, call=lambda a: a @ np.arange(4)),
    # ---- dot and its like
    *pairs(np.dot, ((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 5)), ((3, 4), (4, 5)), ((2, 3, 4), (4,))),
    *pairs(np.dot, ((2, 3, 4), (5, 4, 2)), ((), (3,))),
    row(np.dot, 2.5, a34),
    row(np.dot, a34, b45, complex=True),
    *pairs(np.inner, ((4,), (4,)), ((3, 4), (5, 4)), ((2, 3, 4), (4,)), ((4,), (3, 4)), ((2, 3, 4), (5, 4))),
    row(np.inner, v3, normal()),
    row(np.vdot, a34, normal(4, 3), complex=True),
    row(np.vdot, v4, v4 + 1),
    row(np.outer, v3, v4, complex=True),
    row(np.outer, a34, v4),
    row(np.vecdot, a34, v4, complex=True),
    row(np.vecdot, a34, normal(3, 1), call=lambda a, b: np.vecdot(a, b, axis=0)),
    row(np.vecdot, a34, a34 + 1, call=lambda a, b: np.vecdot(a, b, keepdims=True)),
    *NEW,
    # ---- tensordot
    row(np.tensordot, normal(2, 3, 4), normal(3, 4, 5)),
    row(np.tensordot, a34, b45, axes=1, complex=True),
    row(np.tensordot, v3, v4, axes=0),
    row(np.tensordot, normal(2, 3, 4), normal(4, 5, 2), axes=((0, 2), (2, 0))),
    row(np.tensordot, normal(2, 3, 4), normal(4, 5, 2), axes=([-1], [0])),
    row(np.tensordot, normal(2, 3, 4), normal(5, 3), axes=(1, 1)),
    row(np.tensordot, a34, a34 + 1, axes=2),
    # ---- kron, cross
    *pairs(np.kron, ((2, 3), (3, 2)), ((3,), (4,)), ((2,), (3, 4)), ((2, 1, 3), (2, 2)), ((), (3,))),
    row(np.cross, normal(4, 3), normal(4, 3), complex=True),
    row(np.cross, v3, normal(4, 3)),
    row(np.cross, normal(3, 4), normal(3, 4), axis=0),
    row(np.cross, normal(3, 4), normal(4, 3), axisa=0, axisb=1, axisc=0),
    *flat_crosses,
    # ---- einsum
    einsum("ij,jk->ik", (3, 4), (4, 5)),
    einsum("ij,jk", (3, 4), (4, 5)),
    einsum("ij->ji", (3, 4)),
    einsum("ba", (3, 4)),
    einsum("ij->", (3, 4)),
    einsum("ij->i", (3, 4)),
    einsum("ii->i", (3, 3)),
    einsum("ii", (3, 3)),
    einsum("...ii", (2, 3, 3)),
    einsum("...ii->...i", (2, 3, 3)),
    einsum("iii", (3, 3, 3)),
    einsum("iii->i", (3, 3, 3)),
    einsum("iij,jk->ik", (3, 3, 4), (4, 2)),
    einsum("ii,i->i", (3, 3), (1,)),
    einsum("ij,ij->", (3, 1), (3, 4)),
    einsum("ij,j->i", (3, 4), (1,)),
    einsum("ij,k->i", (3, 4), (5,)),
    einsum("i,j->ij", (3,), (4,)),
    einsum("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    einsum("bij,bjk->bik", (2, 12, 14), (2, 14, 13)),
    einsum("ij,kj->ik", (12, 14), (15, 14)),
    einsum("jhi,kj->ikh", (14, 3, 5), (12, 14)),
    einsum("...ij,...jk->...ik", (2, 3, 4), (5, 1, 4, 2)),
    einsum("...,...->...", (3, 4), (4,)),
    einsum("i...->...", (3, 4)),
    einsum("...ij->...", (2, 3, 4)),
    einsum(",ij->ij", (), (3, 4)),
    einsum("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)),
    einsum("ij,jk,kl->il", (2, 3), (3, 4), (4, 5), optimize=True),
    einsum("i,j,k->kij", (2,), (3,), (4,)),
    einsum("i,i,i->i", (3,), (3,), (3,)),
    einsum("ii,jj,ij->j", (3, 3), (4, 4), (3, 4)),
    einsum("ij,jk->ik", (0, 4), (4, 5)),
    einsum("ij,jk->ik", (2, 0), (0, 5)),
    row(np.einsum, a34, b45, call=lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [0, 2])),
    row(np.einsum, a34, b45, call=lambda a, b: np.einsum(a, [0, 1], b, [1, 2])),
    row(np.einsum, a34, v4, call=lambda a, b: np.einsum(a, [..., 1], b, [1], [...])),
    row(np.einsum, a34, call=lambda a: np.einsum("ij,jk->ik", a, np.ones((4, 2), np.int64))),
    # ---- convolutions
    *[
        row(func, *xs, mode=mode)
        for func in (np.convolve, np.correlate)
        for mode in ("full", "same", "valid")
        for xs in ((normal(7), v4), (v3, normal(6)), (v4, v4 + 1))
    ],
    row(np.convolve, normal(7), v4, complex=True),
    row(np.correlate, normal(7), v4, complex=True, mode="full"),
    row(np.correlate, v4, normal(7), complex=True, mode="same"),
    row(np.convolve, normal(1), v4),
]  # fmt: skip
