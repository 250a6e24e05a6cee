"""One step of a Runge-Kutta method, as ordinary arithmetic: what a trajectory is differentiated through.

An explicit step runs as it stands.  The stages of an implicit one are the solution of equations, whose numbers are read
off a trajectory that is known.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import Aval, Primitive, result_dtype
from pycograd.ops.families import batch_elementwise

from .implicit import solution

__all__ = ["Explicit", "Implicit"]

Slope = Callable[[Any, Any], Any]  # (t, y) -> dy/dt


def weighed(*xs: Any, weights: tuple[float, ...]) -> Any:
    """The sum of arrays times plain weights: one operation, however many there are."""
    total = weights[0] * xs[0]
    for w, x in zip(weights[1:], xs[1:], strict=True):
        total = total + w * x
    return total


def sum_shape(*avals: Aval, weights: Any) -> Aval:
    return Aval(np.broadcast_shapes(*[a.shape for a in avals]), result_dtype(*avals))


combination = Primitive(
    weighed,
    lambda g, i, *, weights: g * weights[i],
    linear="joint",
    operands="*xs",
    batch=batch_elementwise,
    shape=sum_shape,
    name="combination",
)


def combined(xs: list[Any], weights: Any) -> Any:
    used = [(x, float(w)) for x, w in zip(xs, weights, strict=False) if w]
    return combination.call(*[x for x, _ in used], weights=tuple([w for _, w in used]))


class Explicit:
    """An explicit method by its tableau.

    p  (stages + 1, degree), or None: in between the state is y + h (p @ (x, x^2, ...)) . slopes, x in (0, 1)
    """

    def __init__(self, a: Any, b: Any, c: Any, p: Any = None) -> None:
        self.a, self.b, self.c, self.p = a, b, c, p

    def step(self, f: Slope, t: Any, y: Any, h: Any) -> tuple[Any, list[Any]]:
        """y(t + h), and the slopes of all stages."""
        slopes = [f(t, y)]
        for row, c in zip(self.a[1:], self.c[1:], strict=True):
            slopes.append(f(t + c * h, y + h * combined(slopes, row)))
        return y + h * combined(slopes, self.b), slopes

    def between(self, f: Slope, end: tuple[Any, Any], y: Any, h: Any, slopes: list[Any], x: Any) -> Any:
        """The states at the fractions `x` of a step that ends with the time and state `end`."""
        return y + h * (power_of(x, self.p) @ np.stack([*slopes, f(*end)]))


POWERS = np.arange(1, 4)


class Implicit:
    """Radau IIA of order 5, which is stable for stiff problems.  Hairer & Wanner, Solving ODEs II, IV.5.

    known  t -> the plain state at the time t
    order  of the derivatives that are wanted
    """

    c = np.array([(4 - 6**0.5) / 10, (4 + 6**0.5) / 10, 1.0])
    a = (c[:, None] ** POWERS / POWERS) @ np.linalg.inv(c[:, None] ** (POWERS - 1))
    p = np.linalg.inv(c[:, None] ** POWERS).T

    def __init__(self, known: Callable[[Any], Any], order: int) -> None:
        self.known, self.order = known, order

    def step(self, f: Slope, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        """y(t + h), and the increments of all stages."""
        start = self.known(t)
        found = np.stack([self.known(t + c * h) - start for c in self.c])

        def equations(z: Any) -> Any:
            return z - h * (self.a @ np.stack([f(t + c * h, y + z[i]) for i, c in enumerate(self.c)]))

        z = solution(equations, found, self.order, "a step of the integration")
        return y + z[2], z

    def between(self, f: Slope, end: tuple[Any, Any], y: Any, h: Any, increments: Any, x: Any) -> Any:
        """The states at the fractions `x` of a step."""
        return y + power_of(x, self.p) @ increments


def power_of(x: Any, p: Any) -> Any:
    """The weights of the stages at the fractions `x` of a step."""
    return np.power.outer(x, np.arange(1, p.shape[1] + 1)) @ p.T
