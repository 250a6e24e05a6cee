"""The operations: one entry each, all its rules in it, in the file of its kind."""

from . import arithmetic, calculus, carriers, comparison, complex, convolution, counting, creation, decompositions, diagonals, einsum, exponential, fft, indexing, interpolation, joining, least_squares, linalg, mathematics, matrices, methods, movement, nan_reductions, norms, operators, padding, polynomials, positions, products, quantiles, queries, ranges, rearranging, reductions, rounding, scalars, scans, selection, sorting, splitting, statistics, svd_and_qr, trigonometric, ufuncs  # noqa: F401,E501
