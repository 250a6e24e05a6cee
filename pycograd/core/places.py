"""Places: where in an array something is read or stored.

A place is a key, as numpy takes it, or a key of a window.  A window is a strided view of an array in C
order, counted in
elements, so that views of views, transposed, reshaped or reversed, are one window.  numpy itself computes
it: the functions that
make the view are asked on an array of bytes of the same shape, which nobody reads.
"""

from types import EllipsisType, NoneType
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Place", "Window", "opened", "shape_at", "view_at", "window_of"]

VIEWS = frozenset([int, slice, NoneType, EllipsisType, np.int64, np.intp])


class Window(NamedTuple):
    """A strided view of an array in C order.  `key`, if it is known, gives the same view by indexing, in any order."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    writeable: bool = True
    key: Any = None

    def of(self, x: Any) -> Any:
        """The view of the array `x`."""
        if self.key is not None:
            return x[self.key]
        if not x.flags.c_contiguous:
            x = np.ascontiguousarray(x)
        size = x.itemsize
        strides = tuple([s * size for s in self.strides])
        return np.ndarray(self.shape, x.dtype, x, self.offset * size, strides)


class Place(NamedTuple):
    """`key` of `window` of an array."""

    window: Window
    key: Any = ...


def opened(x: Any, at: Any) -> tuple[Any, Any]:
    """The array and the key that `at` means on the array `x`."""
    return (at.window.of(x), at.key) if type(at) is Place else (x, at)


def view_at(key: Any) -> bool:
    """Whether numpy answers the plain `key` with a view."""
    if type(key) is tuple:
        return all([type(k) in VIEWS for k in key])
    return type(key) in VIEWS


def shape_at(shape: tuple[int, ...], at: Any) -> tuple[int, ...]:
    """The shape of what lies `at` a place of an array of `shape`."""
    if type(at) is Place:
        shape, at = at.window.shape, at.key
    found: tuple[int, ...] = np.broadcast_to(np.int8(0), shape)[at].shape
    return found


def window_of(view: Any, memory: Any, key: Any = None) -> Window | None:
    """The window that `view` is on `memory`, an array of bytes; None if it is a copy."""
    if view.size and not np.may_share_memory(view, memory):
        return None
    start = view.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    return Window(start if view.size else 0, view.shape, view.strides, view.flags.writeable, key)
