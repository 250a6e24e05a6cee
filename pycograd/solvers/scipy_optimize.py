"""`scipy.optimize`: loaded when a function of it is first met."""

from . import minima, roots

__all__ = ["minima", "roots"]
