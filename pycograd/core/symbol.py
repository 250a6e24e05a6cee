"""Capture: `Symbol`, a value that has a type but no data.  Running a function on symbols gives its graph, or its
shapes."""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Any, NoReturn

from .aval import Aval, aval_of
from .catalogue import BranchError
from .errors import told
from .levels import clock
from .node import FIRST_PARENT, INDEX, NOTHING, PARAMS, PRIM, SAVED, Node
from .tape import new
from .traced import Traced

__all__ = ["Symbol", "evaluate", "new_symbol", "nodes_of"]


class Pick:
    """The operation that takes one output of a call that has several."""

    name = "output"
    outputs = 0

    @staticmethod
    def call(outputs: Any, *, i: int) -> Any:
        return outputs[i]


PICK = Pick()


class Symbol(Traced):
    """A value of a graph being captured: `value` is an `Aval`, `node` the call that makes it."""

    __slots__ = ()
    numbers = False
    unanswerable = "being captured and has no data"

    @property
    def aval(self) -> Aval:
        return self.value

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        mine = [a for a in args if type(a) is Symbol and a.level == level]
        aval = prim.shape(*[aval_of(a) for a in args], **params)
        node = (next(clock), prim, None, args, False, aval, params, *[a.node for a in mine])
        if not prim.outputs:
            return new_symbol(aval, level, node)
        whole = new_symbol(aval, level, node)
        picks = [(next(clock), PICK, None, (whole,), True, a, {"i": i}, node) for i, a in enumerate(aval)]
        return tuple(new_symbol(a, level, pick) for a, pick in zip(aval, picks, strict=True))

    def __repr__(self) -> str:
        return f"Symbol({self.value})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def _no_data(self) -> NoReturn:
        raise BranchError(
            told(
                f"a captured value {self.value} has no data to branch on",
                fix="np.where(condition, a, b) in place of the branch",
            )
        )

    __bool__ = __index__ = __int__ = _no_data


def new_symbol(aval: Aval, level: float, node: Node | None = None) -> Symbol:
    """An input of a graph, or the result of its call `node`."""
    v = new(Symbol)
    v.value, v.level = aval, level
    v.node = node or (next(clock), None, None, (), True, aval, NOTHING)
    return v


def nodes_of(symbols: Iterable[Symbol]) -> list[Node]:
    """The calls that make `symbols`, and the inputs, oldest first."""
    found = {s.node[INDEX]: s.node for s in symbols}
    heap, nodes = list(found.values()), []
    heapify(heap)
    while heap:
        node = heappop(heap)
        nodes.append(node)
        for parent in node[FIRST_PARENT:]:
            if parent[INDEX] not in found:
                found[parent[INDEX]] = parent
                heappush(heap, parent)
    return nodes[::-1]


def evaluate(nodes: list[Node], values: dict[int, Any]) -> dict[int, Any]:
    """The value of each of `nodes` (oldest first) by index, given those of the inputs."""
    for node in nodes:
        index, prim, args = node[INDEX], node[PRIM], node[SAVED]
        if index in values:
            continue
        xs = [values.get(a.node[INDEX], a) if type(a) is Symbol else a for a in args]
        values[index] = prim.call(*xs, **node[PARAMS])
    return values
