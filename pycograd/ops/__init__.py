"""The operations: one entry each, all its rules in it, in the file of its kind.

`pycograd.ops.exp` is what stands for `np.exp`: every operation is found here by numpy's name.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import REGISTRY

from . import  as 

REGISTRY.lazy["scipy.special"] = "pycograd.ops.scipy_special"
REGISTRY.lazy["numpy.polynomial.polynomial"] = "pycograd.ops.polynomial_series"


def __getattr__(name: str) -> Callable[..., Any]:
    func = getattr(np, name, None)
    found = None if func is None else REGISTRY.find(func)
    if found is None:
        raise AttributeError(f"pycograd has no operation {name}")
    return found
