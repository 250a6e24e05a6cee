"""Functions that numpy dispatches and that are plain Python: their own text is woven, as that of `texts.py` is."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from pycograd.core import REGISTRY, current_of
from pycograd.ops.families import about

from .resolve import resolve_call

__all__: list[str] = []


EMATH = "sqrt log log2 log10 logn power arccos arcsin arctanh".split()


def by_text(func: Any) -> None:
    """Register `func`, which runs a Python function of numpy's."""
    text: Callable[..., Any] = func._implementation

    @wraps(text)
    def call(*args: Any, **params: Any) -> Any:
        y = resolve_call(text)(*args, **params)
        return tuple(map(current_of, y)) if isinstance(y, tuple) else current_of(y)

    REGISTRY[func] = call


for _name in "histogram2d histogramdd i0 polydiv real_if_close setdiff1d setxor1d trim_zeros union1d".split():
    by_text(getattr(np, _name))
for _name in EMATH:
    by_text(getattr(np.emath, _name))
by_text(np.intersect1d)
REGISTRY[np.einsum_path] = about(np.einsum_path)
