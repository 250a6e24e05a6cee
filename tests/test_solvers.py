"""Solvers: what an iteration found has the derivatives of the equation that it solves, of every order and mode."""

import math
import warnings

import numpy as np
import pytest

import pycograd
from pycograd import grad, hessian, jacobian, jvp, value_and_grad, vmap
from pycograd.core import Aval, new_symbol, running
from pycograd.errors import BranchError, MissingRuleError, UnsolvedWarning
from pycograd.solvers import fixed_point, minimum, root

optimize = pytest.importorskip("scipy.optimize")
integrate = pytest.importorskip("scipy.integrate")


# ---- solutions of one's own solver ------------------------------------------------------------------------
def bisection(a):
    low, high = 0.0, 10.0
    while high - low > 1e-13:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if middle**3 > a else (middle, high)
    return low


def cube_root(a):
    return root(lambda y, a: y**3 - a, bisection)(a)


def test_a_root_has_derivatives_of_every_order():
    a, orders = 8.0, [2.0, 1 / 12, -2 / 9 * 8 ** (-5 / 3), 10 / 27 * 8 ** (-8 / 3), -80 / 81 * 8 ** (-11 / 3)]
    f = cube_root
    for expected in orders:
        assert math.isclose(f(a), expected, rel_tol=1e-8)
        f = grad(f, 0)


def test_forward_mode_and_mixtures_agree_with_reverse():
    assert jvp(cube_root, (8.0,), (2.0,))[1] == pytest.approx(1 / 6)
    assert jvp(grad(cube_root, 0), (8.0,), (1.0,))[1] == pytest.approx(-2 / 9 * 8 ** (-5 / 3))
    assert grad(lambda a: jvp(cube_root, (a,), (1.0,))[1])(8.0)[0] == pytest.approx(-2 / 9 * 8 ** (-5 / 3))


def test_under_vmap_the_solver_runs_for_each_example():
    a = np.array([1.0, 8.0, 27.0])
    np.testing.assert_allclose(vmap(cube_root)(a), [1, 2, 3])
    np.testing.assert_allclose(vmap(grad(cube_root, 0))(a), 1 / (3 * a ** (2 / 3)))
    np.testing.assert_allclose(grad(lambda a: np.sum(vmap(cube_root)(a)), 0)(a), 1 / (3 * a ** (2 / 3)))


def test_two_vmaps_one_in_the_other():
    f = lambda a, b: optimize.brentq(lambda y: y**3 - a * b, 0.0, 10.0, xtol=1e-14)  # noqa: E731
    a, b = np.array([1.0, 8.0]), np.array([1.0, 8.0, 27.0])
    found = vmap(vmap(f, (None, 0)), (0, None))(a, b)
    np.testing.assert_allclose(found, [[1, 2, 3], [2, 4, 6]])
    of_b = vmap(vmap(grad(f, 1), (None, 0)), (0, None))(a, b)
    np.testing.assert_allclose(of_b, np.cbrt(a)[:, None] / (3 * b ** (2 / 3)))


def test_what_the_equation_closes_over_is_differentiated():
    def f(p):
        return root(lambda y: y * y - p[0] * p[1], lambda: math.sqrt(6.0))()

    np.testing.assert_allclose(grad(f, 0)(np.array([2.0, 3.0])), [3 / (2 * 6**0.5), 2 / (2 * 6**0.5)])


def test_a_root_of_several_numbers():
    def f(p):
        return root(
            lambda y, p: np.stack([y[0] + y[1] - p[0], y[0] * y[1] - p[1]]), lambda p: np.array([1.0, 2.0])
        )(p)

    p = np.array([3.0, 2.0])
    direct = lambda p: (p[0] - np.sqrt(p[0] ** 2 - 4 * p[1])) / 2  # noqa: E731  # the lower root of z^2 - p0 z + p1
    np.testing.assert_allclose(jacobian(f)(p), [[-1.0, 1.0], [2.0, -1.0]])
    np.testing.assert_allclose(hessian(lambda p: f(p)[0])(p), hessian(direct)(p), rtol=1e-10)


def test_a_fixed_point_and_a_minimum():
    y = fixed_point(lambda y, a: np.cos(a * y), lambda a: 0.7390851332151607)
    assert grad(y)(1.0)[0] == pytest.approx(-0.29747434)
    z = minimum(lambda z, a: (z - a) ** 2 + z**4, lambda a: 0.5897545123)
    assert grad(z)(1.0)[0] == pytest.approx(1 / (1 + 6 * 0.5897545123**2))


def test_a_solution_that_is_not_isolated_raises_naming_the_line():
    with pytest.raises(
        np.linalg.LinAlgError, match=r"the slope of f is singular there at test_solvers.py:\d+ `"
    ):
        grad(lambda a: root(lambda y, a: (y - a) ** 2, lambda a: a)(a))(1.0)


def test_a_point_far_from_the_solution_warns():
    with pytest.warns(UnsolvedWarning, match=r"a step of Newton's method moves it by 0.\d of its size"):
        grad(lambda a: root(lambda y, a: y**3 - a, lambda a: 3.0)(a))(8.0)


# ---- scipy's -----------------------------------------------------------------------------------------------
def test_a_plain_call_is_scipys_own():
    def f(x):
        found, info = optimize.brentq(lambda y: y**3 - 8.0, 0.0, 10.0, full_output=True)
        return x * found + info.iterations

    value, g = value_and_grad(f, 0)(1.0)
    assert (value, g) == (f(1.0), optimize.brentq(lambda y: y**3 - 8.0, 0.0, 10.0))


def test_the_value_is_scipys_to_the_last_bit():
    def f(a):
        return optimize.brentq(lambda x: x**3 - a, 0.0, 10.0, xtol=1e-3)

    assert value_and_grad(f)(7.0)[0] == f(7.0)


def test_an_inner_gradient_in_the_function_that_is_solved():
    def f(a):
        return optimize.brentq(grad(lambda y: (y - a) ** 2 + y**4, 0), -5.0, 5.0, xtol=1e-14)

    y = f(1.0)
    assert grad(f)(1.0)[0] == pytest.approx(2 / (2 + 12 * y * y))


def test_a_solver_within_a_solver():
    def inner(x, a):
        return integrate.quad(lambda t: math.exp(-a * t * t), 0.0, x)[0]

    def f(a):
        return optimize.brentq(lambda x: inner(x, a) - 0.5, 0.0, 2.0, xtol=1e-14)

    h, a = 1e-5, 1.3
    assert grad(f)(a)[0] == pytest.approx((f(a + h) - f(a - h)) / (2 * h), rel=1e-7)
    gradient = grad(f, 0)
    assert grad(gradient)(a)[0] == pytest.approx((gradient(a + h) - gradient(a - h)) / (2 * h), rel=1e-6)
    np.testing.assert_allclose(vmap(gradient)(np.array([1.3, 1.5])), [gradient(1.3), gradient(1.5)])


def test_a_fit_has_the_derivatives_of_newtons_iterations():
    x = np.linspace(0, 1, 12)
    y = 2 * np.exp(-1.3 * x) + 0.1 * np.random.default_rng(0).normal(size=12)
    tight = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-14)

    def fit(y):
        p, covariance = optimize.curve_fit(lambda x, a, b: a * np.exp(-b * x), x, y, **tight)
        return p[0] * p[1] + 10 * covariance[0, 1]

    def by_hand(y):
        p = np.array([2.0, 1.3])
        for _ in range(20):
            e = np.exp(-p[1] * x)
            r, slopes = p[0] * e - y, np.stack([e, -p[0] * x * e], axis=1)
            mixed, last = np.sum(-r * x * e), np.sum(r * p[0] * x * x * e)
            p = p - np.linalg.solve(slopes.T @ slopes + np.array([[0.0, mixed], [mixed, last]]), slopes.T @ r)
        e = np.exp(-p[1] * x)
        r, slopes = p[0] * e - y, np.stack([e, -p[0] * x * e], axis=1)
        covariance = np.linalg.inv(slopes.T @ slopes) * np.sum(r * r) / 10
        return p[0] * p[1] + 10 * covariance[0, 1]

    np.testing.assert_allclose(grad(fit, 0)(y), grad(by_hand, 0)(y), atol=1e-7)
    np.testing.assert_allclose(hessian(fit)(y), hessian(by_hand)(y), atol=1e-6)


def test_a_number_on_its_bound_has_the_derivative_of_the_bound():
    def f(p):
        energy = lambda z: np.sum((z - p) ** 2)  # noqa: E731
        return optimize.minimize(energy, np.zeros(2), bounds=[(0, None), (None, 0.5 * p[1])], tol=1e-12).x

    np.testing.assert_allclose(jacobian(f)(np.array([-0.3, 1.2])), [[0, 0], [0, 0.5]])


def test_a_minimum_under_constraints_moves_along_them():
    def place(a):
        ring = {"type": "eq", "fun": lambda z: z[0] ** 2 + z[1] ** 2 - 1}
        return optimize.minimize(
            lambda z: (z[0] - a[0]) ** 2 + (z[1] - a[1]) ** 2, a, constraints=ring, tol=1e-12
        ).x

    a = np.array([3.0, 4.0])
    along = np.array([-0.8, 0.6])
    np.testing.assert_allclose(jacobian(place)(a), np.outer(along, along) / 5, atol=1e-6)


def test_dependent_constraints_raise():
    twice = [{"type": "eq", "fun": lambda z: z[0] + z[1] - 1}] * 2
    options = {"constraints": twice, "method": "trust-constr"}
    with pytest.raises(np.linalg.LinAlgError, match="independent"), warnings.catch_warnings(action="ignore"):
        jacobian(lambda a: optimize.minimize(lambda z: np.sum((z - a) ** 2), np.ones(2), **options).x)(
            np.ones(2)
        )


def test_a_linear_program_at_a_corner_of_too_many_sides_raises():
    sides = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    with pytest.raises(np.linalg.LinAlgError, match="independent"):
        jacobian(lambda b: optimize.linprog([-1.0, -1.0], sides, b).x)(np.array([1.0, 1.0, 2.0]))


@pytest.mark.parametrize("name", ["fmin", "fmin_powell"])
def test_minimizers_without_slopes(name):
    place = lambda a: getattr(optimize, name)(lambda z: np.sum((z - a) ** 2), np.ones(2), disp=0)  # noqa: E731
    np.testing.assert_allclose(jacobian(place)(np.array([2.0, 3.0])), np.eye(2), atol=1e-4)


@pytest.mark.parametrize("name", ["shgo", "direct", "dual_annealing"])
def test_global_minimizers(name):
    how = {"seed": 0, "maxiter": 50} if name == "dual_annealing" else {}
    box = [(0.0, 5.0), (0.0, 5.0)]
    place = lambda a: getattr(optimize, name)(lambda z: np.sum((z - a) ** 2), box, **how).x  # noqa: E731
    np.testing.assert_allclose(jacobian(place)(np.array([2.0, 3.0])), np.eye(2), atol=1e-6)


@pytest.mark.parametrize("wave", ["cos", "sin"])
def test_an_integral_weighted_by_a_wave(wave):
    f = lambda a, w: integrate.quad(lambda x: np.exp(-a * x), 0.0, a, weight=wave, wvar=w)[0]  # noqa: E731
    pycograd.check_grads(f, 0.7, 2.0, order=1)


def test_a_weighted_integral_raises_and_says_what_helps():
    with pytest.raises(MissingRuleError, match="fix: a function that is multiplied by its weight"):
        grad(lambda a: integrate.quad(lambda x: x**a, 0, 1, weight="alg", wvar=(0.5, 0.5))[0])(1.0)


def test_a_triple_integral():
    def f(a, b):
        return integrate.tplquad(lambda z, y, x: a * x * y * z, 0, b, 0, lambda x: x, 0, lambda x, y: y)[0]

    value, (of_a, of_b) = value_and_grad(f)(0.7, 1.2)  # a b^6 / 48
    assert value == pytest.approx(0.7 * 1.2**6 / 48)
    assert of_a == pytest.approx(1.2**6 / 48)
    assert of_b == pytest.approx(0.7 * 1.2**5 / 8)


def test_an_integral_of_a_kinked_function_has_an_exact_slope():
    f = lambda strike: integrate.quad(lambda s: max(s - strike, 0.0) * math.exp(-s), 0, np.inf)[0]  # noqa: E731
    assert grad(f)(1.1)[0] == pytest.approx(-math.exp(-1.1), abs=1e-8)


def test_a_complex_integral():
    f = lambda w: integrate.quad(lambda x: np.exp(1j * w * x), 0, 1, complex_func=True)[0].imag  # noqa: E731
    assert grad(f)(2.0)[0] == pytest.approx(math.sin(2) / 2 - (1 - math.cos(2)) / 4)


def test_the_warnings_of_an_integral_stay():
    f = lambda a: integrate.quad(lambda x: a / x, 0, 1)[0]  # noqa: E731
    with pytest.warns(integrate.IntegrationWarning):
        grad(f)(1.0)


# ---- differential equations --------------------------------------------------------------------------------
def thrown(v, drag, method="RK45"):
    """How far a ball flies: the end of the flight is an event."""

    def ground(t, y):
        return y[1]

    ground.terminal, ground.direction = True, -1
    slopes = lambda t, y: [y[2], y[3], -drag * y[2], -9.81 - drag * y[3]]  # noqa: E731
    flight = integrate.solve_ivp(slopes, (0, 10), [0, 0, *v], method, events=ground, rtol=1e-10, atol=1e-12)
    assert flight.status == 1
    return flight.y[0, -1] + flight.t[-1] * flight.t_events[0][0] + flight.y_events[0][0, 2]


@pytest.mark.parametrize("method", ["RK45", "DOP853", "Radau", "LSODA"])
def test_the_time_of_an_event_depends_on_the_parameters(method):
    v, drag, h = np.array([3.0, 7.0]), 0.1, 1e-5
    value, (of_v, of_drag) = value_and_grad(thrown)(v, drag, method=method)
    assert value == thrown(v, drag, method)
    assert of_drag == pytest.approx(
        (thrown(v, drag + h, method) - thrown(v, drag - h, method)) / (2 * h), rel=1e-6
    )
    for i, e in enumerate(np.eye(2) * h):
        slope = (thrown(v + e, drag, method) - thrown(v - e, drag, method)) / (2 * h)
        assert of_v[i] == pytest.approx(slope, rel=1e-6)


def test_the_end_and_the_start_of_an_integration_are_differentiated():
    def f(start, end):
        return integrate.solve_ivp(lambda t, y: -t * y, (start, end), [1.0], rtol=1e-10, atol=1e-12).y[0, -1]

    value, (of_start, of_end) = value_and_grad(f)(0.2, 1.5)
    assert value == pytest.approx(math.exp((0.2**2 - 1.5**2) / 2))
    assert of_start == pytest.approx(0.2 * value, rel=1e-7)
    assert of_end == pytest.approx(-1.5 * value, rel=1e-7)
    assert grad(lambda e: grad(f, 1)(0.2, e))(1.5)[0] == pytest.approx((1.5**2 - 1) * value, rel=1e-5)


def test_odeint_from_a_number():
    def end(k, y0):
        return integrate.odeint(lambda y, t, k: -k * y, y0, np.linspace(0.0, 2.0, 5), args=(k,))[-1, 0]

    k, y0 = 1.3, 2.0
    np.testing.assert_allclose(grad(end)(k, y0), (-2 * y0 * math.exp(-2 * k), math.exp(-2 * k)), rtol=1e-5)
    np.testing.assert_allclose(grad(lambda k: end(k, 2.0), argnums=0)(k), grad(end)(k, y0)[0])


def test_stiff_equations():
    def robertson(scale):
        k = 1e4 * scale
        slopes = lambda t, y: [  # noqa: E731
            -0.04 * y[0] + k * y[1] * y[2],
            0.04 * y[0] - k * y[1] * y[2] - 3e7 * y[1] ** 2,
            3e7 * y[1] ** 2,
        ]
        return integrate.solve_ivp(slopes, (0, 40), [1.0, 0, 0], "BDF", rtol=1e-8, atol=1e-12).y[0, -1]

    h = 1e-3
    slope = (robertson(1 + h) - robertson(1 - h)) / (2 * h)
    assert grad(robertson)(1.0)[0] == pytest.approx(slope, rel=1e-5)


def test_examples_of_a_batch_with_ends_of_their_own():
    def f(rate, end):
        times = np.linspace(0, end, 4)
        return np.sum(
            integrate.solve_ivp(
                lambda t, y: -rate * y, (0, end), [1.0], t_eval=times, rtol=1e-9, atol=1e-12
            ).y
        )

    rates, ends = np.array([0.5, 1.5, 3.0]), np.array([1.0, 2.0, 0.5])
    found = np.array(vmap(grad(f))(rates, ends))
    alone = np.array([grad(f)(r, e) for r, e in zip(rates, ends)]).T
    np.testing.assert_allclose(found, alone, rtol=1e-7)


def test_under_vmap_the_times_must_be_given():
    f = lambda k: integrate.solve_ivp(lambda t, y: -k * y, (0, 3), [1.0], rtol=1e-6).y[0, -1]  # noqa: E731
    with pytest.raises(NotImplementedError, match=r"each example takes its own steps[^@]*fix: t_eval="):
        vmap(grad(f, 0))(np.array([0.1, 9.0]))


def test_a_continuous_solution_made_before_is_differentiated_in_time():
    made = integrate.solve_ivp(lambda t, y: -y, (0, 3), [1.0], dense_output=True, rtol=1e-10, atol=1e-12).sol
    assert grad(lambda t: made(t)[0])(1.2)[0] == pytest.approx(-math.exp(-1.2), rel=1e-6)


def test_a_captured_value_has_no_numbers_for_a_solver():
    solve = pycograd.resolve_call(optimize.brentq)
    with running("capture") as level, pytest.raises(BranchError, match="a solver needs numbers"):
        a = new_symbol(Aval(()), level)
        solve(lambda x: x - a, -5.0, 5.0)


def test_one_vmap_in_another_over_results_that_differ():
    def found(target):
        done = optimize.minimize(lambda z: (z[0] - target) ** 4 + z[0] ** 2, [0.3], method="BFGS")
        return done.fun

    targets = np.array([[0.0, 0.5, 2.0], [1.0, -3.0, 0.0]])
    np.testing.assert_allclose(
        vmap(vmap(found))(targets), [[found(t) for t in row] for row in targets], rtol=1e-12
    )
