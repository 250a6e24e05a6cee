"""Incomplete gamma and beta functions in all operands, the distribution functions made of them, waves."""

import numpy as np
from laws.row import row, unit
from laws.rows_scipy_special import of_last, rows

try:
    from scipy import special
except ModuleNotFoundError:
    special = None
a, b = np.array([0.3, 0.8, 1.7, 2.5, 30.0]), np.array([0.5, 3.0, 0.9, 4.2, 12.0])
x, q = np.array([0.2, 0.4, 3.0, 2.0, 28.0]), np.array([0.2, 0.4, 0.8, 0.6, 0.7])
df, t = a + 0.6, np.array([-2.0, -0.1, 0.03, 0.5, 3.0])
z = np.array([0.3, 0.8, 1.1, 2.5, 5.0])


def scipy_rows():
    return [
        *rows("gammainc gammaincc", a, x),
        *rows("gammaincinv gammainccinv", a, q, tolerance=1e-5),
        *rows("betainc betaincc", a, b, q),
        *rows("betaincinv betainccinv", a[1:], b[1:], q[1:], tolerance=1e-5),
        # ---- distributions
        *rows("stdtr", df, t),
        *rows("stdtrit", df + 1, q, tolerance=1e-4),
        *rows("chdtr chdtrc", a, x),
        *rows("chdtri", a[1:], q[1:], tolerance=1e-5),
        *rows("gdtr gdtrc", b, a, x, tolerance=1e-5),
        *rows("fdtr fdtrc", a, b, x, tolerance=1e-5),
        *rows("fdtri", a[2:], b[2:], q[2:], tolerance=1e-5),
        *of_last("pdtr pdtrc", 3, x),
        *of_last("pdtri", 3, q, tolerance=1e-5),
        *of_last("bdtr bdtrc bdtri", 2, 5, q, tolerance=1e-5),
        *of_last("nbdtr nbdtrc", 2, 5, q, tolerance=1e-5),
        *rows("voigt_profile", t, a, b, tolerance=1e-4),
        *rows("owens_t", t, b),
        *rows("kolmogorov", np.array([0.3, 0.7, 0.99, 1.01, 1.4, 2.0])),
        *rows("kolmogi", q, tolerance=1e-5),
        # ---- spherical harmonics and Bessel functions
        *[of_last(name, *inputs)[0] for name, inputs in POLAR if hasattr(special, name)],
        *[
            row(getattr(special._ufuncs, f"_spherical_{kind}{d}"), z, call=spherical(kind, d), tolerance=1e-5)
            for kind in ("jn", "yn", "in", "kn")
            for d in ("", "_d")
        ],
        *rows("ber bei ker kei berp beip kerp keip", z, tolerance=1e-5),
        *of_last("struve modstruve hankel1e hankel2e", 1.5, z, tolerance=1e-5),
        *of_last("hyperu", 1.0, 2.0, z, tolerance=1e-5),
        *of_last("lpmv", 1, 3, unit(5), tolerance=1e-5),
        *rows("itj0y0 iti0k0 it2j0y0 it2i0k0", z, tolerance=1e-5),
        # ---- elliptic integrals, polynomials, zeta
        *rows("ellipkinc ellipeinc", z, np.array([0.3, 0.2, -0.01, -0.5, 0.9]), tolerance=1e-5),
        *rows("ellipkinc ellipeinc", z[:2], np.array([0.0, 1e-7]), order=1),
        *of_last("eval_sh_legendre eval_sh_chebyt eval_sh_chebyu eval_chebyc eval_chebys", 3, q),
        *rows("zetac", z + 1),
        *rows("radian", x, a, b),
        *rows("round", x + 0.07),
    ]


POLAR = [("sph_harm_y", (3, m, 0.3, z)) for m in (-3, 0, 2)]


def spherical(kind, d):
    from_scipy = getattr(special._ufuncs, f"_spherical_{kind}{d}")
    return lambda x: from_scipy(2, x)


ROWS = scipy_rows() if special else []
