"""Families: watched values that share memory in numpy's eyes.

A watched value becomes a handle (`handles.py`) when it is first written, and with it all views of it that live, and its
real and imaginary parts: they are one `Family`.
"""

from typing import Any
from weakref import ref

import numpy as np

from .ambient import Ambient
from .errors import where
from .handles import Buffer, Part, buffer, buffer_of
from .levels import HAND_MADE, innermost, levels, walls
from .places import view_at
from .storage import Storage, View
from .tape import Var, twin
from .traced import Handle, Traced, value_of

__all__ = ["copied", "handle", "note", "relate"]


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
    elif issubclass(kind, Buffer) or not issubclass(kind, Traced):
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
    family, makers = link
    y.link = family, (makers, prim, params)
    members = family.members
    members.append(ref(y))
    if len(members) > family.room:
        family.members = [m for m in members if m() is not None]
        family.room = 2 * len(family.members) + 64


def copied(x: Any) -> Any:
    """A copy of the watched value `x`: an object of its own, made now."""
    if issubclass(type(x), Handle):
        return buffer_of(x.current(), own=False)
    y = twin(x)
    if walls and isinstance(y, Traced):
        y.link = Family(y, next(levels)), None
    return y


def handle(x: Any) -> Buffer:
    """`x` as a handle of the same identity: every name of it, and of its views, sees what is written from now on."""
    if issubclass(type(x), Buffer):
        return x
    if type(x) is Var and x.level == HAND_MADE and x.is_leaf:
        raise TypeError(
            f"a Var made by hand is a leaf, which cannot be written in place{where()}: write to a copy"
        )
    family, _ = getattr(x, "link", None) or (Family(x), None)
    first = buffer_of(family.first, own=False)
    storage, base = first.storage, first.window
    made = family.born or birth(family.first)
    storage.born = storage.born if made is None else made
    for m in family.members:
        member = m()
        if member is None or issubclass(type(member), Buffer):
            continue
        makers = getattr(member, "link", (None, None))[1]
        if hasattr(member, "link"):
            del member.link
        become(member, storage, base, in_order(makers))
    return x if issubclass(type(x), Buffer) else handle(x)


def become(member: Any, storage: Storage, window: Any, makers: list[tuple[Any, dict[str, Any]]]) -> None:
    """Make `member` a handle on what the view makers give on a window of `storage`, if numpy gives no copy there."""
    taken = None
    for prim, params in makers:
        if not isinstance(prim, View):
            taken = prim  # the real or imaginary part, of which views are parts of views
            continue
        window = storage.window(prim, params, window)
        if window is False:  # numpy gave a copy there
            return
    if taken is None:
        member.__class__ = Buffer
        member.value, member.node = storage, window
    else:
        member.__class__ = Part
        member.value, member.node = buffer(storage, window), taken


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
