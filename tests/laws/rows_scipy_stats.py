"""scipy.stats: distributions in the place and in their parameters, descriptive statistics."""

import numpy as np
from laws.row import distinct, normal, positive, row, spd, unit

import pycograd
from pycograd.core import REGISTRY

try:
    from scipy import stats
except ModuleNotFoundError:
    stats = None

half = 0.5 + 0.4 * unit(4)
# distribution: its parameters, of which those in brackets have no known slope in functions that are integrals
CONTINUOUS = {
    "norm": (), "expon": (), "cauchy": (), "laplace": (), "logistic": (), "uniform": (), "rayleigh": (),
    "gumbel_r": (), "gumbel_l": (), "halfnorm": (), "halfcauchy": (), "maxwell": (), "levy": (), "arcsine": (),
    "lognorm": (0.8,), "weibull_min": (1.7,), "pareto": (2.6,), "powerlaw": (1.6,), "lomax": (1.9,), "fisk": (3.1,),
    "truncnorm": (-0.5, 1.8), "genpareto": (0.3,), "genextreme": (-0.2,), "invgauss": (0.8,), "loguniform": (0.3, 2.5),
}  # fmt: skip
INTEGRALS = {
    "gamma": (2.3,), "beta": (2.3, 1.6), "chi2": (3.4,), "t": (4.2,), "f": (5.2, 6.1), "invgamma": (3.1,),
    "skewnorm": (1.2,), "nakagami": (2.1,), "gennorm": (1.4,), "burr": (2.1, 1.3),
    "exponnorm": (1.5,), "vonmises": (1.1,), "loggamma": (1.4,),
}  # fmt: skip
COUNTS = {"poisson": (2.3,), "binom": (7, 0.3), "bernoulli": (0.3,), "geom": (0.4,), "nbinom": (4.2, 0.4)}


def by(func, *inputs, call=None, **params):
    """A row of a function that numpy does not hand over by its protocols: it is called by the registry."""
    ours = lambda *args, **kwargs: REGISTRY.find(func)(*args, **kwargs)  # noqa: E731
    return row(func, *inputs, call=(lambda *xs: call(ours, *xs)) if call else None, **params)


def of(name, method, *inputs, **params):
    """A row of a distribution's method, at a place and with parameters, location and scale."""
    dist = getattr(stats, name)
    return by(getattr(type(dist), method), *inputs, call=lambda f, *xs: f(dist, *xs), **params)


def distributions():
    rows = []
    for name, shapes in (CONTINUOUS | INTEGRALS).items():
        dist = getattr(stats, name)
        x = dist.ppf(half, *shapes, 0.3, 1.2)
        smooth = {"tolerance": 1e-5}
        rows += [of(name, m, x, *shapes, 0.3, 1.2, **smooth) for m in ("pdf", "logpdf")]
        whole = shapes if name in CONTINUOUS else ()
        fixed = () if name in CONTINUOUS else shapes
        for method, at in (("cdf", x), ("logcdf", x), ("sf", x), ("logsf", x), ("ppf", half), ("isf", half)):
            func = getattr(type(dist), method)
            if (
                name in CONTINUOUS
                and method in ("ppf", "isf")
                and name in ("truncnorm", "invgauss", "genextreme")
            ):
                whole, fixed = (), shapes

            def call(f, at, *rest, dist=dist, fixed=fixed):
                return f(dist, at, *fixed, *rest)

            rows.append(by(func, at, *whole, 0.3, 1.2, call=call, order=1, **smooth))
    return rows


def special_cases():
    edges = np.array([-0.5, 0.5, 1.5])
    norm, gamma = stats.norm, stats.gamma
    frozen = gamma(2.0, scale=1.5)
    at = lambda f, *xs: pycograd.resolve_call(f)(*xs)  # noqa: E731
    return [
        by(
            type(stats.uniform).logpdf,
            0.1,
            1.0,
            call=lambda f, a, b: f(stats.uniform, edges, a, b),
            expected=(0.0, -1.0),
        ),
        by(type(gamma).logpdf, 1.3, call=lambda f, a: np.exp(f(gamma, edges, a))),
        by(type(norm).__call__, 0.3, 1.2, call=lambda f, m, s: at(at(f, norm, m, s).logpdf, edges)),
        by(type(frozen).logpdf, edges + 1.0, call=lambda f, x: f(frozen, x)),
    ]


def counts():
    rows, k = [], np.array([1, 2, 3])
    for name, shapes in COUNTS.items():
        dist = getattr(stats, name)
        fixed = [s for s in shapes if isinstance(s, int)]
        for method in (
            "pmf",
            "logpmf",
            *(("cdf", "sf", "logcdf", "logsf") if name in ("poisson", "binom") else ()),
        ):

            def call(f, *rest, dist=dist, fixed=fixed, k=k if name != "bernoulli" else k % 2):
                return f(dist, k, *fixed, *rest)

            rows.append(
                by(
                    getattr(type(dist), method),
                    *[s for s in shapes if isinstance(s, float)],
                    call=call,
                    order=1,
                )
            )
    return rows


def vectors():
    normal_of, dirichlet = stats.multivariate_normal, stats.dirichlet
    x, mean, cov = normal(4, 3), normal(3), spd(3)
    symmetric = lambda c: (c + np.swapaxes(c, -1, -2)) / 2  # noqa: E731
    return [
        by(type(normal_of).logpdf, x, mean, cov, call=lambda f, x, m, c: f(normal_of, x, m, symmetric(c))),
        by(type(normal_of).pdf, mean, positive(3), call=lambda f, x, c: f(normal_of, x, np.zeros(3), c)),
        by(type(dirichlet).logpdf, positive(3), call=lambda f, a: f(dirichlet, np.array([0.2, 0.3, 0.5]), a)),
        by(type(dirichlet).pdf, positive(3), call=lambda f, a: f(dirichlet, np.array([0.2, 0.3, 0.5]), a)),
    ]


def descriptive():
    s, x, p = stats, distinct(3, 4), positive(3, 4)
    return [
        *[by(f, x, axis=axis) for f in (s.zscore, s.sem, s.skew, s.kurtosis) for axis in (0, 1)],
        by(s.skew, x, axis=1, bias=False),
        by(s.kurtosis, x, axis=1, bias=False, fisher=False),
        by(s.moment, x, call=lambda f, x: f(x, 3)),
        *[by(f, p, axis=1) for f in (s.gmean, s.hmean, s.entropy)],
        by(s.gmean, p),
        by(s.entropy, p, positive(3, 4) + 0.1, call=lambda f, p, q: f(p, q, base=2)),
    ]


ROWS = [*distributions(), *special_cases(), *counts(), *vectors(), *descriptive()] if stats else []
