"""Handles on arrays that can be written.

A `Buffer` is a handle on a window of a storage, at level infinity: it steps aside for its current value in whatever
operation asks.  A `Part` is one on the real or imaginary part of that.
"""

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from .aval import Aval
from .levels import live
from .places import Place
from .storage import Storage, View, keeps
from .tape import Var, new, twin
from .traced import Handle, Traced, current_of

__all__ = ["Buffer", "Part", "buffer", "buffer_of", "fresh", "part"]


# ---- handles -------------------------------------------------------------------------------------------------------
class Buffer(Handle):
    """A handle on a window of a storage: an array that can be written."""

    __slots__ = ()
    level = inf
    storage = Traced.value  # type: ignore[misc]  # all watched values share one slot layout
    window = Traced.node  # type: ignore[misc]
    read: Callable[..., Any]  # (x, *, at, copy): filled by ops

    @property
    def __class__(self) -> Any:
        return np.ndarray

    @__class__.setter
    def __class__(self, cls: type) -> None:
        object.__dict__["__class__"].__set__(self, cls)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.storage.shape if self.window is None else self.window.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.storage.dtype

    @property
    def aval(self) -> Aval:
        return Aval(self.shape, self.storage.dtype)

    def current(self, kept: bool = True) -> Any:
        """The value now.  `kept`: somebody may hold on to it, so later stores must not be seen through it."""
        storage = self.storage
        v = twin(storage.now())
        if self.window is not None:
            return Buffer.read(v, at=Place(self.window), copy=kept)
        if kept:
            storage.own = False
        return v

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        if isinstance(prim, View):
            window = self.storage.window(prim, params, self.window)
            if window is not False:
                return buffer(self.storage, window)
        values = [a.storage.now() if type(a) is Buffer else a for a in args]
        kept = keeps(prim, values)
        xs = [
            a.current(kept is None or i in kept)
            if type(a) is Buffer
            else a.current()
            if isinstance(a, Handle)
            else a
            for i, a in enumerate(args)
        ]
        y = prim.call(*xs, **params)
        if prim.outputs:
            return tuple([result(v, args, xs) for v in y])
        return result(y, args, xs)

    def watched(self) -> bool:
        """Whether a transform watches what it holds."""
        return isinstance(self.storage.now(), Traced)

    def __bool__(self) -> bool:
        return bool(self.current(False))

    def __index__(self) -> int:
        return self.current(False).__index__()

    def __int__(self) -> int:
        return int(self.current(False))

    def __float__(self) -> float:
        return float(self.current(False))

    def __complex__(self) -> complex:
        return complex(self.current(False))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        v = self.current(False)
        if isinstance(v, Traced):
            return v.__array__(dtype, copy)
        if copy or (dtype is not None and dtype != v.dtype):
            return np.array(v, dtype)
        v = v.view()
        v.flags.writeable = not live  # a store by other code would not be seen by the transform that runs
        return v

    def __repr__(self) -> str:
        return repr(self.current(False))

    __str__ = __repr__

    def __copy__(self) -> Any:
        return buffer_of(twin(self.current()), own=False)

    def __deepcopy__(self, memo: Any) -> Any:
        return self.__copy__()

    def __reduce__(self) -> Any:
        v = self.current()
        return v.__reduce__()


def buffer(storage: Storage, window: Any = None) -> Buffer:
    """A handle on a window of `storage`."""
    b = new(Buffer)
    b.value, b.node = storage, window
    return b


class Part(Buffer):
    """A handle on the real or imaginary part of a complex array that can be written.

    whole  a handle on the array
    taken  the operation that takes the part: elementwise, so that a view of the part is the part of the view
    """

    __slots__ = ()
    whole = Traced.value  # type: ignore[misc]
    taken = Traced.node  # type: ignore[misc]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.whole.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.zeros((), self.whole.dtype).real.dtype

    @property
    def aval(self) -> Aval:
        return Aval(self.shape, self.dtype)

    def current(self, kept: bool = True) -> Any:
        """The value now."""
        return self.taken.call(self.whole.current(kept))

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        if isinstance(prim, View):
            view = prim.call(self.whole, **params)
            if type(view) is Buffer and view.storage is self.whole.storage:
                return part(view, self.taken)
        xs = [current_of(a) for a in args]
        y = prim.call(*xs, **params)
        return tuple([result(v, args, xs) for v in y]) if prim.outputs else result(y, args, xs)

    def watched(self) -> bool:
        """Whether a transform watches what it holds."""
        return self.whole.watched()


def part(whole: Buffer, taken: Any) -> Part:
    """A handle on a part of `whole`."""
    p = new(Part)
    p.value, p.node = whole, taken
    return p


def buffer_of(y: Any, own: bool = True) -> Any:
    """A handle on the array `y`, plain or watched, that lies in memory as `y` does: the storage itself is in C order.

    A structured array, which cannot hold a watched value, stays as it is.
    own  whether nobody else has the array
    """
    if type(y) is np.ndarray and y.dtype.names is not None:
        return y
    axes = out_of_order(y) if len(y.shape) > 1 else None
    if axes is None:
        return buffer(Storage(y, own))
    storage = Storage(np.transpose(y, axes), own)
    return buffer(storage, storage.back(axes))


def out_of_order(y: Any) -> list[int] | None:
    """The axes in whose order the array `y` is in C order, if it is not as it is; None for one with gaps too."""
    rank = len(y.shape)
    while isinstance(y, Traced) and not issubclass(type(y), Handle):
        y = y.value
    if type(y) is not np.ndarray or not y.size:
        return None
    y = y[(0,) * (y.ndim - rank)]  # one example of a batch
    if y.flags.c_contiguous:
        return None
    axes = sorted(range(y.ndim), key=lambda axis: -abs(y.strides[axis]))
    return axes if y.transpose(axes).flags.c_contiguous else None


def fresh(y: Any) -> Any:
    """A handle on the plain array `y`, which nobody else has."""
    return buffer_of(y) if type(y) is np.ndarray else y


def result(y: Any, args: Any, xs: Any) -> Any:
    """What an operation on handles gives: a plain array is one that can be written; what it may share is not owned."""
    bottom = y
    while type(bottom) is Var:
        bottom = bottom.value
    if type(bottom) is not np.ndarray:
        return y
    shares = bottom.base is not None
    for a, x in zip(args, xs, strict=True):
        if type(a) is Buffer and (shares or x is y or bottom is getattr(x, "value", None)):
            a.storage.own = False
    if bottom is not y:
        return y
    shares = shares or any(x is y for x in xs)
    return buffer_of(y, own=not shares)
