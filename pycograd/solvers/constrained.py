"""Minima under constraints, by the Karush-Kuhn-Tucker conditions at the constraints that bind.

The place x and the multipliers m are the solution of

    grad f(x) + J(x)^T m = 0,    c_i(x) = 0 where constraint i binds,    m_i = 0 where it does not,

which `solution` differentiates (Fiacco, Introduction to Sensitivity and Stability Analysis in Nonlinear Programming,
chapter 3): right where the gradients of the binding constraints are independent, and each of them is needed.  scipy
tells no multipliers; they are the least-squares solution of the first equation.
"""

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pycograd.core import shape_of
from pycograd.core.lazy import optional
from pycograd.ops.families import arrayed
from pycograd.transforms import grad, jacobian, stop_gradient
from pycograd.weave import woven

from .calls import Call
from .implicit import solution
from .watching import Watch

__all__ = ["Constraint", "constrained", "constraints_of", "plain_constraints"]

optimize = optional("scipy.optimize", "scipy")
NEAR = 1e-4  # how far from zero a constraint may be that binds
NEEDED = 1e-6  # of the gradient: the multiplier of a constraint that binds is larger


class Constraint(NamedTuple):
    """value(x) = 0 if `equal`, else value(x) >= 0; arrays, in which numbers that are not finite are no constraints."""

    value: Callable[[Any], Any]
    equal: Any


def constraints_of(given: Any) -> list[Constraint]:
    """What a user gave to `minimize(constraints=)`."""
    found = []
    for c in given if isinstance(given, (list, tuple)) else [given]:
        if isinstance(c, dict):
            f, extra = woven(c["fun"]), c.get("args", ())
            value = lambda x, f=f, extra=extra: np.ravel(arrayed(f(x, *extra)))  # noqa: E731
            found.append(Constraint(value, c["type"].lower() == "eq"))
            continue
        if isinstance(c, optimize.LinearConstraint):
            value = lambda x, a=c.A: np.ravel(np.dot(a.toarray() if hasattr(a, "toarray") else a, x))  # noqa: E731
        else:
            f = woven(c.fun)
            value = lambda x, f=f: np.ravel(arrayed(f(x)))  # noqa: E731
        found += between(value, arrayed(c.lb), arrayed(c.ub))
    return found


def between(value: Callable[[Any], Any], low: Any, high: Any) -> list[Constraint]:
    """The constraints low <= value(x) <= high."""
    equal = np.equal(stop_gradient(low), stop_gradient(high))
    upper = lambda x: np.where(equal, np.inf, high - value(x))  # noqa: E731
    return [Constraint(lambda x: value(x) - low, equal), Constraint(upper, False)]


def plain_constraints(given: Any, watch: Watch) -> Any:
    """The same for scipy, whose functions hand out plain numbers."""
    if isinstance(given, (list, tuple)):
        return [plain_constraints(c, watch) for c in given]
    if isinstance(given, dict):
        functions = {k: watch.numbers(given[k]) for k in ("fun", "jac") if callable(given.get(k))}
        return {**given, **functions, "args": watch.plain(given.get("args", ()))}
    c = copy.copy(given)
    for name, x in vars(given).items():
        setattr(
            c, name, watch.numbers(x) if callable(x) and name in ("fun", "jac", "hess") else watch.plain(x)
        )
    return c


def constrained(
    slope: Callable[[Any], Any], x: Any, lower: Any, upper: Any, constraints: list[Constraint], call: Call
) -> Any:
    """The minimum `x` of a function with this `slope`, with its derivatives."""
    n = shape_of(x)[0]
    low, high = arrayed(lower), arrayed(upper)
    every = [*constraints, *between(lambda v: v, low, high)]

    def values(v: Any) -> Any:
        return np.concatenate([c.value(v) for c in every])

    at = stop_gradient(values(x))
    finite = np.isfinite(at)
    equal = np.concatenate([np.broadcast_to(c.equal, shape_of(c.value(x))) for c in every])
    rows = lambda v: np.where(finite, values(v), 1.0)  # noqa: E731
    slopes = stop_gradient(jacobian(rows)(x))
    g = stop_gradient(arrayed(slope(x)))
    near = finite & (equal | (at <= NEAR * (1 + np.max(np.abs(x)))))
    needed = NEEDED * np.maximum(1.0, np.max(np.abs(g)))
    binding = near & (equal | (multipliers(g, slopes, near) < -needed))
    m = multipliers(g, slopes, binding)

    def conditions(u: Any) -> Any:
        v, m = u[:n], u[n:]
        pulled = grad(lambda v: np.sum(m * rows(v)), 0)(v)
        return np.concatenate([arrayed(slope(v)) + pulled, np.where(binding, rows(v), m)])

    what = "the conditions of the minimum (are the gradients of the constraints that bind independent?)"
    return solution(conditions, np.concatenate([x, m]), call.watch.order, what)[:n]


def multipliers(g: Any, slopes: Any, among: Any) -> Any:
    """The least-squares solution of g + slopes^T m = 0, with zeros for the others than `among`."""
    chosen = np.where(among[:, None], slopes, 0.0)
    return np.where(among, -np.linalg.pinv(chosen.T) @ g, 0.0)
