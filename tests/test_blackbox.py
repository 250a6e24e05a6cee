"""Functions that numpy code cannot look into: differences, complex steps, given Jacobians."""

import math
import pickle

import numpy as np
import pytest

from pycograd import (
    blackbox,
    grad,
    gradient_descent,
    hessian,
    jacobian,
    jvp,
    linear_transpose,
    sgd_update,
    value_and_grad,
    vmap,
)
from pycograd.core import looped

X = np.array([0.3, -0.7, 1.2])
A = np.arange(6.0).reshape(2, 3)


def closed(x):
    """Refuses what is watched, as a library in C does."""
    assert type(x) is np.ndarray
    return A @ (x * x)


def jac_closed(x):
    return A * (2 * x)


# Errors of differences: rounding over the step, plus a power of the step, at the step that balances them
BLACK = {"2-point": 1e-6, "3-point": 1e-9, "cs": 1e-14, jac_closed: 1e-14}


@pytest.mark.parametrize("jac", BLACK)
def test_jacobian_gradient_and_tangent(jac):
    f = blackbox(closed, jac)
    near = {"rtol": BLACK[jac], "atol": BLACK[jac]}
    np.testing.assert_allclose(jacobian(f)(X), A * 2 * X, **near)
    np.testing.assert_allclose(grad(lambda x: np.sum(f(x)), argnums=0)(X), 2 * X * A.sum(0), **near)
    np.testing.assert_allclose(jvp(f, (X,), (X,))[1], A @ (2 * X * X), **near)


@pytest.mark.parametrize(
    "jac, near", [("2-point", 1e-3), ("3-point", 1e-5), ("cs", 1e-7), (jac_closed, 1e-12)]
)
def test_second_derivatives(jac, near):
    f = blackbox(closed, jac)
    expected = np.diag(2 * A.sum(0))
    np.testing.assert_allclose(hessian(lambda x: np.sum(f(x)))(X), expected, atol=20 * near)
    np.testing.assert_allclose(jacobian(grad(lambda x: np.sum(f(x)), argnums=0))(X), expected, atol=20 * near)


def test_several_arguments_scalars_and_integers():
    def f(x, n, s=1.0, *, mode):
        assert isinstance(n, int) and isinstance(x, float) and mode == "gamma"
        return math.gamma(x) * n * s

    g = blackbox(f, "3-point")
    value, (dx, dn, ds) = value_and_grad(lambda x, n, s: g(x, n, s, mode="gamma"))(1.0, 2, 3.0)
    assert value == 6.0 and dn == 0.0
    assert dx == pytest.approx(-0.5772156649 * 6, abs=1e-8) and ds == pytest.approx(2.0)
    assert type(dx) is float


def test_several_arguments_with_a_given_jacobian():
    f = blackbox(lambda a, b: float(a @ b), jac=lambda a, b: (b, a))
    a, b = grad(f)(X, X + 1)
    np.testing.assert_allclose(a, X + 1)
    np.testing.assert_allclose(b, X)


def test_vmap_loops_and_notes_it():
    looped.clear()
    f = blackbox(closed, "3-point")
    batch = np.stack([X, 2 * X])
    np.testing.assert_allclose(vmap(f)(batch), [closed(X), closed(2 * X)])
    found = vmap(grad(lambda x: np.sum(f(x)), argnums=0))(batch)
    np.testing.assert_allclose(found, 2 * batch * A.sum(0), rtol=1e-8)
    assert "closed" in looped


def test_float32_steps_are_those_of_float32():
    f = blackbox(lambda x: np.sum(x * x), "3-point")
    g = grad(f, argnums=0)(np.float32(X))
    assert g.dtype == np.float32
    np.testing.assert_allclose(g, 2 * X, rtol=1e-3)


def test_the_argument_is_not_written_to():
    x = X.copy()
    grad(blackbox(lambda x: float(x @ x)))(x)
    assert (x == X).all()


def test_errors():
    with pytest.raises(
        ValueError, match="jac must be a function or one of 2-point, 3-point, cs, not '4-point'"
    ):
        blackbox(closed, "4-point")
    with pytest.raises(TypeError, match="argument 0 is complex"):
        jvp(blackbox(lambda x: x), (1j,), (1j,))
    with pytest.raises(ValueError, match=r"the Jacobian has shape \(3,\), not \(2, 3\)"):
        jacobian(blackbox(closed, lambda x: x))(X)


def test_pickle():
    f = pickle.loads(pickle.dumps(blackbox(closed, "3-point")))
    np.testing.assert_allclose(jacobian(f)(X), A * 2 * X, rtol=1e-8)


# ---- gradient descent -------------------------------------------------------------------------------------
def test_gradient_descent_returns_parameters_and_the_losses_before_each_step():
    params, losses = gradient_descent(
        lambda x, w: (x - 1) ** 2 + np.sum(w["a"] ** 2), (3.0, {"a": X}), lr=0.1
    )
    assert len(losses) == 100 and losses[0] == 4.0 + X @ X and losses[-1] < 1e-12
    assert params[0] == pytest.approx(1.0) and list(params[1]) == ["a"]
    with pytest.raises(TypeError, match="init_params is a tuple"):
        gradient_descent(lambda x: x, [1.0])


def test_sgd_update_keeps_dtype_containers_and_what_has_no_gradient():
    new = sgd_update(
        (np.float32([1, 2]), [3.0, "label"], X), (np.float32([1, 1]), [1.0, None], None), np.float64(0.5)
    )
    assert new[0].dtype == np.float32 and list(new[0]) == [0.5, 1.5]
    assert new[1] == [2.5, "label"] and new[2] is X


# ---- linear_transpose -------------------------------------------------------------------------------------
def test_the_transpose_of_a_linear_function():
    transpose = linear_transpose(lambda x, y: (A @ x + y, {"s": 2 * np.sum(x)}), X, np.zeros(2))
    g = np.array([1.0, -1.0])
    x, y = transpose((g, {"s": 3.0}))
    np.testing.assert_allclose(x, A.T @ g + 6.0)
    np.testing.assert_allclose(y, g)


def test_the_transpose_does_not_conjugate():
    w = np.array([1 + 2j, 3j])
    np.testing.assert_allclose(linear_transpose(lambda z: w * z, w)(w)[0], w * w)
    np.testing.assert_allclose(linear_transpose(np.conj, w)(w)[0], w.conj())


@pytest.mark.parametrize("f", [lambda x: x * x, lambda x: x + 1.0, np.abs, lambda x: np.maximum(x, 0)])
def test_what_is_not_linear_is_refused(f):
    with pytest.raises(TypeError, match="is not linear"):
        linear_transpose(f, X)
