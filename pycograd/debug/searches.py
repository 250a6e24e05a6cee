"""A number that a loop finds by comparisons alone, as bisection does: its part of the gradient is missing.

Looked for in the first gradients of a function.  A comparison is suspicious if it goes now one way and now the other,
on values that are used for nothing else; whether a part is missing, finite differences say, so that nobody is warned of
a loop that is right.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from pycograd.core import warn
from pycograd.core.catalogue import SearchWarning
from pycograd.core.decisions import RUNS, Decisions
from pycograd.core.saved import behind
from pycograd.transforms.edge import described
from pycograd.transforms.recorder import decided

from .causes import OFTEN
from .differences import two_slopes
from .notices import again
from .zeros import IN_PLACE

__all__ = ["look_into_searches"]


def look_into_searches(f: Any, run: Any, node: Any, decisions: Decisions, gradients: Sequence[Any]) -> None:
    """Warn if a search by comparisons hides a part of the gradient of `f`; `node` is that of its output."""
    if decisions.count < OFTEN or run.record is not None:  # a record tells whoever asked for it
        return
    sites = [(text, entries) for text, entries in decisions.sites.values() if of_both(entries)]
    used = behind([node]) if sites else {}
    found = {}
    for text, entries in sites:
        mine = [answer for level, index, answer in entries if level == run.level and index not in used]
        if wanders(mine):
            found[text] = len(mine)
    if not found:
        return
    decisions.runs[1] -= RUNS // 2  # each look costs some runs of `f`
    try:
        said = again(f, lambda: two_slopes(f, run, gradients))
    except Exception:  # the first run went well: these are only there to know more
        return
    if said is not None:
        decisions.runs[1] = 0
        text = max(found, key=found.__getitem__)
        one = len(gradients) == np.size(gradients[0]) == 1
        along = "the derivative is" if one else "along one line the slope is"
        warn(
            f"a part of the gradient of {described(f)} is lost in a search by comparisons at {text}\n"
            f"  {found[text]} times values are compared there that are used for nothing else: no gradient passes\n"
            f"  {along} {said[0]:.6g} by finite differences, {said[1]:.6g} by the gradient\n"
            f"  fix: {IN_PLACE}",
            SearchWarning,
        )


decided.append(look_into_searches)


def of_both(entries: Sequence[Any]) -> bool:
    """Whether there may be enough answers of both kinds."""
    return len(entries) >= OFTEN and 2 <= sum([answer for *_, answer in entries]) <= len(entries) - 2


def wanders(answers: Sequence[bool]) -> bool:
    """Whether there are many answers, and of both kinds some that follow on their like: a loop that ends, or steps that
    are rejected now and then, have but one of a kind at a time.
    """
    doubles = {a for a, b in pairwise(answers) if a == b}
    return len(answers) >= OFTEN and len(doubles) == 2
