"""Plain arrays that a tape has saved and that the function writes afterwards: the gradient is of what was there."""

import numpy as np
import pytest

from pycograd import checkpoint, grad, jacfwd, jacrev, jvp, linearize, value_and_grad, vjp, vmap

from .plain_arrays import PROGRAMS, Box

X = np.array([0.3, -0.7, 1.1])
V = np.array([1.0, -0.5, 0.25])
OVER = pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)


def of(f):
    """`f`, given a fresh box: a function of `x` alone."""
    return lambda x: f(x, Box())


def slope(f, h=1e-5):
    f = of(f)
    steps = h * np.eye(3)
    return np.array([8 * (f(X + s) - f(X - s)) - (f(X + 2 * s) - f(X - 2 * s)) for s in steps]) / (12 * h)


def close(got, expected, tolerance=1e-7):
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@OVER
def test_value_gradient_and_the_arrays_that_are_left(f):
    mine, plain = Box(), Box()
    value, g = value_and_grad(f, 0)(X, mine)
    close(value, f(X, plain), 1e-13)
    close(g, slope(f))
    for a, b in zip(mine.arrays(), plain.arrays()):
        np.testing.assert_array_equal(a, b)


@OVER
def test_forward_mode(f):
    close(jvp(of(f), (X,), (V,))[1], slope(f) @ V)
    close(jacfwd(of(f))(X), slope(f))


@OVER
def test_a_pullback_that_is_kept(f):
    box = Box()
    x = X.copy()
    y, pullback = vjp(lambda x: f(x, box), x)
    if "checkpoint" not in f.__name__:  # what it closes over must not change before the second run
        for a in box.arrays():
            a[...] = 0
    x *= 10.0
    close(pullback(1.0)[0], slope(f))
    close(pullback(2.0)[0], 2 * slope(f))


@OVER
def test_a_derivative_that_is_kept(f):
    box, x = Box(), X.copy()
    y, along = linearize(lambda x: f(x, box), x)
    for a in box.arrays():
        a[...] = 0
    x *= 10.0
    close(along(V), slope(f) @ V)


@OVER
def test_second_order(f):
    g = lambda x: grad(of(f), 0)(x)
    h = 1e-6
    expected = (g(X + h * V) - g(X - h * V)) / (2 * h)
    close(jvp(g, (X,), (V,))[1], expected, 1e-6)
    close(grad(lambda x: np.sum(g(x) * V), 0)(X), expected, 1e-6)


@OVER
def test_composed(f):
    close(jacrev(of(f))(X), slope(f))
    close(grad(checkpoint(of(f)), 0)(X), slope(f))
    close(vmap(grad(of(f), 0))(np.stack([X, X]))[1], slope(f))
    close(grad(lambda x: value_and_grad(of(f))(x)[0], 0)(X), slope(f))
