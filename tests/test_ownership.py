"""A gradient is the caller's own array: it can be written, and shares no memory with anything else."""

import numpy as np
import pytest

from pycograd import custom_vjp, grad, vjp

X, Y, W = np.ones((3, 4)), np.full((3, 4), 2.0), np.ones((4, 2))
kept = []


@custom_vjp
def remembered(x):
    return np.sin(x)


def backward(cosine, g):
    kept.append(cosine * g)
    return (kept[-1],)


remembered.defvjp(lambda x: (np.sin(x), np.cos(x)), backward)

PROGRAMS = {
    "a product": (lambda w, x: np.sum(np.tanh(x @ w)), (W, X)),
    "a sum of two": (lambda x, y: np.sum((x + y) * 3.0), (X, Y)),
    "a difference": (lambda x, y: np.sum(np.exp(x - y)), (X, Y)),
    "views of one": (lambda x, y: np.sum(x.T @ y) + np.sum(x.ravel()), (X, Y)),
    "a rule that keeps its result": (lambda x: np.sum(remembered(x)), (X,)),
    "the same twice": (lambda x, y: np.sum(x * y) + np.sum(y), (X, Y)),
    "broadcasting": (lambda x, b: np.sum((x + b) ** 2), (X, np.ones(4))),
    "a sum alone": (lambda x: np.sum(x), (X,)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_share_no_memory(name):
    f, args = PROGRAMS[name]
    for _ in range(20):  # the common case is compiled after the first calls
        kept.clear()
        grads = grad(f)(*args)
    others = [*args, *kept]
    for i, g in enumerate(grads):
        assert g.flags.writeable
        assert not any(np.may_share_memory(g, other) for other in [*others, *grads[:i]])


@pytest.mark.parametrize("f", [lambda x: x * 1.0, lambda x: x.T, lambda x: x + Y, lambda x: -x, np.exp])
def test_a_cotangent_stays_the_callers_and_a_pullback_can_be_called_again(f):
    y, pull = vjp(f, X)
    cotangent = np.arange(12.0).reshape(np.shape(y))
    (g,) = pull(cotangent)
    assert not np.may_share_memory(g, cotangent)
    first = g.copy()
    g[:] = 77
    np.testing.assert_array_equal(pull(cotangent)[0], first)
    (h,) = pull(np.arange(12.0).reshape(np.shape(y)))  # one that nobody else holds
    h[:] = 77
    np.testing.assert_array_equal(pull(cotangent)[0], first)
    assert np.array_equal(cotangent.ravel(), np.arange(12.0)) and X[0, 0] == 1


def test_two_gradients_of_one_cotangent_are_two_arrays():
    _, pull = vjp(np.add, X, Y)
    a, b = pull(np.ones((3, 4)))
    a[:] = 5
    assert b[0, 0] == 1
