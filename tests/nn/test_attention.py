"""Attention: torch, masks, heads, transforms, and what is said of wrong sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.torch_says import agree

from pycograd import (
    ShapeError,
    grad,
    jacobian,
    multi_head_attention,
    scaled_dot_product_attention,
    softmax,
    vmap,
)

rng = np.random.default_rng(0)
sizes = st.integers(1, 5)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3), max_size=2), sizes, sizes, sizes, sizes, st.booleans())
def test_any_sizes_equal_torch(lead, queries, keys, features, values, masked):
    torch = pytest.importorskip("torch")
    q, k, v = (rng.normal(size=(*lead, *s)) for s in ((queries, features), (keys, features), (keys, values)))
    mask = rng.random((queries, keys)) > 0.5
    mask[:, 0] = True
    agree(
        lambda q, k, v: scaled_dot_product_attention(q, k, v, mask if masked else None),
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, torch.tensor(mask) if masked else None),
        q, k, v,
    )  # fmt: skip


def test_heads_are_parts_of_the_features():
    q, k, v = (rng.normal(size=(2, 5, 6)) for _ in range(3))
    mask = np.tril(np.ones((5, 5)))
    parts = [scaled_dot_product_attention(*[x[..., i : i + 2] for x in (q, k, v)], mask) for i in (0, 2, 4)]
    np.testing.assert_allclose(multi_head_attention(q, k, v, 3, mask), np.concatenate(parts, -1), rtol=1e-13)
    np.testing.assert_allclose(multi_head_attention(q[0], k[0], v[0], 3, mask), np.concatenate(parts, -1)[0])


def test_a_mask_for_each_example_or_head():
    q, k, v = (rng.normal(size=(2, 5, 6)) for _ in range(3))
    mask = rng.random((2, 5, 5)) > 0.3
    mask[..., 0] = True
    each = [multi_head_attention(q[i], k[i], v[i], 2, mask[i]) for i in range(2)]
    np.testing.assert_allclose(multi_head_attention(q, k, v, 2, mask), each, rtol=1e-13)
    by_head = np.stack([mask, ~mask | np.eye(5, dtype=bool)], 1)
    y = multi_head_attention(q, k, v, 2, by_head)
    np.testing.assert_allclose(
        y[1, :, 3:], scaled_dot_product_attention(q[1, :, 3:], k[1, :, 3:], v[1, :, 3:], by_head[1, 1])
    )


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_causal_mask_lets_nothing_through(dtype):
    """Neither a value nor a gradient comes from a later token: exact zeros."""
    x = rng.normal(size=(6, 4)).astype(dtype)
    causal = np.tril(np.ones((6, 6)))
    f = lambda x: multi_head_attention(x, x, x, 2, causal)  # noqa: E731
    assert f(x).dtype == dtype
    slope = np.abs(jacobian(f)(x)).max(axis=(1, 3))
    np.testing.assert_array_equal(slope[np.triu_indices(6, 1)], 0)
    assert (slope[np.tril_indices(6)] > 0).all()


def test_a_query_that_sees_no_key_sees_all():
    """1e9 less for every key changes no share, but for the rounding of 1e9, which is 1.2e-7."""
    q, k, v = rng.normal(size=(3, 2, 4))
    y = scaled_dot_product_attention(q, k, v, np.zeros((2, 2)))
    np.testing.assert_allclose(y, scaled_dot_product_attention(q, k, v), atol=1e-6)


def test_equal_keys_share_equally_and_large_scores_select():
    v = rng.normal(size=(4, 3))
    np.testing.assert_allclose(
        scaled_dot_product_attention(np.ones((1, 2)), np.ones((4, 2)), v)[0], v.mean(0)
    )
    far = scaled_dot_product_attention(1e4 * np.eye(4), np.eye(4), v)
    np.testing.assert_array_equal(far, v)


def test_per_sample_gradients():
    w, x = rng.normal(size=(4, 12)), rng.normal(size=(3, 5, 4))

    def f(w, x):
        return np.sum(multi_head_attention(*np.split(x @ w, 3, axis=-1), 2) ** 2)

    each = vmap(grad(f, argnums=0), (None, 0))(w, x)
    np.testing.assert_allclose(each, [grad(f, argnums=0)(w, one) for one in x], rtol=1e-11)


def test_masks_may_be_mapped():
    q, k, v = rng.normal(size=(3, 5, 4))
    masks = rng.random((3, 5, 5)) > 0.4
    mapped = vmap(scaled_dot_product_attention, (None, None, None, 0))(q, k, v, masks)
    np.testing.assert_allclose(mapped, [scaled_dot_product_attention(q, k, v, m) for m in masks])


def test_scores_of_short_rows_and_of_long_ones_agree():
    """Rows shorter than 128 are shifted by one number for all, if they are near each other."""
    x = rng.normal(size=(200, 100))
    for scale in (1.0, 100.0, 1e4):
        by_row = np.exp(scale * (x - x.max(1, keepdims=True)))
        np.testing.assert_allclose(
            softmax(scale * x), by_row / by_row.sum(1, keepdims=True), rtol=1e-11, atol=1e-300
        )


def test_sizes_that_do_not_match():
    q, k, v = np.ones((2, 3, 4)), np.ones((2, 5, 4)), np.ones((2, 5, 6))
    words = r"scaled_dot_product_attention: q of shape \(2, 3, 4\), k of \(2, 5, 3\), v of \(2, 5, 6\) at test_atten"
    with pytest.raises(ShapeError, match=words):
        scaled_dot_product_attention(q, k[..., :3], v)
    with pytest.raises(ShapeError, match=r"v of \(2, 4, 6\)"):
        scaled_dot_product_attention(q, k, v[:, :4])
    with pytest.raises(ShapeError, match=r"q of shape \(3, 3, 4\)"):
        scaled_dot_product_attention(np.ones((3, 3, 4)), k, v)
    with pytest.raises(
        ShapeError, match=r"mask of shape \(5, 3\).*does not broadcast to the scores of shape \(2, 3, 5"
    ):
        scaled_dot_product_attention(q, k, v, np.ones((5, 3)))
    with pytest.raises(
        ShapeError, match=r"multi_head_attention: v of shape \(2, 5, 6\).*that num_heads=4 divides"
    ):
        multi_head_attention(q, k, v, 4)


def test_a_mask_in_half_precision_does_not_overflow():
    q, seen = np.ones((3, 4), np.float16), np.tril(np.ones((3, 3)))
    v = np.arange(3, dtype=np.float16)[:, None]
    y = scaled_dot_product_attention(q, q, v, seen)
    assert y.dtype == np.float16
    np.testing.assert_allclose(y, [[0.0], [0.5], [1.0]], atol=1e-3)
    np.testing.assert_allclose(scaled_dot_product_attention(q, q, v, 0 * seen), np.ones((3, 1)), atol=1e-3)
