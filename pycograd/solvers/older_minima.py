"""The minimizers of scipy.optimize besides `minimize`: those of one number, of the older interface, and global ones.

Each is differentiated at what it found, as `minimize` is; where it moves through numbers on the way there has no say.
"""

import copy
from typing import Any

from pycograd.core.lazy import optional
from pycograd.transforms import grad

from .calls import Call, define, refused
from .implicit import solution
from .minima import bounded, limits

optimize = optional("scipy.optimize", "scipy")
SLOPE = "the gradient of the function"


def of_one_number(name: str, *ends: str) -> None:
    """Register a minimizer of a function of one number, between `ends` if it has such arguments."""

    def find(*args: Any, **params: Any) -> Any:
        call = Call(getattr(optimize, name), args, params)
        out = call.run("func")
        if not call.watch.order:
            return out
        f = call.function("func")
        x, *more = out if call["full_output"] else (out,)
        slope = bounded(grad(f, 0), x * 1.0, *[call[end] for end in ends]) if ends else grad(f, 0)
        x = solution(slope, x * 1.0, call.watch.order, SLOPE)
        return (x, f(x), *more[1:]) if call["full_output"] else x

    find.__name__ = name
    define_as(name, find)


def of_array(name: str, f: str = "func", always: bool = False) -> None:
    """Register a minimizer that returns the place, or a tuple of it and more: `always`, or if that is asked for."""

    def find(*args: Any, **params: Any) -> Any:
        call = Call(getattr(optimize, name), args, params)
        out = call.run(f, "fprime", "fhess", "fhess_p", "callback")
        if not call.watch.order:
            return out
        value = call.function(f)
        several = always or bool(call["full_output"]) or bool(call["retall"])
        x, *more = out if several else (out,)
        fused = always and call["fprime"] is None and not call["approx_grad"]
        slope = (lambda x: value(x)[1]) if fused else grad(value, 0)
        x = solution(bounded(slope, x, *limits(call["bounds"])), x, call.watch.order, SLOPE)
        return (x, *more) if several else x

    define_as(name, find)


def of_the_whole(name: str) -> None:
    """Register a global minimizer, which returns a record."""

    def find(*args: Any, **params: Any) -> Any:
        call = Call(getattr(optimize, name), args, params)
        if call["constraints"]:
            raise refused(call.func, "constraints=", "", "optimize.minimize, started at what it finds")
        local = call["minimizer_kwargs"] or {}
        numbers = {k: call.watch.numbers(v) if callable(v) else v for k, v in local.items()}
        out = call.run("func", "callback", **{"minimizer_kwargs": numbers} if local else {})
        if not call.watch.order:
            return out
        f = call.function("func")
        out = copy.copy(out)
        slope = bounded(grad(f, 0), out.x, *limits(call["bounds"]))
        out.x = solution(slope, out.x, call.watch.order, SLOPE)
        out.fun = f(out.x)
        return out

    define_as(name, find)


def define_as(name: str, find: Any) -> None:
    define(getattr(optimize, name), find)


of_one_number("brent")
of_one_number("golden")
of_one_number("fminbound", "x1", "x2")
for _name in "fmin", "fmin_powell", "fmin_cg", "fmin_bfgs":
    of_array(_name, "func" if _name in ("fmin", "fmin_powell") else "f")
of_array("fmin_ncg", "f")
of_array("fmin_l_bfgs_b", always=True)
of_array("fmin_tnc", always=True)
for _name in "differential_evolution", "basinhopping", "dual_annealing", "shgo", "direct":
    of_the_whole(_name)
