"""`scipy.integrate`: loaded when a function of it is first met."""

from . import ode, quadrature

__all__ = ["ode", "quadrature"]
