"""Normalizations: torch, closed forms, running statistics, types, and what is said of wrong sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.torch_says import agree

from pycograd import (
    ShapeError,
    batch_norm,
    batch_norm_init,
    grad,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
    value_and_grad,
    vmap,
)

rng = np.random.default_rng(0)


def drawn(*shape):
    return 2 * rng.normal(size=shape) + 1


# ---- torch
@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(2, 4), min_size=1, max_size=4), st.integers(1, 2))
def test_norms_over_last_axes_equal_torch(shape, n):
    over = tuple(shape[-n:])
    x, gamma, beta = drawn(*shape), drawn(*over), drawn(*over)
    agree(layer_norm, lambda F, x, g, b: F.layer_norm(x, over, g, b), x, gamma, beta)
    agree(rms_norm, lambda F, x, g: F.rms_norm(x, over, g, 1e-5), x, gamma)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(2, 3), min_size=0, max_size=2), st.sampled_from([1, 2, 3, 6]))
def test_norms_of_channels_equal_torch(space, groups):
    torch = pytest.importorskip("torch")
    x, gamma, beta, mean = drawn(3, 6, *space), drawn(6), drawn(6), drawn(6)
    variance = drawn(6) ** 2
    agree(
        lambda *xs: group_norm(*xs, groups), lambda F, x, g, b: F.group_norm(x, groups, g, b), x, gamma, beta
    )
    agree(
        lambda *xs: batch_norm(*xs, mean, variance)[0],
        lambda F, x, g, b: F.batch_norm(x, torch.tensor(mean), torch.tensor(variance), g, b, training=True),
        x, gamma, beta,
    )  # fmt: skip
    agree(
        lambda *xs: batch_norm(*xs, mean, variance, training=False)[0],
        lambda F, x, g, b: F.batch_norm(x, torch.tensor(mean), torch.tensor(variance), g, b),
        x, gamma, beta,
    )  # fmt: skip
    if space:
        agree(instance_norm, lambda F, x, g, b: F.instance_norm(x, weight=g, bias=b), x, gamma, beta)


def test_float32_stays_float32():
    x, gamma, beta = (a.astype("f4") for a in (drawn(4, 5), drawn(5), drawn(5)))
    agree(layer_norm, lambda F, x, g, b: F.layer_norm(x, (5,), g, b), x, gamma, beta, rtol=1e-4, atol=1e-5)
    y, mean, variance = batch_norm(x, gamma, beta, np.zeros(5, "f4"), np.ones(5, "f4"))
    assert y.dtype == mean.dtype == variance.dtype == np.float32


# ---- closed forms
def test_what_is_normalized_has_mean_0_and_variance_1():
    x = drawn(3, 4, 5)
    for y, axis in [
        (layer_norm(x, None, None, 0.0), -1),
        (batch_norm(x, None, None, *batch_norm_init(4), eps=0.0)[0], (0, 2)),
        (group_norm(x, None, None, 1, 0.0), (1, 2)),
        (instance_norm(x, eps=0.0), 2),
    ]:
        np.testing.assert_allclose(np.mean(y, axis), 0, atol=1e-14)
        np.testing.assert_allclose(np.var(y, axis), 1, rtol=1e-13)
    np.testing.assert_allclose(np.mean(rms_norm(x, None, 0.0) ** 2, -1), 1, rtol=1e-13)


def test_a_constant_row_has_no_gradient():
    """Its variance is 0; eps keeps the slope finite, and the projection leaves nothing of it."""
    (g,) = grad(lambda x: np.sum(layer_norm(x, np.arange(3.0), np.zeros(3))))(np.full((2, 3), 7.0))
    assert np.isfinite(g).all()
    np.testing.assert_allclose(np.sum(g, axis=1), 0, atol=1e-9)


def test_numbers_far_from_zero_keep_their_variance():
    x = drawn(2, 50)
    np.testing.assert_allclose(layer_norm(x + 1e8, None, None), layer_norm(x, None, None), atol=1e-6)


def test_running_statistics():
    x, mean, variance = drawn(6, 3, 2), drawn(3), drawn(3) ** 2
    _, new_mean, new_variance = batch_norm(x, None, None, mean, variance, momentum=0.25)
    np.testing.assert_allclose(new_mean, 0.75 * mean + 0.25 * x.mean((0, 2)), rtol=1e-14)
    np.testing.assert_allclose(new_variance, 0.75 * variance + 0.25 * x.var((0, 2)), rtol=1e-14)
    y, same, _ = batch_norm(x, None, None, mean, variance, training=False)
    assert same is mean
    np.testing.assert_allclose(y, (x - mean[:, None]) / np.sqrt(variance[:, None] + 1e-5), rtol=1e-13)


def test_running_statistics_are_not_differentiated():
    def f(x):
        y, mean, variance = batch_norm(x, None, None, *batch_norm_init(3))
        return np.sum(y**3) + np.sum(mean) + np.sum(variance), (mean, variance)

    x = drawn(5, 3)
    (_, (mean, variance)), (g,) = value_and_grad(f, has_aux=True)(x)
    alone = grad(lambda x: np.sum(batch_norm(x, None, None, *batch_norm_init(3))[0] ** 3))(x)[0]
    np.testing.assert_allclose(g, alone)
    assert type(mean) is type(variance) is np.ndarray


def test_per_sample_gradients():
    x, gamma, beta = drawn(4, 2, 3), drawn(3), drawn(3)
    f = lambda gamma, beta, x: np.sum(layer_norm(x, gamma, beta) ** 3)  # noqa: E731
    each = vmap(grad(f), (None, None, 0))(gamma, beta, x)
    for i in range(4):
        for ours, alone in zip(each, grad(f)(gamma, beta, x[i]), strict=True):
            np.testing.assert_allclose(ours[i], alone, rtol=1e-11, atol=1e-12)


# ---- wrong sizes
X = drawn(2, 6, 4)


def test_sizes_that_do_not_match():
    with pytest.raises(
        ShapeError, match=r"layer_norm: x of shape \(2, 6, 4\) and gamma of shape \(6,\) at test_norm"
    ):
        layer_norm(X, np.ones(6), np.ones(6))
    with pytest.raises(ShapeError, match=r"layer_norm: .* and beta of shape \(3,\)"):
        layer_norm(X, np.ones(4), np.ones(3))
    with pytest.raises(ShapeError, match=r"rms_norm: x of shape \(2, 6, 4\) and gamma of shape \(1,\)"):
        rms_norm(X, np.ones(1))
    with pytest.raises(ShapeError, match=r"layer_norm: x of shape \(\).*has no axis"):
        layer_norm(1.0, None, None)
    with pytest.raises(
        ShapeError, match=r"batch_norm: x of shape \(2, 6, 4\) and rm of shape \(4,\).* x has 6 chan"
    ):
        batch_norm(X, np.ones(6), np.ones(6), *batch_norm_init(4))
    with pytest.raises(ShapeError, match=r"batch_norm: x must be \(batch, channels, ...\), not \(4,\)"):
        batch_norm(X[0, 0], None, None, *batch_norm_init(4))
    with pytest.raises(
        ShapeError, match=r"group_norm: num_groups=4 does not divide the 6 channels of x of shape"
    ):
        group_norm(X, None, None, 4)
    with pytest.raises(ShapeError, match=r"instance_norm: x of shape \(2, 6, 4\) and beta of shape \(2,\)"):
        instance_norm(X, np.ones(6), np.ones(2))
