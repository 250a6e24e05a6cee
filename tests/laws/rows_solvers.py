"""Solvers of scipy.integrate and scipy.optimize, with tolerances so tight that finite differences can be taken."""

import math

import numpy as np
from laws.row import positive, row

from pycograd.core import REGISTRY

try:
    from scipy import integrate, optimize
except ModuleNotFoundError:
    integrate = optimize = None

NO_DATA = dict.fromkeys(
    ["capture", "capture_gradient"], "a solver decides by numbers, which a captured value has not"
)
OWN_STEPS = dict.fromkeys(
    ["vmap", "vmap_gradient"], "each example takes its own steps, and has its own events"
)
a, b, p = 0.8, 1.7, np.array([1.3, 0.6])
TIGHT = {"rtol": 1e-11, "atol": 1e-12}


def by(func, *inputs, call, exempt=(), **params):
    """A row of a function that takes functions: called by the registry, as woven code does."""
    return row(func, *inputs, call=lambda *xs: call(ours(func), *xs), exempt=NO_DATA | dict(exempt), **params)


def ours(func):
    return REGISTRY.find(func)


def each_root():
    finders = (optimize.brentq, optimize.brenth, optimize.ridder, optimize.bisect, optimize.toms748)
    precise = {"xtol": 1e-15, "rtol": 1e-14}
    return [
        *[by(f, a, call=lambda find, a: find(lambda x: x**3 + x - a, -1.0, 2.0, **precise)) for f in finders],
        by(
            optimize.brentq,
            a,
            call=lambda find, a: find(
                lambda x, c: math.exp(x) * c - 2, -1.0, 3.0, (a,), full_output=True, **precise
            )[0],
        ),
        by(optimize.newton, a, call=lambda find, a: find(lambda x: x**3 + x - a, 0.5, tol=1e-14)),
        by(
            optimize.newton,
            p,
            call=lambda find, p: find(
                lambda x, p: x**3 + x - p, np.ones(2), fprime=lambda x, p: 3 * x * x + 1, args=(p,), tol=1e-14
            ),
        ),
        by(
            optimize.root_scalar,
            a,
            call=lambda find, a: (
                find(lambda x: (x**3 + x - a, 3 * x * x + 1), x0=0.5, fprime=True, xtol=1e-14).root
            ),
        ),
        by(
            optimize.fsolve,
            p,
            call=lambda find, p: find(
                lambda x: [x[0] ** 2 + x[1] - p[0], x[0] - x[1] ** 3 - p[1]], [1.0, 0.7], xtol=1e-14
            ),
        ),
        by(
            optimize.root,
            p,
            call=lambda find, p: (
                find(
                    lambda x: np.array([x[0] ** 2 + x[1], x[0] - x[1] ** 3]) - p,
                    np.array([1.0, 0.7]),
                    tol=1e-14,
                ).x
            ),
        ),
        by(optimize.fixed_point, a, call=lambda find, a: find(lambda x: np.cos(a * x), 0.6, xtol=1e-14)),
    ]


def minima():
    t = np.linspace(0.0, 1.0, 6)
    tight = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}
    by_slope = {**tight, "ftol": None}  # the sum of squares is flat at its minimum
    energy = lambda z, p: np.sum((z - p) ** 2) + np.sum(z**4) + z[0] * z[1]  # noqa: E731
    slope = lambda z, p: 2 * (z - p) + 4 * z**3 + z[::-1]  # noqa: E731
    start = np.array([0.5, 0.2])
    return [
        by(
            optimize.minimize_scalar,
            a,
            call=lambda find, a: find(lambda z: (z - a) ** 2 + z**4, tol=1e-12).x,
            tolerance=1e-3,  # the minimum itself is found to the root of the rounding error
        ),
        by(
            optimize.minimize,
            p,
            call=lambda find, p: find(energy, start, (p,), jac=slope, method="BFGS", options={"gtol": 1e-13}).x,
            tolerance=1e-4,
        ),
        by(
            optimize.minimize,
            p,
            call=lambda find, p: find(
                lambda z: (energy(z, p), slope(z, p)), start, jac=True, method="L-BFGS-B", tol=1e-15,
                bounds=[(None, None), (None, 0.1)],
            ).x,
            tolerance=1e-4,
        ),
        by(
            optimize.minimize,
            p,
            call=lambda find, p: find(energy, start, (p,), options={"gtol": 1e-7}).fun,
            tolerance=1e-4,
        ),
        *[
            by(
                optimize.least_squares,
                p,
                call=lambda find, p, loss=loss: find(
                    lambda z: z[0] * np.exp(-z[1] * t) - p[0] - p[1] * np.sin(4 * t), [1.0, 1.0], loss=loss, **by_slope
                ).x,
                tolerance=1e-3,
            )
            for loss in ("linear", "soft_l1", "cauchy")
        ],
        by(
            optimize.curve_fit,
            positive(6),
            call=lambda find, y: find(lambda t, k, c: k * np.exp(-c * t), t, y, p0=[1.0, 0.5], **tight)[0],
            tolerance=1e-3,
        ),
        by(
            optimize.curve_fit,
            positive(6),
            call=lambda find, y: find(
                lambda t, k, c: k + c * t, t, y, p0=[1.0, 0.5], sigma=1 + t, absolute_sigma=True,
                jac=lambda t, k, c: np.stack([np.ones(6), t], axis=1), **tight,
            )[1],
            order=1,
        ),
    ]  # fmt: skip


def integrals():
    f = lambda x: np.exp(-x * x) * np.sin(x)  # noqa: E731
    return [
        by(integrate.quad, a, b, 0.3, call=lambda find, a, b, c: find(lambda x: f(c * x), a, b)[0]),
        by(
            integrate.quad,
            a,
            b,
            call=lambda find, a, c: find(lambda x, c: math.exp(-c * x), a, np.inf, (c,))[0],
        ),
        by(integrate.quad, b, a, call=lambda find, b, c: find(lambda x: np.exp(-c * x * x), -np.inf, b)[0]),
        by(integrate.quad, a, call=lambda find, c: find(lambda x: np.exp(-c * x * x), np.inf, -np.inf)[0]),
        by(
            integrate.quad,
            a,
            call=lambda find, c: find(lambda x: np.maximum(x - c, 0.0) ** 2, 0, 2, points=[1.0])[0],
            order=1,
        ),
        by(
            integrate.quad_vec,
            a,
            b,
            call=lambda find, a, b: find(lambda x: np.exp(-a * x) * np.arange(1.0, 3.0), a, b)[0],
        ),
        by(integrate.fixed_quad, a, b, call=lambda find, a, b: find(lambda x: np.exp(-a * x), 0.0, b)[0]),
        by(
            integrate.dblquad,
            a,
            b,
            call=lambda find, a, b: find(lambda y, x: np.exp(-a * x * y), 0.1, b, 0.0, lambda x: x * a)[0],
        ),
        by(
            integrate.nquad,
            a,
            b,
            call=lambda find, a, b: find(lambda x, y: np.exp(-a * x * y), [lambda y: (0, b * y), (0, 1)])[0],
            covers=(integrate.tplquad,),  # which is made of it, and takes its time: tests/test_solvers.py
        ),
    ]


def trajectories():
    decay = lambda t, y, k: [-k * y[0] + np.sin(t), y[0] - y[1] * y[1]]  # noqa: E731
    times = np.array([0.5, 1.0])

    def hit(t, y, k):
        return y[0] - 0.4

    hit.terminal = True
    solve_ivp = integrate.solve_ivp

    def at(method, end=1.0, **chosen):
        chosen = chosen or TIGHT
        return lambda solve, y0, k: solve(decay, (0, end), y0, method, end * times, args=(k,), **chosen).y

    last = lambda solve, k, end: solve(decay, (0, end), [1.0, 0.5], args=(k,), **TIGHT).y[:, -1]  # noqa: E731
    return [
        *[by(solve_ivp, p, 0.7, call=at(method)) for method in ("RK45", "DOP853", "LSODA")],
        by(solve_ivp, p, 0.7, call=at("RK23", max_step=0.1, first_step=0.1, rtol=0.1)),
        by(solve_ivp, p, 0.7, call=at("Radau", end=0.2), tolerance=1e-5),
        by(solve_ivp, 0.7, 1.1, call=last, exempt=OWN_STEPS),
        by(
            solve_ivp,
            0.7,
            call=lambda solve, k: solve(decay, (0, 3), [1.0, 0.5], args=(k,), events=hit, **TIGHT).t_events[
                0
            ],
            exempt={"vmap_gradient": OWN_STEPS["vmap"]},
        ),
        by(
            solve_ivp,
            0.7,
            call=lambda solve, k: solve(decay, (0, 1), [1.0, 0.5], args=(k,), dense_output=True, **TIGHT).sol(
                0.6
            ),
        ),
        by(
            integrate.OdeSolution.__call__,
            0.6,
            call=lambda at, t: at(
                solve_ivp(decay, (0, 1), [1.0, 0.5], args=(0.7,), dense_output=True, **TIGHT).sol, t
            ),
            exempt=OWN_STEPS,
        ),
        by(
            integrate.odeint,
            p,
            0.7,
            np.array([0.0, 0.4, 1.0]),
            call=lambda solve, y0, k, t: solve(decay, y0, t, (k,), tfirst=True, **TIGHT),
            tolerance=1e-5,
        ),
    ]


ROWS = [*each_root(), *minima(), *integrals(), *trajectories()] if optimize else []
