"""A gradient that is exactly zero, in all arguments or in one, because functions without a slope stand in its way."""

import inspect
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from pycograd.core import Traced, ZeroGradientWarning, callee_text, warn
from pycograd.core.decisions import Decisions
from pycograd.core.node import INDEX
from pycograd.core.saved import behind
from pycograd.transforms.edge import described
from pycograd.transforms.recorder import decided, unreached

from .causes import OFTEN, ends_of, reached_from
from .differences import moves
from .notices import again, replay_of
from .recording import TEXT, End

__all__ = ["IN_PLACE", "look_into_arguments", "look_into_zero"]

LIMIT = 1024
COMPARED = frozenset(["greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "sign"])
TAKING = frozenset("int round floor ceil trunc rint fix floor_divide argmax argmin argsort".split())
SMOOTH = "a smooth function in its place, or pycograd.stop_gradient if zero is meant"
IN_PLACE = (
    "scipy.optimize.brentq(f, a, b) in place of the search, or minimize_scalar(f): both have a derivative"
)
seen: dict[int, Any] = {}  # code objects whose zero gradient was looked into, by id


def look_into_zero(f: Any, selection: Any) -> None:
    """Warn if the way from the inputs to the output of `f` goes through a function without a slope; once per `f`."""
    if not first_time(f) or any(isinstance(x, Traced) for x in selection.leaves):
        return
    try:
        run = again(f, replay_of(f, selection))
    except Exception:  # the first run went well: this one is only there to find words
        return
    found = ends_for(run, range(len(run.inputs)))
    told = [end for end in found if end.what != TEXT]
    if not told and found and again(f, lambda: moves(f, run)):  # a text may just be printed
        told = found
    if told:
        times = Counter([end.site for end in run.record.ends if end.what in COMPARED])
        fix = IN_PLACE if max(times.values(), default=0) >= OFTEN else SMOOTH
        tell(f"the gradient of {described(f)} is exactly zero", told, fix)


def look_into_arguments(f: Any, run: Any, node: Any, decisions: Decisions, gradients: Sequence[Any]) -> None:
    """Warn if numbers are taken out of one of the arguments of `f`, and nothing else comes of it; once per `f`."""
    if run.record is not None or all(np.any(g) for g in gradients):
        return
    used = behind([node])
    inputs = enumerate(zip(run.inputs, run.selection.leaves, strict=True))
    zero = [i for i, (n, x) in inputs if n[INDEX] not in used and np.asarray(x).dtype.kind == "f"]
    if not zero or not first_time(f):
        return
    try:
        second = again(f, replay_of(f, run.selection))
    except Exception:
        return
    found = [end for end in ends_for(second, zero) if taken_by(end) in TAKING]
    if found:
        tell(f"the gradient of {described(f)} is exactly zero in one of its arguments", found, SMOOTH)


unreached.append(look_into_zero)
decided.append(look_into_arguments)


def first_time(f: Any) -> bool:
    code = getattr(inspect.unwrap(f) if callable(f) else f, "__code__", None)
    if code is None or id(code) in seen:
        return False
    if len(seen) >= LIMIT:
        seen.clear()
    seen[id(code)] = code
    return True


def ends_for(run: Any, inputs: Sequence[int]) -> list[End]:
    """The places in the user's code where the gradients of those of the inputs end; not where that is meant."""
    reached = reached_from(run.record, [n[INDEX] for n in run.inputs])
    found = [end for i in inputs for end in ends_of(run.record, reached, run.inputs[i][INDEX])]
    return [end for end in found if end.site and end.what != "stop_gradient"]


def taken_by(end: End) -> str:
    """The function that took the plain numbers of a value."""
    return end.what or (callee_text(end.site.text).rpartition(".")[2] if end.site else "")


def tell(what: str, ends: Sequence[End], fix: str) -> None:
    places = "\n  ".join(dict.fromkeys([f"the gradient ends at {end.site}" for end in ends]))
    warn(f"{what}\n  {places}\n  fix: {fix}", ZeroGradientWarning)
