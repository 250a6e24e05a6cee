"""`scipy.special`: logistic functions, entropies, losses, exponentials, powers, degrees."""

import math

import numpy as np

from .families import arrayed, composite
from .scipy_gamma import declare, series, special

LOG10, DEGREE = math.log(10), math.pi / 180

# ---- logistic functions ----------------------------------------------------------------------------------------------
expit = declare("expit", lambda t, y: t * (y * (1 - y)))
logit = declare("logit", lambda t, x: t / (x * (1 - x)), unbounded=True)
log_expit = declare("log_expit", lambda t, x: t * expit(-x))


# ---- logarithms and entropies: x log y, with 0 log 0 = 0 -------------------------------------------------------------
def ratio(a, b):
    """a / b, and 0 for 0 / 0."""
    return a / np.where(np.logical_and(a == 0, b == 0), 1.0, b)


xlogy = declare("xlogy", lambda t, b: t * np.log(b), lambda t, a, b: t * ratio(a, b), unbounded=True)
xlog1py = declare(
    "xlog1py", lambda t, b: t * np.log1p(b), lambda t, a, b: t * ratio(a, 1 + b), unbounded=True
)
entr = declare("entr", lambda t, x: -t * (np.log(x) + 1), unbounded=True)
rel_entr = declare(
    "rel_entr",
    lambda t, a, b: t * (np.log(ratio(a, b)) + 1),
    lambda t, a, b: -t * ratio(a, b),
    unbounded=True,
)
kl_div = declare(
    "kl_div", lambda t, a, b: t * np.log(ratio(a, b)), lambda t, a, b: t * (1 - ratio(a, b)), unbounded=True
)


# ---- losses ----------------------------------------------------------------------------------------------------------
huber = declare(
    "huber",
    lambda t, a, b: t * np.maximum(np.abs(b) - a, 0.0),
    lambda t, a, b: t * np.clip(b, -a, a),
)
pseudo_huber = declare(
    "pseudo_huber",
    lambda t, a, b: t * (np.hypot(a, b) + a * a / distance(a, b) - 2 * a),
    lambda t, a, b: t * (a * b / distance(a, b)),
)


def distance(a, b):
    """The distance from the origin, and 1 at the origin."""
    d = np.hypot(a, b)
    return np.where(d == 0, 1.0, d)


def softplus(x, **params):
    """`scipy.special.softplus`, log(1 + exp(x))."""
    return np.logaddexp(0.0, arrayed(x), **params)


if hasattr(special, "softplus"):  # scipy 1.15
    softplus = composite(special.softplus)(softplus)


# ---- exponentials, powers, angles ------------------------------------------------------------------------------------
exp2 = declare("exp2", lambda t, y: t * (y * math.log(2)))
exp10 = declare("exp10", lambda t, y: t * (y * LOG10))
expm1 = declare("expm1", lambda t, y: t * (y + 1))
log1p = declare("log1p", lambda t, x: t / (1 + x), unbounded=True)
cbrt = declare("cbrt", lambda t, y: t / (3 * y * y), unbounded=True)
cosm1 = declare("cosm1", lambda t, x: t * -np.sin(x))
powm1 = declare(
    "powm1", lambda t, a, b: t * (b * a ** (b - 1)), lambda t, y, a: t * ((y + 1) * np.log(a)), unbounded=True
)
sindg = declare("sindg", lambda t, x: t * (DEGREE * cosdg(x)))
cosdg = declare("cosdg", lambda t, x: t * (-DEGREE * sindg(x)))
tandg = declare("tandg", lambda t, y: t * (DEGREE * (1 + y * y)))
cotdg = declare("cotdg", lambda t, y: t * (-DEGREE * (1 + y * y)))
EXPREL = [(k + 1) / math.factorial(k + 2) for k in range(12)]


def slope_of_exprel(t, y, x):
    near = np.abs(x) < 0.1
    return t * np.where(near, series(x, EXPREL), (np.exp(x) - y) / np.where(near, 1.0, x))


exprel = declare("exprel", slope_of_exprel)
BOXCOX = [1 / (math.factorial(k) * (k + 2)) for k in range(12)]


def boxcox_by_power(log, power):
    """d/dp of (x^p - 1) / p, with log = log(x): log^2 (u e^u - e^u + 1) / u^2 at u = p log."""
    u = log * power
    near = np.abs(u) < 0.1
    v = np.where(near, 1.0, u)
    return log * log * np.where(near, series(u, BOXCOX), (v * np.exp(v) - np.expm1(v)) / (v * v))


boxcox = declare(
    "boxcox",
    lambda t, a, b: t * a ** (b - 1),
    lambda t, a, b: t * boxcox_by_power(np.log(a), b),
    unbounded=True,
)
boxcox1p = declare(
    "boxcox1p",
    lambda t, a, b: t * (1 + a) ** (b - 1),
    lambda t, a, b: t * boxcox_by_power(np.log1p(a), b),
    unbounded=True,
)
inv_boxcox = declare(
    "inv_boxcox",
    lambda t, y, b: t * y ** (1 - b),
    lambda t, y, b: -t * y ** (1 - b) * boxcox_by_power(np.log(y), b),
    unbounded=True,
)
inv_boxcox1p = declare(
    "inv_boxcox1p",
    lambda t, y, b: t * (1 + y) ** (1 - b),
    lambda t, y, b: -t * (1 + y) ** (1 - b) * boxcox_by_power(np.log1p(y), b),
    unbounded=True,
)
