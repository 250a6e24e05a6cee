"""Where the debugging layer, which lies above, looks over the shoulder of a transform: nothing while it is not asked."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

__all__ = ["failed", "recorder", "unreached"]

# Makes the recorder of one run of a function on a tape: (transform, level) -> an object that has
#   watch(x), unwatch(x)   around the inputs and outputs of the run
#   backward(roots)        in place of the tape's own
recorder: ContextVar[Callable[[str, float], Any] | None] = ContextVar("recorder", default=None)

failed: list[Callable[..., None]] = []  # (f, selection, transform, roots, error): a backward pass raised
unreached: list[Callable[..., None]] = []  # (f, selection): the output depends on no input
