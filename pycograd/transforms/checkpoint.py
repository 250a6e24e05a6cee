"""checkpoint: keep the arguments, run the function again in the backward pass.

In the forward pass the function runs as usual, on every tape that watches it.  Nodes count down a clock, so the clock
before the call tells old nodes from new: the old nodes that the new ones lead to, the *frontier*, are what the function
depended on, its arguments and whatever traced values it closed over alike.  One node with the frontier as parents then
stands for all the new ones, which are freed.  Its pull runs the function again, on the same arguments, and goes back
from the new outputs to the frontier.  A tape below (grad of grad) records that second run in the same way, so it too
keeps one node.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from pycograd.core import (
    Aval,
    Batched,
    Buffer,
    Dual,
    Symbol,
    Traced,
    Var,
    as_saved,
    backward,
    current_of,
    live,
    new_batched,
    new_dual,
    new_var,
    rewound,
    running,
    surroundings,
    tree_flatten,
    tree_unflatten,
    twin,
    value_of,
)
from pycograd.core.levels import clock
from pycograd.core.node import AVAL, FIRST_PARENT, INDEX, NOTHING, Node
from pycograd.core.tape import pull_output
from pycograd.weave import woven

from .edge import Transformed, described
from .policy import Kept, chooser
from .replay import replayed, snapshot

__all__ = ["checkpoint"]


def checkpoint(f: Callable[..., Any], *, policy: Any = None) -> Callable[..., Any]:
    """`f`, keeping only its arguments for the backward pass, which runs `f` again.

    policy  which operations not to run again, keeping their results: a collection of numpy functions or names of
            primitives (`[np.matmul, "einsum"]`), or a function of a primitive that returns a bool
    Values that `f` closes over are differentiated as without checkpoint.  Generators of random numbers that `f` reaches
    (arguments, closure, globals, attributes of its object, numpy's global one) give the second run the same numbers.
    What `f` closes over must not change before the backward pass: RuntimeError if the second run gives another value.
    Cost: one more forward run per order of derivative; memory: the arguments, and what the policy keeps.

    >>> from pycograd import grad
    >>> grad(checkpoint(lambda x: np.sin(x) ** 2))(0.0)
    (0.0,)
    """
    chosen = None if policy is None else chooser(policy)

    def call(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = tree_flatten((args, kwargs))
        leaves = list(map(twin, leaves))
        alive, as_now = dict(live), surroundings()
        trees: list[Any] = []
        results: list[Any] = []

        def run(g: Callable[..., Any], first: bool) -> list[Any]:
            kept = Kept(chosen, results, first) if chosen else None
            given = [kept.watch(x) for x in leaves] if kept else list(map(twin, leaves))
            args, kwargs = tree_unflatten(structure, given)
            with relived(alive), as_now(), running("checkpoint"):
                ys, tree = tree_flatten(woven(g)(*args, **kwargs))
                ys = [current_of(y) for y in ys]
            trees[:] = [tree]
            if any(type(x) is Buffer and x.storage.dirty for x in given):
                raise TypeError(
                    f"checkpoint of {described(g)}: it writes into its argument, which the second run "
                    f"would see: write into a "
                    "copy of it"
                )
            return [kept.unwatch(y) for y in ys] if kept else ys

        again = replayed((f, args, kwargs), partial(run, snapshot(f), False))
        ys = rerooted(described(f), partial(run, f, True), again)
        return tree_unflatten(trees[0], ys)

    return Transformed(checkpoint, f, call, policy=policy)


@contextmanager
def relived(alive: dict[int, str]) -> Iterator[None]:
    """While this lasts the transforms that ran in the first run count as running, so that arrays keep what
    they watch.
    """
    added = {level: name for level, name in alive.items() if level not in live}
    live.update(added)
    try:
        yield
    finally:
        for level in added:
            del live[level]


def rerooted(name: str, first: Callable[[], list[Any]], again: Callable[[], list[Any]]) -> list[Any]:
    """What `first` returns, with one node per tape for all that it recorded; `again` computes the same once more."""
    start = next(clock)
    ys = first()
    made = new_nodes(ys, start)
    if not made:
        return ys
    seen = fingerprint(ys)
    replaced: dict[int, Node] = {}
    for level, nodes in made.items():
        parents = frontier(nodes, start)
        saved = (name, again, seen, level, tuple([p[INDEX] for p in parents]), start)
        index, several = next(clock), len(nodes) > 1
        whole = (index, CHECKPOINT, pull, saved, True, None if several else nodes[0][AVAL], NOTHING, *parents)
        for i, old in enumerate(nodes):
            pick = (next(clock), CHECKPOINT, pull_output, (i, len(nodes)), True, old[AVAL], NOTHING, whole)
            replaced[old[INDEX]] = pick if several else whole
    return [with_nodes(y, replaced) for y in ys]


class Checkpoint:
    """Stands for the operation of the node that a checkpoint leaves on a tape."""

    name, into, same_aval = "checkpoint", None, False
    reruns = True

    @staticmethod
    def began(node: Node) -> int:
        """The clock before the first run."""
        return node[3][-1]


CHECKPOINT = Checkpoint()


def pull(g: Any, node: Node) -> list[tuple[Node, Any]]:
    """The frontier nodes and their cotangents: run again, go back, and let the tapes below keep no more than before."""
    name, again, seen, level, indices, _ = node[3]
    reached: list[int] = []

    def cotangents() -> list[Any]:
        start = next(clock)
        with rewound(()) as memory:  # what the second run writes into plain arrays is taken back
            ys = again()
            nodes = new_nodes(ys, start).get(level, [])
            same = [p[INDEX] for p in frontier(nodes, start)] == list(indices)
            if not same or differ(fingerprint(ys), seen):
                raise RuntimeError(
                    f"checkpoint of {name}: run again in the backward pass it gave another value, so something that it "
                    "uses changed in between (a global, an array written in place, a file); pass that as an argument"
                )
            gs = g if len(nodes) > 1 else (g,)
            roots = zip(as_saved(nodes, memory.changes()), gs, strict=True)
            found = backward([(n, c) for n, c in roots if n is not None and c is not None], oldest=start)
        reached[:] = found
        return [found[i][1] for i in reached]

    cs = rerooted(name, cotangents, cotangents)
    parents = {p[INDEX]: p for p in node[FIRST_PARENT:]}
    return [(parents[i], c) for i, c in zip(reached, cs, strict=True)]


# ---- what a run left on the tapes ----------------------------------------------------------------------------------
def vars_in(y: Any) -> Iterator[Var]:
    """The `Var`s of every level that the value `y` is made of."""
    while isinstance(y, Traced) and type(y) is not Symbol:
        if type(y) is Var:
            yield y
        elif type(y) is Dual:
            yield from vars_in(y.tangent)
        y = y.value


def new_nodes(ys: list[Any], start: int) -> dict[float, list[Node]]:
    """The nodes of `ys` that are newer than `start`, by level, each once and in the order of the outputs."""
    found: dict[float, dict[int, Node]] = {}
    for y in ys:
        for v in vars_in(y):
            if v.node[INDEX] < start:
                found.setdefault(v.level, {})[v.node[INDEX]] = v.node
    return {level: list(nodes.values()) for level, nodes in found.items()}


def frontier(nodes: Iterable[Node], start: int) -> list[Node]:
    """The nodes older than `start` that the newer `nodes` lead to, oldest first."""
    waiting, seen, old = list(nodes), set(), {}
    while waiting:
        node = waiting.pop()
        if node[INDEX] > start:
            old[node[INDEX]] = node
        elif node[INDEX] not in seen:
            seen.add(node[INDEX])
            waiting += node[FIRST_PARENT:]
    return [old[i] for i in sorted(old, reverse=True)]


def with_nodes(y: Any, replaced: dict[int, Node]) -> Any:
    """The value `y` with its nodes replaced, at every level, by those with the same index in `replaced`."""
    if type(y) is Var:
        return new_var(with_nodes(y.value, replaced), y.level, replaced.get(y.node[INDEX], y.node))
    if type(y) is Dual:
        return new_dual(with_nodes(y.value, replaced), y.level, with_nodes(y.tangent, replaced))
    if type(y) is Batched:
        return new_batched(with_nodes(y.value, replaced), y.level)
    return y


def fingerprint(ys: list[Any]) -> list[tuple[Any, Any]]:
    """The sum of each watched output, and how far another may be from it: enough to notice another result."""
    arrays = [np.asarray(value_of(y)) for y in ys if isinstance(y, Traced) and type(value_of(y)) is not Aval]
    with np.errstate(all="ignore"):  # a sum may be taken in another order, hence the slack
        return [
            (v.sum(), np.finfo(v.dtype).eps ** 0.5 * np.abs(v).sum()) for v in arrays if v.dtype.kind in "fc"
        ]


def differ(a: list[tuple[Any, Any]], b: list[tuple[Any, Any]]) -> bool:
    return len(a) != len(b) or any(abs(x - y) > slack for (x, slack), (y, _) in zip(a, b, strict=True))
