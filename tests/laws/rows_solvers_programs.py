"""Minima under constraints, linear programs, bounded least squares, and the minimizers besides `minimize`."""

import numpy as np
from laws.row import normal, positive, row
from laws.rows_solvers import NO_DATA, by

from pycograd.core import REGISTRY

try:
    from scipy import optimize
except ModuleNotFoundError:
    optimize = None

p, q, r3 = np.array([1.3, 0.6]), np.array([0.9, 2.1]), np.array([0.6, 0.9, -1.0])
start, costs, sides = np.array([0.5, 0.2]), np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([4.0, 6.0])
BLOCKS = {"vmap_gradient": "each example has blocks of its own"}
TIGHT = {"tol": 1e-14}


def distance(z, a):
    return np.sum((z - a) ** 2) + 0.1 * np.sum(z**4)


def of_record(find, *args, **params):
    found = find(*args, **params)
    return found.x, found.fun


def constrained():
    eq = lambda a: {"type": "eq", "fun": lambda z, b: z[0] + z[1] * b - 1, "args": (a[0],)}  # noqa: E731
    both = lambda a: {"type": "ineq", "fun": lambda z: [a[0] - z[0] * z[1] ** 2, 5 - z[0]]}  # noqa: E731
    between = lambda a: optimize.NonlinearConstraint(lambda z: [z[0] * z[1] * a[1]], -np.inf, 0.5)  # noqa: E731
    line = lambda: optimize.LinearConstraint([[1.0, 2.0]], 1.0, 1.0)  # noqa: E731
    interior = {"method": "trust-constr", "options": {"gtol": 1e-12, "xtol": 1e-14}}
    search = lambda find, a, c, **how: of_record(find, lambda z: distance(z, a), start, constraints=c, **how)  # noqa: E731
    return [
        by(optimize.minimize, p, call=lambda find, a: search(find, a, eq(a), **TIGHT), tolerance=1e-4),
        by(optimize.minimize, q, call=lambda find, a: search(find, a, [both(a)], **TIGHT), tolerance=1e-4),
        by(optimize.minimize, q, call=lambda find, a: search(find, a, between(a), **interior), tolerance=1e-3),
        by(optimize.minimize, q, call=lambda find, a: search(find, a, line(), **interior), tolerance=1e-3),
        by(
            optimize.minimize,
            r3,
            call=lambda find, a: (
                find(
                    lambda z: np.sum((z - a) ** 2), np.ones(3) / 3, bounds=[(0, 1)] * 3,
                    constraints={"type": "eq", "fun": lambda z: np.sum(z) - 1}, **TIGHT,
                ).x
            ),
            tolerance=1e-3,
        ),
    ]  # fmt: skip


def programs():
    def whole(find, c, b):
        found = find(
            c, A_ub=[[1.0, 2.0, 1.0]], b_ub=b[:1], A_eq=[[1.0, 1.0, 1.0]], b_eq=b[1:2],
            bounds=[(0, b[2]), (None, 3), (0, None)],
        )  # fmt: skip
        return found.x, found.fun, found.slack, found.con

    table = positive(4, 3)
    return [
        by(
            optimize.linprog,
            np.array([-1.0, -1.1]),
            sides,
            costs,
            call=lambda find, c, b, a: of_record(find, c, A_ub=a, b_ub=b),
        ),
        by(optimize.linprog, np.array([-1.0, -1.1, -0.3]), np.array([4.0, 3.0, 1.2]), call=whole),
        by(optimize.nnls, table, normal(4), call=lambda find, a, b: find(a, b)),
        by(
            optimize.lsq_linear,
            table,
            positive(4),
            call=lambda find, a, b: (lambda r: (r.x, r.cost, r.fun))(find(a, b, (0, 0.3), tol=1e-14)),
            exempt={"float32": "scipy itself takes float64 alone here"},
        ),
        by(
            optimize.isotonic_regression,
            np.array([1.0, 3.0, 2.0, 4.0]),
            positive(4),
            call=lambda find, y, w: find(y, weights=w).x,
            exempt=BLOCKS,
        ),
        row(
            optimize.linear_sum_assignment,
            table,
            call=lambda c: c[REGISTRY[optimize.linear_sum_assignment](c)],
            exempt=NO_DATA
            | dict.fromkeys(["vmap", "vmap_gradient"], "each example has a matching of its own"),
        ),
    ]


def others():
    slope = lambda z, a: 2 * (z - a) + 0.4 * z**3  # noqa: E731
    box = [(0.0, 5.0), (0.0, 5.0)]
    x = np.float64(1.4)
    rough = {"tolerance": 1e-3}
    one = lambda z, a: (z - a) ** 2 + z**4  # noqa: E731
    return [
        by(optimize.brent, x, call=lambda find, a: find(one, (a,), tol=1e-12), tolerance=1e-2),
        by(optimize.golden, x, call=lambda find, a: find(one, (a,), tol=1e-12), tolerance=1e-2),
        by(
            optimize.fminbound,
            x,
            call=lambda find, a: find(one, 0.0, 5.0, (a,), xtol=1e-13, full_output=True)[:2],
            tolerance=1e-2,
        ),
        *[
            by(func, p, call=lambda find, a: find(distance, start, slope, (a,), gtol=1e-13, disp=0), **rough)
            for func in (optimize.fmin_bfgs, optimize.fmin_cg)
        ],
        by(
            optimize.fmin_ncg,
            p,
            call=lambda find, a: find(distance, start, slope, args=(a,), avextol=1e-14, disp=0),
            covers=(optimize.fmin, optimize.fmin_powell),
            **rough,
        ),
        by(
            optimize.fmin_l_bfgs_b,
            p,
            call=lambda find, a: find(lambda z: (distance(z, a), slope(z, a)), start, factr=1.0, pgtol=1e-14)[0],
            **rough,
        ),
        by(
            optimize.fmin_tnc,
            p,
            call=lambda find, a: find(distance, start, slope, (a,), ftol=0, pgtol=1e-14, disp=0)[0],
            **rough,
        ),
        by(optimize.leastsq, p, call=lambda find, a: find(lambda z: z**3 + z - a, start, xtol=1e-15, ftol=1e-15)[0]),
        *[
            by(
                getattr(optimize, name),
                p,
                call=lambda find, a: find(lambda z: z**3 + z - a, start + 0.5, f_tol=1e-13),
                covers=(optimize.linearmixing, optimize.excitingmixing),
                tolerance=1e-4,
            )
            for name in ("newton_krylov", "broyden1", "broyden2", "anderson", "diagbroyden")
        ],
        by(
            optimize.differential_evolution,
            p,
            call=lambda find, a: of_record(find, distance, box, (a,), seed=0, tol=1e-13, atol=1e-13, polish=False),
            covers=(optimize.dual_annealing, optimize.shgo, optimize.direct),  # which are the same text
            tolerance=1e-2,
        ),
        by(
            optimize.basinhopping,
            p,
            call=lambda find, a: find(
                lambda z: distance(z, a), start, niter=2, seed=0,
                minimizer_kwargs={"jac": lambda z: slope(z, a), "options": {"gtol": 1e-13}},
            ).x,
            **rough,
        ),
    ]  # fmt: skip


ROWS = [*constrained(), *programs(), *others()] if optimize else []
