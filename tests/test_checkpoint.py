"""checkpoint: the same values and gradients, in every composition, at the memory of the arguments."""

import gc
import tracemalloc

import numpy as np
import pytest
from numpy.random import normal

from pycograd import (
    Var,
    checkpoint,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    value_and_grad,
    vjp,
    vmap,
)

rng = np.random.default_rng(0)
W = rng.normal(size=(3, 3))
X = rng.normal(size=3)
BATCH = rng.normal(size=(5, 3))


def layer(x):
    return np.tanh(W @ x) * np.sum(x * x)


def loss_of(f):
    return lambda x: np.sum(f(x) ** 2)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def scalar_grad(f):
    return grad(f, argnums=0)


POLICIES = {
    "nothing": None,
    "by function": [np.tanh, np.matmul],
    "by name": {"multiply", "sum"},
    "everything": lambda prim: True,
}
KEPT = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)


@KEPT
@pytest.mark.parametrize(
    "transform",
    [
        scalar_grad,
        hessian,
        lambda f: jacrev(jacrev(f)),
        lambda f: jacfwd(jacfwd(f)),
        lambda f: jacrev(jacfwd(f)),
        lambda f: jacrev(hessian(f)),
        lambda f: jacrev(jacrev(jacrev(f))),
        lambda f: lambda x: jvp(f, (x,), (x,))[1],
        lambda f: scalar_grad(lambda x: jvp(f, (x,), (x,))[1]),
        lambda f: lambda x: linearize(f, x)[1](x),
        lambda f: lambda x: hvp(f)(x, x),
        lambda f: lambda x: vmap(scalar_grad(f))(BATCH),
        lambda f: lambda x: vmap(hessian(f))(BATCH),
        lambda f: lambda x: scalar_grad(lambda b: np.sum(vmap(f)(b) ** 2))(BATCH),
        lambda f: lambda x: hessian(lambda b: np.sum(vmap(f)(b) ** 2))(BATCH),
        lambda f: lambda x: jacrev(vmap(vmap(f), in_axes=2))(BATCH.reshape(5, 3, 1)),
    ],
)
def test_every_composition_gives_what_it_gives_without(transform, policy):
    close(transform(loss_of(checkpoint(layer, policy=policy)))(X), transform(loss_of(layer))(X))


def test_checkpoints_nest():
    def twice(x):
        return checkpoint(layer)(checkpoint(layer)(x))

    close(hessian(loss_of(checkpoint(twice)))(X), hessian(loss_of(lambda x: layer(layer(x))))(X))


def test_pytrees_keywords_several_outputs_and_what_is_not_a_number():
    def f(p, *, scale, name):
        return {"y": p["w"] * scale, "n": (np.sum(p["b"]), name, 3)}

    def loss(f):
        def of(p, s):
            out = f(p, scale=s, name="a")
            assert out["n"][1:] == ("a", 3)
            return np.sum(out["y"]) * out["n"][0]

        return of

    p = {"w": X, "b": BATCH}
    for a, b in zip(grad(loss(checkpoint(f)))(p, 2.0), grad(loss(f))(p, 2.0), strict=True):
        np.testing.assert_equal(a, b)


def test_an_output_without_a_cotangent_and_an_argument_returned_as_it_is():
    f = checkpoint(lambda x, y: (x * y, np.exp(y), x))
    assert grad(lambda x, y: f(x, y)[0])(2.0, 3.0) == (3.0, 2.0)
    assert grad(lambda x, y: f(x, y)[2])(2.0, 3.0) == (1.0, 0.0)


# ---- closed-over values -----------------------------------------------------------------------------------
def test_closed_over_values_of_every_level_are_differentiated():
    def loss(check):
        def of(a, b):
            return np.sum(check(lambda x: np.sin(a * x) * b)(X * b))

        return of

    plain, kept = loss(lambda f: f), loss(checkpoint)
    for a, b in zip(grad(kept)(X, 2.0), grad(plain)(X, 2.0), strict=True):
        close(a, b)
    mixed = [
        jacrev(lambda a, f=f: grad(f)(a, 2.0)[1])(X) for f in (kept, plain)
    ]  # an outer and an inner level
    close(*mixed)
    nested = [
        grad(lambda b, f=f: grad(lambda a: f(a, b), argnums=0)(2.0), argnums=0)(3.0) for f in (kept, plain)
    ]
    close(*nested)


def test_a_value_known_only_by_closure_is_differentiated_without_any_argument():
    close(scalar_grad(lambda x: checkpoint(lambda: np.sum(x**3))())(X), 3 * X**2)


def test_attributes_of_an_object_are_differentiated():
    class Model:
        def __init__(self, w):
            self.w = w

        @checkpoint
        def apply(self, x):
            return np.sum(np.tanh(self.w * x))

    close(scalar_grad(lambda w: Model(w).apply(X))(2.0), np.sum(X / np.cosh(2 * X) ** 2))


def test_a_loop_variable_is_the_one_of_its_own_turn():
    def loss(check, w, x):
        for i in range(3):
            x = check(lambda x: np.tanh(x * w[i]))(x)  # noqa: B023 that it binds late is the point
        return np.sum(x)

    kept, plain = (grad(lambda w, x, c=c: loss(c, w, x))(X, X) for c in (checkpoint, lambda f: f))
    close(kept, plain)


def test_the_tape_by_hand():
    x, w = Var(X), Var(np.array(2.0))
    y = checkpoint(lambda x: np.sin(x * w))(x)
    np.sum(y).backward()
    close(x.grad, 2 * np.cos(2 * X))
    close(w.grad, np.sum(X * np.cos(2 * X)))


SWITCH = 1.0


def test_what_changed_in_between_is_noticed():
    global SWITCH
    scale = np.ones(3)

    def f(x):
        return x * scale

    _, pullback = vjp(checkpoint(f), X)
    scale *= 2.0
    with pytest.raises(RuntimeError, match=r"checkpoint of f .* gave another value"):
        pullback(X)
    _, pullback = vjp(checkpoint(lambda x: np.sin(x) if SWITCH else np.cos(x)), X)
    SWITCH = 0.0
    try:
        with pytest.raises(RuntimeError, match="gave another value"):
            pullback(X)
    finally:
        SWITCH = 1.0


# ---- random numbers ---------------------------------------------------------------------------------------
GENERATOR = np.random.default_rng(1)


class Noise:
    def __init__(self):
        self.parts = {"rng": np.random.default_rng(2)}

    def __call__(self, x):
        return np.sum(x * self.parts["rng"].normal(size=3))


def from_global(x):
    return np.sum(x * GENERATOR.normal(size=3))


def through_a_function(x):
    return 2.0 * from_global(x)


def from_numpys_own(x):
    return np.sum(x * np.random.normal(size=3))


def from_a_name(x):
    return np.sum(x * normal(size=3))


def from_default(x, rng=np.random.default_rng(3)):  # noqa: B008
    return np.sum(x * rng.normal(size=3))


@pytest.mark.parametrize(
    "f", [Noise(), from_global, through_a_function, from_numpys_own, from_a_name, from_default]
)
def test_the_second_run_draws_the_same_numbers_and_leaves_the_generator_alone(f):
    def loss(x):
        value = checkpoint(f)(x)
        after.append(f(np.ones(3)))  # draws on, between the two runs
        return value

    after = []
    value, (g,) = value_and_grad(loss)(X)
    close(g @ X, value)
    later = f(np.ones(3))
    assert later != after[0]


def test_a_generator_as_argument():
    noise = np.random.default_rng(4)
    f = checkpoint(lambda x, options: np.sum(x * options["rng"].normal(size=3)))
    value, (g,) = value_and_grad(lambda x: f(x, {"rng": noise}))(X)
    close(g @ X, value)
    expected = np.random.default_rng(4)
    expected.normal(size=3)
    assert noise.normal() == expected.normal()


# ---- memory -----------------------------------------------------------------------------------------------
def peak_of(call):
    call()
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def block(x):
    for _ in range(8):
        x = np.sin(x) * np.exp(-x * x)
    return x


def chain(f, x):
    for _ in range(64):
        x = f(x)
    return np.sum(x)


def test_64_layers_keep_64_arrays():
    x = np.linspace(-1, 1, 2000)
    kept = peak_of(lambda: grad(lambda x: chain(checkpoint(block), x))(x))
    whole = peak_of(lambda: grad(lambda x: chain(block, x))(x))
    layers = 64 * x.nbytes
    assert kept < 1.2 * layers + 60 * x.nbytes  # one block at a time is run again, and nodes weigh something
    assert whole > 20 * layers


def test_nothing_is_left_behind():
    x, f = np.ones(1000), checkpoint(block)

    def step():
        grad(lambda x: chain(f, x))(x)

    step()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        step()
        before = tracemalloc.get_traced_memory()[0]
        step()
        assert tracemalloc.get_traced_memory()[0] < before + x.nbytes
    finally:
        tracemalloc.stop()
        gc.enable()


def test_a_policy_keeps_what_it_names():
    calls = []

    def loss(x):
        return np.sum(checkpoint(block, policy=policy)(x))

    def policy(prim):
        calls.append(prim.name)
        return prim.name == "sin"

    close(scalar_grad(loss)(X), scalar_grad(lambda x: np.sum(block(x)))(X))
    assert {"sin", "exp", "multiply"} <= set(calls)


def test_the_function_keeps_its_name():
    assert checkpoint(layer).__name__ == "layer"


def test_a_gradient_that_is_infinite():
    """The second, careful backward pass asked the node of a checkpoint what it did not know: AttributeError."""
    assert grad(checkpoint(np.sqrt))(0.0) == (np.inf,)
