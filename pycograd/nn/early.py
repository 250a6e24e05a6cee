"""Stopping before the end: when what is watched has not got better for a while."""

import math
from typing import Any

from pycograd.core import is_ambient, tree_flatten, tree_paths

__all__ = ["EarlyStop"]


class EarlyStop:
    """Stops a run when what it watches has not got better for `patience` rounds.

    patience   how many rounds, epochs or steps, without a better one
    min_delta  by how much a round must be better to count
    metric     which metric to watch; the loss by default
    maximize   whether more is better
    restore    put the parameters of the best round back at the end

    >>> stop = EarlyStop(patience=2)
    >>> [stop.seen(loss, {}) for loss in (3.0, 2.0, 2.5, 2.1, 1.0)]
    [False, False, False, True, False]
    """

    def __init__(
        self,
        patience: int = 10,
        min_delta: float = 0.0,
        metric: str | None = None,
        maximize: bool = False,
        restore: bool = True,
    ) -> None:
        if patience < 1:
            raise ValueError(f"EarlyStop: patience must be at least one round, not {patience}")
        self.patience, self.min_delta, self.metric = patience, min_delta, metric
        self.maximize, self.restore = maximize, restore
        self.start()

    def start(self) -> None:
        """Forget what was seen."""
        self.best, self.waited = -math.inf if self.maximize else math.inf, 0
        self.kept: dict[str, Any] = {}

    def seen(self, value: float, weights: Any) -> bool:
        """Take note of a round; whether to stop."""
        better = value - self.best if self.maximize else self.best - value
        if better > self.min_delta:
            self.best, self.waited = value, 0
            if self.restore:
                self.kept = {name: p.now().copy() for name, p in parameters(weights)}
            return False
        self.waited += 1
        return self.waited >= self.patience

    def put_back(self, weights: Any) -> None:
        """The parameters of the best round, if they were kept."""
        for name, p in parameters(weights):
            if name in self.kept:
                p.value = self.kept[name]


def parameters(weights: Any) -> list[tuple[str, Any]]:
    leaves = tree_flatten(weights, whole=True)[0]
    return [(name, p) for name, p in zip(tree_paths(weights), leaves, strict=True) if is_ambient(p)]
