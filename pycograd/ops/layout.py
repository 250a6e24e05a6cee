"""How the numbers of a watched array lie in memory: what `order=` asks for, and "A" and "K" read.

A value keeps the order that numpy gives it; one that is being captured has none, and counts as C-ordered.
"""

import numpy as np

from pycograd.core import Aval, Buffer, Part, Traced, shape_of

from .families import linear


def flags_of(x):
    """numpy's flags of the watched array `x`, or of one example of a batch; None if it has no numbers."""
    view = memory_of(x)
    return None if view is None else view.flags


def memory_of(x):
    """A plain array that lies in memory as `x` does."""
    if type(x) is Part:
        return memory_of(x.whole)[..., None][..., ::2] if x.shape else memory_of(x.whole)
    if type(x) is Buffer:
        memory = x.storage.memory
        return memory if x.window is None else x.window.of(memory)
    rank, v = len(shape_of(x)), x
    while isinstance(v, Traced):
        v = v.value if not issubclass(type(v), Buffer) else memory_of(v)
    if isinstance(v, Aval) or type(v) is not np.ndarray:
        return None
    while v.ndim > rank:  # the axes of batches are in front
        v = v[0] if len(v) else np.empty(v.shape[1:])
    return v


def fortran(x, order):
    """Whether `order` means Fortran's for the array `x`."""
    if order not in ("A", "K"):
        return order == "F"
    flags = flags_of(x)
    return flags is not None and flags.fnc


def axes_in_memory(x):
    """The axes of the array `x`, the one along which its numbers lie farthest apart first."""
    view = memory_of(x)
    return sorted(range(len(shape_of(x))), key=lambda axis: 0 if view is None else -abs(view.strides[axis]))


def in_order(x, order):
    """The watched array `x`, or a copy of it that lies in memory as `order` says."""
    if order in ("K", None) or len(shape_of(x)) < 2 and order != "C":
        return x
    flags, order = flags_of(x), "F" if fortran(x, order) else "C"
    if flags is None or (flags.f_contiguous if order == "F" else flags.c_contiguous):
        return x
    return ordered_.call(x, order=order)


def laid_out(x, *, order):
    return np.array(x, order=order)


def batch_laid_out(prim, xs, batched, params):
    (x,) = xs
    if params["order"] == "C":
        return prim.call(x, **params)
    turned = (0, *range(len(shape_of(x)) - 1, 0, -1))
    return np.transpose(prim.call(np.transpose(x, turned), order="C"), turned)


ordered_ = linear(
    laid_out,
    lambda g, *, order: g,
    batch=batch_laid_out,
    shape=lambda x, *, order: Aval(x.shape, np.dtype(x.dtype)),
    name="ordered",
)
