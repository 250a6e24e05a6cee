"""What a case of the corpus is, and the one number that is differentiated."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A function, the inputs it is called with, and which of them the gradient is asked of."""

    function: Callable
    inputs: tuple
    argnums: Any
    source: str
    name: str
    weights: np.ndarray | None  # None if the function returns a number

    def __str__(self):
        return self.name


def case(function, *inputs, argnums=0, source=""):
    """A case; the gradient is asked of the first input unless `argnums` says otherwise."""
    out = function(*copy.deepcopy(inputs))
    weights = np.cos(np.arange(1.0, 1.0 + np.size(out))).reshape(np.shape(out)) if np.ndim(out) else None
    name = f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"
    return Case(function, inputs, argnums, source, name, weights)


def objective(case):
    """The function itself if it returns a number; of an array, a fixed weighted sum, so that no row can cancel."""
    function, weights = case.function, case.weights
    if weights is None:
        return function

    def value(*inputs):
        return np.sum(weights * function(*inputs))

    return value
