"""RWKV: the parallel form, the form of one token at a time, and the sums of the definition are one function."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycograd import (
    ShapeError,
    check_grads,
    grad,
    jacobian,
    rwkv_channel_mixing,
    rwkv_time_mixing,
    rwkv_time_mixing_step,
    vmap,
    wkv,
    wkv_step,
)

rng = np.random.default_rng(0)


def by_definition(k, v, decay, bonus):
    means = np.empty_like(v)
    for t in range(len(k)):
        age = (t - 1 - np.arange(t))[:, None]
        w = np.exp(np.concatenate([k[:t] - age * decay, k[t : t + 1] + bonus]))
        means[t] = np.sum(w * v[: t + 1], 0) / np.sum(w, 0)
    return means


def one_by_one(k, v, decay, bonus, state=None):
    means = []
    for t in range(k.shape[-2]):
        mean, state = wkv_step(k[..., t, :], v[..., t, :], decay, bonus, state)
        means.append(mean)
    return np.stack(means, -2), state


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(1, 3), st.data())
def test_all_forms_agree_and_so_do_parts_of_a_sequence(time, channels, data):
    k, v = 3 * rng.normal(size=(2, time, channels))
    decay, bonus = rng.random(channels), rng.normal(size=channels)
    means, state = wkv(k, v, decay, bonus)
    np.testing.assert_allclose(means, by_definition(k, v, decay, bonus), rtol=1e-11, atol=1e-13)
    stepped, last = one_by_one(k, v, decay, bonus)
    np.testing.assert_allclose(means, stepped, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(state, last, rtol=1e-11, atol=1e-13)
    cut = data.draw(st.integers(1, time))
    first, middle = wkv(k[:cut], v[:cut], decay, bonus)
    rest = one_by_one(k[cut:], v[cut:], decay, bonus, middle)[0] if cut < time else v[:0]
    np.testing.assert_allclose(np.concatenate([first, rest]), means, rtol=1e-11, atol=1e-13)


def test_gradients_of_both_forms_agree_and_are_right():
    args = (*rng.normal(size=(2, 2, 7, 3)), rng.random(3), rng.normal(size=3))
    parallel = lambda *a: np.sum(np.sin(wkv(*a)[0]))  # noqa: E731
    stepped = lambda *a: np.sum(np.sin(one_by_one(*a)[0]))  # noqa: E731
    for a, b in zip(grad(parallel)(*args), grad(stepped)(*args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)
    check_grads(parallel, *args)


def test_huge_keys_neither_overflow_nor_vanish():
    k, v = np.array([[0.0], [1e4], [-1e4], [2e4]]), np.array([[1.0], [2.0], [3.0], [4.0]])
    means, _ = wkv(k, v, np.ones(1), np.zeros(1))
    np.testing.assert_array_equal(means.ravel(), [1, 2, 2, 4])
    (g,) = grad(lambda v: np.sum(wkv(k, v, np.ones(1), np.zeros(1))[0]))(v)
    np.testing.assert_array_equal(g.ravel(), [1, 2, 0, 1])


def test_nothing_comes_from_a_later_token():
    k, v = rng.normal(size=(2, 5, 1))
    slope = jacobian(lambda v: wkv(k, v, np.ones(1), np.zeros(1))[0][:, 0])(v)[..., 0]
    np.testing.assert_array_equal(slope[np.triu_indices(5, 1)], 0)
    np.testing.assert_allclose(slope.sum(1), 1, rtol=1e-13)  # weights of a mean


def layer():
    names = {"mix_k": 3, "mix_v": 3, "mix_r": 3, "log_decay": 4, "bonus": 4, "key": (3, 4), "value": (3, 4)}
    return {n: rng.normal(size=s) for n, s in (names | {"receptance": (3, 4), "output": (4, 3)}).items()}


def test_the_layer_in_parallel_is_the_layer_one_token_at_a_time():
    weights, x = layer(), rng.normal(size=(2, 6, 3))
    y, state = rwkv_time_mixing(x, weights)
    ys, last = [], None
    for t in range(6):
        out, last = rwkv_time_mixing_step(x[:, t], weights, last)
        ys.append(out)
    np.testing.assert_allclose(np.stack(ys, 1), y, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(last[1], state[1], rtol=1e-11, atol=1e-13)
    first, middle = rwkv_time_mixing(x[:, :4], weights)
    rest, _ = rwkv_time_mixing(x[:, 4:], weights, middle)
    np.testing.assert_allclose(np.concatenate([first, rest], 1), y, rtol=1e-11, atol=1e-13)


def test_channel_mixing_one_token_at_a_time():
    weights = {"mix_k": rng.random(3), "mix_r": rng.random(3), "key": rng.normal(size=(3, 5))}
    weights |= {"value": rng.normal(size=(5, 3)), "receptance": rng.normal(size=(3, 3))}
    x = rng.normal(size=(4, 3))
    y, _ = rwkv_channel_mixing(x, weights)
    state, ys = None, []
    for t in range(4):
        out, state = rwkv_channel_mixing(x[t : t + 1], weights, state)
        ys.append(out[0])
    np.testing.assert_allclose(ys, y, rtol=1e-12)


def test_per_sample_gradients_of_a_layer():
    weights, x = layer(), rng.normal(size=(3, 6, 3))
    f = lambda w, x: np.sum(rwkv_time_mixing(x, w)[0] ** 2)  # noqa: E731
    each = vmap(grad(f, argnums=0), (None, 0))(weights, x)
    for name in weights:
        alone = [grad(f, argnums=0)(weights, one)[name] for one in x]
        np.testing.assert_allclose(each[name], alone, rtol=1e-9, atol=1e-11)


def test_sizes_that_do_not_match():
    k, v = np.ones((5, 3)), np.ones((5, 2))
    with pytest.raises(ShapeError, match=r"wkv: k of shape \(5, 3\) and v of shape \(5, 2\) at test_rwkv.py"):
        wkv(k, v, np.ones(3), np.ones(3))
    with pytest.raises(ShapeError, match=r"wkv: k of shape \(3,\)"):
        wkv(k[0], k[0], np.ones(3), np.ones(3))
    with pytest.raises(
        ShapeError, match=r"wkv: bonus of shape \(2,\).*must be of shape \(3,\), channels of k"
    ):
        wkv(k, k, np.ones(3), np.ones(2))
