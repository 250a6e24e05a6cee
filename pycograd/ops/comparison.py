"""Comparisons, logic and tests of kind: their results are plain booleans, watched only under vmap and capture."""

import operator

import numpy as np

from .families import constant

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
isfinite = constant(np.isfinite)
isinf = constant(np.isinf)
isnan = constant(np.isnan)
isnat = constant(np.isnat)
isposinf = constant(np.isposinf, dtype=lambda d: bool)
isneginf = constant(np.isneginf, dtype=lambda d: bool)
isreal = constant(np.isreal, dtype=lambda d: bool)
iscomplex = constant(np.iscomplex, dtype=lambda d: bool)
isclose = constant(np.isclose, operands="a b", dtype=lambda d, e: bool)
