"""on_missing="fd": an operation without a rule is differentiated by finite differences, only that one."""

import ctypes
import ctypes.util
import functools
import math
import pickle

import numpy as np
import pytest

from pycograd import MissingRuleError, blackbox, custom_vjp, errors, grad, jvp, value_and_grad, vmap

ndimage = pytest.importorskip("scipy.ndimage")
interpolate = pytest.importorskip("scipy.interpolate")

X = np.linspace(0.1, 0.9, 6)


def average(line, out):
    out[...] = (line[:-2] + line[1:-1] + line[2:]) / 3


def smoothed(y):
    return ndimage.generic_filter1d(y, average, 3)


def loss(x):
    y = np.sin(x)
    z = smoothed(y) * 2
    w = ndimage.generic_filter(z, np.mean, 3)
    return np.sum(w**2) + math.exp(float(x[0]))


def by_differences(f, x, h=1e-6):
    return np.array([(f(x + h * v) - f(x - h * v)) / (2 * h) for v in np.eye(len(x))])


def found_and_said(call):
    with pytest.warns(errors.DifferencesWarning) as caught:
        found = call()
    assert all(w.filename == __file__ for w in caught)
    return found, [str(w.message) for w in caught]


def test_grad_names_the_operations_and_counts_evaluations():
    g, said = found_and_said(lambda: grad(loss, argnums=0, on_missing="fd")(X))
    np.testing.assert_allclose(g, by_differences(loss, X), rtol=1e-7)
    assert len(said) == 2
    # one for the value, two for each of six elements
    assert said[0].startswith("ndimage.generic_filter1d at test_on_missing.py:")
    assert "finite differences took 13 evaluations of it" in said[0]
    assert "fix: pycograd.blackbox(ndimage.generic_filter1d, jac=...)" in said[0] and said[0].endswith(
        "[PG205]"
    )
    assert said[1].startswith("ndimage.generic_filter at test_on_missing.py:")


def test_value_and_grad_and_jvp():
    (value, (g,)), _ = found_and_said(lambda: value_and_grad(loss, on_missing="fd")(X))
    assert value == loss(X)
    (y, t), _ = found_and_said(lambda: jvp(loss, (X,), (X,), on_missing="fd"))
    assert y == value and t == pytest.approx(g @ X)


def test_what_has_a_rule_is_not_differenced():
    with np.errstate(all="raise"):
        assert grad(lambda x: math.sin(x) + np.exp(x), on_missing="fd")(0.0) == (
            2.0,
        )  # no warning, which would raise


def packs(x):
    return np.sum(np.packbits(x > 0.5)) + np.sum(np.frexp(x)[0])


class Model:
    def __init__(self):
        self.spline = interpolate.RBFInterpolator(np.arange(5.0)[:, None], np.arange(5.0) ** 2)

    def __call__(self, x):
        return [np.sum(self.spline(x[:, None]) * v) for v in (1.0, 2.0)][1]


def test_objects_of_libraries_in_methods_and_comprehensions():
    g, said = found_and_said(lambda: grad(Model(), argnums=0, on_missing="fd")(X))
    np.testing.assert_allclose(g, by_differences(Model(), X), rtol=1e-6)
    assert said[0].startswith("self.spline at test_on_missing.py:")


def test_helpers_closures_and_lambdas():
    scale = 3.0

    def f(x):
        def inner(y):
            return scale * smoothed(y)

        return np.sum((lambda y: inner(y) ** 2)(x))

    g, said = found_and_said(lambda: grad(f, argnums=0, on_missing="fd")(X))
    np.testing.assert_allclose(g, by_differences(f, X), rtol=1e-6)
    assert len(said) == 1


def test_second_order():
    def slope(x):
        return np.sum(grad(loss, argnums=0, on_missing="fd")(x) * X)

    g, _ = found_and_said(lambda: grad(slope, argnums=0)(X))
    exact = blackbox(slope, "3-point")
    with pytest.warns(errors.DifferencesWarning):
        np.testing.assert_allclose(g, grad(exact, argnums=0)(X), rtol=1e-3)


def test_by_default_it_raises():
    with pytest.raises(MissingRuleError, match='on_missing="fd"|blackbox'):
        grad(loss)(X)
    with pytest.raises(ValueError, match="on_missing is 'raise' or 'fd', not 'cs'"):
        grad(loss, on_missing="cs")(X)
    with pytest.raises(ValueError, match="on_missing"):
        jvp(loss, (X,), (X,), on_missing="cs")


def test_an_error_that_is_not_about_rules_passes():
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: x / 0, on_missing="fd")(1.0)


def test_it_is_kept_when_pickled():
    again = pickle.loads(pickle.dumps(grad(loss, argnums=0, on_missing="fd")))
    assert found_and_said(lambda: again(X))[0].shape == X.shape


# ---- what is met in other ways -------------------------------------------------------------------------------------
special = pytest.importorskip("scipy.special")
mathieu = functools.partial(special.mathieu_a, 1)
LIBM = ctypes.CDLL(ctypes.util.find_library("m"))
LIBM.cos.argtypes, LIBM.cos.restype = [ctypes.c_double], ctypes.c_double


def helped(v):
    return special.mathieu_a(1, v)


class Meter:
    def __init__(self, order):
        self.order = order

    def read(self, v):
        return special.mathieu_a(self.order, v)


def in_order(x):
    return sum([i * v for i, v in enumerate(sorted(x, key=helped))])


METER = Meter(1)
MET = {  # function, argument, the name in the warning, evaluations of grad
    "a rule that lacks in the backward pass": (lambda v: special.jv(v, 2.0) * v, 1.5, "special.jv", 3),
    "several outputs": (lambda v: sum(special.obl_ang1(1, 2, v, 0.3)), 0.5, "special.obl_ang1", 3),
    "one of several": (lambda v: special.obl_ang1(1, 2, v, 0.3)[0] ** 2, 0.5, "special.obl_ang1", 3),
    "map": (lambda x: sum(map(helped, x)), X, "special.mathieu_a", 18),
    "map of a partial": (lambda x: sum(map(mathieu, x)), X, "scipy.special.mathieu_a", 18),
    "reduce": (lambda x: functools.reduce(lambda a, b: a + helped(b), x), X, "special.mathieu_a", 15),
    "a method": (lambda x: sum([METER.read(v) for v in x]), X, "special.mathieu_a", 18),
    "vectorize": (lambda x: np.sum(np.vectorize(helped, otypes=[float])(x)), X, "helped", 13),
    "a keyword": (lambda x: np.sum(smoothed(y=x)), X, "ndimage.generic_filter1d", 13),
    "ctypes": (lambda v: LIBM.cos(v), 1.0, "LIBM.cos", 3),
}


@pytest.mark.parametrize("f, x, name, evaluations", MET.values(), ids=MET)
def test_what_is_met_in_other_ways(f, x, name, evaluations):
    plain = by_differences(f, x) if np.ndim(x) else (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    g, said = found_and_said(lambda: grad(f, argnums=0, on_missing="fd")(x))
    np.testing.assert_allclose(g, plain, rtol=1e-6, atol=1e-8)
    assert len(said) == 1 and said[0].startswith(f"{name} at test_on_missing.py:")
    assert f"took {evaluations} evaluations of it" in said[0]
    v = np.ones_like(x) if np.ndim(x) else 1.0
    (_, t), _ = found_and_said(lambda: jvp(f, (x,), (v,), on_missing="fd"))
    np.testing.assert_allclose(t, np.sum(plain), rtol=1e-6, atol=1e-8)


def test_a_key_to_sort_by_needs_no_derivative():
    g = grad(in_order, argnums=0, on_missing="fd")
    with pytest.warns(errors.DifferencesWarning):
        np.testing.assert_allclose(g(X), by_differences(in_order, X), rtol=1e-6)


def test_under_vmap():
    f = lambda x: np.sum(helped(x))
    rows = np.stack([X, 2 * X])
    found, said = found_and_said(lambda: vmap(grad(f, argnums=0, on_missing="fd"))(rows))
    np.testing.assert_allclose(found, [by_differences(f, row) for row in rows], rtol=1e-6, atol=1e-8)
    assert "took 26 evaluations of it" in said[0]


def test_a_rule_that_lacks_deeper_down_raises_clearly():
    @custom_vjp
    def f(x):
        return x * 2

    def bwd(_, g):
        raise MissingRuleError("not yet")

    f.defvjp(lambda x: (x * 2, None), bwd)
    with pytest.raises(MissingRuleError, match="not yet"):
        grad(lambda x: f(x) + 0.0, on_missing="fd")(1.0)
