"""The operations: one entry each, all its rules in it, in the file of its kind."""

from . import arithmetic, calculus, carriers, comparison, complex, convolution, counting, creation, diagonals, einsum, exponential, indexing, interpolation, joining, methods, movement, nan_reductions, operators, padding, polynomials, products, quantiles, queries, ranges, rearranging, reductions, rounding, scalars, scans, selection, sorting, splitting, statistics, trigonometric, ufuncs  # noqa: F401,E501
