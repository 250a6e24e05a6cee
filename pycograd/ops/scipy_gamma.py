"""`scipy.special`: error functions, the normal distribution, gamma and beta functions.

An argument for which no closed form of the slope is known (the order of a Bessel function, the shape of an incomplete
gamma function) raises if it is differentiated.
"""

import math

import numpy as np

from pycograd.core import REGISTRY, MissingRuleError, told
from pycograd.core.lazy import optional

from .families import arrayed, composite, constant, elementwise, no_rule

special = optional("scipy.special", "scipy")
PI = math.pi
ERF, NORMAL = 2 / math.sqrt(math.pi), 1 / math.sqrt(2 * math.pi)


def no_slope(name, operand):
    """The rule of an operand for which no closed form is known."""

    def rule(t):
        raise MissingRuleError(
            told(
                f"no derivative of scipy.special.{name} in its argument {operand}",
                fix=f'pycograd.blackbox(scipy.special.{name}, jac="3-point"), or grad(f, on_missing="fd")',
            )
        )

    return rule


def declare(name, *rules, **params):
    """`elementwise` for the function of scipy.special of that name, if this scipy has it."""
    return elementwise(getattr(special, name), *rules, **params) if hasattr(special, name) else None


def dtype_of(func, before=()):
    """The `dtype` rule of a function whose result has not the dtype of its last operand; `before` are the others."""
    return lambda *dtypes: func(*before, np.ones(1, dtypes[-1])).dtype


def series(u, coefficients):
    """The power series in `u` with these coefficients, by Horner's rule."""
    y = coefficients[-1]
    for c in coefficients[-2::-1]:
        y = y * u + c
    return y


# ---- error functions and their inverses ------------------------------------------------------------------------------
erf = declare("erf", lambda t, x: t * (ERF * np.exp(-x * x)))
erfc = declare("erfc", lambda t, x: t * (-ERF * np.exp(-x * x)))
erfcx = declare("erfcx", lambda t, y, x: t * (2 * x * y - ERF))
erfi = declare("erfi", lambda t, x: t * (ERF * np.exp(x * x)))
erfinv = declare("erfinv", lambda t, y: t * (np.exp(y * y) / ERF), unbounded=True)
erfcinv = declare("erfcinv", lambda t, y: t * (np.exp(y * y) / -ERF), unbounded=True)
dawsn = declare("dawsn", lambda t, y, x: t * (1 - 2 * x * y))
wofz = declare("wofz", lambda t, y, x: t * (-2 * x * y + 1j * ERF), dtype=dtype_of(special.wofz))

# ---- the normal distribution -----------------------------------------------------------------------------------------
ndtr = declare("ndtr", lambda t, x: t * (NORMAL * np.exp(-0.5 * x * x)))
ndtri = declare("ndtri", lambda t, y: t * (np.exp(0.5 * y * y) / NORMAL), unbounded=True)
log_ndtr = declare("log_ndtr", lambda t, y, x: t * (NORMAL * np.exp(-0.5 * x * x - y)))
ndtri_exp = declare("ndtri_exp", lambda t, y, x: t * (np.exp(x + 0.5 * y * y) / NORMAL), unbounded=True)


# ---- gamma functions -------------------------------------------------------------------------------------------------
def slope_of_rgamma(t, y, x):
    """d/dx 1/gamma(x); by the reflection formula below 1/2, where the poles of gamma are."""
    low = x < 0.5
    u = np.where(low, 1 - x, x)
    reflected = gamma(np.where(low, u, 1.0)) * (np.cos(PI * x) - np.sin(PI * x) * digamma(u) / PI)
    return t * np.where(low, reflected, -y * digamma(u))


digamma = declare("digamma", lambda t, x: t * polygamma(1, x))
psi = digamma if special.psi is special.digamma else declare("psi", lambda t, x: t * polygamma(1, x))
polygamma = declare(
    "polygamma",
    no_slope("polygamma", "n"),
    lambda t, a, b: t * polygamma(a + 1, b),
    dtype=dtype_of(special.polygamma, (1,)),
)
gamma = declare("gamma", lambda t, y, x: t * (y * digamma(x)))
gammaln = declare("gammaln", lambda t, x: t * digamma(x))
loggamma = declare("loggamma", lambda t, x: t * digamma(x))
rgamma = declare("rgamma", slope_of_rgamma)
gammasgn = constant(special.gammasgn)
beta = declare(
    "beta",
    lambda t, y, a, b: t * (y * (digamma(a) - digamma(a + b))),
    lambda t, y, a, b: t * (y * (digamma(b) - digamma(a + b))),
)
betaln = declare(
    "betaln",
    lambda t, a, b: t * (digamma(a) - digamma(a + b)),
    lambda t, a, b: t * (digamma(b) - digamma(a + b)),
)
binom = declare(
    "binom",
    lambda t, y, a, b: t * (y * (digamma(a + 1) - digamma(a - b + 1))),
    lambda t, y, a, b: t * (y * (digamma(a - b + 1) - digamma(b + 1))),
)
poch = declare(
    "poch",
    lambda t, y, a, b: t * (y * (digamma(a + b) - digamma(a))),
    lambda t, y, a, b: t * (y * digamma(a + b)),
)


def log_density_of_gamma(a, x):
    return -x + (a - 1) * np.log(x) - gammaln(a)


def log_density_of_beta(a, b, x):
    return (a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - betaln(a, b)


@composite(special.multigammaln)
def multigammaln(a, d):
    """`scipy.special.multigammaln`."""
    a = arrayed(a)
    return sum([gammaln(a - 0.5 * j) for j in range(d)]) + np.float64(d * (d - 1) * 0.25 * math.log(PI))


@composite(special.factorial)
def factorial(n, exact=False, extend="zero"):
    """`scipy.special.factorial` by the gamma function: 0 below 0."""
    if exact or extend != "zero":
        raise no_rule(special.factorial, "exact" if exact else "extend")
    n = arrayed(n)
    return np.where(n < 0, np.float64(0.0), gamma(np.where(n < 0, 1.0, n + 1.0)))


@composite(special.comb)
def comb(N, k, *, exact=False, repetition=False):
    """`scipy.special.comb` by the binomial coefficient: 0 outside 0 <= k <= N."""
    if exact:
        raise no_rule(special.comb, "exact")
    N, k = arrayed(N), arrayed(k)
    N = N + k - 1 if repetition else N
    return np.where(np.logical_and(k <= N, np.logical_and(N >= 0, k >= 0)), binom(N, k), 0.0)


zeta_ = elementwise(
    special.zeta,
    no_slope("zeta", "x"),
    lambda t, a, b: -t * a * zeta_(a + 1, b),
    dtype=dtype_of(special.zeta, (2,)),
)


@composite(special.zeta)
def zeta(x, q=None, out=None):
    """`scipy.special.zeta`; differentiable in `q`."""
    return zeta_(x, 1.0 if q is None else q)


if hasattr(special, "_ufuncs"):  # what `zeta` calls, when it is called from code that is not woven
    REGISTRY[special._ufuncs._zeta] = zeta_
