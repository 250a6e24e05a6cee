"""A table of the parameters of a model and the type of what it returns."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import optree

from pycograd.core import Ambient, aval_of
from pycograd.core.trees import NAMESPACE

from .shapes import ShapeDtypeStruct, eval_shape, is_shape

__all__ = ["Row", "Summary", "summary"]


class Row(NamedTuple):
    """One parameter: its name, its shape, how many numbers it holds, whether it is trained."""

    name: str
    shape: tuple[int, ...]
    size: int
    trainable: bool


class Summary(NamedTuple):
    """The parameters of a model, row by row, and the type of what it returns; `print` shows it as a table."""

    rows: list[Row]
    output: Any

    @property
    def total(self) -> int:
        """How many numbers all parameters hold."""
        return sum(row.size for row in self.rows)

    @property
    def trainable(self) -> int:
        """How many of them are trained."""
        return sum(row.size for row in self.rows if row.trainable)

    def __repr__(self) -> str:
        return f"Summary({len(self.rows)} parameters, {self.trainable} of {self.total} numbers trained, {self.output})"

    def __str__(self) -> str:
        cells = [(r.name + " (frozen)" * (not r.trainable), str(r.shape), str(r.size)) for r in self.rows]
        table = [("parameter", "shape", "count"), *cells]
        left, middle, right = (max(len(row[i]) for row in table) for i in range(3))
        lines = [f"{a:<{left}}  {b:<{middle}}  {c:>{right}}" for a, b, c in table]
        lines.insert(1, "-" * len(lines[0]))
        return "\n".join(
            [*lines, f"output: {self.output}", f"trainable params: {self.trainable}  (total: {self.total})"]
        )


def summary(
    fn: Callable[..., Any], params: Any, *input_shapes: Any, print_fn: Callable[[str], Any] | None = print
) -> Summary:
    """The parameters of the model `fn(params, *inputs)` and the type of its output, which is not computed.

    params        a pytree of arrays or `Param`s
    input_shapes  for each input a tuple of integers, the shape of a float64 array; or a `ShapeDtypeStruct`, an array, a
                  pytree of them
    print_fn      gets the table as text; None for silence

    >>> weights = {"w": np.zeros((3, 4)), "b": np.zeros(4)}
    >>> found = summary(lambda p, x: x @ p["w"] + p["b"], weights, (5, 3))
    parameter  shape   count
    ------------------------
    b          (4,)        4
    w          (3, 4)     12
    output: f64[5,4]
    trainable params: 16  (total: 16)
    >>> found.total
    16
    """
    args = [ShapeDtypeStruct(s) if is_shape(s) else s for s in input_shapes]
    found = Summary(rows_of(params), eval_shape(fn, params, *args))
    if print_fn:
        print_fn(str(found))
    return found


def rows_of(params: Any) -> list[Row]:
    """A row for each leaf that holds numbers, named by the way to it: `layers.0.w`."""
    paths, leaves, _ = optree.tree_flatten_with_path(
        params, is_leaf=lambda x: isinstance(x, Ambient), none_is_leaf=True, namespace=NAMESPACE
    )
    rows = []
    for path, leaf in zip(paths, leaves, strict=True):
        trainable = leaf.differentiable() if isinstance(leaf, Ambient) else True
        if isinstance(leaf, Ambient | np.ndarray | np.generic | int | float | complex):
            aval = aval_of(leaf)
            rows.append(Row(".".join(map(str, path)) or "params", aval.shape, aval.size, trainable))
    return rows
