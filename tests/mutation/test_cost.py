"""What a store or a read of one element costs does not depend on the array: nothing of its size is copied or made."""

import sys

import numpy as np
import pytest

from pycograd import grad, jvp, value_and_grad
from pycograd.core.node import FIRST_PARENT, INDEX, PARAMS, SAVED
from pycograd.core.tape import record
from pycograd.weave import woven

X = np.linspace(0.1, 1.0, 6)
MAKERS = {"array", "copy", "zeros", "empty", "ones", "astype", "ascontiguousarray", "concatenate", "flatten"}


def stores(x, n):
    out = np.zeros(n)
    for i in range(n):
        out[i] = x[i % 6] * 2.0
    return np.sum(out * out * out)


def recurrence(x, n):
    out = np.zeros(n)
    out[0] = x[0]
    for i in range(1, n):
        out[i] = out[i - 1] * x[i % 6] + 0.5
    return np.sum(out * out)


def table(x, n):
    t = np.zeros((2, n))
    for i in range(1, n):
        t[0, i] = np.maximum(t[0, i - 1], t[1, i - 1]) + x[i % 6]
        t[1, i] = 0.1 * t[0, i] + 0.5 * t[1, i - 1] * x[0]
    return t[0, n - 1] + np.sum(t[1] * 1e-3)


def reads(x, n):
    y, total = np.resize(np.arange(6.0), n) * x[0], 0.0
    for i in range(n):
        total = total + y[i] * y[i]
    return total


def sums_at(x, n):
    h = np.zeros(n)
    for i in range(n):
        h[i % 7] += x[i % 6] * x[0]
    return np.sum(h * h)


ORDERS = {
    "first": lambda f: grad(f, 0)(X),
    "reverse over reverse": lambda f: grad(lambda x: np.sum(grad(f, 0)(x)), 0)(X),
    "forward over reverse": lambda f: jvp(grad(f, 0), (X,), (X,)),
    "forward": lambda f: jvp(f, (X,), (X,)),
}


def large_arrays_made(call, size):
    """How often numpy makes or copies an array of at least `size` numbers while `call` runs."""
    found = 0

    def profile(frame, event, argument):
        nonlocal found
        if event == "c_call" and argument.__name__ in MAKERS:
            owner = getattr(argument, "__self__", None)
            found += not isinstance(owner, np.ndarray) or owner.size >= size

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
    return found


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("f", [stores, recurrence, table, reads, sums_at], ids=lambda f: f.__name__)
def test_arrays_made_do_not_grow_with_the_number_of_stores(f, order):
    def made(n):
        run = lambda: ORDERS[order](lambda x: f(x, n))
        run()
        return large_arrays_made(run, 30)

    assert made(80) == made(40)


def test_a_scalar_store_keeps_a_place_and_no_more():
    out, _, _ = record(lambda x: woven(stores)(x, 5), [X])
    node = out.node
    while node[1].name != "set":
        node = node[FIRST_PARENT]
    assert node[SAVED] == 4 and not node[PARAMS] and len(node) == FIRST_PARENT + 2
    assert node[FIRST_PARENT + 1][INDEX] == node[INDEX] + 1


@pytest.mark.parametrize("f", [stores, recurrence, table, reads, sums_at], ids=lambda f: f.__name__)
def test_second_order_of_stores(f):
    g = lambda x: grad(lambda x: f(x, 30), 0)(x)
    v, h = np.linspace(-1.0, 1.0, 6), 1e-6
    witness = (g(X + h * v) - g(X - h * v)) / (2 * h)
    np.testing.assert_allclose(jvp(g, (X,), (v,))[1], witness, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(grad(lambda x: np.sum(g(x) * v), 0)(X), witness, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(value_and_grad(f, 0)(X, 30)[0], f(X, 30))
