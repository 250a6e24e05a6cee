"""What is written into plain arrays while a tape runs, and how memory is taken back in time.

Woven code says before it stores into a plain array (`written`); what was there is kept as a `Change`, for as long as a
tape runs that may have saved the array before (`saved.py`).  A store costs what is stored; an array that only one
variable holds is on no tape, and costs nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import inf
from sys import getrefcount
from threading import Lock, get_ident
from types import EllipsisType, NoneType
from typing import Any

import numpy as np

from .catalogue import MutatedError
from .errors import told, user_frame, variable_of, where
from .levels import clock
from .memories import arrays_of, is_array, root, unobserved
from .stored import outside
from .traced import Handle, Traced

__all__ = [
    "Change",
    "Lost",
    "Memory",
    "rewound",
    "running_memories",
    "written",
    "written_at",
    "written_each",
    "written_item",
    "written_name",
    "written_record",
]

BUDGET = 256 << 20  # bytes of earlier contents that are kept at a time
EACH = 200  # bytes of a change itself
SIMPLE = frozenset([int, slice, EllipsisType, NoneType, np.int64, np.intp])
RECORDS = frozenset([np.record, np.recarray])
SETS = np.ndarray.__setitem__
MUTABLE = (np.ndarray, np.void)
EVERYTHING = slice(None)


# ---- changes -------------------------------------------------------------------------------------------------------
class Change:
    """A store into a plain array: when (the clock), where, and what was there before; after, while time is back.

    key    an index of `array`, or the name of an attribute that is set, in bytes, such as b"shape"
    other  a `Lost` once the budget is spent
    owner  the object that owns the memory
    """

    __slots__ = ("array", "at", "key", "other", "owner", "thread")

    def __init__(self, at: int, array: Any, key: Any, other: Any) -> None:
        self.at, self.array, self.key, self.other = at, array, key, other
        self.owner, self.thread = root(array), get_ident()

    def swap(self) -> None:
        """Exchange what is there with what was."""
        if type(self.other) is not Lost:
            now = content(self.array, self.key)
            restore(self.array, self.key, self.other)
            self.other = now

    def part(self) -> Any:
        """The part of the array that is changed, where that is a view; else the whole."""
        key = self.key if type(self.key) is tuple else (self.key,)
        if not SIMPLE.issuperset(map(type, key)):
            return self.array
        return self.array[key if ... in key else (*key, ...)]


class Lost:
    """In place of an earlier content that was not kept: where it was written over, and in what variable."""

    __slots__ = ("name", "place")

    def __init__(self, array: Any) -> None:
        self.name, self.place = variable_of(array), where()


def content(array: Any, key: Any) -> Any:
    if type(key) is bytes:
        return getattr(array, key.decode())
    found = array[key]
    return found.copy() if isinstance(found, MUTABLE) else found


def restore(array: Any, key: Any, value: Any) -> None:
    if type(key) is bytes:
        setattr(array, key.decode(), value)
    else:
        array[key] = value


class Memory:
    """While it lasts changes are kept: context manager of one run of a function on a tape.

    inputs  what the tape watches
    """

    __slots__ = ("began", "inputs", "owners")

    def __init__(self, inputs: Sequence[Any] = ()) -> None:
        self.inputs = inputs
        self.owners: dict[int, list[Any]] | None = None  # of the memory of the inputs, once somebody asks

    def __enter__(self) -> "Memory":
        self.began = next(clock)
        running_memories[id(self)] = self
        return self

    def __exit__(self, *_: object) -> None:
        del running_memories[id(self)]
        if changes:
            forget()

    def changes(self) -> Sequence[Change]:
        """The changes since it began, oldest first."""
        return changes_after(self.began) if changes else ()

    def watches(self, change: "Change") -> bool:
        """Whether what is changed is memory of an input."""
        if self.owners is None:
            self.owners = {}
            for x in map(bottom, self.inputs):
                if is_array(x):
                    self.owners.setdefault(id(root(x)), []).append(x)
        mine = self.owners.get(id(change.owner))
        return mine is not None and any(np.may_share_memory(change.part(), x) for x in mine)


running_memories: dict[int, Memory] = {}
changes: list[Change] = []  # since the oldest running memory began, oldest first
lost: dict[Any, Lost] = {}  # place of a store -> what is said of it
spent = 0
one_at_a_time = Lock()  # threads that drop changes


def changes_after(at: int) -> list[Change]:
    """The changes that are newer, oldest first; threads may have noted theirs in another order."""
    return sorted([c for c in changes[:] if c.at < at], key=lambda c: -c.at)


def forget() -> None:
    """Drop the changes that are older than every running memory."""
    global spent
    with one_at_a_time:
        known = len(changes)  # first: what is noted from now on may be of a memory that begins only now
        began = max([memory.began for memory in list(running_memories.values())], default=-inf)
        old = 0
        while old < known and changes[old].at > began:
            old += 1
        if old:
            del changes[:old]
            lost.clear()
            spent = sum([EACH + getattr(c.other, "nbytes", 0) for c in changes])


def bottom(x: Any) -> Any:
    """The plain value under all transforms that watch `x`."""
    while isinstance(x, Traced) and not isinstance(x, Handle):
        x = x.value
    return x


# ---- what woven code says ------------------------------------------------------------------------------------------
def written(a: Any, key: Any = ...) -> Any:
    """Note that the array `a`, or each of a tuple of them, is about to be written at `key`; returns `a`.

    key  an index, or the name of an attribute in bytes; anything that may change later stands for the whole
    """
    if running_memories:
        if type(a) is np.ndarray:
            remember(a, key)
        elif type(a) is tuple:
            for each in a:
                written(each)
        elif is_array(a):
            if type(key) is bytes:
                remember(a, key)
            else:  # what a key means to another class, that class knows
                remember(a.view(np.ndarray), key if type(a).__setitem__ is SETS else ...)
        elif type(a) is np.flatiter:
            remember(a.base, ...)
            return Flat(a)
        else:
            for array in arrays_of(a):
                remember(array, ...)
    return a


class Flat:
    """`a.flat` of a plain array, to be stored into: numpy would not say what is wrong with a watched value."""

    __slots__ = ("elements",)

    def __init__(self, elements: Any) -> None:
        self.elements = elements

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, Traced):
            raise outside(self.elements.base)
        self.elements[key] = value


def written_each(values: Any, start: int = 0, stop: int | None = None) -> Any:
    """Note that `values[start:stop]`, of the arguments of a call, are about to be written; returns `values`."""
    values = tuple(values)
    written(values[start:stop])
    return values


def written_item(a: Any, key: Any) -> None:
    """Note that `a[key]` is about to be changed in place: a part of the array `a`, or an array in the container `a`."""
    written(a, key)
    if not (is_array(a) or isinstance(a, Traced)):
        try:
            element = a[key]
        except Exception:  # the statement itself will say so
            return
        written(element)


def written_record(a: Any) -> Any:
    """Note that an attribute of `a` is about to be set, which is a field of it if it is a record; returns `a`."""
    return written(a, ...) if type(a) in RECORDS else a


ALONE = 0  # references to an array that one name holds, as `written_name` counts them


def written_name(a: Any, key: Any = ...) -> Any:
    """`written` of what a variable holds: if nobody else has that array, no tape has it either."""
    if type(a) is np.ndarray and a.base is None and getrefcount(a) <= ALONE:
        return a
    return written(a, key)


def written_at(a: Any, key: Any) -> Any:
    """`written_name`, for what stands between the brackets: returns `key`."""
    if running_memories and not (type(a) is np.ndarray and a.base is None and getrefcount(a) <= ALONE):
        written(a, key)
    return key


def references_of_one_name() -> int:
    def count(a: Any, key: Any = ...) -> int:
        return getrefcount(a)

    alone = np.empty(1)
    return count(alone)


ALONE = unobserved(references_of_one_name(), 3)


def remember(a: Any, key: Any) -> None:
    """Keep what the array `a` holds at `key`."""
    global spent
    at = next(clock)
    for last in changes[-1:]:  # another thread may just drop it
        if last.at == at + 1 and last.array is a and last.key is ...:
            last.at = at  # nothing was recorded since
            return
    if type(key) not in SIMPLE:
        key = kept_key(key)
    elif type(key) is slice and key == EVERYTHING:
        key = ...
    try:
        other = content(a, key)
    except (IndexError, TypeError, ValueError):
        return  # the store will say what is wrong with the index
    change = Change(at, a, key, other)
    for memory in list(running_memories.values()):
        if memory.watches(change):
            raise written_under_another_name(a)
    size = EACH + getattr(other, "nbytes", 0)
    if spent + size > BUDGET:
        change.other, size = lost_here(a), EACH
    spent += size
    changes.append(change)


def kept_key(key: Any) -> Any:
    """`key`, if it stays as it is, or a copy; else all of the array."""
    kind = type(key)
    if kind is np.ndarray:
        return key.copy()
    return (
        key
        if kind is str or kind is bytes or kind is tuple and all([type(k) in SIMPLE for k in key])
        else ...
    )


def lost_here(a: Any) -> Lost:
    frame = user_frame()
    place = frame and (frame.f_code, frame.f_lasti)
    if place not in lost:
        lost[place] = Lost(a)
    return lost[place]


def written_under_another_name(a: Any) -> MutatedError:
    return MutatedError(
        told(
            f"{variable_of(a)}, an argument that is differentiated, is written under another name",
            "the value of the argument would change, but not the derivative",
            fix="write through the argument of the function, or pass a copy of the array to it",
        )
    )


# ---- memory taken back ---------------------------------------------------------------------------------------------
@contextmanager
def rewound(changes: Sequence[Change]) -> Iterator[Memory]:
    """While this lasts the memory is as it was before the `changes`; what is written meanwhile is taken back too."""
    with Memory() as memory:
        try:
            play_back(changes)
            yield memory
        finally:
            play_back(memory.changes())


def play_back(changes: Sequence[Change]) -> None:
    for c in reversed(changes):
        if type(c.other) is not Lost:
            remember(c.array, c.key)  # a tape that runs sees it as any other store
            restore(c.array, c.key, c.other)
