"""What a run of training leaves: its losses and metrics, which draw themselves."""

from typing import Any

from pycograd.core.lazy import optional

__all__ = ["History", "Trained"]


class History(list[float]):
    """The loss of each round, an epoch or a step, in a list; `metrics` has a list of each other number, by its name.

    >>> history = History([4.0, 1.0])
    >>> history.metrics["accuracy"] = [0.5, 0.75]
    >>> history, history[-1]
    (History([4.0, 1.0], accuracy=[0.5, 0.75]), 1.0)
    """

    def __init__(self, losses: Any = (), metrics: Any = None, unit: str = "epoch") -> None:
        super().__init__(losses)
        self.metrics: dict[str, list[float]] = dict(metrics or {})
        self.unit = unit

    def __repr__(self) -> str:
        more = "".join([f", {name}={values}" for name, values in self.metrics.items()])
        return f"History({super().__repr__()}{more})"

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses, and the metrics in units of their own on the right; the matplotlib axes are returned.

        ax  where to draw; by default in a new figure
        The losses are drawn on a logarithmic scale if they fall by more than a factor of 100.  A metric whose name has
        "loss" in it is drawn beside the loss.
        """
        if ax is None:
            _, ax = optional("matplotlib.pyplot", "plot").subplots()
        losses = {"loss": list(self)} | {k: v for k, v in self.metrics.items() if "loss" in k}
        others = {k: v for k, v in self.metrics.items() if k not in losses}
        lines = []
        for name, values in losses.items():
            lines += ax.plot(range(1, len(values) + 1), values, label=name)
        ax.set_xlabel(self.unit)
        ax.set_ylabel("loss")
        drawn = [v for values in losses.values() for v in values]
        if drawn and min(drawn) > 0 and max(drawn) > 100 * min(drawn):
            ax.set_yscale("log")
        front = ax
        if others:
            front = ax.twinx()
            front.set_ylabel(", ".join(others))
            for i, (name, values) in enumerate(others.items(), len(lines)):
                lines += front.plot(range(1, len(values) + 1), values, "--", color=f"C{i}", label=name)
        if len(lines) > 1:  # in front of both axes' lines, and mostly between what falls and what rises
            front.legend(handles=lines, loc="center right" if others else "best")
        ax.xaxis.get_major_locator().set_params(integer=True)
        return ax


class Trained(tuple[float, float]):
    """The first and the last loss of a run of `train`, which is the pair; `history` has all."""

    history: History

    def __new__(cls, history: History) -> "Trained":
        found = super().__new__(cls, (history[0], history[-1]))
        found.history = history
        return found
