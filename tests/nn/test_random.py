"""Random numbers from keys: pure, independent, of the right distribution."""

import numpy as np
import pytest

import pycograd
from pycograd import grad, random, vmap

KEY = random.key(7)


def test_the_same_key_gives_the_same_numbers_whatever_was_drawn_before():
    first = random.normal(KEY, (3, 4))
    random.uniform(KEY, 100)
    np.random.default_rng(0).random(5)
    np.testing.assert_array_equal(random.normal(KEY, (3, 4)), first)
    assert pycograd.random is random


def test_a_key_is_four_numbers_of_uint32():
    assert KEY.shape == (4,) and KEY.dtype == np.uint32
    assert random.split(KEY, 5).shape == (5, 4) and random.split(KEY).dtype == np.uint32
    assert random.fold_in(KEY, 3).shape == (4,)
    np.testing.assert_array_equal(random.key(np.int64(7)), KEY)


def test_keys_of_all_kinds_differ():
    keys = [
        KEY,
        *random.split(KEY, 50),
        *[random.fold_in(KEY, i) for i in range(50)],
        random.fold_in(KEY, 2**40),
    ]
    keys += [*random.split(random.split(KEY)[0], 50), *[random.key(i) for i in range(7)]]
    assert len({tuple(k) for k in keys}) == len(keys)
    first = [random.uniform(k) for k in keys]
    assert len(set(first)) == len(first)


def test_streams_of_related_keys_are_not_correlated():
    streams = np.stack(
        [random.normal(k, 20_000) for k in (KEY, *random.split(KEY, 3), random.fold_in(KEY, 0))]
    )
    correlation = np.corrcoef(streams) - np.eye(5)
    assert np.max(np.abs(correlation)) < 4 / np.sqrt(20_000)  # four standard errors


def test_the_distributions():
    n = 100_000
    error = 5 / np.sqrt(n)  # five standard errors of a variable of variance 1
    u = random.uniform(KEY, n, -1.0, 3.0)
    assert -1 <= u.min() and u.max() < 3 and abs(u.mean() - 1) < error * 4 / np.sqrt(12)
    assert np.max(np.abs(np.sort(u) - np.linspace(-1, 3, n))) < 4 * 2 / np.sqrt(n)  # Kolmogorov and Smirnov
    z = random.normal(KEY, n)
    assert abs(z.mean()) < error and abs(z.std() - 1) < error
    assert abs(np.mean(z**4) - 3) < error * np.sqrt(96)
    b = random.bernoulli(KEY, 0.2, n)
    assert set(b) == {0.0, 1.0} and b.dtype == np.float64 and abs(b.mean() - 0.2) < error
    i = random.randint(KEY, -2, 4, n)
    assert i.dtype == np.int64
    counts = np.bincount(i + 2, minlength=6)
    assert len(counts) == 6 and np.max(np.abs(counts / n - 1 / 6)) < error


def test_shapes():
    assert random.normal(KEY, (2, 0)).shape == (2, 0)
    assert random.normal(KEY, 3).shape == (3,)
    assert isinstance(random.normal(KEY), np.float64) and isinstance(random.randint(KEY, 0, 2), np.int64)
    assert random.bernoulli(KEY, np.array([0.0, 1.0]), (5, 2)).tolist() == [[0.0, 1.0]] * 5


def test_mapped_keys_give_each_example_its_own_numbers():
    keys = random.split(KEY, 6)
    for draw in (random.normal, random.uniform, lambda k, s: random.randint(k, 0, 9, s)):
        mapped = vmap(lambda k, draw=draw: draw(k, (2,)), in_axes=(0,))(keys)
        np.testing.assert_array_equal(mapped, np.stack([draw(k, (2,)) for k in keys]))
    np.testing.assert_array_equal(vmap(random.split)(keys), np.stack([random.split(k) for k in keys]))
    p = np.linspace(0, 1, 6)
    drawn = vmap(lambda k, p: random.bernoulli(k, p, (3,)))(keys, p)
    np.testing.assert_array_equal(drawn, [random.bernoulli(k, q, (3,)) for k, q in zip(keys, p, strict=True)])


def test_the_reparametrised_gradient_of_uniform_numbers():
    low, high = grad(lambda a, b: np.mean(random.uniform(KEY, 50, a, b)))(0.5, 2.0)
    u = random.uniform(KEY, 50)
    assert low == pytest.approx(np.mean(1 - u)) and high == pytest.approx(np.mean(u))


def test_numbers_have_the_working_dtype():
    with pycograd.dtype("f32"):
        for x in (random.normal(KEY, 5), random.uniform(KEY, 5, 1.0, 2.0), random.bernoulli(KEY, 0.5, 5)):
            assert x.dtype == np.float32
        assert pycograd.one_hot([1], 2).dtype == pycograd.batch_norm_init(2)[0].dtype == np.float32
        assert pycograd.dropout(np.ones(3), 0.5, key=KEY).dtype == np.float64
    with pycograd.dtype("c64"):
        assert random.normal(KEY, 5).dtype == np.float32
    with pycograd.dtype("f16"):
        assert random.uniform(KEY, 5).dtype == np.float16


def test_wrong_arguments():
    words = r"pycograd.random.normal: a key is 4 integers, as pycograd.random.key\(seed\) makes them, not "
    with pytest.raises(ValueError, match=words + r"uint32 of shape \(2, 4\) at test_random.py"):
        random.normal(random.split(KEY), (3,))
    with pytest.raises(ValueError, match=words + r"int64 of shape \(\)"):
        random.normal(0, (3,))
    with pytest.raises(ValueError, match=words + r"float64 of shape \(4,\)"):
        random.normal(np.ones(4), (3,))
    with pytest.raises(ValueError, match="pycograd.random.key: the seed must be at least 0, not -1"):
        random.key(-1)
    with pytest.raises(TypeError):
        random.key(1.5)
    with pytest.raises(ValueError, match="pycograd.random.split: num must be at least 1, not 0"):
        random.split(KEY, 0)
    with pytest.raises(ValueError, match="pycograd.random.fold_in: data must be at least 0, not -1"):
        random.fold_in(KEY, -1)
    with pytest.raises(ValueError, match="pycograd.random.bernoulli: p must be between 0 and 1, not 1.5"):
        random.bernoulli(KEY, 1.5)
    with pytest.raises(ValueError, match="pycograd.random.randint: no integer is at least 3 and below 3"):
        random.randint(KEY, 3, 3)
