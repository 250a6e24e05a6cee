"""Routines of Fortran's, by f2py, that write into the arrays they are given."""

import numpy as np
import pytest

from pycograd import grad, value_and_grad
from pycograd.errors import ForeignCodeError

blas = pytest.importorskip("scipy.linalg.blas")
lapack = pytest.importorskip("scipy.linalg.lapack")
X = np.array([0.3, -0.7, 1.1])


def test_an_array_of_the_function_is_written_and_returned():
    def f(x):
        a = np.ones(3)
        before = np.sum(x * a)
        y = blas.dscal(2.0, a)
        a[0] = 5.0
        return before + np.sum(x * a) + np.sum(y * x)

    value, (g,) = value_and_grad(f)(X)
    np.testing.assert_allclose(value, f(X), rtol=1e-15)
    np.testing.assert_array_equal(g, [11.0, 5.0, 5.0])


def test_an_array_of_the_users_is_saved_as_it_was():
    scale = np.ones(3)

    def f(x):
        before = np.sum(x * scale)
        blas.dscal(2.0, scale)
        return before + np.sum(x * scale)

    np.testing.assert_array_equal(grad(f, 0)(X), [3.0, 3.0, 3.0])
    np.testing.assert_array_equal(scale, [2.0, 2.0, 2.0])


def test_what_is_not_overwritten_stays():
    def f(x):
        a = np.eye(2) * 3
        lu, _, _ = lapack.dgetrf(a)
        return x[0] * lu[0, 0] + x[1] * a[1, 1]

    np.testing.assert_array_equal(grad(f, 0)(X), [3.0, 3.0, 0.0])


def test_a_watched_argument_raises():
    with pytest.raises(ForeignCodeError, match="compiled code"):
        grad(lambda x: np.sum(blas.dscal(2.0, x)))(X)
