"""softmax, one-hot labels, cross entropy: torch, closed forms, extremes, and what is said of wrong targets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.torch_says import agree

from pycograd import (
    ShapeError,
    cross_entropy,
    grad,
    hessian,
    jvp,
    log_softmax,
    logsumexp,
    nn,
    one_hot,
    softmax,
    vmap,
)

rng = np.random.default_rng(0)
Z = rng.normal(size=(5, 3))
LABELS = np.array([0, 2, 1, 1, 2])


def by_definition(z, labels):
    p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(z)), labels]))


# ---- values and gradients
def test_cross_entropy_is_its_definition_and_its_gradient_is_softmax_less_one_hot():
    assert cross_entropy(Z, LABELS) == pytest.approx(by_definition(Z, LABELS), rel=1e-14)
    expected = (softmax(Z) - one_hot(LABELS, 3)) / 5
    np.testing.assert_allclose(grad(cross_entropy, argnums=0)(Z, LABELS), expected, atol=1e-16)


def test_one_hot_targets_and_class_numbers_agree():
    assert cross_entropy(Z, one_hot(LABELS, 3)) == pytest.approx(cross_entropy(Z, LABELS), rel=1e-14)
    assert cross_entropy(Z, np.eye(3, dtype=int)[LABELS]) == pytest.approx(cross_entropy(Z, LABELS))


@st.composite
def shapes_and_axes(draw):
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    return tuple(shape), draw(st.integers(-len(shape), len(shape) - 1))


@settings(max_examples=30, deadline=None)
@given(shapes_and_axes())
def test_any_shape_and_axis_equals_torch(case):
    shape, axis = case
    z = rng.normal(size=shape)
    labels = rng.integers(0, shape[axis], np.delete(shape, axis))
    shares = rng.random(shape)
    moved = lambda z: z.movedim(axis, -1).reshape(-1, shape[axis])  # noqa: E731
    agree(lambda z: cross_entropy(z, labels, axis), lambda F, z: F.cross_entropy(
        moved(z), torch_tensor(labels.reshape(-1))), z)  # fmt: skip
    agree(
        lambda z, t: cross_entropy(z, t, axis), lambda F, z, t: F.cross_entropy(moved(z), moved(t)), z, shares
    )
    agree(lambda z: softmax(z, axis), lambda F, z: F.softmax(z, axis), z)
    agree(lambda z: log_softmax(z, axis), lambda F, z: F.log_softmax(z, axis), z)
    agree(lambda z: logsumexp(z, axis), lambda F, z: z.logsumexp(axis), z)


def torch_tensor(x):
    return pytest.importorskip("torch").tensor(x)


def test_float32_stays_float32():
    z = Z.astype("f4")
    assert cross_entropy(z, LABELS).dtype == softmax(z).dtype == logsumexp(z).dtype == np.float32
    assert grad(cross_entropy, argnums=0)(z, LABELS).dtype == np.float32
    theirs = lambda F, z: F.cross_entropy(z, torch_tensor(LABELS))  # noqa: E731
    agree(lambda z: cross_entropy(z, LABELS), theirs, z, rtol=1e-6, atol=1e-6)


def test_huge_logits_are_exact():
    z = np.array([[1e5, 0.0], [0.0, 1e5]])
    assert cross_entropy(z, np.array([0, 0])) == 5e4
    np.testing.assert_array_equal(grad(cross_entropy, argnums=0)(z, np.array([0, 0])), [[0, 0], [-0.5, 0.5]])
    np.testing.assert_array_equal(log_softmax(z[0]), [0, -1e5])


def test_a_class_that_is_ruled_out_has_no_share():
    z = np.array([[-np.inf, 0.0, 0.0]])
    assert cross_entropy(z, np.array([1])) == pytest.approx(np.log(2))
    assert cross_entropy(z, np.array([[0.0, 1.0, 0.0]])) == pytest.approx(np.log(2))
    np.testing.assert_allclose(grad(cross_entropy, argnums=0)(z, np.array([1])), [[0.0, -0.5, 0.5]])
    np.testing.assert_allclose(
        grad(cross_entropy, argnums=0)(z, np.array([[0.0, 1.0, 0.0]])), [[0.0, -0.5, 0.5]]
    )


# ---- transforms
def loss(w, b, x, y):
    return cross_entropy(x @ w + b, y)


W, B, X = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(5, 4))


@pytest.mark.parametrize("targets", [LABELS, one_hot(LABELS, 3)], ids=["labels", "one-hot"])
def test_per_sample_gradients_are_those_of_each_sample(targets):
    each = vmap(grad(loss, argnums=(0, 1)), in_axes=(None, None, 0, 0))(W, B, X, targets)
    alone = [grad(loss, argnums=(0, 1))(W, B, x, y) for x, y in zip(X, targets, strict=True)]
    for ours, expected in zip(each, zip(*alone, strict=True), strict=True):
        np.testing.assert_allclose(ours, np.stack(expected), rtol=1e-12)
    np.testing.assert_allclose(np.mean(each[0], axis=0), grad(loss, argnums=0)(W, B, X, targets), rtol=1e-12)


def test_labels_alone_may_be_mapped():
    losses = vmap(lambda y: cross_entropy(Z, np.full(5, 1) * y))(np.arange(3))
    np.testing.assert_allclose(losses, [cross_entropy(Z, np.full(5, k)) for k in range(3)], rtol=1e-14)
    np.testing.assert_array_equal(vmap(lambda i: one_hot(i, 3))(LABELS), np.eye(3)[LABELS])


def test_the_hessian_is_the_covariance_of_the_classes():
    z, y = Z[0], 1
    p = softmax(z)
    np.testing.assert_allclose(hessian(cross_entropy)(z, y), np.diag(p) - np.outer(p, p), atol=1e-15)
    np.testing.assert_allclose(
        jvp(lambda z: grad(cross_entropy, argnums=0)(z, y), (z,), (np.ones(3),))[1], 0, atol=1e-15
    )


def test_integer_labels_that_are_differentiated_get_zeros():
    np.testing.assert_array_equal(grad(cross_entropy)(Z, LABELS)[1], np.zeros(5))


# ---- wrong targets
def test_a_label_out_of_range():
    for f in (lambda z: cross_entropy(z, LABELS + 1), grad(lambda z: cross_entropy(z, LABELS + 1))):
        with pytest.raises(
            ValueError, match=r"cross_entropy: targets of shape \(5,\) hold 3 at test_losses"
        ) as caught:
            f(Z)
        assert "none of the 3 classes 0 to 2" in str(caught.value)
    with pytest.raises(ValueError, match="hold -2"):
        cross_entropy(Z, -LABELS)
    with pytest.raises(ValueError, match=r"hold 3.*which is none of the 3 classes"):
        vmap(lambda y: cross_entropy(Z[0], y))(LABELS + 1)


def test_sizes_that_do_not_match():
    words = r"cross_entropy: targets of shape \(4,\) and logits of shape \(5, 3\) with the classes along axis 1 at "
    with pytest.raises(ShapeError, match=words) as caught:
        cross_entropy(Z, LABELS[:4])
    assert "class numbers of shape (5,), or probabilities of shape (5, 3)" in str(caught.value)
    with pytest.raises(ShapeError, match=r"targets of shape \(5, 2\)"):
        cross_entropy(Z, Z[:, :2])


def test_labels_that_are_no_integers():
    with pytest.raises(TypeError, match="cross_entropy: targets must be integers, not float64"):
        cross_entropy(Z, LABELS * 1.0)
    with pytest.raises(TypeError, match="one_hot: indices must be integers, not bool"):
        one_hot(LABELS > 0, 3)


def test_one_hot_of_a_number_out_of_range():
    with pytest.raises(
        ValueError, match=r"one_hot: indices of shape \(2,\) hold 3 .*none of the 3 classes 0 to 2"
    ):
        nn.one_hot([0, 3], 3)
    with pytest.raises(ValueError, match=r"one_hot: indices of shape \(\) hold -1"):
        nn.one_hot(-1, 3)


def test_an_axis_that_is_not_there():
    with pytest.raises(np.exceptions.AxisError):
        cross_entropy(Z, LABELS, axis=2)
