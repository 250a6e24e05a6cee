"""Positions in arrays, as indices: `ix_`, `unravel_index`, `ravel_multi_index`.

The indices of a value on a tape are plain numbers; those that differ between examples are computed with arithmetic.
"""

import numpy as np

from pycograd.core import Traced, shape_of, without_tape

from .families import arrayed, composite, rank, watches
from .indexing import is_mask, mask_error, plain
from .selection import in_range


def strides(shape, order):
    """How many elements apart neighbours along each axis are."""
    if order == "F":
        return strides(shape[::-1], "C")[::-1]
    return [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]


@composite(np.unravel_index)
def unravel_index(indices, shape, order="C"):
    """`np.unravel_index`."""
    indices, shape = plain(arrayed(indices)), without_tape(shape)
    if not watches((indices,)):
        return np.unravel_index(indices, shape, order)
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    return tuple([indices // step % n for step, n in zip(strides(shape, order), shape, strict=True)])


@composite(np.ravel_multi_index)
def ravel_multi_index(multi_index, dims, mode="raise", order="C"):
    """`np.ravel_multi_index`."""
    indices, dims = [plain(arrayed(i)) for i in multi_index], without_tape(dims)
    if not watches(indices):
        return np.ravel_multi_index(tuple(indices), dims, mode, order)
    dims = tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
    modes = mode if isinstance(mode, tuple) else (mode,) * len(dims)
    if len(indices) != len(dims):
        raise ValueError(f"parameter multi_index must be a sequence of length {len(dims)}")
    inside = [in_range(i, n, m) for i, n, m in zip(indices, dims, modes, strict=True)]
    return sum(i * step for i, step in zip(inside, strides(dims, order), strict=True))


@composite(np.ix_)
def ix_(*args):
    """`np.ix_`: an open mesh of the index arrays `args`."""
    return tuple([mesh_axis(plain(arrayed(a)), k, len(args)) for k, a in enumerate(args)])


def mesh_axis(index, k, n):
    """The 1-D `index`, or the places where a mask holds, along axis `k` of `n`."""
    if isinstance(index, Traced) and is_mask(index):
        raise mask_error(index)
    index = index if isinstance(index, Traced) else np.asarray(index)
    if rank(index) != 1:
        raise ValueError("Cross index must be 1 dimensional")
    if not isinstance(index, Traced):
        index = np.nonzero(index)[0] if is_mask(index) else index if index.size else index.astype(np.intp)
    return np.reshape(index, tuple(shape_of(index)[0] if i == k else 1 for i in range(n)))
