"""lmfit: residuals with a Jacobian, its models and line shapes."""

import numpy as np
import pytest
from third_party.differences import differences

from pycograd import errors, grad, jacobian, weave

lmfit = pytest.importorskip("lmfit")

x = np.linspace(0.1, 5.0, 40)
data = 3.0 * np.exp(-0.7 * x) + 0.1 * np.random.default_rng(0).normal(size=40)


def residual(p, x, data):
    return p["a"] * np.exp(-p["b"] * x) - data


def parameters():
    p = lmfit.Parameters()
    p.add("a", 1.0)
    p.add("b", 0.3, min=0.0)
    return p


def slopes(p, x, data):
    columns = jacobian(residual)(p.valuesdict(), x, data)
    return np.stack([columns[name] for name in p if p[name].vary], axis=1)


@pytest.mark.parametrize("fixed", [(), ("a",)])
def test_minimize_with_a_jacobian(fixed):
    given, plain = parameters(), parameters()
    for name in fixed:
        given[name].vary = plain[name].vary = False
    found = lmfit.minimize(residual, given, args=(x, data), Dfun=slopes)
    expected = lmfit.minimize(residual, plain, args=(x, data))
    assert found.nfev < expected.nfev or fixed
    for name in found.params:
        assert np.isclose(found.params[name].value, expected.params[name].value, rtol=1e-4)


def test_parameters_as_an_argument_say_what_to_pass():
    with pytest.raises(TypeError, match=r"got a Parameters as argument 0, .*pass its .valuesdict\(\)"):
        jacobian(residual)(parameters(), x, data)


SHAPES = (
    "gaussian lorentzian voigt pvoigt moffat pearson4 pearson7 breit_wigner damped_oscillator dho doniach "
    "skewed_gaussian skewed_voigt expgaussian lognormal students_t logistic step rectangle powerlaw sine linear "
    "parabolic"
).split()


@pytest.mark.parametrize("name", SHAPES)
def test_line_shapes(name):
    shape = getattr(lmfit.lineshapes, name)
    f = lambda v: np.sum(shape(x, v[0], v[1]))
    at = np.array([1.3, 0.9])
    np.testing.assert_allclose(grad(f)(at)[0], differences(f, at), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["GaussianModel", "VoigtModel", "ExponentialModel", "LinearModel"])
def test_models_woven(kind):
    model = getattr(lmfit.models, kind)()
    names = model.param_names[:2]
    given = lambda v: dict.fromkeys(model.param_names, 0.8) | dict(zip(names, v, strict=True))
    functions = (
        lambda v: np.sum(model.eval(x=x, **given(v))),
        lambda v: np.sum(model.func(x, **given(v)) ** 2),
    )
    at = np.array([1.3, 0.9])
    weave(lmfit)
    for function in functions:
        np.testing.assert_allclose(grad(function)(at)[0], differences(function, at), rtol=1e-5, atol=1e-5)


def test_a_model_that_is_not_woven_says_how():
    model = lmfit.Model(lambda x, a: a * x)
    with pytest.raises(errors.ForeignCodeError, match=r'fix: pycograd.weave\("lmfit"\)'):
        grad(lambda a: np.sum(model.eval(x=x, a=a)))(2.0)
