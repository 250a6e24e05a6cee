"""Stores under vmap at an index that differs between the examples, and in-place methods, as in a loop over them."""

import numpy as np
import pytest

from pycograd import grad, jvp, vmap

X = np.array([[0.3, -1.1, 0.7, 2.0], [1.5, 0.2, -0.4, 0.9], [0.1, 0.8, 0.6, -0.2]])
V = np.array([[1.0, -0.5, 0.3, 0.8], [-1.2, 0.4, 0.9, -0.1], [0.2, 0.7, -0.6, 0.5]])
I = np.array([2, 0, 3])
PAIRS = np.array([[0, 1], [2, 2], [3, -4]])
W = np.arange(1.0, 13.0)
PROGRAMS = []


def program(f):
    PROGRAMS.append(f)
    return f


def weigh(a):
    return np.sum(np.sin(a) * np.reshape(W[: a.size], a.shape))


@program
def a_number(x, i, pair):
    out = np.zeros(4)
    out[i] = x[0] * x[1]
    out[i - 1] = out[i] * 2.0
    return weigh(out)


@program
def a_number_into_a_result(x, i, pair):
    y = np.exp(x)
    y[i] = 3.0
    y[np.argmax(x)] += x[2]
    return weigh(y)


@program
def rows_and_columns(x, i, pair):
    m = np.ones((4, 3))
    m[i] = x[:3] * x[3]
    m[i, 1] = x[0]
    m[1:, i % 3] *= x[1]
    return weigh(m)


@program
def several_of_which_the_last_wins(x, i, pair):
    y = x * x
    y[pair] = x[:2]
    y[np.stack([i, i, i * 0])] = x[1:]
    return weigh(y)


@program
def one_value_for_several(x, i, pair):
    y = x * x
    y[pair] = x[3]
    y[pair[:1]] = [[7.0]]
    return weigh(y)


@program
def sums(x, i, pair):
    h = np.zeros(4)
    np.add.at(h, pair, x[:2])
    np.subtract.at(h, i, x[3])
    np.add.at(h, (pair,), 1.0)
    h[i] += x[0]
    h[pair] *= x[1]
    return weigh(h)


@program
def views(x, i, pair):
    m = np.reshape(x * 2.0, (2, 2))
    row, back = m[1], np.zeros(4)[::-1]
    row[i % 2] = x[0]
    back[i] = x[1]
    m.T[i % 2, 0] = x[2]
    return weigh(m) + weigh(back) + row[0]


@program
def masks(x, i, pair):
    y, m = x * 1.0, np.reshape(x, (2, 2)) * 1.0
    y[x > 0.5] = x[0]
    m[m[:, 0] > 0.2] = x[:2]
    return weigh(y) + weigh(m)


@program
def integers(x, i, pair):
    k = np.zeros(4, int)
    k[i] = 3
    k[pair] += 1
    seen = np.zeros(4, bool)
    seen[i] = True
    return np.sum(x * k) + np.sum(np.where(seen, x * x, 0.0))


@program
def sorted_in_place(x, i, pair):
    y, m = x * x[0], np.reshape(x * 1.0, (2, 2))
    y.sort()
    m.sort(axis=0)
    z = x * 3.0
    z[1:].sort()
    z.partition(1)
    return weigh(y) + weigh(m) + weigh(z)


@program
def the_index_is_computed(x, i, pair):
    order = np.argsort(x)
    y = np.zeros(4)
    y[order] = x * np.arange(4.0)
    y[order[0]] = x[1]
    return weigh(y)


each = pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)


def loop(f):
    return lambda x: np.stack([f(*arguments) for arguments in zip(x, I, PAIRS)])


def close(a, b, tolerance=1e-10):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@each
def test_values_as_in_a_loop(f):
    close(vmap(f)(X, I, PAIRS), loop(f)(X))


@each
def test_gradients_of_each_example(f):
    h = 1e-6
    slopes = (loop(f)(X + h * V) - loop(f)(X - h * V)) / (2 * h)
    g = vmap(grad(f, 0))(X, I, PAIRS)
    close(np.sum(g * V, axis=1), slopes, 1e-6)
    close(np.stack([grad(f, 0)(*a) for a in zip(X, I, PAIRS)]), g)
    close(vmap(lambda x, i, p, v: jvp(lambda x: f(x, i, p), (x,), (v,))[1])(X, I, PAIRS, V), slopes, 1e-6)


@each
def test_gradient_of_all_examples(f):
    g = grad(lambda x: np.sum(vmap(f)(x, I, PAIRS) * W[:3]), 0)(X)
    close(g, vmap(grad(f, 0))(X, I, PAIRS) * W[:3, None])
    along = jvp(lambda x: vmap(f)(x, I, PAIRS), (X,), (V,))[1]
    close(along, np.sum(vmap(grad(f, 0))(X, I, PAIRS) * V, axis=1))


@each
def test_second_order_of_each_example(f):
    def along(x, i, p, v):
        return jvp(lambda x: grad(f, 0)(x, i, p), (x,), (v,))[1]

    close(vmap(along)(X, I, PAIRS, V), np.stack([along(*a) for a in zip(X, I, PAIRS, V)]))
    twice = lambda x, i, p, v: grad(lambda x: np.sum(grad(f, 0)(x, i, p) * v), 0)(x)
    close(vmap(twice)(X, I, PAIRS, V), vmap(along)(X, I, PAIRS, V))


@each
def test_a_batch_of_batches(f):
    both = vmap(vmap(f))(np.stack([X, V]), np.stack([I, I[::-1]]), np.stack([PAIRS, PAIRS]))
    close(both[0], vmap(f)(X, I, PAIRS))
    close(both[1], vmap(f)(V, I[::-1], PAIRS))


def raises(f, *words):
    with pytest.raises(TypeError) as caught:
        vmap(f)(X, I)
    for word in (*words, "test_batches.py"):
        assert word in str(caught.value)


def test_what_has_no_fixed_shape():
    def by_mask(x, i):
        y = x * 1.0
        y[x > 0] = x[:2]
        return y

    def by_slice(x, i):
        y = x * 1.0
        y[i:] = 0.0
        return y

    raises(by_mask, "a store", "boolean mask", "np.where")
    raises(by_slice, "a bound that is different for each example", "np.arange")
