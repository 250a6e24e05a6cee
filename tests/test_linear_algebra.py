"""What products, decompositions and special functions say when they cannot go on, and conventions beyond the laws."""

import numpy as np
import pytest

import pycograd
from pycograd import MissingRuleError, ShapeError


def slope(f, *xs):
    return pycograd.grad(f)(*xs)


def test_einsum_names_the_label_whose_sizes_conflict():
    with pytest.raises(ShapeError, match="einsum: conflicting sizes for index 'j': 4 and 5"):
        slope(lambda a, b: np.sum(np.einsum("ij,jk->ik", a, b)), np.ones((3, 4)), np.ones((5, 6)))


def test_einsum_names_the_shape_that_does_not_fit_its_labels():
    with pytest.raises(ShapeError, match=r"einsum: operand of shape \(3, 4\) cannot have the labels 'ijk'"):
        slope(lambda a: np.sum(np.einsum("ijk->i", a)), np.ones((3, 4)))


@pytest.mark.parametrize("text", ["ij->ik", "ij->ii", "...j->j"])
def test_einsum_refuses_what_numpy_refuses(text):
    with pytest.raises(ValueError):
        np.einsum(text, np.ones((3, 3)))
    with pytest.raises(ValueError):
        slope(lambda a: np.sum(np.einsum(text, a)), np.ones((3, 3)))


def test_many_operands_are_contracted_in_pairs_of_small_cost():
    a, b = np.ones((2, 200)), np.ones((200, 200))
    g = slope(lambda a: np.sum(np.einsum("ij,jk,kl,lm->im", a, b, b, b)), a)[0]
    assert np.allclose(g, 200.0**3)


@pytest.mark.parametrize(
    ("call", "keyword"),
    [
        (lambda a: np.linalg.qr(a, mode="raw")[0], "mode"),
    ],
)
def test_a_keyword_that_has_no_rule_is_named(call, keyword):
    with pytest.raises(MissingRuleError, match=f"{keyword}="):
        slope(lambda a: np.sum(call(a)), np.eye(3))


def test_tensordot_names_the_axes_of_different_lengths():
    with pytest.raises(ShapeError, match=r"tensordot: axes \(0,\) of \(3, 4\) and \(0,\) of \(5, 4\)"):
        slope(lambda a: np.sum(np.tensordot(a, np.ones((5, 4)), (0, 0))), np.ones((3, 4)))


@pytest.mark.parametrize("f", [np.linalg.solve, lambda a, b: np.linalg.inv(a) @ b])
def test_a_singular_matrix_raises_as_in_numpy(f):
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
        slope(lambda a: np.sum(f(a, np.ones(2))), np.ones((2, 2)))


def test_a_matrix_without_full_rank_has_no_slope_of_qr():
    with pytest.raises(np.linalg.LinAlgError):
        slope(lambda a: np.sum(np.linalg.qr(a)[1]), np.zeros((2, 2)))


def test_the_third_derivative_of_a_determinant_needs_a_regular_matrix():
    f = np.linalg.det
    second = pycograd.grad(lambda a: np.sum(pycograd.grad(f)(a)[0] * np.arange(9.0).reshape(3, 3)))
    assert np.isfinite(second(np.zeros((3, 3)))[0]).all()
    with pytest.raises(np.linalg.LinAlgError):
        slope(lambda a: np.sum(second(a)[0]), np.zeros((3, 3)))


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.sum(np.linalg.eigh(a)[1] ** 3),
        lambda a: np.sum(np.linalg.svd(a)[0] ** 3),
        lambda a: np.sum(np.linalg.svd(a, full_matrices=False)[2] ** 3),
        lambda a: np.linalg.norm(a - np.eye(3)),
        lambda a: np.linalg.norm(a - np.eye(3), "nuc"),
    ],
)
def test_slopes_at_repeated_values_are_finite_in_both_modes(f):
    g = slope(f, np.eye(3))[0]
    _, t = pycograd.jvp(f, (np.eye(3),), (np.ones((3, 3)),))
    assert np.isfinite(g).all() and np.isfinite(t)


def test_the_order_of_a_bessel_function_has_no_slope_and_says_so():
    special = pytest.importorskip("scipy.special")
    with pytest.raises(MissingRuleError, match="scipy.special.jv in its argument v"):
        slope(lambda v: special.jv(v, 2.0), 0.5)
    assert np.isclose(slope(lambda x: special.jv(0.0, x), 2.0)[0], -special.jv(1, 2.0))


@pytest.mark.parametrize("shape", [(130, 130), (2, 70, 70)])
def test_the_log_determinant_by_a_large_cholesky_has_half_the_inverse_as_gradient(shape):
    a = np.random.default_rng(3).normal(size=shape)
    k = a @ np.swapaxes(a, -1, -2) + shape[-1] * np.eye(shape[-1])

    def half_log_determinant(k):
        return np.sum(np.log(np.diagonal(np.linalg.cholesky(k), axis1=-2, axis2=-1)))

    (g,) = pycograd.grad(half_log_determinant)(k)
    np.testing.assert_allclose(g, 0.5 * np.linalg.inv(k), rtol=1e-10, atol=1e-14)
