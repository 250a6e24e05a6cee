"""`pycograd.scipy.objective`: scipy.optimize with exact derivatives, against problems whose answers are known."""

import numpy as np
import pytest

import pycograd
from pycograd import ParamDict, cross_entropy, dtype, frozen, hessian, params, tied, value_and_grad
from pycograd.scipy import Objective, objective

optimize = pytest.importorskip("scipy.optimize")

START = {"x": -1.2, "rest": np.array([1.0, -0.5, 0.8])}


def rosenbrock(p):
    z = [p["x"], *p["rest"]]
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(z, z[1:]))  # noqa: B905


# ---- minimize ---------------------------------------------------------------------------------------------
METHODS = ["BFGS", "L-BFGS-B", "CG", "Newton-CG", "trust-ncg", "trust-krylov", "TNC", "SLSQP"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_minimum_of_rosenbrocks_function(method):
    o = objective(rosenbrock, START)
    hessp = {"hessp": o.hessp} if method in ("Newton-CG", "trust-ncg", "trust-krylov") else {}
    options = {"maxfun": 2000} if method == "TNC" else {}
    result = optimize.minimize(o.fun, o.x0, jac=o.jac, method=method, tol=1e-10, options=options, **hessp)
    assert np.allclose(result.x, 1.0, atol=1e-4)
    found = o.unravel(result.x)
    assert type(found["x"]) is float and found["rest"].shape == (3,) and list(found) == ["x", "rest"]


def test_the_pieces_agree_with_the_transforms_and_with_scipys():
    o = objective(rosenbrock, START)
    fun, x0, jac, hessp = o
    assert np.array_equal(x0, [1.0, -0.5, 0.8, -1.2]), "leaves in the order of the sorted keys"
    value, g = value_and_grad(rosenbrock, argnums=0)(START)
    assert fun(x0) == value and type(fun(x0)) is float
    assert np.allclose(jac(x0), [*g["rest"], g["x"]]) and jac(x0).dtype == np.float64
    flat = lambda z: rosenbrock({"x": z[3], "rest": z[:3]})
    assert np.allclose(jac(x0), optimize.rosen_der(np.array([-1.2, 1.0, -0.5, 0.8]))[[1, 2, 3, 0]])
    H = hessian(flat)(x0)
    assert np.allclose(o.hess(x0), H)
    for p in np.eye(4):
        assert np.allclose(hessp(x0, p), H @ p)


def test_a_gradient_costs_no_second_run():
    runs = []

    def f(x):
        runs.append(1)
        return np.sum((x - 1.0) ** 4)

    o = objective(f, np.zeros(3))
    result = optimize.minimize(o.fun, o.x0, jac=o.jac, method="L-BFGS-B")
    assert len(runs) == result.nfev and np.allclose(result.x, 1.0, atol=0.05)
    runs.clear()
    o.jac(o.x0)
    o.hessp(o.x0, o.x0 + 1)
    before = len(runs)
    for p in np.eye(3):
        o.hessp(o.x0, p)
    assert before == len(runs) == 2, "the gradient is linearized once"


def test_what_a_function_closes_over_may_change_between_calls():
    scale = [1.0]
    o = objective(lambda x: scale[0] * np.sum(x**2), np.ones(2))
    assert o.fun(o.x0) == 2.0 and np.array_equal(o.hessp(o.x0, np.ones(2)), [2.0, 2.0])
    scale[0] = 3.0
    assert o.fun(o.x0) == 6.0 and np.array_equal(o.jac(o.x0), [6.0, 6.0])
    assert np.array_equal(o.hessp(o.x0, np.ones(2)), [6.0, 6.0])


def test_the_caller_may_reuse_his_vector():
    o = objective(lambda x: np.sum(x**3), np.ones(2))
    x = np.ones(2)
    o.fun(x)
    x[:] = 2.0
    assert np.array_equal(o.jac(x), [12.0, 12.0])


def test_further_arguments_are_handed_on():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    o = objective(lambda w, X, y: np.mean((X @ w - y) ** 2), np.zeros(3))
    result = optimize.minimize(
        o.fun, o.x0, args=(X, y), jac=o.jac, hessp=o.hessp, method="trust-ncg", tol=1e-12
    )
    assert np.allclose(result.x, np.linalg.lstsq(X, y)[0])
    assert np.allclose(o.hess(o.x0, X, y), 2 * X.T @ X / 50)


def test_one_number_is_a_vector_of_one():
    o = objective(lambda x: (x - 2.0) ** 2, 0.0)
    result = optimize.minimize(o.fun, o.x0, jac=o.jac)
    assert np.isclose(o.unravel(result.x), 2.0) and type(o.unravel(result.x)) is float


def test_single_precision_leaves_are_computed_in_single_precision():
    seen = []

    def f(p):
        seen.append(p["w"].dtype)
        return np.sum((p["w"] - 1) ** 2) + p["n"] ** 2

    o = objective(f, {"w": np.zeros(2, np.float32), "n": np.array([3])[0]})
    assert np.allclose(o.jac(o.x0), [6.0, -2.0, -2.0]) and set(seen) == {np.dtype("f4")}
    assert o.unravel(o.x0 + 0.5)["w"].dtype == np.float32
    assert o.unravel(o.x0 + 0.5)["n"] == 3.5, "an integer varies as a number does"


# ---- parameters -------------------------------------------------------------------------------------------
def test_weights_are_fitted_by_name_and_frozen_ones_stay():
    rng = np.random.default_rng(1)
    X, labels = rng.normal(size=(60, 2)), rng.integers(0, 3, 60)
    weights = params(ws=np.zeros((2, 3)), bs=np.zeros(3), scale=frozen(0.5))

    def loss():
        return cross_entropy((X @ ws + bs) * scale, labels) + 1e-2 * np.sum(ws**2)  # noqa: F821

    o = objective(loss, weights)
    assert o.x0.size == 9
    result = optimize.minimize(o.fun, o.x0, jac=o.jac, tol=1e-10)
    assert not np.any(weights.ws.value), "nothing is changed until it is put"
    o.put(result.x)
    value, grads = weights.grad(loss)
    assert np.isclose(value, result.fun) and max(np.abs(grads.ws).max(), np.abs(grads.bs).max()) < 1e-5
    assert weights.scale == 0.5
    assert "ws" not in globals()


def test_weights_are_fitted_as_an_argument_too():
    weights = params(w=np.zeros(3), name="x")
    o = objective(lambda p: np.sum((p.w - 1) ** 2), weights)
    found = o.unravel(optimize.minimize(o.fun, o.x0, jac=o.jac).x)
    assert type(found) is ParamDict and found.name == "x" and np.allclose(found.w, 1.0)
    with dtype("f32"):
        weights = params(w=np.zeros(3))
    o = objective(lambda p: np.sum((p.w - 1) ** 2), weights)
    o.put(np.ones(3))
    assert weights.w.dtype == np.float32 and np.all(weights.w.value == 1)


def test_tied_weights_are_varied_as_one():
    w = np.array([2.0, 3.0])
    weights = params(a=w, b=tied[w], c=1.0)
    f = lambda: np.sum((weights.a - 1.0) ** 2) + np.sum((weights.b - 2.0) ** 2) + weights.c**2
    o = objective(f, weights)
    assert o.x0.size == 3
    result = optimize.minimize(o.fun, o.x0, jac=o.jac, tol=1e-12)
    o.put(result.x)
    assert np.allclose(weights.a, 1.5) and weights.a.value is weights.b.value
    assert np.allclose(o.hess(o.x0), np.diag([4.0, 4.0, 2.0]))


# ---- least_squares, curve_fit, root -----------------------------------------------------------------------
t = np.linspace(0.0, 4.0, 30)
DATA = 2.5 * np.exp(-1.3 * t) + 0.5


def decay(p, t):
    return p["height"] * np.exp(-p["rate"] * t) + p["floor"]


GUESS = {"height": 1.0, "rate": 1.0, "floor": 0.0}


def test_least_squares_of_an_exponential_decay():
    runs = []

    def residuals(p):
        runs.append(1)
        return decay(p, t) - DATA

    o = objective(residuals, GUESS)
    J = o.jac(o.x0)
    e = np.exp(-t)
    assert np.allclose(J, np.stack([np.ones(30), e, -t * e], axis=1))
    runs.clear()
    result = optimize.least_squares(o.fun, o.x0, jac=o.jac)
    found = o.unravel(result.x)
    assert np.allclose([found["height"], found["rate"], found["floor"]], [2.5, 1.3, 0.5])
    assert len(runs) == result.nfev, "a Jacobian costs no second run"


def test_residuals_may_be_a_tree():
    o = objective(lambda p: {"a": (p - 1.0)[:, None] * np.ones(2), "b": p[0] * 2 - 2}, np.zeros(3))
    assert o.fun(o.x0).shape == (7,) and o.jac(o.x0).shape == (7, 3)
    assert np.allclose(optimize.least_squares(o.fun, o.x0, jac=o.jac).x, 1.0)


def test_curve_fit_of_an_exponential_decay():
    o = objective(decay, GUESS)
    found, covariance = optimize.curve_fit(o.curve, t, DATA, p0=o.x0, jac=o.curve_jac)
    assert np.allclose(found, [0.5, 2.5, 1.3]) and covariance.shape == (3, 3)
    J = o.curve_jac(t, *found)
    noisy = DATA + 0.01 * np.random.default_rng(0).normal(size=t.size)
    _, covariance = optimize.curve_fit(o.curve, t, noisy, p0=o.x0, jac=o.curve_jac, sigma=np.full(30, 0.01),
                                       absolute_sigma=True)  # fmt: skip
    assert np.allclose(covariance, np.linalg.inv(J.T @ J) * 1e-4, rtol=0.05), (
        "the covariance is that of the Jacobian"
    )


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_root_of_a_system(method):
    def system(p):
        return {"circle": p["x"] ** 2 + p["y"] ** 2 - 4.0, "line": p["x"] - p["y"]}

    o = objective(system, {"x": 1.0, "y": 0.5})
    assert np.allclose(o.jac(o.x0), [[2.0, 1.0], [1.0, -1.0]])
    result = optimize.root(o.fun, o.x0, jac=o.jac, method=method)
    assert result.success and np.allclose(list(o.unravel(result.x).values()), np.sqrt(2.0))


def test_fewer_outputs_than_numbers_go_back():
    o = objective(lambda x: np.stack([np.sum(x**2), np.prod(x)]), np.array([1.0, 2.0, 3.0]))
    for _ in range(2):
        assert np.allclose(o.jac(o.x0), [[2.0, 4.0, 6.0], [6.0, 3.0, 2.0]])


# ---- refused ----------------------------------------------------------------------------------------------
def test_what_scipy_cannot_vary_is_refused():
    with pytest.raises(TypeError, match="objective: 'a' is complex|objective: a is complex"):
        objective(lambda p: 1.0, {"a": 1j})
    with pytest.raises(TypeError, match="objective: x0 is complex"):
        objective(lambda p: 1.0, np.ones(2) * 1j)
    with pytest.raises(TypeError, match="has no numbers that can be varied"):
        objective(lambda p: 1.0, {"name": "x", "w": frozen(1.0)})
    with pytest.raises(TypeError, match=r"returned c128\[\], and scipy.optimize takes real numbers"):
        objective(lambda x: x[0] * 1j, np.ones(2)).fun(np.ones(2))
    with pytest.raises(ValueError, match=r"unravel: a vector of shape \(3,\), and there are 2 numbers"):
        objective(lambda x: x[0], np.ones(2)).fun(np.ones(3))
    with pytest.raises(ValueError, match="tied by 'k' start from different values"):
        objective(lambda p: p.a, params(a=tied("k", 1.0), b=tied("k", 2.0)))
    with pytest.raises(TypeError, match="put: x0 is a ndarray, no ParamDict"):
        objective(lambda x: x[0], np.ones(2)).put(np.ones(2))


def test_it_is_found_and_says_what_it_is():
    o = pycograd.scipy.objective(rosenbrock, START)
    assert (
        type(o) is Objective and "rosenbrock (test_scipy_objective.py:" in repr(o) and "4 numbers" in repr(o)
    )
    assert "scipy" not in pycograd.__all__, "from pycograd import * leaves scipy alone"


def test_what_is_no_function_or_gives_no_numbers_is_refused():
    with pytest.raises(TypeError, match="objective takes a function and where it starts, not a dict"):
        objective({"a": 1.0}, lambda p: p["a"])
    with pytest.raises(TypeError, match="returned a str, and scipy.optimize takes real numbers"):
        objective(lambda p: "a", 0.0).fun(np.zeros(1))
