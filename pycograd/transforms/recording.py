"""One run of a function on a tape of its own, and the way back."""

from collections.abc import Callable, Sequence
from typing import Any

from pycograd.core import (
    PLAIN,
    Handle,
    Memory,
    MutatedError,
    Traced,
    Var,
    as_saved,
    backward,
    current_of,
    running,
    tree_map,
    twin,
    watched,
    with_own,
    zeros,
)
from pycograd.core.collector import held_back
from pycograd.core.node import AVAL, INDEX, Node
from pycograd.weave import woven

from .arguments import (
    Selection,
    contents,
    leave,
    like,
)
from .recorder import failed, recorder, unreached

__all__ = ["Recording", "settled"]


class Recording:
    """One run of a function on a tape of its own: its output, one level down, and the way back.

    lasting  whether the tape is used after the transform has returned
    changes  what the run wrote into plain arrays, which the tape may have saved before
    """

    __slots__ = (
        "changes", "f", "inputs", "lasting", "level", "out", "record", "selection", "transform", "written",
    )  # fmt: skip

    def __init__(
        self, f: Callable[..., Any], selection: Selection, transform: str, lasting: bool = False
    ) -> None:
        self.selection, self.f, self.transform, self.lasting = selection, f, transform, lasting
        self.record, make = None, recorder.get()
        with held_back, running(transform) as self.level, Memory(selection.leaves) as memory:
            variables = [watched(x, self.level) for x in selection.values(lasting)]
            self.inputs = [v.node for v in variables]
            if make is None:
                self.out = settled(selection.call(woven(f), variables))
                self.written = contents(variables, self.level)
            else:
                self.record = make(transform, self.level)
                seen = [self.record.watch(v) for v in variables]
                self.out = tree_map(self.record.unwatch, settled(selection.call(woven(f), seen)))
                self.written = contents(variables, self.level)
            self.changes = memory.changes()

    def node_of(self, y: Any) -> Node | None:
        """The node of `y`, if it depends on the inputs."""
        return y.node if type(y) is Var and y.level == self.level else None

    def look_at(self, nodes: Sequence[Any]) -> None:
        """Tell those who look into it if no output depends on an input: all `nodes` are None."""
        if self.record is None and nodes.count(None) == len(nodes):
            for notice in unreached:
                notice(self.f, self.selection)

    def value_of(self, y: Any) -> Any:
        """`y` one level down."""
        y = current_of(y)
        return twin(y.value) if type(y) is Var and y.level == self.level else y

    def keep_tape(self, nodes: list[Any]) -> list[Any]:
        """`nodes`, with a tape that stays as it is whatever becomes of the arrays of the caller and of the function."""
        try:
            nodes = with_own(as_saved(nodes, self.changes))
        except MutatedError as error:
            self.failed([(n, None) for n in nodes], error)
            raise
        finally:
            self.leave()
        self.changes = ()
        return nodes

    def failed(self, roots: list[tuple[Node, Any]], error: Exception) -> None:
        """Tell those who may find more to say of an error in the way back."""
        for notice in failed:
            notice(self.f, self.selection, self.transform, roots, error, self.record)

    def leave(self) -> None:
        """Leave in the caller's arrays what the function wrote: after the backward pass, whose tape holds them."""
        leave(self.selection.leaves, self.written)
        self.written = [None] * len(self.written)

    def gradients(self, roots: list[tuple[Node, Any]]) -> list[Any]:
        """The cotangents of the inputs, given those of some nodes."""
        try:
            if self.changes:
                nodes = as_saved([n for n, _ in roots], self.changes)
                roots = list(zip(nodes, [g for _, g in roots], strict=True))
            found = backward(roots) if self.record is None else self.record.backward(roots)
        except Exception as error:
            self.failed(roots, error)
            raise
        finally:
            self.leave()
        gs = [found[n[INDEX]][1] if n[INDEX] in found else zeros(n[AVAL]) for n in self.inputs]
        return [like(g, x) for g, x in zip(gs, self.selection.leaves, strict=True)]


def settled(out: Any) -> Any:
    """What a function returned, with the values of its handles as they are now."""
    if isinstance(out, Handle):
        return out.current()
    if type(out) in PLAIN or isinstance(out, Traced):
        return out
    return tree_map(current_of, out)
