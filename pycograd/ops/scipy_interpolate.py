"""`scipy.interpolate`: loaded when a function or class of it is first met."""

from . import scipy_grids, scipy_piecewise, scipy_scattered, scipy_splines

__all__ = ["scipy_grids", "scipy_piecewise", "scipy_scattered", "scipy_splines"]
