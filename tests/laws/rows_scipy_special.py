"""scipy.special, and what `math` has of it."""

import math

import numpy as np
from laws.row import distinct, normal, positive, row, unit

from pycograd.core import REGISTRY

try:
    from scipy import special
except ModuleNotFoundError:
    special = None
inf = np.inf
x, y, p, u = normal(3, 4), positive(3, 4) + 0.3, positive(3, 4), unit(3, 4)
half = 0.5 + 0.5 * u  # in (0, 1)

POLYNOMIALS = "eval_chebyt eval_chebyu eval_legendre eval_hermite eval_hermitenorm eval_laguerre"


def rows(names, *inputs, **params):
    return [
        row(getattr(special, name), *inputs, **params) for name in names.split() if hasattr(special, name)
    ]


def of_last(names, *inputs, **params):
    """Rows for functions that are differentiated in their last operand only."""

    def one(name):
        func = getattr(special, name)
        return row(func, inputs[-1], call=lambda x: REGISTRY.find(func)(*inputs[:-1], x), **params)

    return [one(name) for name in names.split() if hasattr(special, name)]


def scipy_rows():
    """The rows that need scipy."""
    softmaxes = special.logsumexp, special.softmax, special.log_softmax
    ours = lambda name: REGISTRY.find(getattr(special, name))  # noqa: E731
    log0 = np.array([-inf, math.log(0.5)])
    return [
        # ---- error functions, the normal distribution, logistic functions
        *rows("erf erfc erfcx erfi dawsn ndtr log_ndtr expit log_expit softplus", x),
        *rows("erf erfc erfi dawsn", x[0], complex=True),
        *rows("wofz", x),
        *rows("erfinv", u, tolerance=1e-5),
        *rows("erfcinv", 1 + u, tolerance=1e-5),
        *rows("ndtri logit", half, tolerance=1e-5),
        *rows("ndtri_exp", -p, tolerance=1e-5),
        *rows("log_ndtr", np.array([-40.0, -5.0, 9.0])),
        *rows("log_expit", np.array([-800.0, 800.0]), expected=([1.0, 0.0],)),
        # ---- gamma and beta
        *rows("digamma psi gamma gammaln loggamma rgamma", y),
        *rows("gamma loggamma", y[0], complex=True, order=1),
        *rows("gamma", np.array([-1.3, -0.4, 2.5]), tolerance=1e-5),
        *rows("rgamma", np.array([0.0, -1.0, -2.0, -2.3, 0.5, 2.0]), tolerance=1e-5),
        *rows("gammasgn", x),
        *of_last("polygamma", 1, y),
        *rows("beta betaln", y, p),
        *rows("binom poch", y + 2.0, p, tolerance=1e-5),
        row(special.multigammaln, y + 2, call=lambda a: ours("multigammaln")(a, 3)),
        row(special.factorial, y),
        row(special.comb, y + 3.0, p),
        *of_last("zeta", 2.5, y),
        # ---- Bessel functions
        *rows("j0 j1 i0 i1 i0e i1e", x),
        *rows("y0 y1 k0 k1 k0e k1e", y, tolerance=1e-5),
        *of_last("jv iv ive", 2, x),
        *of_last("jv yv iv kv ive kve hankel1 hankel2", 1.5, y, tolerance=1e-5),
        *of_last("yn kn", 2, y, tolerance=1e-5),
        *rows("i1 j1", np.array([0.0]), expected=([0.5],)),
        # ---- integrals, elliptic integrals, omega and W
        *rows("sici fresnel airy expi exp1", y, tolerance=1e-5),
        *rows("shichi", y, tolerance=1e-5),
        *of_last("expn", 3, y),
        *rows("spence", np.array([0.3, 0.95, 1.0, 1.05, 2.0])),
        *rows("ellipk ellipe", np.array([-0.5, -0.1, 0.0, 0.1, 0.7]), tolerance=1e-5),
        *rows("ellipkm1", half, tolerance=1e-4),
        *rows("wrightomega", x),
        *rows("lambertw", y),
        # ---- hypergeometric functions, polynomials
        *of_last("hyp0f1", 1.5, u),
        *of_last("hyp1f1", 1.5, 2.5, u),
        *of_last("hyp2f1", 0.5, 1.5, 2.5, 0.8 * u),
        *[
            r
            for n in (0, 1, 4)
            for r in of_last(
                "eval_chebyt eval_chebyu eval_legendre eval_hermite eval_hermitenorm eval_laguerre",
                n,
                u,
                tolerance=1e-5,
            )
        ],
        *of_last("eval_legendre eval_chebyu", 3, np.array([-1.0, 1.0])),
        *of_last("eval_genlaguerre eval_gegenbauer", 3, 0.7, u, tolerance=1e-5),
        *of_last("eval_jacobi", 3, 0.7, 1.2, u, tolerance=1e-5),
        # ---- entropies and losses
        *rows("xlogy xlog1py rel_entr kl_div", p, y),
        *rows(
            "xlogy",
            np.array([0.0, 0.0, 2.0]),
            np.array([0.0, 3.0, 2.0]),
            expected=([-inf, math.log(3), math.log(2)], [0, 0, 1]),
        ),
        *rows("xlogy xlog1py", np.array([0.0, 2.0]), np.array([3.0, 2.0])),
        *rows("entr", p),
        *rows("huber", p, 3 * distinct(3, 4) + 0.017),
        *rows("pseudo_huber", p, x),
        # ---- exponentials, powers, degrees
        *rows("exp2 exp10 expm1 exprel cosm1", x),
        *rows("exprel", np.array([0.0, 1e-9, 0.05, -0.2])),
        *rows("log1p cbrt", p),
        *rows("powm1 boxcox boxcox1p inv_boxcox inv_boxcox1p", p, y),
        *rows("boxcox boxcox1p", np.array([0.5, 2.0, 3.0]), np.array([0.0, 1e-6, 0.01])),
        *rows("sindg cosdg tandg cotdg", 20 * y),
        # ---- softmax
        *[row(f, x, axis=axis) for f in softmaxes for axis in (None, 0, -1, (0, 1))],
        row(special.logsumexp, x, axis=1, keepdims=True),
        row(special.logsumexp, x, p, call=lambda a, b: ours("logsumexp")(a, b=b, axis=0)),
        row(special.logsumexp, x, p[0], call=lambda a, b: ours("logsumexp")(a, b=b, keepdims=True)),
        row(special.logsumexp, x, u, call=lambda a, b: ours("logsumexp")(a, b=b, axis=1, return_sign=True)),
        row(
            special.logsumexp,
            x,
            np.array([0.0, 1.0, 2.0, 0.0]),
            call=lambda a, b: ours("logsumexp")(a, b=b, axis=1),
        ),
        row(special.logsumexp, 1000 * x, tolerance=1e-5),
        row(special.logsumexp, np.array([-inf, -inf]), expected=([0.0, 0.0],)),
        row(special.logsumexp, log0, expected=([0.0, 1.0],)),
        row(special.softmax, log0, expected=([0.0, 0.0],)),
        row(special.log_softmax, log0, call=lambda a: ours("log_softmax")(a)[1], expected=([0.0, 0.0],)),
    ]


ROWS = [
    *[row(f, 0.7) for f in (math.erf, math.erfc, math.gamma, math.lgamma)],
    row(math.gamma, -1.3, tolerance=1e-5),
    *(scipy_rows() if special else []),
]
