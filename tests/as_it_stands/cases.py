"""What a case of the corpus is, and the one number that is differentiated."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A function, the inputs it is called with, and which of them the gradient is asked of."""

    function: Callable
    inputs: tuple
    argnums: Any = 0
    source: str = ""
    name: str = field(default="")

    def __str__(self):
        return self.name


def case(function, *inputs, argnums=0, source=""):
    """A case; the gradient is asked of the first input unless `argnums` says otherwise."""
    name = f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"
    return Case(function, inputs, argnums, source, name)


def objective(function):
    """`function` itself if it returns a number; of an array, a fixed weighted sum, so that no row can cancel."""

    def value(*inputs):
        out = function(*inputs)
        if np.ndim(out) == 0:
            return out
        weights = np.cos(np.arange(1.0, 1.0 + np.size(out))).reshape(np.shape(out))
        return np.sum(weights * out)

    return value
