"""`scipy.spatial.distance`: distances of points, by formulas that act on the last axis.

A distance that is a norm has slope 0 where the points coincide.
"""

import numpy as np

from pycograd.core import REGISTRY, shape_of
from pycograd.core.lazy import optional

from .families import arrayed, composite, no_rule, rank, watches
from .scalars import to_float

distance = optional("scipy.spatial.distance", "scipy")


def norm(x, p=2):
    """The p-norm along the last axis."""
    return np.linalg.norm(x, ord=p, axis=-1)


def total(x, w):
    return np.sum(x if w is None else w * x, axis=-1)


def ratio(a, b):
    """a / b, and 0 where both are."""
    zero = (a == 0) & (b == 0)
    return np.where(zero, 0.0, a / np.where(zero, 1.0, b))


def euclidean(u, v, w=None):
    return norm(u - v if w is None else np.sqrt(w) * (u - v))


def sqeuclidean(u, v, w=None):
    return total((u - v) ** 2, w)


def cityblock(u, v, w=None):
    return total(np.abs(u - v), w)


def chebyshev(u, v, w=None):
    d = np.abs(u - v)
    return np.max(d if w is None else np.where(np.asarray(w) > 0, d, 0.0), axis=-1)


def minkowski(u, v, p=2, w=None):
    return norm(u - v if w is None else w ** (1 / p) * (u - v), p)


def cosine(u, v, w=None):
    return 1 - total(u * v, w) / np.sqrt(total(u * u, w) * total(v * v, w))


def correlation(u, v, w=None, centered=True):
    if centered:
        share = None if w is None else w / np.sum(w)
        u = u - (np.mean(u, axis=-1) if w is None else total(u, share))[..., None]
        v = v - (np.mean(v, axis=-1) if w is None else total(v, share))[..., None]
    return cosine(u, v, w)


def canberra(u, v, w=None):
    return total(ratio(np.abs(u - v), np.abs(u) + np.abs(v)), w)


def braycurtis(u, v, w=None):
    return total(np.abs(u - v), w) / total(np.abs(u + v), w)


def seuclidean(u, v, V):
    return norm((u - v) / np.sqrt(V))


def mahalanobis(u, v, VI):
    d = u - v
    square = np.sum(np.matmul(d, VI) * d, axis=-1)
    zero = square == 0
    return np.where(zero, 0.0, np.sqrt(np.where(zero, 1.0, square)))[()]


METRICS = {
    f.__name__: f
    for f in (
        euclidean, sqeuclidean, cityblock, chebyshev, minkowski, cosine, correlation, canberra, braycurtis,
        seuclidean, mahalanobis,
    )
}  # fmt: skip


OF_DOUBLES = ("canberra", "braycurtis", "seuclidean")
OF_PYTHON = (
    ("euclidean", "seuclidean") if type(distance.euclidean([0.0], [1.0])) is float else ()
)  # before scipy 1.18


def of_two(name):
    """Register the distance of two vectors of that name."""
    func, formula = getattr(distance, name), METRICS[name]

    def between(u, v, *args, **params):
        if not watches((u, v, *args, *params.values())):
            return func(u, v, *args, **params)
        y = formula(arrayed(u), arrayed(v), *map(arrayed, args), **{k: arrayed(x) for k, x in params.items()})
        by_norm = "euclidean" if name == "minkowski" and (*args, params.get("p", 2))[0] == 2 else name
        of_python = by_norm in OF_PYTHON
        return to_float(y) if of_python else y.astype(float) if name in OF_DOUBLES else y

    between.__name__, between.__doc__ = name, f"`scipy.spatial.distance.{name}`."
    REGISTRY[func] = between


for _name in METRICS:
    of_two(_name)


# ---- of many -------------------------------------------------------------------------------------------------------
def formula_of(func, metric):
    if isinstance(metric, str) and metric.lower() in METRICS:
        return METRICS[metric.lower()]
    raise no_rule(func, "metric")


def points(x):
    """The points as scipy has them, in double precision."""
    return arrayed(x).astype(float)


def scaled(metric, points, params):
    """`params` with the scale that scipy takes from the points themselves, if none is given."""
    name = metric.lower()
    if name == "seuclidean" and params.get("V") is None:
        return {**params, "V": np.var(points, axis=0, ddof=1)}
    if name == "mahalanobis" and params.get("VI") is None:
        return {**params, "VI": np.linalg.inv(np.cov(points.T)).T}
    return params


@composite(distance.cdist)
def cdist(XA, XB, metric="euclidean", *, out=None, **kwargs):
    """`scipy.spatial.distance.cdist`."""
    formula, XA, XB = formula_of(distance.cdist, metric), points(XA), points(XB)
    params = scaled(metric, np.concatenate([XA, XB]), kwargs)
    return formula(XA[:, None, :], XB[None, :, :], **params)


@composite(distance.pdist)
def pdist(X, metric="euclidean", *, out=None, **kwargs):
    """`scipy.spatial.distance.pdist`."""
    formula, X = formula_of(distance.pdist, metric), points(X)
    rows, columns = np.triu_indices(shape_of(X)[0], 1)
    return formula(X[rows], X[columns], **scaled(metric, X, kwargs))


@composite(distance.squareform)
def squareform(X, force="no", checks=True):
    """`scipy.spatial.distance.squareform`."""
    X = arrayed(X)
    if rank(X) == 1:
        n = int(np.ceil(np.sqrt(shape_of(X)[0] * 2)))
        if n * (n - 1) != 2 * shape_of(X)[0]:
            raise ValueError(
                "Incompatible vector size. It must be a binomial coefficient n choose 2 for some integer n >= 2."
            )
        number = np.zeros((n, n), dtype=int)
        number[np.triu_indices(n, 1)] = np.arange(1, shape_of(X)[0] + 1)
        return np.concatenate([np.zeros(1, dtype=X.dtype), X])[number + number.T]
    return X[np.triu_indices(shape_of(X)[0], 1)]
