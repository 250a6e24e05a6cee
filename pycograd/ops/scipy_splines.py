"""`scipy.interpolate`: B-splines, in the coefficients and the place; interpolating ones, in the values."""

import numpy as np

from pycograd.core import shape_of
from pycograd.core.lazy import optional

from .families import arrayed, composite, no_rule, rank, watches
from .scipy_piecewise import happens, moved, of_class, of_method, places
from .selection import np_take

interpolate = optional("scipy.interpolate", "scipy")


class Spline:
    """A B-spline of degree `k` with plain knots `t`, as scipy's `BSpline` is one."""

    def __init__(self, t, c, k, extrapolate=True, axis=0):
        if watches((t,)):
            raise no_rule(interpolate.BSpline, "t, its knots, watched")
        self.t, self.c, self.k, self.extrapolate, self.axis = (
            np.asarray(t, float),
            arrayed(c),
            k,
            extrapolate,
            axis,
        )

    @property
    def tck(self):
        return self.t, self.c, self.k

    def __call__(self, x, nu=0, extrapolate=None):
        if nu:
            return self.derivative(nu)(x, 0, extrapolate)
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        t, k, n = self.t, self.k, len(self.t) - self.k - 1
        first, last = t[k], t[n]
        x = places(x, first, last, extrapolate)
        i = np.clip(np.searchsorted(t, x, side="right") - 1, k, n - 1)
        y = self.de_boor(x, i)
        if not extrapolate:
            y = np.where(np.reshape((x < first) | (x > last), wide(shape_of(x), y)), np.nan, y)
        return moved(y, rank(x), self.axis)

    def de_boor(self, x, i):
        """The value in the interval `i` of the knots.  De Boor, A Practical Guide to Splines, chapter X."""
        t, k = self.t, self.k
        d = [np_take(self.c, i + j - k, axis=0) for j in range(k + 1)]
        for r in range(1, k + 1):
            for j in range(k, r - 1, -1):
                low, high = np_take(t, i + j - k), np_take(t, i + j + 1 - r)
                share = np.reshape((x - low) / (high - low), wide(shape_of(x), d[j]))
                d[j] = (1 - share) * d[j - 1] + share * d[j]
        return d[k]

    def derivative(self, nu=1):
        """The derivative of order `nu`, a B-spline of lower degree."""
        t, c, k = self.tck
        n = len(t) - k - 1
        c = c[:n]
        for _ in range(nu):
            if k == 0:
                return Spline(t, c * 0.0, 0, self.extrapolate, self.axis)
            gap = t[k + 1 : n + k] - t[1:n]
            share = np.reshape(k / np.where(gap > 0, gap, 1.0), (-1, *(1,) * (rank(c) - 1)))
            c = np.diff(c, axis=0) * share
            t, k, n = t[1:-1], k - 1, n - 1
        return Spline(t, c, k, self.extrapolate, self.axis)


def wide(shape, y):
    """`shape` with axes of length one behind, as many as `y` has more."""
    return (*shape, *(1,) * (rank(y) - len(shape)))


of_class(interpolate.BSpline)(Spline)


@of_method(interpolate.BSpline.__call__)
def call_plain(self, x, nu=0, extrapolate=None):
    return Spline(self.t, self.c, self.k, self.extrapolate, self.axis)(x, nu, extrapolate)


@composite(interpolate.make_interp_spline)
def make_interp_spline(x, y, k=3, t=None, bc_type=None, axis=0, check_finite=True):
    """`scipy.interpolate.make_interp_spline`, in the values: the coefficients are a matrix times them."""
    if watches((x, t)):
        raise no_rule(interpolate.make_interp_spline, "x watched")
    if bc_type is not None and not isinstance(bc_type, str):
        if any(not isinstance(end, str) and end is not None for end in bc_type):
            raise no_rule(interpolate.make_interp_spline, "bc_type of numbers")
    y = np.moveaxis(arrayed(y), axis, 0)
    n = shape_of(y)[0]
    basis = np.eye(n)
    if bc_type == "periodic":
        basis[-1] = basis[0]
    plain = interpolate.make_interp_spline(x, basis, k, t, bc_type, 0, check_finite)
    flat = np.matmul(plain.c, np.reshape(y, (n, -1)))
    c = np.reshape(flat, (shape_of(flat)[0], *shape_of(y)[1:]))
    return Spline(plain.t, c, plain.k, plain.extrapolate, axis % rank(y))


# ---- FITPACK's names -----------------------------------------------------------------------------------------------
@composite(interpolate.splrep)
def splrep(x, y, w=None, xb=None, xe=None, k=3, task=0, s=None, t=None, full_output=0, per=0, quiet=1):
    """`scipy.interpolate.splrep` of an interpolating spline of odd degree, in the values."""
    settings = {"w": w, "xb": xb, "xe": xe, "t": t, "s": s or None, "task": task or None, "per": per or None}
    for name, value in settings.items():
        if value is not None:
            raise no_rule(interpolate.splrep, name)
    if full_output or not k % 2:
        raise no_rule(interpolate.splrep, "full_output" if full_output else "even k")
    spline = make_interp_spline(x, y, k)
    return spline.t, np.concatenate([spline.c, np.zeros(k + 1)]), k


@composite(interpolate.splev)
def splev(x, tck, der=0, ext=0):
    """`scipy.interpolate.splev`."""
    t, c, k = tck if isinstance(tck, tuple) else (tck.t, tck.c, tck.k)
    if isinstance(c, list):
        return [splev(x, (t, each, k), der, ext) for each in c]
    x, n = arrayed(x), len(t) - k - 1
    first, last = t[k], t[n]
    if ext == 3 and not der:  # of a derivative FITPACK extrapolates
        x = np.clip(x, first, last)
    outside = (x < first) | (x > last)
    if ext == 2 and happens(outside):
        raise ValueError("Found x value not in the domain")
    y = Spline(t, c, k)(x, der)
    return np.where(outside, 0.0, y) if ext == 1 else y


@of_method(interpolate.UnivariateSpline.__call__)
def call_univariate(self, x, nu=0, ext=None):
    """A smoothing spline that was fitted before, at a watched place."""
    names = {"extrapolate": 0, "zeros": 1, "raise": 2, "const": 3}
    return splev(x, self._eval_args, nu, self.ext if ext is None else names.get(ext, ext))
