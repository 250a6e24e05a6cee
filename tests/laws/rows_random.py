"""numpy.random: each draw by a generator made anew, so that it takes the same random bits every time."""

import numpy as np
from laws.row import normal, positive, row

from pycograd.core import REGISTRY

LOCATED = "normal laplace logistic gumbel lognormal".split()
STRETCHED = "exponential rayleigh weibull pareto power".split()


def drawn(name, *inputs, **params):
    """A row of the method of both classes of generators, as woven code calls it."""
    methods = [getattr(kind, name) for kind in (np.random.Generator, np.random.RandomState)]

    def call(*xs):
        makers = np.random.default_rng, np.random.RandomState
        draws = [REGISTRY.find(f)(make(7), *xs, **params) for f, make in zip(methods, makers, strict=True)]
        return draws[0] * 2.0 + draws[1]

    return row(methods[0], *inputs, call=call, covers=methods[1:])


def by_covariance(mean, root):
    rng = np.random.default_rng(7)
    ours = REGISTRY.find(np.random.Generator.multivariate_normal)
    return ours(rng, mean, np.matmul(root, np.swapaxes(root, -1, -2)), size=4, method="cholesky")


ROWS = [
    *[drawn(name, normal(3), positive(3)) for name in LOCATED],
    *[drawn(name, 0.3, 1.2) for name in LOCATED],
    drawn("normal", normal(3), 0.7, size=(2, 3)),
    drawn("uniform", normal(3), positive(3) + 3.0),
    drawn("uniform", 0.3, 1.2, size=2),
    *[drawn(name, positive(3)) for name in STRETCHED],
    *[drawn(name, 1.2, size=(2, 1)) for name in STRETCHED],
    drawn("multivariate_normal", normal(2), cov=np.array([[2.0, 0.3], [0.3, 1.0]]), size=3),
    row(
        np.random.Generator.multivariate_normal,
        normal(2),
        normal(2, 2) + 2 * np.eye(2),
        call=by_covariance,
        exempt={"every_dtype": "linear algebra of numpy refuses long doubles"},
    ),
]
