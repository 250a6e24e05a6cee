"""What comparisons of watched numbers decided, where somebody asks: a search for a number by comparisons alone, as
bisection is, loses the gradient without a trace on the tape.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from .aval import PLAIN
from .errors import place_of, user_frame
from .primitive import dispatch
from .tape import Var

__all__ = ["RUNS", "Decisions", "decide", "decide_sign", "look_at"]

RUNS = 8  # of a function that are watched: what it closes over may differ
LIMIT = 4096  # comparisons that one run is watched for, and functions that are remembered

# The level and index of the newer of the nodes that were compared, and the answer.
Entry = tuple[float, int, bool]
watching: dict[int, "Decisions"] = {}
# Code objects, and classes of callable objects, by id: [the object, how many runs are to be watched yet].
looked: dict[int, list[Any]] = {}


class Decisions:
    """While it lasts comparisons are noted, with the place in the user's code: context manager of one run.

    sites  place in the code -> (its text, what was compared there, oldest first)
    runs   the function, and how many runs of it are to be watched yet
    """

    __slots__ = ("count", "runs", "sites")

    def __init__(self, runs: list[Any]) -> None:
        self.runs = runs
        self.sites: dict[tuple[int, int], tuple[str, list[Entry]]] = {}
        self.count = 0

    def __enter__(self) -> "Decisions":
        watching[id(self)] = self
        return self

    def __exit__(self, *_: object) -> None:
        del watching[id(self)]

    def note(self, args: Any, answer: bool) -> None:
        newest = min([(a.node[0], a.level) for a in args if type(a) is Var], default=None)
        frame = user_frame()
        if newest is None or frame is None:
            return
        self.count += 1
        site = id(frame.f_code), frame.f_lasti
        if site not in self.sites:
            self.sites[site] = place_of(frame).removeprefix(" at "), []
        self.sites[site][1].append((newest[1], newest[0], answer))


def look_at(f: Any, leaves: Sequence[Any]) -> Decisions | None:
    """What a run of `f` on plain `leaves` is watched with, the first few times; then None."""
    while type(f) is partial:
        f = f.func
    code = getattr(f, "__code__", None) or type(f)
    known = looked.get(id(code))
    if known is None:
        if len(looked) >= LIMIT:
            looked.clear()
        known = looked[id(code)] = [code, RUNS]
    if known[1] <= 0 or not PLAIN.issuperset(map(type, leaves)):
        return None
    known[1] -= 1
    return Decisions(known)


def decide(prim: Any, a: Any, b: Any, **params: Any) -> Any:
    """The general path of a comparison: on values of tapes alone, that of their numbers."""
    x, y = a.value if type(a) is Var else a, b.value if type(b) is Var else b
    if type(x) not in PLAIN or type(y) not in PLAIN or params:
        return dispatch(prim, a, b, **params)
    try:
        answer = prim.impl(x, y)
    except ValueError:
        return dispatch(prim, a, b)  # which says what is wrong
    if watching:
        note((a, b), answer)
    return answer


def decide_sign(prim: Any, x: Any, **params: Any) -> Any:
    """The same for `np.sign`, whose results somebody compares."""
    y = dispatch(prim, x, **params)
    if watching:
        note((x,), y)
    return y


def note(args: Any, answer: Any) -> None:
    """Note the first element of what `args` gave."""
    first = answer.flat[0] if type(answer) is np.ndarray and answer.size else answer
    if isinstance(first, (bool, np.bool_, float, np.floating)):  # else another transform watches it
        for log in list(watching.values()):
            if log.count < LIMIT:
                log.note(args, bool(first > 0))
