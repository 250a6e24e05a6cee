"""`scipy.special`: loaded when a function of it is first met."""

from . import (
    scipy_bessel,
    scipy_cdfs,
    scipy_gamma,
    scipy_incomplete,
    scipy_logarithms,
    scipy_softmax,
    scipy_waves,
)

__all__ = [
    "scipy_bessel",
    "scipy_cdfs",
    "scipy_gamma",
    "scipy_incomplete",
    "scipy_logarithms",
    "scipy_softmax",
    "scipy_waves",
]
