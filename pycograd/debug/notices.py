"""What is said when a transform goes wrong: it is run again in the recording mode, which knows the user's lines.

Nothing here runs while all is well.
"""

import contextlib
import io
import os
import warnings
from collections.abc import Callable
from typing import Any

from pycograd.core import (
    MutatedError,
    Traced,
    as_saved,
    hide_frames,
    is_ours,
    rewound,
    tree_leaves,
    user_frame,
)
from pycograd.core.lazy import optional
from pycograd.transforms.recorder import crashed, failed, stale
from pycograd.transforms.recording import Recording
from pycograd.transforms.replay import replayed

from .recording import Record, recorded, recording

__all__ = ["again", "debugger_asked", "replay_of", "stop_at"]


def again(f: Any, run: Callable[[], Any]) -> Any:
    """`run`, a second run of `f`, with the same random numbers, and silent; what it writes is taken back."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), rewound(()):
        warnings.simplefilter("ignore")
        return run()


def replay_of(f: Any, selection: Any) -> Callable[[], Any]:
    """A recorded run of `f` that draws from generators of random numbers without moving them on."""
    return replayed((f, selection.leaves), lambda: recorded(f, selection))


# ---- a value of an earlier call ------------------------------------------------------------------------------------
def place_of_stale(f: Any, selection: Any) -> str:
    """Where `f` uses a watched value that an earlier call left."""
    try:
        record = again(f, replay_of(f, selection)).record
    except Exception:
        return ""
    return f"at {record.stale}" if record.stale else ""


stale.append(place_of_stale)


# ---- a backward pass that raises -----------------------------------------------------------------------------------
def name_the_line(
    f: Any, selection: Any, transform: str, roots: Any, error: Exception, record: Record | None
) -> None:
    """Add to `error`, which a rule raised in the backward pass, the forward line of the rule's operation."""
    if record is not None:  # which has found it
        step = getattr(error, "step", None)
        if step is not None and debugger_asked():
            stop_at(f, selection, [s is step for s in record.steps].index(True))
            error.stopped = True  # type: ignore[attr-defined]
        return
    if any(isinstance(x, Traced) for x in selection.leaves):
        return  # an outer transform runs: its numbers are not ours to compute again
    try:
        run = again(f, replay_of(f, selection))
        nodes = [n for n in map(run.node_of, tree_leaves(run.out)) if n is not None]
        run.record.backward(list(zip(nodes, [g for _, g in roots])))
    except Exception as second:
        if type(second) is type(error):
            for note in getattr(second, "__notes__", ()):
                error.add_note(note)
        step = getattr(second, "step", None)
    else:
        return
    if step is not None and debugger_asked():
        stop_at(f, selection, [s is step for s in run.record.steps].index(True))
        error.stopped = True  # type: ignore[attr-defined]


failed.append(name_the_line)


def name_who_saved(
    f: Any, selection: Any, transform: str, roots: Any, error: Exception, record: Record | None
) -> None:
    """Say in a MutatedError where the array was saved."""
    if not isinstance(error, MutatedError) or any(isinstance(x, Traced) for x in selection.leaves):
        return
    if record is None:
        try:
            run = again(f, replay_of(f, selection))
            record = run.record
            as_saved([run.node_of(y) for y in tree_leaves(run.out)], run.changes)
        except MutatedError as second:
            error.index = second.index
        except Exception:  # the first run went well: this one is only there to find words
            return
    step = record.by_node.get(error.index) if record is not None else None
    if step is not None and step.site is not None:
        first, _, rest = error.args[0].partition("\n")
        error.args = (f"{first}\n  saved by {step.name} at {step.site}\n{rest}",)


failed.append(name_who_saved)


# ---- PYCOGRAD_ON_ERROR=pdb -----------------------------------------------------------------------------------------
def debugger_asked() -> bool:
    """Whether PYCOGRAD_ON_ERROR=pdb asks to stop at errors."""
    return os.environ.get("PYCOGRAD_ON_ERROR") == "pdb"


def stop_at(f: Any, selection: Any, number: int) -> None:
    """Run `f` again and stop in the debugger at the user's line of its operation `number`."""

    def look(record: Record, step: Any) -> None:
        if len(record.steps) == number + 1:
            debugger = users_debugger()
            debugger.reset()
            debugger.interaction(user_frame(), None)

    with recording(lambda transform, level: Record(transform, level, look)):
        Recording(f, selection, "grad")


def stop_on(error: Exception) -> None:
    """Stop in the debugger where `error` was raised, at the user's line, if PYCOGRAD_ON_ERROR=pdb asks for that."""
    if debugger_asked() and not getattr(error, "stopped", False):
        error.stopped = True  # type: ignore[attr-defined]
        hide_frames(error)
        if error.__traceback__ is not None:
            optional("pdb", "").post_mortem(error.__traceback__)


def users_debugger() -> Any:
    """A debugger to which our own frames are not there."""

    class Debugger(optional("pdb", "").Pdb):  # type: ignore[misc]
        def get_stack(self, frame: Any, traceback: Any) -> Any:
            stack, _ = super().get_stack(frame, traceback)
            stack = [entry for entry in stack if not is_ours(entry[0].f_code)]
            return stack, len(stack) - 1

    return Debugger()


crashed.append(stop_on)
