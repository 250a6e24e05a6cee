"""Rows of the functions of `math` that are no ufunc's twin, of Python floats."""

import cmath
import math

from laws.row import row

from pycograd.core import REGISTRY


def by(func, *inputs, call=None, **params):
    """A row of a function that numpy does not hand over by its protocols: it is called by the registry."""
    ours = lambda *args, **kwargs: REGISTRY[func](*args, **kwargs)  # noqa: E731
    return row(func, *inputs, call=(lambda *xs: call(ours, *xs)) if call else None, **params)


NUMBERS = dict.fromkeys(
    ["vmap", "vmap_gradient", "capture", "every_in_axes", "every_order", "capture_gradient"],
    "the exponent is a plain integer, one for all examples",
)
ROWS = [
    by(math.fsum, 0.5, 1.5, call=lambda fsum, v, w: fsum([v, 2.0, w])),
    by(math.prod, 0.5, 1.5, call=lambda prod, v, w: prod([v, 2.0, w])),
    by(math.hypot, 0.5, 1.5),
    by(math.hypot, 0.5, 1.5, 2.5),
    by(math.hypot, 0.0, 0.0, 0.0, expected=(0, 0, 0)),
    by(math.dist, 0.5, 1.5, call=lambda dist, v, w: dist([v, 2.0, w], (w, v, 1.0))),
    by(math.isnan, 0.5),
    by(math.isinf, 0.5),
    by(math.isfinite, 0.5),
    by(math.isclose, 0.5, 0.5 + 1e-12),
    by(math.log, 1.5),
    by(math.log, 1.5, 2.5),
    by(math.modf, 2.25),
    by(math.modf, -2.25),
    by(math.frexp, 12.5, exempt=NUMBERS),
    by(math.ulp, 1.5),
    *[by(math.erf, x) for x in (-1.5, 0.0, 0.5)],
    *[by(math.erfc, x) for x in (-1.5, 0.0, 0.5)],
    *[by(f, x, tolerance=1e-5) for f in (math.lgamma, math.gamma) for x in (0.3, 1.5, 7.25, -0.6, -2.4)],
]  # fmt: skip
z = 0.6 + 0.4j
CMATH = [getattr(cmath, name) for name in "exp sin cos tan sinh cosh tanh sqrt log log10".split()]
CMATH += [getattr(cmath, name) for name in "asin acos atan asinh acosh atanh".split()]
ROWS += [by(f, x) for f in CMATH for x in (z, -z, 0.5)]
ROWS += [by(f, z) for f in (cmath.isnan, cmath.isinf, cmath.isfinite, cmath.phase, cmath.polar)]
ROWS += [by(cmath.log, z, 2.5 + 1j), by(cmath.rect, 0.5, 1.5), by(cmath.isclose, z, z + 1e-12)]
if hasattr(math, "sumprod"):
    ROWS.append(by(math.sumprod, 0.5, 1.5, call=lambda sumprod, v, w: sumprod([v, 2.0], (w, v))))
if hasattr(math, "fma"):
    ROWS.append(by(math.fma, 0.5, 1.5, 2.0))
