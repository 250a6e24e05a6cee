"""Recurrent cells and sequences: torch, each other, transforms, and what is said of wrong sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.torch_says import agree

from pycograd import (
    ShapeError,
    Var,
    checkpoint,
    grad,
    gru,
    gru_cell,
    hvp,
    jacobian,
    jvp,
    lstm,
    lstm_cell,
    nn,
    params,
    rnn,
    rnn_cell,
    value_and_grad,
    vmap,
)
from pycograd.core.node import FIRST_PARENT, PRIM
from pycograd.nn.sequences import gru_text, lstm_text, rnn_text

rng = np.random.default_rng(0)
PARTS = {"rnn": 1, "gru": 3, "lstm": 4}


def weights(parts, inputs=3, hidden=4):
    n = parts * hidden
    return rng.normal(size=(inputs, n)), rng.normal(size=(hidden, n)), rng.normal(size=n), rng.normal(size=n)


# ---- torch
def test_cells_equal_torch():
    torch = pytest.importorskip("torch")
    x, h, c = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    agree(
        lambda x, h, wx, wh, b: rnn_cell(x, h, wx, wh, b),
        lambda F, x, h, wx, wh, b: torch.rnn_tanh_cell(x, h, wx.T, wh.T, b, 0 * b),
        x, h, *weights(1)[:3],
    )  # fmt: skip
    agree(
        gru_cell, lambda F, x, h, wx, wh, bx, bh: torch.gru_cell(x, h, wx.T, wh.T, bx, bh), x, h, *weights(3)
    )
    for i in (0, 1):
        agree(
            lambda x, h, c, wx, wh, b: lstm_cell(x, (h, c), wx, wh, b)[i],  # noqa: B023
            lambda F, x, h, c, wx, wh, b: torch.lstm_cell(x, (h, c), wx.T, wh.T, b, 0 * b)[i],  # noqa: B023
            x, h, c, *weights(4)[:3],
        )  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 4))
def test_sequences_equal_torch(time, batch, hidden):
    torch = pytest.importorskip("torch")
    xs, h, c = (
        rng.normal(size=(batch, time, 3)),
        rng.normal(size=(batch, hidden)),
        rng.normal(size=(batch, hidden)),
    )

    def theirs(run, xs, states, wx, wh, bx, bh):
        states = tuple(s[None] for s in states)
        flat = [wx.T.contiguous(), wh.T.contiguous(), bx, bh]
        return run(xs, states if len(states) > 1 else states[0], flat, True, 1, 0.0, False, False, True)

    agree(
        lambda xs, h, wx, wh, b: rnn(xs, h, wx, wh, b)[0],
        lambda F, xs, h, wx, wh, b: theirs(torch.rnn_tanh, xs, (h,), wx, wh, b, 0 * b)[0],
        xs, h, *weights(1, 3, hidden)[:3],
    )  # fmt: skip
    agree(
        lambda xs, h, *w: gru(xs, h, *w)[0],
        lambda F, xs, h, *w: theirs(torch.gru, xs, (h,), *w)[0],
        xs, h, *weights(3, 3, hidden),
    )  # fmt: skip
    for out in (lambda hs, h, c: hs, lambda hs, h, c: h, lambda hs, h, c: c):
        agree(
            lambda xs, h, c, *w, out=out: out((r := lstm(xs, (h, c), *w))[0], *r[1]),
            lambda F, xs, h, c, wx, wh, b, out=out: out(
                *[r if i == 0 else r[0] for i, r in enumerate(theirs(torch.lstm, xs, (h, c), wx, wh, b, 0 * b))]
            ),
            xs, h, c, *weights(4, 3, hidden)[:3],
        )  # fmt: skip


# ---- a sequence, its steps and its cells are one function
def losses():
    """name -> (by one operation, by steps on the tape, arguments)."""
    xs, h, c = rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    scale = np.arange(1.0, 7)[:, None]

    def of(hs):
        return np.sum(np.sin(hs) * scale)

    def stepped(cell, xs, state, *w):
        total = 0.0
        for t in range(6):
            state = cell(xs[:, t], state, *w)
            total = total + np.sum(np.sin(state[0] if type(state) is tuple else state) * scale[t])
        return total

    return {
        "rnn": (lambda xs, h, *w: of(rnn(xs, h, *w)[0]), lambda xs, h, *w: stepped(rnn_cell, xs, h, *w),
                (xs, h, *weights(1)[:3])),
        "gru": (lambda xs, h, *w: of(gru(xs, h, *w)[0]), lambda xs, h, *w: stepped(gru_cell, xs, h, *w),
                (xs, h, *weights(3))),
        "lstm": (lambda xs, h, c, *w: of(lstm(xs, (h, c), *w)[0]),
                 lambda xs, h, c, *w: stepped(lstm_cell, xs, (h, c), *w), (xs, h, c, *weights(4)[:3])),
    }  # fmt: skip


LOSSES = losses()


@pytest.mark.parametrize("name", LOSSES)
def test_a_sequence_is_its_cells_one_after_the_other(name):
    whole, stepped, args = LOSSES[name]
    value, grads = value_and_grad(whole)(*args)
    expected, by_steps = value_and_grad(stepped)(*args)
    assert value == pytest.approx(expected, rel=1e-13)
    for a, b in zip(grads, by_steps, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_transforms_of_a_sequence_agree(name):
    whole, _, args = LOSSES[name]
    directions = [rng.normal(size=a.shape) for a in args]
    grads = grad(whole)(*args)
    slope = sum(np.sum(g * v) for g, v in zip(grads, directions, strict=True))
    assert jvp(whole, args, tuple(directions))[1] == pytest.approx(slope, rel=1e-11)
    again = grad(checkpoint(whole))(*args)
    for a, b in zip(again, grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    v, h = directions[-1], 1e-5  # of the last weights: H v by differences of the gradient
    f = lambda w: whole(*args[:-1], w)  # noqa: E731
    up, down = (grad(f)(args[-1] + s * h * v)[0] for s in (1, -1))
    np.testing.assert_allclose(hvp(f)(args[-1], v), (up - down) / (2 * h), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_per_sample_gradients(name):
    whole, _, args = LOSSES[name]
    states = 2 if name == "lstm" else 1
    mapped, shared = args[: 1 + states], args[1 + states :]
    axes = (*[0] * len(mapped), *[None] * len(shared))
    each = vmap(grad(whole), axes)(*mapped, *shared)
    for i in range(2):
        alone = grad(whole)(*[m[i] for m in mapped], *shared)
        for a, b in zip(each, alone, strict=True):
            np.testing.assert_allclose(a[i], b, rtol=1e-10, atol=1e-12)


def test_a_jacobian_maps_the_backward_pass():
    xs, h, w = rng.normal(size=(3, 2)), rng.normal(size=2), weights(4, 2, 2)[:3]
    f = lambda xs: lstm(xs, (h, h), *w)[0]  # noqa: E731
    columns = [jvp(f, (xs,), (e.reshape(3, 2),))[1] for e in np.eye(6)]
    np.testing.assert_allclose(
        jacobian(f)(xs).reshape(3, 2, 6), np.stack(columns, -1), rtol=1e-10, atol=1e-13
    )


def test_the_steps_on_the_tape_are_the_one_operation():
    xs, h, c = rng.normal(size=(2, 6, 4)), rng.normal(size=(2, 1)), rng.normal(size=(2, 1))
    wide = {n: rng.normal(size=(1, n)) for n in (1, 3, 4)}
    b = rng.normal(size=3)
    np.testing.assert_allclose(
        nn.sequences.rnn_scan(xs[..., :1], h, wide[1]), rnn_text(xs[..., :1], h, wide[1]), rtol=1e-14
    )
    np.testing.assert_allclose(
        nn.sequences.gru_scan(xs[..., :3], h, wide[3], b), gru_text(xs[..., :3], h, wide[3], b), rtol=1e-13
    )
    for a, b in zip(nn.sequences.lstm_scan(xs, h, c, wide[4]), lstm_text(xs, h, c, wide[4]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_ambient_weights_take_the_one_operation_too():
    weights = params(wx=rng.normal(size=(3, 16)), wh=rng.normal(size=(4, 16)))
    xs = Var(rng.normal(size=(2, 6, 3)))
    with weights:
        hs, _ = lstm(xs, None, wx, wh)  # noqa: F821
    (whole,) = hs.node[FIRST_PARENT:]
    assert whole[PRIM].name == "lstm"
    np.testing.assert_array_equal(hs.value, lstm(xs.value, None, weights.wx.value, weights.wh.value)[0])


def test_no_state_is_zeros():
    xs = rng.normal(size=(2, 6, 3))
    zeros = np.zeros((2, 4))
    for f, n, state in ((rnn, 1, zeros), (gru, 3, zeros), (lstm, 4, (zeros, zeros))):
        w = weights(n)[:2]
        np.testing.assert_array_equal(f(xs, None, *w)[0], f(xs, state, *w)[0])


def test_float32_stays_float32():
    w = [a.astype("f4") for a in weights(4)[:3]]
    xs = rng.normal(size=(2, 6, 3)).astype("f4")
    hs, (h, c) = lstm(xs, None, *w)
    assert hs.dtype == h.dtype == c.dtype == np.float32
    assert all(g.dtype == np.float32 for g in grad(lambda *a: np.sum(lstm(a[0], None, *a[1:])[0]))(xs, *w))


# ---- wrong sizes
def test_sizes_that_do_not_match():
    x, h = np.ones((2, 3)), np.ones((2, 4))
    wx, wh, b, _ = weights(4)
    with pytest.raises(
        ShapeError, match=r"lstm_cell: x of shape \(2, 3\) and wx of shape \(4, 16\) at test_recurrent"
    ):
        lstm_cell(x, (h, h), wh, wh)
    with pytest.raises(ShapeError, match=r"lstm_cell: .* wx must be \(inputs, 4 \* hidden\)"):
        lstm_cell(x, (h, h), wx[:, :15], wh)
    with pytest.raises(ShapeError, match=r"lstm_cell: b of shape \(4,\) and wx of shape \(3, 16\)"):
        lstm_cell(x, (h, h), wx, wh, b[:4])
    with pytest.raises(
        ShapeError, match=r"lstm_cell: c of shape \(3, 4\).*ask for a state of shape \(2, 4\)"
    ):
        lstm_cell(x, (h, np.ones((3, 4))), wx, wh)
    with pytest.raises(
        ShapeError, match=r"gru_cell: h of shape \(2, 4\) and wh of shape \(4, 16\).*\(hidden, 3 \* hid"
    ):
        gru_cell(x, h, wx[:, :12], wh)
    with pytest.raises(ShapeError, match=r"rnn_cell: h of shape \(2, 3\).*of shape \(2, 4\)"):
        rnn_cell(x, x, wx[:, :4], wh[:, :4])
    with pytest.raises(
        ShapeError, match=r"lstm: xs of shape \(3,\).*\(..., time, inputs\), with at least one time"
    ):
        lstm(x[0], None, wx, wh)
    with pytest.raises(ShapeError, match=r"gru: h of shape \(4,\).*of shape \(2, 4\)"):
        gru(np.ones((2, 5, 3)), np.ones(4), wx[:, :12], wh[:, :12])
    with pytest.raises(ShapeError, match=r"gru: bh of shape \(4,\) and wh of shape \(4, 12\)"):
        gru(np.ones((2, 5, 3)), h, wx[:, :12], wh[:, :12], None, b[:4])
    with pytest.raises(ShapeError, match=r"rnn: xs of shape \(2, 5, 3\) and wx of shape \(4, 4\)"):
        rnn(np.ones((2, 5, 3)), None, wh[:, :4], wh[:, :4])
