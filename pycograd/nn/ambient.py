"""Names of parameters as globals: what `with weights:` puts into the caller's module, and takes out again.

A `Weight` stands in the globals under the name of a parameter and forwards everything to its value.  Which parameters a
name means is asked of a context variable, so that threads and tasks that use one module see each its own; the names
themselves are counted, and leave the globals with the last block that uses them.
"""

import contextlib
import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from types import FrameType, MappingProxyType, MethodType
from typing import Any, NamedTuple

import numpy as np

from pycograd.core import (
    Ambient,
    OtherWeightsWarning,
    OutsideBlockError,
    Traced,
    aval_of,
    is_ambient,
    is_ours,
    keepers,
    stand_ins,
    told,
    warn,
)

__all__ = ["Weight", "caller", "enter", "globals_of", "leave", "within"]

Place = tuple[int, str]  # id of the globals, which the entry of a block keeps alive, and the name


class Block(NamedTuple):
    """One entry of a block: whose parameters, into which globals, under which names."""

    owner: Any
    globals: dict[str, Any]
    names: tuple[str, ...]


class Scope(NamedTuple):
    """The blocks that this thread or task has entered, innermost last, and whom each name means."""

    blocks: tuple[Block, ...] = ()
    owners: Mapping[Place, Any] = MappingProxyType({})


NOWHERE = Scope()
scope: ContextVar[Scope] = ContextVar("blocks of weights", default=NOWHERE)
NEVER: set[str] = set()
said: ContextVar[set[str]] = ContextVar(
    "said", default=NEVER
)  # names of other blocks that one objective has met
lock = Lock()
counts: dict[Place, int] = {}  # how many entries use a name


class Weight(Ambient):
    """The parameter `key` of `owner`, under its own name: everything is forwarded to its value as it is now.

    >>> import numpy as np
    >>> from pycograd import params
    >>> w = Weight(params(w=np.array([1.0, 2.0])), "w")
    >>> w * 2, len(w), w.sum()
    (array([2., 4.]), 2, np.float64(3.0))
    """

    __slots__ = ("_owner", "_place", "key")

    def __init__(self, owner: Any, key: str, *, place: Place | None = None) -> None:
        self._owner, self.key, self._place = owner, key, place

    @property
    def owner(self) -> Any:
        """The parameters that this name belongs to, in this thread or task."""
        if self._place is None:
            return self._owner
        found = scope.get().owners.get(self._place)
        if found is None:
            raise outside(self.key)
        return found

    def now(self) -> Any:
        item = dict.__getitem__(self.owner, self.key)
        if not is_ambient(item):
            return item
        if self._place is not None and item.trainable:
            standing = stand_ins.get()
            if standing and id(item) not in standing and self.key not in said.get():
                said.get().add(self.key)
                of_another_block(self.key)
        return item.now()

    def held(self) -> Any:
        item = dict.__getitem__(self.owner, self.key)
        return item.current() if is_ambient(item) else item

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in (
            "link",
            "node",
        ):  # what numpy and the tape look for is not the value's
            raise AttributeError(name)
        return getattr(self.now(), name)

    def __repr__(self) -> str:
        if self._place is not None and self._place not in scope.get().owners:
            return f"<the weight {self.key!r}, outside its block>"
        return super().__repr__()

    @property
    def trainable(self) -> bool:  # type: ignore[override]
        return getattr(dict.__getitem__(self.owner, self.key), "trainable", True)


def outside(key: str) -> OutsideBlockError:
    return OutsideBlockError(
        told(
            f"the weight {key!r} is used outside its block",
            "this thread or task has not entered `with weights:`, or has left it",
            fix=f"`with weights:` around it, in the thread that uses it; or weights[{key!r}], which is good everywhere",
        )
    )


def of_another_block(key: str) -> None:
    warn(
        told(
            f"the weight {key!r} belongs to another block than the one whose gradient is taken",
            "it is a constant of this objective, and has no gradient",
            fix="join the blocks, params(a=a, b=b); if a constant is meant, enter `with frozen(other):`, or "
            f"pycograd.stop_gradient({key})",
        ),
        OtherWeightsWarning,
    )


# ---- whose globals -------------------------------------------------------------------------------------------------
def caller() -> FrameType:
    """The frame that called into pycograd, not that of a context manager that did it for the user."""
    frame = sys._getframe(1)
    while frame.f_back and (is_ours(frame.f_code) or frame.f_code.co_filename == contextlib.__file__):
        frame = frame.f_back
    return frame


def globals_of(f: Any) -> dict[str, Any] | None:
    """The globals that the function `f` reads names from; None if it is no Python function."""
    for _ in range(100):
        if isinstance(f, functools.partial):
            f = f.func
        elif isinstance(f, MethodType):
            f = f.__func__
        elif hasattr(f, "__wrapped__"):
            f = f.__wrapped__
        else:
            break
    return getattr(f if hasattr(f, "__globals__") else type(f).__call__, "__globals__", None)


# ---- entering and leaving ------------------------------------------------------------------------------------------
def enter(owner: Any, names: Iterable[str], into: dict[str, Any]) -> None:
    """Put the names of `owner` into the globals; raises ValueError, and puts none, if one is taken."""
    block, now = Block(owner, into, tuple(names)), scope.get()
    with lock:
        for name in block.names:
            if taken(owner, name, into, now):
                raise already_exists(name, into)
        for name in block.names:
            place = id(into), name
            counts[place] = counts.get(place, 0) + 1
            if name not in into:
                into[name] = Weight(owner, name, place=place)
    owners = {**now.owners, **{(id(into), name): owner for name in block.names}}
    scope.set(Scope((*now.blocks, block), MappingProxyType(owners)))


def taken(owner: Any, name: str, into: dict[str, Any], now: Scope) -> bool:
    """Whether `name` means something else in these globals: in this thread or task, if it is the name of a weight."""
    if name not in into:
        return False
    found = into[name]
    if type(found) is not Weight or found._place != (id(into), name):
        return True
    return now.owners.get(found._place, owner) is not owner


def already_exists(name: str, into: dict[str, Any]) -> ValueError:
    found = into[name]
    what = "a weight of another block" if type(found) is Weight else f"of type {type(found).__name__}"
    if isinstance(found, np.ndarray | np.generic | Traced) and type(found) is not Weight:
        what += f" {aval_of(found)}"
    file = Path(str(into.get("__file__", into.get("__name__", "the notebook")))).name
    return ValueError(
        told(
            f"the name {name!r} of a weight already exists in the globals of {file}: it is {what}",
            fix=f"another name for the weight, `del {name}` before the block, or weights[{name!r}] without a block",
        )
    )


def leave(owner: Any, into: dict[str, Any]) -> None:
    """Take the names of the last entry of `owner` out of the globals, unless another entry uses them."""
    now = scope.get()
    at = [i for i, b in enumerate(now.blocks) if b.owner is owner]
    at = [i for i in at if now.blocks[i].globals is into] or at
    if not at:
        raise RuntimeError(
            told(
                "a block of weights is left in a thread or task that has not entered it",
                fix="`with weights:`, which enters and leaves in one place",
            )
        )
    block = now.blocks[at[-1]]
    blocks = (*now.blocks[: at[-1]], *now.blocks[at[-1] + 1 :])
    owners = {(id(b.globals), name): b.owner for b in blocks for name in b.names}
    scope.set(Scope(blocks, MappingProxyType(owners)))
    with lock:
        for name in block.names:
            place = id(block.globals), name
            counts[place] -= 1
            if counts[place]:
                continue
            del counts[place]
            found = block.globals.get(name)
            if (
                type(found) is Weight and found._place == place
            ):  # else the user gave the name to something else
                del block.globals[name]


@contextlib.contextmanager
def within(owner: Any, names: Iterable[str], into: dict[str, Any] | None) -> Iterator[list[str]]:
    """While this lasts, `owner` is entered in these globals with the names that are free; gives those that are not."""
    now = scope.get()
    if into is None or any(b.owner is owner and b.globals is into for b in now.blocks):
        yield []
        return
    names = list(names)
    hidden = [name for name in names if taken(owner, name, into, now)]
    enter(owner, [name for name in names if name not in hidden], into)
    try:
        yield hidden
    finally:
        leave(owner, into)


def keep_blocks() -> Any:
    """Remember the blocks that are entered now, for another run of a function that uses their names."""
    then = scope.get().blocks

    def restored() -> Any:
        stack = contextlib.ExitStack()
        for block in then:  # those that are still entered are left alone
            stack.enter_context(within(block.owner, block.names, block.globals))
        return stack

    return restored


keepers.append(keep_blocks)
