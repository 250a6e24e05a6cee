"""Finding out what is wrong: explained gradients, checked derivatives, values looked at as they pass."""

from . import notices as notices
from . import searches as searches
from . import zeros as zeros
from .aids import hook as hook
from .aids import watch as watch
from .check import GradientReport as GradientReport
from .check import check_grads as check_grads
from .explain import explain as explain
from .explain import print_saved as print_saved
from .explain import why_zero as why_zero
from .mode import debug as debug
