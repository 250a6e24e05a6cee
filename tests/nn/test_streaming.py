"""Streaming convolutions: whatever the chunks, joined they are the convolution of the whole signal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycograd import (
    ShapeError,
    causal_conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose2d,
    grad,
    streaming_conv1d,
    streaming_conv1d_init,
    streaming_conv2d,
    streaming_conv2d_init,
    streaming_conv_transpose1d,
    streaming_conv_transpose1d_init,
    streaming_conv_transpose2d,
    streaming_conv_transpose2d_init,
)

rng = np.random.default_rng(0)
small = st.integers(1, 3)


@st.composite
def chunked(draw):
    """Lengths of chunks, some empty, and a geometry."""
    lengths = draw(st.lists(st.integers(0, 5), min_size=1, max_size=6).filter(sum))
    kernel, stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(small)
    return lengths, kernel, {"stride": stride, "dilation": dilation, "groups": draw(st.integers(1, 2))}


def channels(groups):
    return 2 * groups, 3 * groups


def in_chunks(step, x, lengths, state):
    """The outputs of `step` on chunks of `x`, joined, and the last state."""
    ys, at = [], 0
    for n in lengths:
        y, state = step(x[..., at : at + n], state)
        ys.append(y)
        at += n
    return np.concatenate(ys, -1), state


@settings(max_examples=60, deadline=None)
@given(chunked(), st.booleans())
def test_conv1d(case, biased):
    lengths, k, params = case
    inputs, outputs = channels(params["groups"])
    x, w = rng.normal(size=(2, inputs, sum(lengths))), rng.normal(size=(outputs, 2, k))
    b = rng.normal(size=outputs) if biased else None
    y, _ = in_chunks(
        lambda x, state: streaming_conv1d(x, w, b, state, **params),
        x, lengths, streaming_conv1d_init(inputs, k, params["dilation"], batch=2),
    )  # fmt: skip
    np.testing.assert_allclose(y, causal_conv1d(x, w, b, **params), rtol=1e-11, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(chunked(), st.integers(0, 2), small, small)
def test_conv2d(case, pad_h, kernel_h, stride_h):
    lengths, k, params = case
    inputs, outputs = channels(params["groups"])
    x, w = rng.normal(size=(2, inputs, 5, sum(lengths))), rng.normal(size=(outputs, 2, kernel_h, k))
    b = rng.normal(size=outputs)
    dilation, before = params["dilation"], (k - 1) * params["dilation"]
    params = {**params, "stride": (stride_h, params["stride"]), "dilation": (1, dilation)}
    y, _ = in_chunks(
        lambda x, state: streaming_conv2d(x, w, b, state, pad_h=pad_h, **params),
        x, lengths, streaming_conv2d_init(inputs, 5, k, dilation, batch=2),
    )  # fmt: skip
    whole = np.pad(x, ((0, 0), (0, 0), (0, 0), (before, 0)))
    np.testing.assert_allclose(y, conv2d(whole, w, b, pad=(pad_h, 0), **params), rtol=1e-11, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(chunked(), st.booleans())
def test_conv_transpose1d(case, biased):
    lengths, k, params = case
    inputs, outputs = channels(params["groups"])
    x, w = (
        rng.normal(size=(2, inputs, sum(lengths))),
        rng.normal(size=(inputs, outputs // params["groups"], k)),
    )
    b = rng.normal(size=outputs) if biased else None
    y, state = in_chunks(
        lambda x, state: streaming_conv_transpose1d(x, w, b, state, **params),
        x, lengths, streaming_conv_transpose1d_init(),
    )  # fmt: skip
    y = np.concatenate([y, state[0]], -1)
    np.testing.assert_allclose(y, conv_transpose1d(x, w, b, **params), rtol=1e-11, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(chunked(), st.integers(0, 1))
def test_conv_transpose2d(case, pad_h):
    lengths, k, params = case
    inputs, outputs = channels(params["groups"])
    x = rng.normal(size=(2, inputs, 4, sum(lengths)))
    w, b = rng.normal(size=(inputs, outputs // params["groups"], 2, k)), rng.normal(size=outputs)
    y, state = in_chunks(
        lambda x, state: streaming_conv_transpose2d(x, w, b, state, pad_h=pad_h, **params),
        x, lengths, streaming_conv_transpose2d_init(),
    )  # fmt: skip
    y = np.concatenate([y, state[0]], -1)
    np.testing.assert_allclose(y, conv_transpose2d(x, w, b, pad=(pad_h, 0), **params), rtol=1e-11, atol=1e-12)


def test_a_chunk_without_output_has_its_shape():
    y, state = streaming_conv1d(
        np.ones((1, 2, 1)), np.ones((3, 2, 2)), None, (np.zeros((1, 2, 1)), 1), stride=3
    )
    assert y.shape == (1, 3, 0) and state[1] == 2
    y, state = streaming_conv_transpose1d(np.ones((1, 2, 0)), np.ones((2, 3, 2)), None, None)
    assert y.shape == (1, 3, 0) and state[0].shape == (1, 3, 0)


def test_float32_stays_float32():
    x, w = np.ones((1, 2, 4), "f4"), np.ones((3, 2, 2), "f4")
    y, state = streaming_conv1d(x, w, None, streaming_conv1d_init(2, 2))
    assert y.dtype == state[0].dtype == np.float32
    y, state = streaming_conv_transpose1d(x, w.swapaxes(0, 1), None, None)
    assert y.dtype == state[0].dtype == np.float32


def test_gradients_flow_from_chunk_to_chunk():
    x, w = rng.normal(size=(1, 2, 7)), rng.normal(size=(3, 2, 3))

    def streamed(w):
        y, _ = in_chunks(
            lambda x, s: streaming_conv1d(x, w, None, s), x, [2, 1, 4], streaming_conv1d_init(2, 3)
        )
        return np.sum(np.sin(y))

    expected = grad(lambda w: np.sum(np.sin(causal_conv1d(x, w))))(w)[0]
    np.testing.assert_allclose(grad(streamed)(w)[0], expected, rtol=1e-11)


def test_a_state_of_another_size():
    with pytest.raises(
        ShapeError, match=r"streaming_conv1d: a state that carries \(1, 2, 1\) at test_streaming.py"
    ) as e:
        streaming_conv1d(np.ones((1, 2, 4)), np.ones((3, 2, 3)), None, streaming_conv1d_init(2, 2))
    assert "ask for one that carries (1, 2, 2)" in str(e.value)
    with pytest.raises(ShapeError, match=r"streaming_conv2d: a state that carries \(1, 2, 5, 2\)"):
        streaming_conv2d(np.ones((1, 2, 4, 4)), np.ones((3, 2, 3, 3)), None, streaming_conv2d_init(2, 5, 3))
    with pytest.raises(ShapeError, match=r"conv1d: x of shape \(1, 3, 6\) and w of shape \(3, 2, 3\)"):
        streaming_conv1d(np.ones((1, 3, 4)), np.ones((3, 2, 3)), None, streaming_conv1d_init(3, 3))
