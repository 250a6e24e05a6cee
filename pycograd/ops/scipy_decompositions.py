"""`scipy.linalg`: eigenvalues, singular values, QR, least squares; with the rules and conventions of numpy.linalg's."""

import numpy as np

from pycograd.core import Aval, Primitive, shape_of
from pycograd.core.lazy import optional

from .decompositions import adjoint, eig_, eig_jvp, eig_vjp, eigh_, eigh_jvp, eigh_vjp
from .families import composite, map_last_axes, no_rule
from .linalg import inexact, real_of
from .scipy_stacks import batch_stacks, matrix, on_stacks
from .scipy_systems import solve_triangular
from .svd_and_qr import qr_, qr_vjp, svd_, svd_vjp

linalg = optional("scipy.linalg", "scipy")


def like(prim, impl, vjp, *jvp):
    """The operation of numpy's `prim` by scipy's `impl`, which may choose other signs and another order."""
    return Primitive(
        on_stacks(impl, 2), vjp, jvp=jvp, batch=map_last_axes, shape=prim.shape, cost=prim.cost,
        outputs=prim.outputs, operands="a", name=prim.name,
    )  # fmt: skip


# ---- eigenvalues ---------------------------------------------------------------------------------------------------
hermitian = like(eigh_, lambda a, *, UPLO: tuple(linalg.eigh(a, lower=UPLO == "L")), eigh_vjp, eigh_jvp)
general = like(eig_, lambda a: tuple(linalg.eig(a)), eig_vjp, eig_jvp)


def refuse(func, **given):
    """Raise for keywords that have no rule, unless they have the value that changes nothing."""
    for name, (value, default) in given.items():
        if value is not default:
            raise no_rule(func, name)


@composite(linalg.eigh)
def eigh(
    a, b=None, *, lower=True, eigvals_only=False, overwrite_a=False, overwrite_b=False, type=1, check_finite=True,
    subset_by_index=None, subset_by_value=None, driver=None,
):  # fmt: skip
    """`scipy.linalg.eigh`; gradients are symmetric.  With `b`, the problem a v = w b v."""
    refuse(linalg.eigh, subset_by_value=(subset_by_value, None))
    a = matrix(a, check_finite)
    if b is None:
        w, v = hermitian.call(a, UPLO="L" if lower else "U")
    elif type != 1:
        raise no_rule(linalg.eigh, "type")
    else:
        w, v = generalised(a, matrix(b, check_finite), lower)
    if subset_by_index is not None:
        first, last = subset_by_index
        w, v = w[..., first : last + 1], v[..., first : last + 1]
    return w if eigvals_only else (w, v)


def generalised(a, b, lower):
    """Eigenvalues and vectors of a v = w b v: of l^-1 a l^-H, with b = l l^H; the signs are scipy's."""
    factor = np.linalg.cholesky(b if lower else adjoint(b))
    inner = solve_triangular(
        factor, adjoint(solve_triangular(factor, symmetric_from(a, lower), lower=True)), lower=True
    )
    w, v = hermitian.call(adjoint(inner), UPLO="L")
    v = solve_triangular(factor, v, 2, True)
    return w, v * signs.call(a, b, v, lower=lower)[..., None, :]


def turned(a, b, v, *, lower):
    """The signs that make the eigenvectors `v` scipy's."""
    theirs = linalg.eigh(a, b, lower=lower)[1]
    same = np.real(np.sum(np.conj(theirs) * v, axis=0)) >= 0
    return np.where(same, 1, -1).astype(v.real.dtype)


signs = Primitive(
    on_stacks(turned, 2, 2, 2),
    operands="a b v",
    batch=batch_stacks,
    shape=lambda a, b, v, *, lower: Aval(v.shape[:-1], real_of(v)),
    name="signs",
)


def symmetric_from(a, lower):
    """The Hermitian matrix of which `a` has one triangle."""
    kept = np.tri(shape_of(a)[-1], k=-1, dtype=bool)
    strict = np.where(kept if lower else kept.T, a, 0.0)
    return strict + adjoint(strict) + np.where(np.eye(shape_of(a)[-1], dtype=bool), a, 0.0)


@composite(linalg.eigvalsh)
def eigvalsh(a, b=None, **params):
    """`scipy.linalg.eigvalsh`."""
    return eigh(a, b, eigvals_only=True, **params)


@composite(linalg.eig)
def eig(
    a, b=None, left=False, right=True, overwrite_a=False, overwrite_b=False, check_finite=True,
    homogeneous_eigvals=False,
):  # fmt: skip
    """`scipy.linalg.eig`, for losses that do not depend on the phases of the vectors."""
    refuse(linalg.eig, b=(b, None), left=(left, False), homogeneous_eigvals=(homogeneous_eigvals, False))
    w, v = general.call(matrix(a, check_finite))
    return (w, v) if right else w


@composite(linalg.eigvals)
def eigvals(a, b=None, overwrite_a=False, check_finite=True, homogeneous_eigvals=False):
    """`scipy.linalg.eigvals`."""
    return eig(a, b, right=False, check_finite=check_finite, homogeneous_eigvals=homogeneous_eigvals)


# ---- singular values, QR -------------------------------------------------------------------------------------------
MODES = {"complete": "full", "reduced": "economic"}
singular = like(svd_, lambda a, *, full_matrices: tuple(linalg.svd(a, full_matrices)), svd_vjp)
orthogonal = like(qr_, lambda a, *, mode: tuple(linalg.qr(a, mode=MODES[mode])), qr_vjp)


@composite(linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, overwrite_a=False, check_finite=True, lapack_driver="gesdd"):
    """`scipy.linalg.svd`."""
    y = singular.call(matrix(a, check_finite), full_matrices=bool(full_matrices and compute_uv))
    return y if compute_uv else y[1]


@composite(linalg.svdvals)
def svdvals(a, overwrite_a=False, check_finite=True):
    """`scipy.linalg.svdvals`."""
    return svd(a, compute_uv=False, check_finite=check_finite)


@composite(linalg.qr)
def qr(a, overwrite_a=False, lwork=None, mode="full", pivoting=False, check_finite=True):
    """`scipy.linalg.qr`, for matrices of full rank."""
    refuse(linalg.qr, pivoting=(pivoting, False))
    if mode == "raw":
        raise no_rule(linalg.qr, "mode")
    if mode not in ("full", "r", "economic"):
        raise ValueError("Mode argument should be one of ['full', 'r', 'economic', 'raw']")
    q, r = orthogonal.call(matrix(a, check_finite), mode="reduced" if mode == "economic" else "complete")
    return (r,) if mode == "r" else (q, r)


# ---- least squares, norms ------------------------------------------------------------------------------------------
@composite(linalg.lstsq)
def lstsq(a, b, cond=None, overwrite_a=False, overwrite_b=False, check_finite=True, lapack_driver=None):
    """`scipy.linalg.lstsq`, at matrices of constant rank."""
    a = matrix(a, check_finite)
    eps = float(np.finfo(inexact(Aval((), a.dtype))).eps)
    x, residues, rank, s = np.linalg.lstsq(a, matrix(b, check_finite), eps if cond is None else cond)
    return x, residues, rank, None if lapack_driver == "gelsy" else s


@composite(linalg.pinv)
def pinv(a, *, atol=None, rtol=None, return_rank=False, check_finite=True):
    """`scipy.linalg.pinv`, at matrices of constant rank."""
    return pseudo_inverse(a, atol, rtol, return_rank, check_finite, False)


@composite(linalg.pinvh)
def pinvh(a, atol=None, rtol=None, lower=True, return_rank=False, check_finite=True):
    """`scipy.linalg.pinvh`, at matrices of constant rank."""
    return pseudo_inverse(a, atol, rtol, return_rank, check_finite, True)


def pseudo_inverse(a, atol, rtol, return_rank, check_finite, symmetric):
    a = matrix(a, check_finite)
    if atol is not None or return_rank:
        raise no_rule(linalg.pinv, "atol" if atol is not None else "return_rank")
    share = max(shape_of(a)[-2:]) * float(np.finfo(inexact(Aval((), a.dtype))).eps)
    return np.linalg.pinv(a, share if rtol is None else rtol, hermitian=symmetric)


@composite(linalg.norm)
def norm(a, ord=None, axis=None, keepdims=False, check_finite=True):
    """`scipy.linalg.norm`."""
    return np.linalg.norm(matrix(a, check_finite), ord, axis, keepdims)
