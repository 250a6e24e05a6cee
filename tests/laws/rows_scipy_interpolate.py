"""scipy.interpolate: what its classes make is called with places, some of them outside."""

import numpy as np
from laws.row import distinct, normal, row

import pycograd
from pycograd.core import REGISTRY

try:
    from scipy import interpolate
except ModuleNotFoundError:
    interpolate = None

x = np.array([0.0, 0.7, 1.5, 2.0, 3.1, 3.6])
y, many, t = normal(6), normal(2, 6), np.array([-0.3, 0.2, 0.9, 1.9, 3.3, 4.0])
inner = np.array([[0.2, 0.9], [1.9, 3.3]])
NUMBERS = dict.fromkeys(
    ["capture", "vmap", "vmap_gradient", "capture_gradient", "every_in_axes", "every_order"],
    "whether the points are in order is asked of their numbers",
)


def by(func, *inputs, call, **params):
    """A row of a function or class: called by the registry, as woven code does."""
    return row(func, *inputs, call=lambda *xs: call(REGISTRY.find(func), *xs), **params)


def at(made, *places):
    """What was made, plain or watched, at these places: as woven code calls it."""
    return pycograd.resolve_call(made)(*places)


def piecewise():
    i = interpolate
    closed = lambda v: np.concatenate([v[:-1], v[:1]])  # noqa: E731
    ends = ("not-a-knot", "natural", "clamped", ((1, 0.3), (2, -0.5)))
    return [
        *[by(i.CubicSpline, y, t, call=lambda f, y, t, e=e: at(f(x, y, bc_type=e), t)) for e in ends],
        by(i.CubicSpline, x, y, call=lambda f, x, y: at(f(x, y), t)),
        by(i.CubicSpline, y, t, call=lambda f, y, t: at(f(x, closed(y), bc_type="periodic"), t)),
        by(i.CubicSpline, many, inner, call=lambda f, y, t: at(f(x, y, axis=1), t)),
        *[
            by(i.CubicSpline, y, inner, call=lambda f, y, t, k=k: at(f(x, y), t, k), order=1)
            for k in (1, 2, 3, 4)
        ],
        *[by(i.CubicSpline, y[:n], inner, call=lambda f, y, t, n=n: at(f(x[:n], y), t)) for n in (2, 3, 4)],
        by(
            i.CubicSpline, y, 0.4, 2.7, call=lambda f, y, a, b: pycograd.resolve_call(f(x, y).integrate)(a, b)
        ),
        by(i.CubicSpline, y, inner, call=lambda f, y, t: at(f(x, y).antiderivative(2), t)),
        by(i.CubicHermiteSpline, y, normal(6), t, call=lambda f, y, d, t: at(f(x, y, d), t)),
        by(i.PchipInterpolator, y, inner, call=lambda f, y, t: at(f(x, y), t)),
        by(i.PchipInterpolator, np.cumsum(np.abs(y)), t, call=lambda f, y, t: at(f(x, y), t)),
        by(i.Akima1DInterpolator, y, inner, call=lambda f, y, t: at(f(x, y), t)),
        by(i.Akima1DInterpolator, y, inner, call=lambda f, y, t: at(f(x, y, method="makima"), t)),
        by(i.PPoly, normal(3, 5), t, call=lambda f, c, t: at(f(c, x), t)),
        by(i.PPoly.__call__, t, call=lambda f, t: f(i.CubicSpline(x, y), t)),
        by(i.PPoly.integrate, 0.4, 2.7, call=lambda f, a, b: f(i.CubicSpline(x, y), a, b)),
    ]


def splines():
    i = interpolate
    knots = np.array([0, 0, 0, 0, 1.5, 2.0, 3.6, 3.6, 3.6, 3.6])
    fitted = i.UnivariateSpline(x, y, s=0.1)
    return [
        by(i.BSpline, y, t, call=lambda f, c, t: at(f(knots, c, 3), t)),
        by(i.BSpline, many, inner, call=lambda f, c, t: at(f(knots, c.T, 3), t)),
        *[
            by(i.BSpline, y, inner, call=lambda f, c, t, k=k: at(f(knots, c, 3), t, k), order=1)
            for k in (1, 2, 3)
        ],
        by(i.BSpline, y, inner, call=lambda f, c, t: at(f(knots, c, 3, extrapolate=False), t)),
        by(i.BSpline.__call__, t, call=lambda f, t: f(i.BSpline(knots, y, 3), t)),
        *[by(i.make_interp_spline, y, t, call=lambda f, y, t, k=k: at(f(x, y, k), t)) for k in (1, 2, 3, 5)],
        by(i.make_interp_spline, y, t, call=lambda f, y, t: at(f(x, y, bc_type="natural"), t)),
        by(i.splrep, y, call=lambda f, y: f(x, y)[1]),
        by(i.splev, y, t, call=lambda f, c, t: f(t, (knots, np.concatenate([c, np.zeros(4)]), 3))),
        *[by(i.splev, y, t, call=lambda f, c, t, e=e: f(t, (knots, c, 3), 1, e), order=1) for e in (0, 1, 3)],
        by(i.UnivariateSpline.__call__, inner, call=lambda f, t: f(fitted, t)),
    ]


def grids():
    i = interpolate
    axes = (np.array([0.0, 1.0, 2.5]), np.array([-1.0, 0.0, 2.0, 3.0]))
    values, places = normal(3, 4), np.array([[0.3, -0.2], [1.7, 2.5], [2.2, 0.5]])
    beyond = np.array([[0.3, -0.2], [2.7, 2.5], [2.2, 3.5]])
    grid = i.RegularGridInterpolator(axes, values)
    return [
        *[
            by(i.interp1d, y, inner, call=lambda f, y, t, k=k: at(f(x, y, k), t))
            for k in ("linear", "cubic", "quadratic")
        ],
        *[
            by(i.interp1d, y, call=lambda f, y, k=k: at(f(x, y, k), inner))
            for k in ("nearest", "nearest-up", "previous", "next")
        ],
        by(i.interp1d, many, t, call=lambda f, y, t: at(f(x, y, fill_value="extrapolate"), t)),
        by(i.interp1d, y, t, call=lambda f, y, t: at(f(x, y, bounds_error=False, fill_value=(-1.0, 2.0)), t)),
        by(
            i.interp1d,
            distinct(6),
            y,
            inner,
            call=lambda f, x, y, t: at(f(x, y, bounds_error=False, fill_value=0.0), t),
            exempt=NUMBERS,
        ),
        by(i.interp1d.__call__, inner, call=lambda f, t: f(i.interp1d(x, y, "cubic"), t)),
        by(i.interp1d.__call__, inner, call=lambda f, t: f(i.interp1d(x, y), t)),
        by(i.RegularGridInterpolator, values, places, call=lambda f, v, p: at(f(axes, v), p)),
        by(i.RegularGridInterpolator, normal(3, 4, 2), places, call=lambda f, v, p: at(f(axes, v), p)),
        by(
            i.RegularGridInterpolator,
            values,
            beyond,
            call=lambda f, v, p: at(f(axes, v, "linear", False, None), p),
        ),
        by(
            i.RegularGridInterpolator,
            values,
            beyond,
            call=lambda f, v, p: at(f(axes, v, "linear", False, 0.5), p),
        ),
        by(i.RegularGridInterpolator, values, call=lambda f, v: at(f(axes, v, "nearest"), places)),
        by(i.RegularGridInterpolator.__call__, places, call=lambda f, p: f(grid, p)),
        by(i.interpn, values, places, call=lambda f, v, p: f(axes, v, p)),
    ]


ROWS = [*piecewise(), *splines(), *grids()] if interpolate else []
