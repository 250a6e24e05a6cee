"""Sums, products, quotients, powers, extrema, absolute values.

Kinks: `maximum` and its like share a tie half and half; `abs` and `hypot` have slope 0 at the origin (the least norm
among the subgradients); `x**0` is constant, and d/db 0**b is 0 for b > 0; `mod` and `floor_divide` jump and are
differentiated between the jumps.
"""

import math
import operator

import numpy as np

from pycograd.core import PLAIN, Aval, Primitive, Traced
from pycograd.core.decisions import decide_sign

from .families import arrayed, batch_elementwise, composite, constant, elementwise, watches

add = elementwise(np.add, lambda t: t, lambda t: t, operator=operator.add)
subtract = elementwise(np.subtract, lambda t: t, lambda t: -t, operator=operator.sub)
multiply = elementwise(np.multiply, lambda t, b: t * b, lambda t, a: t * a, operator=operator.mul)
divide = elementwise(
    np.divide, lambda t, b: t / b, lambda t, y, b: -t * y / b, operator=operator.truediv, unbounded=True
)
negative = elementwise(np.negative, lambda t: -t, operator=operator.neg)
positive = elementwise(np.positive, lambda t: t, operator=operator.pos)
square = elementwise(np.square, lambda t, x: t * (2 * x))
reciprocal = elementwise(np.reciprocal, lambda t, y: -t * y * y, unbounded=True)
sqrt = elementwise(np.sqrt, lambda t, y: t * 0.5 / y, math=math.sqrt, unbounded=True)
cbrt = elementwise(np.cbrt, lambda t, y: t / (3 * y * y), math=getattr(math, "cbrt", None), unbounded=True)


def power_by_base(t, a, b):
    """d/da a**b = b a**(b - 1), also for negative a; a constant where b is 0."""
    if type(b) is int or type(b) is float:
        return t * (b * a ** (b - 1)) if b else t * 0.0
    return t * (b * a ** np.where(b == 0, 1.0, b - 1.0))


def power_by_exponent(t, y, a):
    """d/db a**b = a**b log a, which is 0 where a is 0 and b > 0."""
    return t * (y * np.log(np.where(np.logical_and(a == 0, y == 0), 1.0, a)))


power = elementwise(
    np.power, power_by_base, power_by_exponent, operator=operator.pow, math=math.pow, unbounded=True
)
float_power = elementwise(np.float_power, power_by_base, power_by_exponent, unbounded=True)
floor_divide = constant(np.floor_divide, operands="a b", operator=operator.floordiv)
remainder = elementwise(
    np.remainder, lambda t: t, lambda t, a, b: -t * np.floor_divide(a, b), operator=operator.mod
)
fmod = elementwise(np.fmod, lambda t: t, lambda t, a, b: -t * np.trunc(a / b), math=math.fmod)
math_remainder = elementwise(math.remainder, lambda t: t, lambda t, y, a, b: -t * np.rint((a - y) / b))
math_remainder.batch = lambda _, xs, batched, params: xs[0] - xs[1] * np.rint(xs[0] / xs[1])


@composite(np.divmod)
def divmod_(a, b, /):
    """`np.divmod`: quotient and remainder."""
    return np.floor_divide(a, b), np.remainder(a, b)


# ---- extrema -------------------------------------------------------------------------------------------------------
def share(a, b):
    """1 where `a` is above `b`, 1/2 where they tie, 0 elsewhere."""
    above, tie = a > b, a == b
    return np.where(tie, 0.5, above) if np.count_nonzero(tie) else above


def share_of_number(a, b):
    """`share`, for functions that prefer a number to nan."""
    return np.where(np.isnan(a), 0.0, np.where(np.isnan(b), 1.0, share(a, b)))


def shape_of_share(a, b):
    return Aval(np.broadcast_shapes(a.shape, b.shape), np.dtype(float))


share_ = Primitive(share, operands="a b", batch=batch_elementwise, shape=shape_of_share)


def over(a, b):
    """`share`, also of watched values; its slope is zero."""
    return share(a, b) if type(a) in PLAIN and type(b) in PLAIN else share_.call(a, b)


over_number = Primitive(share_of_number, operands="a b", batch=batch_elementwise, shape=shape_of_share)
maximum = elementwise(np.maximum, lambda t, a, b: t * over(a, b), lambda t, a, b: t * over(b, a))
minimum = elementwise(np.minimum, lambda t, a, b: t * over(b, a), lambda t, a, b: t * over(a, b))
fmax = elementwise(np.fmax, lambda t, a, b: t * over_number(a, b), lambda t, a, b: t * over_number(b, a))
fmin = elementwise(np.fmin, lambda t, a, b: t * over_number(-a, -b), lambda t, a, b: t * over_number(-b, -a))


@composite(np.clip)
def clip(a, a_min=None, a_max=None, out=None, *, min=None, max=None, **params):
    """`np.clip`: the smaller of `a_max` and the larger of `a_min` and `a`."""
    low, high = a_min if min is None else min, a_max if max is None else max
    y = arrayed(a)
    if low is None and high is None:
        return np.positive(y, **params)
    y = y if low is None else np.maximum(y, low, **params)
    return y if high is None else np.minimum(y, high, **params)


# ---- size and sign -------------------------------------------------------------------------------------------------
def real_dtype(dtype):
    """The dtype of the absolute value of a number of `dtype`."""
    return np.abs(np.ones((), dtype)).dtype


def slope_of_abs(t, x):
    if not np.iscomplexobj(x):
        return t * np.sign(x)
    size = np.abs(x)
    return t * np.conj(x) / np.where(size == 0, 1.0, size)


absolute = elementwise(np.absolute, slope_of_abs, operator=operator.abs, dtype=real_dtype)
fabs = elementwise(np.fabs, lambda t, x: t * np.sign(x), math=math.fabs)
sign = constant(np.sign)


def sign_in_general(prim, x):
    """A real sign is constant between its jumps; that of a complex number, z / |z|, is not."""
    if not isinstance(x, Traced) or x.dtype.kind != "c":
        return decide_sign(prim, x)
    size = np.abs(x)
    return np.where(size == 0, 0.0, x / np.where(size == 0, 1.0, size))


sign.dispatch = sign_in_general
copysign = elementwise(
    np.copysign, lambda t, a, b: t * (np.sign(a) * np.copysign(1.0, b)), None, math=math.copysign
)
heaviside = elementwise(np.heaviside, None, lambda t, a: t * (a == 0))
signbit = constant(np.signbit)
hypot = elementwise(
    np.hypot,
    lambda t, y, a: t * a / np.where(y == 0, 1.0, y),
    lambda t, y, b: t * b / np.where(y == 0, 1.0, y),
    math=math.hypot,
)
ldexp = elementwise(np.ldexp, lambda t, b: np.ldexp(t, b), None, math=math.ldexp)
nextafter = elementwise(np.nextafter, lambda t: t, None, math=math.nextafter)
exponent = Primitive(
    lambda x: np.frexp(x)[1],
    operands="x",
    batch=batch_elementwise,
    shape=lambda x: Aval(x.shape, np.dtype(np.intc)),
    name="exponent",
)


@composite(np.frexp)
def frexp(x, /):
    """`np.frexp`: the slope of the mantissa is 2**-exponent."""
    e = exponent.call(x)
    return np.ldexp(x, -e), e


@composite(np.modf)
def modf(x, /):
    """`np.modf`: the slope of the fraction is 1."""
    whole = np.trunc(x)
    infinite = np.isinf(x)
    return np.where(infinite, 0, np.where(infinite, 0, x) - np.where(infinite, 0, whole)).astype(whole.dtype)[
        ()
    ], whole


@composite(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """`np.nan_to_num`: what replaces a nan or an infinity may be watched too."""
    x = arrayed(x) if watches((x,)) else np.asarray(x)
    limits = np.finfo(x.dtype if x.dtype.kind in "fc" else float)
    high, low = (limits.max if posinf is None else posinf), (limits.min if neginf is None else neginf)
    if np.iscomplexobj(x):
        parts = (nan_to_num(part, nan=nan, posinf=high, neginf=low) for part in (np.real(x), np.imag(x)))
        return next(parts) + 1j * next(parts)
    for there, value in ((np.isnan(x), nan), (x == np.inf, high), (x == -np.inf, low)):
        x = np.where(there, value.astype(x.dtype) if isinstance(value, Traced) else x.dtype.type(value), x)
    return x


gcd = constant(np.gcd, operands="a b")
lcm = constant(np.lcm, operands="a b")
left_shift = constant(np.left_shift, operands="a b", operator=operator.lshift)
right_shift = constant(np.right_shift, operands="a b", operator=operator.rshift)
bitwise_and = constant(np.bitwise_and, operands="a b", operator=operator.and_)
bitwise_or = constant(np.bitwise_or, operands="a b", operator=operator.or_)
bitwise_xor = constant(np.bitwise_xor, operands="a b", operator=operator.xor)
invert = constant(np.invert, operator=operator.invert)
