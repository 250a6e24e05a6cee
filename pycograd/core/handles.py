"""Handles on arrays that can be written, and the values that become ones.

A `Buffer` is a handle on a window of a storage, at level infinity: it steps aside for its current value in whatever
operation asks.  A watched value becomes a handle when it is first written, and with it all views of it that live: they
are one `Family`.
"""

from collections.abc import Callable
from math import inf
from typing import Any
from weakref import ref

import numpy as np

from .ambient import Ambient
from .aval import Aval
from .errors import where
from .levels import HAND_MADE, innermost, levels, live, walls
from .places import Place, view_at
from .storage import Storage, View, keeps
from .tape import Var, new, twin
from .traced import Handle, Traced, value_of

__all__ = ["Buffer", "buffer", "copied", "fresh", "handle", "note", "part_of", "relate"]


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
        return buffer(Storage(twin(self.current()), own=False))

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


def fresh(y: Any) -> Any:
    """A handle on the plain array `y`, which nobody else has."""
    return buffer(Storage(y)) if type(y) is np.ndarray else y


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
    return buffer(Storage(y, own=not shares))


# ---- views ---------------------------------------------------------------------------------------------------------
def note(x: Any, y: Any, prim: View, params: dict[str, Any]) -> None:
    """Relate the values `x` and `y`, unless `y` is a number, a copy, or a handle that knows."""
    kind = type(y)
    if kind is Var:
        v = y.value
        if type(v) is np.ndarray:
            if v.base is None:
                return
            memory = x.value if type(x) is Var else None
            if type(memory) is np.ndarray and (v.base is memory or v.base is memory.base):
                if y is not x:
                    relate(x, y, prim, params)
                return
        elif not isinstance(v, Traced):
            return
    elif kind is Buffer or not issubclass(kind, Traced):
        return
    if kind is not type(x) or y is x:
        if issubclass(type(x), Ambient):
            note(x.now(), y, prim, params)
        return
    key = params.get("key", ...)
    if key is not ...:
        if not view_at(key) or not y.shape and not (type(key) is tuple and ... in key):
            return  # a copy, or a number
    else:
        memory = value_of(x)
        if type(memory) is np.ndarray and not np.may_share_memory(memory, value_of(y)):
            return
    relate(x, y, prim, params)


View.note = note


# ---- a watched value becomes a handle when it is written, and all its views with it --------------------------------
class Family:
    """Watched values that share memory in numpy's eyes: what the first was, and weak references to those that live."""

    __slots__ = ("born", "first", "members", "room")

    def __init__(self, x: Any, born: float | None = None) -> None:
        self.first, self.members, self.room, self.born = twin(x), [ref(x)], 64, born


def relate(x: Any, y: Any, prim: Any, params: Any) -> None:
    """Note that `y` is what the view maker `prim` gives on `x`: of no consequence until one of them is written.

    params  those of `prim`, or its key alone
    """
    link = getattr(x, "link", None)
    if link is None:
        link = x.link = Family(x), None
    elif link is PART:
        y.link = PART
        return
    family, makers = link
    y.link = family, (makers, prim, params)
    members = family.members
    members.append(ref(y))
    if len(members) > family.room:
        family.members = [m for m in members if m() is not None]
        family.room = 2 * len(family.members) + 64


PART = "the real or imaginary part of a complex value, which numpy writes through and we do not"


def part_of(y: Any) -> Any:
    """`y`, a part of a complex watched value, marked so that a store into it raises."""
    if isinstance(y, Traced):
        y.link = PART
    return y


def copied(x: Any) -> Any:
    """A copy of the watched value `x`: an object of its own, made now."""
    if issubclass(type(x), Handle):
        return buffer(Storage(x.current(), own=False))
    y = twin(x)
    if walls and isinstance(y, Traced):
        y.link = Family(y, next(levels)), None
    return y


def handle(x: Any) -> Buffer:
    """`x` as a handle of the same identity: every name of it, and of its views, sees what is written from now on."""
    if type(x) is Buffer:
        return x
    if type(x) is Var and x.level == HAND_MADE and x.is_leaf:
        raise TypeError(
            f"a Var made by hand is a leaf, which cannot be written in place{where()}: write to a copy"
        )
    try:
        if x.link is PART:
            raise TypeError(
                f"the real or imaginary part of a watched value is written{where()}: the whole would not change as "
                "numpy's does; write to a copy of the part, or to the whole"
            )
        family, _ = x.link
    except AttributeError:
        family = Family(x)
    storage = Storage(family.first, own=False, born=family.born or birth(family.first))
    for m in family.members:
        member = m()
        if member is None or type(member) is Buffer:
            continue
        window: Any = None
        try:
            makers = member.link[1]
            del member.link
        except AttributeError:
            makers = None
        for prim, params in in_order(makers):
            window = storage.window(prim, params, window)
            if window is False:  # numpy gave a copy there
                break
        if window is not False:
            member.__class__ = Buffer
            member.value, member.node = storage, window
    return x if type(x) is Buffer else handle(x)


def in_order(makers: Any) -> list[tuple[Any, dict[str, Any]]]:
    """The view makers and their params, first to last."""
    found = []
    while makers is not None:
        makers, prim, params = makers
        found.append((prim, params if type(params) is dict else {"key": params}))
    return found[::-1]


def birth(x: Any) -> float | None:
    """0 for a value made before the innermost vmap or checkpoint began, as far as can be told; None for now."""
    if not walls:
        return None
    level, began = innermost()
    return 0 if x.level < level and not (type(x) is Var and x.node[0] < began) else None
