"""Rows of the functions that act on each element: arithmetic, exponentials, angles, rounding, comparison, complex."""

import math

import numpy as np
from laws.row import distinct, normal, positive, row, unit

inf, nan = np.inf, np.nan
x, y, p, q, u = normal(3, 4), normal(4, 3).T, positive(3, 4), positive(4, 3).T, unit(3, 4)
away = np.array([-2.3, -1.6, -0.4, 0.3, 1.2, 2.7])  # from integers, halves and zero
signed = positive(6) * np.array([1, -1, 1, -1, 1, -1])
integers, counts = np.array([3, -2, 0, 7]), np.array([1, 2, 3, 4])
special = np.array([1.0, nan, inf, -inf, 0.0])


def root_or_zero(x):
    return np.where(x > 0, np.sqrt(x), 0.0)


EVERYWHERE = [
    np.exp, np.exp2, np.expm1, np.sin, np.cos, np.sinh, np.cosh, np.tanh, np.arctan, np.arcsinh, np.square, np.negative,
    np.positive, np.conjugate, np.deg2rad, np.rad2deg, np.radians, np.degrees, np.sinc,
]  # fmt: skip
WHERE_POSITIVE = [np.log, np.log2, np.log10, np.log1p, np.sqrt, np.cbrt, np.reciprocal]
HOLOMORPHIC = {
    np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sqrt, np.square, np.reciprocal,
    np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan,
    np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh, np.arctanh,
    np.negative, np.positive, np.conjugate,
}  # fmt: skip
JUMPING = [np.floor, np.ceil, np.trunc, np.rint, np.fix, np.sign]
ROWS = [
    *[row(f, x, complex=f in HOLOMORPHIC) for f in EVERYWHERE],
    *[row(f, p, complex=f in HOLOMORPHIC) for f in WHERE_POSITIVE],
    *[row(f, u, complex=f in HOLOMORPHIC) for f in (np.tan, np.arcsin, np.arccos, np.arctanh)],
    row(np.arccosh, 1.2 + p, complex=True),
    row(np.sinc, np.array([0.0, 1e-9, 1e-3, -0.05, 0.09, 0.11, 1.0, 2.5])),
    *[row(f, away) for f in JUMPING],
    # ---- two operands
    row(np.add, x, y, complex=True),
    row(np.subtract, x, y, complex=True),
    row(np.multiply, x, y, complex=True),
    row(np.divide, x, p, complex=True, covers=[np.true_divide]),
    row(np.power, p, x, complex=True),
    row(np.float_power, p, x, complex=True),
    row(np.logaddexp, x, y),
    row(np.logaddexp2, x, y),
    row(np.arctan2, x, p),
    row(np.arctan2, x - 3, -p),
    row(np.hypot, x, p),
    row(np.maximum, x, y),
    row(np.minimum, x, y),
    row(np.fmax, x, y),
    row(np.fmin, x, y),
    row(np.remainder, 3 * away, p[0, 0] + np.zeros(6)),
    row(np.remainder, 3 * away, signed),
    row(np.fmod, 3 * away, signed),
    row(np.floor_divide, 3 * away, signed),
    row(np.copysign, away, -away[::-1]),
    row(np.heaviside, away, u.ravel()[:6]),
    row(np.ldexp, x[0], counts),
    # ---- powers by numbers, integers, arrays of them
    row(np.power, x, call=lambda x: x**2),
    row(np.power, x, call=lambda x: x**3.0),
    row(np.power, x, call=lambda x: x**0),
    row(np.power, p, call=lambda p: p**-1.5),
    row(np.power, x, call=lambda x: 2.0**x),
    row(np.power, x[0], np.array([2, 3, 0, 1])),
    row(np.power, counts, x[0]),
    row(np.power, p, x, call=lambda a, b: a**b),
    # ---- operators
    row(np.add, x, y, call=lambda a, b: (a + b) + (1 + a) - (2.0 - b), complex=True),
    row(np.multiply, x, p, call=lambda a, b: 2 * a * b / (3.0 / b) / 4, complex=True),
    row(np.negative, x, call=lambda a: -a + (+a) * 3 - abs(a)),
    row(np.remainder, 3 * away, call=lambda a: a % 1.7 + a // 1.7 + 5.3 % a),
    row(np.floor_divide, 3 * away, p.ravel()[:6], call=lambda a, b: divmod(a, b), covers=[np.divmod]),
    row(np.add, x, call=lambda a: y + a - (y - a) * (p * a) - p / (3 + np.abs(a)), complex=True),
    row(np.power, p, call=lambda a: q**a + q % a + q // a),
    row(np.greater, x, call=lambda a: ((y > a), (y >= a), (y < a), (y <= a), (y == a), (y != a))),
    row(np.greater, x, y, call=lambda a, b: ((a > b), (a >= b), (a < b), (a <= b), (a == b), (a != b))),
    # ---- size and sign, limits
    row(np.absolute, away),
    row(np.absolute, away + 1j * away[::-1]),
    row(np.fabs, away),
    row(np.sign, away),
    row(np.signbit, away),
    row(np.spacing, away),
    row(np.clip, distinct(3, 4), -0.25, 0.31),
    row(np.clip, distinct(3, 4), None, 0.31),
    row(np.clip, distinct(3, 4), -0.25, None),
    row(np.clip, distinct(3, 4), distinct(4) - 0.15, distinct(4) + 0.25),
    row(np.clip, distinct(3, 4), min=-0.25, max=0.31),
    row(np.nan_to_num, np.array([1.0, nan, inf, -inf, -2.0])),
    row(np.nan_to_num, np.array([1.0, nan, inf, -inf, -2.0]), nan=7.0, posinf=1.0, neginf=-3.0),
    row(np.fmax, np.array([1.0, nan, 2.0]), np.array([nan, 3.0, 1.0])),
    row(np.fmin, np.array([1.0, nan, 2.0]), np.array([nan, 3.0, 1.0])),
    row(np.around, away, 0),
    row(np.around, away, decimals=1),
    row(np.around, 100 * away, decimals=-1),
    row(np.round, away, 1),
    # ---- complex
    *[row(f, x + 1j * y) for f in (np.real, np.imag, np.conjugate, np.angle)],
    *[row(f, x) for f in (np.real, np.imag, np.angle)],
    row(np.angle, p + 1j * q, deg=True),
    row(np.multiply, x + 1j * y, p),
    row(np.divide, p, x + 1j * y),
    row(np.power, p + 1j * y, call=lambda z: z**2 + z**-1.5),
    row(np.absolute, x + 1j * y, call=lambda z: z.real**2 + z.imag * z.conj()),
    # ---- comparisons and tests: plain answers
    *[row(f, x, y) for f in (np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal)],
    *[row(f, np.round(x), np.round(y)) for f in (np.equal, np.logical_and, np.logical_or, np.logical_xor)],
    *[row(f, special) for f in (np.isfinite, np.isinf, np.isnan, np.isposinf, np.isneginf, np.logical_not)],
    *[row(f, x + 1j * np.round(y)) for f in (np.isreal, np.iscomplex, np.isfinite)],
    row(np.isclose, x, x + 1e-9),
    row(np.isnat, np.array(["2020-01-01", "NaT"], "datetime64[D]")),
    # ---- integers
    *[row(f, integers, counts) for f in (np.gcd, np.lcm, np.left_shift, np.right_shift)],
    *[row(f, integers, counts) for f in (np.bitwise_and, np.bitwise_or, np.bitwise_xor)],
    row(np.invert, integers),
    *[row(f, x[0], counts) for f in (np.add, np.multiply, np.divide, np.subtract, np.maximum)],
    # ---- Python floats by `math`
    *[
        row(f, 0.3)
        for f in (
            math.sin, math.cos, math.tan, math.asin, math.acos, math.atan, math.sinh, math.cosh, math.tanh, math.asinh,
            math.atanh, math.exp, math.exp2, math.expm1, math.log2, math.log10, math.log1p, math.sqrt, math.cbrt,
            math.fabs, math.degrees, math.radians, math.floor, math.ceil, math.trunc,
        )
    ],
    row(math.acosh, 1.7),
    *[row(f, 2.3, 0.7) for f in (math.pow, math.atan2, math.hypot, math.fmod, math.copysign, math.remainder)],
    row(math.ldexp, 0.7, 3),
    # ---- kinks: the gradient of the sum of the output is the documented one
    row(np.absolute, np.array([0.0, -0.0, 2.0]), expected=([0.0, 0.0, 1.0],)),
    row(np.fabs, np.array([0.0, -1.0]), expected=([0.0, -1.0],)),
    row(np.absolute, np.array([0j, 3 + 4j]), expected=([0.0, 0.6 - 0.8j],)),
    row(np.maximum, np.array([1.0, 2.0]), np.array([1.0, 3.0]), expected=([0.5, 0.0], [0.5, 1.0])),
    row(np.minimum, np.array([1.0, 2.0]), np.array([1.0, 3.0]), expected=([0.5, 1.0], [0.5, 0.0])),
    row(np.fmax, np.array([1.0, nan]), np.array([1.0, 2.0]), expected=([0.5, 0.0], [0.5, 1.0])),
    row(np.hypot, np.array([0.0, 3.0]), np.array([0.0, 4.0]), expected=([0.0, 0.6], [0.0, 0.8])),
    row(np.arctan2, np.array([0.0, 1.0]), np.array([0.0, 0.0]), expected=([0.0, 0.0], [0.0, -1.0])),
    row(np.power, np.array([0.0, -2.0, 3.0]), call=lambda x: x**0, expected=([0.0] * 3,)),
    row(np.power, np.array([0.0, -2.0, 3.0]), np.zeros(3), expected=([0.0] * 3, [-inf, nan, math.log(3)])),
    row(np.power, np.zeros(2), np.array([2.0, 0.5]), call=lambda x, y: 0.0**y + 0 * x, expected=([0.0] * 2, [0.0] * 2)),
    row(np.power, np.array([-2.0, 0.0]), call=lambda x: x**3, expected=([12.0, 0.0],)),
    row(np.sqrt, np.array([0.0, 4.0]), expected=([inf, 0.25],)),
    row(np.log, np.array([0.0, 4.0]), expected=([inf, 0.25],)),
    row(np.sqrt, np.array([-1.0, 0.0, 4.0]), call=root_or_zero, expected=([0.0, 0.0, 0.25],)),
    row(np.divide, np.array([0.0, 2.0]), call=lambda x: np.where(x > 0, 1 / x, x), expected=([1.0, -0.25],)),
    row(np.logaddexp, np.array([-inf, 0.0]), np.array([-inf, 0.0]), expected=([0.0, 0.5], [0.0, 0.5])),
    row(np.angle, np.array([0j, 1j]), expected=([0.0, -1.0],)),
    row(np.sign, np.array([0.0, 2.0]), expected=([0.0, 0.0],)),
    row(np.heaviside, np.array([0.0, 2.0]), np.array([0.5, 0.5]), expected=([0.0, 0.0], [1.0, 0.0])),
    row(np.clip, np.array([0.0, 1.0, 2.0]), call=lambda x: np.clip(x, 0.0, 1.0), expected=([0.5, 0.5, 0.0],)),
]  # fmt: skip
