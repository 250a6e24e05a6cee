"""The notation of notebooks: `params{...}` and `|>`, lowered to plain Python when a cell is compiled."""

from .lowering import lower as lower
from .stages import apply as apply
from .stages import block as block
from .stages import compose as compose
