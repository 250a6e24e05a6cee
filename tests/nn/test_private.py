"""Gradients clipped example by example, and the noise on them."""

import math

import numpy as np
import pytest

from pycograd import (
    SGD,
    ParamDict,
    clip_per_sample,
    dp_sgd_step,
    dtype,
    frozen,
    grad,
    params,
    private_gradient,
    tied,
    vmap,
)
from pycograd.core import LossError

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=6)
W = np.array([0.5, -1.0, 2.0])


def loss(p, x, y):
    return (x @ p["w"] + p["b"] - y) ** 2


def one(x, y):
    return grad(loss, 0)({"w": W, "b": 0.3}, x, y)


def clipped(clip):
    """The sum of clipped gradients, by a loop."""
    total = {"w": np.zeros(3), "b": 0.0}
    for x, y in zip(X, Y, strict=True):
        g = one(x, y)
        scale = min(1.0, clip / math.sqrt(np.sum(g["w"] ** 2) + g["b"] ** 2))
        total = {k: total[k] + scale * g[k] for k in total}
    return total


def test_each_example_is_clipped_over_all_leaves():
    each = vmap(grad(loss, 0), in_axes=(None, 0, 0))({"w": W, "b": 0.3}, X, Y)
    found = clip_per_sample(each, 0.7)
    norms = np.sqrt(np.sum(found["w"] ** 2, axis=1) + found["b"] ** 2)
    before = np.sqrt(np.sum(each["w"] ** 2, axis=1) + each["b"] ** 2)
    assert np.allclose(norms, np.minimum(before, 0.7)) and np.all(before > 0)
    assert np.allclose(np.sum(found["w"], axis=0), clipped(0.7)["w"])
    small = clip_per_sample({"w": np.ones((2, 2), np.float32), "none": None, "zero": np.zeros(2)}, 1e-3)
    assert small["w"].dtype == np.float32 and small["none"] is None and not np.any(small["zero"])


def test_without_noise_it_is_the_mean_of_clipped_gradients():
    found = private_gradient(one, X, Y, clip=0.7, noise=0.0, rng=np.random.default_rng(0))
    assert np.allclose(found["w"], clipped(0.7)["w"] / 6) and np.isclose(found["b"], clipped(0.7)["b"] / 6)
    wide = private_gradient(one, X, Y, clip=1e9, noise=0.0, rng=np.random.default_rng(0))
    mean = grad(lambda p: np.mean((X @ p["w"] + p["b"] - Y) ** 2), 0)({"w": W, "b": 0.3})
    assert np.allclose(wide["w"], mean["w"])
    other = private_gradient(one, X, Y, clip=0.7, noise=0.0, rng=np.random.default_rng(0), expected=12)
    assert np.allclose(other["w"], clipped(0.7)["w"] / 12)


def test_the_noise_is_gaussian_of_the_standard_deviation_that_is_promised():
    zeros = lambda x: np.zeros(20000) * x
    found = private_gradient(zeros, np.ones(5), clip=0.5, noise=3.0, rng=np.random.default_rng(0))
    # 20000 draws tell a standard deviation to half a per cent, at one sigma
    assert abs(np.std(found) / (3.0 * 0.5 / 5) - 1) < 0.02 and abs(np.mean(found)) < 4 * 0.3 / math.sqrt(
        20000
    )
    again = private_gradient(zeros, np.ones(5), clip=0.5, noise=3.0, rng=np.random.default_rng(0))
    assert np.array_equal(found, again)


def test_a_step_of_ambient_weights():
    weights = params(wp=W, held=frozen(0.3))
    objective = lambda x, y: (x @ wp + weights.held - y) ** 2  # noqa: F821
    dp_sgd_step(weights, objective, X, Y, opt=SGD(0.5), clip=0.7, noise=0.0, rng=np.random.default_rng(0))
    total = np.zeros(3)
    for x, y in zip(X, Y, strict=True):
        g = 2 * (x @ W + 0.3 - y) * x
        total += g * min(1.0, 0.7 / np.linalg.norm(g))
    assert np.allclose(weights.wp, W - 0.5 * total / 6) and weights.held == 0.3


def test_tied_weights_count_once_and_get_the_same_noise():
    w = np.ones(4)
    weights = params(w=w, v=tied[w], u=np.ones(4))
    objective = lambda x: np.sum((weights.w + weights.v) * x) + 0 * np.sum(weights.u)
    dp_sgd_step(
        weights, objective, np.full(3, 10.0), opt=1.0, clip=1.0, noise=0.5, rng=np.random.default_rng(0)
    )
    assert np.array_equal(weights.w, weights.v) and not np.array_equal(weights.w, weights.u)
    weights = params(w=w, v=tied[w], u=np.ones(4))
    dp_sgd_step(
        weights, objective, np.full(3, 10.0), opt=1.0, clip=1.0, noise=0.0, rng=np.random.default_rng(0)
    )
    assert np.isclose(np.linalg.norm(weights.w - w), 1.0), "the norm of one, not of both"


def test_float32_stays_float32():
    with dtype("f32"):
        weights = params(w=W)
    objective = lambda x: np.sum(weights.w * x)
    dp_sgd_step(
        weights, objective, X.astype("f4"), opt=1.0, clip=1.0, noise=1.0, rng=np.random.default_rng(0)
    )
    assert weights.w.dtype == np.float32


def test_a_batch_of_no_examples_is_noise():
    """Poisson sampling draws one now and then."""
    found = private_gradient(
        one, X[:0], Y[:0], clip=1.0, noise=2.0, rng=np.random.default_rng(0), expected=4.0
    )
    assert found["w"].shape == (3,) and np.all(found["w"] != 0)


def test_what_makes_no_sense_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="clip_per_sample: max_norm must be positive, not 0"):
        private_gradient(one, X, Y, clip=0, noise=1.0, rng=rng)
    with pytest.raises(ValueError, match="noise must not be negative, it is -1"):
        private_gradient(one, X, Y, clip=1.0, noise=-1, rng=rng)
    with pytest.raises(TypeError, match="rng must be a numpy Generator, not a int"):
        private_gradient(one, X, Y, clip=1.0, noise=1.0, rng=0)
    with pytest.raises(ValueError, match="gradients of 2 and of 3 examples"):
        clip_per_sample({"a": np.ones((2, 2)), "b": np.ones(3)}, 1.0)
    with pytest.raises(ValueError, match="the numbers of examples disagree"):
        private_gradient(one, X, Y[:4], clip=1.0, noise=1.0, rng=rng)
    with pytest.raises(ValueError, match="private_gradient: no examples, and no expected number of them"):
        private_gradient(one, X[:0], Y[:0], clip=1.0, noise=1.0, rng=rng)


def test_the_gradients_of_a_param_dict_keep_their_names():
    weights = params(w=W, b=0.3)
    found = private_gradient(
        lambda x, y: weights.grad(lambda: loss(weights, x, y))[1], X, Y, clip=0.7, noise=0.0, rng=rng
    )
    assert type(found) is ParamDict and np.allclose(found.w, clipped(0.7)["w"] / 6)


def test_examples_far_apart_in_size_are_each_clipped():
    grads = {"w": np.array([[3e200, 4e200], [3.0, 4.0], [0.3, 0.4], [0.0, 0.0], [3e-200, 4e-200]])}
    np.testing.assert_allclose(
        clip_per_sample(grads, 1.0)["w"], [[0.6, 0.8], [0.6, 0.8], [0.3, 0.4], [0.0, 0.0], [3e-200, 4e-200]]
    )
    assert clip_per_sample({"w": np.zeros((0, 2))}, 1.0)["w"].shape == (0, 2)


def test_an_example_whose_gradient_is_not_finite_is_named_and_nothing_is_changed():
    weights = params(w=np.ones(2))
    loss = lambda x: np.sum(weights.w * x)  # noqa: E731
    x = np.array([[1.0, 2.0], [3.0, np.nan], [1.0, 1.0]])
    with pytest.raises(LossError, match="the gradient of example 1 is not finite"):
        dp_sgd_step(weights, loss, x, opt=0.1, clip=1.0, noise=1.0, rng=np.random.default_rng(0))
    assert weights.w.tolist() == [1.0, 1.0]
