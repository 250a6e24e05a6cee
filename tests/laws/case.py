"""A row of the table at given inputs: what a law is tried on."""

from typing import Any

import numpy as np
from laws.row import Row

from pycograd.core import Handle, aval_of, pullback


class Case:
    """A row at `inputs`: `f` takes its differentiable inputs `xs` to the tuple of its floating outputs."""

    def __init__(self, row: Row, inputs: Any = None) -> None:
        self.row = row
        self.inputs = list(row.inputs if inputs is None else inputs)
        self.at = [i for i, x in enumerate(self.inputs) if floating(x)]
        self.xs = [self.inputs[i] for i in self.at]
        self.y = row(*self.inputs)
        self.out = [i for i, y in enumerate(leaves(self.y)) if floating(y)]
        self.ys = [leaves(self.y)[i] for i in self.out]
        rng = np.random.default_rng(0)
        self.vs, self.us = ([randoms(rng, x) for x in self.xs] for _ in "vu")
        self.gs, self.ws = ([np.where(np.isfinite(y), randoms(rng, y), 0)[()] for y in self.ys] for _ in "gw")

    def full(self, xs: Any) -> list[Any]:
        """All inputs of the row, with `xs` for the differentiable ones."""
        inputs = list(self.inputs)
        for i, x in zip(self.at, xs, strict=True):
            inputs[i] = x
        return inputs

    def f(self, *xs: Any) -> tuple[Any, ...]:
        ys = leaves(self.row.ours(*self.full(xs)))
        return tuple(ys[i] for i in self.out)

    def numpys(self, *xs: Any) -> list[Any]:
        ys = leaves(self.row(*self.full(xs)))
        return [ys[i] for i in self.out]

    def gradient(self, *args: Any) -> tuple[Any, ...]:
        """The gradients of sum(g * y), as a function of the inputs and the cotangents g."""
        n = len(self.xs)
        return tuple(pullback(self.f, *args[:n])[1](args[n:]))


def leaves(y: Any) -> list[Any]:
    """The arrays in the output `y` of a function; one that it has written, as it is then."""
    if isinstance(y, (list, tuple)):
        return [v for each in y for v in leaves(each)]
    return [y.current() if isinstance(y, Handle) else y]


def floating(x: Any) -> bool:
    return isinstance(x, (float, complex)) or (
        isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"
    )


def randoms(rng: np.random.Generator, x: Any) -> Any:
    """A random direction (or cotangent) of the type of `x`."""
    shape, dtype = aval_of(x)
    v = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        v = v + 1j * rng.standard_normal(shape)
    return dtype(v) if isinstance(dtype, type) else np.asarray(v, dtype)[()]


def cast(x: Any, dtype: Any) -> Any:
    """`x` in the precision of `dtype`, if it is a floating array."""
    if not (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"):
        return x
    return x.astype(
        np.result_type(dtype, np.complex64) if x.dtype.kind == "c" != np.dtype(dtype).kind else dtype
    )


def is_integers(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind in "iub" and x.ndim > 0
