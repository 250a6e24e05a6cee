"""Implicit differentiation: the derivative of a solution comes from the equation, not from the way it was found.

What a solver found, x, satisfies r(x, theta) = 0.  Each step

    x  <-  x - J^-1 (r(x) - stop_gradient(r(x))),        J = dr/dx, a constant,

leaves the number x as it is, and makes its derivatives right to one order more: the error of x, as a function of theta,
is multiplied by 1 - J^-1 dr/dx, which is zero here and so of first order in the change of theta.  As many steps as
there are transforms that differentiate give derivatives of every order that is asked for, in every mode, through
whatever r closes over; one run of r is recorded for each.  (One step is the implicit function theorem; Griewank &
Walther, Evaluating Derivatives, 2nd ed., chapter 15, for the iteration.)
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import Traced, UnsolvedWarning, shape_of, told, value_of, warn
from pycograd.ops.families import arrayed
from pycograd.transforms import elementwise_grad, grad, jacrev, stop_gradient
from pycograd.weave import woven

from .watching import Watch, like

__all__ = ["fixed_point", "minimum", "root", "solution"]

FAR = 1e-2  # of its size: a solution that moves further by a step of Newton's method is none


def root(f: Callable[..., Any], solve: Callable[..., Any]) -> Callable[..., Any]:
    """The solution y(theta) of f(y, theta) = 0, as a function of theta that can be differentiated to any order.

    f      (y, *theta) -> array of the shape of y; its Jacobian in y must be regular at the solution
    solve  (*theta) -> y, a number or an array; any solver, which sees plain numbers and is never differentiated
    What `f` closes over is differentiated too.  Cost of a gradient: the Jacobian of `f` in y, and one solve with it.
    Under vmap `solve` runs for each example.
    Raises LinAlgError if the Jacobian is singular at the solution.

    >>> from pycograd import grad
    >>> def by_bisection(a, low=0.0, high=10.0):
    ...     while high - low > 1e-12:
    ...         middle = 0.5 * (low + high)
    ...         low, high = (low, middle) if middle**3 > a else (middle, high)
    ...     return low
    >>> cube_root = root(lambda y, a: y**3 - a, by_bisection)
    >>> round(grad(cube_root)(8.0)[0], 6)
    0.083333
    """

    def found(*theta: Any) -> Any:
        watch = Watch()
        numbers, seen = watch.numbers(solve), watch.numbers(f)
        y = watch.run(lambda: numbers(*watch.plain(theta)))
        watch.run(lambda: seen(watch.plain(y), *theta))
        equation = woven(f)
        return solution(lambda y: equation(y, *theta), y, watch.order, "f")

    return found


def fixed_point(f: Callable[..., Any], solve: Callable[..., Any]) -> Callable[..., Any]:
    """The solution y(theta) of f(y, theta) = y; in all else as `root`.

    >>> from pycograd import grad
    >>> def by_iteration(a, y=1.0):
    ...     for _ in range(200):
    ...         y = np.cos(a * y)
    ...     return y
    >>> y = fixed_point(lambda y, a: np.cos(a * y), by_iteration)
    >>> round(grad(y)(1.0)[0], 6)
    -0.297474
    """
    equation = woven(f)
    return root(lambda y, *theta: y - equation(y, *theta), solve)


def minimum(f: Callable[..., Any], solve: Callable[..., Any]) -> Callable[..., Any]:
    """The minimizer y(theta) of f(y, theta), a stationary point: where the gradient of `f` in y is zero; as `root`.

    Cost of a gradient: the Hessian of `f` in y, and one solve with it.

    >>> from pycograd import grad
    >>> y = minimum(lambda y, a: (y - a) ** 2 + y**4, lambda a: 0.5897545)
    >>> round(grad(y)(1.0)[0], 6)
    0.323954
    """
    return root(grad(f, 0), solve)


def solution(residual: Callable[[Any], Any], x: Any, order: int, what: str = "f", each: bool = False) -> Any:
    """`x`, where `residual(x)` of the same shape is zero, with its derivatives up to `order`.

    each  whether an element of the residual depends on that element of `x` alone
    """
    if not order:
        return x
    if each or not shape_of(x):
        slope = stop_gradient(elementwise_grad(residual)(x))
        return like(corrected(residual, x, order, what, lambda r: r / slope), x)

    def flat(v: Any) -> Any:
        return np.ravel(arrayed(residual(np.reshape(v, shape_of(x)))))

    v = np.ravel(x)
    slopes = stop_gradient(jacrev(flat)(v))
    return np.reshape(corrected(flat, v, order, what, lambda r: np.linalg.solve(slopes, r)), shape_of(x))


def corrected(
    residual: Callable[[Any], Any], x: Any, order: int, what: str, divided: Callable[[Any], Any]
) -> Any:
    """`x` after `order` of the steps that leave its number as it is."""
    for i in range(order):
        r = residual(x)
        if i == 0:
            check(value_of(x), divided, stop_gradient(r), what)
        x = x - divided(r - stop_gradient(r))
    return x


def check(x: Any, divided: Callable[[Any], Any], r: Any, what: str) -> None:
    """Raise if the slope is singular at `x`; warn if a step of Newton's method leads far away from there."""
    try:
        with np.errstate(all="ignore"):
            step = np.asarray(value_of(divided(np.asarray(r) if not isinstance(r, Traced) else r)))
    except (np.linalg.LinAlgError, ZeroDivisionError):
        step = np.array(np.inf)
    if not np.isfinite(step).all():
        raise singular(what)
    far = float(np.max(np.abs(step) / (1 + np.abs(x)), initial=0.0))
    if far > FAR:
        warn(
            told(
                f"a solver stopped away from the solution: a step of Newton's method moves it by {far:.1g} of its size",
                "its derivative is that of an equation which it does not satisfy",
                fix="smaller tolerances, more iterations, or a better start",
            ),
            UnsolvedWarning,
        )


def singular(what: str) -> np.linalg.LinAlgError:
    return np.linalg.LinAlgError(
        told(
            f"the solution has no derivative: the slope of {what} is singular there",
            fix="reformulate, so that the solution is an isolated one",
        )
    )
