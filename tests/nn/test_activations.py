"""Activations: closed forms, torch, extremes, types."""

import numpy as np
import pytest
from laws.torch_says import agree

import pycograd
from pycograd import egrad, grad, hessian, nn, vmap

X = np.linspace(-4.3, 4.1, 29)
SIGMOID = 1 / (1 + np.exp(-X))
FORMS = {
    "relu": np.where(X > 0, X, 0),
    "sigmoid": SIGMOID,
    "silu": X * SIGMOID,
    "swish": X * SIGMOID,
    "tanh": np.tanh(X),
    "gelu": 0.5 * X * (1 + np.tanh(0.7978845608028654 * (X + 0.044715 * X**3))),
    "leaky_relu": np.where(X > 0, X, 0.01 * X),
    "elu": np.where(X > 0, X, np.exp(X) - 1),
    "softplus": np.log(1 + np.exp(X)),
    "mish": X * np.tanh(np.log(1 + np.exp(X))),
    "hardsigmoid": np.clip(X + 3, 0, 6) / 6,
    "hardswish": X * np.clip(X + 3, 0, 6) / 6,
    "softsign": X / (1 + abs(X)),
    "selu": 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * (np.exp(X) - 1)),
}
# what torch calls them, with the same meaning
TORCH = {"gelu": lambda F, x: F.gelu(x, approximate="tanh"), "sigmoid": lambda F, x: x.sigmoid(),
         "swish": lambda F, x: F.silu(x), "tanh": lambda F, x: x.tanh()}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_the_closed_form(name):
    f = getattr(pycograd, name)
    np.testing.assert_allclose(f(X), FORMS[name], rtol=1e-13, atol=1e-15)
    assert f is getattr(nn, name)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", FORMS)
def test_torch_agrees(name, dtype):
    theirs = TORCH.get(name, lambda F, x: getattr(F, name)(x))
    tight = {"rtol": 1e-9, "atol": 1e-13} if dtype == "f8" else {"rtol": 2e-5, "atol": 2e-6}
    if name == "hardsigmoid":
        tight = {"rtol": 2e-5}  # torch's slope is 1/6 in single precision, in double too
    agree(getattr(nn, name), theirs, X.astype(dtype), **tight)


@pytest.mark.parametrize("name", FORMS)
def test_integers_numbers_and_lists_are_taken(name):
    f = getattr(nn, name)
    expected = f(np.array([1.0, 2.0]))
    np.testing.assert_allclose(f(np.array([1, 2])), expected, rtol=1e-15)
    np.testing.assert_allclose(f([1.0, 2.0]), expected, rtol=1e-15)
    assert isinstance(f(2.0), np.float64) and f(2.0) == expected[1]
    assert isinstance(f(np.array(2.0)), np.float64)
    (g,) = grad(f)(2.0)
    assert type(g) is float and g == pytest.approx(egrad(f)(np.array([2.0]))[0])


@pytest.mark.parametrize("name", sorted(FORMS.keys() - {"relu", "leaky_relu", "hardsigmoid", "hardswish"}))
def test_a_third_derivative_agrees_with_differences_of_the_second(name):
    """Forward, reverse and reverse again, at a point of the curve."""
    f = getattr(nn, name)
    second = lambda x: hessian(f)(x)  # noqa: E731
    h = 1e-5
    third = grad(second)(0.37)[0]
    assert third == pytest.approx((second(0.37 + h) - second(0.37 - h)) / (2 * h), abs=1e-6)


def test_extremes_neither_overflow_nor_warn():
    far = np.array([-1e300, -1e4, 1e4, 1e300])
    for f in (nn.sigmoid, nn.softplus, nn.silu, nn.relu, nn.softsign, nn.elu):
        assert np.isfinite(f(far)).all(), f
        assert np.isfinite(egrad(f)(far)).all(), f
    np.testing.assert_array_equal(egrad(nn.sigmoid)(far), 0)
    np.testing.assert_array_equal(egrad(nn.softplus)(far), [0, 0, 1, 1])
    np.testing.assert_array_equal(egrad(nn.silu)(far), [0, 0, 1, 1])
    np.testing.assert_array_equal(egrad(nn.gelu)(np.array([-1e4, 1e4])), [0, 1])
    np.testing.assert_array_equal(nn.sigmoid(np.float32([-200, 200])), [0, 1])


def test_sigmoid_and_softplus_are_exact_far_below_zero():
    np.testing.assert_allclose(nn.sigmoid(np.array([-50.0, -300.0])), np.exp([-50.0, -300.0]), rtol=1e-14)
    np.testing.assert_allclose(nn.softplus(np.array([-50.0, -300.0])), np.exp([-50.0, -300.0]), rtol=1e-14)


def test_an_infinite_gradient_does_not_pass_where_relu_is_flat():
    f = lambda x: np.sum(np.sqrt(nn.relu(x)))  # noqa: E731
    np.testing.assert_array_equal(grad(f)(np.array([-1.0, 4.0]))[0], [0.0, 0.25])


def test_parameters_of_a_prelu_are_trained():
    x, slope = np.array([-2.0, -1.0, 3.0]), np.array([0.1, 0.2, 0.3])
    gx, gs = grad(lambda x, s: np.sum(nn.leaky_relu(x, s)))(x, slope)
    np.testing.assert_allclose(gx, [0.1, 0.2, 1.0])
    np.testing.assert_allclose(gs, [-2.0, -1.0, 0.0])


def test_gated_act_is_the_product_and_broadcasts():
    rng = np.random.default_rng(0)
    f, s = rng.normal(size=(3, 4)), rng.normal(size=(4,))
    product = lambda f, s: np.sum(np.tanh(f) * nn.sigmoid(s))  # noqa: E731
    fused = lambda f, s: np.sum(nn.gated_act(f, s))  # noqa: E731
    assert fused(f, s) == pytest.approx(product(f, s), rel=1e-14)
    for a, b in zip(grad(fused)(f, s), grad(product)(f, s), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)
    np.testing.assert_allclose(vmap(nn.gated_act, (0, None))(f, s), nn.gated_act(f, s), rtol=1e-15)


def test_names_of_the_older_literature():
    assert pycograd.d_exp is pycograd.ops.exp and pycograd.d_einsum is pycograd.ops.einsum
    assert float(pycograd.d_einsum("ii", np.eye(3))) == 3.0
    mapped = [name for name in dir(np) if callable(getattr(np, name)) and hasattr(pycograd.ops, name)]
    assert [name for name in mapped if not callable(getattr(pycograd.ops, name))] == []
    with pytest.raises(AttributeError, match="d_frobnicate|no operation frobnicate"):
        pycograd.d_frobnicate  # noqa: B018
    with pytest.raises(AttributeError, match="module 'pycograd' has no attribute 'frobnicate'"):
        pycograd.frobnicate  # noqa: B018
