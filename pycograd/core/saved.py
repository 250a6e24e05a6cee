"""What a tape saved stays as it was, whatever is written into the arrays of the user.

A tape saves what its rules name, plain arrays of the user's too, and copies none of it.  Once the run of a function is
over, its tape gets copies of what it saved and what was changed since (`as_saved`): memory goes back in time, change by
change (`changes.py`), and forward again.  So nothing is paid where operations are recorded.

A tape that outlives its transform gets copies of all arrays that somebody else could write (`with_own`).
"""

from collections.abc import Callable, Iterable, Sequence
from sys import getrefcount
from threading import get_ident
from typing import Any

import numpy as np

from .aval import PLAIN
from .batching import Batched
from .catalogue import MutatedError
from .changes import BUDGET, Change, Lost, rewound
from .forward import Dual
from .memories import is_array, root
from .node import FIRST_PARENT, INDEX, PARAMS, PRIM, PULL, SAVED, Node
from .symbol import Symbol
from .tape import twin
from .traced import Handle, Traced

NUMBERS = PLAIN - {np.ndarray}

__all__ = ["arrays_in", "as_saved", "behind", "with_own"]


# ---- what a tape saved, as it was ----------------------------------------------------------------------------------
def as_saved(nodes: Sequence[Any], changes: Sequence[Change]) -> list[Any]:
    """`nodes`, with a tape behind them that has copies of the arrays that were changed after they were saved.

    A node whose operation runs code of the user's in the backward pass (its primitive says `reruns`) runs it with the
    memory as it was.  Raises MutatedError where the earlier content is lost.
    """
    if not changes:
        return list(nodes)
    found, past = behind(nodes), Past(changes)
    stale = sorted([i for i, node in found.items() if past.concerns(node)])
    try:
        made = {i: past.node(found[i]) for i in stale}  # the newest first
    finally:
        past.end()
    return rebuilt(nodes, found, made) if made else list(nodes)


def behind(nodes: Iterable[Any]) -> dict[int, Node]:
    """All nodes that `nodes` depend on, and themselves, by index."""
    found = {n[INDEX]: n for n in nodes if n is not None}
    waiting = list(found.values())
    while waiting:
        for parent in waiting.pop()[FIRST_PARENT:]:
            if parent[INDEX] not in found:
                found[parent[INDEX]] = parent
                waiting.append(parent)
    return found


def rebuilt(nodes: Sequence[Any], found: dict[int, Node], made: dict[int, Node]) -> list[Any]:
    """`nodes`, on a tape in which those in `made` take the place of those `found` with the same index."""
    for index in sorted(found, reverse=True):  # the oldest first
        node = made.get(index) or found[index]
        older = node[FIRST_PARENT:]
        if index in made or any([p[INDEX] in made for p in older]):
            made[index] = (*node[:FIRST_PARENT], *[made.get(p[INDEX], p) for p in older])
    return [None if n is None else made.get(n[INDEX], n) for n in nodes]


class Past:
    """The memory of arrays at earlier times, given the changes since, oldest first.

    newest   owner of memory, by its id -> the clock of the last change
    strange  changes of memory whose owner is no array: something else may share it
    wanted   the owners, by id, whose memory has to go back: nobody else's is touched
    copies   owner -> array, by its id -> its content at the time where we are
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes, self.left = changes, len(changes)
        self.newest = {id(c.owner): c.at for c in changes}
        self.strange = [c for c in changes if not is_array(c.owner)]
        self.wanted: set[int] = set()
        self.copies: dict[int, dict[int, Any]] = {}
        self.lost: dict[int, Lost] = {}

    def concerns(self, node: Node) -> bool:
        """Whether `node` saved what was changed after that, or runs what may use it."""
        index, saved, params, last = node[INDEX], node[SAVED], node[PARAMS], self.changes[-1].at
        reruns = getattr(node[PRIM], "reruns", False)
        if (began(node) if reruns else index) < last:
            return False
        if not params and (saved == () if type(saved) is tuple else type(saved) in NUMBERS):
            return reruns
        stale = [self.changed_after(index, a) for a in arrays_in((saved, params))]
        return reruns or any(stale)

    def changed_after(self, index: int, a: Any) -> bool:
        """Whether the memory of the array `a` was changed after the node `index` was recorded."""
        owner = root(a)
        found = {id(owner)} if self.newest.get(id(owner), index) < index else set()
        for c in self.strange if is_array(owner) else self.changes:
            if c.at < index and np.may_share_memory(a, c.array):
                found.add(id(c.owner))
        self.wanted |= found
        return bool(found)

    def node(self, node: Node) -> Node:
        """`node` with what it saved as it was then; each call goes further back."""
        index, pull = node[INDEX], node[PULL]
        self.go_back(index)

        def then(a: Any) -> Any:
            return self.copy(node, a) if self.changed_after(index, a) else a

        saved, params = mapped(node[SAVED], then), mapped(node[PARAMS], then)
        if getattr(node[PRIM], "reruns", False):
            me = get_ident()
            pull = Rewound(pull, [c for c in self.changes if c.at < began(node) and c.thread == me])
        return (*node[:PULL], pull, saved, *node[SAVED + 1 : PARAMS], params, *node[FIRST_PARENT:])

    def copy(self, node: Node, a: Any) -> Any:
        """A copy of the array `a`, one for all who ask for the same content."""
        owner = id(root(a))
        if owner in self.lost:
            raise overwritten(node, self.lost[owner])
        known = self.copies.setdefault(owner, {})
        if id(a) not in known:
            known[id(a)] = copy_of(a)
        return known[id(a)]

    def go_back(self, index: int) -> None:
        """To the time when the node `index` was recorded."""
        while self.left and self.changes[self.left - 1].at < index:
            self.left -= 1
            change = self.changes[self.left]
            owner = id(change.owner)
            if owner in self.wanted:
                change.swap()
                self.copies.pop(owner, None)
                if self.strange:
                    self.copies.clear()
                if type(change.other) is Lost:
                    self.lost[owner] = change.other

    def end(self) -> None:
        """Back to now."""
        for change in self.changes[self.left :]:
            if id(change.owner) in self.wanted:
                change.swap()


def began(node: Node) -> int:
    """The clock when the call `node` began; that of one that runs code of the user's again may be asked for it."""
    prim = node[PRIM]
    return prim.began(node) if hasattr(prim, "began") else node[INDEX]


def overwritten(node: Node, lost: Lost) -> MutatedError:
    error = MutatedError(
        f"{lost.name} was written{lost.place} after {node[PRIM].name} had saved it for the backward pass\n"
        f"  of what such writes replace {BUDGET >> 20} MiB are kept, which was not enough\n"
        "  fix: make the array inside the function, or give the operation a copy, a.copy()"
    )
    error.index = node[INDEX]
    return error


def copy_of(a: Any) -> Any:
    """A copy of the array `a`; of what broadcasting repeats, one."""
    if 0 not in a.strides:
        return a.copy(order="K")
    once = a[tuple([slice(1) if step == 0 else slice(None) for step in a.strides])]
    return np.broadcast_to(once.copy(order="K"), a.shape)


def arrays_in(x: Any) -> Sequence[Any]:
    """The plain arrays in what a node saved."""
    kind = type(x)
    if kind is np.ndarray:
        return (x,)
    if kind in PLAIN or not isinstance(x, (tuple, list, dict, Traced)):
        return (x,) if is_array(x) else ()
    if isinstance(x, Traced):
        if isinstance(x, (Symbol, Handle)):
            return ()
        x = (x.value, x.node) if kind is Dual else (x.value,)
    found: list[Any] = []
    for each in x.values() if isinstance(x, dict) else x:
        if type(each) is not int:
            found += arrays_in(each)
    return found


def mapped(x: Any, f: Callable[[Any], Any]) -> Any:
    """`x`, something saved, with `f` of each plain array in it; `x` itself if that changes nothing."""
    if is_array(x):
        return f(x)
    if isinstance(x, (tuple, list)):
        found = [mapped(each, f) for each in x]
        if all([new is old for new, old in zip(found, x, strict=True)]):
            return x
        return type(x)(*found) if hasattr(x, "_fields") else type(x)(found)
    if isinstance(x, dict):
        values = {k: mapped(v, f) for k, v in x.items()}
        return x if all([values[k] is v for k, v in x.items()]) else values
    if isinstance(x, Traced) and not isinstance(x, (Symbol, Handle)):
        value, tangent = mapped(x.value, f), mapped(x.node, f) if type(x) is Dual else x.node
        if value is x.value and tangent is x.node:
            return x
        y = twin(x)
        y.value, y.node = value, tangent
        return y
    return x


class Rewound:
    """The pull of a node that runs code of the user's, with the memory as it was before the `changes`."""

    __slots__ = ("changes", "pull")

    def __init__(self, pull: Callable[..., Any], changes: Sequence[Change]) -> None:
        self.pull, self.changes = pull, changes

    def __call__(self, g: Any, node: Node) -> Any:
        tops = {id(root(c.array)) for c in self.changes}
        with rewound(self.changes):
            found = self.pull(g, node)
            return [(p, mapped(c, lambda a: copy_of(a) if id(root(a)) in tops else a)) for p, c in found]


# ---- a tape of its own ---------------------------------------------------------------------------------------------
def with_own(nodes: Sequence[Any]) -> list[Any]:
    """`nodes`, with a tape behind them that shares no array with anybody who could write it.

    Who else has an array is told by counting references.  What nobody may write (`a.flags.writeable = False`, and the
    array that it is a view of) is shared.
    """
    found = behind(nodes)
    held = Holders(found.values())
    copies = {i: copy_of(held.arrays[i][0]) for i in held.of_others()}
    if not copies:
        return list(nodes)
    made = {}
    for index, node in found.items():
        saved, params = [mapped(node[k], lambda a: copies.get(id(a), a)) for k in (SAVED, PARAMS)]
        if saved is not node[SAVED] or params is not node[PARAMS]:
            made[index] = (*node[:SAVED], saved, *node[SAVED + 1 : PARAMS], params, *node[FIRST_PARENT:])
    return rebuilt(nodes, found, made)


class Holders:
    """Which references to arrays are a tape's own: those in what its `nodes` saved.

    arrays  id -> [array, references]
    views   id of an array -> how many of `arrays` are views of it
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.arrays: dict[int, list[Any]] = {}
        self.views: dict[int, int] = {}
        self.seen: set[int] = set()
        for node in nodes:
            saved = node[3]
            if type(saved) is np.ndarray or (saved if type(saved) is tuple else type(saved) not in PLAIN):
                self.add(saved)
            if node[6]:
                self.add(node[6])

    def add(self, x: Any) -> None:
        """Count one reference to `x`, and those that it has."""
        if is_array(x):
            known = self.arrays.get(id(x))
            if known is not None:
                known[1] += 1
                return
            self.arrays[id(x)] = [x, 1]
            if x.base is not None:
                self.views[id(x.base)] = self.views.get(id(x.base), 0) + 1
        elif isinstance(x, (tuple, list, dict)) and id(x) not in self.seen:
            self.seen.add(id(x))
            for each in x.values() if isinstance(x, dict) else x:
                if type(each) is not int:  # of a shape
                    self.add(each)
        elif type(x) is Batched:
            self.add(x.value)

    def of_others(self) -> list[int]:
        """The ids of the arrays whose memory is in other hands, which could write it."""
        shared = {self.owner(i) for i, entry in self.arrays.items() if self.is_shared(i, entry)}
        return [i for i, entry in self.arrays.items() if self.owner(i) in shared and is_writeable(entry[0])]

    def owner(self, i: int) -> int:
        base = self.arrays[i][0].base
        return i if base is None else id(base)

    def is_shared(self, i: int, entry: list[Any]) -> bool:
        """Whether others have this very array, or what it is a view of."""
        if references(entry) > ENTRY + entry[1] + self.views.get(i, 0):
            return True
        base = [entry[0].base]
        if base[0] is None:
            return False
        if type(base[0]) is not np.ndarray or base[0].base is not None:
            return True  # nobody knows whose memory it is
        known = self.arrays.get(id(base[0]))
        return references(base) > ENTRY + self.views[id(base[0])] + (known[1] + 1 if known else 0)


def is_writeable(a: Any) -> bool:
    return a.flags.writeable or a.base is not None and (not is_array(a.base) or a.base.flags.writeable)


def references(entry: list[Any]) -> int:
    return getrefcount(entry[0])


ENTRY = references([np.empty(0)])
