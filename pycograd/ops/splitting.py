"""Splitting an array into parts: each part is one basic index, whose transpose adds in place."""

import numpy as np

from pycograd.core import Traced, shape_of, without_tape

from .families import arrayed, axes_of, composite, rank
from .indexing import getitem


def parts(a):
    """The parts of the watched array `a` along axis 0, one after the other."""
    if not a.shape:
        raise TypeError("iteration over a 0-d array")
    return (getitem.view(a, key=i) for i in range(a.shape[0]))


Traced.__iter__ = parts


@composite(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    """`np.array_split`."""
    ary, sections = arrayed(ary), without_tape(indices_or_sections)
    (axis,) = axes_of(axis, rank(ary))
    n = shape_of(ary)[axis]
    if np.ndim(sections):
        bounds = [0, *map(int, sections), n]
    else:
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.")
        each, extra = divmod(n, int(sections))
        bounds = [each * i + min(i, extra) for i in range(int(sections) + 1)]
    keys = [(slice(None),) * axis + (slice(a, b),) for a, b in zip(bounds, bounds[1:], strict=False)]
    return [getitem.view(ary, key=key) for key in keys]


@composite(np.split)
def split(ary, indices_or_sections, axis=0):
    """`np.split`."""
    ary, sections = arrayed(ary), without_tape(indices_or_sections)
    if not np.ndim(sections) and shape_of(ary)[axis] % sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, sections, axis)


@composite(np.hsplit)
def hsplit(ary, indices_or_sections):
    """`np.hsplit`."""
    if rank(ary := arrayed(ary)) == 0:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if rank(ary) > 1 else 0)


@composite(np.vsplit)
def vsplit(ary, indices_or_sections):
    """`np.vsplit`."""
    if rank(ary := arrayed(ary)) < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


@composite(np.dsplit)
def dsplit(ary, indices_or_sections):
    """`np.dsplit`."""
    if rank(ary := arrayed(ary)) < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


def unstack(x, /, *, axis=0):
    """`np.unstack`."""
    if rank(x := arrayed(x)) == 0:
        raise ValueError("Input array must be at least 1-d.")
    return tuple(np.moveaxis(x, axis, 0))


if hasattr(np, "unstack"):  # numpy 2.1
    composite(np.unstack)(unstack)
