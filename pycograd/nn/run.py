"""A run of training: what happens around its rounds, which are the epochs of `fit` and the steps of `train`."""

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pycograd.core import LossError, Traced, aval_of, is_ambient, told, tree_flatten, tree_paths, value_of
from pycograd.core.traced import finite

from .ambient import globals_of, within
from .early import EarlyStop
from .history import History
from .lbfgs import LBFGS
from .optimizers import optimizer_of
from .saving import load, refuse_others, save
from .weights import ParamDict

__all__ = ["Moment", "Run", "advance", "checked_loss"]


@dataclass
class Moment:
    """What a callback is told after a round.

    round    how many rounds are done
    loss     the loss of this one
    weights, opt, history  as they are now
    """

    round: int
    loss: float
    weights: Any
    opt: Any
    history: History


class Run:
    """The state of a run: what its rounds have left so far, and what it needs to be taken up again.

    weights, opt  what is trained, and how
    metrics       name -> function of no arguments, asked after each round
    callbacks     functions of a `Moment`, called after each round; True stops the run
    early_stop    an `EarlyStop`
    save_to       a file that is written after every `save_every` rounds, and at the end
    rngs          numpy Generators whose state belongs to the run
    """

    def __init__(
        self,
        unit: str,
        weights: Any,
        opt: Any,
        metrics: Mapping[str, Callable[[], Any]] | None,
        callbacks: Iterable[Callable[[Moment], Any]],
        early_stop: EarlyStop | None,
        save_to: Any,
        save_every: int,
        rngs: Iterable[Any],
    ) -> None:
        if not isinstance(weights, ParamDict):
            raise TypeError(
                told(
                    f"weights are a ParamDict, not a {type(weights).__name__}",
                    fix="weights = params(w=..., b=...)",
                )
            )
        self.unit, self.weights = unit, weights
        self.opt = optimizer_of("fit" if unit == "epoch" else "train", opt)
        self.metrics, self.callbacks = dict(metrics or {}), list(callbacks)
        self.rngs = [rngs] if isinstance(rngs, np.random.Generator) else list(rngs)
        self.history = History(metrics={name: [] for name in self.metrics}, unit=unit)
        self.early_stop, self.save_to, self.save_every = early_stop, save_to, save_every
        self.stopped = False
        if save_to is not None:  # now, and not when the work is done
            refuse_others("save", self.opt)
        if save_every < 1:
            raise ValueError(f"save_every must be at least one {unit}, not {save_every}")
        for rng in self.rngs:
            if not isinstance(rng, np.random.Generator):
                raise TypeError(
                    told(
                        f"rngs holds a {type(rng).__name__}, no Generator", fix="np.random.default_rng(seed)"
                    )
                )
        if early_stop is not None:
            early_stop.start()
            if early_stop.metric not in (None, *self.metrics):
                known = ", ".join(self.metrics) or "none"
                raise ValueError(
                    told(
                        f"EarlyStop watches the metric {early_stop.metric!r}, and there are: {known}",
                        fix=f"metrics={{{early_stop.metric!r}: function}}",
                    )
                )

    # ---- a round ---------------------------------------------------------------------------------------------------
    def observe(self, loss: float) -> None:
        """Take note of a round: its loss, its metrics, and whether it is time to stop."""
        self.history.append(loss)
        for name, metric in self.metrics.items():
            with within(self.weights, self.weights._names(), globals_of(metric)):
                self.history.metrics[name].append(number_of(name, metric()))
        if self.early_stop is not None:
            watched = self.early_stop.metric
            value = loss if watched is None else self.history.metrics[watched][-1]
            self.stopped = self.early_stop.seen(value, self.weights) or self.stopped

    def finish(self, *callbacks: Callable[[Moment], Any]) -> bool:
        """Tell the callbacks, save if it is time to; whether to stop."""
        moment = Moment(len(self.history), self.history[-1], self.weights, self.opt, self.history)
        for callback in (*self.callbacks, *callbacks):
            if callback(moment) is True:
                self.stopped = True
        if self.save_to is not None and not self.stopped and len(self.history) % self.save_every == 0:
            self.save()
        return self.stopped

    def end(self) -> None:
        """Save, to be taken up where the run is now; then put the best parameters back, if they were kept."""
        if self.save_to is not None:
            self.save()
        if self.early_stop is not None:
            self.early_stop.put_back(self.weights)

    # ---- taken up again --------------------------------------------------------------------------------------------
    def save(self) -> None:
        """Write all that the run needs to be taken up again."""
        early = self.early_stop
        said = {
            "unit": self.unit, "losses": list(self.history), "metrics": self.history.metrics, "stopped": self.stopped,
            "rngs": [state_of(rng) for rng in self.rngs],
            "early_stop": None if early is None else {"best": early.best, "waited": early.waited},
        }  # fmt: skip
        more = {} if early is None else {f"best/{name}": a for name, a in early.kept.items()}
        save(self.save_to, self.weights, self.opt, said, more)

    def resume(self) -> None:
        """Take up what the file has; nothing happens if there is none yet."""
        if self.save_to is None:
            raise ValueError(told("resume=True of a run that is not saved", fix="save_to=path"))
        if not os.path.exists(self.save_to):
            return
        said, more = load(self.save_to, self.weights, self.opt, self._check)
        self.history = History(said["losses"], said["metrics"], self.unit)
        self.stopped = said["stopped"]
        for rng, state in zip(self.rngs, said["rngs"], strict=True):
            rng.bit_generator.state = state
        if self.early_stop is not None:
            self.early_stop.best, self.early_stop.waited = (
                said["early_stop"]["best"],
                said["early_stop"]["waited"],
            )
            self.early_stop.kept = {name.removeprefix("best/"): a for name, a in more.items()}

    def _check(self, said: Any) -> None:
        """Raise ValueError, before anything is changed, if the file has another kind of run."""
        mine = {
            "unit": self.unit, "metrics": sorted(self.metrics), "rngs": [kind_of(state_of(r)) for r in self.rngs],
            "early_stop": self.early_stop is not None,
        }  # fmt: skip
        theirs = None if said is None else {
            "unit": said["unit"], "metrics": sorted(said["metrics"]), "rngs": [kind_of(s) for s in said["rngs"]],
            "early_stop": said["early_stop"] is not None,
        }  # fmt: skip
        if theirs is None:
            why = "it has parameters alone"
        else:
            why = "; ".join([f"{k}: {theirs[k]} there, {mine[k]} here" for k in mine if mine[k] != theirs[k]])
        if why:
            raise ValueError(
                told(
                    f"resume: {self.save_to} was not saved by a run like this one: {why}",
                    fix="the same call, or another file",
                )
            )


def state_of(rng: Any) -> Any:
    """What JSON can say of the state of a generator."""
    return json.loads(json.dumps(rng.bit_generator.state, default=lambda x: np.asarray(x).tolist()))


def kind_of(state: Any) -> str:
    return str(state["bit_generator"])


def number_of(name: str, value: Any) -> float:
    """What the metric `name` returned, as a number."""
    found = np.asarray(value_of(value))
    if found.size != 1 or found.dtype.kind not in "biuf":
        raise TypeError(
            told(
                f"the metric {name!r} is one real number, not {aval_of(found)}",
                fix="np.mean of it, or a metric for each",
            )
        )
    return float(found.reshape(()))


# ---- a step --------------------------------------------------------------------------------------------------------
def checked_loss(value: Any, grads: Any, when: str) -> float:
    """The loss as a float; raises LossError, naming the time, if it or a gradient is nan or infinite."""
    if isinstance(value, Traced):
        raise TypeError(
            told(
                "training inside a transform",
                fix="weights.grad and sgd_update step by step: they are differentiated",
            )
        )
    loss = float(np.asarray(value).reshape(()))
    wrong = [] if math.isfinite(loss) else [f"the loss is {loss}"]
    if not wrong:
        leaves = tree_flatten(grads, whole=True)[0]
        if all([g is None or finite(g) for g in leaves]):
            return loss
        names = [
            name for name, g in zip(tree_paths(grads), leaves, strict=True) if g is not None and not finite(g)
        ]
        wrong = [
            f"the loss is {loss}, and the gradient of {' and of '.join(map(repr, names))} is not finite,"
        ]
    raise LossError(
        told(
            f"{wrong[0]} at {when}",
            "the parameters are as they were before this step",
            fix="a smaller learning rate, or clip_grad_norm; `with pycograd.debug():` around this names the operation",
        )
    )


def advance(weights: Any, opt: Any, value: Any, grads: Any, objective: Any, args: tuple[Any, ...]) -> None:
    """One step of the optimizer, which may ask for the loss elsewhere."""
    if not (isinstance(opt, LBFGS) and opt.search):
        weights.step(grads, opt)
        return

    def evaluate(new: Any) -> tuple[Any, Any]:
        here = [(p, p.now()) for p in tree_flatten(weights, whole=True)[0] if is_ambient(p) and p.trainable]
        weights._take(new)
        try:
            return weights.grad(objective, *args)
        finally:
            for p, value in here:
                p.value = value

    weights._take(opt.step(weights, grads, value, evaluate))
