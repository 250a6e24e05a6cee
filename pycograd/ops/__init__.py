"""The operations: one entry each, all its rules in it, in the file of its kind."""

from . import arithmetic, comparison, complex, creation, exponential, indexing, movement, operators, products, queries, reductions, rounding, selection, trigonometric, ufuncs  # noqa: F401,E501
