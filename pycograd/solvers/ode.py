"""Differential equations: scipy.integrate's `solve_ivp` and `odeint`, differentiated along the steps that they took.

The values are scipy's.  The derivatives are those of the explicit method that took the steps (RK23, RK45, DOP853), with
its steps held fixed, and of Radau IIA for Radau.  The methods of several steps (BDF, LSODA, odeint) have a method of
one step run beside them, with the same tolerances, whose steps are taken in their place.
"""

import copy
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from pycograd.core import REGISTRY, Traced, aval_of, shape_of, told, value_of, without_tape
from pycograd.core.lazy import optional
from pycograd.ops.families import arrayed
from pycograd.transforms import stop_gradient
from pycograd.weave import woven

from .calls import Call, define
from .flow import Flow
from .implicit import solution
from .stepping import Explicit, Implicit
from .watching import Watch, with_value

integrate = optional("scipy.integrate", "scipy")
EXPLICIT = (integrate.RK23, integrate.RK45, integrate.DOP853)
RADAU = integrate.Radau
OF_ONE_STEP = (*EXPLICIT, RADAU)
TOLERANCES = ("rtol", "atol", "max_step", "vectorized")
EVALUATIONS = 5000  # that DOP853 may need, beyond which Radau is tried


class Steps:
    """The steps of a plain run: the times of all, and the trajectories of Radau, one for each example of a batch."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.times: set[float] = set()
        self.trajectories: dict[Any, Any] = {}

    def clear(self) -> None:
        self.times.clear()
        self.trajectories.clear()

    def noting(self, method: Any) -> Any:
        """The solver `method`, which notes its steps here."""
        steps = self

        class Noting(method):  # type: ignore[misc]
            def __init__(self, *args: Any, **params: Any) -> None:
                super().__init__(*args, **params)
                self.nodes, self.pieces = [self.t], []
                steps.times.add(float(self.t))

            def step(self) -> Any:
                message = super().step()
                if self.status != "failed":
                    steps.times.add(float(self.t))
                    if method is RADAU:
                        self.nodes.append(self.t)
                        self.pieces.append(self.dense_output())
                        steps.trajectories[steps.watch.example] = self.nodes, self.pieces
                return message

        return Noting

    def known(self, t: Any) -> Any:
        """The plain state at the time `t`, of each example."""
        return self.watch.run(
            lambda: integrate.OdeSolution(*self.trajectories[self.watch.example])(self.watch.plain(t))
        )

    def method(self, solver: Any) -> Explicit | Implicit:
        """What takes the steps of `solver` once more."""
        if solver is RADAU:
            return Implicit(self.known, self.watch.order)
        p = None if solver is integrate.DOP853 else solver.P
        return Explicit(solver.A, solver.B, solver.C, p)

    def flow(self, f: Callable[..., Any], solver: Any, t0: Any, y0: Any, end: Any, more: Any = ()) -> Flow:
        """The trajectory along these steps from `t0`, which end at `end`, and at the times `more`."""
        times = np.unique([*self.times, *more])
        first, last = stop_gradient(t0), stop_gradient(end)
        ends = None
        if isinstance(first, Traced) or isinstance(last, Traced):
            ends = np.minimum(first, last), np.maximum(first, last)
        backwards = bool(np.ravel(value_of(last))[0] < np.ravel(value_of(first))[0])
        return Flow(f, self.method(solver), times[::-1] if backwards else times, t0, y0, ends)


def slopes_of(fun: Callable[..., Any], vectorized: bool = False) -> Callable[[Any, Any], Any]:
    """The user's `fun` as a function of t and a vector, to a vector."""
    f = woven(fun)

    def slopes(t: Any, y: Any) -> Any:
        r = arrayed(f(t, y[:, None] if vectorized else y))
        return (
            np.reshape(r, shape_of(y))
            if aval_of(r).size == aval_of(y).size
            else np.broadcast_to(r, shape_of(y))
        )

    return slopes


def floating(y0: Any) -> Any:
    y = arrayed(y0)
    return y if np.dtype(aval_of(y).dtype).kind in "fc" else np.asarray(y, float)


# ---- solve_ivp -----------------------------------------------------------------------------------------------------
def solve_ivp(*args: Any, **params: Any) -> Any:
    call = Call(integrate.solve_ivp, args, params)
    steps, extra = Steps(call.watch), call.extra
    chosen, events = call["method"], call["events"]
    solver = getattr(integrate, chosen, chosen) if isinstance(chosen, str) else chosen
    events = [] if events is None else [events] if callable(events) else list(events)
    events = [with_extra(event, extra) for event in events]
    changed: dict[str, Any] = {"events": [call.watch.numbers(event) for event in events]} if events else {}
    if solver in OF_ONE_STEP:
        changed["method"] = steps.noting(solver)
    out = call.run("fun", "jac", **changed)
    if not call.watch.order:
        return out
    if isinstance(out.t, list) or (events and call.watch.batched):
        raise NotImplementedError(
            told(
                "solve_ivp under vmap, where each example takes its own steps and has its own events",
                fix="t_eval=... with the times that are wanted"
                if not events
                else "a Python loop over the examples",
            )
        )
    t0, end = call["t_span"]
    if solver not in OF_ONE_STEP:
        solver = beside(steps, call.function("fun"), t0, out.t[-1] if events else end, call)
    slopes = slopes_of(call.function("fun"), bool(call["vectorized"]))
    more = out.t if solver is integrate.DOP853 and not isinstance(out.t, Traced) else ()
    flow = steps.flow(slopes, solver, t0, floating(call["y0"]), end, more)
    return differentiated(copy.copy(out), flow, events, call)


def with_extra(event: Callable[..., Any], extra: tuple[Any, ...]) -> Callable[..., Any]:
    """`event` with the additional arguments; it keeps its attributes, `terminal` and `direction`."""
    seen = woven(event)

    def of_state(t: Any, y: Any) -> Any:
        return seen(t, y, *extra)

    of_state.__dict__.update(getattr(event, "__dict__", {}))
    return of_state


class TooMany(Exception):
    """An explicit method needs too many evaluations."""


def beside(steps: Steps, f: Callable[..., Any], t0: Any, end: Any, call: Call) -> Any:
    """Let a method of one step solve the same equations, noting its steps; returns the method.

    It is DOP853, or Radau where that would need very many steps: where the equations are stiff.
    """
    watch, kept = call.watch, {name: call[name] for name in TOLERANCES if call[name] is not None}

    def run(solver: Any, most: float) -> None:
        steps.clear()
        calls = count()

        def bounded(t: Any, y: Any) -> Any:
            if next(calls) > most:
                raise TooMany
            return f(t, y)

        seen = watch.numbers(bounded)

        def solve() -> None:
            span, y0 = watch.plain((t0, end)), watch.plain(call["y0"])
            integrate.solve_ivp(seen, span, y0, method=steps.noting(solver), **watch.plain(kept))

        watch.run(solve)

    try:
        run(integrate.DOP853, EVALUATIONS)
    except TooMany:
        run(RADAU, np.inf)
        return RADAU
    return integrate.DOP853


def differentiated(out: Any, flow: Flow, events: list[Any], call: Call) -> Any:
    """The result `out` with the derivatives that `flow` has."""
    found = [
        [moment(event, flow, t, call.watch.order) for t in times]
        for event, times in zip(events, out.t_events or (), strict=True)
    ]
    t_eval, (first, last) = call["t_eval"], call["t_span"]
    if isinstance(arrayed(t_eval), Traced):
        out.t = arrayed(t_eval)[: shape_of(out.t)[0]]
        states = flow.along(out.t)
    elif t_eval is None:
        if np.any(value_of(out.status)):  # it ended before: at an event, or because it failed
            last = next((t for times in found for t in times if value_of(t) == out.t[-1]), out.t[-1])
        states = flow.along(out.t[1:-1])
        states = np.concatenate([floating(call["y0"])[None], states, flow.at(last)[None]])
        out.t = ended(first, out.t, last)
    else:
        states = flow.along(out.t)
    out.y = with_value(states.T, out.y)
    if out.sol is not None:
        out.sol = Trajectory(flow, out.sol)
    for i, times in enumerate(found):
        if times:
            out.t_events[i] = arrayed(times)
            out.y_events[i] = with_value(np.stack([flow.at(t) for t in times]), out.y_events[i])
    return out


def moment(event: Callable[..., Any], flow: Flow, t: Any, order: int) -> Any:
    """The time of an event, near the plain `t`."""
    return solution(lambda t: event(t, flow.at(t)), float(t), order, "an event along the trajectory")


def ended(first: Any, times: Any, last: Any) -> Any:
    """`times` with other ends, if those are watched."""
    if not isinstance(first, Traced) and not isinstance(last, Traced):
        return times
    return np.concatenate([np.reshape(first, (1,)), times[1:-1], np.reshape(last, (1,))])


class Trajectory:
    """The continuous solution `sol` of `solve_ivp`, a function of time, with the derivatives that `flow` has."""

    def __init__(self, flow: Flow, sol: Any) -> None:
        self.flow, self.sol = flow, sol

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sol, name)

    def __call__(self, t: Any) -> Any:
        t = arrayed(t)
        states = self.flow.along(t).T if len(shape_of(t)) else self.flow.at(t)
        return with_value(states, self.sol(value_of(t)))


DEGREE = 13  # above that of any method's interpolation
CHEBYSHEV = np.polynomial.chebyshev


def of_plain_solution(sol: Any, t: Any) -> Any:
    """A continuous solution of `solve_ivp` that was not watched, at a time that is: piecewise it is a polynomial."""
    t = arrayed(t)
    if not isinstance(t, Traced):
        return PLAIN_CALL(sol, t)
    if shape_of(t):
        return np.stack([of_plain_solution(sol, t[i]) for i in range(len(t))], axis=-1)
    ends = sol.ts_sorted
    i = int(np.clip(np.searchsorted(ends, without_tape(t)) - 1, 0, len(ends) - 2))
    low, high = ends[i], ends[i + 1]
    points = CHEBYSHEV.chebpts1(DEGREE + 1)
    states = PLAIN_CALL(sol, low + (high - low) * (points + 1) / 2).T
    coefficients = np.linalg.solve(CHEBYSHEV.chebvander(points, DEGREE), states)
    x = 2 * (t - low) / (high - low) - 1
    older, newer = np.ones(()), x
    total = coefficients[0] + coefficients[1] * newer
    for c in coefficients[2:]:
        older, newer = newer, 2 * x * newer - older
        total = total + c * newer
    return with_value(total, PLAIN_CALL(sol, without_tape(t)))


PLAIN_CALL = integrate.OdeSolution.__call__
REGISTRY[PLAIN_CALL] = of_plain_solution


# ---- odeint --------------------------------------------------------------------------------------------------------
def odeint(*args: Any, **params: Any) -> Any:
    call = Call(integrate.odeint, args, params)
    watch, f = call.watch, call.function("func")
    out = call.run("func", "Dfun")
    if not watch.order:
        return out
    y, *more = out if call["full_output"] else (out,)
    t = arrayed(call["t"])
    y0 = np.reshape(floating(call["y0"]), -1)  # a number stands for a vector of one
    call.given |= {"y0": y0} | {name: call[name] or 1.49e-8 for name in ("rtol", "atol")}
    slope = f if call["tfirst"] else lambda t, y: f(y, t)
    steps = Steps(watch)
    solver = beside(steps, slope, t[0], t[-1], call)
    flow = steps.flow(slopes_of(slope), solver, t[0], y0, t[-1], more=np.ravel(value_of(t)))
    y = with_value(flow.along(t if isinstance(t, Traced) else np.asarray(t, float)), y)
    return (y, *more) if call["full_output"] else y


for _ours in (solve_ivp, odeint):
    define(getattr(integrate, _ours.__name__), _ours)
