"""The memory of arrays that can be written, on top of watched values that cannot.

What changes is a `Storage`, the memory of one array: a store replaces its `value` by the result of an operation.

A store may overwrite the memory of `value` while the storage owns it: from birth, or from the last store, until a whole
read that somebody may keep.  A partial read that may be kept copies the part.  So each copy is paid for by a read of
the same size, and a store costs what is stored, in both directions: the backward pass owns its sums in the same way.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .aval import Aval, aval_of, shape_of, zeros
from .batching import Batched, new_batched
from .errors import where
from .forward import Dual, new_dual
from .levels import HAND_MADE, clock, innermost, levels, live, walls
from .node import NOTHING, Node
from .places import Place, Window, window_of
from .primitive import Primitive
from .stored import integer_store
from .tape import Var, new_var
from .traced import Traced

__all__ = ["Storage", "Store", "View", "keeps"]


# ---- operations ----------------------------------------------------------------------------------------------------
class View(Primitive):
    """An operation on one array of which numpy makes a view, mostly."""

    note: Callable[..., None]  # (x, y, prim, params): filled by families.py

    def view(self, x: Any, **params: Any) -> Any:
        """The result, noted as related to `x`: for what users see; rules, which write nothing, use `call`."""
        y = self.call(x, **params)
        View.note(x, y, self, params)
        return y


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
        """The node of a store; it saves the place, which is no param: a dictionary would be half of its memory."""
        if x is None:
            assert v is not None
            return (next(clock), self, self.pulls[2], at, False, array_aval(y, v), NOTHING, v)
        if v is None:
            return (next(clock), self, self.pulls[1], at, True, x[5], NOTHING, x)
        return (next(clock), self, self.pulls[0], at, False, x[5], NOTHING, x, v)


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

    def back(self, axes: list[int]) -> Window | None:
        """The window on which the axes stand as they stood before they were taken in the order `axes`."""
        view = self.memory.transpose([axes.index(i) for i in range(len(axes))])
        return window_of(view, self.memory)

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
            raise integer_store(v.dtype, self.dtype)
        if type(at) is Place and not at.window.writeable:
            raise ValueError("assignment destination is read-only")
        self.value = prim.in_place(x, v, at) if self.own else prim.call(x, v, at=at)
        self.own = self.dirty = True


# ---- what a tape may keep ------------------------------------------------------------------------------------------
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
