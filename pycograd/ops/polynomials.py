"""Polynomials by their coefficients, highest power first: values, fits, derivatives, integrals, products, roots."""

import warnings

import numpy as np

from pycograd.core import Aval, Primitive, Traced, aval_of, shape_of, value_of, without_tape

from .families import arrayed, composite, map_last_axes, rank


def coefficients(p):
    return p.coeffs if isinstance(p, np.poly1d) else arrayed(p)


@composite(np.polyval)
def polyval(p, x):
    """`np.polyval`, by Horner's scheme."""
    p, x = coefficients(p), arrayed(x)
    y = np.zeros(shape_of(x), aval_of(x).dtype)
    for i in range(len(p)):
        y = y * x + p[i]
    return y


@composite(np.polyder)
def polyder(p, m=1):
    """`np.polyder`: the `m`-th derivative."""
    p, m = coefficients(p), int(without_tape(m))
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@composite(np.polyint)
def polyint(p, m=1, k=None):
    """`np.polyint`: the `m`-th integral, with constants `k`."""
    p, m = coefficients(p), int(without_tape(m))
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    k = np.atleast_1d(np.zeros(m) if k is None else arrayed(k))
    if len(k) == 1 and m > 1:
        k = k[0] * np.ones(m)
    if len(k) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    p = p if isinstance(p, Traced) else np.asarray(p)
    for i in range(m):
        p = np.concatenate((p / np.arange(len(p), 0, -1), k[i : i + 1]))
    return p


@composite(np.polyadd)
def polyadd(a1, a2):
    """`np.polyadd`."""
    a, b = same_length(a1, a2)
    return a + b


@composite(np.polysub)
def polysub(a1, a2):
    """`np.polysub`."""
    a, b = same_length(a1, a2)
    return a - b


def same_length(*ps):
    """The coefficients, with zeros in front of the shorter ones."""
    ps = [np.atleast_1d(coefficients(p)) for p in ps]
    n = max(map(len, ps))
    return [p if len(p) == n else np.concatenate((np.zeros(n - len(p), p.dtype), p)) for p in ps]


@composite(np.polymul)
def polymul(a1, a2):
    """`np.polymul`: leading coefficients that are zero are dropped, those of zero in all examples under vmap."""
    return np.convolve(*[trimmed(np.atleast_1d(coefficients(p))) for p in (a1, a2)])


def trimmed(p):
    """`p` without its leading zeros, one of them left if there is nothing else."""
    numbers = value_of(p)
    if isinstance(numbers, Aval):
        return p
    nonzero = np.flatnonzero(np.any(np.reshape(numbers, (-1, len(p))) != 0, axis=0))
    return p[nonzero[0] if len(nonzero) else len(p) - 1 :]


# ---- fits ----------------------------------------------------------------------------------------------------------
@composite(np.polyfit)
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """`np.polyfit`: least squares in scaled powers of `x`; slopes in `x`, `y` and `w`, also of the covariance."""
    x, y, order = arrayed(x) + 0.0, arrayed(y) + 0.0, int(without_tape(deg)) + 1
    check_samples(x, y, order)
    rcond = len(x) * np.finfo(x.dtype).eps if rcond is None else rcond
    left, right = np.vander(x, order), y
    if w is not None:
        w = arrayed(w) + 0.0
        if rank(w) != 1:
            raise TypeError("expected a 1-d array for weights")
        if len(w) != len(y):
            raise TypeError("expected w and y to have the same length")
        left = (left * w[:, None]).astype(left.dtype, copy=False)  # numpy weights in place
        right = (right * (w[:, None] if rank(y) == 2 else w)).astype(y.dtype, copy=False)
    scale = np.sqrt(np.sum(left * left, axis=0))
    left = left / scale
    c, residuals, found, singular = np.linalg.lstsq(left, right, rcond)
    c = np.transpose(np.transpose(c) / scale)
    if full:
        return c, residuals, found, singular, rcond
    if not isinstance(found, Traced) and found != order:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=4)
    if not cov:
        return c
    return c, covariance(left, scale, residuals, cov, rank(y))


def check_samples(x, y, order):
    if order < 1:
        raise ValueError("expected deg >= 0")
    if rank(x) != 1:
        raise TypeError("expected 1D vector for x")
    if not len(x):
        raise TypeError("expected non-empty vector for x")
    if rank(y) not in (1, 2):
        raise TypeError("expected 1D or 2D array for y")
    if len(x) != len(y):
        raise TypeError("expected x and y to have same length")


def covariance(left, scale, residuals, cov, columns):
    """The covariance of the coefficients, scaled by what the fit leaves over."""
    base = np.linalg.inv(np.dot(np.transpose(left), left)) / np.outer(scale, scale)
    samples, order = shape_of(left)
    if cov != "unscaled":
        if samples <= order:
            raise ValueError("the number of data points must exceed order to scale the covariance matrix")
        residuals = residuals / (samples - order)
    else:
        residuals = 1
    return base * residuals if columns == 1 else base[:, :, None] * residuals


# ---- roots ---------------------------------------------------------------------------------------------------------
def horner(p, y):
    """The values at each of `y` of the polynomial with coefficients along the last axis of `p`."""
    value = p[..., :1]
    for k in range(1, shape_of(p)[-1]):
        value = value * y + p[..., k : k + 1]
    return value


def slope_at(y, p):
    n = shape_of(p)[-1] - 1
    return horner(p[..., :-1] * np.arange(n, 0, -1), y)


def find_roots(p):
    """The roots of the polynomials along the last axis: of a stack, the eigenvalues of all companions at once."""
    if p.ndim == 1:
        return np.roots(p)
    n = p.shape[-1] - 1
    companion = np.zeros((*p.shape[:-1], n, n), p.dtype)
    companion[..., 1:, :-1] = np.eye(n - 1)
    companion[..., 0, :] = -p[..., 1:] / p[..., :1]
    y = np.linalg.eigvals(companion)
    return y if p.dtype.kind == "c" or np.any(y.imag) else y.real


def pull_roots(g, y, p):
    """From p(y) = 0: dy/dp_k = -y^(n-k) / p'(y)."""
    part = -g / slope_at(y, p)
    sums = []
    for _ in range(shape_of(p)[-1]):
        sums.append(np.sum(part, axis=-1))
        part = part * y
    return np.stack(sums[::-1], axis=-1)


roots_ = Primitive(
    find_roots,
    pull_roots,
    jvp=[lambda t, y, p: -horner(t, y) / slope_at(y, p)],
    operands="p",
    batch=map_last_axes,
    shape=lambda p: Aval((*p.shape[:-1], p.shape[-1] - 1), np.result_type(p.dtype, np.complex64)),
    name="roots",
)


@composite(np.roots)
def roots(p):
    """`np.roots`, where they are simple."""
    p = np.atleast_1d(coefficients(p))
    if rank(p) != 1:
        raise ValueError("Input must be a rank-1 array.")
    p = trimmed(p)
    return roots_.call(p) if len(p) > 1 else np.array([])


@composite(np.poly)
def poly(seq_of_zeros):
    """`np.poly`: the coefficients of the polynomial with these roots, or the characteristic polynomial of a matrix."""
    zeros = np.atleast_1d(arrayed(seq_of_zeros))
    if rank(zeros) == 2:
        zeros = np.linalg.eigvals(zeros)
    if rank(zeros) != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    if not len(zeros):
        return 1.0
    p = np.ones(1, zeros.dtype)
    for k in range(len(zeros)):
        p = np.convolve(p, np.stack([1.0, -zeros[k]]).astype(zeros.dtype))
    if zeros.dtype.kind != "c" or not closed_under_conjugation(value_of(zeros)):
        return p
    return np.real(p)


def closed_under_conjugation(zeros):
    return not isinstance(zeros, Aval) and bool(np.all(np.sort(zeros) == np.sort(np.conj(zeros))))
