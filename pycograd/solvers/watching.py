"""Plain runs: a solver sees plain numbers, and we note which transforms watch what it asked for.

A function that a solver calls may close over watched values.  Around it stands `Watch.numbers`, which hands the solver
the plain numbers of each result.  Under vmap a result has the numbers of all examples; then the solver runs once for
each example, and sees that one.

A solver that such a function calls in turn need not differentiate what only its numbers are taken of.
"""

import copy
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np

from pycograd.core import (
    PLAIN,
    REGISTRY,
    Batched,
    BranchError,
    Dual,
    Handle,
    Symbol,
    Traced,
    Var,
    levels,
    new_batched,
    shape_of,
    told,
    tree_map,
)
from pycograd.transforms import stop_gradient
from pycograd.weave import woven

__all__ = ["Watch", "like", "with_value"]


class Unpicked(Exception):
    """A value that differs between the `n` examples of `level`, of which none is picked yet."""

    def __init__(self, level: float, n: int) -> None:
        self.level, self.n = level, n


around: ContextVar["Watch | None"] = ContextVar("around", default=None)  # the solver that calls this function


class Watch:
    """One call of a solver.

    levels  of the transforms that differentiate something that the solver asked for
    """

    def __init__(self) -> None:
        self.levels: set[float] = set()
        self._began = next(levels)
        outer = around.get()
        # level of a vmap -> the example that is picked; of what an outer solver looks at, it picks one
        self._at: dict[float, int] = dict(outer._at) if outer else {}
        self._unpicked: Unpicked | None = None
        self._batches: dict[float, int] = {}  # level of a vmap -> the number of its examples

    @property
    def order(self) -> int:
        """The highest order of derivative that can be asked of the result: each transform asks for one.

        None, if an outer solver takes its numbers, and is itself within all those transforms.
        """
        outer = around.get()
        return 0 if outer and all(level < outer._began for level in self.levels) else len(self.levels)

    @property
    def batched(self) -> bool:
        """Whether the plain run was one for each example of a batch."""
        return bool(self._batches)

    @property
    def example(self) -> tuple[Any, ...]:
        """Which example runs now, of each vmap."""
        return tuple(sorted(self._at.items()))

    def plain(self, x: Any) -> Any:
        """The plain numbers of `x`, a value or a tree of values."""
        if type(x) in PLAIN:
            return x
        return self._peeled(x) if isinstance(x, Traced) else tree_map(self._peeled, x)

    def _peeled(self, x: Any) -> Any:
        while isinstance(x, Traced):
            if isinstance(x, Handle):
                x = x.current()
            elif type(x) is Batched:
                x = self._picked(x)
            elif type(x) is Symbol:
                raise BranchError(
                    told(
                        f"a solver needs numbers, and a captured value {x.aval} has none",
                        fix="call the solver outside of the captured function",
                    )
                )
            else:
                if type(x) is Var or type(x) is Dual:
                    self.levels.add(x.level)
                x = x.value
        return x

    def _picked(self, x: Batched) -> Any:
        if x.level not in self._at:
            self._unpicked = Unpicked(x.level, shape_of(x.value)[0])
            raise self._unpicked
        return x.value[self._at[x.level]]

    def numbers(self, f: Callable[..., Any] | None) -> Any:
        """`f`, woven, with plain numbers for results; None if there is none."""
        if f is None:
            return None
        seen = woven(f)

        def numbers(*args: Any, **params: Any) -> Any:
            token = around.set(self)
            try:
                return self.plain(seen(*args, **params))
            finally:
                around.reset(token)

        numbers.__dict__.update(getattr(f, "__dict__", {}))  # `terminal` and the like
        numbers.__wrapped__ = f  # type: ignore[attr-defined]  # scipy may ask for its signature
        return numbers

    def run(self, solve: Callable[[], Any]) -> Any:
        """What `solve` returns, a tree with plain numbers; under vmap once for each example, the arrays stacked."""
        for level, n in self._batches.items():
            if level not in self._at:
                return self._each(level, n, solve)
        try:
            found = solve()
        except Exception as error:
            unpicked, self._unpicked = self._unpicked, None  # a solver may raise another error in its place
            if unpicked is None or isinstance(error, BranchError):
                raise
        else:
            if (outer := around.get()) is not None:
                outer.levels |= {level for level in self.levels if level < outer._began}
            return found
        self._batches[unpicked.level] = unpicked.n
        return self._each(unpicked.level, unpicked.n, solve)

    def _each(self, level: float, n: int, solve: Callable[[], Any]) -> Any:
        results = []
        for i in range(n):
            self._at[level] = i
            results.append(self.run(solve))
        del self._at[level]
        return tree_map(lambda *ys: examples(ys, level), *results)


def examples(ys: tuple[Any, ...], level: float) -> Any:
    """The results of all examples as one value: numbers and arrays stacked, records by entries, functions as one."""
    first = ys[0]
    if any(isinstance(y, PerExample) for y in ys):  # of a vmap inside
        return PerExample(ys)
    if isinstance(first, dict):  # scipy's results
        whole = copy.copy(first)
        for key in whole:
            whole[key] = tree_map(lambda *vs: examples(vs, level), *[y[key] for y in ys])
        return whole
    if isinstance(first, (np.ndarray, np.generic, Traced, int, float, complex)):
        same = len({shape_of(y) for y in ys}) == 1
        return new_batched(np.stack(ys), level) if same else PerExample(ys)
    if callable(first):
        return lambda *args: examples(tuple([y(*args) for y in ys]), level)
    return first if all(y is first or y == first for y in ys) else PerExample(ys)


class PerExample(list[Any]):
    """What the examples have of different shapes, or a text that differs: one entry for each; a leaf of pytrees."""


def with_value(y: Any, value: Any) -> Any:
    """`value`, a constant, with the derivatives of `y`."""
    return like(value + (y - stop_gradient(y)), value)


def like(y: Any, value: Any) -> Any:
    """The watched `y` as the kind of number that `value` is: a Python float, a number or an array of numpy's."""
    if type(value) is float:
        return REGISTRY[float](y)
    return REGISTRY[np.asarray](y) if type(value) is np.ndarray and not value.ndim else y
