"""linear, embedding, dropout: torch, transforms, and what is said of wrong arguments."""

import numpy as np
import pytest
from laws.torch_says import agree

from pycograd import ShapeError, checkpoint, dropout, embedding, grad, linear, random, vjp, vmap

rng = np.random.default_rng(0)
X, W, B = rng.normal(size=(2, 5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)
TABLE = rng.normal(size=(6, 3))
INDICES = np.array([[0, 5, 5], [2, 0, 1]])


# ---- linear
def test_linear_equals_torch():
    agree(linear, lambda F, x, w, b: F.linear(x, w.T, b), X, W, B)
    agree(linear, lambda F, x, w: F.linear(x, w.T), X[0, 0], W)
    agree(
        linear,
        lambda F, x, w, b: F.linear(x, w.T, b),
        *[a.astype("f4") for a in (X, W, B)],
        rtol=1e-5,
        atol=1e-5,
    )


def test_linear_of_sizes_that_do_not_match():
    with pytest.raises(
        ShapeError, match=r"linear: x of shape \(2, 5, 3\) and w of shape \(4, 3\) at test_dense.py"
    ):
        linear(X, W.T)
    with pytest.raises(ShapeError, match=r"linear: x of shape \(\) and w of shape \(3, 4\)"):
        linear(2.0, W)
    with pytest.raises(
        ShapeError, match=r"linear: b of shape \(3,\) and w of shape \(3, 4\).*must be of shape \(4,\)"
    ):
        linear(X, W, B[:3])


# ---- embedding
def test_embedding_equals_torch():
    torch = pytest.importorskip("torch")
    agree(lambda t: embedding(t, INDICES), lambda F, t: F.embedding(torch.tensor(INDICES), t), TABLE)
    theirs = lambda F, t: F.embedding(torch.tensor(INDICES), t, padding_idx=5)  # noqa: E731
    agree(lambda t: embedding(t, INDICES, padding_idx=5), theirs, TABLE)


def test_rows_that_are_read_twice_get_both_gradients():
    (g,) = grad(lambda t: np.sum(embedding(t, INDICES)))(TABLE)
    np.testing.assert_array_equal(g, np.bincount(INDICES.ravel(), minlength=6)[:, None] * np.ones(3))
    (g,) = grad(lambda t: np.sum(embedding(t, INDICES, padding_idx=5)))(TABLE)
    np.testing.assert_array_equal(g[:, 0], [2, 1, 1, 0, 0, 0])


def test_indices_and_tables_may_be_mapped():
    np.testing.assert_array_equal(vmap(lambda i: embedding(TABLE, i))(INDICES), TABLE[INDICES])
    np.testing.assert_array_equal(vmap(lambda i: embedding(TABLE, i, padding_idx=0))(INDICES), TABLE[INDICES])
    tables = rng.normal(size=(2, 6, 3))
    mapped = vmap(embedding)(tables, INDICES)
    np.testing.assert_array_equal(mapped, [t[i] for t, i in zip(tables, INDICES, strict=True)])
    with pytest.raises(
        NotImplementedError, match="embedding: a table that vmap maps, with padding_idx at test_dense"
    ):
        vmap(lambda t: embedding(t, INDICES, padding_idx=0))(tables)
    per_sample = vmap(grad(lambda t, i: np.sum(embedding(t, i, padding_idx=5))), (None, 0))(TABLE, INDICES)
    np.testing.assert_array_equal(per_sample[0][:, :, 0], [[1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0]])


def test_an_index_out_of_range():
    with pytest.raises(
        IndexError, match=r"embedding: indices of shape \(2, 3\) hold 6 at test_dense.py"
    ) as caught:
        embedding(TABLE, INDICES + 1)
    assert "none of the 6 rows of the table, 0 to 5" in str(caught.value)
    with pytest.raises(IndexError, match=r"indices of shape \(\) hold -1"):
        embedding(TABLE, -1)
    with pytest.raises(IndexError, match=r"indices of shape \(3,\) hold 6"):
        vmap(lambda i: embedding(TABLE, i))(INDICES + 1)
    with pytest.raises(IndexError, match=r"padding_idx of shape \(\) hold 6"):
        embedding(TABLE, INDICES, padding_idx=6)
    with pytest.raises(TypeError, match="embedding: indices must be integers, not float64"):
        embedding(TABLE, INDICES * 1.0)
    with pytest.raises(ShapeError, match=r"embedding: the table must be \(rows, features\), not \(6,\)"):
        embedding(TABLE[:, 0], INDICES)


# ---- dropout
ONES = np.ones((300, 200))


@pytest.mark.parametrize(
    "source", [{"key": random.key(0)}, {"rng": np.random.default_rng(0)}], ids=["key", "rng"]
)
def test_dropout_keeps_the_mean_and_its_gradient_is_its_mask(source):
    y, pull = vjp(lambda x: dropout(x, 0.3, **source), ONES)
    assert set(np.unique(y)) == {0.0, 1 / 0.7}
    assert abs(np.mean(y == 0) - 0.3) < 5 * np.sqrt(0.3 * 0.7 / ONES.size)  # five standard errors
    np.testing.assert_array_equal(pull(ONES)[0], y)
    assert dropout(ONES.astype("f4"), 0.3, **source).dtype == np.float32


def test_dropout_that_does_nothing_or_everything():
    assert dropout(ONES, 0.5, training=False) is ONES
    assert dropout(ONES, 0.0) is ONES
    np.testing.assert_array_equal(dropout(ONES, 1.0, key=random.key(0)), 0.0)


def test_each_example_has_a_mask_of_its_own():
    masks = vmap(lambda x: dropout(x, 0.5, rng=np.random.default_rng(3)))(ONES)
    assert len({m.tobytes() for m in masks}) == len(masks)
    keys = random.split(random.key(0), 300)
    masks = vmap(lambda x, k: dropout(x, 0.5, key=k))(ONES, keys)
    np.testing.assert_array_equal(masks[7], dropout(ONES[7], 0.5, key=keys[7]))
    assert len({m.tobytes() for m in masks}) == len(masks)


def test_the_same_key_drops_the_same_elements():
    a, b = (dropout(ONES, 0.5, key=random.key(4)) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    f = lambda x: np.sum(dropout(np.sin(x), 0.5, key=random.key(4)) ** 2)  # noqa: E731
    np.testing.assert_allclose(grad(checkpoint(f))(X)[0], grad(f)(X)[0])


def test_checkpoint_replays_the_generator():
    def f(x, rng):
        return np.sum(dropout(np.sin(x), 0.5, rng=rng) ** 2)

    expected = grad(lambda x: f(x, np.random.default_rng(1)))(X)[0]
    generator = np.random.default_rng(1)
    np.testing.assert_allclose(grad(checkpoint(lambda x: f(x, generator)))(X)[0], expected)


def test_wrong_arguments_of_dropout():
    with pytest.raises(ValueError, match="no global generator") as caught:
        dropout(ONES, 0.5)
    assert "test_dense.py" in str(caught.value) and "key=pycograd.random.key(seed)" in str(caught.value)
    with pytest.raises(ValueError, match="dropout: p must be between 0 and 1, not 1.5"):
        dropout(ONES, 1.5, key=random.key(0))
    with pytest.raises(TypeError, match="key and rng are two sources"):
        dropout(ONES, 0.5, key=random.key(0), rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="dropout: rng must be a numpy Generator, not int"):
        dropout(ONES, 0.5, rng=0)


def test_what_is_kept_of_whole_numbers_is_divided_too():
    """The scale 1 / (1 - p) was rounded to a whole number with the mask."""
    y = dropout(np.ones(1000, int), 0.25, rng=np.random.default_rng(0))
    assert set(y.tolist()) == {0.0, 4 / 3}
