"""Functions of `math` that are no ufunc's twin: log to a base, sums and products of many, gamma and error functions."""

import math
import operator
from functools import reduce

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, registered, without_tape

from .exponential import log as np_log
from .families import batch_elementwise, watches
from .scalars import to_float, total


# ---- questions about one number ------------------------------------------------------------------------------------
def question(func, twin):
    """Register math's `func`, which answers with a bool; under vmap numpy's `twin` does."""

    def batch(prim, xs, batched, params):
        return twin(*xs, **params)

    names = "a b" if func.__name__ == "isclose" else "x"
    REGISTRY[func] = Primitive(func, operands=names, batch=batch, shape=lambda *avals, **_: Aval((), bool))


def near(a, b, *, rel_tol=1e-09, abs_tol=0.0):
    """`math.isclose` of arrays."""
    return (a == b) | (np.abs(a - b) <= np.maximum(rel_tol * np.maximum(np.abs(a), np.abs(b)), abs_tol))


question(math.isnan, np.isnan)
question(math.isinf, np.isinf)
question(math.isfinite, np.isfinite)
question(math.isclose, near)


# ---- sums and products of many -------------------------------------------------------------------------------------
def batch_many(prim, xs, batched, params):
    """One array for each operand, so numpy's arithmetic does what math's did for one number."""
    return BATCHED[prim.name](xs)


def number_shape(*avals):
    return Aval((), float)


fsum_ = Primitive(
    lambda *xs: math.fsum(xs),
    lambda g: g,
    linear="joint",
    operands="*xs",
    batch=batch_many,
    shape=number_shape,
    name="fsum",
)
hypot_ = Primitive(
    math.hypot,
    lambda g, x, y: g * x / np.where(y == 0, 1.0, y),
    operands="*xs",
    batch=batch_many,
    shape=number_shape,
    name="hypot_of_many",
)
BATCHED = {
    "fsum": lambda xs: reduce(np.add, xs),
    "hypot_of_many": lambda xs: reduce(np.hypot, xs[1:], np.abs(xs[0])),
}
hypot_of_two = REGISTRY[math.hypot]


@registered(math.hypot)
def hypot(*coordinates):
    """`math.hypot`; slope 0 at the origin."""
    if len(coordinates) == 2:
        return hypot_of_two(*coordinates)
    return hypot_.call(*coordinates) if watches(coordinates) else math.hypot(*coordinates)


@registered(math.dist)
def dist(p, q, /):
    """`math.dist`; slope 0 where the points coincide."""
    if not watches((p, q)):
        return math.dist(p, q)
    p, q = list(p), list(q)
    if len(p) != len(q):
        raise ValueError("both points must have the same number of dimensions")
    return hypot(*[a - b for a, b in zip(p, q, strict=True)])


@registered(math.fsum)
def fsum(seq, /):
    """`math.fsum`."""
    items = list(seq)
    return fsum_.call(*items) if watches((items,)) else math.fsum(items)


@registered(math.prod)
def prod(iterable, /, *, start=1):
    """`math.prod`."""
    items = list(iterable)
    return reduce(operator.mul, items, start) if watches((start, items)) else math.prod(items, start=start)


def sumprod(p, q, /):
    """`math.sumprod`."""
    p, q = list(p), list(q)
    if not watches((p, q)):
        return math.sumprod(p, q)
    if len(p) != len(q):
        raise ValueError("Inputs are not the same length")
    return total([a * b for a, b in zip(p, q, strict=True)])


if hasattr(math, "sumprod"):  # Python 3.12
    registered(math.sumprod)(sumprod)


# ---- logarithm -----------------------------------------------------------------------------------------------------
class Logarithm(Primitive):
    """The primitive of `math.log`, which may be called with a base."""

    def __call__(self, x, *base):
        return self.call(x) / self.call(base[0]) if base else self.call(x)


def slope_of_log(t, x):
    return t / x


REGISTRY[math.log] = Logarithm(
    math.log,
    slope_of_log,
    jvp=(slope_of_log,),
    batch=lambda prim, xs, batched, params: np_log(xs[0]),
    shape=number_shape,
    name="log",
    unbounded=True,
    same_aval=True,
)


# ---- parts of a number ---------------------------------------------------------------------------------------------
REGISTRY[math.ulp] = Primitive(
    math.ulp,
    operands="x",
    batch=lambda prim, xs, batched, params: np.spacing(np.abs(xs[0])),
    shape=number_shape,
)


@registered(math.modf)
def modf(x, /):
    """`math.modf`."""
    if not watches((x,)):
        return math.modf(x)
    whole = to_float(np.trunc(x))
    return x - whole, whole


@registered(math.frexp)
def frexp(x, /):
    """`math.frexp`."""
    exponent = math.frexp(without_tape(x))[1]
    return REGISTRY[math.ldexp](x, -exponent), exponent


if hasattr(math, "fma"):  # Python 3.13
    REGISTRY[math.fma] = Primitive(
        math.fma,
        lambda g, b: g * b,
        lambda g, a: g * a,
        lambda g: g,
        batch=lambda prim, xs, batched, params: xs[0] * xs[1] + xs[2],
        shape=number_shape,
    )


# ---- gamma and error functions -------------------------------------------------------------------------------------
SLOPE_OF_ERF = 2 / math.sqrt(math.pi)
BERNOULLI = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12]  # B_2k / 2k


def on_each(func, rule):
    """Register math's `func`, with rule(t, ...) for its slope; numpy has none such: arrays go element by element."""
    each = np.frompyfunc(func, 1, 1)

    def impl(x):
        return func(x) if not np.ndim(x) else each(x).astype(x.dtype)

    shape = lambda x: Aval(x.shape, x.dtype if x.shape else float)  # noqa: E731
    prim = Primitive(impl, rule, jvp=(rule,), batch=batch_elementwise, shape=shape, name=func.__name__)
    REGISTRY[func] = prim
    return prim


def digamma(x):
    """The slope of log gamma: Abramowitz and Stegun 6.3.18, after 6.3.5 and 6.3.7 have made the argument large."""
    left = x < 0.5
    x = np.where(left, 1 - x, x)
    z = x + 15
    series = np.log(z) - 0.5 / z - sum(b / z ** (2 * k) for k, b in enumerate(BERNOULLI, 1))
    psi = series - sum(1 / (x + k) for k in range(15))
    return np.where(left, psi - math.pi / np.tan(math.pi * np.where(left, 1 - x, 0.25)), psi)


erf = on_each(math.erf, lambda t, x: t * (SLOPE_OF_ERF * np.exp(-x * x)))
erfc = on_each(math.erfc, lambda t, x: t * (-SLOPE_OF_ERF * np.exp(-x * x)))
lgamma = on_each(math.lgamma, lambda t, x: t * digamma(x))
gamma = on_each(math.gamma, lambda t, y, x: t * (y * digamma(x)))
