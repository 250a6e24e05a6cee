"""Circular and hyperbolic functions, their inverses, angles.  `arctan2` has slope 0 at the origin."""

import math

import numpy as np

from .families import elementwise


def root(x):
    """The square root of 1 - x*x, of a complex number on that side of its branch cuts where numpy's arcsin is."""
    return np.sqrt(-(x - 1)) * np.sqrt(1 + x) if np.iscomplexobj(x) else np.sqrt(1 - x * x)


sin = elementwise(np.sin, lambda t, x: t * np.cos(x), math=math.sin)
cos = elementwise(np.cos, lambda t, x: t * -np.sin(x), math=math.cos)
tan = elementwise(np.tan, lambda t, y: t * (1 + y * y), math=math.tan)
sinh = elementwise(np.sinh, lambda t, x: t * np.cosh(x), math=math.sinh)
cosh = elementwise(np.cosh, lambda t, x: t * np.sinh(x), math=math.cosh)
tanh = elementwise(np.tanh, lambda t, y: t * (1 - y * y), math=math.tanh)
arcsin = elementwise(np.arcsin, lambda t, x: t / root(x), math=math.asin, unbounded=True)
arccos = elementwise(np.arccos, lambda t, x: -t / root(x), math=math.acos, unbounded=True)
arctan = elementwise(np.arctan, lambda t, x: t / (1 + x * x), math=math.atan)
arcsinh = elementwise(np.arcsinh, lambda t, x: t / np.sqrt(1 + x * x), math=math.asinh)
arccosh = elementwise(
    np.arccosh, lambda t, x: t / (np.sqrt(x - 1) * np.sqrt(x + 1)), math=math.acosh, unbounded=True
)
arctanh = elementwise(np.arctanh, lambda t, x: t / (1 - x * x), math=math.atanh, unbounded=True)


def square_of_distance(a, b):
    """a*a + b*b, and 1 at the origin, where every slope is then 0."""
    square = a * a + b * b
    return np.where(square == 0, 1.0, square)


arctan2 = elementwise(
    np.arctan2,
    lambda t, a, b: t * b / square_of_distance(a, b),
    lambda t, a, b: -t * a / square_of_distance(a, b),
    math=math.atan2,
)

PI2 = math.pi**2


def slope_of_sinc(t, x):
    """d sinc / dx = (cos(pi x) - sinc(x)) / x; near 0 its Taylor series, so that every order is exact there."""
    near = np.abs(x) < 0.1
    u = PI2 * x * x
    series = (
        -PI2
        * x
        * (1 / 3 - u * (1 / 30 - u * (1 / 840 - u * (1 / 45360 - u * (1 / 3991680 - u / 518918400)))))
    )
    return t * np.where(near, series, (np.cos(math.pi * x) - np.sinc(x)) / np.where(near, 1.0, x))


sinc = elementwise(np.sinc, slope_of_sinc)
deg2rad = elementwise(np.deg2rad, lambda t: t * (math.pi / 180), math=math.radians)
radians = elementwise(np.radians, lambda t: t * (math.pi / 180))
rad2deg = elementwise(np.rad2deg, lambda t: t * (180 / math.pi), math=math.degrees)
degrees = elementwise(np.degrees, lambda t: t * (180 / math.pi))
