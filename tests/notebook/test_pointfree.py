"""Point-free stages: an operation on functions is a function, in a pipe, inside a transform and outside."""

import numpy as np
import pytest

import pycograd
from pycograd.notebook import apply, compose

from .running import value, variables

X = np.linspace(-0.9, 0.9, 4)
W = np.arange(12.0).reshape(4, 3) / 10
names = {"X": X, "W": W, "n": 2, "bias": 0.5, "relu": pycograd.relu, "sin": np.sin}

MEANINGS = {
    "X |> np.tanh ** 2": np.tanh(X) ** 2,
    "X |> 2 ** np.tanh": 2 ** np.tanh(X),
    "X |> (np.tanh > 0.0)": np.tanh(X) > 0.0,
    "X |> -np.tanh": -np.tanh(X),
    "X |> np.tanh ** n": np.tanh(X) ** 2,
    "X |> bias - relu": 0.5 - np.maximum(X, 0),
    "X |> np.tanh + np.cos": np.tanh(X) + np.cos(X),
    "X |> np.tanh * 2 + bias / np.cos": np.tanh(X) * 2 + 0.5 / np.cos(X),
    "X |> np.tanh @ W": np.tanh(X) @ W,
    "X |> np.tanh ** 2 @ W": np.tanh(X) ** 2 @ W,
    "X |> (np.tanh > bias) |> np.sum": 1,
    "X |> ($ |> sin |> np.tanh) ** 2": np.tanh(np.sin(X)) ** 2,
    "X |> np.tanh .** 3": np.tanh(np.tanh(np.tanh(X))),
    "X |> np.tanh .** n": np.tanh(np.tanh(X)),
    "X |> np.tanh .** sin": np.tanh(np.sin(X)),
    "X |> np.tanh .** sin .** n": np.tanh(np.sin(np.sin(X))),
    "X |> (np.tanh ** 2) .** n": np.tanh(np.tanh(X) ** 2) ** 2,
    "X |> np.tanh .** 2 ** 1 + 1": np.tanh(np.tanh(X)) + 1,
    "X |> np.tanh .** 0": X,
    "(np.tanh .** sin)(X)": np.tanh(np.sin(X)),
    "X |> 3 * (sin + np.cos) ** 2": 3 * (np.sin(X) + np.cos(X)) ** 2,
}


@pytest.mark.parametrize("stage", MEANINGS)
def test_a_point_free_stage(stage):
    np.testing.assert_array_equal(value(stage, **names), MEANINGS[stage])


def test_a_chain_of_comparisons():
    assert value("0.3 |> (0.0 < np.tanh < 0.5)") and not value("0.9 |> (0.0 < np.tanh < 0.5)")


@pytest.mark.parametrize(
    "stage", ["np.tanh ** n", "sin + np.cos * bias", "np.tanh .** n", "np.tanh .** sin", "np.tanh @ W"]
)
def test_it_is_differentiated(stage):
    f = variables(f"f = $ |> {stage} |> np.sum", **names)["f"]
    pycograd.check_grads(f, X)
    slope = pycograd.vmap(pycograd.grad(f, argnums=0))(np.stack([X, X]))
    np.testing.assert_allclose(slope[1], pycograd.grad(f)(X)[0])


def test_a_function_on_the_right_of_matmul_raises():
    for stage in ("W @ np.tanh", "np.tanh @ relu", "sin + W @ np.tanh", "2 @ np.tanh"):
        with pytest.raises(
            TypeError, match=r"point-free '@': there is a function on its right in `.*`; say where"
        ):
            value(f"X |> {stage}", **names)


def test_a_stage_without_a_function_raises():
    with pytest.raises(
        TypeError, match=r"stage `W \+ bias` has no function \(ndarray and float\), and no hole `\$`"
    ):
        value("X |> W + bias", **names)


def test_composition_says_what_it_takes():
    with pytest.raises(TypeError, match=r"`\.\*\*` composes functions; on its left is a float"):
        compose(2.0, abs)
    with pytest.raises(TypeError, match=r"takes a function or a whole number on its right, not a float"):
        compose(abs, 2.0)
    with pytest.raises(ValueError, match=r"`\.\*\* -1`: a function cannot be undone"):
        compose(abs, -1)
    assert compose(abs, np.int64(2))(-3) == 3 and compose(max, lambda *a: a)(1, 2) == 2


def test_apply_takes_each_function_of_the_value():
    assert apply(3.0, "abs ** n", lambda a, b: a**b, (), abs, 2) == 9.0
