"""Births: arrays made in woven code become handles, so that what is stored in them later is seen.

Which ones is read off the text (`uses.py`): an array that is only read stays plain and costs nothing.
"""

import sys
from typing import Any

import numpy as np

from pycograd.core import buffer_of
from pycograd.core.memories import unobserved

__all__ = ["born", "owned"]

ALONE = 0


def born(y: Any) -> Any:
    """The new array `y` as a handle; anything else, a watched value too, as it is."""
    return buffer_of(y, own=y.base is None) if type(y) is np.ndarray else y


def owned(y: Any) -> Any:
    """The array `y` as a handle if nobody else has it, as counting the references to it tells."""
    if type(y) is np.ndarray and y.base is None and sys.getrefcount(y) <= ALONE:
        return buffer_of(y)
    return y


def references(y: Any) -> int:
    return sys.getrefcount(y)


ALONE = unobserved(references(np.empty(1)), 2)
