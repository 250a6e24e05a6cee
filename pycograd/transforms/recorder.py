"""Where the debugging layer, which lies above, looks over the shoulder of a transform, if it is asked to."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

__all__ = ["crashed", "decided", "failed", "recorder", "stale", "unreached"]

# Makes the recorder of one run of a function on a tape: (transform, level) -> an object that has
#   watch(x), unwatch(x)   around the inputs and outputs of the run
#   backward(roots)        in place of the tape's own
recorder: ContextVar[Callable[[str, float], Any] | None] = ContextVar("recorder", default=None)

failed: list[
    Callable[..., None]
] = []  # (f, selection, transform, roots, error, recorder): a backward pass raised
decided: list[
    Callable[..., None]
] = []  # (f, run, node, decisions, gradients): a function's first gradient is taken
unreached: list[Callable[..., None]] = []  # (f, selection): the output depends on no input
stale: list[Callable[..., str]] = []  # (f, selection) -> where a value of an earlier call was used
crashed: list[Callable[[Exception], None]] = []  # (error): it leaves a transform
