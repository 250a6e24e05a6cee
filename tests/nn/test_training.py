"""`train` and `fit`: against a loop by hand, broken off and taken up again, stopped early, told about, refused."""

import json
import math
import subprocess
import sys
import threading

import numpy as np
import pytest

import pycograd
from pycograd import (
    LBFGS,
    SGD,
    Adam,
    DataLoader,
    EarlyStop,
    accuracy,
    buffer,
    cosine_decay,
    errors,
    fit,
    frozen,
    grad,
    params,
    train,
    value_and_grad,
)
from pycograd.nn import History, progress

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
TRUE = np.array([1.0, -2.0, 0.5])
Y = X @ TRUE + 0.01 * rng.normal(size=40)


def linear():
    return params(wt=np.zeros(3), bt=0.0)


def error(batch):
    x, y = batch
    return np.mean((x @ wt + bt - y) ** 2)  # noqa: F821


def by_hand(w, b, x, y):
    return np.mean((x @ w + b - y) ** 2)


def valley(weights):
    return lambda: (1 - weights.a) ** 2 + 10 * (weights.b - weights.a**2) ** 2


# ---- train ------------------------------------------------------------------------------------------------
def test_train_is_a_loop_of_steps():
    weights = linear()
    found = train(weights, lambda: error((X, Y)), 30, Adam(cosine_decay(0.1, 30)))
    w, b, opt, losses = np.zeros(3), np.array(0.0), Adam(cosine_decay(0.1, 30)), []
    for _ in range(30):
        value, grads = value_and_grad(by_hand, argnums=(0, 1))(w, b, X, Y)
        losses.append(float(value))
        w, b = opt.step((w, b), grads)
    assert found == (losses[0], losses[-1]) and list(found.history) == losses
    first, last = found
    assert (type(first), type(last)) == (float, float) and last < first
    assert np.array_equal(weights.wt, w) and weights.bt == b


def test_a_learning_rate_is_plain_descent():
    weights = linear()
    train(weights, lambda: error((X, Y)), 3, 0.1)
    w, b = np.zeros(3), 0.0
    for _ in range(3):
        gw, gb = grad(by_hand, (0, 1))(w, b, X, Y)
        w, b = w - 0.1 * gw, b - 0.1 * gb
    assert np.allclose(weights.wt, w, rtol=1e-14)


def test_lbfgs_searches_along_its_directions():
    weights = params(a=-1.0, b=1.0)
    first, last = train(weights, valley(weights), 40, LBFGS())
    assert last < 1e-12 and np.isclose(weights.a, 1.0) and np.isclose(weights.b, 1.0)
    history = train(params(a=-1.0, b=1.0), valley(weights), 1, LBFGS()).history
    assert len(history) == 1


def test_training_works_inside_a_block_too():
    with linear() as weights:
        train(weights, lambda: error((X, Y)), 200, SGD(0.1))
        assert np.allclose(wt, TRUE, atol=0.02)  # noqa: F821
    assert "wt" not in globals()


# ---- fit --------------------------------------------------------------------------------------------------
def test_fit_goes_through_shuffled_batches():
    weights = linear()
    history = fit(weights, error, X, Y, epochs=3, opt=SGD(0.05), batch_size=16, rng=5)
    w, b, order, losses = np.zeros(3), 0.0, np.random.default_rng(5), []
    for _ in range(3):
        rows, total = order.permutation(40), 0.0
        for part in (rows[:16], rows[16:32], rows[32:]):
            value, (gw, gb) = value_and_grad(by_hand, argnums=(0, 1))(w, b, X[part], Y[part])
            w, b, total = w - 0.05 * gw, b - 0.05 * gb, total + value * len(part)
        losses.append(total / 40)
    assert np.allclose(history, losses, rtol=1e-13) and np.allclose(weights.wt, w, rtol=1e-12)
    assert isinstance(history, list) and all(type(loss) is float for loss in history)


def test_one_array_arrives_bare_and_all_of_it_by_default():
    seen = []
    weights = params(mean=0.0)

    def loss(x):
        seen.append(x.shape)
        return np.mean((x - weights.mean) ** 2)

    fit(weights, loss, X[:, 0], epochs=2, opt=SGD(0.5))
    assert seen == [(40,)] * 2 and np.isclose(weights.mean, X[:, 0].mean())


def test_without_shuffling_examples_come_in_order():
    seen = []
    weights = params(s=0.0)
    fit(
        weights,
        lambda x: seen.append(x) or weights.s * x[0, 0],
        X,
        epochs=1,
        opt=0.1,
        batch_size=30,
        shuffle=False,
    )
    assert np.array_equal(np.concatenate(seen), X)


def loss_of(weights):
    def loss(batch):
        x, y = batch
        return np.mean((x @ weights.wt + weights.bt - y) ** 2)

    return loss


def test_a_loader_brings_its_own_batches():
    one, two = linear(), linear()
    loader = DataLoader(X, Y, batch_size=16, shuffle=True, rng=3)
    first = fit(one, loss_of(one), loader, epochs=2, opt=SGD(0.05))
    second = fit(two, loss_of(two), X, Y, epochs=2, opt=SGD(0.05), batch_size=16, rng=3)
    assert first == second


def test_windows_of_a_stream_are_batches():
    weights = params(by=0.0)
    loader = DataLoader(np.arange(12.0), batch_size=4, window=3)
    history = fit(
        weights, lambda b: np.mean((b[0] + weights.by - b[1]) ** 2), loader, epochs=30, opt=SGD(0.2)
    )
    assert np.isclose(weights.by, 1.0) and history[-1] < 1e-9


def test_buffers_are_updated_along_the_way():
    weights = params(mean=0.0, seen=buffer(0.0))

    def loss(x):
        weights.update_buffers({"seen": weights.seen + len(x)})
        return np.mean((x - weights.mean) ** 2)

    fit(weights, loss, X[:, 0], epochs=2, opt=SGD(0.1), batch_size=16)
    assert weights.seen == 80


# ---- told about -------------------------------------------------------------------------------------------
def test_on_epoch_and_callbacks_are_told_and_can_stop():
    epochs, moments = [], []
    weights = linear()
    history = fit(
        weights, loss_of(weights), X, Y, epochs=9, opt=SGD(0.05), batch_size=8,
        on_epoch=lambda epoch, loss: epochs.append((epoch, loss)),
        callbacks=[lambda moment: moments.append(moment), lambda moment: moment.round == 4],
    )  # fmt: skip
    assert epochs == list(enumerate(history)) and len(history) == 4
    assert (
        [m.round for m in moments] == [1, 2, 3, 4]
        and moments[0].weights is weights
        and moments[0].opt.t == 20
    )
    assert len(fit(weights, loss_of(weights), X, Y, epochs=9, opt=0.1, on_epoch=lambda e, _: e == 1)) == 2
    stopped = train(weights, lambda: loss_of(weights)((X, Y)), 50, 0.1, callbacks=[lambda m: m.round == 7])
    assert len(stopped.history) == 7


def test_metrics_are_asked_after_each_epoch():
    weights = linear()
    history = fit(
        weights, error, X, Y, epochs=3, opt=SGD(0.1),
        metrics={"norm": lambda: np.linalg.norm(weights.wt), "held out loss": lambda: error((X[:5], Y[:5]))},
    )  # fmt: skip
    assert (
        np.isclose(history.metrics["norm"][-1], np.linalg.norm(weights.wt))
        and len(history.metrics["norm"]) == 3
    )
    assert np.isclose(history.metrics["held out loss"][-1], by_hand(weights.wt, weights.bt, X[:5], Y[:5]))
    assert repr(history).startswith("History([") and "norm=[" in repr(history)


def test_metrics_of_train_are_those_that_go_with_the_loss():
    weights = linear()
    run = train(weights, lambda: error((X, Y)), 4, 0.1, metrics={"again": lambda: error((X, Y))})
    assert run.history.metrics["again"] == list(run.history)


def test_a_history_draws_itself():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    history = History([4.0, 2.0, 0.01], {"val loss": [5.0, 3.0, 1.0], "accuracy": [0.1, 0.5, 0.9]})
    ax = history.plot()
    assert ax.get_xlabel() == "epoch" and ax.get_yscale() == "log"
    assert [list(line.get_ydata()) for line in ax.lines] == [list(history), history.metrics["val loss"]]
    assert [list(line.get_xdata()) for line in ax.lines] == [[1, 2, 3]] * 2
    (right,) = [a for a in ax.figure.axes if a is not ax]
    assert right.get_ylabel() == "accuracy" and list(right.lines[0].get_ydata()) == [0.1, 0.5, 0.9]
    assert [t.get_text() for t in right.get_legend().get_texts()] == ["loss", "val loss", "accuracy"], (
        "in front"
    )
    assert all(tick == int(tick) for tick in ax.get_xticks()), "there is no epoch 1.5"
    _, mine = matplotlib.pyplot.subplots()
    assert History([2.0, -1.0], unit="step").plot(mine) is mine
    assert mine.get_xlabel() == "step" and mine.get_yscale() == "linear"
    matplotlib.pyplot.close("all")


# ---- stopped early ----------------------------------------------------------------------------------------
def overshooting(weights):
    """A loss that falls for some steps of 0.1, and rises then."""
    return lambda: (weights.a - 0.52) ** 2


class Steps:
    """Goes up by 0.1, whatever the gradient."""

    def step(self, weights, grads):
        return pycograd.tree_map(lambda x: x + 0.1, weights)


def test_early_stop_waits_and_puts_the_best_parameters_back():
    weights = params(a=0.0)
    run = train(weights, overshooting(weights), 50, Steps(), early_stop=EarlyStop(patience=3))
    assert len(run.history) == 9 and min(run.history) == run.history[5]
    assert np.isclose(weights.a, 0.5), "the parameters that had the least loss"
    weights = params(a=0.0)
    train(weights, overshooting(weights), 50, Steps(), early_stop=EarlyStop(patience=3, restore=False))
    assert np.isclose(weights.a, 0.8)


def test_early_stop_watches_a_metric():
    weights = params(a=0.0)
    history = fit(
        weights, lambda x: overshooting(weights)(), X, epochs=50, opt=Steps(),
        metrics={"score": lambda: -((weights.a - 0.31) ** 2)},
        early_stop=EarlyStop(patience=2, metric="score", maximize=True),
    )  # fmt: skip
    assert np.isclose(weights.a, 0.3) and len(history) == 5


def test_early_stop_wants_a_difference():
    stop = EarlyStop(patience=2, min_delta=0.5)
    assert [stop.seen(v, {}) for v in (3.0, 2.9, 2.4, 2.3, 2.2)] == [False, False, False, False, True]


def test_an_early_stop_can_be_used_again():
    stop = EarlyStop(patience=3)
    for _ in range(2):
        weights = params(a=0.0)
        assert len(train(weights, overshooting(weights), 50, Steps(), early_stop=stop).history) == 9


# ---- broken off, and taken up again -----------------------------------------------------------------------
class Broken(Exception):
    pass


def breaks_at(round):
    def callback(moment):
        if moment.round == round:
            raise Broken

    return callback


def same(a, b):
    return all(a[name].value.tobytes() == b[name].value.tobytes() for name in a)


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
@pytest.mark.parametrize("make", [lambda: Adam(cosine_decay(0.05, 40)), lambda: SGD(0.02, momentum=0.9)])
def test_fit_resumes_to_the_same_bits(tmp_path, suffix, make):
    def run(weights, noise, rng, **more):
        def loss(batch):
            x, y = batch
            return np.mean((x @ weights.wt + weights.bt + 0.1 * noise.normal(size=len(x)) - y) ** 2)

        return fit(
            weights, loss, X, Y, epochs=8, opt=make(), batch_size=16, rng=rng, rngs=[noise],
            metrics={"norm": lambda: np.sum(weights.wt**2)}, early_stop=EarlyStop(patience=6), **more,
        )  # fmt: skip

    whole = linear()
    expected = run(whole, np.random.default_rng(1), np.random.default_rng(2))
    path = tmp_path / f"run.{suffix}"
    weights = linear()
    with pytest.raises(Broken):
        run(
            weights,
            np.random.default_rng(1),
            np.random.default_rng(2),
            save_to=path,
            callbacks=[breaks_at(5)],
        )
    weights = params(wt=np.full(3, 9.0), bt=9.0)
    found = run(weights, np.random.default_rng(8), np.random.default_rng(9), save_to=path, resume=True)
    assert found == expected and found.metrics == expected.metrics and same(weights, whole)
    again = run(linear(), np.random.default_rng(8), np.random.default_rng(9), save_to=path, resume=True)
    assert again == expected, "a run that is over is over"


def test_train_resumes_to_the_same_bits(tmp_path):
    whole = params(a=-1.0, b=1.0)
    expected = train(whole, valley(whole), 50, Adam(0.1))
    weights = params(a=-1.0, b=1.0)
    with pytest.raises(Broken):
        train(
            weights,
            valley(weights),
            50,
            Adam(0.1),
            save_to=tmp_path / "r",
            save_every=10,
            callbacks=[breaks_at(37)],
        )
    weights = params(a=0.0, b=0.0)
    found = train(weights, valley(weights), 50, Adam(0.1), save_to=tmp_path / "r", save_every=10, resume=True)
    assert found == expected and found.history == expected.history and same(weights, whole)


def test_a_run_that_stopped_early_stays_stopped(tmp_path):
    for _ in range(2):
        weights = params(a=0.0)
        options = {"early_stop": EarlyStop(patience=3), "save_to": tmp_path / "r", "resume": True}
        run = train(weights, overshooting(weights), 50, Steps2(), **options)
        assert len(run.history) == 9 and np.isclose(weights.a, 0.5)


class Steps2(SGD):
    def rule(self, x, g, slot, lr):
        return x + 0.1


def test_without_a_file_a_run_starts_anew(tmp_path):
    weights = linear()
    history = fit(weights, loss_of(weights), X, Y, epochs=2, opt=SGD(), save_to=tmp_path / "r", resume=True)
    assert len(history) == 2 and (tmp_path / "r").exists()


def test_a_run_of_another_kind_is_refused(tmp_path):
    weights = linear()
    path = tmp_path / "r"
    options = {"epochs": 2, "opt": SGD(), "save_to": path}
    fit(weights, loss_of(weights), X, Y, **options)
    with pytest.raises(
        ValueError, match=r"was not saved by a run like this one: rngs: \['PCG64'\] there, \[\] here"
    ):
        fit(weights, loss_of(weights), X, Y, shuffle=False, resume=True, **options)
    with pytest.raises(ValueError, match="metrics: .*early_stop: False there, True here"):
        fit(
            weights,
            loss_of(weights),
            X,
            Y,
            resume=True,
            metrics={"m": lambda: 1},
            early_stop=EarlyStop(),
            **options,
        )
    with pytest.raises(ValueError, match="unit: epoch there, step here"):
        train(weights, lambda: 1.0 * weights.bt, 3, SGD(), save_to=path, resume=True)
    weights.save(path, SGD())
    with pytest.raises(ValueError, match="it has parameters alone"):
        fit(weights, loss_of(weights), X, Y, resume=True, **options)


# ---- a bar ------------------------------------------------------------------------------------------------
class Bar:
    made = []

    def __init__(self, **options):
        self.options, self.updates, self.said = options, 0, []
        Bar.made.append(self)

    def update(self):
        self.updates += 1

    def set_postfix(self, **said):
        self.said.append(said)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.closed = True


@pytest.fixture
def tqdm(monkeypatch):
    module = type(sys)("tqdm.auto")
    module.tqdm, Bar.made = Bar, []
    monkeypatch.setattr(progress, "optional", lambda name, extra: module)
    monkeypatch.setattr(progress, "find_spec", lambda name: name == "tqdm")
    return Bar.made


def test_a_bar_shows_rounds_and_losses(tqdm, monkeypatch):
    weights = linear()
    monkeypatch.setattr(progress, "somebody_looks", lambda: True)
    history = fit(weights, loss_of(weights), X, Y, epochs=4, opt=SGD())
    train(weights, lambda: loss_of(weights)((X, Y)), 3, 0.1, progress=True)
    first, second = tqdm
    assert (
        first.options == {"total": 4, "initial": 0, "unit": "epoch"} and first.updates == 4 and first.closed
    )
    assert first.said[-1]["loss"] == f"{history[-1]:.4g}" and second.options["unit"] == "step"
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    train(weights, lambda: loss_of(weights)((X, Y)), 3, 0.1)
    assert tqdm[-1].options["file"] is sys.stdout, "a notebook shows stderr in red"


def test_there_is_no_bar_where_nobody_looks_or_none_is_wanted(tqdm, monkeypatch):
    weights = linear()
    monkeypatch.setattr(progress, "somebody_looks", lambda: False)
    fit(weights, loss_of(weights), X, Y, epochs=1, opt=SGD())
    monkeypatch.setattr(progress, "somebody_looks", lambda: True)
    fit(weights, loss_of(weights), X, Y, epochs=1, opt=SGD(), progress=False)
    monkeypatch.setattr(progress, "find_spec", lambda name: None)
    fit(weights, loss_of(weights), X, Y, epochs=1, opt=SGD())
    assert tqdm == []


def test_somebody_looks_in_a_terminal_and_in_a_notebook(monkeypatch):
    class Stream:
        def __init__(self, tty):
            self.isatty = lambda: tty

    class IPython:
        def __init__(self, shell):
            self.get_ipython = lambda: shell

    class Kernel:
        kernel = object()

    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    for tty in (True, False):
        monkeypatch.setattr(sys, "stderr", Stream(tty))
        assert progress.somebody_looks() is tty
    monkeypatch.setitem(sys.modules, "IPython", IPython(None))
    assert not progress.somebody_looks()
    monkeypatch.setitem(sys.modules, "IPython", IPython(Kernel()))
    assert progress.somebody_looks()


def test_the_real_bar_writes_to_stderr(tmp_path):
    pytest.importorskip("tqdm")
    script = (
        "from pycograd import *\nimport numpy as np\nw = params(a=1.0)\n"
        "train(w, lambda: w.a ** 2, 5, 0.1, progress=True)\ntrain(w, lambda: w.a ** 2, 5, 0.1)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "" and done.stderr.count("100%") == 1 and "loss=" in done.stderr


def test_a_bar_that_is_asked_for_and_not_there_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    weights = linear()
    with pytest.raises(ModuleNotFoundError, match="extra 'progress'"):
        fit(weights, loss_of(weights), X, Y, epochs=1, opt=SGD(), progress=True)


# ---- refused ----------------------------------------------------------------------------------------------
def test_a_loss_that_is_nan_is_named_with_the_step():
    weights = params(a=1.0)
    bad = lambda: weights.a**2 if weights.a > -3 else weights.a * np.nan
    with pytest.raises(
        errors.LossError, match=r"the loss is nan at step 5 of 10 at .*\n.*as they were before"
    ):
        train(weights, bad, 10, Steps3())
    assert np.isclose(weights.a, -3.0)
    weights = linear()
    with pytest.raises(
        FloatingPointError, match=r"the loss is .* at step 6\d \(epoch 2\d of 500, batch \d of 3\)"
    ):
        with np.errstate(all="ignore"):
            fit(weights, lambda b: 1e3 * loss_of(weights)(b), X, Y, epochs=500, opt=SGD(), batch_size=16)
    assert np.all(np.isfinite(weights.wt))


class Steps3:
    def step(self, weights, grads):
        return pycograd.tree_map(lambda x: x - 1.0, weights)


def test_a_gradient_that_is_not_finite_is_named():
    weights = params(a=0.0, b=1.0)
    with pytest.raises(
        errors.LossError, match="the loss is 1.0, and the gradient of 'a' is not finite, at step 1"
    ):
        train(weights, lambda: np.sqrt(weights.a) + weights.b, 3, SGD())
    assert weights.a == 0.0


def test_debug_names_the_operation_of_a_nan():
    weights = params(a=-1.0)
    with pytest.raises(errors.NonFiniteError, match=r"np\.log"), np.errstate(all="ignore"), pycograd.debug():
        train(weights, lambda: np.log(weights.a) ** 2, 3, SGD())


@pytest.mark.parametrize(
    "change, message",
    [
        ({"arrays": ()}, "fit without data"),
        ({"arrays": (X, Y[:30])}, "batches of arrays whose lengths differ: 40, 30"),
        ({"epochs": 0}, "fit: epochs must be at least 1, not 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"save_every": 0}, "save_every must be at least one epoch, not 0"),
        ({"resume": True}, "resume=True of a run that is not saved"),
        (
            {"arrays": (DataLoader(X, batch_size=4),), "batch_size": 4},
            "batch_size=4 beside a DataLoader, .*, 4",
        ),
        ({"arrays": (DataLoader(X, batch_size=50, drop_last=True),)}, "fit: no batch of 50 in 40 examples"),
        (
            {"early_stop": EarlyStop(metric="score")},
            "EarlyStop watches the metric 'score', and there are: none",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, message):
    weights = linear()
    options = {"epochs": 1, "opt": SGD(), "arrays": (X, Y)} | change
    arrays = options.pop("arrays")
    with pytest.raises(ValueError, match=message):
        fit(weights, loss_of(weights), *arrays, **options)


def test_what_cannot_be_trained_is_refused():
    weights = params(a=1.0)
    with pytest.raises(ValueError, match="train: steps must be at least 1, not 0"):
        train(weights, lambda: weights.a, 0, SGD())
    with pytest.raises(TypeError, match="weights are a ParamDict, not a dict"):
        train({"a": 1.0}, lambda: 1.0, 1, SGD())
    with pytest.raises(TypeError, match="rngs holds a int, no Generator"):
        train(weights, lambda: weights.a, 1, SGD(), rngs=[3])
    with pytest.raises(ValueError, match="EarlyStop: patience must be at least one round, not 0"):
        EarlyStop(patience=0)
    with pytest.raises(TypeError, match="training inside a transform"):
        grad(lambda x: train(weights, lambda: weights.a * x, 1, SGD())[0])(1.0)
    for given, word in (({"jit": True}, "jit=True"), ({"backend": "jax"}, "backend='jax'")):
        with pytest.raises(NotImplementedError, match=f"{word} is not there yet"):
            train(weights, lambda: weights.a, 1, SGD(), **given)
        with pytest.raises(NotImplementedError, match=f"{word} is not there yet"):
            fit(weights, lambda x: weights.a, X, epochs=1, opt=SGD(), **given)


def test_an_objective_that_is_no_scalar_is_refused():
    weights = params(a=np.ones(3))
    with pytest.raises(errors.OutputError, match="returning a single scalar"):
        train(weights, lambda: weights.a, 1, SGD())


def test_two_threads_train_two_models():
    found = {}

    def run(name, target):
        weights = params(wt=np.zeros(3), bt=0.0)
        y = X @ target
        with weights:
            train(weights, lambda: error((X, y)), 200, SGD(0.2))
        found[name] = weights.wt.value

    threads = [threading.Thread(target=run, args=(k, TRUE * k)) for k in (1.0, 2.0, 3.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.allclose(found[k], TRUE * k, atol=1e-3) for k in found) and len(found) == 3


# ---- accuracy ---------------------------------------------------------------------------------------------
def test_accuracy_counts_the_greatest_logits():
    logits = np.array([[[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]], [[0.0, 0.0, 9.0], [5.0, 4.0, 4.5]]])
    labels = np.array([[0, 1], [1, 0]])
    assert accuracy(logits, labels) == 0.75 and type(accuracy(logits, labels)) is float
    assert accuracy(logits, np.eye(3)[labels]) == 0.75
    assert accuracy(np.moveaxis(logits, -1, 0), labels, axis=0) == 0.75
    assert accuracy(logits[0, 0], np.int64(0)) == 1.0
    weights = params(l=logits)
    seen = []
    weights.grad(lambda: seen.append(accuracy(weights.l, labels)) or np.sum(weights.l))
    assert seen == [0.75]


@pytest.mark.parametrize(
    "logits, labels, message",
    [
        (np.ones((4, 3)), np.zeros(3, int), r"logits of shape \(4, 3\) and labels of shape \(3,\)"),
        (np.ones((4, 3)), np.zeros(4), "labels are integers, not float64"),
        (np.ones((4, 3)), np.array([0, 1, 2, 3]), "the label 3 is none of 3 classes"),
        (np.ones((4, 3)), np.array([0, -1, 2, 1]), "the label -1 is none of 3 classes"),
        (np.ones((0, 3)), np.zeros(0, int), "accuracy of no examples"),
    ],
)
def test_accuracy_of_what_has_none_is_refused(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        accuracy(logits, labels)


def test_the_state_of_a_run_is_text(tmp_path):
    weights = params(a=1.0, held=frozen(2.0))
    train(weights, lambda: weights.a**2 * weights.held, 3, SGD(0.1), save_to=tmp_path / "r")
    data = (tmp_path / "r").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    run = json.loads(header["__metadata__"]["run"])
    assert run["unit"] == "step" and len(run["losses"]) == 3 and math.isfinite(run["losses"][0])
