"""Finite differences of a function along one direction, to hold a suspicion against: what is said must be true."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pycograd.core import aval_of, tree_leaves, value_of
from pycograd.transforms.replay import replayed

__all__ = ["moves", "two_slopes"]

STEPS = (1e-3, 3e-4, 1e-4)  # of finite differences, relative to the arguments


def moves(f: Any, run: Any) -> bool:
    """Whether the output of `f` is another one a little further on."""
    at = along(f, run)
    return any(at(step) != at(0.0) for step in (1e-2, -1e-2))


def two_slopes(f: Any, run: Any, gradients: Sequence[Any]) -> tuple[float, float] | None:
    """The slope of `f` along one direction by finite differences, and by the `gradients`, if they disagree; None too if
    the differences are too rough to tell, or if `f` is another function now: it draws random numbers.
    """
    at, directions = along(f, run), [direction(x) for x in run.selection.leaves]
    claimed = sum(float(np.vdot(g, d)) for g, d in zip(gradients, directions, strict=True))
    if not np.isclose(at(0.0), number(run.out), rtol=1e-9, atol=0.0):
        return None
    slopes = [(at(h) - at(-h)) / (2 * h) for h in STEPS]
    rough = max(slopes) - min(slopes)
    if abs(claimed - slopes[-1]) <= 5 * rough + 1e-3 * max(abs(claimed), abs(slopes[-1])):
        return None
    unit = directions[0].item() if len(directions) == directions[0].size == 1 else 1.0
    return slopes[-1] / unit, claimed / unit


def along(f: Any, run: Any) -> Callable[[float], float]:
    """The output of `f` at a step along one direction from the arguments of the `run`."""
    xs = run.selection.leaves

    def at(step: float) -> float:
        values = [moved(x, step * direction(x)) for x in xs]
        return number(replayed((f, xs), lambda: run.selection.call(f, values))())

    return at


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
