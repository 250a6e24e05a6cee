"""pycograd differentiates the Python you already have."""

from . import ops
from .core import Var
