"""The incomplete gamma and beta functions, in their place and in their shapes.

In a shape there is no closed form: the slope is an integral of the density times a logarithm,

    dP(a, x)/da = integral from 0 to x of p(t) (log t - psi(a)) dt,

by Gauss' rule of 64 points on each side of the peak, in log t (of the beta function in log t/(1-t)): right to 1e-12 for
shapes up to 1e4, in the tails too.  Shapes below 1 are raised by 1 first (DLMF 8.8.5, 8.17.20).  The integrals of all
powers of these logarithms are a family that differentiates into itself, so that every order is exact.
"""

import numpy as np

from pycograd.core import Aval, Primitive, result_dtype

from .families import batch_elementwise
from .scipy_gamma import (
    betaln,
    declare,
    digamma,
    gammaln,
    log_density_of_beta,
    log_density_of_gamma,
    polygamma,
    special,
)

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(64)
POINTS, WEIGHTS = 0.5 + 0.5 * POINTS, 0.5 * WEIGHTS


# ---- the integrals ---------------------------------------------------------------------------------------------------
def panels(f, low, middle, high):
    """The integrals of `f` from `low` over `middle` to `high`, arrays; `f` has the points along a last axis."""
    total = 0.0
    for start, end in ((low, middle), (middle, high)):
        length = (end - start)[..., None]
        total = total + np.sum(WEIGHTS * f(start[..., None] + length * POINTS), -1) * length[..., 0]
    return total


def reach(a, width):
    """How far from its peak, of that width, a density with a tail exp(-a d) has fallen below rounding."""
    return 9 * width + 40 / a


def peak_of_gamma(a):
    """The height of the density of log t at its peak, log a: a**a exp(-a) / gamma(a)."""
    big = a > 20
    s = 1 / np.where(big, a, 20.0)
    stirling = np.sqrt(a / (2 * np.pi)) * np.exp(
        -s * (1 / 12 - s * s * (1 / 360 - s * s * (1 / 1260 - s * s / 1680)))
    )
    small = np.where(big, 20.0, a)
    return np.where(big, stirling, np.exp(small * np.log(small) - small - special.gammaln(small)))


@np.errstate(all="ignore")
def gamma_moment_impl(a, x, *, m):
    a, x = np.broadcast_arrays(np.asarray(a, float), np.asarray(x, float))
    inside = (x > 0) & np.isfinite(x) & (a > 0)
    a, x = np.where(inside, a, 1.0), np.where(inside, x, 1.0)
    peak, end, width = np.log(a), np.log(x), 1 / np.sqrt(a)
    height, centre = peak_of_gamma(a)[..., None], special.digamma(a)[..., None]

    def density(w):
        d = w - peak[..., None]
        return height * np.exp(a[..., None] * (d - np.expm1(d))) * (w - centre) ** m

    start, last = np.minimum(end, peak), np.log(a + 9 * np.sqrt(a) + 45)
    y = panels(density, start - reach(a, width), start, np.minimum(end, last))
    if m == 1:  # the whole integral is zero: the upper tail is better known from above
        start = np.maximum(end, peak)
        top = np.exp(start)
        above = panels(density, start, start, np.log(top + 9 * np.sqrt(top) + 45))
        y = np.where(end > peak, -above, y)
    return np.where(inside, y, 0.0)[()]


@np.errstate(all="ignore")
def beta_moment_impl(a, b, x, *, m, n):
    a, b, x = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float), np.asarray(x, float))
    inside = (x > 0) & (x < 1) & (a > 0) & (b > 0)
    a, b, x = np.where(inside, a, 1.0), np.where(inside, b, 1.0), np.where(inside, x, 0.5)
    peak, end, width = np.log(a / b), np.log(x) - np.log1p(-x), np.sqrt(1 / a + 1 / b)
    height = np.exp(a * np.log(a / (a + b)) + b * np.log(b / (a + b)) - special.betaln(a, b))[..., None]
    both = special.digamma(a + b)
    left, right = (special.digamma(a) - both)[..., None], (special.digamma(b) - both)[..., None]
    top_t, top_u = np.log(a / (a + b))[..., None], np.log(b / (a + b))[..., None]

    def density(w):
        log_t, log_u = -np.logaddexp(0, -w), -np.logaddexp(0, w)
        shape = np.exp(a[..., None] * (log_t - top_t) + b[..., None] * (log_u - top_u))
        return height * shape * (log_t - left) ** m * (log_u - right) ** n

    start, last = np.minimum(end, peak), peak + reach(b, width)
    y = panels(density, start - reach(a, width), start, np.minimum(end, last))
    if m + n == 1:
        start = np.maximum(end, peak)
        y = np.where(end > peak, -panels(density, start, start, start + reach(b, width)), y)
    return np.where(inside, y, 0.0)[()]


def elementwise_of(impl, operands, *rules, dtype=lambda *avals: np.result_type(result_dtype(*avals), float)):
    """An elementwise function with static parameters, of the dtype that `dtype` makes of the avals."""
    return Primitive(
        impl,
        *rules,
        jvp=rules,
        operands=operands,
        batch=batch_elementwise,
        shape=lambda *avals, **_: Aval(np.broadcast_shapes(*[v.shape for v in avals]), dtype(*avals)),
        name=impl.__name__.removesuffix("_impl"),
        unbounded=True,
    )


def moment_of_gamma(a, x, m):
    return gammainc(a, x) if m == 0 else gamma_moment.call(a, x, m=m)


def gamma_moment_in_shape(t, a, x, *, m):
    slope = moment_of_gamma(a, x, m + 1)
    return t * (slope - m * polygamma(1, a) * moment_of_gamma(a, x, m - 1) if m else slope)


def gamma_moment_in_place(t, a, x, *, m):
    return t * np.exp(log_density_of_gamma(a, x)) * (np.log(x) - digamma(a)) ** m


def moment_of_beta(a, b, x, m, n):
    return betainc(a, b, x) if m == n == 0 else beta_moment.call(a, b, x, m=m, n=n)


def beta_moment_in_shape(t, a, b, x, m, n, first):
    """Both centres, psi(a) - psi(a+b) and psi(b) - psi(a+b), move with either shape."""
    both = polygamma(1, a + b)
    slope = moment_of_beta(a, b, x, m + first, n + (not first))
    if m:
        slope = slope - m * (polygamma(1, a) - both if first else -both) * moment_of_beta(a, b, x, m - 1, n)
    if n:
        slope = slope - n * (-both if first else polygamma(1, b) - both) * moment_of_beta(a, b, x, m, n - 1)
    return t * slope


def beta_moment_in_place(t, a, b, x, *, m, n):
    both = digamma(a + b)
    logs = (np.log(x) - digamma(a) + both) ** m * (np.log1p(-x) - digamma(b) + both) ** n
    return t * np.exp(log_density_of_beta(a, b, x)) * logs


gamma_moment = elementwise_of(gamma_moment_impl, "a x", gamma_moment_in_shape, gamma_moment_in_place)
beta_moment = elementwise_of(
    beta_moment_impl,
    "a b x",
    lambda t, a, b, x, *, m, n: beta_moment_in_shape(t, a, b, x, m, n, True),
    lambda t, a, b, x, *, m, n: beta_moment_in_shape(t, a, b, x, m, n, False),
    beta_moment_in_place,
)


# ---- the slopes in the shapes ----------------------------------------------------------------------------------------
def slope_of_gammainc(a, x):
    """d gammainc(a, x) / da."""
    low, inside = a < 1, (x > 0) & np.isfinite(x)
    x_in = np.where(inside, x, 1.0)
    edge = np.exp(a * np.log(x_in) - x_in - gammaln(a + 1)) * (np.log(x_in) - digamma(a + 1))
    return gamma_moment.call(np.where(low, a + 1, a), x, m=1) + np.where(low & inside, edge, 0.0)


def slopes_of_betainc(a, b, x):
    """d betainc(a, b, x) / da and / db."""
    inside = (x > 0) & (x < 1)
    low_a, low_b = (a < 1) & inside, (b < 1) & inside
    up_a, up_b = np.where(a < 1, a + 1, a), np.where(b < 1, b + 1, b)
    x_in = np.where(inside, x, 0.5)
    log_x, log_u = np.log(x_in), np.log1p(-x_in)
    edge_a = np.where(low_a, np.exp(a * log_x + b * log_u - np.log(a) - betaln(a, b)), 0.0)
    edge_b = np.where(low_b, np.exp(up_a * log_x + b * log_u - np.log(b) - betaln(up_a, b)), 0.0)
    both, up_both = digamma(a + b), digamma(up_a + b)
    in_a = beta_moment.call(up_a, up_b, x, m=1, n=0)
    in_b = beta_moment.call(up_a, up_b, x, m=0, n=1)
    in_a = in_a + edge_a * (log_x - 1 / a - digamma(a) + both) - edge_b * (log_x - digamma(up_a) + up_both)
    in_b = in_b + edge_a * (log_u - digamma(b) + both) - edge_b * (log_u - 1 / b - digamma(b) + up_both)
    return in_a, in_b


gammainc = declare(
    "gammainc",
    lambda t, a, b: t * slope_of_gammainc(a, b),
    lambda t, a, b: t * np.exp(log_density_of_gamma(a, b)),
    unbounded=True,
)
gammaincc = declare(
    "gammaincc",
    lambda t, a, b: -t * slope_of_gammainc(a, b),
    lambda t, a, b: -t * np.exp(log_density_of_gamma(a, b)),
    unbounded=True,
)


def of_inverse_gamma(name, sign):
    return declare(
        name,
        lambda t, y, a: -t * slope_of_gammainc(a, y) * np.exp(-log_density_of_gamma(a, y)),
        lambda t, y, a: sign * t * np.exp(-log_density_of_gamma(a, y)),
        unbounded=True,
    )


def of_beta(name, sign):
    return declare(
        name,
        lambda t, a, b, c: sign * t * slopes_of_betainc(a, b, c)[0],
        lambda t, a, b, c: sign * t * slopes_of_betainc(a, b, c)[1],
        lambda t, a, b, c: sign * t * np.exp(log_density_of_beta(a, b, c)),
        unbounded=True,
    )


def of_inverse_beta(name, sign):
    return declare(
        name,
        lambda t, y, a, b: -t * slopes_of_betainc(a, b, y)[0] * np.exp(-log_density_of_beta(a, b, y)),
        lambda t, y, a, b: -t * slopes_of_betainc(a, b, y)[1] * np.exp(-log_density_of_beta(a, b, y)),
        lambda t, y, a, b: sign * t * np.exp(-log_density_of_beta(a, b, y)),
        unbounded=True,
    )


gammaincinv, gammainccinv = of_inverse_gamma("gammaincinv", 1.0), of_inverse_gamma("gammainccinv", -1.0)
betainc, betaincc = of_beta("betainc", 1.0), of_beta("betaincc", -1.0)
betaincinv, betainccinv = of_inverse_beta("betaincinv", 1.0), of_inverse_beta("betainccinv", -1.0)
