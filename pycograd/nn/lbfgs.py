"""L-BFGS: a quasi-Newton direction from the last few steps, and a line search along it where the loss can be asked."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import is_ambient, told, tree_unflatten
from pycograd.transforms.descent import like

from .optimizers import Optimizer, Schedule, matched

__all__ = ["LBFGS"]

ARMIJO, WOLFE = 1e-4, 0.9  # Nocedal & Wright 2006, section 3.1
TRIALS = 20


class LBFGS(Optimizer):
    """L-BFGS (Liu & Nocedal 1989; Nocedal & Wright 2006, algorithm 7.4), on the whole batch.

    lr       the length of a step in units of the quasi-Newton one; without a search, the first is scaled down to a
             change of at most `lr` in all elements together
    history  how many steps are remembered
    search   whether `train` looks for a length that satisfies the Wolfe conditions, which takes more evaluations; a
             bare `step` has only the gradient, and cannot
    For parameters of real numbers: raises ValueError for complex ones.

    >>> opt, x = LBFGS(), np.array([3.0, -2.0])
    >>> for _ in range(12):
    ...     x = opt.step(x, 2 * x)
    >>> bool(np.linalg.norm(x) < 1e-6)
    True
    """

    def __init__(self, lr: Schedule = 1.0, history: int = 10, search: bool = True) -> None:
        if history < 1:
            raise ValueError(f"LBFGS: history must be at least one step, not {history}")
        super().__init__(lr)
        self.history, self.search = history, search

    def step(
        self,
        params: Any,
        grads: Any,
        value: Any = None,
        evaluate: Callable[[Any], tuple[Any, Any]] | None = None,
    ) -> Any:
        """New parameters; see `Optimizer.step`.

        value     the loss at `params`
        evaluate  params -> (loss, gradients), with which a search is made
        """
        xs, gs, structure = matched("LBFGS.step", params, grads)
        at = [i for i, g in enumerate(gs) if g is not None]
        if not at:
            return params
        values = [xs[i].current() if is_ambient(xs[i]) else xs[i] for i in at]
        x, g = in_line(values), in_line([gs[i] for i in at])
        if x.dtype.kind == "c" or g.dtype.kind == "c":
            raise ValueError(
                told(
                    "LBFGS: the parameters are complex, and its directions are of real numbers",
                    fix="Adam, or SGD",
                )
            )
        self.begin(1, structure)
        self.t += 1

        def put(x: Any) -> Any:
            new = list(xs)
            for i, v in zip(at, apart(x, values), strict=True):
                new[i] = xs[i].holding(v) if is_ambient(xs[i]) else v
            return tree_unflatten(structure, new)

        assert self.slots is not None
        slot = self.slots[0]
        remember(slot, x, g, self.history)
        d = direction(slot, g)
        length = self.rate() * (1.0 if len(slot["s"]) else min(1.0, 1.0 / max(np.sum(np.abs(g)), 1e-300)))
        if evaluate is not None and self.search:

            def along(length: float) -> tuple[float, float]:
                loss, grads = evaluate(put(x + length * d))
                return float(loss), float(in_line([matched("", params, grads)[1][i] for i in at]) @ d)

            length = wolfe(along, float(value), float(g @ d), length)
            if not length:  # the directions remembered lead nowhere: along the gradient next
                slot["s"] = slot["y"] = np.zeros((0, x.size), x.dtype)
        slot["x"], slot["g"] = x, g
        return put(x + length * d)


def in_line(leaves: list[Any]) -> Any:
    return np.concatenate([np.ravel(x) for x in leaves])


def apart(x: Any, values: list[Any]) -> list[Any]:
    """The parts of `x` that belong to each leaf, of its shape and dtype."""
    ends = np.cumsum([np.size(v) for v in values])[:-1]
    return [like(v, part.reshape(np.shape(v))) for v, part in zip(values, np.split(x, ends), strict=True)]


def remember(slot: dict[str, Any], x: Any, g: Any, history: int) -> None:
    """Add the last step and what it did to the gradient, unless the curvature along it is not positive."""
    if not slot:
        slot["s"] = slot["y"] = np.zeros((0, x.size), x.dtype)
        return
    s, y = x - slot["x"], g - slot["g"]
    if s @ y > 1e-10 * (y @ y):
        slot["s"] = np.concatenate([slot["s"], s[None]])[-history:]
        slot["y"] = np.concatenate([slot["y"], y[None]])[-history:]


def direction(slot: dict[str, Any], g: Any) -> Any:
    """Minus the inverse Hessian, as the remembered steps have it, times the gradient: the two-loop recursion."""
    pairs = list(zip(slot["s"], slot["y"], strict=True))
    q, taken = -g, []
    for s, y in reversed(pairs):
        a = (s @ q) / (s @ y)
        taken.append(a)
        q = q - a * y
    if pairs:
        s, y = pairs[-1]
        q = q * ((s @ y) / (y @ y))
    for (s, y), a in zip(pairs, reversed(taken), strict=True):
        q = q + (a - (y @ q) / (s @ y)) * s
    return q


def wolfe(along: Callable[[float], tuple[float, float]], value: float, slope: float, length: float) -> float:
    """A length at which the loss has fallen enough and its slope has flattened; by doubling, then by halving.

    along  length -> (loss, slope)
    The best length tried if none satisfies both conditions, zero if none lowers the loss.
    """
    low, high = 0.0, np.inf
    best, least = 0.0, value
    for _ in range(TRIALS):
        loss, there = along(length)
        if loss < least:
            best, least = length, loss
        if not loss <= value + ARMIJO * length * slope:  # a nan too
            high = length
        elif there < WOLFE * slope:
            low = length
        else:
            return length
        length = 2 * length if high == np.inf else 0.5 * (low + high)
    return best
