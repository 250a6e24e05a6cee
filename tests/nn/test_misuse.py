"""What is easily got wrong in training, and what is said of it."""

import numpy as np
import pytest

from pycograd import (
    SGD,
    Adam,
    DataLoader,
    Optimizer,
    cosine_decay,
    cross_entropy,
    fit,
    params,
    random,
    sgd_update,
    streaming_conv1d,
    streaming_conv2d,
    train,
)
from pycograd.nn import ParamDict


@pytest.fixture
def weights():
    return params(w=np.ones(2), b=0.0)


def loss_of(weights):
    return lambda: np.sum(weights.w**2) + weights.b


# ---- gradients of another shape ----
@pytest.mark.parametrize("how", [0.1, SGD(0.1)], ids=["rate", "optimizer"])
@pytest.mark.parametrize("shape", [(), (1,), (3, 2)])
def test_a_gradient_that_would_broadcast_is_refused(weights, how, shape):
    """Steps of a bare learning rate broadcast, and left parameters of another shape behind."""
    with pytest.raises(ValueError, match=r"'w' has shape \(2,\), its gradient"):
        weights.step(ParamDict(w=np.ones(shape), b=1.0), how)
    assert weights.w.shape == (2,)


def test_one_gradient_for_a_list_of_parameters_is_refused():
    with pytest.raises(ValueError, match=r"sgd_update: the parameter has shape \(\), its gradient \(2,\)"):
        sgd_update([1.0, 2.0], np.ones(2), 0.1)


def test_structures_that_differ_are_told_in_words():
    with pytest.raises(ValueError, match="the parameters are a float\n  the gradients are a list of 1"):
        SGD().step(1.0, [1.0])


# ---- what a step takes ----
@pytest.mark.parametrize("given", ["adam", None, [0.1], True])
def test_what_is_no_optimizer_is_refused(weights, given):
    _, grads = weights.grad(loss_of(weights))
    with pytest.raises(TypeError, match="weights.step takes an optimizer, or a learning rate, not"):
        weights.step(grads, given)
    with pytest.raises(TypeError, match="train takes an optimizer, or a learning rate, not"):
        train(weights, loss_of(weights), 1, given)


def test_a_class_of_optimizers_is_no_optimizer(weights):
    with pytest.raises(TypeError, match=r"train: Adam is a class of optimizers, not one[^$]*fix: Adam\(\)"):
        train(weights, loss_of(weights), 1, Adam)


def test_a_schedule_alone_does_not_know_the_step(weights):
    _, grads = weights.grad(loss_of(weights))
    with pytest.raises(TypeError, match="does not count its steps"):
        weights.step(grads, cosine_decay(0.1, 10))
    assert len(train(weights, loss_of(weights), 3, cosine_decay(0.1, 10)).history) == 3


@pytest.mark.parametrize("rate", [None, "0.1", np.ones(2)])
def test_a_learning_rate_is_a_number_or_a_function(rate):
    with pytest.raises(TypeError, match="Adam: the learning rate is a number, or a function of the step"):
        Adam(rate)
    assert Optimizer(np.array(0.1)).step(1.0, 1.0) == 0.9


# ---- objectives ----
def test_a_value_is_no_objective(weights):
    for call in (lambda f: weights.grad(f), lambda f: train(weights, f, 1, 0.1)):
        with pytest.raises(TypeError, match="the objective is a float64, and must be a function"):
            call(np.sum(weights.w))


def test_an_objective_of_fit_takes_one_batch(weights):
    x, y = np.ones((4, 2)), np.ones(4)
    with pytest.raises(
        TypeError, match=r"<lambda> \(.*\) cannot be called with one argument, .* a tuple of 2 arrays"
    ):
        fit(weights, lambda x, y: np.sum(x @ weights.w - y), x, y, epochs=1, opt=0.1)
    with pytest.raises(TypeError, match="cannot be called with no arguments, as train calls it"):
        train(weights, lambda x: np.sum(weights.w), 1, 0.1)
    loader = DataLoader(np.arange(9.0), batch_size=2, window=3)
    with pytest.raises(TypeError, match="a tuple of 2 arrays"):
        fit(weights, lambda x, y: np.sum(x - y), loader, epochs=1, opt=0.1)


def test_a_metric_is_one_number(weights):
    with pytest.raises(TypeError, match=r"the metric 'w' is one real number, not f64\[2\]"):
        train(weights, loss_of(weights), 1, 0.1, metrics={"w": lambda: np.ones(2)})


def test_one_generator_may_stand_alone(weights):
    rng = np.random.default_rng(0)
    assert len(train(weights, loss_of(weights), 2, 0.1, rngs=rng).history) == 2


def test_a_size_of_batches_is_whole():
    with pytest.raises(TypeError, match="batch_size is a whole number, not 2.0"):
        DataLoader(np.ones(3), batch_size=2.0)


# ---- files ----
def test_a_rate_has_no_state_to_save(weights, tmp_path):
    for call in (weights.save, weights.load):
        with pytest.raises(TypeError, match="a float is no Optimizer"):
            call(tmp_path / "model.npz", 0.1)


def test_a_run_that_cannot_be_saved_does_not_start(weights, tmp_path):
    class Mine:
        def step(self, weights, grads):
            raise AssertionError("a step was taken")

    with pytest.raises(TypeError, match="a Mine is no Optimizer"):
        train(weights, loss_of(weights), 2, Mine(), save_to=tmp_path / "run.npz")


def test_a_folder_that_is_not_there_is_named(weights, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere"):
        weights.save(tmp_path / "nowhere" / "model.npz")


def test_a_link_to_a_file_stays_a_link(weights, tmp_path):
    weights.save(tmp_path / "first.npz")
    (tmp_path / "latest.npz").symlink_to(tmp_path / "first.npz")
    weights.b = 5.0
    weights.save(tmp_path / "latest.npz")
    assert (tmp_path / "latest.npz").is_symlink()
    params(w=np.ones(2), b=0.0).load(tmp_path / "first.npz")


@pytest.mark.parametrize("name", ["__metadata__", "optimizer/w", "run/w"])
def test_a_name_that_the_file_needs_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="means something else in the file"):
        params({name: 1.0}).save(tmp_path / "model.safetensors")


# ---- functions ----
@pytest.mark.parametrize("function, shape", [(streaming_conv1d, (1, 2, 4)), (streaming_conv2d, (1, 2, 3, 4))])
def test_a_stream_starts_from_a_state(function, shape):
    with pytest.raises(TypeError, match=f"{function.__name__}_init makes the one before the first chunk"):
        function(np.ones(shape), np.ones((3, 2, *[2] * (len(shape) - 2))), None, None)


def test_a_shape_has_no_negative_sizes():
    with pytest.raises(ValueError, match=r"no negative sizes.*\(2, -1\)"):
        random.uniform(random.key(0), (2, -1))


def test_boolean_labels_of_the_whole_shape_are_one_hot():
    z, labels = np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([0, 1])
    assert cross_entropy(z, np.eye(2, dtype=bool)[labels]) == pytest.approx(cross_entropy(z, labels))
