"""`scipy.special`: Bessel functions, integrals, elliptic integrals, hypergeometric functions, orthogonal polynomials.

Slopes in the argument; a Bessel function's order and a polynomial's degree have none.  DLMF, chapters 5 to 19.
"""

import math

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive

from .families import arrayed, composite
from .scipy_gamma import declare, dtype_of, no_slope, series, special

PI = math.pi


# ---- Bessel functions: the slope of f_v from its neighbours f_{v-1} and f_{v+1}; DLMF 10.6.1, 10.29.1 ---------------
def neighbours(func, before, after):
    """The slope before * f_{v-1} + after * f_{v+1} of a function of order a and argument b."""
    return lambda t, a, b: t * (before * func(a - 1, b) + after * func(a + 1, b))


def scaled_neighbours(func, sign):
    """The same for a function times exp(-|x|), or `sign` times such a one times exp(x), x > 0."""
    if sign > 0:
        return lambda t, y, a, b: t * (0.5 * (func(a - 1, b) + func(a + 1, b)) - np.sign(b) * y)
    return lambda t, y, a, b: t * (y - 0.5 * (func(a - 1, b) + func(a + 1, b)))


for name in ("jv", "yv"):
    declare(name, no_slope(name, "v"), neighbours(getattr(special, name), 0.5, -0.5))
for name in ("hankel1", "hankel2"):
    func = getattr(special, name)
    declare(name, no_slope(name, "v"), neighbours(func, 0.5, -0.5), dtype=dtype_of(func, (1,)))
declare("yn", no_slope("yn", "n"), neighbours(special.yv, 0.5, -0.5))
declare("iv", no_slope("iv", "v"), neighbours(special.iv, 0.5, 0.5))
declare("kv", no_slope("kv", "v"), neighbours(special.kv, -0.5, -0.5))
declare("kn", no_slope("kn", "n"), neighbours(special.kv, -0.5, -0.5))
declare("ive", no_slope("ive", "v"), scaled_neighbours(special.ive, 1))
declare("kve", no_slope("kve", "v"), scaled_neighbours(special.kve, -1))
declare("j0", lambda t, x: t * -special.j1(x))
declare("j1", lambda t, x: t * (0.5 * (special.j0(x) - special.jv(2, x))))
declare("y0", lambda t, x: t * -special.y1(x))
declare("y1", lambda t, x: t * (0.5 * (special.y0(x) - special.yv(2, x))))
declare("i0", lambda t, x: t * special.i1(x))
declare("i1", lambda t, x: t * (0.5 * (special.i0(x) + special.iv(2, x))))
declare("i0e", lambda t, y, x: t * (special.i1e(x) - np.sign(x) * y))
declare("i1e", lambda t, y, x: t * (0.5 * (special.i0e(x) + special.ive(2, x)) - np.sign(x) * y))
declare("k0", lambda t, x: t * -special.k1(x))
declare("k1", lambda t, x: t * (-0.5 * (special.k0(x) + special.kv(2, x))))
declare("k0e", lambda t, y, x: t * (y - special.k1e(x)))
declare("k1e", lambda t, y, x: t * (y - 0.5 * (special.k0e(x) + special.kve(2, x))))


# ---- functions with several results ----------------------------------------------------------------------------------
def several(name, slopes):
    """Declare a function of one argument with several results; `slopes(x, y)` are theirs."""
    func = getattr(special, name)
    n = func.nout

    def vjp(g, y, x):
        return sum(c * s for c, s in zip(g, slopes(x, y), strict=True) if c is not None)

    def shape(x):
        return tuple(Aval(x.shape, y.dtype) for y in func(np.ones(1, x.dtype)))

    REGISTRY[func] = Primitive(
        func,
        vjp,
        jvp=(lambda t, y, x: tuple([t * s for s in slopes(x, y)]),),
        batch=lambda prim, xs, batched, params: prim.call(*xs),
        shape=shape,
        outputs=n,
        name=name,
    )


several("sici", lambda x, y: (np.sinc(x / PI), np.cos(x) / x))
several("shichi", lambda x, y: (0.5 * (special.exprel(x) + special.exprel(-x)), np.cosh(x) / x))
several("fresnel", lambda x, y: (np.sin(0.5 * PI * x * x), np.cos(0.5 * PI * x * x)))
several("airy", lambda x, y: (y[1], x * y[0], y[3], x * y[2]))

# ---- integrals -------------------------------------------------------------------------------------------------------
declare("expi", lambda t, x: t * np.exp(x) / x, unbounded=True)
declare("exp1", lambda t, x: t * -np.exp(-x) / x, unbounded=True)
declare("expn", no_slope("expn", "n"), lambda t, a, b: -t * special.expn(a - 1, b), unbounded=True)
DILOGARITHM = [-((-1.0) ** k) / (k + 1) for k in range(16)]


def slope_of_spence(t, x):
    """log(x) / (1 - x), and its series around 1."""
    u = x - 1
    near = np.abs(u) < 0.1
    return t * np.where(near, series(u, DILOGARITHM), np.log(x) / np.where(near, 1.0, -u))


declare("spence", slope_of_spence, unbounded=True)
ELLIPTIC = [(math.comb(2 * k, k) / 4**k) ** 2 * PI / 2 for k in range(24)]  # K(m) = sum c_k m^k; DLMF 19.5.1
SLOPE_OF_K = [k * c for k, c in enumerate(ELLIPTIC)][1:]
SLOPE_OF_E = [-k * c / (2 * k - 1) for k, c in enumerate(ELLIPTIC)][1:]


def slope_of_k(m):
    """dK/dm; DLMF 19.4.1."""
    near = np.abs(m) < 0.2
    safe = np.where(near, 0.5, m)
    far = (special.ellipe(safe) / (1 - safe) - special.ellipk(safe)) / (2 * safe)
    return np.where(near, series(m, SLOPE_OF_K), far)


def slope_of_e(t, x):
    near = np.abs(x) < 0.2
    safe = np.where(near, 0.5, x)
    return t * np.where(
        near, series(x, SLOPE_OF_E), (special.ellipe(safe) - special.ellipk(safe)) / (2 * safe)
    )


declare("ellipk", lambda t, x: t * slope_of_k(x), unbounded=True)
declare("ellipkm1", lambda t, x: t * -slope_of_k(1 - x), unbounded=True)
declare("ellipe", slope_of_e, unbounded=True)

# ---- omega and W -----------------------------------------------------------------------------------------------------
declare("wrightomega", lambda t, y: t * y / (1 + y))


def lambert(z, *, k, tol):
    return special.lambertw(z, k, tol)


lambertw_ = Primitive(
    lambert,
    lambda g, y, z, *, k, tol: g / (z + np.exp(y)),
    jvp=(lambda t, y, z, *, k, tol: t / (z + np.exp(y)),),
    batch=lambda prim, xs, batched, params: prim.call(*xs, **params),
    shape=lambda z, *, k, tol: Aval(z.shape, np.dtype(np.complex128)),
    operands="z",
    name="lambertw",
    unbounded=True,
)


@composite(special.lambertw)
def lambertw(z, k=0, tol=1e-8):
    """`scipy.special.lambertw`: complex, of branch `k`."""
    return lambertw_.call(arrayed(z), k=k, tol=tol)


if hasattr(special, "_ufuncs"):  # what `lambertw` calls, when it is called from code that is not woven
    REGISTRY[special._ufuncs._lambertw] = lambda z, k, tol: lambertw_.call(z, k=k, tol=tol)


# ---- hypergeometric functions; DLMF 13.3.15, 15.5.1 ------------------------------------------------------------------
declare("hyp0f1", no_slope("hyp0f1", "v"), lambda t, a, b: t * special.hyp0f1(a + 1, b) / a)
declare(
    "hyp1f1",
    no_slope("hyp1f1", "a"),
    no_slope("hyp1f1", "b"),
    lambda t, a, b, c: t * (a / b * special.hyp1f1(a + 1, b + 1, c)),
)
declare(
    "hyp2f1",
    *[no_slope("hyp2f1", operand) for operand in "abc"],
    lambda t, a, b, c, d: t * (a * b / c * special.hyp2f1(a + 1, b + 1, c + 1, d)),
)


# ---- orthogonal polynomials, degree first; DLMF 18.9 -----------------------------------------------------------------
def polynomial(name, slope, parameters=""):
    """Declare a family of polynomials; `slope(n, ..., x)` is that of degree n, for n > 0."""
    name = f"eval_{name}"

    def at(n, *rest):
        return np.where(n == 0, 0.0, slope(np.where(n == 0, 1, n), *rest))

    rules = (
        lambda t, a, b: t * at(a, b),
        lambda t, a, b, c: t * at(a, b, c),
        lambda t, a, b, c, d: t * at(a, b, c, d),
    )
    declare(name, *[no_slope(name, operand) for operand in ("n", *parameters)], rules[len(parameters)])


polynomial("chebyt", lambda n, x: n * special.eval_chebyu(n - 1, x))
polynomial("chebyu", lambda n, x: 2.0 * special.eval_gegenbauer(n - 1, 2.0, x))
polynomial("legendre", lambda n, x: special.eval_gegenbauer(n - 1, 1.5, x))
polynomial("hermite", lambda n, x: 2 * n * special.eval_hermite(n - 1, x))
polynomial("hermitenorm", lambda n, x: n * special.eval_hermitenorm(n - 1, x))
polynomial("laguerre", lambda n, x: -special.eval_genlaguerre(n - 1, 1.0, x))
polynomial("genlaguerre", lambda n, c, x: -special.eval_genlaguerre(n - 1, c + 1, x), "c")
polynomial("gegenbauer", lambda n, c, x: 2 * c * special.eval_gegenbauer(n - 1, c + 1, x), "c")
polynomial(
    "jacobi", lambda n, a, b, x: 0.5 * (n + a + b + 1) * special.eval_jacobi(n - 1, a + 1, b + 1, x), "ab"
)
