"""A number that a loop finds by comparisons alone, as bisection does: its part of the gradient is missing.

Looked for in the first gradients of a function.  A comparison is suspicious if it goes now one way and now the other,
on values that are used for nothing else; whether a part is missing, finite differences say, so that nobody is warned of
a loop that is right.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from pycograd.core import aval_of, tree_leaves, value_of, warn
from pycograd.core.catalogue import SearchWarning
from pycograd.core.decisions import RUNS, Decisions
from pycograd.core.saved import behind
from pycograd.transforms.arguments import described
from pycograd.transforms.recorder import decided
from pycograd.transforms.replay import replayed

from .causes import OFTEN
from .notices import IN_PLACE, again

__all__ = ["look_into_searches"]

STEPS = (1e-3, 3e-4, 1e-4)  # of finite differences, relative to the arguments


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


def two_slopes(f: Any, run: Any, gradients: Sequence[Any]) -> tuple[float, float] | None:
    """The slope of `f` along one direction by finite differences, and by the `gradients`, if they disagree; None too if
    the differences are too rough to tell, or if `f` is another function now: it draws random numbers.
    """
    xs = run.selection.leaves
    directions = [direction(x) for x in xs]
    claimed = sum(float(np.vdot(g, d)) for g, d in zip(gradients, directions, strict=True))

    def at(step: float) -> float:
        values = [moved(x, step * d) for x, d in zip(xs, directions, strict=True)]
        return number(replayed((f, xs), lambda: run.selection.call(f, values))())

    if not np.isclose(at(0.0), number(run.out), rtol=1e-9, atol=0.0):
        return None
    slopes = [(at(h) - at(-h)) / (2 * h) for h in STEPS]
    rough = max(slopes) - min(slopes)
    if abs(claimed - slopes[-1]) <= 5 * rough + 1e-3 * max(abs(claimed), abs(slopes[-1])):
        return None
    unit = directions[0].item() if len(xs) == directions[0].size == 1 else 1.0
    return slopes[-1] / unit, claimed / unit


def number(out: Any) -> float:
    """What a function returned, without its aux."""
    return float(np.asarray(value_of(tree_leaves(out)[0])).reshape(()))


def direction(x: Any) -> Any:
    """A way to go from `x`, in proportion to its size; integers stay what they are."""
    if np.dtype(aval_of(x).dtype).kind != "f":
        return np.zeros(np.shape(x))
    size = np.abs(np.asarray(x, float))
    size = np.where(size > 0, size, np.max(size, initial=0.0) or 1.0)
    return np.asarray(size * np.random.default_rng(0).uniform(0.5, 1.0, np.shape(x)))


def moved(x: Any, step: Any) -> Any:
    """`x`, a step further, of its type."""
    if not np.any(step):
        return x
    return (x + step).astype(x.dtype) if isinstance(x, np.ndarray) else type(x)(x + step)
