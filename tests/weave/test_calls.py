"""The forms of a call: keywords, outputs, methods of lists and ufuncs, and functions that call a function."""

import functools
import itertools
import math
import sys

import numpy as np
import pytest

from pycograd import value_and_grad
from pycograd.core import Var
from pycograd.weave import resolve_call, woven

from .test_kinds import E5, slope

X = np.array([0.5, -1.0, 2.0])


def same(f, x=X):
    """`f` woven gives what it gives, of a plain array and in its value under a gradient."""
    np.testing.assert_array_equal(woven(f)(x), f(x))
    value, (g,) = value_and_grad(lambda x: np.sum(f(x)))(x)
    np.testing.assert_allclose(value, np.sum(f(x)), rtol=1e-15)
    return g


def test_output_by_position_and_by_name():
    def f(x):
        a, b = np.empty(3), np.empty(3)
        np.exp(x, a)
        np.add(a, x, out=b)
        return b + np.multiply(a, 2, where=[True, True, False], out=np.zeros(3))

    np.testing.assert_array_equal(woven(f)(X), f(X))


def test_methods_of_ufuncs():
    same(lambda x: np.add.reduce(x * x))
    same(lambda x: np.multiply.outer(x, x))
    same(lambda x: np.add.accumulate(x))


def test_sorting_a_list_by_a_watched_key():
    def f(x):
        items = [x[0], x[1], x[2]]
        items.sort(key=lambda v: math.exp(-v))
        return items[0] * 2.0 + items[2]

    np.testing.assert_array_equal(same(f), [0.0, 1.0, 2.0])


def test_methods_of_plain_arrays_with_watched_arguments():
    w = np.arange(3.0)
    np.testing.assert_array_equal(same(lambda x: w.dot(x)), w)
    np.testing.assert_array_equal(
        same(lambda x: w.clip(x, 10.0)), [1.0, 0.0, 1.0 / 2]
    )  # a tie goes half and half


def test_reduce_starmap_and_min_max_with_a_key():
    assert slope(lambda x: functools.reduce(lambda a, b: a + math.exp(b), [x, x], 0.0)) == 2 * E5
    assert slope(lambda x: sum(itertools.starmap(lambda a, b: math.exp(a) * b, [(x, 2.0)]))) == 2 * E5
    assert slope(lambda x: max([x, 2 * x], key=lambda v: math.exp(v))) == 2.0
    assert slope(lambda x: min([x, 2 * x], key=lambda v: math.exp(v))) == 1.0


def test_apply_along_axis_and_vectorize_keep_shapes():
    a = np.arange(6.0).reshape(2, 3)
    same(lambda x: np.apply_along_axis(lambda row: np.exp(row) * row, 1, x), a)
    same(lambda x: np.apply_along_axis(lambda row: np.sum(row * row), 0, x), a)
    same(lambda x: np.vectorize(lambda u, v: u * v)(x, 2.0), a)
    same(lambda x: np.vectorize(lambda u: (u, u * u))(x)[1], a)


def test_piecewise_calls_woven_functions():
    same(lambda x: np.piecewise(x, [x < 0, x >= 0], [lambda v: -v, lambda v: np.exp(v)]))


def test_plain_values_go_past_the_primitives():
    def f(x, w):
        return np.exp(x * w) + math.sin(w) + np.sum([x, w])

    seen = []

    def profile(frame, event, arg):
        if event == "call":
            seen.append(frame.f_code.co_name)

    w = woven(f)
    w(1.0, 2.0)
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        w(1.0, 2.0)
    finally:
        sys.setprofile(before)
    assert [name for name in seen if name in ("call", "dispatch", "resolve_call")] == []


def test_watched_value_in_a_list_is_seen():
    assert slope(lambda x: np.sum(np.array([x, 1.0]))) == 1.0

    def f(x):
        items = [x, 2.0 * x]
        return np.sum(np.array(items))

    assert slope(f) == 3.0


def test_names_that_hide_a_builtin():
    def f(x):
        sum = np.exp
        return sum(x)

    def g(x, float=np.exp):
        return float(x)

    assert slope(f) == slope(g) == E5


def test_calls_on_the_results_of_calls():
    assert slope(lambda x: (lambda k: lambda y: math.exp(y) * k)(2.0)(x)) == 2 * E5
    assert slope(lambda x: {"f": math.exp}["f"](x)) == E5
    assert slope(lambda x: f"{math.exp(1.0):.1f}" and math.exp(x)) == E5
    assert slope(lambda x: getattr(math, "exp")(x)) == E5  # noqa: B009


def test_resolution_of_what_is_no_function():
    for callee in (
        3,
        "text",
        None,
        object(),
        ValueError,
        dict,
        print,
        [].append,
        np.ones(3).sum,
        Var(1.0).sum,
    ):
        assert resolve_call(callee) == callee if not isinstance(callee, Var) else True
    with pytest.raises(TypeError, match="not callable"):
        woven(lambda x: x(1) + math.exp(x))(3)
