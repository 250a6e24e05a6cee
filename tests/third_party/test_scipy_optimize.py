"""Derivatives handed to scipy's solvers and fitters, as their users hand them over."""

import numpy as np
import pytest

from pycograd import errors, grad, hessian, hvp, jacobian, value_and_grad

optimize = pytest.importorskip("scipy.optimize")
integrate = pytest.importorskip("scipy.integrate")

t = np.linspace(0.0, 5.0, 40)
data = 3.0 * np.exp(-0.7 * t) + 0.1 * np.random.default_rng(0).normal(size=40)


def decay(t, a, b):
    return a * np.exp(-b * t)


def residual(v):
    return decay(t, *v) - data


START = np.array([-0.5, 0.8, 1.3])


def rosenbrock(v):
    """scipy ships the derivatives of this one: the witness."""
    return np.sum(100.0 * (v[1:] - v[:-1] ** 2) ** 2 + (1 - v[:-1]) ** 2)


def test_derivatives_of_the_function_of_rosenbrock():
    np.testing.assert_allclose(grad(rosenbrock)(START)[0], optimize.rosen_der(START))
    np.testing.assert_allclose(hessian(rosenbrock)(START), optimize.rosen_hess(START))
    np.testing.assert_allclose(hvp(rosenbrock)(START, START), optimize.rosen_hess_prod(START, START))


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG", "SLSQP"])
def test_minimize_with_a_gradient(method):
    found = optimize.minimize(rosenbrock, START, jac=grad(rosenbrock, argnums=0), method=method)
    plain = optimize.minimize(rosenbrock, START, jac=optimize.rosen_der, method=method)
    both = optimize.minimize(value_and_grad(rosenbrock, argnums=0), START, jac=True, method=method)
    np.testing.assert_allclose(found.x, plain.x, rtol=1e-5)
    np.testing.assert_array_equal(both.x, found.x)


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-exact", "trust-krylov", "trust-constr"])
def test_minimize_with_a_hessian(method):
    given = {"jac": grad(rosenbrock, argnums=0), "hess": hessian(rosenbrock)}
    exact = {"jac": optimize.rosen_der, "hess": optimize.rosen_hess}
    found = optimize.minimize(rosenbrock, START, method=method, **given)
    np.testing.assert_allclose(
        found.x, optimize.minimize(rosenbrock, START, method=method, **exact).x, rtol=1e-5
    )


def test_minimize_with_hessian_products():
    given = {"jac": grad(rosenbrock, argnums=0), "hessp": hvp(rosenbrock)}
    found = optimize.minimize(rosenbrock, START, method="trust-ncg", **given)
    np.testing.assert_allclose(found.x, 1.0, rtol=1e-3)


def test_constraints():
    circle = lambda v: np.array([v @ v])
    given = {"jac": grad(rosenbrock, argnums=0)}
    on = {"type": "eq", "fun": circle, "jac": jacobian(circle)}
    inside = optimize.NonlinearConstraint(circle, 0.0, 1.0, jac=jacobian(circle))
    assert np.isclose(np.sum(optimize.minimize(rosenbrock, START, constraints=on, **given).x ** 2), 0.0)
    found = optimize.minimize(rosenbrock, START, method="trust-constr", constraints=inside, **given)
    assert np.sum(found.x**2) < 1.0001


def test_least_squares_and_curve_fit():
    found = optimize.least_squares(residual, [1.0, 1.0], jac=jacobian(residual))
    slopes = lambda t, a, b: np.column_stack(jacobian(decay, argnums=(1, 2))(t, a, b))
    fitted, _ = optimize.curve_fit(decay, t, data, p0=[1.0, 1.0], jac=slopes)
    plain, _ = optimize.curve_fit(decay, t, data, p0=[1.0, 1.0])
    np.testing.assert_allclose(found.x, plain, rtol=1e-5)
    np.testing.assert_allclose(fitted, plain, rtol=1e-5)


def test_roots():
    f = lambda v: np.array([v[0] ** 2 - 2.0, v[1] - v[0]])
    np.testing.assert_allclose(optimize.root(f, [1.0, 1.0], jac=jacobian(f)).x, np.sqrt(2.0))
    g = lambda x: x**3 - 2.0
    assert np.isclose(optimize.newton(g, 1.0, fprime=grad(g, argnums=0)), 2 ** (1 / 3))
    assert np.isclose(
        optimize.root_scalar(g, x0=1.0, fprime=grad(g, argnums=0), method="newton").root, 2 ** (1 / 3)
    )


def test_jacobians_of_differential_equations():
    f = lambda t, y: np.array([y[1], (1 - y[0] ** 2) * y[1] * 5 - y[0]])
    stiff = integrate.solve_ivp(f, (0.0, 3.0), [2.0, 0.0], method="BDF", jac=jacobian(f, argnums=1))
    plain = integrate.solve_ivp(f, (0.0, 3.0), [2.0, 0.0], method="BDF")
    np.testing.assert_allclose(stiff.y[:, -1], plain.y[:, -1], rtol=1e-3)


@pytest.mark.parametrize(
    "given",
    [{"fun": rosenbrock, "jac": grad(rosenbrock)}, {"fun": value_and_grad(rosenbrock), "jac": True}],
    ids=["jac", "both"],
)
def test_the_tuple_of_gradients_says_what_to_write(given):
    with pytest.raises(errors.GradsError, match=r"fix: grad\(f, argnums=0\)"):
        optimize.minimize(x0=START, **given)
