"""`Var` by hand: the imperative style, with `backward()` and `.grad`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pycograd import Var, grad, value_of


def test_backward_fills_the_gradients_of_leaves():
    x, w = Var(np.array([1.0, 2.0, 3.0])), Var(2.0)
    loss = np.sum(np.exp(x) * w)
    loss.backward()
    assert_allclose(x.grad, 2 * np.exp([1.0, 2.0, 3.0]))
    assert_allclose(w.grad, np.exp([1.0, 2.0, 3.0]).sum())
    assert w.grad.shape == ()


def test_backward_twice_and_on_two_losses_that_share_nodes():
    x = Var(np.array([1.0, 2.0]))
    shared = x * x
    first, second = np.sum(shared), np.sum(shared * 3.0)
    first.backward()
    first.backward()
    assert_allclose(x.grad, [2.0, 4.0])
    second.backward()
    assert_allclose(x.grad, [6.0, 12.0])


def test_backward_of_an_array_needs_a_cotangent_of_its_shape():
    x = Var([1.0, 2.0])
    y = x * x
    with pytest.raises(TypeError, match=r"shape \(2,\) needs a cotangent"):
        y.backward()
    with pytest.raises(ValueError, match=r"cotangent has shape \(3,\)"):
        y.backward(np.ones(3))
    y.backward(np.array([1.0, 10.0]))
    assert_allclose(x.grad, [2.0, 40.0])


def test_exponent_has_a_gradient():
    a, b = Var(2.0), Var(3.0)
    (a**b).backward()
    assert_allclose([a.grad, b.grad], [12.0, 8 * np.log(2)])


def test_values_keep_their_dtype_and_are_not_copied():
    array = np.ones(3, np.float32)
    assert Var(array).value is array
    assert Var([1, 2]).dtype == np.float64
    assert Var(3).dtype == np.float64
    assert Var(1.0, dtype=np.float32, name="w").dtype == np.float32
    assert Var(1.0, name="w").name == "w"


def test_var_of_a_watched_value_raises():
    def f(x):
        return Var(x) * 2.0

    with pytest.raises(TypeError, match="Var of a watched value"):
        grad(f)(1.0)


def test_backward_inside_a_transform_raises_and_names_it():
    def f(x):
        y = x * x
        y.backward()
        return y

    with pytest.raises(TypeError, match="belongs to a running grad"):
        grad(f)(1.0)


def test_grad_of_a_result_is_none_and_cannot_be_set():
    y = Var(1.0) * 2.0
    assert y.grad is None
    with pytest.raises(AttributeError):
        y.grad = 1.0


def test_hand_made_values_inside_a_transform_are_recorded_on_both_tapes():
    w = Var(3.0)
    g = grad(lambda x: x * x * w, argnums=0)(2.0)
    assert_allclose(value_of(g), 12.0)
    g.backward()
    assert_allclose(w.grad, 4.0)


def test_printing_shows_the_numbers():
    assert repr(Var([1.0, 2.0])) == "Var([1., 2.])"
    assert f"{Var(1.5):.2f}" == "1.50"
    assert str(Var(2.0)) == "2.0"


def test_comparisons_are_plain_and_truth_is_that_of_the_number():
    x = Var([1.0, -1.0])
    assert type(x > 0) is np.ndarray
    assert bool(Var(1.0)) and not bool(Var(0.0))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)


def test_plain_numpy_in_unwoven_code_cannot_lose_a_gradient():
    x = Var([1.0, 2.0])
    for convert in (lambda: np.frombuffer(x), lambda: float(Var(1.0)), lambda: complex(Var(1.0))):
        with pytest.raises(TypeError):
            convert()


@pytest.mark.parametrize(
    "value",
    [None, [None], np.array([1.0, None]), np.array([1.0, 2.0], object), "3.5", ["1"], np.datetime64("2020")],
)
def test_what_is_no_number_is_no_leaf(value):
    with pytest.raises(TypeError, match=r"(?s)^Var of .* at test_var.py:\d+.*np.asarray\(x, float\)"):
        Var(value)


def test_values_made_by_hand_are_keys_by_themselves():
    a, b = Var(1.0), Var(1.0)
    assert len({a, b}) == 2 and {a: 1, b: 2}[b] == 2
