"""Rules of the user's own: every transform takes the rule, to every order, whatever it is nested in."""

import pickle
from functools import partial

import numpy as np
import pytest

from pycograd import (
    MissingRuleError,
    ShapeError,
    Var,
    custom_jvp,
    custom_vjp,
    defvjp,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    primitive,
    value_and_grad,
    vjp,
    vmap,
)
from pycograd.core import looped

X = np.linspace(-1.0, 2.0, 4)
BATCH = np.linspace(-2.0, 2.0, 12).reshape(3, 4)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


# the rules below are of x**3, but scaled by 10, so that it shows whose rule was used
@custom_vjp
def cube(x):
    return x**3


cube.defvjp(lambda x: (x**3, x), lambda x, g: (30 * x**2 * g,))


@custom_jvp
def cube_forward(x):
    return x**3


cube_forward.defjvp(lambda primals, tangents: (primals[0] ** 3, 30 * primals[0] ** 2 * tangents[0]))


@primitive
def opaque_cube(x):
    assert type(x) in (np.ndarray, np.float64, float)
    return x**3


defvjp(opaque_cube, lambda ans, x: lambda g: g * 30 * x**2)
CUBES = pytest.mark.parametrize("cube", [cube, cube_forward, opaque_cube], ids=["vjp", "jvp", "opaque"])


@CUBES
def test_the_rule_is_used_in_both_modes(cube):
    close(cube(X), X**3)
    close(grad(lambda x: np.sum(cube(x)), argnums=0)(X), 30 * X**2)
    close(jvp(cube, (X,), (X,))[1], 30 * X**3)
    close(jacobian(cube)(X), np.diag(30 * X**2))
    close(linearize(cube, X)[1](X), 30 * X**3)
    assert grad(cube, argnums=0)(2.0) == 120.0


@CUBES
@pytest.mark.parametrize("second", [hessian, lambda f: jacrev(grad(f, argnums=0))])
def test_second_order_differentiates_the_rule(cube, second):
    close(second(lambda x: np.sum(cube(x)))(X), np.diag(60 * X))


def test_grad_of_jvp_differentiates_the_output_by_what_the_rule_computes():
    close(grad(lambda x: jvp(cube, (x,), (1.0,))[1], argnums=0)(2.0), 120.0)
    close(grad(lambda x: jvp(cube_forward, (x,), (1.0,))[1], argnums=0)(2.0), 120.0)
    close(jacfwd(jacfwd(cube))(2.0), 120.0)
    close(jacfwd(jacfwd(cube_forward))(2.0), 120.0)


@CUBES
def test_vmap_of_grad_and_grad_of_vmap(cube):
    def loss(x):
        return np.sum(cube(x))

    close(vmap(cube)(BATCH), BATCH**3)
    close(vmap(grad(loss, argnums=0))(BATCH), 30 * BATCH**2)
    close(grad(lambda b: np.sum(vmap(cube)(b)), argnums=0)(BATCH), 30 * BATCH**2)
    close(vmap(lambda x: jvp(cube, (x,), (x,))[1])(BATCH), 30 * BATCH**3)
    close(vmap(vmap(grad(cube, argnums=0)))(BATCH), 30 * BATCH**2)
    close(jacrev(vmap(cube))(BATCH[:, :1])[:, 0, :, 0], np.diag(30 * BATCH[:, 0] ** 2))
    close(vmap(hessian(loss))(BATCH), [np.diag(60 * x) for x in BATCH])


def test_only_opaque_functions_loop_under_vmap():
    looped.clear()
    vmap(grad(cube, argnums=0))(X)
    vmap(grad(cube_forward, argnums=0))(X)
    assert looped == set()
    vmap(opaque_cube)(X)
    assert looped == {"opaque_cube"}


@CUBES
def test_the_tape_by_hand(cube):
    x = Var(X)
    np.sum(cube(x)).backward()
    close(x.grad, 30 * X**2)


@custom_vjp
def scaled(p, x, *, power=1):
    return {"y": p["w"] * x**power, "n": np.sum(p["b"])}


def scaled_fwd(p, x, *, power=1):
    return scaled(p, x, power=power), (p, x)


scaled.defvjp(
    scaled_fwd,
    lambda res, g: ({"w": np.sum(g["y"] * res[1]), "b": g["n"] * np.ones(2)}, 7.0 * g["y"] * res[0]["w"]),
)
PARAMS = {"w": 2.0, "b": np.ones(2)}


def test_pytrees_of_arguments_outputs_and_residuals():
    def loss(p, x):
        out = scaled(p, x)
        return np.sum(out["y"] * X) + out["n"] ** 2

    p, x = grad(loss)(PARAMS, X)
    close(p["w"], np.sum(X * X))
    close(p["b"], [4.0, 4.0])
    close(x, 14.0 * X)


def test_an_operand_that_all_examples_share_gets_the_sum_of_their_cotangents():
    def loss(p, xs):
        return np.sum(vmap(lambda p, x: scaled(p, x)["y"], in_axes=(None, 0))(p, xs))

    p, xs = grad(loss)(PARAMS, BATCH)
    close(p["w"], np.sum(BATCH))
    close(p["b"], np.zeros(2))
    close(xs, np.full_like(BATCH, 14.0))


def test_keyword_arguments_reach_the_rule_by_position():
    assert grad(lambda x: cube(x=x), argnums=0)(1.0) == 30.0


def test_nondiff_argnums_come_first():
    @partial(custom_vjp, nondiff_argnums=(0,))
    def apply(f, x):
        return f(x)

    apply.defvjp(lambda f, x: (f(x), x), lambda f, x, g: (g * f(x),))
    assert grad(lambda x: apply(lambda v: v + 1.0, x), argnums=0)(3.0) == 4.0

    @partial(custom_jvp, nondiff_argnums=(1,))
    def power(x, n):
        return x**n

    power.defjvp(lambda n, primals, tangents: (primals[0] ** n, 100.0 * n * tangents[0]))
    assert grad(lambda x: power(x, 3), argnums=0)(2.0) == 300.0


def test_defjvps_sums_the_parts():
    @custom_jvp
    def product(a, b):
        return a * b

    product.defjvps(lambda t, out, a, b: 5.0 * t * b, None)
    assert grad(product)(2.0, 3.0) == (15.0, 0.0)


def test_a_straight_through_estimator():
    @custom_vjp
    def hard(x):
        return np.sign(x)

    hard.defvjp(lambda x: (np.sign(x), None), lambda res, g: (g,))
    close(grad(lambda x: np.sum(hard(x) * X), argnums=0)(X), X)
    close(jvp(hard, (X,), (X,))[1], X)


def test_a_method_can_have_a_rule():
    class Model:
        scale = 3.0

        @partial(custom_vjp, nondiff_argnums=(0,))
        def apply(self, x):
            return self.scale * x

        apply.defvjp(lambda self, x: (self.scale * x, None), lambda self, res, g: (50 * g,))

    assert grad(Model().apply, argnums=0)(1.0) == 50.0


def test_the_rule_may_use_values_of_outer_transforms():
    def outer(a):
        @custom_vjp
        def f(x):
            return a * x

        f.defvjp(lambda x: (a * x, None), lambda res, g: (a * g,))
        return grad(f, argnums=0)(3.0) * a

    assert grad(outer, argnums=0)(2.0) == 4.0


def test_closing_over_a_value_of_the_same_transform_is_an_error():
    def loss(a, x):
        @custom_vjp
        def f(x):
            return a * x

        f.defvjp(lambda x: (a * x, None), lambda res, g: (a * g,))
        return f(x)

    with pytest.raises(TypeError, match="not one of its arguments"):
        grad(loss)(2.0, 3.0)
    with pytest.raises(TypeError, match="not one of its arguments"):
        grad(lambda a, x: np.sum(vmap(loss)(a, x)), argnums=1)(X, X)


def test_a_cotangent_of_the_wrong_shape_names_the_rule_the_argument_and_both_shapes():
    @custom_vjp
    def f(a, b):
        return np.sum(a) + np.sum(b)

    f.defvjp(lambda a, b: (f(a, b), None), lambda res, g: (g * np.ones(4), g * np.ones(3)))
    with pytest.raises(
        ShapeError,
        match=r"custom_vjp of f: the cotangent of argument 1 has shape \(3,\), the argument \(4,\)",
    ):
        grad(f)(X, X)


def test_too_few_cotangents_a_bare_one_and_another_structure_are_errors():
    def with_rule(bwd):
        f = custom_vjp(lambda a, b: np.sum(a["w"]) * b)
        f.defvjp(lambda a, b: (np.sum(a["w"]) * b, None), bwd)
        return grad(f)({"w": X}, 1.0)

    with pytest.raises(TypeError, match="a tuple of 2, a cotangent per argument; it returned 1 cotangents"):
        with_rule(lambda res, g: (g,))
    with pytest.raises(TypeError, match="it returned float64"):
        with_rule(lambda res, g: g)
    with pytest.raises(TypeError, match="cotangent of argument 0 has the structure"):
        with_rule(lambda res, g: ((X, X), g))


def test_a_tangent_of_the_wrong_shape_is_an_error():
    f = custom_jvp(lambda x: np.sum(x))
    f.defjvp(lambda primals, tangents: (np.sum(primals[0]), tangents[0]))
    with pytest.raises(ShapeError, match=r"the tangent has shape \(4,\), the output \(\)"):
        jvp(f, (X,), (X,))


def test_none_is_the_zero_cotangent():
    f = custom_vjp(lambda a, b: a * b)
    f.defvjp(lambda a, b: (a * b, a), lambda a, g: (None, a * g))
    assert grad(f)(2.0, 3.0) == (0.0, 2.0)


def test_a_function_without_its_rule_is_an_error():
    with pytest.raises(AttributeError, match="has no rule yet"):
        custom_vjp(np.sin)(1.0)


def test_complex_and_float32_keep_their_dtype():
    z, s = np.array([1 + 2j, 3j]), np.float32([1, 2])
    assert vjp(cube, z)[1](z)[0].dtype == complex
    assert grad(lambda x: np.sum(cube(x)), argnums=0)(s).dtype == np.float32


def test_pickling_finds_the_function_by_name():
    assert pickle.loads(pickle.dumps(cube)) is cube
    assert pickle.loads(pickle.dumps(opaque_cube)) is opaque_cube


# ---- opaque functions -------------------------------------------------------------------------------------
@primitive
def weigh(x, w, mode="mean"):
    assert not isinstance(x, Var) and mode in ("mean", "sum")
    return float(np.dot(x, w)) if mode == "sum" else float(np.dot(x, w)) / len(x)


defvjp(
    weigh,
    lambda ans, x, w, mode="mean": lambda g: g * w / (1 if mode == "sum" else len(x)),
    None,
)


def test_a_primitive_takes_static_arguments_and_declares_zero_gradients():
    value, (x, w) = value_and_grad(partial(weigh, mode="sum"))(X, X + 1)
    close([value, *x], [X @ (X + 1), *(X + 1)])
    close(w, np.zeros(4))
    close(grad(weigh, argnums=0)(X, X + 1), (X + 1) / 4)


def test_a_primitive_without_a_rule_for_an_argument_names_it():
    f = primitive(lambda a, b: a * b)
    defvjp(f, lambda ans, a, b: lambda g: g * b)
    assert grad(f, argnums=0)(2.0, 3.0) == 3.0
    with pytest.raises(MissingRuleError, match="no derivative for its argument 1"):
        grad(f)(2.0, 3.0)
    defvjp(f, lambda ans, a, b: lambda g: g * a, argnums=(1,))
    assert grad(f)(2.0, 3.0) == (3.0, 2.0)


def test_a_primitive_returns_one_array():
    with pytest.raises(TypeError, match="returns one array, not a tuple"):
        grad(primitive(lambda x: (x, x)))(1.0)


def test_a_watched_keyword_becomes_positional_or_is_an_error():
    assert grad(lambda x: opaque_cube(x=x), argnums=0)(1.0) == 30.0
    f = primitive(lambda x, *, scale=1.0: x * scale)
    with pytest.raises(TypeError, match="keyword argument of a primitive is static"):
        grad(lambda x: f(1.0, scale=x))(1.0)
