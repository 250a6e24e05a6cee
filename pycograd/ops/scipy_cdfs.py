"""The distribution functions of `scipy.special`, tails and inverses, by the incomplete gamma and beta functions."""

import numpy as np

from .scipy_gamma import betaln, declare, no_slope, special
from .scipy_incomplete import (
    log_density_of_beta,
    log_density_of_gamma,
    slope_of_gammainc,
    slopes_of_betainc,
)


def density_of_gamma(a, x):
    return np.exp(log_density_of_gamma(a, x))


def density_of_beta(a, b, x):
    return np.exp(log_density_of_beta(a, b, x))


# ---- Student's t: tail = betainc(df/2, 1/2, df/(df + t*t)) / 2 -------------------------------------------------------
def density_of_t(df, x):
    return np.exp(-0.5 * (df + 1) * np.log1p(x * x / df) - 0.5 * np.log(df) - betaln(0.5, 0.5 * df))


def slope_of_t(df, x):
    """d stdtr(df, x) / d df."""
    place = df / (df + x * x)
    in_shape = 0.5 * slopes_of_betainc(0.5 * df, 0.5, place)[0]
    return -np.sign(x) * 0.5 * in_shape + density_of_t(df, x) * (-0.5 * x / df)


stdtr = declare("stdtr", lambda t, a, b: t * slope_of_t(a, b), lambda t, a, b: t * density_of_t(a, b))
stdtrit = declare(
    "stdtrit",
    lambda t, y, a: -t * slope_of_t(a, y) / density_of_t(a, y),
    lambda t, y, a: t / density_of_t(a, y),
    unbounded=True,
)


# ---- chi squared, gamma, Poisson -------------------------------------------------------------------------------------
def of_chi(name, sign):
    return declare(
        name,
        lambda t, a, b: 0.5 * sign * t * slope_of_gammainc(0.5 * a, 0.5 * b),
        lambda t, a, b: 0.5 * sign * t * density_of_gamma(0.5 * a, 0.5 * b),
        unbounded=True,
    )


def of_gamma(name, sign):
    """Of rate a, shape b, place c: gammainc(b, a*c)."""
    return declare(
        name,
        lambda t, a, b, c: sign * t * c * density_of_gamma(b, a * c),
        lambda t, a, b, c: sign * t * slope_of_gammainc(b, a * c),
        lambda t, a, b, c: sign * t * a * density_of_gamma(b, a * c),
        unbounded=True,
    )


def of_poisson(name, sign):
    return declare(
        name,
        no_slope(name, "k"),
        lambda t, a, b: sign * t * density_of_gamma(np.floor(a) + 1, b),
        unbounded=True,
    )


chdtr, chdtrc = of_chi("chdtr", 1.0), of_chi("chdtrc", -1.0)
gdtr, gdtrc = of_gamma("gdtr", 1.0), of_gamma("gdtrc", -1.0)
pdtr, pdtrc = of_poisson("pdtr", -1.0), of_poisson("pdtrc", 1.0)
chdtri = declare(
    "chdtri",
    lambda t, y, a: -t * slope_of_gammainc(0.5 * a, 0.5 * y) / density_of_gamma(0.5 * a, 0.5 * y),
    lambda t, y, a: -2 * t / density_of_gamma(0.5 * a, 0.5 * y),
    unbounded=True,
)


# ---- F, binomial -----------------------------------------------------------------------------------------------------
def slopes_of_f(a, b, x):
    """The slopes of fdtr(a, b, x) = betainc(a/2, b/2, a*x/(a*x + b)) in all three."""
    whole = a * x + b
    place = a * x / whole
    in_a, in_b = slopes_of_betainc(0.5 * a, 0.5 * b, place)
    rate = density_of_beta(0.5 * a, 0.5 * b, place) / (whole * whole)
    return 0.5 * in_a + rate * b * x, 0.5 * in_b - rate * a * x, rate * a * b


def of_f(name, sign):
    return declare(
        name,
        lambda t, a, b, c: sign * t * slopes_of_f(a, b, c)[0],
        lambda t, a, b, c: sign * t * slopes_of_f(a, b, c)[1],
        lambda t, a, b, c: sign * t * slopes_of_f(a, b, c)[2],
        unbounded=True,
    )


fdtr, fdtrc = of_f("fdtr", 1.0), of_f("fdtrc", -1.0)
fdtri = declare(
    "fdtri",
    lambda t, y, a, b: -t * slopes_of_f(a, b, y)[0] / slopes_of_f(a, b, y)[2],
    lambda t, y, a, b: -t * slopes_of_f(a, b, y)[1] / slopes_of_f(a, b, y)[2],
    lambda t, y, a, b: t / slopes_of_f(a, b, y)[2],
    unbounded=True,
)


def of_binomial(name, sign, shapes):
    """A sum over counts: betainc of `shapes` of them at the probability."""
    return declare(
        name,
        no_slope(name, "k"),
        no_slope(name, "n"),
        lambda t, a, b, c: sign * t * density_of_beta(*shapes(a, b), c),
        unbounded=True,
    )


def of_successes(k, n):
    return np.floor(k) + 1, n - np.floor(k)


def of_failures(k, n):
    return n, np.floor(k) + 1


bdtr, bdtrc = of_binomial("bdtr", -1.0, of_successes), of_binomial("bdtrc", 1.0, of_successes)
nbdtr, nbdtrc = of_binomial("nbdtr", 1.0, of_failures), of_binomial("nbdtrc", -1.0, of_failures)
bdtri = declare(
    "bdtri",
    no_slope("bdtri", "k"),
    no_slope("bdtri", "n"),
    lambda t, y, a, b: -t / density_of_beta(np.floor(a) + 1, b - np.floor(a), y),
    unbounded=True,
)
pdtri = declare(
    "pdtri",
    no_slope("pdtri", "k"),
    lambda t, y, a: -t / density_of_gamma(np.floor(a) + 1, y),
    unbounded=True,
)


# ---- Voigt, Owen, Kolmogorov -----------------------------------------------------------------------------------------
ROOT = np.sqrt(2.0)


def slopes_of_voigt(x, sigma, gamma):
    """By w' = -2 z w + 2i/sqrt(pi) of the Faddeeva function w at z = (x + i gamma)/(sigma sqrt 2)."""
    z = (x + 1j * gamma) / (sigma * ROOT)
    w = special.wofz(z)
    inner = (-2 * z * w + 2j / np.sqrt(np.pi)) / (sigma * ROOT)
    scale = 1 / (sigma * np.sqrt(2 * np.pi))
    in_x, in_gamma = scale * np.real(inner), scale * np.real(1j * inner)
    return in_x, -(scale * np.real(w) + x * in_x + gamma * in_gamma) / sigma, in_gamma


voigt_profile = declare(
    "voigt_profile",
    lambda t, a, b, c: t * slopes_of_voigt(a, b, c)[0],
    lambda t, a, b, c: t * slopes_of_voigt(a, b, c)[1],
    lambda t, a, b, c: t * slopes_of_voigt(a, b, c)[2],
)
owens_t = declare(
    "owens_t",
    lambda t, a, b: -t * np.exp(-0.5 * a * a) / np.sqrt(2 * np.pi) * 0.5 * special.erf(a * b / ROOT),
    lambda t, a, b: t * np.exp(-0.5 * a * a * (1 + b * b)) / (2 * np.pi * (1 + b * b)),
)
TERMS = np.arange(1, 31)


def slope_of_kolmogorov(x):
    """Of 2 sum (-1)**(k-1) exp(-2 k k x x), and of its theta transform near zero."""
    x = np.asarray(x, float) if isinstance(x, (float, np.generic)) else x
    far = x > 1
    big, small = np.where(far, x, 1.0)[..., None], np.where(far | (x <= 0), 1.0, x)[..., None]
    right = np.sum(8 * (-1.0) ** TERMS * TERMS**2 * big * np.exp(-2 * TERMS**2 * big * big), -1)
    u = ((2 * TERMS - 1) * np.pi) ** 2 / (8 * small * small)
    left = -np.sqrt(2 * np.pi) * np.sum(np.exp(-u) * (2 * u - 1), -1) / small[..., 0] ** 2
    return np.where(far, right, np.where(x <= 0, 0.0, left))


kolmogorov = declare("kolmogorov", lambda t, x: t * slope_of_kolmogorov(x))
kolmogi = declare("kolmogi", lambda t, y: t / slope_of_kolmogorov(y), unbounded=True)
