"""`scipy.linalg`: matrices with a structure, made of few numbers, and systems by them."""

import numpy as np

from pycograd.core import Aval, Primitive, result_dtype, shape_of
from pycograd.core.lazy import optional

from .families import arrayed, composite, rank, watches
from .linalg import inexact
from .products import conj
from .scipy_stacks import as_columns, batch_stacks, matrix, on_stacks
from .selection import np_take

linalg = optional("scipy.linalg", "scipy")


# ---- matrices ------------------------------------------------------------------------------------------------------
def columns_below(n):
    return np.arange(n)[:, None]


@composite(linalg.toeplitz)
def toeplitz(c, r=None):
    """`scipy.linalg.toeplitz`."""
    c = np.ravel(arrayed(c)) if rank(arrayed(c)) != 1 else arrayed(c)
    r = conj(c) if r is None else arrayed(r)
    n, m = shape_of(c)[0], shape_of(r)[0]
    return np_take(np.concatenate([r[:0:-1], c]), np.arange(n)[:, None] - np.arange(m) + m - 1)


@composite(linalg.hankel)
def hankel(c, r=None):
    """`scipy.linalg.hankel`."""
    c = arrayed(c)
    r = np.zeros_like(c) if r is None else arrayed(r)
    return np_take(np.concatenate([c, r[1:]]), np.arange(shape_of(c)[0])[:, None] + np.arange(shape_of(r)[0]))


@composite(linalg.circulant)
def circulant(c):
    """`scipy.linalg.circulant`."""
    c = arrayed(c)
    n = shape_of(c)[0]
    return np_take(c, (np.arange(n)[:, None] - np.arange(n)) % n)


@composite(linalg.block_diag)
def block_diag(*arrs):
    """`scipy.linalg.block_diag`."""
    blocks = [np.reshape(x, (1,) * (2 - rank(x)) + shape_of(x)) for x in map(arrayed, arrs)]
    width, rows, before = sum(shape_of(b)[1] for b in blocks), [], 0
    for b in blocks:
        after = width - before - shape_of(b)[1]
        rows.append(np.pad(b, ((0, 0), (before, after))))
        before += shape_of(b)[1]
    return np.concatenate(rows)


@composite(linalg.khatri_rao)
def khatri_rao(a, b):
    """`scipy.linalg.khatri_rao`."""
    a, b = arrayed(a), arrayed(b)
    return np.reshape(a[:, None, :] * b[None, :, :], (-1, shape_of(b)[-1]))


@composite(linalg.solve_toeplitz)
def solve_toeplitz(c_or_cr, b, check_finite=True):
    """`scipy.linalg.solve_toeplitz`."""
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    a = toeplitz(matrix(c), r) if watches((c, r)) else linalg.toeplitz(c, r)
    return np.linalg.solve(a.astype(np.result_type(a.dtype, float)), matrix(b))


# ---- bands: ab[u + i - j, j] = a[i, j] -----------------------------------------------------------------------------
def along_diagonals(bands, ab, of):
    """An array like `ab`, whose row for each diagonal i - j = d is of(d, the columns j that it has)."""
    low, up = bands
    n = shape_of(ab)[-1]
    rows = []
    for d in range(-up, low + 1):
        first, last = max(0, -d), min(n, n - d)
        row = of(d, slice(first, last))
        pads = ((0, 0),) * (rank(row) - 1) + ((first, n - last),)
        rows.append(np.pad(row, pads))
    return np.stack(rows, axis=-2)


def transposed(bands, ab):
    """The bands of the transpose."""
    low, up = bands
    return along_diagonals((up, low), ab, lambda d, j: ab[..., up - d, j.start + d : j.stop + d])


def banded_b(g, a, *, bands):
    return banded.call(transposed(bands, a), g, bands=bands[::-1])


def banded_a(g, y, a, *, bands):
    w = banded_b(g, a, bands=bands)
    return along_diagonals(
        bands, a, lambda d, j: -np.sum(w[..., j.start + d : j.stop + d, :] * y[..., j, :], axis=-1)
    )


def product(bands, ab, x):
    """The banded matrix times the columns `x`."""
    low, up = bands
    n = shape_of(ab)[-1]
    total = 0.0
    for d in range(-up, low + 1):
        first, last = max(0, -d), min(n, n - d)
        part = ab[..., up + d, first:last, None] * x[..., first:last, :]
        pads = ((0, 0),) * (rank(part) - 2) + ((first + d, n - last - d), (0, 0))
        total = total + np.pad(part, pads)
    return total


banded = Primitive(
    on_stacks(lambda a, b, *, bands: linalg.solve_banded(bands, a, b), 2, 2),
    banded_a,
    banded_b,
    jvp=(
        lambda t, y, a, *, bands: banded.call(a, -product(bands, t, y), bands=bands),
        lambda t, a, *, bands: banded.call(a, t, bands=bands),
    ),
    batch=batch_stacks,
    shape=lambda a, b, *, bands: Aval(
        (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]),
        result_dtype(Aval((), inexact(a)), Aval((), inexact(b))),
    ),
    cost=lambda a, b, *, bands: float(2 * sum(bands) * b.size),
    operands="a b",
    name="solve_banded",
)


@composite(linalg.solve_banded)
def solve_banded(l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True):
    """`scipy.linalg.solve_banded`."""
    ab, b = matrix(ab, check_finite), matrix(b, check_finite)
    return as_columns(lambda a, b: banded.call(a, b, bands=tuple(map(int, l_and_u))), ab, b)


@composite(linalg.solveh_banded)
def solveh_banded(ab, b, overwrite_ab=False, overwrite_b=False, lower=False, check_finite=True):
    """`scipy.linalg.solveh_banded`."""
    ab, b = matrix(ab, check_finite), matrix(b, check_finite)
    n = shape_of(ab)[-2] - 1
    half = ab if lower else ab[..., ::-1, :]  # the diagonal first; those of the lower half start at column 0
    low = [half[..., k, :] if lower else np.roll(half[..., k, :], -k, axis=-1) for k in range(1, n + 1)]
    low = [x if lower else conj(x) for x in low]
    up = [np.roll(conj(x), k, axis=-1) for k, x in enumerate(low, 1)]
    whole = np.stack([*up[::-1], np.real(half[..., 0, :]), *low], axis=-2)
    return solve_banded((n, n), whole, b)
