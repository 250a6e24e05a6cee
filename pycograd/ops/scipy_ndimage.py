"""`scipy.ndimage`: filters.

A linear filter is a border around the array and a convolution with the weights along an axis; both are differentiated,
the array and the weights (so the width of a Gaussian too).  The extrema of a filter share their gradient among ties.
"""

import numpy as np

from pycograd.core import Aval, aval_of, shape_of, value_of, without_tape
from pycograd.core.lazy import optional

from .convolution import convolve_
from .families import arrayed, composite, no_rule, rank

ndimage = optional("scipy.ndimage", "scipy")
BORDERS = {
    "reflect": "symmetric", "grid-mirror": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap",
    "grid-wrap": "wrap", "constant": "constant", "grid-constant": "constant",
}  # fmt: skip


def bordered(x, widths, mode, cval):
    """`x` with a border of these widths (before and behind, for each axis) in scipy's `mode`."""
    if mode not in BORDERS:
        raise RuntimeError(f"boundary mode not supported: {mode}")
    given = {"constant_values": cval} if BORDERS[mode] == "constant" else {}
    return np.pad(x, widths, BORDERS[mode], **given)


def per_axis(value, n, name):
    """One setting for each of `n` axes."""
    values = list(value) if isinstance(value, (list, tuple)) else [value] * n
    if len(values) != n:
        raise RuntimeError(f"{name} must have length equal to the number of axes")
    return values


def axes_for(axes, x):
    """The axes that are filtered."""
    axes = range(rank(x)) if axes is None else np.atleast_1d(axes)
    return [int(a) % rank(x) for a in axes]


def like_input(y, x):
    """`y` in the dtype that scipy gives an output: that of the input."""
    dtype = np.dtype(aval_of(x).dtype)
    return y.astype(dtype) if dtype.kind in "fc" and y.dtype != dtype else y


# ---- along one axis ------------------------------------------------------------------------------------------------
@composite(ndimage.correlate1d)
def correlate1d(input, weights, axis=-1, output=None, mode="reflect", cval=0.0, origin=0):
    """`scipy.ndimage.correlate1d`."""
    plain_output(ndimage.correlate1d, output)
    x, weights = arrayed(input), arrayed(weights)
    size, last = shape_of(weights)[0], rank(x) - 1
    before = size // 2 + origin
    if not 0 <= before < size:
        raise ValueError(
            "Invalid origin; origin must satisfy -(len(weights) // 2) <= origin <= (len(weights)-1) // 2"
        )
    y = bordered(np.moveaxis(x, axis, -1), ((0, 0),) * last + ((before, size - 1 - before),), mode, cval)
    return like_input(np.moveaxis(convolve_.call(y, weights[::-1], mode="valid"), -1, axis), x)


def plain_output(func, output):
    """Raise for an output array; a dtype says nothing that is new."""
    if isinstance(output, np.ndarray):
        raise no_rule(func, "output")


@composite(ndimage.convolve1d)
def convolve1d(input, weights, axis=-1, output=None, mode="reflect", cval=0.0, origin=0):
    """`scipy.ndimage.convolve1d`."""
    weights = arrayed(weights)[::-1]
    origin = -origin if shape_of(weights)[0] % 2 else -origin - 1
    return correlate1d(input, weights, axis, output, mode, cval, origin)


def gaussian(sigma, order, radius, own):
    """The weights of a Gaussian, or of its derivative, at the integers up to `radius`; 0 beyond its `own` radius."""
    x = np.arange(-radius, radius + 1)
    precision = 1 / (sigma * sigma)
    bell = np.where(np.abs(x) <= own, np.exp(-0.5 * precision * x**2), 0.0)
    bell = bell / np.sum(bell)
    hermite, before = 1.0, 0.0
    for k in range(order):  # the polynomial factor of the derivatives: h' = -p (x h + k h_before)
        hermite, before = -precision * (x * hermite + k * before), hermite
    return bell * hermite


@composite(ndimage.gaussian_filter1d)
def gaussian_filter1d(
    input, sigma, axis=-1, order=0, output=None, mode="reflect", cval=0.0, truncate=4.0, *, radius=None
):  # fmt: skip
    """`scipy.ndimage.gaussian_filter1d`; the radius up to which there are weights is a constant."""
    if order < 0:
        raise ValueError("order must be non-negative")
    own = np.floor(truncate * sigma + 0.5) if radius is None else radius
    weights = gaussian(sigma, order, int(np.max(numbers_of(own))), own)[::-1]
    return correlate1d(input, weights, axis, output, mode, cval)


def numbers_of(x):
    """The plain numbers of `x`, of all examples."""
    numbers = value_of(x)
    return without_tape(x) if type(numbers) is Aval else numbers


@composite(ndimage.uniform_filter1d)
def uniform_filter1d(input, size, axis=-1, output=None, mode="reflect", cval=0.0, origin=0):
    """`scipy.ndimage.uniform_filter1d`."""
    return correlate1d(input, np.full(size, 1 / size), axis, output, mode, cval, origin)


# ---- along several axes, one after the other -------------------------------------------------------------------------
@composite(ndimage.gaussian_filter)
def gaussian_filter(
    input, sigma, order=0, output=None, mode="reflect", cval=0.0, truncate=4.0, *, radius=None, axes=None
):  # fmt: skip
    """`scipy.ndimage.gaussian_filter`."""
    plain_output(ndimage.gaussian_filter, output)
    x = arrayed(input)
    axes = axes_for(axes, x)
    sigma = list(sigma) if rank(arrayed(sigma)) else [sigma] * len(axes)
    settings = [
        per_axis(v, len(axes), name) for v, name in ((order, "order"), (mode, "mode"), (radius, "radius"))
    ]
    for axis, width, *rest in zip(axes, sigma, *settings, strict=True):
        if np.max(numbers_of(width)) > 1e-15:
            x = gaussian_filter1d(x, width, axis, rest[0], None, rest[1], cval, truncate, radius=rest[2])
    return x


@composite(ndimage.uniform_filter)
def uniform_filter(input, size=3, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None):
    """`scipy.ndimage.uniform_filter`."""
    plain_output(ndimage.uniform_filter, output)
    x = arrayed(input)
    axes = axes_for(axes, x)
    settings = [
        per_axis(v, len(axes), name) for v, name in ((size, "size"), (mode, "mode"), (origin, "origin"))
    ]
    for axis, n, border, shift in zip(axes, *settings, strict=True):
        if n > 1:
            x = uniform_filter1d(x, n, axis, None, border, cval, shift)
    return x


def of_edges(name, smooth):
    """Register the filter of that name: differences along one axis, `smooth` along the others."""
    func = getattr(ndimage, name)

    def edges(input, axis=-1, output=None, mode="reflect", cval=0.0):
        x = arrayed(input)
        borders = per_axis(mode, rank(x), "mode")
        y = correlate1d(x, np.array([-1.0, 0.0, 1.0]), axis, output, borders[axis], cval)
        for other in range(rank(x)):
            if other != axis % rank(x):
                y = correlate1d(y, np.array(smooth), other, None, borders[other], cval)
        return y

    edges.__name__, edges.__doc__ = name, f"`scipy.ndimage.{name}`."
    return composite(func)(edges)


sobel = of_edges("sobel", [1.0, 2.0, 1.0])
prewitt = of_edges("prewitt", [1.0, 1.0, 1.0])


@composite(ndimage.laplace)
def laplace(input, output=None, mode="reflect", cval=0.0, *, axes=None):
    """`scipy.ndimage.laplace`."""
    plain_output(ndimage.laplace, output)
    x = arrayed(input)
    axes = axes_for(axes, x)
    borders = per_axis(mode, len(axes), "mode")
    second = np.array([1.0, -2.0, 1.0])
    return sum(
        [correlate1d(x, second, axis, None, border, cval) for axis, border in zip(axes, borders, strict=True)]
    )


@composite(ndimage.gaussian_laplace)
def gaussian_laplace(input, sigma, output=None, mode="reflect", cval=0.0, *, axes=None, **kwargs):
    """`scipy.ndimage.gaussian_laplace`."""
    return sum(gaussian_slopes(2, input, sigma, output, mode, cval, axes, kwargs))


@composite(ndimage.gaussian_gradient_magnitude)
def gaussian_gradient_magnitude(input, sigma, output=None, mode="reflect", cval=0.0, *, axes=None, **kwargs):
    """`scipy.ndimage.gaussian_gradient_magnitude`; slope 0 where the gradient is zero."""
    slopes = gaussian_slopes(1, input, sigma, output, mode, cval, axes, kwargs)
    return np.linalg.norm(np.stack(slopes, axis=-1), axis=-1)


def gaussian_slopes(order, input, sigma, output, mode, cval, axes, params):
    """The derivatives of that order along each axis."""
    plain_output(ndimage.gaussian_laplace, output)
    x = arrayed(input)
    axes = axes_for(axes, x)
    orders = [[order if a == axis else 0 for a in axes] for axis in axes]
    return [gaussian_filter(x, sigma, each, None, mode, cval, axes=axes, **params) for each in orders]


# ---- windows of several axes ---------------------------------------------------------------------------------------
def windows(x, shape, axes, mode, cval, origin):
    """The windows of `x` of that shape along `axes`, which come last."""
    widths = [(0, 0)] * rank(x)
    origins = per_axis(origin, len(axes), "origin")
    for axis, n, shift in zip(axes, shape, origins, strict=True):
        widths[axis] = (n // 2 + shift, n - 1 - n // 2 - shift)
    borders = per_axis(mode, len(axes), "mode")
    for axis, border in zip(axes, borders, strict=True):
        x = bordered(x, [w if i == axis else (0, 0) for i, w in enumerate(widths)], border, cval)
    return np.lib.stride_tricks.sliding_window_view(x, tuple(shape), tuple(axes))


@composite(ndimage.correlate)
def correlate(input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None):
    """`scipy.ndimage.correlate`."""
    plain_output(ndimage.correlate, output)
    x, weights = arrayed(input), arrayed(weights)
    axes = axes_for(axes, x)
    views = windows(x, shape_of(weights), axes, mode, cval, origin)
    return like_input(np.tensordot(views, weights, rank(weights)), x)


@composite(ndimage.convolve)
def convolve(input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None):
    """`scipy.ndimage.convolve`."""
    weights = np.flip(arrayed(weights))
    origins = per_axis(origin, rank(weights), "origin")
    origins = [-o if n % 2 else -o - 1 for o, n in zip(origins, shape_of(weights), strict=True)]
    return correlate(input, weights, output, mode, cval, origins, axes=axes)


def chosen(func, input, size, footprint, output, mode, cval, origin, axes):
    """The numbers of each window, along the last axis."""
    plain_output(func, output)
    x = arrayed(input)
    axes = axes_for(axes, x)
    if footprint is None:
        footprint = np.ones(per_axis(size, len(axes), "size"), dtype=bool)
    footprint = np.asarray(footprint, bool)
    if footprint.shape and footprint.ndim != len(axes):
        raise RuntimeError(f"footprint.ndim ({footprint.ndim}) must match len(axes) ({len(axes)})")
    views = windows(x, footprint.shape, axes, mode, cval, origin)
    flat = np.reshape(views, (*shape_of(x), -1))
    return flat[..., np.flatnonzero(footprint)]


def of_extremum(name, reduce):
    """Register the filters `name` and `name1d`."""

    def several(
        input, size=None, footprint=None, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None
    ):
        func = getattr(ndimage, f"{name}_filter")
        return reduce(chosen(func, input, size, footprint, output, mode, cval, origin, axes), axis=-1)

    def one(input, size, axis=-1, output=None, mode="reflect", cval=0.0, origin=0):
        return several(input, size, None, output, mode, cval, origin, axes=[axis])

    several.__doc__ = one.__doc__ = f"`scipy.ndimage.{name}_filter`; ties share the gradient equally."
    return composite(getattr(ndimage, f"{name}_filter"))(several), composite(
        getattr(ndimage, f"{name}_filter1d")
    )(one)


of_extremum("maximum", np.max)
of_extremum("minimum", np.min)


@composite(ndimage.rank_filter)
def rank_filter(
    input, rank, size=None, footprint=None, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None
):
    """`scipy.ndimage.rank_filter`."""
    numbers = chosen(ndimage.rank_filter, input, size, footprint, output, mode, cval, origin, axes)
    return np.sort(numbers, axis=-1)[..., rank]


@composite(ndimage.median_filter)
def median_filter(
    input, size=None, footprint=None, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None
):
    """`scipy.ndimage.median_filter`: of an even number, the upper of the two in the middle."""
    numbers = chosen(ndimage.median_filter, input, size, footprint, output, mode, cval, origin, axes)
    return np.sort(numbers, axis=-1)[..., shape_of(numbers)[-1] // 2]


@composite(ndimage.percentile_filter)
def percentile_filter(
    input, percentile, size=None, footprint=None, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None
):  # fmt: skip
    """`scipy.ndimage.percentile_filter`."""
    numbers = chosen(ndimage.percentile_filter, input, size, footprint, output, mode, cval, origin, axes)
    n, p = shape_of(numbers)[-1], float(percentile)
    p = p + 100 if p < 0 else p
    if not 0 <= p <= 100:
        raise RuntimeError("invalid percentile")
    return np.sort(numbers, axis=-1)[..., n - 1 if p == 100 else int(n * p / 100)]
