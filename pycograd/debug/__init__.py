"""Finding out what is wrong: derivatives checked against differences."""

from .check import GradientReport as GradientReport
from .check import check_grads as check_grads
