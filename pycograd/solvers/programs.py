"""Linear programs, and least squares of linear functions under bounds: scipy's solution, by its own conditions.

A linear program has a derivative at a corner where exactly as many constraints bind as there are variables; it is zero
in the cost, by which corner it is, and that of the corner in the constraints.  Elsewhere LinAlgError is raised.
"""

import copy
from functools import partial
from typing import Any

import numpy as np

from pycograd.core import REGISTRY, shape_of
from pycograd.core.lazy import optional
from pycograd.ops.families import about, arrayed
from pycograd.weave.selection import choose

from .calls import Call, define, refused
from .constrained import Constraint, constrained
from .implicit import solution
from .minima import bounded, limits
from .watching import like

optimize = optional("scipy.optimize", "scipy")


def linprog(*args: Any, **params: Any) -> Any:
    call = Call(optimize.linprog, args, params)
    out = call.run()
    if not call.watch.order:
        return out
    if call["integrality"] is not None:
        raise refused(call.func, "integrality=", "its solution jumps", "a program without integers")
    cost = np.ravel(arrayed(call["c"]))
    sides = call["bounds"]
    if len(sides) == 2 and not any(map(np.ndim, map(arrayed, sides))):
        sides = [tuple(sides)] * shape_of(cost)[0]
    out = copy.copy(out)
    constraints = []
    for name, residual, equal in (("ub", "slack", False), ("eq", "con", True)):
        a, b = (arrayed(call[f"{letter}_{name}"]) for letter in "Ab")
        if a is not None:
            constraints.append((residual, Constraint(partial(rest, dense(a), np.ravel(b)), equal)))
    x = constrained(lambda x: cost + 0 * x, out.x, *limits(sides), [c for _, c in constraints], call)
    out.x, out.fun = x, like(np.dot(cost, x), out.fun)
    for residual, constraint in constraints:
        out[residual] = constraint.value(x)
    for name in ("ineqlin", "eqlin", "lower", "upper"):
        out.pop(name, None)  # plain numbers, whose derivatives would be lost
    return out


def rest(a: Any, b: Any, x: Any) -> Any:
    return b - np.dot(a, x)


def dense(a: Any) -> Any:
    return a.toarray() if hasattr(a, "toarray") else a


def nnls(*args: Any, **params: Any) -> Any:
    call = Call(optimize.nnls, args, params)
    x, norm = call.run()
    if not call.watch.order:
        return x, norm
    a, b = arrayed(call["A"]), arrayed(call["b"])
    x = solution(bounded(normal_equations(a, b), x, 0.0, np.inf), x, call.watch.order, "the sum of squares")
    return x, like(np.linalg.norm(np.dot(a, x) - b), norm)


def normal_equations(a: Any, b: Any) -> Any:
    return lambda x: np.dot(np.transpose(a), np.dot(a, x) - b)


def lsq_linear(*args: Any, **params: Any) -> Any:
    call = Call(optimize.lsq_linear, args, params)
    out = call.run()
    if not call.watch.order:
        return out
    a, b = dense(arrayed(call["A"])), arrayed(call["b"])
    out = copy.copy(out)
    slope = bounded(normal_equations(a, b), out.x, *limits(call["bounds"]))
    out.x = solution(slope, out.x, call.watch.order, "the sum of squares")
    out.fun = np.dot(a, out.x) - b
    out.cost = 0.5 * np.sum(out.fun * out.fun)
    return out


def isotonic_regression(*args: Any, **params: Any) -> Any:
    """The means of the blocks that scipy finds."""
    call = Call(optimize.isotonic_regression, args, params)
    out = call.run()
    if not call.watch.order:
        return out
    if call.watch.batched:
        raise refused(call.func, "vmap", "each example has blocks of its own", "a loop over the examples")
    y, w = arrayed(call["y"]), arrayed(call["weights"])
    y, w = y.astype(out.x.dtype), np.ones(shape_of(y)) if w is None else w
    out = copy.copy(out)
    start = out.blocks[:-1]
    out.weights = np.add.reduceat(w, start)
    out.x = np.repeat(np.add.reduceat(w * y, start) / out.weights, np.diff(out.blocks))
    return out


for _ours in (linprog, nnls, lsq_linear, isotonic_regression):
    define(getattr(optimize, _ours.__name__), _ours)
REGISTRY[optimize.linear_sum_assignment] = about(optimize.linear_sum_assignment)  # which are indices
for _name in "rosen", "rosen_der", "rosen_hess", "rosen_hess_prod":
    choose(getattr(optimize, _name), True)
