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
