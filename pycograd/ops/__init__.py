"""The operations: one entry each, all its rules in it, in the file of its kind.

`pycograd.ops.exp` is what stands for `np.exp`: every operation is found here by numpy's name.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import REGISTRY
from pycograd.core.labelled import MODULES

from . import arithmetic as arithmetic
from . import calculus as calculus
from . import carriers as carriers
from . import comparison as comparison
from . import complex as complex
from . import complex_mathematics as complex_mathematics
from . import contraction as contraction
from . import convolution as convolution
from . import counting as counting
from . import creation as creation
from . import decompositions as decompositions
from . import diagonals as diagonals
from . import elements as elements
from . import exponential as exponential
from . import fft as fft
from . import indexing as indexing
from . import interpolation as interpolation
from . import joining as joining
from . import least_squares as least_squares
from . import linalg as linalg
from . import mathematics as mathematics
from . import matrices as matrices
from . import methods as methods
from . import movement as movement
from . import nan_reductions as nan_reductions
from . import norms as norms
from . import operators as operators
from . import padding as padding
from . import parts as parts
from . import places as places
from . import polynomials as polynomials
from . import positions as positions
from . import products as products
from . import quantiles as quantiles
from . import queries as queries
from . import ranges as ranges
from . import rearranging as rearranging
from . import reductions as reductions
from . import rounding as rounding
from . import scalars as scalars
from . import scans as scans
from . import selection as selection
from . import sorting as sorting
from . import splitting as splitting
from . import statistics as statistics
from . import svd_and_qr as svd_and_qr
from . import trigonometric as trigonometric
from . import ufuncs as ufuncs
from . import writers as writers
from . import writing as writing

REGISTRY.lazy["scipy.fft"] = "pycograd.ops.scipy_fft"
REGISTRY.lazy["statistics"] = "pycograd.ops.python_statistics"
REGISTRY.lazy["numpy.random"] = "pycograd.ops.random_draws"
REGISTRY.lazy["scipy.special"] = "pycograd.ops.scipy_special"
REGISTRY.lazy["scipy.linalg"] = "pycograd.ops.scipy_linalg"
REGISTRY.lazy["scipy.stats"] = "pycograd.ops.scipy_stats"
REGISTRY.lazy["scipy.interpolate"] = "pycograd.ops.scipy_interpolate"
REGISTRY.lazy["scipy.signal"] = "pycograd.ops.scipy_signal"
REGISTRY.lazy["scipy.ndimage"] = "pycograd.ops.scipy_resampling"
REGISTRY.lazy["scipy.sparse"] = "pycograd.ops.scipy_sparse"
REGISTRY.lazy["scipy.spatial.distance"] = "pycograd.ops.scipy_distance"
REGISTRY.lazy["scipy._lib.array_api_extra"] = "pycograd.ops.scipy_updates"
REGISTRY.lazy["scipy._external.array_api_extra"] = "pycograd.ops.scipy_updates"
REGISTRY.lazy["numpy.polynomial.polynomial"] = "pycograd.ops.polynomial_series"
MODULES["pandas"] = "pycograd.ops.pandas_labels"
MODULES["xarray"] = "pycograd.ops.xarray_labels"


def __getattr__(name: str) -> Callable[..., Any]:
    func = getattr(np, name, None)
    found = None if func is None else REGISTRY.find(func)
    if found is None:
        raise AttributeError(f"pycograd has no operation {name}")
    return found
