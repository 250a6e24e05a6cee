"""`scipy.linalg`: functions of matrices.

The derivative of f at A along E is a block of f at a larger matrix, [[A, E], [0, A]], the upper right one; its
transpose is the derivative at A^T.  So f itself is all that a rule needs, in every order.  Higham, Functions of
Matrices, theorem 3.6; Al-Mohy & Higham 2009 for the exponential.
"""

import numpy as np

from pycograd.core import Aval, Primitive, shape_of
from pycograd.core.lazy import optional

from .families import composite
from .linalg import cubic, inexact, square_shape, swapped
from .scipy_stacks import batch_stacks, matrix, on_stacks

linalg = optional("scipy.linalg", "scipy")


def along(f, a, e, **params):
    """The derivative of `f` at the matrix `a` along `e`."""
    n = shape_of(a)[-1]
    lead = np.broadcast_shapes(shape_of(a)[:-2], shape_of(e)[:-2])
    a, e = (np.broadcast_to(x, (*lead, n, n)) for x in (a, e))
    top = np.concatenate([a, e], axis=-1)
    bottom = np.concatenate([np.zeros_like(a), a], axis=-1)
    return f(np.concatenate([top, bottom], axis=-2), **params)[..., :n, n:]


def of_matrix(func, impl=None, **chosen):
    """Declare scipy's `func` of a matrix."""
    prim = Primitive(
        on_stacks(impl or func, 2),
        lambda g, a, **params: along(prim.call, swapped(a), g, **params),
        jvp=(lambda t, a, **params: along(prim.call, a, t, **params),),
        batch=batch_stacks,
        cost=cubic(20.0),
        operands="a",
        name=func.__name__,
        **chosen,
    )
    return prim


def declare(func, **chosen):
    prim = of_matrix(func, **chosen)

    @composite(func)
    def of_one(A):
        return prim.call(matrix(A))

    of_one.__doc__ = f"`scipy.linalg.{func.__name__}`."
    return prim


expm = declare(linalg.expm, shape=square_shape)
for _func in (linalg.cosm, linalg.sinm, linalg.tanm, linalg.coshm, linalg.sinhm, linalg.tanhm):
    declare(_func, shape=square_shape)
sqrtm_, logm_ = of_matrix(linalg.sqrtm), of_matrix(linalg.logm)
power_ = of_matrix(
    linalg.fractional_matrix_power,
    lambda a, *, p: np.asarray(linalg.fractional_matrix_power(a, p)),
    shape=lambda a, *, p: Aval(a.shape, np.result_type(inexact(a), float)),
)


@composite(linalg.sqrtm)
def sqrtm(A, **params):
    """`scipy.linalg.sqrtm`."""
    return sqrtm_.call(matrix(A))


@composite(linalg.logm)
def logm(A, **params):
    """`scipy.linalg.logm`."""
    return logm_.call(matrix(A))


@composite(linalg.fractional_matrix_power)
def fractional_matrix_power(A, t):
    """`scipy.linalg.fractional_matrix_power`, of a watched matrix to a plain power."""
    return power_.call(matrix(A), p=t)


@composite(linalg.expm_frechet)
def expm_frechet(A, E, method=None, compute_expm=True, check_finite=True):
    """`scipy.linalg.expm_frechet`."""
    A, E = (matrix(x, check_finite).astype(float) for x in (A, E))
    slope = along(expm.call, A, E)
    return (expm.call(A), slope) if compute_expm else slope
