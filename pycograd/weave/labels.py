"""What woven code asks of containers with labels, where pandas and xarray would answer from plain numbers alone."""

import sys
from operator import attrgetter
from types import FunctionType
from typing import Any

import numpy as np

from pycograd.core import REGISTRY, Batched, Dual, Var
from pycograd.core.labelled import LABELLED, labelled, observers

from .handing import hand_on
from .kinds import TAKE_FUNCTIONS
from .selection import observers as choices

__all__ = ["product", "values"]


def values(x: Any) -> Any:
    """`x.values`."""
    known = LABELLED.get(type(x)) if type(x) in LABELLED else labelled(type(x))
    return x.values if known is None else known.values(x)


ARRAYS = frozenset([np.ndarray, Var, Dual, Batched])


def product(a: Any, b: Any) -> Any:
    """`a @ b`."""
    if type(a) in ARRAYS and type(b) in ARRAYS:
        return a @ b
    known = LABELLED.get(type(a)) or LABELLED.get(type(b))
    if known is not None:
        return known.product(a, b)
    for x, method, other in ((a, "__matmul__", b), (b, "__rmatmul__", a)):
        if type(x).__module__.startswith("scipy.sparse."):
            ours = REGISTRY.find(getattr(type(x), method))
            return a @ b if ours is None else ours(x, other)
    return a @ b


# The methods of containers that take functions of the user.
CALLERS = {
    "pandas": (
        "Series DataFrame api.typing.SeriesGroupBy api.typing.DataFrameGroupBy",
        "apply map agg aggregate transform pipe assign filter where mask",
    ),
    "xarray": ("DataArray Dataset", "pipe map assign reduce where groupby"),
}


def weave_again() -> None:
    """A package of containers was loaded: what was woven before did not ask."""
    for package, (classes, methods) in CALLERS.items():
        for cls in classes.split() if package in sys.modules else ():
            owner = attrgetter(cls)(sys.modules[package])
            for name in methods.split():
                function = getattr(owner, name, None)
                if type(function) is FunctionType and function not in TAKE_FUNCTIONS:
                    TAKE_FUNCTIONS[function] = hand_on(function)
    for observe in choices:
        observe()


observers.append(weave_again)
