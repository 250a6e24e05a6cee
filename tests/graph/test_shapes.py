"""Shapes without data: of functions, gradients, layers; the table of a model's parameters."""

import tracemalloc

import numpy as np
import pytest

from pycograd import (
    ShapeDtypeStruct,
    ShapeError,
    cross_entropy,
    embedding,
    eval_shape,
    frozen,
    grad,
    infer_shapes,
    layer_norm,
    lstm,
    params,
    relu,
    summary,
    vmap,
)
from pycograd.errors import BranchError

S = ShapeDtypeStruct


def test_a_struct_is_a_shape_and_a_dtype():
    assert repr(S((2, 3))) == "f64[2,3]" and repr(S((), "f32")) == "f32[]" and repr(S(4, int)) == "i64[4]"
    assert S((2, 3)).ndim == 2 and S((2, 3)).size == 6
    assert S([2, 3]) == S((2, 3)) != S((2, 3), np.float32)
    assert len({S((2, 3)), S((2, 3))}) == 1
    with pytest.raises(ValueError, match=r"negative dimension in the shape \(2, -1\)"):
        S((2, -1))
    with pytest.raises(
        NotImplementedError, match="a dimension named 'B' .*symbolic sizes come in a later version"
    ):
        S(("B", 768))
    with pytest.raises(NotImplementedError, match="a dimension named 'B'"):
        infer_shapes(np.sin, ("B", 3))


@pytest.mark.parametrize("method", ["auto", "abstract", "dummy"])
def test_shapes_and_dtypes_are_those_of_a_real_run(method):
    x, labels = np.ones((4, 3), "f4"), np.array([0, 1, 2, 0])

    def f(x, w):
        h = relu(x @ w["w"] + w["b"])
        return {
            "loss": cross_entropy(h, labels),
            "h": [h, layer_norm(h, None, None)],
            "n": len(labels),
            "no": None,
        }

    w = {"w": np.ones((3, 5)), "b": np.ones(5)}
    found, real = eval_shape(f, x, w, method=method), f(x, w)
    assert found["loss"] == S((), float) and found["n"] == S((), int) and found["no"] is None
    assert [(s.shape, s.dtype) for s in found["h"]] == [(y.shape, y.dtype) for y in real["h"]]


def test_nothing_is_allocated():
    n = 10**6
    tracemalloc.start()
    assert eval_shape(lambda x, w: np.tanh(x @ w), S((n, 50)), S((50, n))) == S((n, n))
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


def test_gradients_sequences_and_maps():
    assert eval_shape(grad(lambda x: np.sum(np.sin(x))), S((3, 2), "f32")) == (S((3, 2), "f32"),)
    assert eval_shape(vmap(grad(lambda x: np.sum(x**2))), S((5, 3))) == (S((5, 3)),)
    hs, (h, _) = eval_shape(lambda x: lstm(x, None, np.ones((3, 8)), np.ones((2, 8))), S((7, 4, 3)))
    assert hs == S((7, 4, 2)) and h == S((7, 2))
    assert eval_shape(embedding, S((5, 2)), S((4, 3), int)) == S((4, 3, 2))


def test_written_arrays():
    def f(x):
        out = np.zeros((3, 2))
        out[1] = np.sum(x)
        return out

    assert eval_shape(f, S((9,))) == S((3, 2))


def test_arrays_of_integers_and_numbers_keep_their_values():
    assert eval_shape(lambda x, mask, n: x[mask][:n], S((4,)), np.array([1, 1, 0, 1], bool), 2) == S((2,))


def test_a_branch_on_data_takes_ones_or_raises():
    def f(x):
        return x[:2] if np.sum(x) > 0 else x

    assert eval_shape(f, S((5,))) == eval_shape(f, S((5,)), method="dummy") == S((2,))
    with pytest.raises(BranchError):
        eval_shape(f, S((5,)), method="abstract")


def test_shapes_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"matmul: incompatible shapes \(3, 4\) and \(5, 6\)"):
        eval_shape(np.matmul, S((3, 4)), S((5, 6)))
    with pytest.raises(
        ValueError, match="eval_shape: unknown method 'fast'; there are auto, abstract, dummy"
    ):
        eval_shape(np.sin, S(3), method="fast")


def test_infer_shapes_takes_and_gives_tuples():
    assert infer_shapes(lambda a, b: (a @ b, {"t": a.T}), (5, 2), (2, 3)) == ((5, 3), {"t": (2, 5)})
    assert infer_shapes(np.sin, S((2,), "f32")) == (2,)


# ---- summary
def model(w, x):
    return relu(x @ w["w1"] + w["b1"]) @ w["w2"]


WEIGHTS = params(w1=np.zeros((3, 2)), b1=np.zeros(2), w2=frozen(np.zeros((2, 4))))


def test_the_table(capsys):
    found = summary(model, WEIGHTS, (5, 3))
    assert capsys.readouterr().out.splitlines() == [
        "parameter    shape   count",
        "--------------------------",
        "b1           (2,)        2",
        "w1           (3, 2)      6",
        "w2 (frozen)  (2, 4)      8",
        "output: f64[5,4]",
        "trainable params: 8  (total: 16)",
    ]
    assert found.total == 16 and found.trainable == 8 and found.output == S((5, 4))
    assert [r.name for r in found.rows] == ["b1", "w1", "w2"] and found.rows[2].trainable is False


def test_the_table_of_nested_arrays():
    lines = []
    weights = {"layers": [{"w": np.zeros((3, 3), "f4")}, {"w": np.zeros((3, 3), "f4")}], "name": "net"}
    found = summary(
        lambda p, x: [x @ p["layers"][0]["w"], x], weights, S((5, 3), "f32"), print_fn=lines.append
    )
    assert [r.name for r in found.rows] == ["layers.0.w", "layers.1.w"] and found.total == 18
    assert "output: [f32[5,3], f32[5,3]]" in lines[0]
    assert summary(lambda p, x: x + p, np.zeros(3), (5, 3), print_fn=None).rows[0].name == "params"
    with pytest.raises(NotImplementedError, match="symbolic sizes come in a later version"):
        summary(model, WEIGHTS, ("B", 3))
