"""The minimizers of scipy.optimize: at a minimum the gradient is zero, and that equation has the derivative.

A number that ends on a bound stays there: it has the derivative of the bound, which is zero for a plain one.
"""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import value_of
from pycograd.core.lazy import optional
from pycograd.ops.families import arrayed
from pycograd.transforms import grad, jacobian, stop_gradient

from .calls import Call, define, refused
from .constrained import constrained, constraints_of, plain_constraints
from .implicit import solution
from .watching import with_value

optimize = optional("scipy.optimize", "scipy")


def minimize_scalar(*args: Any, **params: Any) -> Any:
    call = Call(optimize.minimize_scalar, args, params)
    out = call.run("fun")
    if not call.watch.order:
        return out
    f = call.function("fun")
    out = copy.copy(out)
    lower, upper = (-np.inf, np.inf) if call["bounds"] is None else call["bounds"]
    start = out.x if np.ndim(value_of(out.x)) else out.x * 1.0
    out.x = solution(bounded(grad(f, 0), start, lower, upper), start, call.watch.order, "the slope of fun")
    out.fun = f(out.x)
    return out


def minimize(*args: Any, **params: Any) -> Any:
    call = Call(optimize.minimize, args, params)
    given = call.given.pop("constraints", ())
    free = isinstance(given, (list, tuple)) and not given
    if not free:
        call.func = lambda **rest: optimize.minimize(**rest, constraints=plain_constraints(given, call.watch))
    out = call.run("fun", "jac", "hess", "hessp", "callback")
    if not call.watch.order:
        return out
    f, jac = call.function("fun"), call["jac"]
    value = (lambda x: f(x)[0]) if jac is True else f
    slope = (lambda x: f(x)[1]) if jac is True else call.function("jac") if callable(jac) else grad(f, 0)
    out = copy.copy(out)
    lower, upper = limits(call["bounds"])
    if free:
        out.x = solution(bounded(slope, out.x, lower, upper), out.x, call.watch.order, "the gradient of fun")
    else:
        out.x = constrained(slope, out.x, lower, upper, constraints_of(given), call)
    out.fun = value(out.x)
    return out


def limits(bounds: Any) -> tuple[Any, Any]:
    """The lower and the upper bounds, as arrays or numbers."""
    if bounds is None:
        return -np.inf, np.inf
    if isinstance(bounds, optimize.Bounds):
        return bounds.lb, bounds.ub
    if isinstance(bounds, tuple) and len(bounds) == 2 and not isinstance(bounds[0], tuple):
        return bounds
    pairs = [(-np.inf if low is None else low, np.inf if high is None else high) for low, high in bounds]
    low, high = zip(*pairs, strict=True)
    return arrayed(list(low)), arrayed(list(high))


def bounded(slope: Callable[[Any], Any], x: Any, lower: Any, upper: Any) -> Callable[[Any], Any]:
    """The equations of a minimum at `x`: a slope of zero for a number inside of its bounds, else x = bound."""
    x, low, high = (stop_gradient(arrayed(v)) for v in (x, lower, upper))
    if not (np.isfinite(value_of(low)).any() or np.isfinite(value_of(high)).any()):
        return lambda v: arrayed(slope(v))
    near = 1e-8 * (1 + np.abs(x))
    at_low, at_high = x - low <= near, high - x <= near
    bound = np.where(at_low, lower, np.where(at_high, upper, 0.0))
    return lambda v: np.where(at_low | at_high, v - bound, arrayed(slope(v)))


# ---- least squares -------------------------------------------------------------------------------------------------
LOSSES = {
    "linear": lambda z: z,
    "soft_l1": lambda z: 2 * (np.sqrt(1 + z) - 1),
    "huber": lambda z: np.where(z <= 1, z, 2 * np.sqrt(np.maximum(z, 1.0)) - 1),
    "cauchy": lambda z: np.log1p(z),
    "arctan": lambda z: np.arctan(z),
}


def least_squares(*args: Any, **params: Any) -> Any:
    call = Call(optimize.least_squares, args, params)
    named = call["kwargs"] or {}
    f, extra = call["fun"], call.extra
    call.given |= {"kwargs": {}, "args": ()}
    call.given["fun"] = residuals = lambda x: f(x, *extra, **named)
    if callable(call["jac"]):
        jac = call["jac"]
        call.given["jac"] = lambda x: jac(x, *extra, **named)
    out = call.run("fun", "jac", "callback")
    if not call.watch.order:
        return out
    if call["loss"] not in LOSSES:
        raise refused(call.func, "a loss of your own", "", f"one of {', '.join(LOSSES)}")
    loss, scale = LOSSES[call["loss"]], call["f_scale"]

    def cost(x: Any) -> Any:
        return 0.5 * scale**2 * np.sum(loss((arrayed(residuals(x)) / scale) ** 2))

    out = copy.copy(out)
    slope = bounded(grad(cost, 0), out.x, *limits(call["bounds"]))
    out.x = solution(slope, out.x, call.watch.order, "the gradient of the sum of squares")
    out.fun, out.cost = arrayed(residuals(out.x)), cost(out.x)
    return out


def leastsq(*args: Any, **params: Any) -> Any:
    call = Call(optimize.leastsq, args, params)
    x, *more = call.run("func", "Dfun")
    if call.watch.order:
        f = call.function("func")
        slope = grad(lambda x: 0.5 * np.sum(arrayed(f(x)) ** 2), 0)
        x = solution(slope, x, call.watch.order, "the gradient of the sum of squares")
    return (x, *more)


def curve_fit(*args: Any, **params: Any) -> Any:
    call = Call(optimize.curve_fit, args, params)
    f, x, y, sigma = call["f"], call["xdata"], arrayed(call["ydata"]), arrayed(call["sigma"])
    out = call.run("f", "jac")
    if not call.watch.order:
        return out

    def residuals(p: Any) -> Any:
        r = f(x, *p) - y
        if sigma is None:
            return r
        return r / sigma if np.ndim(sigma) == 1 else np.linalg.solve(np.linalg.cholesky(sigma), r)

    popt, pcov, *more = out
    slope = bounded(grad(lambda p: 0.5 * np.sum(residuals(p) ** 2), 0), popt, *limits(call["bounds"]))
    popt = solution(slope, popt, call.watch.order, "the gradient of the sum of squares")
    if np.isfinite(value_of(pcov)).all():
        slopes = jacobian(residuals)(popt)
        covariance = np.linalg.inv(slopes.T @ slopes)
        if not call["absolute_sigma"]:
            r = residuals(popt)
            covariance = covariance * (np.sum(r * r) / (r.size - popt.size))
        pcov = with_value(covariance, pcov)
    return (popt, pcov, *more)


for _ours in (minimize_scalar, minimize, least_squares, leastsq, curve_fit):
    define(getattr(optimize, _ours.__name__), _ours)
