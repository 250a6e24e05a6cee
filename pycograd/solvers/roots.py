"""The root finders of scipy.optimize: the derivative of a root is that of the equation that it solves.

A start or a bracket has no influence on the root, and no derivative.
"""

import copy
from typing import Any

from pycograd.core import shape_of
from pycograd.core.lazy import optional
from pycograd.ops.families import arrayed

from .calls import Call, define
from .implicit import solution

optimize = optional("scipy.optimize", "scipy")


def of_one_number(name: str) -> None:
    """Register a root finder of a function of one number (or of `newton`: of each number of an array)."""
    func = getattr(optimize, name)
    f, *slopes = ("func", "fprime", "fprime2") if name == "newton" else ("f",)

    def find(*args: Any, **params: Any) -> Any:
        call = Call(func, args, params)
        out = call.run(f, *slopes)
        if not call.watch.order:
            return out
        x, *more = out if call["full_output"] else (out,)
        x = solution(call.function(f), x, call.watch.order, f, each=True)
        for result in more[:1]:
            result.root = x
        return (x, *more) if call["full_output"] else x

    define(func, find)


for _name in ("brentq", "brenth", "ridder", "bisect", "toms748", "newton"):
    of_one_number(_name)


def root_scalar(*args: Any, **params: Any) -> Any:
    call = Call(optimize.root_scalar, args, params)
    out = call.run("f", "fprime", "fprime2")
    if not call.watch.order:
        return out
    with_slope = any(
        call[name] is not None and not callable(call[name]) and call[name] for name in ("fprime", "fprime2")
    )
    f = call.function("f")
    out = copy.copy(out)
    out.root = solution((lambda x: f(x)[0]) if with_slope else f, out.root, call.watch.order)
    return out


def root(*args: Any, **params: Any) -> Any:
    call = Call(optimize.root, args, params)
    out = call.run("fun", "jac", "callback")
    if not call.watch.order:
        return out
    f = call.function("fun")
    with_jacobian = call["jac"] is True
    out = copy.copy(out)
    out.x = solution((lambda x: f(x)[0]) if with_jacobian else f, out.x, call.watch.order, "fun")
    return out


def fsolve(*args: Any, **params: Any) -> Any:
    call = Call(optimize.fsolve, args, params)
    out = call.run("func", "fprime")
    if not call.watch.order:
        return out
    x, *more = out if call["full_output"] else (out,)
    x = solution(call.function("func"), x, call.watch.order, "func")
    return (x, *more) if call["full_output"] else x


def fixed_point(*args: Any, **params: Any) -> Any:
    call = Call(optimize.fixed_point, args, params)
    x = call.run("func")
    f = call.function("func")
    return solution(lambda x: x - arrayed(f(x)), x, call.watch.order, "func(x) - x", each=not shape_of(x))


def of_equations(name: str) -> None:
    """Register a root finder that takes F and a start, and returns the root."""
    func = getattr(optimize, name)

    def find(*args: Any, **params: Any) -> Any:
        call = Call(func, args, params)
        x = call.run("F", "callback")
        return solution(call.function("F"), x, call.watch.order, "F") if call.watch.order else x

    define(func, find)


for _name in (
    "newton_krylov",
    "broyden1",
    "broyden2",
    "anderson",
    "linearmixing",
    "diagbroyden",
    "excitingmixing",
):
    of_equations(_name)
for _ours in (root_scalar, root, fsolve, fixed_point):
    define(getattr(optimize, _ours.__name__), _ours)
