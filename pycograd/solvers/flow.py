"""A trajectory once more: along the steps that a solver took, in arithmetic that can be differentiated."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import Traced
from pycograd.ops.selection import np_take
from pycograd.transforms import stop_gradient

from .stepping import Explicit, Implicit

__all__ = ["Flow"]


class Flow:
    """The trajectory through `y0` at `t0` with the slopes f(t, y).

    times  of the steps, plain and in order, from the start to the end
    ends   the first and last time, where they differ between the examples of a batch: no step goes beyond
    A watched time has no step of its own: the state there is that after one more, of watched length, from the plain
    time before it.  So it has the derivatives in that time which the order of the method gives.
    """

    def __init__(
        self,
        f: Callable[[Any, Any], Any],
        method: Explicit | Implicit,
        times: Any,
        t0: Any,
        y0: Any,
        ends: Any = None,
    ) -> None:
        self.f, self.method, self.ends = f, method, ends
        self.times = np.asarray(times, float)
        self.sign = 1.0 if self.times[-1] >= self.times[0] else -1.0
        if isinstance(t0, Traced):
            y0 = method.step(f, t0, y0, stop_gradient(t0) - t0)[0]
        self.states, self.stages = [y0], []
        for i in range(len(self.times) - 1):
            y, stages = method.step(f, self.time(i), self.states[i], self.time(i + 1) - self.time(i))
            self.states.append(y)
            self.stages.append(stages)

    def time(self, i: int) -> Any:
        t = float(self.times[i])
        return t if self.ends is None else np.clip(t, *self.ends)

    def before(self, t: Any) -> Any:
        """The last step that begins at `t` or before."""
        return np.clip(
            np.searchsorted(self.sign * self.times, self.sign * t, side="right") - 1, 0, len(self.times) - 1
        )

    def at(self, t: Any) -> Any:
        """The state at the time `t`, a number."""
        i = self.before(stop_gradient(t))
        if isinstance(i, Traced):  # another one for each example
            start, y = np_take(self.times, i), np_take(np.stack(self.states), i, axis=0)
            start = start if self.ends is None else np.clip(start, *self.ends)
        else:
            start, y = self.time(i), self.states[i]
            if not isinstance(t, Traced) and t == start:
                return y
        return self.method.step(self.f, start, y, t - start)[0]

    def along(self, times: Any) -> Any:
        """The states at all `times`, (m,) -> (m, n)."""
        if isinstance(times, Traced) or self.method.p is None or self.ends is not None:
            return np.stack([self.at(times[k]) for k in range(len(times))])
        if not len(times):
            return np.zeros((0, *np.shape(self.states[0])))
        rows, each = [], self.before(times)
        for i in np.unique(each):
            here = times[each == i]
            inside = here != self.times[i]
            if not inside.all():
                rows.append(self.states[i][None])
            if inside.any():
                rows.append(self.inside(int(i), here[inside]))
        return np.concatenate(rows)

    def inside(self, i: int, times: Any) -> Any:
        """The states at plain times within step `i`."""
        t, h = self.time(i), self.time(i + 1) - self.time(i)
        end = self.time(i + 1), self.states[i + 1]
        return self.method.between(self.f, end, self.states[i], h, self.stages[i], (times - t) / h)
