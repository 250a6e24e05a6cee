"""`scipy.ndimage`: splines through the pixels, at coordinates: `map_coordinates`, `affine_transform`, `zoom` and more.

The filter before is linear in the image, one matrix for each axis; the value of the spline is a sum of its
coefficients, read at integers, times polynomials of the coordinates.  So image, coordinates, matrices, shifts and
angles have their slopes: in the coordinates zero of nearest neighbours (order 0), with jumps of linear ones (1).
"""

from functools import lru_cache

import numpy as np

from pycograd.core import shape_of, without_tape

from .families import arrayed, composite, no_rule, rank, watches
from .scipy_ndimage import like_input, ndimage, per_axis
from .selection import np_take

PADDED = 12  # pixels that scipy adds where the border has no exact filter
BORDERLESS = ("nearest", "grid-constant")
PERIODS = {"mirror": lambda n: 2 * n - 2, "reflect": lambda n: 2 * n, "grid-wrap": lambda n: n}
FILTERS = {"nearest": "reflect", "reflect": "reflect", "grid-mirror": "reflect", "grid-wrap": "grid-wrap"}


# ---- the filter ------------------------------------------------------------------------------------------------------
@lru_cache(maxsize=64)
def filter_matrix(n, order, mode):
    return ndimage.spline_filter1d(np.eye(n), order, 0, np.float64, mode)


def filtered_along(x, order, axis, mode):
    n = shape_of(x)[axis]
    if order < 2 or n < 2:
        return x
    return np.moveaxis(np.tensordot(filter_matrix(n, order, mode), x, (1, axis)), 0, axis)


@composite(ndimage.spline_filter1d)
def spline_filter1d(input, order=3, axis=-1, output=np.float64, mode="mirror"):
    """`scipy.ndimage.spline_filter1d`."""
    x = arrayed(input)
    if order < 0 or order > 5:
        raise RuntimeError("spline order not supported")
    return in_dtype(filtered_along(x, order, axis % rank(x), mode), output, x, ndimage.spline_filter1d)


@composite(ndimage.spline_filter)
def spline_filter(input, order=3, output=np.float64, mode="mirror"):
    """`scipy.ndimage.spline_filter`."""
    x = y = arrayed(input)
    if order < 2 or order > 5:
        raise RuntimeError("spline order not supported")
    for axis in range(rank(x)):
        y = filtered_along(y, order, axis, mode)
    return in_dtype(y, output, x, ndimage.spline_filter)


def in_dtype(y, output, x, func):
    """`y` in the dtype that `output` names, complex where `x` is; or as the input, if it names none."""
    if isinstance(output, np.ndarray):
        raise no_rule(func, "output")
    if output is None:
        return like_input(y, x) if np.dtype(x.dtype).kind in "fc" else y.astype(x.dtype)
    dtype = np.dtype(output)
    return y.astype(np.result_type(dtype, np.complex64) if np.dtype(x.dtype).kind == "c" else dtype)


# ---- the spline ------------------------------------------------------------------------------------------------------
def weights_at(t, order):
    """The B-splines of that order that do not vanish at the fraction `t` of a cell, along a new last axis."""
    values = [1.0 + 0.0 * t]
    for d in range(1, order + 1):
        left, right = [0.0, *values], [*values, 0.0]
        values = [((t + (d - j)) * left[j] + (1 + j - t) * right[j]) / d for j in range(d + 1)]
    return np.stack(values, axis=-1)


class Axis:
    """One axis of an image of `n` pixels, at coordinates.

    places   indices of the coefficients, with one more axis for those that a point takes
    weights  of them
    beyond   where a coordinate lies outside, and the value is `cval`; missing: the same for each index
    """

    def __init__(self, n, coordinates, order, mode, shifted):
        c = coordinates
        self.beyond = self.missing = None
        if mode == "constant":
            self.beyond = (c < 0) | (c > n - 1)
            c = np.where(self.beyond, 0.0, c)
        elif mode == "wrap":
            c = np.where((c < 0) | (c > n - 1), np.mod(c, n - 1.0), c)
        elif mode not in (*BORDERLESS, "mirror", "reflect", "grid-mirror", "grid-wrap"):
            raise RuntimeError("boundary mode not supported")
        c, size = c + shifted, n + 2 * shifted
        if mode == "nearest":
            c = np.clip(c, 0.0, size - 1.0)
        half = 0.5 * (1 - order % 2)
        start = np.floor(c + half)
        self.weights = weights_at(c - start + half, order)
        places = start.astype(int)[..., None] + np.arange(order + 1) - order // 2
        if mode in BORDERLESS:
            if mode == "grid-constant":
                self.missing = (places < 0) | (places >= size)
            self.places = np.clip(places, 0, size - 1)
            return
        kind = {"grid-mirror": "reflect", "constant": "mirror", "wrap": "mirror"}.get(mode, mode)
        period = max(PERIODS[kind](size), 1)
        places = np.mod(places, period)
        back = period - places - (kind == "reflect")
        self.places = places if kind == "grid-wrap" else np.where(places >= size, back, places)


def coefficients(input, order, mode, cval, prefilter):
    """The coefficients of the spline, and by how many pixels the image was padded."""
    x = arrayed(input)
    if not prefilter or order < 2:
        return x, 0
    shifted = PADDED if mode in BORDERLESS else 0
    if shifted:
        kind = {"mode": "edge"} if mode == "nearest" else {"mode": "constant", "constant_values": cval}
        x = np.pad(x, shifted, **kind)
    for axis in range(rank(x)):
        x = filtered_along(x, order, axis, FILTERS.get(mode, "mirror"))
    return x, shifted


def checked(order):
    if order < 0 or order > 5:
        raise RuntimeError("spline order not supported")


def at_points(input, points, order, mode, cval, prefilter):
    """The values at `points`, one array of coordinates for each axis."""
    checked(order)
    x, shifted = coefficients(input, order, mode, cval, prefilter)
    sizes = [n - 2 * shifted for n in shape_of(x)]
    axes = [Axis(n, c, order, mode, shifted) for n, c in zip(sizes, points, strict=True)]
    d = len(axes)
    flat = 0
    for i, (n, axis) in enumerate(zip(shape_of(x), axes, strict=True)):
        flat = flat * n + spread(axis.places, i, d)
    y = np_take(np.reshape(x, (-1,)), flat)
    for i, axis in enumerate(axes):
        if axis.missing is not None:
            y = np.where(spread(axis.missing, i, d), cval, y)
    for i, axis in reversed(list(enumerate(axes))):
        y = np.sum(y * spread(axis.weights, i, i + 1), -1)
    for axis in axes:
        if axis.beyond is not None:
            y = np.where(axis.beyond, cval, y)
    return y


def spread(places, i, d):
    """`places`, whose last axis is the `i`-th of `d` such axes."""
    return np.reshape(places, (*shape_of(places)[:-1], *(1,) * i, shape_of(places)[-1], *(1,) * (d - 1 - i)))


def on_grid(input, grids, order, mode, cval, prefilter):
    """The values on the grid of these coordinates, one axis after the other."""
    checked(order)
    y, shifted = coefficients(input, order, mode, cval, prefilter)
    beyond = None
    for i, c in enumerate(grids):
        axis = Axis(shape_of(y)[i] - 2 * shifted, c, order, mode, shifted)
        behind = (1,) * (rank(y) - i - 1)
        y = np_take(y, axis.places, axis=i)
        if axis.missing is not None:
            y = np.where(np.reshape(axis.missing, (*shape_of(axis.missing), *behind)), cval, y)
        y = np.sum(y * np.reshape(axis.weights, (*shape_of(axis.weights), *behind)), axis=i + 1)
        if axis.beyond is not None:
            here = np.reshape(axis.beyond, (*shape_of(axis.beyond), *behind))
            beyond = here if beyond is None else beyond | here
    return y if beyond is None else np.where(beyond, cval, y)


# ---- scipy's functions -----------------------------------------------------------------------------------------------
@composite(ndimage.map_coordinates)
def map_coordinates(input, coordinates, output=None, order=3, mode="constant", cval=0.0, prefilter=True):
    """`scipy.ndimage.map_coordinates`."""
    x, c = arrayed(input), arrayed(coordinates)
    c = c if hasattr(c, "aval") else np.asarray(c, float)
    if shape_of(c)[0] != rank(x):
        raise RuntimeError("invalid shape for coordinate array")
    points = [c[i] for i in range(rank(x))]
    return in_dtype(at_points(x, points, order, mode, cval, prefilter), output, x, ndimage.map_coordinates)


@composite(ndimage.affine_transform)
def affine_transform(
    input, matrix, offset=0.0, output_shape=None, output=None, order=3, mode="constant", cval=0.0, prefilter=True
):  # fmt: skip
    """`scipy.ndimage.affine_transform`."""
    x, m = arrayed(input), arrayed(matrix)
    m = m if hasattr(m, "aval") else np.asarray(m, float)
    d, shape = rank(x), shape_of(x) if output_shape is None else tuple(output_shape)
    if rank(m) == 2 and shape_of(m)[1] == d + 1:
        offset, m = m[:d, d], m[:d, :d]
    shift = offset if rank(arrayed(offset)) else [offset] * d
    index = [np.arange(float(n)) for n in shape]
    if rank(m) == 1:
        y = on_grid(x, [m[i] * index[i] + shift[i] for i in range(d)], order, mode, cval, prefilter)
    else:
        grid = np.meshgrid(*index, indexing="ij")
        points = [sum(m[i, j] * grid[j] for j in range(d)) + shift[i] for i in range(d)]
        y = at_points(x, points, order, mode, cval, prefilter)
    return in_dtype(y, output, x, ndimage.affine_transform)


@composite(ndimage.shift)
def shift(input, shift, output=None, order=3, mode="constant", cval=0.0, prefilter=True):
    """`scipy.ndimage.shift`."""
    x = arrayed(input)
    by = arrayed(shift)
    by = [by[i] if rank(by) else by for i in range(rank(x))]
    grids = [np.arange(float(n)) - s for n, s in zip(shape_of(x), by, strict=True)]
    return in_dtype(on_grid(x, grids, order, mode, cval, prefilter), output, x, ndimage.shift)


@composite(ndimage.zoom)
def zoom(input, zoom, output=None, order=3, mode="constant", cval=0.0, prefilter=True, *, grid_mode=False):
    """`scipy.ndimage.zoom`, whose factors choose the shape, and have no slope."""
    x, factors = arrayed(input), per_axis(without_tape(zoom), rank(arrayed(input)), "zoom")
    grids = []
    for n, factor in zip(shape_of(x), factors, strict=True):
        wanted = round(n * float(factor))
        if grid_mode:
            grids.append((np.arange(float(wanted)) + 0.5) * (n / wanted if wanted else 1.0) - 0.5)
        else:
            grids.append(np.arange(float(wanted)) * ((n - 1) / (wanted - 1) if wanted > 1 else 1.0))
    return in_dtype(on_grid(x, grids, order, mode, cval, prefilter), output, x, ndimage.zoom)


@composite(ndimage.rotate)
def rotate(
    input, angle, axes=(1, 0), reshape=True, output=None, order=3, mode="constant", cval=0.0, prefilter=True
):
    """`scipy.ndimage.rotate`, plane by plane."""
    x = arrayed(input)
    first, second = sorted(a % rank(x) for a in axes)
    turn = np.deg2rad(angle)
    c, s = np.cos(turn), np.sin(turn)
    shape = n, k = shape_of(x)[first], shape_of(x)[second]
    if reshape:
        c0, s0 = without_tape(c), without_tape(s)
        corners = np.array([[c0, s0], [-s0, c0]]) @ np.array([[0, 0, n, n], [0, k, 0, k]], float)
        shape = tuple([int(v) for v in np.ptp(corners, axis=1) + 0.5])
    middle = 0.5 * (shape[0] - 1), 0.5 * (shape[1] - 1)
    i, j = np.meshgrid(*[np.arange(float(v)) - m for v, m in zip(shape, middle, strict=True)], indexing="ij")
    points = [c * i + s * j + 0.5 * (n - 1), -s * i + c * j + 0.5 * (k - 1)]
    planes = np.moveaxis(x, (first, second), (-2, -1))
    lead = shape_of(planes)[:-2]
    flat = np.reshape(planes, (-1, n, k))
    turned = [at_points(flat[p], points, order, mode, cval, prefilter) for p in range(shape_of(flat)[0])]
    y = np.moveaxis(np.reshape(np.stack(turned), (*lead, *shape)), (-2, -1), (first, second))
    return in_dtype(y, output, x, ndimage.rotate)


# ---- filters of a spectrum, each a multiplication --------------------------------------------------------------------
def of_spectrum(func, name):
    """Register a filter of a spectrum, linear in it; its width or shift is plain."""

    def ours(input, size, n=-1, axis=-1, output=None):
        if watches((size,)):
            raise no_rule(func, name)
        if isinstance(output, np.ndarray):
            raise no_rule(func, "output")
        x = arrayed(input)
        y = x * func(np.ones(shape_of(x), x.dtype), size, n, axis)
        return y if output is None else y.astype(output)

    ours.__name__ = ours.__qualname__ = func.__name__
    composite(func)(ours)


for _func, _name in (
    (ndimage.fourier_gaussian, "sigma"),
    (ndimage.fourier_uniform, "size"),
    (ndimage.fourier_ellipsoid, "size"),
    (ndimage.fourier_shift, "shift"),
):
    of_spectrum(_func, _name)
