"""The notation of notebooks: `params{...}` and `|>`, lowered to plain Python when a cell is compiled."""

from .extension import load_ipython_extension as load_ipython_extension
from .extension import offer as offer
from .extension import unload_ipython_extension as unload_ipython_extension
from .files import enable_imports as enable_imports
from .lowering import lower as lower
from .stages import apply as apply
from .stages import block as block
from .stages import compose as compose
