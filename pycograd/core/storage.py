"""Arrays that can be written, on top of watched values that cannot.

What changes is a `Storage`, the memory of one array: a store replaces its `value` by the result of an
operation.  A `Buffer`
is a handle on a window of it, at level infinity: it steps aside for its current value in whatever operation asks.

A store may overwrite the memory of `value` while the storage owns it: from birth, or from the last store, until a whole
read that somebody may keep.  A partial read that may be kept copies the part.  So each copy is paid for by a read of
the same size, and a store costs what is stored, in both directions: the backward pass owns its sums in the same way.
"""

from collections.abc import Callable
from math import inf
from typing import Any
from weakref import ref

import numpy as np

from .aval import Aval, aval_of, shape_of, zeros
from .batching import Batched, new_batched
from .errors import where
from .forward import Dual, new_dual
from .levels import HAND_MADE, clock, innermost, levels, live, walls
from .places import Place, Window, view_at, window_of
from .primitive import Primitive
from .tape import Node, Var, new, new_var, twin
from .traced import Handle, Traced, value_of

__all__ = ["Buffer", "Storage", "Store", "View", "buffer", "copied", "fresh", "handle", "note", "relate"]


# ---- operations ----------------------------------------------------------------------------------------------------
class View(Primitive):
    """An operation on one array of which numpy makes a view, mostly."""

    def view(self, x: Any, **params: Any) -> Any:
        """The result, noted as related to `x`: for what users see; rules, which write nothing, use `call`."""
        y = self.call(x, **params)
        note(x, y, self, params)
        return y


def note(x: Any, y: Any, prim: View, params: dict[str, Any]) -> None:
    """Relate the values `x` and `y`, unless `y` is a number, a copy, or a handle that knows."""
    kind = type(y)
    if kind is Var:
        v = y.value
        if type(v) is np.ndarray:
            if v.base is None:
                return
        elif not isinstance(v, Traced):
            return
    elif kind is Buffer or not issubclass(kind, Traced):
        return
    if kind is not type(x) or y is x:
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


class Store(Primitive):
    """An operation (x, v, *, at) -> x with something stored at a place.

    overwrite    (x, v, at): the same on the memory of the array x
    batch_parts  (x, v, batched, at) -> x, v, at for the arrays of a batch
    pulls        the pull functions of a node whose x and v are watched, or only x, or only v
    """

    overwrite: Callable[..., None]
    batch_parts: Callable[..., Any]
    pulls: tuple[Callable[..., Any], ...]

    def in_place(self, x: Any, v: Any, at: Any) -> Any:
        """The result, in the memory of `x`, which the caller owns at all levels."""
        top = x if isinstance(x, Traced) else None
        if isinstance(v, Traced) and (top is None or v.level > top.level):
            top = v
        if top is None:
            self.overwrite(x, v, at)
            return x
        level, kind = top.level, type(top)
        mine, his = (
            top is x or isinstance(x, Traced) and x.level == level,
            isinstance(v, Traced) and v.level == level,
        )
        if kind is Var:
            y = self.in_place(x.value if mine else x, v.value if his else v, at)
            return new_var(y, level, self.node(x.node if mine else None, v.node if his else None, y, at))
        if kind is Dual:
            y = self.in_place(x.value if mine else x, v.value if his else v, at)
            t = x.tangent if mine else zeros(aval_of(x))
            return new_dual(y, level, self.in_place(t, v.tangent if his else self.none, at))
        if kind is Batched and mine:
            x, v, at = self.batch_parts(x.value, v.value if his else v, (True, his), at)
            return new_batched(self.in_place(x, v, at), level)
        return self.call(x, v, at=at)

    none = 0.0

    def node(self, x: Node | None, v: Node | None, y: Any, at: Any) -> Node:
        params = {"at": at}
        if x is None:
            assert v is not None
            return (next(clock), self, self.pulls[2], at, False, array_aval(y, v), params, v)
        if v is None:
            return (next(clock), self, self.pulls[1], at, True, x[5], params, x)
        return (next(clock), self, self.pulls[0], at, False, x[5], params, x, v)


def array_aval(y: Any, v: Node) -> Aval:
    aval = aval_of(y)
    return aval if np.dtype(aval.dtype).kind in "fcV" else Aval(aval.shape, np.dtype(float))


# ---- the memory of one array ---------------------------------------------------------------------------------------
class Storage:
    """The memory of one array.

    value  what it holds now, at some level
    own    whether nobody else sees the arrays inside `value`, which are in C order then
    born   the level at which it was made: a `vmap` or `checkpoint` that began later cannot honour a store
    dirty  whether anything was stored
    """

    __slots__ = ("_memory", "born", "dirty", "dtype", "own", "shape", "value")

    def __init__(self, value: Any, own: bool = True, born: float | None = None) -> None:
        self.value, self.own, self.dirty = value, own, False
        self._memory: Any = None
        self.born = next(levels) if born is None else born
        if type(value) is np.ndarray:
            self.shape, self.dtype = value.shape, value.dtype
            if own and not value.flags.c_contiguous:
                self.own = False
        else:
            self.shape, self.dtype = shape_of(value), np.dtype(aval_of(value).dtype)

    @property
    def memory(self) -> Any:
        """Bytes, as many as the array has elements, that numpy computes windows on."""
        if self._memory is None:
            self._memory = np.empty(self.shape, np.int8)
        return self._memory

    def window(self, prim: Any, params: Any, window: Window | None) -> Window | None | bool:
        """The window that the view maker `prim` gives on `window`; False if numpy copies there."""
        memory = self.memory
        view = prim.impl(memory if window is None else window.of(memory), **params)
        key = params.get("key") if window is None else None
        found = window_of(view, memory, key) if isinstance(view, np.ndarray) else None
        return False if found is None else found

    def now(self) -> Any:
        """The value, without what transforms that have ended left around it."""
        v = self.value
        while isinstance(v, Traced) and v.level != HAND_MADE and v.level not in live:
            if not v.numbers:
                raise TypeError(
                    f"an array written inside a transform is read{where()} after it, and is {v.unanswerable}: return "
                    "its value from the function instead"
                )
            v = self.value = v.value
        return v

    def write(self, prim: Store, v: Any, at: Any) -> None:
        """Store `v`, no handle, at a place."""
        x = self.now()
        if walls and self.born < (begun := innermost()[0]):
            raise TypeError(
                f"an array made before {live.get(begun)} began is written inside it{where()}: make it inside, or "
                "pass it as an argument and return it"
            )
        if isinstance(v, Traced) and self.dtype.kind in "iub" and v.dtype.kind in "fc":
            raise TypeError(
                f"a watched {v.dtype} is stored in an array of {self.dtype}{where()}, where it would lose its fraction "
                "and its gradient: make the array one of floats, np.zeros(n)"
            )
        if type(at) is Place and not at.window.writeable:
            raise ValueError("assignment destination is read-only")
        self.value = prim.in_place(x, v, at) if self.own else prim.call(x, v, at=at)
        self.own = self.dirty = True


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


def keeps(prim: Any, values: Any) -> Any:
    """The operands that a tape may keep, of those of a call of `prim`; None if it may be any."""
    level: float = -1
    for v in values:
        if isinstance(v, Traced):
            if type(v) is not Var or isinstance(v.value, Traced) or level not in (-1, v.level):
                return None
            level = v.level
    if level == -1:
        return ()
    found = kept_operands.get(prim)
    if found is None:
        found = kept_operands[prim] = named_operands(prim)
    return None if found is True else found


kept_operands: dict[Any, Any] = {}


def named_operands(prim: Any) -> Any:
    """The operands that the vjp rules of `prim` name; True for any."""
    if type(prim) not in (Primitive, Store, View):
        return True
    names = {name for entry in prim.vjp if entry is not None for name in entry.names}
    if prim.variadic:
        return True if names & {"x", "xs", "y"} else ()
    return frozenset(i for i, name in enumerate(prim.operands) if name in names)


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
    try:
        if x.link is PART:
            y.link = PART
            return
        family, makers = x.link
    except AttributeError:
        family, makers = x.link = Family(x), None
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
    if type(x) is Buffer:
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
