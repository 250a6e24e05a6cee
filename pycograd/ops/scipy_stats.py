"""`scipy.stats`: loaded when a function or distribution of it is first met."""

from . import scipy_distributions, scipy_kde, scipy_statistics

__all__ = ["scipy_distributions", "scipy_kde", "scipy_statistics"]
