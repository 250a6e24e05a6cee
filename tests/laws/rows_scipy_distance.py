"""scipy.spatial.distance."""

import numpy as np
from laws.row import normal, positive, row, spd

from pycograd.core import REGISTRY

try:
    from scipy.spatial import distance
except ModuleNotFoundError:
    distance = None

x, y, u, v, w = normal(4, 3), normal(5, 3), normal(3), positive(3), np.array([0.5, 1.0, 2.0])
PLAIN = "euclidean sqeuclidean cityblock chebyshev minkowski cosine correlation canberra braycurtis".split()


def by(func, *inputs, call=None, **params):
    """A row of a function that numpy does not hand over by its protocols: it is called by the registry."""
    ours = lambda *args, **kwargs: REGISTRY.find(func)(*args, **kwargs)  # noqa: E731
    return row(func, *inputs, call=(lambda *xs: call(ours, *xs)) if call else None, **params)


def rows():
    return [
        *[by(getattr(distance, name), u, v) for name in PLAIN],
        *[by(getattr(distance, name), u, v, w=w) for name in PLAIN if name != "chebyshev"],
        by(distance.minkowski, u, v, p=3),
        by(distance.seuclidean, u, v, w),
        by(distance.mahalanobis, u, v, spd(3)),
        *[by(distance.cdist, x, y, metric=name) for name in [*PLAIN, "seuclidean", "mahalanobis"]],
        by(distance.cdist, x, y, metric="minkowski", p=1.5),
        by(distance.cdist, x[:1], call=lambda f, x: f(x, x), expected=(np.zeros((1, 3)),), order=1),
        *[by(distance.pdist, x, metric=name) for name in ("euclidean", "cosine", "seuclidean")],
        by(distance.squareform, normal(6)),
        by(distance.squareform, normal(4, 4), call=lambda f, x: f(x + np.swapaxes(x, -1, -2), checks=False)),
    ]


ROWS = rows() if distance else []
