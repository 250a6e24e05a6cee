"""What every transform keeps: the values and effects of the function, containers, dtypes, the caller's arrays."""

import functools
import inspect
import math
import pickle
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pycograd import (
    Grads,
    elementwise_grad,
    grad,
    hessian,
    holomorphic_grad,
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
    stop_gradient,
    tree_map,
    value_and_grad,
    value_of,
    vjp,
    vmap,
)
from pycograd.errors import LostGradientError

X = np.linspace(0.1, 0.9, 4)


# ---- one gradient per argument
def test_a_tuple_of_one_gradient_per_positional_argument():
    value, grads = value_and_grad(lambda a, b: np.sum(a * b))(X, 2 * X)
    assert type(value) is np.float64 and value == np.sum(2 * X * X)
    assert isinstance(grads, Grads) and isinstance(grads, tuple) and len(grads) == 2
    assert_array_equal(grads[0], 2 * X)
    assert_array_equal(grads[1], X)
    (g,) = grad(np.sum)(X)
    assert_array_equal(g, np.ones(4))


def test_argnums_of_every_kind():
    f = lambda a, b, c=1.0: np.sum(a * b) * c
    a, b = X, 2 * X
    assert_array_equal(grad(f, argnums=0)(a, b), b)
    assert_array_equal(grad(f, argnums=-1)(a, b), a)
    assert_array_equal(grad(f, argnum=1)(a, b), a)
    assert_array_equal(grad(f, argnums="b")(a, b), a)
    assert_array_equal(grad(f, argnums="b")(a, b=b), a)
    assert_allclose(grad(f, argnums="c")(a, b, c=2.0), np.sum(a * b))
    both = grad(f, argnums=(1, 0))(a, b)
    assert type(both) is tuple
    assert_array_equal(both[0], a)
    assert_array_equal(both[1], b)
    assert [type(g) for g in grad(f, argnums=["c", 0])(a, b, 3.0)] == [float, np.ndarray]


def test_keywords_are_passed_on_and_not_differentiated():
    seen = {}

    def f(x, *, scale, kind):
        seen.update(scale=scale, kind=kind)
        return np.sum(x) * scale

    assert_array_equal(grad(f)(X, scale=3.0, kind="linear")[0], np.full(4, 3.0))
    assert seen == {"scale": 3.0, "kind": "linear"} and type(seen["scale"]) is float


def test_arguments_that_are_not_selected_arrive_as_they_are():
    seen = []

    def f(w, data):
        seen.append(data)
        return np.sum(w) + len(data)

    data = {"rows": X}
    grad(f, argnums=0)(X, data)
    assert seen[0] is data and seen[0]["rows"] is X


def test_auxiliary_output():
    f = lambda x: (np.sum(x**2), {"last": x[-1], "name": "f"})
    (value, aux), (g,) = value_and_grad(f, has_aux=True)(X)
    assert_allclose(value, np.sum(X**2))
    assert aux["name"] == "f" and type(aux["last"]) is np.float64 and aux["last"] == X[-1]
    (g2,), aux = grad(f, has_aux=True)(X)
    assert_array_equal(g, g2)
    assert_allclose(g, 2 * X)


# ---- containers
@dataclass
class Layer:
    w: np.ndarray
    b: float
    name: str = "layer"


class Point(NamedTuple):
    x: float
    y: float


def test_the_same_pytree_in_and_out():
    def f(model):
        layer, point = model["layers"][0], model["point"]
        return np.sum(layer.w * layer.b) + point.x * point.y + sum(model["pair"])

    model = {
        "layers": [Layer(X, 2.0)],
        "point": Point(3.0, 4.0),
        "pair": (1.0, 2.0),
        "note": "text",
        "flag": True,
        "nothing": None,
    }
    (g,) = grad(f)(model)
    assert list(g) == list(model)
    assert type(g["layers"]) is list and type(g["layers"][0]) is Layer and type(g["pair"]) is tuple
    assert g["point"] == Point(4.0, 3.0) and type(g["point"]) is Point
    assert_array_equal(g["layers"][0].w, np.full(4, 2.0))
    assert_allclose(g["layers"][0].b, np.sum(X))
    assert (g["layers"][0].name, g["note"], g["flag"], g["nothing"]) == (None,) * 4
    assert g["pair"] == (1.0, 1.0)


def test_an_empty_container_has_an_empty_gradient():
    assert grad(lambda p, x: np.sum(x))({}, X)[0] == {}
    assert grad(lambda p, x: np.sum(x))((), X)[0] == ()


def test_pytrees_through_the_other_transforms():
    f = lambda p: {"a": p["w"] * 2, "b": (p["w"][0] * p["s"],)}
    p = {"w": X, "s": 3.0}
    out, tangent = jvp(f, (p,), ({"w": np.ones(4), "s": 0.0},))
    assert_array_equal(tangent["a"], np.full(4, 2.0))
    assert tangent["b"] == (3.0,) and out["b"] == (X[0] * 3,)
    out, pullback = vjp(f, p)
    (g,) = pullback({"a": np.zeros(4), "b": (1.0,)})
    assert_allclose(g["w"], [3, 0, 0, 0])
    assert_allclose(g["s"], X[0])
    each = vmap(lambda q: {"sum": np.sum(q["v"])})({"v": np.ones((3, 4))})
    assert_array_equal(each["sum"], np.full(3, 4.0))
    j = jacobian(lambda q: {"y": q["v"] ** 2})({"v": X})
    assert_allclose(j["y"]["v"], np.diag(2 * X))


# ---- shapes and dtypes
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 3), (2, 0)])
def test_a_gradient_has_the_shape_and_dtype_of_its_argument(dtype, shape):
    x = np.full(shape, 0.5, dtype)
    for f in (
        lambda x: np.sum(np.exp(x) * 2.0),
        lambda x: np.sum(x * np.ones(3)[0]),
        lambda x: np.sum(x[...]) ** 2,
    ):
        value, (g,) = value_and_grad(f)(x)
        assert type(g) is np.ndarray and g.shape == shape and g.dtype == dtype
        assert value.dtype == np.asarray(f(x)).dtype


@pytest.mark.parametrize(
    "x", [0.5, np.float64(0.5), np.float32(0.5), np.array(0.5), 0.5 + 1j, np.complex64(1j)]
)
def test_a_scalar_keeps_its_kind(x):
    def f(x):
        return abs(x * x)

    value, (g,) = value_and_grad(f)(x)
    assert type(value) is type(f(x))
    assert type(g) is type(x)


def test_integers_as_keys():
    table, chosen = {0: 2.0, 1: 3.0, (1, "a"): 5.0}, {1, 2}

    def f(x, n, ns):
        seen, total = {}, x * table[n] * table[n, "a"]
        for m in [n, n + 1, n * 1, 7 % n]:
            seen[m] = seen.get(m, 0) + 1
        if n in chosen and ns[1] in chosen and ns[0] not in chosen:
            total = total + x * seen[1] * len(seen)
        return total + x * table[ns[0]] * hash(n)

    g = grad(f)(1.5, 1, np.array([0, 2]))
    assert g[0] == 3.0 * 5.0 + 2 * 3 + 2.0 and g[1] == 0.0
    assert f(1.5, 1, np.array([0, 2])) == 1.5 * g[0]


def test_keys_that_would_lose_something():
    table = {1.5: 2.0}
    with pytest.raises(LostGradientError, match=r"(?s)key of a dictionary.*`table\[x\]`.*value_of\(x\)"):
        grad(lambda x: x * table[x])(1.5)
    with pytest.raises(TypeError, match="unhashable type: 'numpy.ndarray'"):
        grad(lambda x: x[0] * len({x}))(np.ones(2))
    with pytest.raises(TypeError, match="different for each example"):
        vmap(lambda n: table[n])(np.array([0, 1]))


def test_integers_and_booleans():
    f = lambda n, x, flag: np.sum(x * n) if flag else 0.0
    gn, gx, gflag = grad(f)(np.array([1, 2, 3, 4]), X, True)
    assert gn.dtype == np.float64
    assert_array_equal(gn, X)
    assert gflag is None


def test_mixed_precision():
    f = lambda a, b: np.sum(a * b)
    ga, gb = grad(f)(X.astype(np.float32), X)
    assert (ga.dtype, gb.dtype) == (np.float32, np.float64)


def test_complex_arguments():
    z = np.array([1 + 2j, 3 - 1j])
    (g,) = grad(lambda z: np.sum(np.abs(z) ** 2))(z)
    assert g.dtype == np.complex128
    assert_allclose(g, 2 * np.conj(z))  # dL/dx - i dL/dy
    assert_allclose(holomorphic_grad(lambda z: np.sum(z**3))(z), 3 * z**2)
    (real,) = grad(lambda x: np.sum(np.real(x * (2 + 3j))))(X)
    assert real.dtype == np.float64
    assert_allclose(real, np.full(4, 2.0))


def test_an_argument_that_is_not_used_has_zeros():
    ga, gb, gc = grad(lambda a, b, c: np.sum(a))(X, X.astype(np.float32), 2.0)
    assert_array_equal(gb, np.zeros(4))
    assert gb.dtype == np.float32 and gc == 0.0 and type(gc) is float
    (g,) = grad(lambda x: 3.0)(X)
    assert_array_equal(g, np.zeros(4))
    assert_array_equal(jvp(lambda x: np.ones(3), (X,), (X,))[1], np.zeros(3))
    assert_array_equal(jacobian(lambda x: np.ones(3))(X), np.zeros((3, 4)))


def test_an_output_of_one_element_is_a_scalar():
    value, (g,) = value_and_grad(lambda x: x[:1] * 2)(X)
    assert value.shape == (1,)
    assert_array_equal(g, [2, 0, 0, 0])


# ---- the function's own value and effects
def program(x, log):
    total = 0.0
    for k in range(3):
        if x[k] > 0.3:
            total = total + np.sin(x[k]) * k
            log.append(k)
        else:
            log.append(-k)
    while total > 0.5:
        total = total / 2
        log.append("half")
    return total


@pytest.mark.parametrize(
    "run",
    [
        lambda f: value_and_grad(f, argnums=0)(X)[0],
        lambda f: jvp(f, (X,), (X,))[0],
        lambda f: vjp(f, X)[0],
        lambda f: linearize(f, X)[0],
        lambda f: make_vjp(f)(X)[1],
        lambda f: make_jvp(f)(X)(X)[0],
    ],
)
def test_values_and_side_effects_are_the_same(run):
    plain, logged = [], []
    expected = program(X, plain)
    value = run(lambda x: program(x, logged))
    assert value == expected and type(value) is type(expected)
    assert logged == plain


def test_the_callers_arrays_are_not_written():
    w, x = np.ones((3, 4)), X.copy()
    w.flags.writeable = x.flags.writeable = False

    def f(w, x):
        y = w @ x
        z = y * 1.0
        z = z + y[::-1]
        return np.sum(np.sort(z)[1:] * np.cumsum(y)[1:]) + np.max(w)

    for transform in (
        grad,
        lambda f: jacobian(f, argnums=(0, 1)),
        lambda f: vmap(f, in_axes=(None, None), axis_size=2),
    ):
        transform(f)(w, x)
    hessian(f, argnums=1)(w, x)
    assert_array_equal(w, np.ones((3, 4)))


def test_a_gradient_is_the_callers_own_to_write():
    x = X.copy()
    for f in (
        lambda x: np.sum(x),
        lambda x: np.sum(x * x),
        lambda x: np.sum(x.reshape(2, 2)),
        lambda x: x[0],
    ):
        (g,) = grad(f)(x)
        g += 1.0
        assert not np.shares_memory(g, x)
    assert_array_equal(x, X)
    ga, gb = grad(lambda a, b: np.sum(a + b))(X, X)
    ga += 1.0
    assert_array_equal(gb, np.ones(4))


# ---- functions of every kind
class Model:
    def __init__(self, scale):
        self.scale = scale

    def loss(self, x):
        """The loss."""
        return self.scale * np.sum(np.sin(x))

    def __call__(self, x):
        return self.loss(x)

    @staticmethod
    def plain(x):
        return math.exp(x)

    slope = grad(plain.__func__, argnums=0)


def test_functions_of_every_kind():
    model, expected = Model(2.0), 2 * np.cos(X)
    assert_allclose(grad(model.loss, argnums=0)(X), expected)
    assert_allclose(grad(model, argnums=0)(X), expected)
    assert_allclose(grad(functools.partial(lambda s, x: s * np.sum(np.sin(x)), 2.0), argnums=0)(X), expected)
    assert grad(np.sin)(0.0) == (1.0,)
    assert grad(math.sin, argnums=0)(0.0) == 1.0
    assert_allclose(elementwise_grad(np.tanh)(X), 1 - np.tanh(X) ** 2)
    assert grad(Model.plain, argnums=0)(0.0) == 1.0


def test_a_transformed_function_keeps_its_name_doc_and_signature():
    model = Model(1.0)
    for transform in (grad, value_and_grad, jacobian, hessian, vmap):
        g = transform(model.loss)
        assert g.__name__ == "loss" and g.__doc__ == "The loss."
        assert list(inspect.signature(g).parameters) == ["x"]


def test_a_decorator():
    @grad
    def f(x, k=2):
        return np.sum(x**k)

    assert_allclose(f(X)[0], 2 * X)
    assert_allclose(f(X, k=3)[0], 3 * X**2)


# ---- what has no gradient on purpose
def test_stop_gradient_and_value_of():
    seen = []

    def f(x):
        seen.append(value_of(x))
        return np.sum(x * stop_gradient(x)) + np.sum(stop_gradient({"a": x})["a"])

    assert_allclose(grad(f, argnums=0)(X), X)
    assert type(seen[0]) is np.ndarray
    assert_allclose(hessian(f)(X), np.zeros((4, 4)))


def test_tree_map_keeps_the_containers():
    tree = {"b": [1.0, (X, None)], "a": Point(1.0, 2.0)}
    out = tree_map(lambda v: v, tree)
    assert out["a"] == Point(1.0, 2.0) and out["b"][1][0] is X and out["b"][1][1] is None


# ---- two routes to one number
def test_jvp_and_vjp_are_transposes():
    f = lambda x: np.tanh(np.outer(x, x) @ x)
    v, g = np.ones(4), np.arange(4.0)
    _, t = jvp(f, (X,), (v,))
    _, pullback = vjp(f, X)
    assert_allclose(t @ g, pullback(g)[0] @ v)
    assert_allclose(jacobian(f)(X) @ v, t)
    assert_allclose(linearize(f, X)[1](v), t)
    assert_allclose(pullback(g)[0], g @ jacobian(f)(X))
    assert_allclose(pullback(2 * g)[0], 2 * pullback(g)[0])


def test_grad_of_vmap_and_vmap_of_grad():
    a = np.arange(12.0).reshape(3, 4) / 10
    f = lambda w, row: np.sum(np.tanh(w * row)) ** 2
    each = vmap(grad(f, argnums=0), in_axes=(None, 0))(X, a)
    assert_allclose(each, np.stack([grad(f)(X, row)[0] for row in a]))
    whole = grad(lambda w: np.sum(vmap(f, in_axes=(None, 0))(w, a)), argnums=0)(X)
    assert_allclose(whole, each.sum(0))


# ---- argument conventions, for every transform ----------------------------------------------------------------------
def of_two(a, b):
    return np.sum(a * b**2)


@pytest.mark.parametrize(
    "transform, call",
    [
        (grad, lambda g: g(X, X)),
        (value_and_grad, lambda g: g(X, X)[1]),
        (jacobian, lambda g: g(X, X)),
        (jacfwd, lambda g: g(X, X)),
        (jacrev, lambda g: g(X, X)),
        (hessian, lambda g: g(X, X)),
        (hvp, lambda g: g(X, X, X)),
        (make_hvp, lambda g: g(X, X)(X)),
        (make_ggnvp, lambda g: g(X, X)(X)),
        (elementwise_grad, lambda g: g(X, X)),
        (make_jvp, lambda g: g(X, X)(X)[1]),
        (make_vjp, lambda g: g(X, X)[0](1.0)),
    ],
    ids=lambda t: getattr(t, "__name__", None),
)
def test_argnum_is_a_synonym_of_argnums(transform, call):
    f = (lambda a, b: a * b**2) if transform is elementwise_grad else of_two
    expected = call(transform(f, argnums=1))
    assert_array_equal(call(transform(f, argnum=1)), expected)
    assert_array_equal(call(transform(f, argnum="b")), expected)
    assert "argnum" in inspect.signature(transform).parameters
    with pytest.raises(
        TypeError, match="argnums and argnum are two spellings of one keyword: give one of them"
    ):
        transform(f, argnums=0, argnum=1)
    again = pickle.loads(pickle.dumps(transform(of_two, argnum=1)))
    if transform is not elementwise_grad:
        assert_array_equal(call(again), expected)


def test_the_synonym_of_holomorphic_grad():
    assert holomorphic_grad(lambda a, z: a * z**2, argnum=1)(2.0, 1j) == 4j


def test_derivatives_of_numbers_by_numbers_are_numbers():
    for transform in (jacobian, jacfwd, jacrev):
        assert type(transform(lambda a: a * a)(3.0)) is float
        assert type(transform(lambda a: a * a)(np.float32(3.0))) is np.float32
        assert transform(lambda a: np.sum(a))(np.asarray(3.0)).shape == ()
    assert type(hessian(lambda a: a**3)(2.0)) is float and hessian(lambda a: a**3)(2.0) == 12.0


def test_an_argument_in_the_place_of_a_tuple_of_them():
    with pytest.raises(TypeError, match=r"jvp of sum: the primals are a tuple .*`\(x,\)`, not a ndarray"):
        jvp(np.sum, X, X)
    with pytest.raises(TypeError, match=r"jvp of sum: the tangents are a tuple"):
        jvp(np.sum, (X,), X)
    with pytest.raises(TypeError, match=r"vjp of sum with a cotangent: the primals are a tuple"):
        vjp(np.sum, X, cotangent=1.0)


def test_a_chunk_holds_one_at_least():
    for transform in (vmap, jacobian, jacfwd, jacrev):
        with pytest.raises(ValueError, match="chunk_size must be at least 1, not 0"):
            transform(np.sin, chunk_size=0)(X)
    assert vmap(np.sin, chunk_size=2)(np.zeros((0, 3))).shape == (0, 3)
