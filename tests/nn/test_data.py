"""Batches and `DataLoader`: what is in them, in which order, and what is refused."""

import numpy as np
import pytest

from pycograd import DataLoader, batches

X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10)


def test_one_array_gives_bare_batches_and_several_give_tuples():
    found = list(batches(X, batch_size=4))
    assert [type(b) for b in found] == [np.ndarray] * 3 and [len(b) for b in found] == [4, 4, 2]
    assert np.array_equal(np.concatenate(found), X)
    for x, y in DataLoader(X, Y, batch_size=3):
        assert np.array_equal(x[:, 0], 2 * y)


def test_lists_are_arrays():
    (batch,) = batches([1, 2, 3], batch_size=3)
    assert np.array_equal(batch, [1, 2, 3])


def test_in_order_nothing_is_copied():
    first = next(batches(X, batch_size=4))
    assert np.shares_memory(first, X)


def test_drop_last_leaves_out_what_is_not_a_whole_batch():
    assert [len(b) for b in batches(Y, batch_size=4, drop_last=True)] == [4, 4]
    assert list(batches(Y, batch_size=11, drop_last=True)) == []


@pytest.mark.parametrize(
    "n, size, drop, count", [(10, 4, False, 3), (10, 4, True, 2), (8, 4, True, 2), (3, 5, False, 1)]
)
def test_the_length_is_the_number_of_batches(n, size, drop, count):
    loader = DataLoader(np.zeros(n), batch_size=size, drop_last=drop)
    assert len(loader) == len(list(loader)) == count


def test_shuffling_keeps_rows_together_and_every_example_once():
    loader = DataLoader(X, Y, batch_size=3, shuffle=True, rng=0)
    first, second = list(loader), list(loader)
    for epoch in (first, second):
        assert sorted(np.concatenate([y for _, y in epoch])) == list(Y)
        assert all(np.array_equal(x[:, 0], 2 * y) for x, y in epoch)
    order = [np.concatenate([y for _, y in epoch]) for epoch in (first, second)]
    assert not np.array_equal(*order), "in another order each time"


def test_a_seed_and_a_generator_give_the_same_order():
    by_seed = list(batches(Y, batch_size=3, shuffle=True, rng=7))
    by_generator = list(batches(Y, batch_size=3, shuffle=True, rng=np.random.default_rng(7)))
    assert all(np.array_equal(a, b) for a, b in zip(by_seed, by_generator, strict=True))


def test_without_shuffling_no_number_is_drawn():
    rng = np.random.default_rng(0)
    list(batches(Y, batch_size=3, rng=rng))
    assert rng.random() == np.random.default_rng(0).random()


def test_windows_are_followed_by_what_comes_next():
    stream = np.arange(100, 110)
    pairs = list(batches(stream, batch_size=4, window=3))
    x, y = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    assert x.shape == y.shape == (7, 3)
    assert np.array_equal(x[:, 0], stream[:7]) and np.array_equal(y, x + 1)
    shuffled = list(DataLoader(stream, batch_size=4, window=3, shuffle=True, rng=0))
    assert all(np.array_equal(y, x + 1) for x, y in shuffled)
    assert sorted(np.concatenate([x[:, 0] for x, _ in shuffled])) == list(stream[:7])
    (only,) = batches(X, batch_size=9, window=9)
    assert only[0].shape == only[1].shape == (1, 9, 2)


@pytest.mark.parametrize("make", [DataLoader, batches])
@pytest.mark.parametrize(
    "arrays, options, message",
    [
        ((), {"batch_size": 1}, "batches of no arrays"),
        ((X, Y[:9]), {"batch_size": 1}, "batches of arrays whose lengths differ: 10, 9"),
        ((3.0,), {"batch_size": 1}, "an array has no axis of examples"),
        ((X,), {"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ((X,), {"batch_size": -2}, "batch_size must be at least 1, not -2"),
        ((X, Y), {"batch_size": 1, "window": 2}, "window=2 is for one stream, not 2 arrays"),
        ((Y,), {"batch_size": 1, "window": 0}, "window=0 does not fit a stream of 10"),
        ((Y,), {"batch_size": 1, "window": 10}, "window=10 does not fit a stream of 10"),
    ],
)
def test_what_is_no_batch_is_refused_at_once(make, arrays, options, message):
    with pytest.raises(ValueError, match=message):
        make(*arrays, **options)
