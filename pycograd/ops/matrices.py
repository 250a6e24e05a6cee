"""`np.linalg`'s functions that are made of others: powers, chains of products, condition numbers, tensor equations."""

import math
import operator

import numpy as np

from pycograd.core import Aval, Primitive, shape_of

from .families import arrayed, composite, map_last_axes, rank
from .linalg import swapped
from .products import cross, matmul, outer, tensordot

# ---- numpy.linalg's own names of products, diagonals, traces --------------------------------------------------------


@composite(np.linalg.matmul)
def linalg_matmul(x1, x2, /):
    """`np.linalg.matmul`."""
    return matmul.call(arrayed(x1), arrayed(x2))


@composite(np.linalg.vecdot)
def linalg_vecdot(x1, x2, /, *, axis=-1):
    """`np.linalg.vecdot`."""
    return np.vecdot(arrayed(x1), arrayed(x2), axis=axis)


@composite(np.linalg.outer)
def linalg_outer(x1, x2, /):
    """`np.linalg.outer`, of vectors only."""
    x1, x2 = arrayed(x1), arrayed(x2)
    if rank(x1) != 1 or rank(x2) != 1:
        shapes = f"{rank(x1)}-dimensional and {rank(x2)}-dimensional"
        raise ValueError(f"Input arrays must be one-dimensional, but they are {shapes}.")
    return outer(x1, x2)


@composite(np.linalg.cross)
def linalg_cross(x1, x2, /, *, axis=-1):
    """`np.linalg.cross`, of vectors of three components only."""
    x1, x2 = arrayed(x1), arrayed(x2)
    if shape_of(x1)[axis] != 3 or shape_of(x2)[axis] != 3:
        raise ValueError(
            f"Both input arrays must be 3-dimensional vectors, not {shape_of(x1)} and {shape_of(x2)}"
        )
    return cross(x1, x2, axis=axis)


@composite(np.linalg.tensordot)
def linalg_tensordot(x1, x2, /, *, axes=2):
    """`np.linalg.tensordot`."""
    return tensordot(x1, x2, axes)


@composite(np.linalg.matrix_transpose)
def matrix_transpose(x, /):
    """`np.linalg.matrix_transpose`."""
    x = arrayed(x)
    if rank(x) < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {rank(x)}")
    return swapped(x)


@composite(np.linalg.diagonal)
def diagonal(x, /, *, offset=0):
    """`np.linalg.diagonal`, of the last two axes."""
    return np.diagonal(arrayed(x), offset, axis1=-2, axis2=-1)


@composite(np.linalg.trace)
def trace(x, /, *, offset=0, dtype=None):
    """`np.linalg.trace`, of the last two axes."""
    return np.trace(arrayed(x), offset, axis1=-2, axis2=-1, dtype=dtype)


# ---- powers and chains -----------------------------------------------------------------------------------------------
@composite(np.linalg.matrix_power)
def matrix_power(a, n):
    """`np.linalg.matrix_power`, by repeated squaring."""
    a = arrayed(a)
    try:
        n = operator.index(n)
    except TypeError:
        raise TypeError("exponent must be an integer") from None
    if rank(a) < 2 or shape_of(a)[-1] != shape_of(a)[-2]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    if n == 0:
        return np.broadcast_to(np.eye(shape_of(a)[-1], dtype=a.dtype), shape_of(a)) + np.zeros_like(a)
    square, n, y = (a if n > 0 else np.linalg.inv(a)), abs(n), None
    while n:
        n, odd = divmod(n, 2)
        if odd:
            y = square if y is None else np.matmul(y, square)
        if n:
            square = np.matmul(square, square)
    return y


@composite(np.linalg.multi_dot)
def multi_dot(arrays, *, out=None):
    """`np.linalg.multi_dot`: the chain of products in its cheapest order."""
    xs = [arrayed(x) for x in arrays]
    if len(xs) < 2:
        raise ValueError("Expecting at least two arrays.")
    lengths = [shape_of(x)[0] if rank(x) == 2 else 1 for x in xs[:1]] + [shape_of(x)[0] for x in xs[1:]]
    lengths.append(shape_of(xs[-1])[1] if rank(xs[-1]) == 2 else 1)
    split = cheapest(lengths)

    def chain(i, j):
        return xs[i] if i == j else np.matmul(chain(i, split[i, j]), chain(split[i, j] + 1, j))

    return chain(0, len(xs) - 1)


def cheapest(lengths):
    """(i, j) -> after which factor to split the product of the factors i..j; dynamic programming, CLRS section 15.2."""
    cost, split = {(i, i): 0 for i in range(len(lengths))}, {}
    for span in range(1, len(lengths) - 1):
        for i in range(len(lengths) - 1 - span):
            j = i + span
            costs = {
                k: cost[i, k] + cost[k + 1, j] + lengths[i] * lengths[k + 1] * lengths[j + 1]
                for k in range(i, j)
            }
            split[i, j] = min(costs, key=costs.get)
            cost[i, j] = costs[split[i, j]]
    return split


# ---- condition and rank ----------------------------------------------------------------------------------------------
@composite(np.linalg.cond)
def cond(x, p=None):
    """`np.linalg.cond`, of all orders."""
    x = arrayed(x)
    if not x.size:
        raise np.linalg.LinAlgError("cond is not defined on empty arrays")
    if p is None or p in (2, -2):
        s = np.linalg.svdvals(x)
        first, last = (s[..., -1], s[..., 0]) if p == -2 else (s[..., 0], s[..., -1])
        with np.errstate(all="ignore"):
            return (first + (s[..., 0] == 0)) / last  # infinite for a zero matrix
    norm = lambda x: np.linalg.norm(x, ord=p, axis=(-2, -1))  # noqa: E731
    return norm(x) * norm(np.linalg.inv(x))


matrix_rank_ = Primitive(
    lambda a, **params: np.linalg.matrix_rank(a, **params),
    operands="a",
    batch=map_last_axes,
    shape=lambda a, **params: Aval(a.shape[:-2], np.dtype(np.int64)),
    name="matrix_rank",
)


@composite(np.linalg.matrix_rank)
def matrix_rank(A, tol=None, hermitian=False, **params):
    """`np.linalg.matrix_rank`: an integer, without a slope."""
    return matrix_rank_.call(arrayed(A), tol=tol, hermitian=hermitian, **params)


# ---- tensor equations ------------------------------------------------------------------------------------------------
@composite(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    """`np.linalg.tensorsolve`."""
    a, b = arrayed(a), arrayed(b)
    if axes is not None:
        order = [i for i in range(rank(a)) if i not in [k % rank(a) for k in axes]]
        a = np.transpose(a, (*order, *axes))
    unknowns = shape_of(a)[rank(b) - rank(a) :] if rank(a) > rank(b) else ()
    n = math.prod(unknowns)
    if math.prod(shape_of(b)) != n or a.size != n * n:
        raise np.linalg.LinAlgError(
            "Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    return np.reshape(np.linalg.solve(np.reshape(a, (n, n)), np.ravel(b)), unknowns)


@composite(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    """`np.linalg.tensorinv`."""
    a = arrayed(a)
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    rows, columns = shape_of(a)[:ind], shape_of(a)[ind:]
    inverse = np.linalg.inv(np.reshape(a, (math.prod(rows), math.prod(columns))))
    return np.reshape(inverse, (*columns, *rows))
