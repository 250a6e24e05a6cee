"""Programs with classes of the user: values, gradients, tangents, curvature, examples, and without weaving."""

import numpy as np
import pytest

from pycograd import errors, grad, hessian, jvp, value_and_grad, vmap
from pycograd.core import MissingRuleError
from pycograd.weave import weaving, woven

from .user_programs import PROGRAMS

each_program = pytest.mark.parametrize("f, x", PROGRAMS, ids=[f.__name__ for f, _ in PROGRAMS])


def direction(x):
    return np.cos(np.arange(x.size) + 1.0)


def slope(f, x):
    """Central differences: their error is of order h squared, and rounding over h."""
    d, h = direction(x), 1e-6
    return (f(x + h * d) - f(x - h * d)) / (2 * h)


@each_program
def test_value_and_gradient(f, x):
    before = x.copy()
    value, (g,) = value_and_grad(f)(x)
    assert value == pytest.approx(f(x), rel=1e-13)
    assert np.sum(g * direction(x)) == pytest.approx(slope(f, x), rel=1e-6, abs=1e-8)
    np.testing.assert_array_equal(x, before)


@each_program
def test_tangent(f, x):
    value, tangent = jvp(f, (x,), (direction(x),))
    assert value == pytest.approx(f(x), rel=1e-13)
    assert tangent == pytest.approx(slope(f, x), rel=1e-6, abs=1e-8)


@each_program
def test_curvature(f, x):
    gradient, d, h = grad(f, 0), direction(x), 1e-5
    expected = (gradient(x + h * d) - gradient(x - h * d)) / (2 * h)
    np.testing.assert_allclose(hessian(f)(x) @ d, expected, rtol=1e-6, atol=1e-6)


@each_program
def test_woven_on_plain_values(f, x):
    assert woven(f)(x) == f(x)


@each_program
def test_examples_are_those_of_a_loop_or_a_branch_raises(f, x):
    xs = np.stack([x, 1.01 * x])
    try:
        found = vmap(f)(xs)
    except errors.BranchError:
        return
    np.testing.assert_allclose(found, [f(each) for each in xs], rtol=1e-12)


@each_program
def test_through_the_protocols_it_is_the_same_or_raises(f, x):
    with weaving(False):
        try:
            value, (g,) = value_and_grad(f)(x)
        except (TypeError, ValueError, MissingRuleError):
            return
    assert value == pytest.approx(f(x), rel=1e-13)
    assert np.sum(g * direction(x)) == pytest.approx(slope(f, x), rel=1e-6, abs=1e-8)
