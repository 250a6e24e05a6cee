"""One row of the table of laws: an operation, its inputs, its parameters.  The harness multiplies it by the laws."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pycograd.core import REGISTRY


@dataclass
class Row:
    """`func(*inputs, **params)`, or `call(*inputs)` where the arrays are not simply the first arguments.

    func       numpy's (or math's, scipy's) function: what the registry check counts as covered
    inputs     arrays (or Python floats); float and complex ones are differentiated, the others are not
    exempt     law (a key of `harness.LAWS`) -> the reason, in a sentence, why this row cannot obey it; printed and
               counted, and a row that obeys it all the same fails
    covers     further functions that this row tests (aliases, methods by name such as "ndarray.sum")
    complex    whether to try the row with complex128 inputs as well
    expected   the inputs lie on a kink: no finite differences there, these are the gradients of the sum of the output
    order      the highest order of derivative to try
    tolerance  of derivatives, relative: finite differences of step 1e-5 are right to 1e-9 times the third derivative
    """

    func: Any
    inputs: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)
    call: Callable[..., Any] | None = None
    exempt: dict[str, str] = field(default_factory=dict)
    covers: tuple[Any, ...] = ()
    complex: bool = False
    expected: tuple[Any, ...] | None = None
    order: int = 2
    tolerance: float = 1e-6

    def __call__(self, *xs: Any) -> Any:
        return self.call(*xs) if self.call else self.func(*xs, **self.params)

    def ours(self, *xs: Any) -> Any:
        """The same by the registry: what woven code calls."""
        func = REGISTRY.find(self.func) if self.call is None else None
        return func(*xs, **self.params) if func else self(*xs)

    @property
    def name(self) -> str:
        name = getattr(self.func, "__name__", type(self.func).__name__)
        shapes = ",".join(
            str(np.shape(x)) if isinstance(x, np.ndarray) else type(x).__name__ for x in self.inputs
        )
        params = ",".join(f"{k}={str(v)[:20]}" for k, v in self.params.items())
        return f"{name}:{shapes}:{params}".replace(" ", "").replace("\n", "").strip(":")


def row(
    func: Any,
    *inputs: Any,
    call=None,
    exempt=None,
    covers=(),
    complex=False,
    expected=None,
    order=2,
    tolerance=1e-6,
    **params,
):
    """A row as one writes it: `row(np.sum, normal(3, 4), axis=1)`."""
    if not isinstance(order, int):  # numpy's own keyword
        params["order"], order = order, 2
    return Row(func, inputs, params, call, exempt or {}, tuple(covers), complex, expected, order, tolerance)


# ---- inputs ----------------------------------------------------------------------------------------------
FREE: dict[int, np.ndarray] = {}  # by id: arrays whose elements may trade places and stay a valid input


def free(x: np.ndarray) -> np.ndarray:
    FREE[id(x)] = x
    return x


def _seed(shape: tuple[int, ...]) -> np.random.Generator:
    return np.random.default_rng([len(shape), *shape, 7])


def normal(*shape: int) -> np.ndarray:
    """Standard normal numbers, the same for the same shape."""
    return free(_seed(shape).standard_normal(shape))


def positive(*shape: int) -> np.ndarray:
    """Numbers in [0.5, 2)."""
    return free(_seed(shape).uniform(0.5, 2.0, shape))


def unit(*shape: int) -> np.ndarray:
    """Numbers in (-0.9, 0.9)."""
    return free(_seed(shape).uniform(-0.9, 0.9, shape))


def distinct(*shape: int) -> np.ndarray:
    """Numbers at least 0.1 apart, shuffled: no ties, and no order changes under a small step."""
    n = int(np.prod(shape))
    return free((_seed(shape).permutation(n) * 0.1 - 0.05 * n + 0.03).reshape(shape))


def spd(n: int, *lead: int) -> np.ndarray:
    """Symmetric positive definite matrices."""
    a = normal(*lead, n, n)
    return a @ np.swapaxes(a, -1, -2) + n * np.eye(n)
