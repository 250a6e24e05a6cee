"""Jacobians, Hessians and products with them, against closed forms and against each other."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pycograd import (
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    vjp,
)  # fmt: skip

rng = np.random.default_rng(1)
A, x, v = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4)


def f(x):
    return np.tanh(A @ x)


def q(x):
    return np.sum(np.sin(x) * x**2) * x[0]


J = (1 - np.tanh(A @ x) ** 2)[:, None] * A


@pytest.mark.parametrize("mode", [jacfwd, jacrev, jacobian])
@pytest.mark.parametrize("chunk_size", [None, 1, 3, 10])
def test_jacobian_of_a_vector_function(mode, chunk_size):
    assert_allclose(mode(f, chunk_size=chunk_size)(x), J)


@pytest.mark.parametrize("mode", [jacfwd, jacrev, jacobian])
def test_jacobians_of_matrices_scalars_and_pytrees(mode):
    assert mode(lambda X: X @ x)(A).shape == (3, 3, 4)
    assert mode(lambda a: a * x)(2.0).shape == (4,)
    assert_allclose(mode(lambda a: a * a)(2.0), 4.0)
    block = mode(lambda p: {"y": p["a"] * p["b"], "z": p["b"]})({"a": 2.0, "b": x})
    assert_allclose(block["y"]["a"], x)
    assert_allclose(block["y"]["b"], 2 * np.eye(4))
    assert_allclose(block["z"]["a"], np.zeros(4))


@pytest.mark.parametrize("mode", [jacfwd, jacrev, jacobian])
def test_argnums_of_jacobians(mode):
    both = mode(lambda a, b: a * b, argnums=(0, 1))(x, v)
    assert_allclose(both[0], np.diag(v))
    assert_allclose(both[1], np.diag(x))


def test_constant_function_has_a_zero_jacobian():
    for mode in (jacfwd, jacrev, jacobian):
        assert_allclose(mode(lambda x: np.ones(2))(x), np.zeros((2, 4)))


def test_hessian_is_symmetric_and_agrees_with_products():
    H = hessian(q)(x)
    assert_allclose(H, H.T)
    assert_allclose(H @ v, hvp(q)(x, v))
    assert_allclose(H @ v, make_hvp(q)(x)(v))
    assert_allclose(H @ v, grad(lambda x: grad(q, argnums=0)(x) @ v, argnums=0)(x))
    assert_allclose(H, jacrev(jacfwd(q))(x))


def test_hessian_of_a_pytree():
    H = hessian(lambda p: p["a"] ** 2 * np.sum(p["b"]))({"a": 3.0, "b": x})
    assert_allclose(H["a"]["a"], 2 * x.sum())
    assert_allclose(H["a"]["b"], np.full(4, 6.0))
    assert_allclose(H["b"]["a"], np.full(4, 6.0))
    assert_allclose(H["b"]["b"], np.zeros((4, 4)))


def test_gauss_newton_product():
    assert_allclose(make_ggnvp(f)(x)(v), J.T @ (J @ v))
    weights = np.array([1.0, 2.0, 3.0])
    assert_allclose(make_ggnvp(f, lambda y: np.sum(weights * y**2))(x)(v), J.T @ (2 * weights * (J @ v)))


def test_vjp_jvp_linearize_and_the_curried_forms_agree():
    y, pullback = vjp(f, x)
    u = rng.normal(size=3)
    assert_allclose(y, f(x))
    assert_allclose(pullback(u)[0], u @ J)
    assert_allclose(pullback(2 * u)[0], 2 * u @ J)
    assert_allclose(jvp(f, (x,), (v,))[1], J @ v)
    assert_allclose(linearize(f, x)[1](v), J @ v)
    assert_allclose(make_jvp(f)(x)(v)[1], J @ v)
    assert_allclose(make_vjp(f)(x)[0](u), u @ J)
    assert_allclose(vjp(f, (x,), cotangent=u)[1][0], u @ J)


def test_pytrees_through_vjp_and_jvp():
    def g(p, c):
        return {"s": p["w"] @ x * c, "t": [c, p["b"]]}

    args = ({"w": A, "b": 1.5}, 2.0)
    out, pullback = vjp(g, *args)
    p, c = pullback({"s": np.ones(3), "t": [1.0, 10.0]})
    assert_allclose(p["w"], np.outer(np.full(3, 2.0), x))
    assert p["b"] == 10.0
    assert_allclose(c, (A @ x).sum() + 1)
    out, tangent = jvp(g, args, ({"w": A, "b": 0.0}, 1.0))
    assert_allclose(tangent["s"], A @ x * 2 + A @ x)
    assert tangent["t"] == [1.0, 0.0]


def test_wrong_cotangents_and_tangents_are_named():
    _, pullback = vjp(f, x)
    with pytest.raises(ValueError, match=r"cotangent has shape \(4,\), the output \(3,\)"):
        pullback(v)
    with pytest.raises(ValueError, match="the cotangent has the structure"):
        pullback([v])
    with pytest.raises(ValueError, match=r"tangent has shape \(3,\), the argument \(4,\)"):
        jvp(f, (x,), (np.ones(3),))


def test_linearize_runs_the_function_once():
    calls = []

    def counted(x):
        calls.append(1)
        return np.where(x > 0, np.sqrt(np.abs(x)), 0.0)

    _, along = linearize(counted, np.array([0.0, 4.0]))
    for _ in range(3):
        assert_allclose(along(np.array([0.0, 1.0])), [0.0, 0.25])
    assert len(calls) == 1


def test_the_first_product_of_a_large_jacobian_scales_rows():
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=(40, 40)) / 6, rng.normal(size=40)
    y = np.tanh(w @ x)
    expected = (1 - y * y)[:, None] * w
    for jac in (jacfwd, jacrev):
        for chunk_size in (None, 7):  # of part of the basis it is a product
            np.testing.assert_allclose(
                jac(lambda x: np.tanh(w @ x), chunk_size=chunk_size)(x), expected, rtol=1e-13
            )
            np.testing.assert_allclose(
                jac(lambda x: np.tanh(x @ w.T), chunk_size=chunk_size)(x), expected, rtol=1e-13
            )
