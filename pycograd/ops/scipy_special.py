"""`scipy.special`: loaded when a function of it is first met."""

from . import scipy_bessel, scipy_gamma, scipy_logarithms, scipy_softmax

__all__ = ["scipy_bessel", "scipy_gamma", "scipy_logarithms", "scipy_softmax"]
