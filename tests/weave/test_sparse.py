"""Sparse matrices in the user's code: `@` of one and a watched value is woven."""

import numpy as np
import pytest

from pycograd import grad, hessian, jacobian, vmap
from pycograd.errors import ForeignCodeError, LostGradientError, OutsideStoreError

sparse = pytest.importorskip("scipy.sparse")
linalg = pytest.importorskip("scipy.sparse.linalg")
DENSE = np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0], [0.0, -1.0, 4.0]])
X = np.array([0.3, -1.2, 0.7])


@pytest.mark.parametrize(
    "kind", ["csr_array", "csc_matrix", "coo_array", "dia_array", "lil_matrix", "bsr_array"]
)
def test_products(kind):
    a = getattr(sparse, kind)(DENSE)
    np.testing.assert_allclose(jacobian(lambda x: a @ x)(X), DENSE)
    np.testing.assert_allclose(jacobian(lambda x: x @ a)(X), DENSE.T)
    np.testing.assert_allclose(hessian(lambda x: np.sum((a.T @ x) ** 2))(X), 2 * DENSE @ DENSE.T)
    np.testing.assert_allclose(vmap(lambda x: a @ x)(np.stack([X, 2 * X])), np.stack([X, 2 * X]) @ DENSE.T)


def test_a_diffusion_step_by_step():
    a = sparse.csc_array(DENSE)

    def final(x):
        for _ in range(3):
            x = linalg.spsolve(a, x) + 0.1 * (a @ x)
        return np.sum(x**2)

    step = np.linalg.inv(DENSE) + 0.1 * DENSE
    whole = step @ step @ step
    np.testing.assert_allclose(grad(final)(X)[0], 2 * whole.T @ whole @ X, rtol=1e-10)


def test_a_sparse_matrix_of_watched_numbers_raises():
    with pytest.raises((ForeignCodeError, LostGradientError, OutsideStoreError)):
        grad(lambda d: np.sum(sparse.diags(d) @ X))(X)
