"""The operations: one entry each, all its rules in it, in the file of its kind."""

from . import arithmetic, carriers, comparison, complex, convolution, creation, einsum, exponential, indexing, joining, methods, movement, operators, padding, products, queries, ranges, rearranging, reductions, rounding, scalars, selection, splitting, trigonometric, ufuncs  # noqa: F401,E501
