"""The forms of a call: keywords, outputs, methods of lists and ufuncs, and functions that call a function."""

import functools
import itertools
import math
import sys

import numpy as np
import pytest

from pycograd import Var, value_and_grad
from pycograd.weave import resolve_call, unwoven_reason, woven
from pycograd.weave.stores import out_position

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
        slice,
        id,
        [].append,
        np.ones(3).tolist,
        Var(1.0).sum,
    ):
        assert resolve_call(callee) == callee if not isinstance(callee, Var) else True
    with pytest.raises(TypeError, match="not callable"):
        woven(lambda x: x(1) + math.exp(x))(3)


# ---- functions that are parameters -----------------------------------------------------------------------------------
def test_parameter_that_is_only_called_is_looked_up_once():
    looked_up = []

    def profile(frame, event, arg):
        if event == "call" and frame.f_code.co_name in ("resolve_call", "resolve_ahead", "resolve_for_one"):
            looked_up.append(frame.f_code.co_name)

    def iterate(f, x, n=5):
        """Apply `f` n times."""
        for _ in range(n):
            x = f(x)
        return x

    assert slope(lambda x: iterate(lambda y: math.exp(-y), x, 2)) == pytest.approx(
        math.exp(-0.5) * math.exp(-math.exp(-0.5))
    )
    w = woven(iterate)
    assert w.__doc__ == iterate.__doc__ == "Apply `f` n times."
    w(math.sin, 0.5)
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        w(lambda y: math.exp(-y), 0.5)
    finally:
        sys.setprofile(before)
    assert looked_up == ["resolve_ahead", "resolve_call"]


def test_parameters_of_all_kinds_are_called_in_loops():
    class Scale:
        def __init__(self, w):
            self.w = math.exp(w)

        def __call__(self, x):
            return x * math.exp(x)

        def method(self, x):
            return 2 * math.exp(x)

    def total(f, x):
        return sum([f(x) for _ in range(2)])

    for f, slope_of_one in (
        (math.exp, E5),
        (np.exp, E5),
        (lambda x: math.exp(x), E5),
        (functools.partial(pow, 2.0), math.sqrt(2) * math.log(2)),
        (Scale(0.0), 1.5 * E5),
        (Scale(0.0).method, 2 * E5),
        (functools.partial(lambda s, x: s * math.exp(x), 3.0), 3 * E5),
        (abs, 1.0),
        (float, 1.0),
        (np.sum, 1.0),
    ):
        assert slope(lambda x, f=f: total(f, x)) == pytest.approx(2 * slope_of_one)
    assert slope(lambda x: sum(s.w for s in [each(Scale, x)][0])) == pytest.approx(2 * E5)


def each(make, x):
    return [make(x) for _ in range(2)]


def test_parameter_that_is_more_than_called_keeps_its_value():
    def compared(f, x):
        y = f(x) + f(x)
        return y if f is plain_exp else None

    def rebound(f, x):
        y = f(x)
        f = math.sin
        return y + f(x)

    def from_inside(f, x):
        def change():
            nonlocal f
            f = math.cos

        y = f(x)
        change()
        return y + f(x)

    def seen(f, x):
        return [f(x), f(x)] and sorted(locals())

    def optional(x, f=None):
        return [f(x) for _ in range(2)] if x is None else math.exp(x)

    assert slope(lambda x: compared(plain_exp, x)) == 2 * E5
    assert slope(lambda x: rebound(plain_exp, x)) == pytest.approx(E5 + math.cos(0.5))
    assert slope(lambda x: from_inside(plain_exp, x)) == pytest.approx(E5 - math.sin(0.5))
    assert woven(seen)(math.exp, 1.0) == ["f", "x"]
    assert slope(optional) == E5
    with pytest.raises(TypeError, match="'NoneType' object is not callable"):
        woven(optional)(None)


def plain_exp(x):
    return math.exp(x)


def test_parameter_of_a_generator_and_of_an_inner_function():
    def series(f, x):
        for k in range(3):
            yield f(x) * k

    def outer(x):
        def inner(f, g=math.sin):
            return [f(x) for _ in range(2)][0] + sum(g(x) for _ in range(2))

        return inner(math.exp)

    assert slope(lambda x: sum(series(math.exp, x))) == pytest.approx(3 * E5)
    assert slope(outer) == pytest.approx(E5 + 2 * math.cos(0.5))


def test_numpy_function_from_a_list_is_numpys_own_for_plain_arrays():
    seen = []

    def f(fs, x, y):
        return fs[0](x), fs[1](x, y)

    w = woven(f)
    w([np.exp, np.add], X, X)

    def profile(frame, event, arg):
        if event == "call":
            seen.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        w([np.exp, np.add], X, X)
    finally:
        sys.setprofile(before)
    assert seen == ["f", "resolve_for_one", "resolve_for_two"]
    assert slope(lambda x: [np.exp, np.add][0](x)) == E5
    assert slope(lambda x: [np.exp, np.add][1](x, x)) == 2.0
    assert slope(lambda x: [math.fsum, np.sum][1]([x, x])) == 2.0


def test_where_a_function_of_numpy_takes_what_it_writes_into():
    """numpy's functions of C have no signature to read before numpy 2.4: what calls one was not woven there."""
    assert [out_position(f) for f in (np.exp, np.add, np.sum, np.clip, np.dot, np.concatenate)] == [
        1,
        2,
        3,
        3,
        2,
        2,
    ]
    functions = [f for f in map(vars(np).get, np.__all__) if isinstance(f, type(np.sum))]
    assert len(functions) > 200 and all(out_position(f) >= 1 for f in functions)
    f = lambda x: np.sum(np.where(x > 0, math.exp(x[0]) * x, 0.0))
    assert unwoven_reason(f) is None
