"""Pooling and upsampling: torch, ties, transforms, and what is said of wrong sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.torch_says import agree

from pycograd import ShapeError, avg_pool2d, grad, max_pool2d, upsample_nearest2d, vmap

rng = np.random.default_rng(0)
pair = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=40, deadline=None)
@given(pair, st.none() | pair, st.lists(st.integers(1, 3), min_size=2, max_size=2), pair)
def test_any_window_equals_torch(k, stride, lead, more):
    x = rng.permutation(np.prod([*lead, k[0] + more[0], k[1] + more[1]])).astype(float)
    x = x.reshape(*lead, k[0] + more[0], k[1] + more[1])
    agree(lambda x: max_pool2d(x, k, stride), lambda F, x: F.max_pool2d(x, k, stride), x)
    agree(lambda x: avg_pool2d(x, k, stride), lambda F, x: F.avg_pool2d(x, k, stride), x)


@settings(max_examples=10, deadline=None)
@given(pair)
def test_any_scale_equals_torch(scale):
    x = rng.normal(size=(2, 3, 4, 5))
    agree(lambda x: upsample_nearest2d(x, scale), lambda F, x: F.interpolate(x, scale_factor=scale), x)


def test_float32_stays_float32_and_integers_have_means():
    x = np.arange(16, dtype="f4").reshape(4, 4)
    assert max_pool2d(x, 2).dtype == avg_pool2d(x, 2).dtype == upsample_nearest2d(x, 2).dtype == np.float32
    assert max_pool2d(x.astype(int), 2).dtype == int
    np.testing.assert_array_equal(avg_pool2d(x.astype(int), 2), avg_pool2d(x.astype(float), 2))


def test_equal_numbers_share():
    x = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    (g,) = grad(lambda x: np.sum(max_pool2d(x, 2) * np.array([3.0, 4.0])))(x)
    np.testing.assert_array_equal(g, [[1, 1, 1, 1], [0, 1, 1, 1]])


def test_windows_that_overlap_add_their_gradients():
    x = np.array([[0.0, 5.0, 1.0]])
    (g,) = grad(lambda x: np.sum(max_pool2d(x, (1, 2), 1)))(x)
    np.testing.assert_array_equal(g, [[0, 2, 0]])
    (g,) = grad(lambda x: np.sum(avg_pool2d(x, (1, 2), 1)))(x)
    np.testing.assert_array_equal(g, [[0.5, 1, 0.5]])


def test_nan_is_the_largest_and_an_infinite_gradient_stays_in_its_place():
    x = np.array([[np.nan, 1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(max_pool2d(x, (1, 2)), [[np.nan, 3.0]])
    (g,) = grad(lambda x: np.sum(np.sqrt(max_pool2d(x, (1, 2)))))(np.array([[0.0, -1.0, 1.0, 4.0]]))
    np.testing.assert_array_equal(g, [[np.inf, 0, 0, 0.25]])


def test_images_may_be_mapped():
    x = rng.normal(size=(3, 2, 4, 6))
    for f in (lambda x: max_pool2d(x, 2), lambda x: avg_pool2d(x, 2), lambda x: upsample_nearest2d(x, 2)):
        np.testing.assert_array_equal(vmap(vmap(f))(x), f(x))
        np.testing.assert_allclose(
            vmap(grad(lambda x, f=f: np.sum(f(x) ** 2)), in_axes=(0,))(x)[0],
            grad(lambda x, f=f: np.sum(f(x) ** 2))(x)[0],
        )


def test_wrong_sizes():
    x = np.ones((3, 4))
    with pytest.raises(
        ShapeError, match=r"max_pool2d: x of shape \(3, 4\) at test_pooling.py.* a window of \(5, 5\) does"
    ):
        max_pool2d(x, 5)
    with pytest.raises(ShapeError, match=r"avg_pool2d: x of shape \(4,\)"):
        avg_pool2d(x[0], 2)
    with pytest.raises(ShapeError, match=r"upsample_nearest2d: x of shape \(4,\)"):
        upsample_nearest2d(x[0], 2)
    with pytest.raises(ValueError, match=r"max_pool2d: k=0 .* integer of at least 1, or 2 of them"):
        max_pool2d(x, 0)
    with pytest.raises(ValueError, match=r"avg_pool2d: stride=\(1, 0\)"):
        avg_pool2d(x, 2, (1, 0))
    with pytest.raises(ValueError, match=r"upsample_nearest2d: scale=1.5"):
        upsample_nearest2d(x, 1.5)
