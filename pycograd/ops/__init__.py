"""The operations: one entry each, all its rules in it, in the file of its kind."""

from pycograd.core import REGISTRY

from . import arithmetic, calculus, carriers, comparison, complex, convolution, counting, creation, decompositions, diagonals, einsum, exponential, fft, indexing, interpolation, joining, least_squares, linalg, mathematics, matrices, methods, movement, nan_reductions, norms, operators, padding, places, polynomials, positions, products, quantiles, queries, ranges, rearranging, reductions, rounding, scalars, scans, selection, sorting, special_math, splitting, statistics, svd_and_qr, trigonometric, ufuncs, writers, writing  # noqa: F401,E501

REGISTRY.lazy["scipy.special"] = "pycograd.ops.scipy_special"
REGISTRY.lazy["numpy.polynomial.polynomial"] = "pycograd.ops.polynomial_series"
