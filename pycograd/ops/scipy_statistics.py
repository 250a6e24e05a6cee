"""`scipy.stats`: the normal and Dirichlet distributions of vectors, and descriptive statistics."""

import math

import numpy as np

from pycograd.core import REGISTRY, shape_of
from pycograd.core.lazy import optional

from .families import arrayed, composite, no_rule, rank, watches
from .scipy_gamma import special

stats = optional("scipy.stats", "scipy")


# ---- distributions of vectors ----------------------------------------------------------------------------------------
def log_normal(x, mean=None, cov=1, allow_singular=False):
    """The log density of `multivariate_normal`, of a regular covariance."""
    x, cov = arrayed(x), arrayed(cov)
    mean = 0.0 if mean is None else arrayed(mean)
    n = shape_of(mean)[-1] if rank(mean) else shape_of(cov)[-1] if rank(cov) else 1
    if rank(cov) < 2:
        cov = np.eye(n) * cov
    if rank(x) == 0:
        x = np.reshape(x, (1,))
    elif rank(x) == 1 and n == 1:
        x = x[:, None]
    d = x - mean
    scaled = np.linalg.solve(cov, np.reshape(d, (-1, n)).T).T
    square = np.sum(np.reshape(d, (-1, n)) * scaled, axis=-1)
    y = -0.5 * (square + np.linalg.slogdet(cov)[1] + n * np.log(2 * np.pi))
    return np.reshape(y, shape_of(d)[:-1])[()]


def log_dirichlet(x, alpha):
    x, alpha = arrayed(x), arrayed(alpha)
    if shape_of(x)[0] + 1 == shape_of(alpha)[0]:  # the last share is what is left of 1
        x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)])
    constant = special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha))
    return constant + np.sum(special.xlogy(alpha - 1, x.T), axis=-1)


def of_vectors(kind, log_density):
    """Register the densities of a distribution of vectors, frozen ones with watched parameters included."""

    def either(name, method):
        def density(self, x, *args, **params):
            if not watches((x, *args, *params.values())):
                return method(self, x, *args, **params)
            y = log_density(x, *args, **params)
            return np.exp(y) if name == "pdf" else y

        density.__name__ = name
        REGISTRY[method] = density
        return density

    methods = {name: either(name, getattr(kind, name)) for name in ("logpdf", "pdf")}
    call = kind.__call__

    class Frozen:
        def __init__(self, dist, args, params):
            self.dist, self.args, self.params = dist, args, params

        def logpdf(self, x):
            return methods["logpdf"](self.dist, x, *self.args, **self.params)

        def pdf(self, x):
            return methods["pdf"](self.dist, x, *self.args, **self.params)

    def freeze(self, *args, **params):
        return (
            Frozen(self, args, params) if watches((*args, *params.values())) else call(self, *args, **params)
        )

    REGISTRY[call] = freeze


of_vectors(type(stats.multivariate_normal), log_normal)
of_vectors(type(stats.dirichlet), log_dirichlet)


# ---- descriptive statistics ------------------------------------------------------------------------------------------
def settled(func, params):
    """Raise for keywords that have no rule; drop those that change nothing."""
    defaults = {"nan_policy": "propagate", "keepdims": False}
    for name, value in params.items():
        if name not in defaults or value != defaults[name]:
            raise no_rule(func, name)


@composite(stats.zscore)
def zscore(a, axis=0, ddof=0, nan_policy="propagate"):
    """`scipy.stats.zscore`."""
    settled(stats.zscore, {"nan_policy": nan_policy})
    a = arrayed(a)
    return (a - np.mean(a, axis, keepdims=True)) / np.std(a, axis, ddof=ddof, keepdims=True)


@composite(stats.gmean)
def gmean(a, axis=0, dtype=None, weights=None, **params):
    """`scipy.stats.gmean`."""
    settled(stats.gmean, params)
    return np.exp(np.average(np.log(arrayed(a)), axis=axis, weights=weights))


@composite(stats.hmean)
def hmean(a, axis=0, dtype=None, *, weights=None, **params):
    """`scipy.stats.hmean`."""
    settled(stats.hmean, params)
    return 1 / np.average(1 / arrayed(a), axis=axis, weights=weights)


@composite(stats.sem)
def sem(a, axis=0, ddof=1, nan_policy="propagate", *, keepdims=False):
    """`scipy.stats.sem`."""
    settled(stats.sem, {"nan_policy": nan_policy, "keepdims": keepdims})
    a = arrayed(a)
    n = a.size if axis is None else shape_of(a)[axis]
    return np.std(a, axis, ddof=ddof) / n**0.5


def central(a, order, axis):
    """The central moment of that order."""
    return np.mean((a - np.mean(a, axis, keepdims=True)) ** order, axis)


@composite(stats.moment)
def moment(a, order=1, axis=0, nan_policy="propagate", *, center=None, keepdims=False):
    """`scipy.stats.moment`, of one order."""
    settled(stats.moment, {"nan_policy": nan_policy, "keepdims": keepdims})
    if rank(order) if not isinstance(order, int) else False:
        raise no_rule(stats.moment, "order of several")
    a = arrayed(a)
    return central(a, order, axis) if center is None else np.mean((a - center) ** order, axis)


@composite(stats.skew)
def skew(a, axis=0, bias=True, nan_policy="propagate", *, keepdims=False, _no_deco=False):
    """`scipy.stats.skew`. `_no_deco` is for scipy itself."""
    settled(stats.skew, {"nan_policy": nan_policy, "keepdims": keepdims})
    a = arrayed(a)
    n = a.size if axis is None else shape_of(a)[axis]
    y = central(a, 3, axis) / central(a, 2, axis) ** 1.5
    y = y if bias else y * (((n - 1.0) * n) ** 0.5 / (n - 2.0))
    return y if SKEW_OF_SINGLE == y.dtype else y.astype(np.float64)


SKEW_OF_SINGLE = stats.skew(np.arange(4, dtype=np.float32) ** 2).dtype  # float64 before scipy 1.16


@composite(stats.kurtosis)
def kurtosis(a, axis=0, fisher=True, bias=True, nan_policy="propagate", *, keepdims=False, _no_deco=False):
    """`scipy.stats.kurtosis`. `_no_deco` is for scipy itself."""
    settled(stats.kurtosis, {"nan_policy": nan_policy, "keepdims": keepdims})
    a = arrayed(a)
    n = a.size if axis is None else shape_of(a)[axis]
    y = central(a, 4, axis) / central(a, 2, axis) ** 2
    if not bias:
        y = 3 + ((n**2 - 1.0) * y - 3 * (n - 1.0) ** 2) / ((n - 2.0) * (n - 3.0))
    return y - 3 if fisher else y


@composite(stats.entropy)
def entropy(pk, qk=None, base=None, axis=0, **params):
    """`scipy.stats.entropy`."""
    settled(stats.entropy, params)
    pk = arrayed(pk)
    pk = pk / np.sum(pk, axis=axis, keepdims=True)
    if qk is None:
        parts = special.entr(pk)
    else:
        qk = arrayed(qk)
        parts = special.rel_entr(pk, qk / np.sum(qk, axis=axis, keepdims=True))
    y = np.sum(parts, axis=axis)
    return y if base is None else y / math.log(base)
