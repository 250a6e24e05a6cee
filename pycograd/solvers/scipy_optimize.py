"""`scipy.optimize`: loaded when a function of it is first met."""

from . import minima, older_minima, programs, roots

__all__ = ["minima", "older_minima", "programs", "roots"]
