"""`scipy.stats.gaussian_kde`: densities from samples, in the samples, their weights and the places."""

import numpy as np

from pycograd.core import REGISTRY, Traced, shape_of
from pycograd.core.lazy import optional

from .families import arrayed, no_rule, rank, watches

stats = optional("scipy.stats", "scipy")


class Density:
    """What `scipy.stats.gaussian_kde` is, of watched samples, or evaluated at watched places."""

    def __init__(self, dataset, bw_method=None, weights=None):
        data = arrayed(dataset)
        self.dataset = data[None] if rank(data) == 1 else data
        self.d, self.n = shape_of(self.dataset)
        w = np.full(self.n, 1 / self.n) if weights is None else np.ravel(arrayed(weights)) / np.sum(weights)
        self.weights, self.neff = w, 1 / np.sum(w * w)
        self.factor = self.factor_of(bw_method)
        covariance = np.atleast_2d(np.cov(self.dataset, rowvar=True, bias=False, aweights=w))
        self.covariance = covariance * self.factor**2

    def factor_of(self, method):
        if method is not None and not isinstance(method, str):
            if callable(method) and not isinstance(method, Traced):
                raise no_rule(stats.gaussian_kde, "bw_method")
            return method
        if method in (None, "scott"):
            return self.neff ** (-1 / (self.d + 4))
        if method == "silverman":
            return (self.neff * (self.d + 2) / 4) ** (-1 / (self.d + 4))
        raise ValueError("`bw_method` should be 'scott', 'silverman', a scalar or a callable.")

    def logpdf(self, points):
        x = arrayed(points)
        x = x if isinstance(x, Traced) else np.asarray(x, float)
        x = np.atleast_2d(x)
        if shape_of(x)[0] != self.d and shape_of(x) == (1, self.d):
            x = np.transpose(x)
        if shape_of(x)[0] != self.d:
            raise ValueError(f"points have dimension {shape_of(x)[0]}, dataset has dimension {self.d}")
        root = np.linalg.cholesky(self.covariance)
        apart = np.linalg.solve(root, np.reshape(x[:, :, None] - self.dataset[:, None, :], (self.d, -1)))
        square = np.reshape(np.sum(apart * apart, 0), (shape_of(x)[1], self.n))
        size = 0.5 * self.d * np.log(2 * np.pi) + np.sum(np.log(np.diagonal(root)))
        return REGISTRY[stats_logsumexp](-0.5 * square, axis=1, b=self.weights) - size

    def evaluate(self, points):
        return np.exp(self.logpdf(points))

    __call__ = pdf = evaluate


stats_logsumexp = optional("scipy.special", "scipy").logsumexp
PLAIN = stats.gaussian_kde


def make(dataset, bw_method=None, weights=None):
    """`scipy.stats.gaussian_kde`."""
    kind = Density if watches((dataset, bw_method, weights)) else PLAIN
    return kind(dataset, bw_method, weights)


def of_plain(name):
    """Register the method of that name, at watched places, of an estimate that is plain itself."""
    method = getattr(PLAIN, name)

    def ours(self, points):
        if not watches((points,)):
            return method(self, points)
        return getattr(Density(self.dataset, self.factor, self.weights), name)(points)

    ours.__name__ = name
    REGISTRY[method] = ours


REGISTRY[PLAIN] = make
for _name in "evaluate", "pdf", "logpdf":
    of_plain(_name)
