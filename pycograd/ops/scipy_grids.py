"""`scipy.interpolate`: `interp1d`, and linear interpolation on a grid of several axes."""

import itertools

import numpy as np

from pycograd.core import Traced, shape_of, without_tape
from pycograd.core.lazy import optional

from .families import arrayed, composite, no_rule, rank
from .scipy_piecewise import Polynomials, columns, happens, interval, moved, of_class, of_method
from .scipy_splines import Spline, make_interp_spline
from .selection import np_take

interpolate = optional("scipy.interpolate", "scipy")
DEGREES = {"zero": 0, "slinear": 1, "quadratic": 2, "cubic": 3}


class Table:
    """A function given at the points `x`, as scipy's `interp1d` is one."""

    def __init__(
        self, x, y, kind="linear", axis=-1, copy=True, bounds_error=None, fill_value=np.nan, assume_sorted=False
    ):  # fmt: skip
        x, y = arrayed(x), arrayed(y)
        if not assume_sorted:
            order = np.argsort(without_tape(x), kind="mergesort")
            x, y = np_take(x, order), np_take(y, order, axis=axis)
        self.x, self.y, self.kind = x, y, kind
        self.axis = axis % rank(y)
        self.extrapolates = isinstance(fill_value, str) and fill_value == "extrapolate"
        given = (
            isinstance(fill_value, (tuple, Traced)) or self.extrapolates or not np.all(np.isnan(fill_value))
        )
        self.bounds_error = not given if bounds_error is None else bounds_error
        self.fill = fill_value if isinstance(fill_value, tuple) else (fill_value, fill_value)
        self.inside = self.interpolator(np.moveaxis(y, self.axis, 0))

    def interpolator(self, y):
        """The function of places, which come first in what it returns."""
        x, kind = self.x, self.kind
        if kind == "linear":
            slopes = np.diff(y, axis=0) / columns(np.diff(x), y)
            return Polynomials(np.stack([slopes, y[:-1]]), x)
        if kind in ("nearest", "nearest-up", "previous", "next"):
            return lambda t: np_take(y, self.number(t), axis=0)
        if kind in DEGREES or isinstance(kind, int):
            spline = make_interp_spline(x, y, DEGREES.get(kind, kind))
            return Spline(spline.t, spline.c, spline.k)
        raise NotImplementedError(f"{kind} is unsupported: Use fitpack routines for other types.")

    def number(self, t):
        """Which of the points has the value at `t`."""
        x, last = without_tape(self.x), shape_of(self.x)[0] - 1
        if self.kind == "previous":
            return np.clip(np.searchsorted(x, t, side="right") - 1, 0, last)
        if self.kind == "next":
            return np.clip(np.searchsorted(x, t, side="left"), 0, last)
        side = "left" if self.kind == "nearest" else "right"  # half way the lower, or the upper
        return np.clip(np.searchsorted((x[1:] + x[:-1]) / 2, t, side=side), 0, last)

    def __call__(self, x):
        t = arrayed(x)
        t = t if isinstance(t, Traced) else np.asarray(t, float)
        below, above = t < self.x[0], t > self.x[-1]
        y = self.inside(t)
        if not self.extrapolates:
            if self.bounds_error and happens(below | above):
                raise ValueError(
                    f"A value in x_new is outside the interpolation range [{self.x[0]}, {self.x[-1]}]."
                )
            shape = (*shape_of(t), *(1,) * (rank(y) - rank(t)))
            y = np.where(
                np.reshape(below, shape), self.fill[0], np.where(np.reshape(above, shape), self.fill[1], y)
            )
        return moved(y, rank(t), self.axis)


of_class(interpolate.interp1d)(Table)


@of_method(interpolate.interp1d.__call__)
def call_plain(self, x):
    fill = "extrapolate" if self._extrapolate else self.fill_value
    kind = self._kind if self._kind != "spline" else self._spline.k
    return Table(self.x, self.y, kind, self.axis, bounds_error=self.bounds_error, fill_value=fill)(x)


# ---- several axes --------------------------------------------------------------------------------------------------
class Grid:
    """Values on a grid of points, interpolated linearly, as scipy's `RegularGridInterpolator` does it."""

    def __init__(self, points, values, method="linear", bounds_error=True, fill_value=np.nan, **params):
        if method not in ("linear", "nearest"):
            raise no_rule(interpolate.RegularGridInterpolator, "method")
        self.points, self.values = [np.asarray(without_tape(p), float) for p in points], arrayed(values)
        self.method, self.bounds_error, self.fill_value = method, bounds_error, fill_value

    def __call__(self, xi, method=None):
        given_apart = isinstance(xi, tuple)
        xi = np.stack(np.broadcast_arrays(*xi), axis=-1) if given_apart else arrayed(xi)
        places = np.reshape(xi, (-1, len(self.points)))
        xi = places if rank(xi) == 1 and not given_apart else xi  # scipy makes a table of one point
        columns_of = [places[:, k] for k in range(len(self.points))]
        outside = np.zeros(shape_of(places)[0], bool)
        for p, t in zip(self.points, columns_of, strict=True):
            outside = outside | (t < p[0]) | (t > p[-1])
        if self.bounds_error and happens(outside):
            raise ValueError("One of the requested xi is out of bounds")
        y = (self.linear if (method or self.method) == "linear" else self.nearest)(columns_of)
        if not self.bounds_error and self.fill_value is not None:
            y = np.where(np.reshape(outside, (-1, *(1,) * (rank(y) - 1))), self.fill_value, y)
        return np.reshape(y, (*shape_of(xi)[:-1], *shape_of(self.values)[len(self.points) :]))

    def linear(self, places):
        """The mean of the corners around, by the shares of the distances."""
        low = [interval(p, t) for p, t in zip(self.points, places, strict=True)]
        shares = [
            (t - np_take(p, i)) / (np_take(p, i + 1) - np_take(p, i))
            for p, t, i in zip(self.points, places, low, strict=True)
        ]
        total = 0.0
        for corner in itertools.product((0, 1), repeat=len(low)):
            weight = 1.0
            for share, high in zip(shares, corner, strict=True):
                weight = weight * (share if high else 1 - share)
            at = self.value([i + high for i, high in zip(low, corner, strict=True)])
            total = total + np.reshape(weight, (-1, *(1,) * (rank(at) - 1))) * at
        return total

    def nearest(self, places):
        at = []
        for p, t in zip(self.points, places, strict=True):
            i = interval(p, t)
            at.append(i + ((t - np_take(p, i)) > 0.5 * (np_take(p, i + 1) - np_take(p, i))))
        return self.value(at)

    def value(self, indices):
        """The values at the corners of these numbers, one for each axis."""
        shape, flat = shape_of(self.values), 0
        for i, n in zip(indices, shape, strict=False):
            flat = flat * n + i
        return np_take(np.reshape(self.values, (-1, *shape[len(indices) :])), flat, axis=0)


of_class(interpolate.RegularGridInterpolator)(Grid)


@of_method(interpolate.RegularGridInterpolator.__call__)
def call_grid(self, xi, method=None, *, nu=None):
    return Grid(self.grid, self.values, method or self.method, self.bounds_error, self.fill_value)(xi)


@composite(interpolate.interpn)
def interpn(points, values, xi, method="linear", bounds_error=True, fill_value=np.nan):
    """`scipy.interpolate.interpn`, linear or nearest."""
    return Grid(points, values, method, bounds_error, fill_value)(xi)
