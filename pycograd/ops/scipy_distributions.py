"""`scipy.stats`: distributions, in the place and in their parameters.

What a distribution computes is differentiated as it stands, where its own formula is plain numpy text (`_logpdf`,
`_cdf` and their like); by a formula of `FORMULAS` where that branches or is compiled; by the other functions of the
distribution where it has none, log pdf from pdf and so on; and at last by the density, which is the slope of the
distribution function in its place.  A parameter in which no slope is known raises.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pycograd.core import REGISTRY, Aval, MissingRuleError, Primitive, result_dtype, shape_of, told
from pycograd.core.lazy import optional

from .families import arrayed, batch_elementwise, watches
from .scipy_gamma import special

stats = optional("scipy.stats", "scipy")
UNKNOWN = (
    TypeError,
    AttributeError,
    IndexError,
    NotImplementedError,
)  # what scipy's text says of watched values
HALF_LOG = 0.5 * np.log(2 * np.pi)


# ---- formulas that scipy's text hides behind branches and compiled code ----------------------------------------------
def log_normal(x):
    return -0.5 * x * x - HALF_LOG


def log_mass(a, b):
    """log(Phi(b) - Phi(a)), by the tails on the side where they are."""
    right, left = a > 0, b < 0
    safe = lambda x, mask, other: np.where(mask, x, other)  # noqa: E731
    ra, rb = safe(a, right, 1.0), safe(b, right, 2.0)
    la, lb = safe(a, left, -2.0), safe(b, left, -1.0)
    ca, cb = safe(a, ~(right | left), -1.0), safe(b, ~(right | left), 1.0)
    upper, lower = special.log_ndtr(-ra), special.log_ndtr(lb)
    by_right = upper + np.log1p(-np.exp(special.log_ndtr(-rb) - upper))
    by_left = lower + np.log1p(-np.exp(special.log_ndtr(la) - lower))
    central = np.log1p(-special.ndtr(ca) - special.ndtr(-cb))
    return np.where(right, by_right, np.where(left, by_left, central))


def log_t(x, df):
    constant = special.gammaln(0.5 * (df + 1)) - special.gammaln(0.5 * df) - 0.5 * np.log(np.pi * df)
    return constant - 0.5 * (df + 1) * np.log1p(x * x / df)


def log_power(x, c):
    """log(1 + c x) / c, and x at c = 0: for the generalised Pareto's, and extreme values."""
    zero = c == 0
    c = np.where(zero, 1.0, c)
    return np.where(zero, x, np.log1p(c * np.where(zero, 0.0, x)) / c)


def log_extreme(x, c):
    u = -log_power(x, -c)  # the logarithm of what the exponential is taken of
    return (1 - c) * u - np.exp(u)


FORMULAS: dict[tuple[str, str], Callable[..., Any]] = {
    ("t", "_logpdf"): log_t,
    ("lognorm", "_logpdf"): lambda x, s: log_normal(np.log(x) / s) - np.log(s * x),
    ("truncnorm", "_logpdf"): lambda x, a, b: log_normal(x) - log_mass(a, b),
    ("truncnorm", "_logcdf"): lambda x, a, b: log_mass(a, x) - log_mass(a, b),
    ("truncnorm", "_logsf"): lambda x, a, b: log_mass(x, b) - log_mass(a, b),
    ("truncnorm", "_cdf"): lambda x, a, b: np.exp(log_mass(a, x) - log_mass(a, b)),
    ("truncnorm", "_sf"): lambda x, a, b: np.exp(log_mass(x, b) - log_mass(a, b)),
    ("skewnorm", "_logpdf"): lambda x, a: np.log(2) + log_normal(x) + special.log_ndtr(a * x),
    ("exponnorm", "_logpdf"): lambda x, K: (0.5 / K - x) / K + special.log_ndtr(x - 1 / K) - np.log(K),
    ("genextreme", "_logpdf"): log_extreme,
    ("genextreme", "_logcdf"): lambda x, c: -np.exp(-log_power(x, -c)),
    ("genextreme", "_cdf"): lambda x, c: np.exp(-np.exp(-log_power(x, -c))),
    ("genextreme", "_sf"): lambda x, c: -np.expm1(-np.exp(-log_power(x, -c))),
    ("genpareto", "_logpdf"): lambda x, c: -(1 + c) * log_power(x, c),
    ("genpareto", "_logsf"): lambda x, c: -log_power(x, c),
    ("fisk", "_logpdf"): lambda x, c: np.log(c) - (c + 1) * np.log(x) - 2 * np.log1p(x**-c),
    ("burr", "_logpdf"): lambda x, c, d: np.log(c * d) - (c + 1) * np.log(x) - (d + 1) * np.log1p(x**-c),
    ("beta", "_cdf"): lambda x, a, b: special.betainc(a, b, x),
    ("beta", "_sf"): lambda x, a, b: special.betaincc(a, b, x),
    ("beta", "_ppf"): lambda q, a, b: special.betaincinv(a, b, q),
    ("beta", "_isf"): lambda q, a, b: special.betainccinv(a, b, q),
    ("nbinom", "_cdf"): lambda k, n, p: special.betainc(n, k + 1, p),
    ("nbinom", "_sf"): lambda k, n, p: special.betaincc(n, k + 1, p),
    ("poisson", "_cdf"): lambda k, mu: special.gammaincc(k + 1, mu),
    ("poisson", "_sf"): lambda k, mu: special.gammainc(k + 1, mu),
    ("binom", "_cdf"): lambda k, n, p: special.betainc(n - k, k + 1, 1 - p),
    ("binom", "_sf"): lambda k, n, p: special.betainc(k + 1, n - k, p),
}  # fmt: skip
DERIVED: dict[str, tuple[str, Callable[..., Any]]] = {
    "_pdf": ("_logpdf", np.exp),
    "_logpdf": ("_pdf", np.log),
    "_pmf": ("_logpmf", np.exp),
    "_logpmf": ("_pmf", np.log),
    "_logcdf": ("_cdf", np.log),
    "_sf": ("_cdf", lambda y: 1 - y),
    "_logsf": ("_sf", np.log),
}
DENSITIES = ("_pdf", "_logpdf", "_pmf", "_logpmf")


def evaluated(dist: Any, name: str, xs: Any, tried: tuple[str, ...] = ()) -> Any:
    """The function `name` of the distribution, of the standardised place and the parameters `xs`."""
    if (dist.name, name) in FORMULAS:
        return FORMULAS[dist.name, name](*xs)
    if has_text(dist, name):
        try:
            return getattr(dist, name)(*xs)
        except UNKNOWN:
            tried = (*tried, name)
    if name == "_isf" and not has_text(dist, name):
        return evaluated(dist, "_ppf", (1 - xs[0], *xs[1:]))
    other, of_other = DERIVED.get(name, ("", None))
    if of_other and other not in tried and (name in DENSITIES or name not in tried):
        return of_other(evaluated(dist, other, xs, (*tried, name)))
    return by_density.call(*map(arrayed, xs), dist=dist, name=name)


def has_text(dist: Any, name: str) -> bool:
    """Whether the distribution has a formula of its own for `name`."""
    return all(getattr(type(dist), name, None) is not getattr(base, name, None) for base in BASES)


BASES = (stats.rv_continuous, stats.rv_discrete)


# ---- by the density ------------------------------------------------------------------------------------------------
def slope(name: str, y: Any, density: Callable[[Any], Any], x: Any) -> Any:
    """The slope of the function `name` in its place, by the density; `y` is its value."""
    sign = -1.0 if name in ("_sf", "_logsf", "_isf") else 1.0
    if name in ("_ppf", "_isf"):
        return sign / density(y)
    return sign * density(x) / (np.exp(y) if name.startswith("_log") else 1.0)


def slope_of_place(t: Any, y: Any, i: int, xs: Any, *, dist: Any, name: str) -> Any:
    if i == 0 and name not in DENSITIES:
        return t * slope(name, y, lambda x: evaluated(dist, "_pdf", (x, *xs[1:])), xs[0])
    what = f"its parameter {(dist.shapes or '').split(', ')[i - 1]}" if i else "its place"
    raise MissingRuleError(
        told(
            f"no derivative of scipy.stats.{dist.name}.{name.lstrip('_')} in {what}",
            fix=f'pycograd.blackbox(stats.{dist.name}.{name.lstrip("_")}, jac="3-point"), or on_missing="fd"',
        )
    )


by_density = Primitive(
    lambda *xs, dist, name: getattr(dist, name)(*xs),
    slope_of_place,
    operands="*xs",
    batch=batch_elementwise,
    shape=lambda *avals, dist, name: Aval(
        np.broadcast_shapes(*[a.shape for a in avals]), np.result_type(result_dtype(*avals), float)
    ),
    name="distribution",
)
check = Primitive(
    lambda *xs, dist: np.asarray(dist._argcheck(*xs), bool),
    operands="*xs",
    batch=batch_elementwise,
    shape=lambda *avals, dist: Aval(np.broadcast_shapes(*[a.shape for a in avals]), np.dtype(bool)),
    name="check",
)
support = Primitive(
    lambda *xs, dist: tuple(np.broadcast_arrays(*dist._get_support(*xs), *xs)[:2]),
    operands="*xs",
    batch=batch_elementwise,
    outputs=2,
    shape=lambda *avals, dist: (Aval(np.broadcast_shapes(*[a.shape for a in avals])),) * 2,
    name="support",
)


# ---- what users call -----------------------------------------------------------------------------------------------
class Parameters:
    """The parameters of a call: shapes, location and scale; `good` where scipy accepts them."""

    def __init__(self, dist: Any, args: Any, kwds: Any) -> None:
        shapes, loc, scale = dist._parse_args(*args, **kwds)
        self.shapes, self.loc, self.scale = [arrayed(s) for s in shapes], arrayed(loc), arrayed(scale)
        self.low, self.high = support.call(*self.shapes, dist=dist) if self.shapes else dist._get_support()
        good = check.call(*self.shapes, dist=dist) if self.shapes else True
        self.good = np.logical_and(good, np.greater(self.scale, 0))

    @property
    def middle(self) -> Any:
        """A place within the support."""
        low, high = np.isfinite(self.low), np.isfinite(self.high)
        outer = np.where(low, self.low + 1, np.where(high, self.high - 1, 0.0))
        return np.where(low & high, 0.5 * (np.where(low, self.low, 0) + np.where(high, self.high, 0)), outer)


def nowhere(y: Any, good: Any) -> Any:
    """`y`, and nan where the parameters are not accepted; of single numbers a number."""
    y = np.where(good, y, np.nan)
    y = y.astype(np.result_type(y.dtype, float))
    return y if shape_of(y) else y[()]


def of_place(
    name: str, below: float, above: float, scaled: Callable[[Any, Any], Any] = lambda y, scale: y
) -> None:
    """Register a function of a place: `below` and `above` are its values beyond the support."""

    def ours(dist: Any, x: Any, *args: Any, **kwds: Any) -> Any:
        given = Parameters(dist, args, kwds)
        x = (arrayed(x) - given.loc) / given.scale
        under, over = np.less(x, given.low), np.greater(x, given.high)
        x = np.where(given.good & ~under & ~over, x, given.middle)
        with np.errstate(all="ignore"):
            y = scaled(evaluated(dist, f"_{name}", (x, *given.shapes)), given.scale)
        return nowhere(np.where(under, below, np.where(over, above, y)), given.good)

    register(stats.rv_continuous, name, ours)


def of_probability(name: str, low: str, high: str) -> None:
    """Register a function of a probability, which is the bound `low` of the support at 0 and `high` at 1."""

    def ours(dist: Any, q: Any, *args: Any, **kwds: Any) -> Any:
        given, q = Parameters(dist, args, kwds), arrayed(q)
        inside = np.greater(q, 0) & np.less(q, 1)
        y = evaluated(dist, f"_{name}", (np.where(inside & given.good, q, 0.5), *given.shapes))
        y = np.where(np.equal(q, 0), getattr(given, low), np.where(np.equal(q, 1), getattr(given, high), y))
        y = y * given.scale + given.loc
        return nowhere(np.where(np.greater_equal(q, 0) & np.less_equal(q, 1), y, np.nan), given.good)

    register(stats.rv_continuous, name, ours)


def of_count(name: str, below: float, above: float) -> None:
    """Register a function of a discrete distribution, which is a constant in the count."""

    def ours(dist: Any, k: Any, *args: Any, **kwds: Any) -> Any:
        shapes, loc, _ = dist._parse_args(*args, **kwds)
        shapes, k = [arrayed(s) for s in shapes], np.subtract(arrayed(k), loc)
        low, high = support.call(*shapes, dist=dist) if shapes else dist._get_support()
        good = check.call(*shapes, dist=dist) if shapes else True
        count, mass = np.floor(k), name.endswith("pmf")
        under, over = (
            np.less(count, low),
            np.greater(count, high) | (np.not_equal(count, k) if mass else False),
        )
        if not mass:
            over = np.greater_equal(count, high)
        with np.errstate(all="ignore"):
            y = evaluated(
                dist,
                f"_{name}",
                (np.where(under | over, np.maximum(low, np.minimum(high, 0)), count), *shapes),
            )
        return nowhere(np.where(under, below, np.where(over, above, y)), good)

    register(stats.rv_discrete, name, ours)


def register(base: Any, name: str, ours: Callable[..., Any]) -> None:
    """Register the method `name` of `base`, and that of its frozen distributions."""
    method, frozen = getattr(base, name), getattr(FROZEN[base], name)

    def of_distribution(self: Any, x: Any, *args: Any, **kwds: Any) -> Any:
        return (ours if watches((x, *args, *kwds.values())) else method)(self, x, *args, **kwds)

    def of_frozen(self: Any, x: Any) -> Any:
        return of_distribution(self.dist, x, *self.args, **self.kwds)

    of_distribution.__name__ = of_frozen.__name__ = name
    REGISTRY[method], REGISTRY[frozen] = of_distribution, of_frozen
    METHODS.setdefault(base, {})[name] = of_distribution


FROZEN = {stats.rv_continuous: type(stats.norm()), stats.rv_discrete: type(stats.poisson(1.0))}
METHODS: dict[Any, dict[str, Callable[..., Any]]] = {}
of_place("pdf", 0.0, 0.0, lambda y, scale: y / scale)
of_place("logpdf", -np.inf, -np.inf, lambda y, scale: y - np.log(scale))
of_place("cdf", 0.0, 1.0)
of_place("logcdf", -np.inf, 0.0)
of_place("sf", 1.0, 0.0)
of_place("logsf", 0.0, -np.inf)
of_probability("ppf", "low", "high")
of_probability("isf", "high", "low")
of_count("pmf", 0.0, 0.0)
of_count("logpmf", -np.inf, -np.inf)
of_count("cdf", 0.0, 1.0)
of_count("logcdf", -np.inf, 0.0)
of_count("sf", 1.0, 0.0)
of_count("logsf", 0.0, -np.inf)


class Frozen:
    """A distribution with watched parameters, as `stats.norm(mu, sigma)` makes one."""

    def __init__(self, dist: Any, args: Any, kwds: Any) -> None:
        names = [*(dist.shapes.split(", ") if dist.shapes else []), "loc", "scale"]
        self.dist, self.kwds = dist, dict(zip(names, args)) | kwds

    def __getattr__(self, name: str) -> Any:
        for base, methods in METHODS.items():
            if isinstance(self.dist, base) and name in methods:
                return lambda x: methods[name](self.dist, x, **self.kwds)
        if name in MOMENTS:
            return partial(getattr(self.dist, name), **self.kwds)  # scipy's text, which weaving knows
        raise AttributeError(f"no {name} of a distribution with watched parameters")


MOMENTS = frozenset("mean var std median entropy stats moment interval support".split())
PLAIN_CALL = stats.rv_continuous.__call__


def freeze(self: Any, *args: Any, **kwds: Any) -> Any:
    """A distribution with these parameters."""
    return Frozen(self, args, kwds) if watches((*args, *kwds.values())) else PLAIN_CALL(self, *args, **kwds)


REGISTRY[PLAIN_CALL] = freeze
