"""Weaving: the user's function, compiled anew from its own source so that its calls reach what is differentiable."""

from . import callables as callables
from . import handing as handing
from . import numpys_texts as numpys_texts
from . import standard as standard
from .kinds import takes_function as takes_function
from .resolve import resolve_call as resolve_call
from .resolve import woven as woven
from .specials import look as look
from .tracer import AutodiffTracer as AutodiffTracer
from .tracer import event_mode as event_mode
from .unwoven import reason_of as reason_of
from .weaving import unweave as unweave
from .weaving import unwoven_reason as unwoven_reason
from .weaving import weave as weave
from .weaving import weaving as weaving
