"""Comparisons, logic and tests of kind: their results are plain booleans, watched only under vmap and capture."""

import operator

import numpy as np

from pycograd.core.decisions import decide

from .families import arrayed, composite, constant

greater = constant(np.greater, operands="a b", operator=operator.gt)
greater_equal = constant(np.greater_equal, operands="a b", operator=operator.ge)
less = constant(np.less, operands="a b", operator=operator.lt)
less_equal = constant(np.less_equal, operands="a b", operator=operator.le)
equal = constant(np.equal, operands="a b", operator=operator.eq)
not_equal = constant(np.not_equal, operands="a b", operator=operator.ne)
logical_and = constant(np.logical_and, operands="a b")
logical_or = constant(np.logical_or, operands="a b")
logical_xor = constant(np.logical_xor, operands="a b")
logical_not = constant(np.logical_not)
for _prim in (greater, greater_equal, less, less_equal, equal, not_equal):
    _prim.dispatch = _prim.operator.dispatch = decide
isfinite = constant(np.isfinite)
isinf = constant(np.isinf)
isnan = constant(np.isnan)
isnat = constant(np.isnat)
isposinf = constant(np.isposinf, dtype=lambda d: bool)
isneginf = constant(np.isneginf, dtype=lambda d: bool)
isreal = constant(np.isreal, dtype=lambda d: bool)
iscomplex = constant(np.iscomplex, dtype=lambda d: bool)


@composite(np.isclose)
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """`np.isclose`."""
    a, b = arrayed(a), arrayed(b)
    with np.errstate(invalid="ignore"):  # inf - inf
        near = np.where(np.isfinite(b), np.abs(a - b) <= atol + rtol * np.abs(b), a == b)
    return np.logical_or(near, np.logical_and(a != a, b != b)) if equal_nan else near
