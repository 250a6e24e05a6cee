"""Each program that writes, against plain numpy run side by side and against finite differences, under every
transform.
"""

import numpy as np
import pytest

from pycograd import checkpoint, grad, jvp, value_and_grad, vjp, vmap

from .programs import EXEMPT, PROGRAMS, N

RNG = np.random.default_rng(3)
X, V, BATCH = RNG.normal(size=N), RNG.normal(size=N), RNG.normal(size=(3, N))


def differences(f, x, h=1e-4):
    """The derivative of `f` by central differences of fourth order, its argument a fresh array each time."""
    columns = []
    for e in np.eye(x.size) * h:
        columns.append((8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * h))
    return np.stack(columns, -1)


def fresh(f):
    return lambda x: f(x.copy())


def gradient(f):
    return lambda x: grad(f, 0)(x)


def close(a, b):
    np.testing.assert_allclose(
        a, b, rtol=2e-6, atol=2e-7
    )  # the step to the fourth, times fifth derivatives of order 100


def exact(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


@pytest.fixture(params=PROGRAMS)
def name(request):
    return request.param


def test_value_gradient_and_what_is_left_in_the_argument(name):
    f, left, plainly_left = PROGRAMS[name], X.copy(), X.copy()
    y, g = value_and_grad(f, 0)(left)
    exact(y, f(plainly_left))
    exact(left, plainly_left)
    close(g, differences(fresh(f), X))
    left = X.copy()
    y, t = jvp(f, (left,), (V,))
    exact(left, plainly_left)
    exact(t, g @ V)


def test_pullback_of_what_wrote_into_its_argument(name):
    f, left, plainly_left = PROGRAMS[name], X.copy(), X.copy()
    f(plainly_left)
    _, pullback = vjp(f, left)
    exact(left, plainly_left)
    exact(pullback(1.0)[0], grad(f, 0)(X.copy()))


def test_second_order(name):
    f = PROGRAMS[name]
    H = differences(fresh(gradient(f)), X)
    close(jvp(gradient(f), (X.copy(),), (V,))[1], H @ V)
    close(grad(lambda x: np.sum(grad(f, 0)(x) * V), 0)(X.copy()), V @ H)
    close(grad(lambda x: jvp(f, (x,), (V,))[1], 0)(X.copy()), V @ H)


def test_vmap(name):
    f = PROGRAMS[name]
    if "vmap" in EXEMPT[name]:
        return
    left, plainly_left = BATCH.copy(), BATCH.copy()
    exact(vmap(f)(left), [f(row) for row in plainly_left])
    exact(left, plainly_left)
    stacked = [grad(f, 0)(row.copy()) for row in BATCH]
    exact(vmap(gradient(f))(BATCH.copy()), stacked)
    exact(grad(lambda X: np.sum(vmap(f)(X)), 0)(BATCH.copy()), stacked)


def test_checkpoint(name):
    f = PROGRAMS[name]
    if "checkpoint" in EXEMPT[name]:
        with pytest.raises(TypeError, match="writes into its argument|made before checkpoint began"):
            grad(checkpoint(f))(X.copy())
        return
    c = checkpoint(f)
    exact(grad(lambda x: c(x * 1.0), 0)(X), grad(f, 0)(X.copy()))
    H = differences(fresh(gradient(f)), X)
    close(grad(lambda x: np.sum(grad(c, 0)(x) * V), 0)(X), V @ H)
