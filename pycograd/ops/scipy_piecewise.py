"""`scipy.interpolate`: piecewise polynomials, cubic splines among them, in the points, the values and the place.

At a knot the derivatives are those of the interval to its right.
"""

import numpy as np

from pycograd.core import REGISTRY, Aval, Traced, shape_of, value_of
from pycograd.core.lazy import optional

from .families import arrayed, rank, watches
from .scipy_structured import banded
from .selection import np_take

interpolate = optional("scipy.interpolate", "scipy")


def places(x, first, last, extrapolate):
    """Where a piecewise polynomial is evaluated for `x`: of a periodic one, within its period."""
    x = arrayed(x)
    x = x if isinstance(x, Traced) else np.asarray(x, float)
    return first + (x - first) % (last - first) if extrapolate == "periodic" else x


class Polynomials:
    """A piecewise polynomial as scipy's `PPoly` is one: `c` (degree + 1, intervals, ...), highest power first.

    axis  of the interpolation in the values
    """

    def __init__(self, c, x, extrapolate=None, axis=0):
        self.c, self.x, self.axis = arrayed(c), arrayed(x), axis
        self.extrapolate = True if extrapolate is None else extrapolate

    def __call__(self, x, nu=0, extrapolate=None):
        if nu:
            return self.derivative(nu)(x, 0, extrapolate)
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        first, last = self.x[0], self.x[-1]
        t = places(x, first, last, extrapolate)
        trailing = rank(self.c) - 2
        i = interval(self.x, t)
        h = np.reshape(t - np_take(self.x, i), (*shape_of(t), *(1,) * trailing))
        y = np_take(self.c[0], i, axis=0)
        for c in self.c[1:]:
            y = y * h + np_take(c, i, axis=0)
        if not extrapolate:
            outside = np.reshape((t < first) | (t > last), shape_of(h))
            y = np.where(outside, np.nan, y)
        return moved(y, rank(t), self.axis)

    def derivative(self, nu=1):
        """The derivative of order `nu`, a piecewise polynomial."""
        if nu < 0:
            return self.antiderivative(-nu)
        c = self.c
        for _ in range(nu):
            n = shape_of(c)[0]
            powers = np.reshape(np.arange(n - 1, 0, -1), (-1, *(1,) * (rank(c) - 1)))
            c = c[:-1] * powers if n > 1 else c * 0.0
        return Polynomials(c, self.x, self.extrapolate, self.axis)

    def antiderivative(self, nu=1):
        """The integral of order `nu` from the first knot, a piecewise polynomial."""
        c, trailing = self.c, (1,) * (rank(self.c) - 2)
        width = np.reshape(np.diff(self.x), (-1, *trailing))
        for _ in range(nu):
            n = shape_of(c)[0]
            c = c / np.reshape(np.arange(n, 0, -1), (-1, 1, *trailing))
            parts = c[0] * width
            for each in c[1:]:
                parts = (parts + each) * width
            before = np.concatenate([np.zeros_like(parts[:1]), np.cumsum(parts, axis=0)[:-1]])
            c = np.concatenate([c, before[None]])
        return Polynomials(
            c, self.x, False if self.extrapolate == "periodic" else self.extrapolate, self.axis
        )

    def integrate(self, a, b, extrapolate=None):
        """The integral from `a` to `b`."""
        whole = self.antiderivative()
        if (self.extrapolate if extrapolate is None else extrapolate) == "periodic":
            raise NotImplementedError("the integral of a periodic watched spline")
        return REGISTRY[np.asarray](whole(b, 0, extrapolate) - whole(a, 0, extrapolate))


def happens(condition):
    """Whether `condition` is true somewhere, in some example; not if it is being captured."""
    numbers = value_of(condition)
    return type(numbers) is not Aval and bool(np.any(numbers))


def interval(x, t):
    """The number of the interval of `x` that each of `t` lies in, the first and the last reaching to infinity."""
    return np.clip(np.searchsorted(x, t, side="right") - 1, 0, shape_of(x)[0] - 2)


def moved(y, n, axis):
    """`y` with its first `n` axes, those of the places, where the axis of interpolation was."""
    axes = list(range(rank(y)))
    return np.transpose(y, axes[n : n + axis] + axes[:n] + axes[n + axis :]) if axis else y


def of_class(cls):
    """Decorator: what a class of scipy makes of watched arguments; of plain ones it makes itself."""

    def declare(ours):
        def make(*args, **params):
            return ours(*args, **params) if watches((args, *params.values())) else cls(*args, **params)

        make.__name__, make.__doc__ = cls.__name__, f"`scipy.interpolate.{cls.__name__}`."
        REGISTRY[cls] = make
        return ours

    return declare


def of_method(method):
    """Decorator: what a method of a plain object of scipy's does with a watched argument."""

    def declare(ours):
        def call(self, *args, **params):
            return (ours if watches((*args, *params.values())) else method)(self, *args, **params)

        call.__name__ = method.__name__
        REGISTRY[method] = call
        return ours

    return declare


of_class(interpolate.PPoly)(Polynomials)


def as_ours(spline):
    return Polynomials(spline.c, spline.x, spline.extrapolate, spline.axis)


@of_method(interpolate.PPoly.__call__)
def call_plain(self, x, nu=0, extrapolate=None):
    return as_ours(self)(x, nu, extrapolate)


@of_method(interpolate.PPoly.integrate)
def integrate_plain(self, a, b, extrapolate=None):
    return as_ours(self).integrate(a, b, extrapolate)


# ---- cubic ones, by their slopes at the points -----------------------------------------------------------------------
def prepared(x, y, axis):
    """The points, and the values with the axis of interpolation first."""
    x, y = arrayed(x), arrayed(y)
    x, y = (v if isinstance(v, Traced) else np.asarray(v, float) for v in (x, y))
    axis = axis % rank(y)
    y = np.moveaxis(y, axis, 0)
    if rank(x) != 1 or shape_of(x)[0] < 2 or shape_of(x)[0] != shape_of(y)[0]:
        raise ValueError(
            f"`x` {shape_of(x)} must be a vector of two points at least, as many as `y` {shape_of(y)} has"
        )
    if happens(np.diff(x) <= 0):
        raise ValueError("`x` must be strictly increasing sequence.")
    return x, y, axis


def columns(h, y):
    """The widths `h` beside values like `y`."""
    return np.reshape(h, (-1, *(1,) * (rank(y) - 1)))


def by_slopes(x, y, slopes, extrapolate, axis):
    """The cubic polynomials with these values and slopes at the points."""
    h = columns(np.diff(x), y)
    m = np.diff(y, axis=0) / h
    t = (slopes[:-1] + slopes[1:] - 2 * m) / h
    return Polynomials(
        np.stack([t / h, (m - slopes[:-1]) / h - t, slopes[:-1], y[:-1]]), x, extrapolate, axis
    )


@of_class(interpolate.CubicHermiteSpline)
def hermite(x, y, dydx, axis=0, extrapolate=None):
    x, y, axis = prepared(x, y, axis)
    return by_slopes(x, y, np.moveaxis(arrayed(dydx), axis, 0), extrapolate, axis)


@of_class(interpolate.CubicSpline)
def cubic_spline(x, y, axis=0, bc_type="not-a-knot", extrapolate=None):
    x, y, axis = prepared(x, y, axis)
    ends = [bc_type] * 2 if isinstance(bc_type, str) else list(bc_type)
    if ends[0] == "periodic":
        extrapolate = "periodic" if extrapolate is None else extrapolate
        return by_slopes(x, y, periodic_slopes(x, y), extrapolate, axis)
    return by_slopes(x, y, spline_slopes(x, y, ends), extrapolate, axis)


def spline_slopes(x, y, ends):
    """The slopes at the points that make second derivatives continuous; de Boor, A Practical Guide, chapter IV."""
    dx = np.diff(x)
    n, h = shape_of(x)[0], columns(dx, y)
    m = np.diff(y, axis=0) / h
    if n == 2:
        ends = [(1, m[0]) if end == "not-a-knot" else end for end in ends]
    if n == 3 and ends == ["not-a-knot"] * 2:  # a parabola
        second = (m[1] - m[0]) / (h[0] + h[1])
        return np.stack([m[0] - second * h[0], m[0] + second * h[0], m[1] + second * h[1]])
    inner = 3 * (h[1:] * m[:-1] + h[:-1] * m[1:])
    (d0, u0, b0), (d1, l1, b1) = (
        end_row(ends[0], dx, h, m),
        end_row(ends[1], dx[::-1], h[::-1], m[::-1], -1.0),
    )
    one = lambda v: np.reshape(v, (1,))  # noqa: E731
    zero = np.zeros(1)
    upper = np.concatenate([zero, one(u0), dx[:-1]])
    middle = np.concatenate([one(d0), 2 * (dx[:-1] + dx[1:]), one(d1)])
    lower = np.concatenate([dx[1:], one(l1), zero])
    rows = np.concatenate([b0[None], inner, b1[None]])
    flat = np.reshape(rows, (n, -1))
    return np.reshape(banded.call(np.stack([upper, middle, lower]), flat, bands=(1, 1)), shape_of(rows))


def end_row(end, dx, h, m, sign=1.0):
    """The diagonal, its neighbour and the right side of the equation at an end, seen from there; `sign` of a slope."""
    if isinstance(end, str) and end == "not-a-knot":
        d = dx[0] + dx[1]
        wide = h[0] + h[1]
        return dx[1], d, ((h[0] + 2 * wide) * h[1] * m[0] + h[0] ** 2 * m[1]) / wide
    order, value = {"clamped": (1, 0.0), "natural": (2, 0.0)}[end] if isinstance(end, str) else end
    value = np.broadcast_to(arrayed(value), shape_of(m)[1:])
    if order == 1:
        return 1.0, 0.0, value
    if order != 2:
        raise ValueError("The specified derivative order must be 1 or 2.")
    return 2 * dx[0], dx[0], 3 * m[0] * h[0] - sign * 0.5 * value * h[0] ** 2


def periodic_slopes(x, y):
    """The slopes of a closed curve, whose last value is its first."""
    h = columns(np.diff(x), y)
    m = np.diff(y, axis=0) / h
    n = shape_of(h)[0]
    if n < 3:
        s = np.sum(m / h, axis=0) / np.sum(1 / h, axis=0) if n == 2 else m[0]
        return np.broadcast_to(s, shape_of(y))
    before, eye = np.roll(h, 1, axis=0), np.eye(n)
    wide = np.reshape(np.diff(x), (n, 1))
    last = np.roll(wide, 1, axis=0)
    matrix = 2 * (wide + last) * eye + wide * np.roll(eye, -1, axis=1) + last * np.roll(eye, 1, axis=1)
    rows = 3 * (h * np.roll(m, 1, axis=0) + before * m)
    s = np.reshape(np.linalg.solve(matrix, np.reshape(rows, (n, -1))), shape_of(rows))
    return np.concatenate([s, s[:1]])


@of_class(interpolate.PchipInterpolator)
def pchip(x, y, axis=0, extrapolate=None):
    x, y, axis = prepared(x, y, axis)
    h = columns(np.diff(x), y)
    m = np.diff(y, axis=0) / h
    if shape_of(x)[0] == 2:
        return by_slopes(x, y, np.concatenate([m, m]), extrapolate, axis)
    a, b = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    flat = (np.sign(m[1:]) != np.sign(m[:-1])) | (m[1:] == 0) | (m[:-1] == 0)
    safe = [np.where(flat, 1.0, v) for v in (m[:-1], m[1:])]
    inner = np.where(flat, 0.0, (a + b) / (a / safe[0] + b / safe[1]))
    ends = [pchip_end(h[0], h[1], m[0], m[1]), pchip_end(h[-1], h[-2], m[-1], m[-2])]
    return by_slopes(x, y, np.concatenate([ends[0][None], inner, ends[1][None]]), extrapolate, axis)


def pchip_end(h0, h1, m0, m1):
    """The slope at an end, of three points, kept monotone."""
    d = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    steep = (np.sign(m0) != np.sign(m1)) & (np.abs(d) > 3 * np.abs(m0))
    return np.where(np.sign(d) != np.sign(m0), 0.0, np.where(steep, 3 * m0, d))


@of_class(interpolate.Akima1DInterpolator)
def akima(x, y, axis=0, *, method="akima", extrapolate=None):
    x, y, axis = prepared(x, y, axis)
    extrapolate = False if extrapolate is None else extrapolate
    m = np.diff(y, axis=0) / columns(np.diff(x), y)
    if shape_of(x)[0] == 2:
        return by_slopes(x, y, np.concatenate([m, m]), extrapolate, axis)
    first, last = 2 * m[:1] - m[1:2], 2 * m[-1:] - m[-2:-1]
    m = np.concatenate([2 * first - m[:1], first, m, last, 2 * last - m[-1:]])
    change, height = np.abs(np.diff(m, axis=0)), np.abs(m[1:] + m[:-1])
    weight = change + 0.5 * height if method == "makima" else change
    a, b = weight[2:], weight[:-2]
    total = a + b
    none = total <= 1e-9 * np.max(total)
    slopes = (a * m[1:-2] + b * m[2:-1]) / np.where(none, 1.0, total)
    return by_slopes(x, y, np.where(none, 0.5 * (m[3:] + m[:-3]), slopes), extrapolate, axis)
