"""`params{...}`: assignments that become parameters."""

import numpy as np
import pytest

import pycograd
from pycograd import Param, ParamDict

from .running import value, variables

tools = {name: getattr(pycograd, name) for name in ("frozen", "buffer", "tied", "on_cpu", "on_device")}


def block(inside, **names):
    """The ParamDict of one block."""
    return value(f"params{{{inside}}}", **tools, **names)


def test_assignments_by_lines_and_by_semicolons():
    found = block("\n  w = np.ones(2); b = 0.0  # a comment; c = 3\n\n\n  s = 1.0;\n")
    assert type(found) is ParamDict and list(found) == ["w", "b", "s"]
    assert all(type(p) is Param for p in found.values()) and found.w.shape == (2,)


def test_later_ones_see_earlier_ones_and_the_variables_around():
    cell = "def make(n):\n    scale = 0.5\n    return params{ w = scale * np.ones(n); b = w.sum() + n }\nm = make(3)"
    found = variables(cell)["m"]
    assert found.b.value == 4.5


def test_a_name_around_may_have_the_name_of_a_parameter():
    cell = "w = 2.0\ndef f():\n    b = 10.0\n    return params{ w = w * 3; b = b + w; c = b }\nm = f()"
    found = variables(cell)["m"]
    assert [p.value for p in found.values()] == [6.0, 16.0, 16.0]


def test_names_inside_of_comprehensions_and_lambdas_are_their_own():
    found = block("a = [a for a in (1.0, 2.0)]; _f = lambda b: b + _late; _late = 1.0; b = _f(a[1])")
    assert found.a[1].value == 2.0 and found.b.value == 3.0


def test_the_last_assignment_counts_and_chains_work():
    found = block("a = b = np.ones(2); a = a * 2")
    assert list(found) == ["a", "b"] and found.a.value[0] == 2.0 and found.b.value[0] == 1.0


def test_temporaries_are_dropped_and_no_name_leaks():
    found = variables("m = params{ _t = 3.0; w = _t * 2 }")
    assert list(found["m"]) == ["w"] and "_t" not in found and "w" not in found


def test_an_empty_block():
    assert block("") == ParamDict() and block(" \n # nothing\n ;") == ParamDict()


def test_nested_blocks_dicts_and_lists():
    found = block(
        "enc = params{ w = np.ones(2)\n b = 0.0 }; layers = [np.ones(1), 2.0]; d = {'k': 1.0}; name = 'x'"
    )
    assert type(found.enc) is ParamDict and type(found.d) is ParamDict and type(found.layers[1]) is Param
    assert found.name == "x"


def test_flags():
    found = block("w = np.ones(2); f = frozen[1.0]; m = buffer[0.0]; t = tied[w]; c = on_cpu[2.0]")
    assert (found.f.trainable, found.m.mutable, found.c.device) == (False, True, "cpu")
    assert found.t.tie is not None and found.t.tie == found.w.tie


def test_a_tie_to_nothing_raises():
    with pytest.raises(ValueError, match="reference another parameter"):
        block("w = np.ones(2); t = tied[np.ones(2)]")


@pytest.mark.parametrize(
    "text",
    [
        "params{ w = 1.0; b = (2.0) }",
        "params<w = 1.0; b = 2.0>",
        "params <\n  w = 1.0\n  b = 2.0\n>",
        "params  { w = 1.0\n b = 2.0 }",
        "params{ w = 1.0;\n b = \\\n 2.0 }",
        "params{ w = 1.0; b = (1.0\n  + 1.0) }",
        "params{ w = 1.0\n  b = 1.0\n # on\n  |> $ + 1 }",
        "params<w = 1.0; b = 2.0 if (3 > 2) else 0>",
        "params<w = 1.0; b = 8.0 / 4>",
    ],
)
def test_forms(text):
    found = value(text)
    assert list(found) == ["w", "b"] and [p.value for p in found.values()] == [1.0, 2.0]


def test_nested_angles():
    found = value("params<a = params<b = params{ c = 1.0 }; d = params< >>>")
    assert found.a.b.c.value == 1.0 and found.a.d == {}


def test_where_a_block_may_stand():
    found = variables(
        "many = [params{ w = i * 1.0 } for i in range(3)]\n"
        "f = lambda s: params{ w = s }\n"
        "g = $ |> params{ w = $ * 2.0 }\n"
        "h = len(params{ w = 1.0 }) + (params{ w = 2.0 }.w |> $ * 3)\n"
        "class A:\n    weights = params{ w = 4.0 }\n"
        "def k(m=params{ w = 5.0 }): return m\n"
        "text = f'{params{ w = 6.0 }.w}'\n"
    )
    assert [m.w.value for m in found["many"]] == [0.0, 1.0, 2.0]
    assert found["f"](7.0).w.value == 7.0 and found["g"](4.0).w.value == 8.0 and found["h"] == 7.0
    assert found["A"].weights.w.value == 4.0 and found["k"]().w.value == 5.0 and "6" in found["text"]


def test_pipes_in_a_block_and_functions_that_it_makes():
    found = block("_f = $ |> np.exp |> $ + 1; w = 0.0 |> _f; b = w |> $ * 2")
    assert (found.w.value, found.b.value) == (2.0, 4.0)


# ---- with ----
TRAIN = """
with params{
    w1 = 0.3 * rng.standard_normal((2, 16)); b1 = np.zeros(16)
    w2 = 0.3 * rng.standard_normal((16, 3)); b2 = np.zeros(3)
} as weights:
    logits  = $ |> $ @ w1 + b1 |> relu |> $ @ w2 + b2
    forward = $ |> logits |> softmax
    obj     = |> X |> logits |> cross_entropy($, Y)
    first, _ = weights.grad(obj)
    for _ in range(10):
        value, grads = weights.grad(obj)
        weights.step(grads, 0.5)
"""


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 2))
    given = {name: getattr(pycograd, name) for name in ("relu", "softmax", "cross_entropy")}
    return variables(TRAIN, rng=rng, X=X, Y=np.eye(3)[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)], **given)


def test_a_block_trains(trained):
    assert trained["value"] < 0.6 * trained["first"]


def test_its_gradient_is_that_of_plain_functions(trained):
    def loss(p):
        h = np.maximum(trained["X"] @ p["w1"] + p["b1"], 0) @ p["w2"] + p["b2"]
        return pycograd.cross_entropy(h, trained["Y"])

    weights = trained["weights"]
    plain = {name: p.value.copy() for name, p in weights.items()}
    value, grads = weights.grad(trained["obj"])
    expected_value, expected = pycograd.value_and_grad(loss, argnums=0)(plain)
    assert value == pytest.approx(float(expected_value))
    for name, g in expected.items():
        np.testing.assert_allclose(grads[name], g)


def test_the_names_are_gone_after_the_block_and_back_in_the_next(trained):
    assert "w1" not in trained
    with pytest.raises(NameError, match="w1"):
        trained["forward"](trained["X"])
    exec("with weights:\n    p = forward(X)", trained)
    np.testing.assert_allclose(trained["p"].sum(axis=1), 1.0)
    assert "w1" not in trained


def test_a_taken_name_is_named():
    with pytest.raises(ValueError, match="'w' of a weight already exists"):
        variables("w = 3\nwith params{ w = 1.0 }: pass")
