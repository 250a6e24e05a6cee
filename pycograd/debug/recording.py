"""The recording mode: a run of a function in which every operation notes the user's line that called it.

A watcher above a tape (`Observed`) sees each operation with its operands and result, then lets the tape record it; so
the tape itself keeps no positions, and nothing is paid for them while nobody asks.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from pycograd.core import (
    Primitive,
    Traced,
    Var,
    aval_of,
    current_of,
    is_ours,
    levels,
    tree_map,
    value_of,
)
from pycograd.core.errors import expression, file_name, user_frame
from pycograd.core.foreign import refused
from pycograd.core.node import INDEX, PARAMS, SAVED, Node
from pycograd.core.tape import new
from pycograd.core.traced import formats
from pycograd.transforms.arguments import Selection
from pycograd.transforms.recorder import recorder
from pycograd.transforms.recording import Recording
from pycograd.transforms.staleness import ended

from .passes import Pass, backward

__all__ = ["TEXT", "End", "Record", "Site", "Step", "bytes_of", "here", "recorded", "recording", "shown"]


TEXT = "a text"  # what takes plain numbers to be read


class Site(NamedTuple):
    """A place in the user's source: the code object that runs, its line, and the text of the expression."""

    code: CodeType
    line: int
    text: str

    def __str__(self) -> str:
        quoted = f" `{self.text}`" if self.text else ""
        return f"{file_name(self.code)}:{self.line}{quoted}"


def here() -> Site | None:
    """The user's line and expression that runs now."""
    frame = user_frame()
    return Site(frame.f_code, frame.f_lineno, expression(frame)) if frame else None


@dataclass(slots=True)
class Step:
    """One operation of a run: `index` of the node that it left on the tape, None if it left none."""

    name: str
    site: Site | None
    operands: list[Any]
    output: Any
    index: int | None
    parents: tuple[int, ...]
    saved: Any
    seconds: float
    params: dict[str, Any]
    back: float = 0.0


@dataclass(slots=True)
class End:
    """A place where a gradient ends: what took the plain numbers there, of the value that the node `index` made."""

    what: str
    site: Site | None
    index: int | None


class Observed(Traced):
    """A value on its way through a function that is recorded; `node` is the `Record`."""

    __slots__ = ()

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        return self.node.run(prim, level, args, params)

    @property
    def value(self) -> Any:
        caller = sys._getframe(1)
        if caller.f_code is value_of.__code__ and caller.f_back and not is_ours(caller.f_back.f_code):
            self.node.ended("value_of", self)
        return VALUE(self)

    @value.setter
    def value(self, x: Any) -> None:
        SET_VALUE(self, x)

    @property
    def numbers(self) -> bool:  # type: ignore[override]
        """Asked by whoever takes the plain numbers: `int`, `round`, an index, a count."""
        self.node.ended("", self)
        return True

    def __bool__(self) -> bool:
        self.node.ended("a branch", self)
        return bool(VALUE(self))

    def __format__(self, spec: str) -> str:
        self.node.ended(TEXT, self)
        return format(VALUE(self), spec)

    def __str__(self) -> str:
        self.node.ended(TEXT, self)
        return str(VALUE(self))

    def __repr__(self) -> str:
        self.node.ended(TEXT, self)
        return repr(VALUE(self))

    def __float__(self) -> float:
        if formats(sys._getframe(1)):
            self.node.ended(TEXT, self)
            return float(value_of(VALUE(self)))
        raise refused("float()", self)


VALUE, SET_VALUE = Traced.value.__get__, Traced.value.__set__  # type: ignore[attr-defined]


class Record:
    """What one run of a function on the tape of `tape` did, step by step, and its backward pass.

    look  (record, step): called after each operation
    """

    def __init__(self, transform: str, tape: float, look: Callable[[Any, Step], None] | None = None) -> None:
        self.transform, self.tape, self.level, self.look = transform, tape, next(levels), look
        self.steps: list[Step] = []
        self.ends: list[End] = []
        self.by_node: dict[int, Step] = {}
        self.passes = Pass()
        self.stale: Site | None = None  # where a value of an earlier call was first used

    def watch(self, x: Any) -> Any:
        v = new(Observed)
        SET_VALUE(v, x)
        v.level, v.node = self.level, self
        return v

    def unwatch(self, y: Any) -> Any:
        y = current_of(y)
        return VALUE(y) if type(y) is Observed and y.level == self.level else y

    def node_of(self, y: Any) -> Node | None:
        return y.node if type(y) is Var and y.level == self.tape else None

    def ended(self, what: str, x: Any) -> None:
        """Note that the plain numbers of `x` were taken here."""
        node, site = self.node_of(VALUE(x)), here()
        if node is not None and not (what == TEXT and site and site.text.startswith("print(")):
            self.ends.append(End(what, site, node[INDEX]))

    def run(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        xs = [VALUE(a) if type(a) is Observed and a.level == level else a for a in args]
        site = here()
        if self.stale is None and any([ended(x) is not None for x in xs]):
            self.stale = site
        start = time.perf_counter()
        # by the general path: on floats the written-out one joins operations, and each shall have its node here
        general = type(prim) is Primitive
        y = prim.dispatch(prim, *xs, **params) if general else prim.call(*xs, **params)
        seconds = time.perf_counter() - start
        ys = y if isinstance(y, (tuple, list)) else (y,)
        nodes = [n for n in map(self.node_of, ys) if n is not None]
        operands = [n for n in map(self.node_of, xs) if n is not None]
        made = whole(nodes[0]) if len(nodes) and isinstance(y, (tuple, list)) else nodes[0] if nodes else None
        mine = tuple([n[INDEX] for n in operands])
        step = Step(
            prim.name, site, list(map(value_of, xs)), tree_map(value_of, y), made and made[INDEX], mine,
            made and (made[SAVED], made[PARAMS]), seconds, params,
        )  # fmt: skip
        self.steps.append(step)
        for node in [*nodes, *([made] if made else [])]:
            self.by_node[node[INDEX]] = step
        if not nodes:
            self.ends += [End(prim.name, site, i) for i in mine]
        if self.look is not None:
            self.look(self, step)
        out = [self.watch(v) if isinstance(v, Traced) else v for v in ys]
        return type(y)(out) if isinstance(y, (tuple, list)) else out[0]

    def backward(self, roots: Iterable[tuple[Node, Any]]) -> dict[int, tuple[Node, Any]]:
        """The leaves' cotangents, as the tape's own pass finds them, noting those of every node."""
        self.passes = backward(list(roots), self.by_node)
        return self.passes.leaves


def whole(node: Node) -> Node:
    """The node of the call with several outputs, of which `node` picks one."""
    return node[-1] if len(node) == 8 and node[4] and node[5] is not None else node


def recorded(f: Callable[..., Any], selection: Selection, transform: str = "grad") -> Recording:
    """A run of `f` in the recording mode; its `record` has the steps."""
    token = recorder.set(Record)
    try:
        return Recording(f, selection, transform)
    finally:
        recorder.reset(token)


@contextmanager
def recording(make: Callable[[str, float], Any]) -> Iterator[None]:
    """While this lasts, each reverse-mode run has the recorder that `make` gives."""
    token = recorder.set(make)
    try:
        yield
    finally:
        recorder.reset(token)


def bytes_of(saved: Any) -> dict[int, int]:
    """The memory of the arrays in what a node saved, by the id of the array that owns it."""
    found: dict[int, int] = {}
    waiting = [saved]
    while waiting:
        x = value_of(waiting.pop())
        if isinstance(x, np.ndarray):
            while isinstance(x.base, np.ndarray):
                x = x.base
            found[id(x)] = x.nbytes
        elif isinstance(x, (tuple, list, dict)):
            waiting += x.values() if isinstance(x, dict) else x
    return found


def shown(x: Any) -> str:
    """`f64[3]`, or the number itself if there is one."""
    x = value_of(x)
    if np.ndim(x) == 0 and isinstance(x, (int, float, complex, np.generic, np.ndarray)):
        return f"{x:.6g}" if np.asarray(x).dtype.kind in "fc" else str(x)
    try:
        return str(aval_of(x))
    except TypeError:
        return type(x).__name__
