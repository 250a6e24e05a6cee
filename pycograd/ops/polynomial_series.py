"""`np.polynomial`, which numpy imports when it is first named: so is this module, by `REGISTRY.lazy`."""

import numpy as np

from pycograd.core import aval_of, shape_of

from .families import arrayed, composite, rank


@composite(np.polynomial.polynomial.polyval)
def polyval_lowest_first(x, c, tensor=True):
    """`np.polynomial.polynomial.polyval`: the coefficients lowest power first, several polynomials side by side."""
    c, x = np.atleast_1d(arrayed(c)), arrayed(x)
    c = c if np.dtype(aval_of(c).dtype).kind in "fc" else np.asarray(c, float)
    if tensor:
        c = np.reshape(c, shape_of(c) + (1,) * rank(x))
    y = c[-1] + x * 0
    for i in range(2, len(c) + 1):
        y = c[-i] + y * x
    return y


@composite(np.polynomial.polynomial.polyval2d)
def polyval2d(x, y, c):
    """`np.polynomial.polynomial.polyval2d`."""
    x, y = arrayed(x), arrayed(y)
    if shape_of(x) != shape_of(y):
        raise ValueError("x, y are incompatible")
    return polyval_lowest_first(y, polyval_lowest_first(x, c), tensor=False)


@composite(np.polynomial.polynomial.polygrid2d)
def polygrid2d(x, y, c):
    """`np.polynomial.polynomial.polygrid2d`."""
    return polyval_lowest_first(y, polyval_lowest_first(x, c))
