"""Training: `train` takes steps on one objective, `fit` goes through data in batches, again and again."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pycograd.core import told, value_of
from pycograd.transforms.edge import at_the_edge

from .data import DataLoader
from .early import EarlyStop
from .history import History, Trained
from .objective import asked, not_yet
from .progress import bar_of
from .run import Moment, Run, advance, checked_loss

__all__ = ["accuracy", "fit", "train"]


@at_the_edge
def train(
    weights: Any,
    objective: Callable[[], Any],
    steps: int,
    opt: Any,
    *,
    backend: Any = None,
    jit: bool = False,
    metrics: Mapping[str, Callable[[], Any]] | None = None,
    callbacks: Iterable[Callable[[Moment], Any]] = (),
    early_stop: EarlyStop | None = None,
    save_to: Any = None,
    save_every: int = 100,
    resume: bool = False,
    rngs: Iterable[Any] = (),
    progress: bool | None = None,
) -> Trained:
    """Take `steps` steps of `opt` along the gradient of `objective`: the first and the last loss.

    objective   a function of no arguments, as `weights.grad` takes it
    opt         an optimizer, or a learning rate
    metrics     name -> function of no arguments, asked at each step, before it is taken
    callbacks   functions of a `Moment`, called after each step; True stops
    early_stop  an `EarlyStop`
    save_to     a file to resume from, written every `save_every` steps and at the end: with `resume=True` the run goes
                on from it, to the same bits as if it had not been broken off
    rngs        numpy Generators that the objective draws from, whose state is saved
    progress    a bar (tqdm): True, False, or None for where somebody looks
    The losses are those before each step; the pair has a `history` of all, which draws itself: `.history.plot()`.
    Raises LossError, a FloatingPointError, if the loss or a gradient is nan or infinite; the parameters stay as they
    were before that step.

    >>> from pycograd import Adam, params
    >>> weights = params(w=np.array([3.0, -1.0]))
    >>> first, last = train(weights, lambda: np.sum(weights.w ** 2), 200, Adam(0.1))
    >>> first, last < 1e-3
    (10.0, True)
    """
    not_yet(jit=jit, backend=backend)
    if steps < 1:
        raise ValueError(f"train: steps must be at least 1, not {steps}")
    asked("train", objective, of="no arguments, as train calls it")
    run = Run("step", weights, opt, metrics, callbacks, early_stop, save_to, save_every, rngs)
    if resume:
        run.resume()
    with bar_of(steps, len(run.history), "step", progress) as bar:
        while len(run.history) < steps and not run.stopped:
            value, grads = weights.grad(objective)
            loss = checked_loss(value, grads, f"step {len(run.history) + 1} of {steps}")
            run.observe(loss)
            if run.stopped:
                break
            advance(weights, run.opt, value, grads, objective, ())
            shown(bar, loss)
            run.finish()
    run.end()
    return Trained(run.history)


@at_the_edge
def fit(
    weights: Any,
    objective: Callable[[Any], Any],
    *arrays: Any,
    epochs: int,
    opt: Any,
    batch_size: int | None = None,
    shuffle: bool = True,
    rng: Any = None,
    backend: Any = None,
    jit: bool = False,
    on_epoch: Callable[[int, float], Any] | None = None,
    metrics: Mapping[str, Callable[[], Any]] | None = None,
    callbacks: Iterable[Callable[[Moment], Any]] = (),
    early_stop: EarlyStop | None = None,
    save_to: Any = None,
    save_every: int = 1,
    resume: bool = False,
    rngs: Iterable[Any] = (),
    progress: bool | None = None,
) -> History:
    """Go through `arrays` in batches, `epochs` times, one step of `opt` for each batch: the mean loss of each epoch.

    objective   a function of a batch: a bare array for one array, one tuple for several
    arrays      with one example per row; or one `DataLoader`, which has a batch size of its own
    batch_size  all examples in one batch by default
    rng         what shuffles: a numpy Generator, or a seed for one
    on_epoch    called with the number of the epoch, from 0, and its loss; True stops
    The other keywords are those of `train`, where a round is an epoch: `save_every` counts them, and metrics and
    callbacks come after each.  The means are weighted by the sizes of the batches.
    Raises ValueError for lengths that differ and for a batch size beside a DataLoader; LossError for a loss that is nan
    or infinite, naming step, epoch and batch.

    >>> from pycograd import SGD, params
    >>> x = np.linspace(-1, 1, 32)
    >>> weights = params(slope=0.0)
    >>> def loss(batch):
    ...     x, y = batch
    ...     return np.mean((weights.slope * x - y) ** 2)
    >>> history = fit(weights, loss, x, 3 * x, epochs=20, opt=SGD(0.5), batch_size=8, rng=0)
    >>> len(history), history[-1] < 1e-3
    (20, True)
    """
    not_yet(jit=jit, backend=backend)
    if epochs < 1:
        raise ValueError(f"fit: epochs must be at least 1, not {epochs}")
    loader = loader_of(arrays, batch_size, shuffle, rng)
    count = 2 if loader.window is not None else len(loader.arrays)
    of = "one argument, the batch" + (f", which is a tuple of {count} arrays" if count > 1 else "")
    asked("fit", objective, loader.arrays, of=of)
    shuffling = [loader.rng] if loader.shuffle else []
    run = Run("epoch", weights, opt, metrics, callbacks, early_stop, save_to, save_every, [*shuffling, *rngs])
    if resume:
        run.resume()
    told_epoch = [] if on_epoch is None else [lambda moment: on_epoch(moment.round - 1, moment.loss)]
    with bar_of(epochs, len(run.history), "epoch", progress) as bar:
        while len(run.history) < epochs and not run.stopped:
            losses, sizes = [], []
            for k, batch in enumerate(loader):
                value, grads = weights.grad(objective, batch)
                done, step = len(run.history), len(run.history) * len(loader) + k + 1
                when = f"step {step} (epoch {done + 1} of {epochs}, batch {k + 1} of {len(loader)})"
                losses.append(checked_loss(value, grads, when))
                sizes.append(len(batch[0] if isinstance(batch, tuple) else batch))
                advance(weights, run.opt, value, grads, objective, (batch,))
            loss = float(np.average(losses, weights=sizes))
            shown(bar, loss)
            run.observe(loss)
            run.finish(*told_epoch)
    run.end()
    return run.history


def loader_of(arrays: tuple[Any, ...], batch_size: int | None, shuffle: bool, rng: Any) -> DataLoader:
    if not arrays:
        raise ValueError(told("fit without data", fix="fit(weights, objective, x, y, ...); train for none"))
    if len(arrays) == 1 and isinstance(arrays[0], DataLoader):
        (loader,) = arrays
        if batch_size is not None:
            raise ValueError(
                told(
                    f"fit: batch_size={batch_size} beside a DataLoader, which has its own, {loader.batch_size}",
                    fix="leave one of them out",
                )
            )
    else:
        size = max([len(np.atleast_1d(a)) for a in arrays] + [1]) if batch_size is None else batch_size
        loader = DataLoader(*arrays, batch_size=size, shuffle=shuffle, rng=rng)
    if not len(loader):
        raise ValueError(
            told(
                f"fit: no batch of {loader.batch_size} in {loader.examples} examples",
                fix="a smaller batch_size, or drop_last=False",
            )
        )
    return loader


def shown(bar: Any, loss: float) -> None:
    bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
    bar.update()


@at_the_edge
def accuracy(logits: Any, labels: Any, axis: int = -1) -> float:
    """The share of examples whose greatest logit is that of their label.

    logits  any shape, with the classes along `axis`
    labels  integers, of the shape of `logits` without that axis; or one-hot, of its whole shape
    Raises ValueError for other shapes, for a label out of range, and for no examples.

    >>> accuracy(np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]]), np.array([0, 1, 1]))
    0.6666666666666666
    """
    logits, labels = np.asarray(value_of(logits)), np.asarray(value_of(labels))
    guess = np.argmax(logits, axis=axis)
    if labels.shape == logits.shape:
        labels = np.argmax(labels, axis=axis)
    elif labels.shape != guess.shape:
        raise ValueError(
            told(
                f"accuracy: logits of shape {logits.shape} and labels of shape {labels.shape}",
                fix=f"integers of shape {guess.shape}, or one-hot labels of shape {logits.shape}",
            )
        )
    elif labels.dtype.kind not in "iu":
        raise ValueError(told(f"accuracy: labels are integers, not {labels.dtype}", fix="labels.astype(int)"))
    if not labels.size:
        raise ValueError(told("accuracy of no examples", fix="at least one"))
    classes = logits.shape[axis]
    if labels.min() < 0 or labels.max() >= classes:
        wrong = labels[(labels < 0) | (labels >= classes)].flat[0] if labels.ndim else labels
        raise ValueError(
            told(
                f"accuracy: the label {wrong} is none of {classes} classes",
                fix=f"labels from 0 to {classes - 1}",
            )
        )
    return float(np.mean(guess == labels))
