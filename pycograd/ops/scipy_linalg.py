"""`scipy.linalg`: loaded when a function of it is first met."""

from . import scipy_decompositions, scipy_matrix_functions, scipy_structured, scipy_systems

__all__ = ["scipy_decompositions", "scipy_matrix_functions", "scipy_structured", "scipy_systems"]
