"""on_missing="fd": an operation without a rule is differentiated by finite differences, only that one."""

import math
import pickle

import numpy as np
import pytest

from pycograd import MissingRuleError, blackbox, errors, grad, jvp, value_and_grad

ndimage = pytest.importorskip("scipy.ndimage")
interpolate = pytest.importorskip("scipy.interpolate")
signal = pytest.importorskip("scipy.signal")

X = np.linspace(0.1, 0.9, 6)


def average(line, out):
    out[...] = (line[:-2] + line[1:-1] + line[2:]) / 3


def smoothed(y):
    return ndimage.generic_filter1d(y, average, 3)


def loss(x):
    y = np.sin(x)
    z = smoothed(y) * 2
    w = signal.resample_poly(z, 3, 2)
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
    assert said[1].startswith("signal.resample_poly at test_on_missing.py:")


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
