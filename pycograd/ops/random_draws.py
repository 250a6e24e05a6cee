"""Draws of `numpy.random` from distributions that their parameters shift and stretch: path-wise derivatives.

A draw of `normal(loc, scale)` is loc + scale z, with z drawn from the standard distribution by the same random bits, so
for these bits it has a derivative in loc and scale (Glasserman, Monte Carlo Methods in Financial Engineering, 2003,
section 7.2; Kingma and Welling, arXiv:1312.6114, call it the reparametrization trick).  Under `vmap` all examples share
the bits.  Draws without such a path, of counts (`poisson`, `binomial`) or by rejection (`gamma`, `beta`), raise.
"""

from functools import wraps
from inspect import signature

import numpy as np
from numpy.random import Generator, RandomState

from pycograd.core import (
    Aval,
    MissingRuleError,
    Traced,
    aval_of,
    current_of,
    registered,
    shape_of,
    told,
    value_of,
    without_tape,
)

from .families import watches
from .scalars import to_float

FORMULAS = {  # the method and its parameters, of z(name), a standard draw
    "normal": lambda z, loc=0.0, scale=1.0: loc + scale * z("standard_normal"),
    "laplace": lambda z, loc=0.0, scale=1.0: loc + scale * z("laplace"),
    "logistic": lambda z, loc=0.0, scale=1.0: loc + scale * z("logistic"),
    "gumbel": lambda z, loc=0.0, scale=1.0: loc + scale * z("gumbel"),
    "uniform": lambda z, low=0.0, high=1.0: low + (high - low) * z("uniform"),
    "exponential": lambda z, scale=1.0: scale * z("standard_exponential"),
    "rayleigh": lambda z, scale=1.0: scale * z("rayleigh"),
    "lognormal": lambda z, mean=0.0, sigma=1.0: np.exp(mean + sigma * z("standard_normal")),
    "weibull": lambda z, a: z("standard_exponential") ** (1 / a),
    "pareto": lambda z, a: np.expm1(z("standard_exponential") / a),
    "power": lambda z, a: (-np.expm1(-z("standard_exponential"))) ** (1 / a),
}
NO_PATH = (
    "beta binomial chisquare choice dirichlet f gamma geometric hypergeometric logseries multinomial negative_binomial "
    "noncentral_chisquare noncentral_f poisson standard_gamma standard_t triangular vonmises wald zipf"
).split()


def of_watched(method):
    """Decorator: what `method` is for watched parameters; arrays that the function makes stand for what they hold."""

    def declare(ours):
        @wraps(ours)
        def draw(self, *args, **params):
            args, params = tuple(map(current_of, args)), {k: current_of(x) for k, x in params.items()}
            watched = watches((*args, *params.values()))
            return (ours if watched else method)(self, *args, **params)

        draw.__name__ = method.__name__
        return draw

    return declare


def along_path(method, formula):
    """Ours for `method` of a class of generators."""
    _, *names = signature(formula).parameters

    @of_watched(method)
    def draw(self, *args, **params):
        given = dict(zip((*names, "size"), args, strict=False)) | params
        size = without_tape(given.pop("size", None))
        given = {k: as_double(x) for k, x in given.items()}
        numbers = [value_of(x) for x in given.values()]
        if all([type(x) is not Aval and np.size(x) for x in numbers]):  # refuse what numpy refuses
            method(self, **dict(zip(given, map(np.min, numbers), strict=True)), size=0)
        shape = np.broadcast_shapes(*[shape_of(x) for x in given.values()])
        size = shape or None if size is None else size
        y = formula(lambda name: getattr(self, name)(size=size), **given)
        return to_float(y) if size is None else y

    return draw


def as_double(x):
    """numpy draws in double precision, whatever the precision of the parameters."""
    if not isinstance(x, Traced):
        return x
    dtype = aval_of(x).dtype
    return x if dtype is float or dtype == np.float64 else x.astype(np.float64)


def multivariate_normal_of(method):
    @of_watched(method)
    def multivariate_normal(self, mean, cov, size=None, *args, **params):
        if watches((cov,)):
            if (
                params.get("method") != "cholesky"
            ):  # other square roots have no derivative at equal eigenvalues
                fix = 'rng.multivariate_normal(mean, cov, method="cholesky")'
                raise MissingRuleError(
                    told("a draw by a covariance has a derivative by its Cholesky factor", fix=fix)
                )
            lead = () if size is None else tuple(np.atleast_1d(without_tape(size)))
            z = self.standard_normal((*lead, *shape_of(mean)))
            return mean + z @ np.linalg.cholesky(cov).T
        return mean + method(self, np.zeros(shape_of(mean)), cov, size, *args, **params)

    return multivariate_normal


def without_path(method):
    @of_watched(method)
    def draw(self, *args, **params):
        name = method.__name__
        raise MissingRuleError(
            told(
                f"a draw by {name} has no derivative along its path",
                "a count jumps, and what is drawn by rejection takes other random bits when a parameter moves",
                "for the derivative of an expectation: the value times the derivative of the log-density at the draw",
                fix=f"rng.{name}(pycograd.value_of(parameter))",
            )
        )

    return draw


for _kind in (Generator, RandomState):
    for _name, _formula in FORMULAS.items():
        registered(getattr(_kind, _name))(along_path(getattr(_kind, _name), _formula))
    for _name in NO_PATH:
        registered(getattr(_kind, _name))(without_path(getattr(_kind, _name)))
    registered(_kind.multivariate_normal)(multivariate_normal_of(_kind.multivariate_normal))
