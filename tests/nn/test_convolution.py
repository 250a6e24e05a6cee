"""Convolutions: torch, the definition, transposes, blocks, transforms, and what is said of wrong sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.torch_says import agree

from pycograd import (
    ShapeError,
    causal_conv1d,
    conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose2d,
    eval_shape,
    grad,
    hvp,
    linear_transpose,
    value_and_grad,
    vmap,
)
from pycograd.nn import correlation

rng = np.random.default_rng(0)
small = st.integers(1, 3)


@st.composite
def layers(draw, rank):
    """The shapes of x and w, and the geometry, of a convolution with at least one window."""
    pick = lambda least, most: tuple(draw(st.integers(least, most)) for _ in range(rank))  # noqa: E731
    kernel, stride, pad, dilation = pick(1, 3), pick(1, 3), pick(0, 2), pick(1, 2)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [max(1, r - 2 * p) + draw(st.integers(0, 4)) for r, p in zip(spans, pad, strict=True)]
    groups, inputs, outputs, batch = (draw(small) for _ in range(4))
    x, w = (batch, groups * inputs, *size), (groups * outputs, inputs, *kernel)
    return x, w, {"stride": stride, "dilation": dilation, "groups": groups}, pad


# ---- torch
@settings(max_examples=40, deadline=None)
@given(layers(2), st.booleans())
def test_conv2d_equals_torch(layer, biased):
    x_shape, w_shape, params, pad = layer
    args = [rng.normal(size=s) for s in (x_shape, w_shape, *[w_shape[:1]] * biased)]
    agree(lambda *a: conv2d(*a, pad=pad, **params), lambda F, *a: F.conv2d(*a, padding=pad, **params), *args)


@settings(max_examples=40, deadline=None)
@given(layers(1))
def test_conv1d_equals_torch(layer):
    x_shape, w_shape, params, pad = layer
    args = [rng.normal(size=s) for s in (x_shape, w_shape, w_shape[:1])]
    agree(lambda *a: conv1d(*a, pad=pad, **params), lambda F, *a: F.conv1d(*a, padding=pad, **params), *args)
    before = (w_shape[2] - 1) * params["dilation"][0]
    agree(
        lambda *a: causal_conv1d(*a, **params),
        lambda F, x, *a: F.conv1d(F.pad(x, (before, 0)), *a, **params),
        *args,
    )


@settings(max_examples=40, deadline=None)
@given(layers(2))
def test_conv_transpose2d_equals_torch(layer):
    x_shape, w_shape, params, _ = layer
    z = rng.normal(size=(x_shape[0], w_shape[0], *rng.integers(1, 4, 2)))
    args = [z, rng.normal(size=w_shape), rng.normal(size=x_shape[1])]
    agree(lambda *a: conv_transpose2d(*a, **params), lambda F, *a: F.conv_transpose2d(*a, **params), *args)
    line = [z[..., 0], rng.normal(size=w_shape[:3]), args[2]]
    one = {**params, "stride": params["stride"][0], "dilation": params["dilation"][0]}
    agree(lambda *a: conv_transpose1d(*a, **one), lambda F, *a: F.conv_transpose1d(*a, **one), *line)
    args[0] = rng.normal(size=(2, w_shape[0], 5, 6))
    agree(
        lambda *a: conv_transpose2d(*a, pad=1, **params),
        lambda F, *a: F.conv_transpose2d(*a, padding=1, **params),
        *args,
    )


def test_float32_stays_float32():
    x, w, b = (rng.normal(size=s).astype("f4") for s in ((2, 3, 6, 6), (4, 3, 3, 3), (4,)))
    agree(lambda *a: conv2d(*a, pad=1), lambda F, *a: F.conv2d(*a, padding=1), x, w, b, rtol=1e-4, atol=1e-4)


# ---- what it is
def test_the_definition():
    x, w = rng.normal(size=(2, 4, 7)), rng.normal(size=(6, 2, 3))
    y = conv1d(x, w, stride=2, pad=1, dilation=2, groups=2)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1)))
    for n, o, t in np.ndindex(y.shape):
        group = padded[n, 2 * (o // 3) : 2 * (o // 3) + 2]
        assert y[n, o, t] == pytest.approx(np.sum(w[o] * group[:, 2 * t : 2 * t + 5 : 2]), rel=1e-12)


def test_a_transposed_convolution_is_the_transpose():
    w = rng.normal(size=(4, 3, 3))
    x, z = rng.normal(size=(2, 3, 9)), rng.normal(size=(2, 4, 4))
    params = {"stride": 2, "dilation": 1, "pad": 0}
    spread = conv_transpose1d(z, w, **params)
    assert spread.shape == x.shape  # (4 - 1) * 2 + 2 + 1
    assert np.sum(conv1d(x, w, **params) * z) == pytest.approx(np.sum(x * spread), rel=1e-12)
    np.testing.assert_allclose(
        linear_transpose(lambda x: conv1d(x, w, **params), x)(z)[0], spread, rtol=1e-12
    )


def test_one_example_needs_no_axis_of_examples():
    x, w, b = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(4, 3, 2, 2)), rng.normal(size=4)
    np.testing.assert_allclose(conv2d(x[0], w, b), conv2d(x, w, b)[0], rtol=1e-13)
    np.testing.assert_allclose(vmap(lambda x: conv2d(x, w, b))(x), conv2d(x, w, b), rtol=1e-13)


# ---- blocks of examples
@pytest.mark.parametrize("block", [1, 800, 1600])
def test_blocks_of_examples_change_nothing(monkeypatch, block):
    x, w = rng.normal(size=(5, 4, 6, 5)), rng.normal(size=(6, 2, 3, 2))
    c = rng.normal(size=conv2d(x, w, groups=2, stride=2).shape)
    f = lambda x, w: np.sum(conv2d(x, w, groups=2, stride=2) * c)  # noqa: E731
    value, grads = value_and_grad(f)(x, w)
    monkeypatch.setattr(correlation, "BLOCK", block)
    assert len(correlation.blocks(x.shape, w.shape, 8, (2, 2), ((0, 0),) * 2, (1, 1))) > 1
    again, others = value_and_grad(f)(x, w)
    assert again == pytest.approx(value, rel=1e-13)
    for a, b in zip(grads, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_no_examples_at_all():
    x, w = np.ones((0, 2, 5)), np.ones((3, 2, 2))
    assert conv1d(x, w).shape == (0, 3, 4)
    gx, gw = grad(lambda x, w: np.sum(conv1d(x, w)))(x, w)
    assert gx.shape == x.shape and not gw.any()


# ---- transforms
def test_per_sample_gradients():
    x, w, b = rng.normal(size=(4, 2, 5, 5)), rng.normal(size=(3, 2, 2, 2)), rng.normal(size=3)
    f = lambda w, b, x: np.sum(np.tanh(conv2d(x, w, b, pad=1)) ** 2)  # noqa: E731
    each = vmap(grad(f, argnums=(0, 1)), (None, None, 0))(w, b, x)
    alone = [grad(f, argnums=(0, 1))(w, b, one) for one in x]
    for ours, expected in zip(each, zip(*alone, strict=True), strict=True):
        np.testing.assert_allclose(ours, np.stack(expected), rtol=1e-11, atol=1e-13)


def test_ensembles_of_kernels():
    x, w = rng.normal(size=(2, 4, 6)), rng.normal(size=(3, 6, 2, 3))
    for params in ({}, {"groups": 2}):
        w_each = w if params else rng.normal(size=(3, 6, 4, 3))
        expected = [conv1d(x, one, **params) for one in w_each]
        np.testing.assert_allclose(
            vmap(lambda w, params=params: conv1d(x, w, **params), in_axes=(0,))(w_each), expected
        )


def test_second_derivatives():
    x, w, v = rng.normal(size=(2, 2, 6)), rng.normal(size=(3, 2, 3)), rng.normal(size=(3, 2, 3))
    f = lambda w: np.sum(conv1d(np.tanh(conv1d(x, w, pad=1)), w.transpose(1, 0, 2), stride=2) ** 2)  # noqa: E731
    h = 1e-5
    by_differences = (grad(f)(w + h * v)[0] - grad(f)(w - h * v)[0]) / (2 * h)
    np.testing.assert_allclose(hvp(f)(w, v), by_differences, rtol=1e-6, atol=1e-6)


def test_shapes_without_data():
    y = eval_shape(
        lambda x, w: conv2d(x, w, stride=2, pad=1), np.ones((2, 3, 8, 9), "f4"), np.ones((4, 3, 3, 3), "f4")
    )
    assert repr(y) == "f32[2,4,4,5]"


# ---- wrong sizes
X, W = np.ones((2, 4, 8)), np.ones((6, 4, 3))


def test_sizes_that_do_not_match():
    with pytest.raises(
        ShapeError, match=r"conv1d: x of shape \(2, 4, 8\) and w of shape \(6, 3, 3\) at test_conv"
    ) as e:
        conv1d(X, W[:, :3])
    assert "x has 4 channels, w takes 3 (groups=1)" in str(e.value)
    with pytest.raises(ShapeError, match=r"x has 4 channels, w takes 8 \(groups=2\)"):
        conv1d(X, W, groups=2)
    with pytest.raises(ShapeError, match="groups=4 does not divide the 6 channels that w begins with"):
        conv1d(X, W[:, :1], groups=4)
    with pytest.raises(ShapeError, match=r"b of shape \(4,\) must be of shape \(6,\)"):
        conv1d(X, W, np.ones(4))
    with pytest.raises(
        ShapeError, match=r"conv2d: .*x must be \(batch, channels, height, width\), w \(outputs, inputs / "
    ):
        conv2d(X[0], W)
    with pytest.raises(
        ShapeError, match=r"a kernel that spans \(9,\) does not fit into \(8,\) with pad=\(\(0, 0\),\)"
    ):
        conv1d(X, W, dilation=4)
    with pytest.raises(ShapeError, match=r"conv_transpose1d: .*x has 4 channels, w takes 6"):
        conv_transpose1d(X, W)
    with pytest.raises(
        ShapeError, match=r"conv_transpose2d: .* w \(inputs, outputs / groups, kernel sizes\)"
    ):
        conv_transpose2d(X, W)
    with pytest.raises(ShapeError, match=r"pad=\(\(5, 5\),\) leaves nothing of the result"):
        conv_transpose1d(X, np.ones((4, 1, 3)), pad=5)
    with pytest.raises(ShapeError, match=r"causal_conv1d: x of shape \(2, 4, 8\) and w of shape \(4,\)"):
        causal_conv1d(X, np.ones(4))


def test_geometry_that_makes_no_sense():
    for name, least, bad in (("stride", 1, 0), ("pad", 0, -1), ("dilation", 1, 1.5), ("groups", 1, 0)):
        with pytest.raises(
            ValueError, match=rf"conv1d: {name}={bad} at test_convolution.py.* integer of at least {least}"
        ):
            conv1d(X, W, **{name: bad})
    with pytest.raises(ValueError, match=r"conv2d: stride=\(1, 2, 3\) .* or 2 of them"):
        conv2d(np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)), stride=(1, 2, 3))
