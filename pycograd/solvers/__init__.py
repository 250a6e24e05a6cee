"""Solvers: what an iteration found, differentiated by the equation that it solves.  scipy's own are registered here."""

from pycograd.core import REGISTRY

from .implicit import fixed_point as fixed_point
from .implicit import minimum as minimum
from .implicit import root as root

REGISTRY.lazy["scipy.integrate"] = "pycograd.solvers.scipy_integrate"
REGISTRY.lazy["scipy.optimize"] = "pycograd.solvers.scipy_optimize"
