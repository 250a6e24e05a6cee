"""`scipy.special`: spherical harmonics and Bessel functions, Kelvin and Struve functions, shifted polynomials.

Slopes in the argument, from the equations and recurrences of DLMF 10.51, 10.61, 11.4, 14.30, 18.7, 19.4, 25.2.
"""

import math

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive

from .families import arrayed, batch_elementwise, composite, constant, no_rule
from .scipy_bessel import several
from .scipy_gamma import declare, dtype_of, no_slope, special
from .scipy_incomplete import elementwise_of

PI = math.pi


# ---- spherical harmonics: 2 d/d theta is the difference of the ladder operators --------------------------------------
def ladder(n, m, theta, phi, step):
    """The neighbour of degree m + step, times its factor, turned back by exp(-i step phi)."""
    factor = np.sqrt(np.maximum((n - step * m) * (n + step * m + 1.0), 0.0))
    return factor * np.exp(-1j * step * phi) * harmonic.call(n, np.where(factor > 0, m + step, m), theta, phi)


def polar_slope(n, m, theta, phi):
    """d/d theta; beyond pi scipy has the harmonic of 2 pi - theta."""
    sign = np.where(np.sin(theta) < 0, -0.5, 0.5)
    return sign * (ladder(n, m, theta, phi, 1) - ladder(n, m, theta, phi, -1))


harmonic = Primitive(
    lambda n, m, theta, phi: special.sph_harm_y(n, m, theta, phi),
    None,
    None,
    lambda g, n, m, theta, phi: g * polar_slope(n, m, theta, phi),
    lambda g, y, m: g * 1j * m * y,
    jvp=(
        None,
        None,
        lambda t, n, m, theta, phi: t * polar_slope(n, m, theta, phi),
        lambda t, y, m: t * 1j * m * y,
    ),
    operands="n m theta phi",
    batch=batch_elementwise,
    shape=lambda *avals: Aval(
        np.broadcast_shapes(*[v.shape for v in avals]),
        np.result_type(*[np.dtype(v.dtype) for v in avals[2:]], np.complex64),
    ),
    name="sph_harm_y",
)

if hasattr(special, "sph_harm_y"):  # scipy 1.15

    @composite(special.sph_harm_y)
    def sph_harm_y(n, m, theta, phi, *, diff_n=0):
        """`scipy.special.sph_harm_y`."""
        if diff_n:
            raise no_rule(special.sph_harm_y, "diff_n")
        return harmonic.call(*map(arrayed, (n, m, theta, phi)))


# ---- spherical Bessel functions: f'' = -2/z f' + (n(n+1)/z^2 -+ 1) f -------------------------------------------------
def spherical(name, sign):
    func, slope = (getattr(special._ufuncs, f"_spherical_{name}{d}", None) for d in ("", "_d"))
    if func is None:
        return
    bend = lambda t, y, a, b: t * ((a * (a + 1) / (b * b) + sign) * func(a, b) - 2 * y / b)  # noqa: E731
    one = lambda aval: 1 if aval.dtype is int else np.ones(1, aval.dtype)  # noqa: E731
    dtype = lambda n, z: func(one(n), one(z)).dtype  # noqa: E731
    for f, rule in ((func, lambda t, a, b: t * slope(a, b)), (slope, bend)):
        REGISTRY[f] = elementwise_of(f, "a b", no_slope(f"spherical_{name}", "n"), rule, dtype=dtype)


for _name, _sign in (("jn", -1.0), ("yn", -1.0), ("in", 1.0), ("kn", 1.0)):
    spherical(_name, _sign)

# ---- Kelvin functions ------------------------------------------------------------------------------------------------
declare("ber", lambda t, x: t * special.berp(x))
declare("bei", lambda t, x: t * special.beip(x))
declare("ker", lambda t, x: t * special.kerp(x))
declare("kei", lambda t, x: t * special.keip(x))
declare("berp", lambda t, y, x: t * (-special.bei(x) - y / x))
declare("beip", lambda t, y, x: t * (special.ber(x) - y / x))
declare("kerp", lambda t, y, x: t * (-special.kei(x) - y / x))
declare("keip", lambda t, y, x: t * (special.ker(x) - y / x))

# ---- Struve and scaled Hankel functions, integrals of Bessel functions -----------------------------------------------
declare("struve", no_slope("struve", "v"), lambda t, y, a, b: t * (special.struve(a - 1, b) - a / b * y))
declare(
    "modstruve", no_slope("modstruve", "v"), lambda t, y, a, b: t * (special.modstruve(a - 1, b) - a / b * y)
)
declare(
    "hankel1e",
    no_slope("hankel1e", "v"),
    lambda t, y, a, b: t * (special.hankel1e(a - 1, b) - (a / b + 1j) * y),
    dtype=dtype_of(special.hankel1e, (1,)),
)
declare(
    "hankel2e",
    no_slope("hankel2e", "v"),
    lambda t, y, a, b: t * (special.hankel2e(a - 1, b) - (a / b - 1j) * y),
    dtype=dtype_of(special.hankel2e, (1,)),
)
declare(
    "hyperu",
    no_slope("hyperu", "a"),
    no_slope("hyperu", "b"),
    lambda t, a, b, c: -t * a * special.hyperu(a + 1, b + 1, c),
)
declare(
    "lpmv",
    no_slope("lpmv", "m"),
    no_slope("lpmv", "v"),
    lambda t, y, a, b, c: t * (b * c * y - (b + a) * special.lpmv(a, b - 1, c)) / (c * c - 1),
)
several("itj0y0", lambda x, y: (special.j0(x), special.y0(x)))
several("iti0k0", lambda x, y: (special.i0(x), special.k0(x)))
several("it2j0y0", lambda x, y: ((1 - special.j0(x)) / x, -special.y0(x) / x))
several("it2i0k0", lambda x, y: ((special.i0(x) - 1) / x, -special.k0(x) / x))


# ---- incomplete elliptic integrals -----------------------------------------------------------------------------------
def between(phi, m):
    """(F - E) / m: the integral of sin^2 / sqrt(1 - m sin^2) from 0 to phi, by its series near m = 0."""
    near = np.abs(m) < 1e-5
    first = 0.5 * phi - 0.25 * np.sin(2 * phi)
    second = 0.375 * phi - 0.25 * np.sin(2 * phi) + np.sin(4 * phi) / 32
    far = np.where(near, 1.0, m)
    return np.where(
        near, first + 0.5 * m * second, (special.ellipkinc(phi, far) - special.ellipeinc(phi, far)) / far
    )


def root(phi, m):
    return np.sqrt(1 - m * np.sin(phi) ** 2)


declare(
    "ellipkinc",
    lambda t, a, b: t / root(a, b),
    lambda t, y, a, b: t * (0.5 * (y - between(a, b)) - 0.25 * np.sin(2 * a) / root(a, b)) / (1 - b),
)
declare("ellipeinc", lambda t, a, b: t * root(a, b), lambda t, a, b: -0.5 * t * between(a, b))


# ---- shifted and rescaled polynomials --------------------------------------------------------------------------------
def moved(name, base, place, scale=1.0):
    """Register a polynomial that is `scale` times that of `base` at another place."""
    func = getattr(special, f"eval_{name}")

    def ours(*args):
        return scale * getattr(special, f"eval_{base}")(*args[:-1], place(arrayed(args[-1])))

    ours.__name__ = ours.__qualname__ = func.__name__
    composite(func)(ours)


moved("sh_legendre", "legendre", lambda x: 2 * x - 1)
moved("sh_chebyt", "chebyt", lambda x: 2 * x - 1)
moved("sh_chebyu", "chebyu", lambda x: 2 * x - 1)
moved("chebyc", "chebyt", lambda x: 0.5 * x, 2.0)
moved("chebys", "chebyu", lambda x: 0.5 * x)


# ---- the Riemann zeta function, by Euler's and Maclaurin's sum -------------------------------------------------------
TERMS = np.arange(20.0)
BERNOULLI = [1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600]


def slope_of_zeta(s, q):
    """d/ds of sum (k + q)**-s."""
    k = q[..., None] + TERMS if np.ndim(q) else q + TERMS
    power = np.expand_dims(s, -1) if np.ndim(s) else s
    start = -np.sum(np.log(k) * k**-power, -1)
    far = q + 20.0
    log, tail = np.log(far), far**-s
    total = start - far * tail * (log / (s - 1) + 1 / (s - 1) ** 2) - 0.5 * log * tail
    rising, inverse = s, 1 / s
    for j, b in enumerate(BERNOULLI):
        total = total + b * rising * tail * far ** (-2.0 * j - 1) * (inverse - log)
        rising = rising * (s + 2 * j + 1) * (s + 2 * j + 2)
        inverse = inverse + 1 / (s + 2 * j + 1) + 1 / (s + 2 * j + 2)
    return total


declare("zetac", lambda t, x: t * slope_of_zeta(x, 1.0))
declare(
    "radian",
    lambda t: t * (PI / 180),
    lambda t: t * (PI / 180 / 60),
    lambda t: t * (PI / 180 / 3600),
)
constant(special.round)
