"""Programs that use weights by name, against the same programs with arguments: values, gradients, in every transform,
woven and through numpy's protocols alone.
"""

import math
from functools import reduce

import numpy as np
import pytest

from pycograd import checkpoint, grad, hessian, jvp, params, value_and_grad, vmap
from pycograd.weave import weaving

scipy_special = pytest.importorskip("scipy.special")

A = np.array([[1.0, -0.5], [0.3, 2.0]])
V = np.array([0.7, -1.2])
X = np.array([[0.2, 1.0], [-0.4, 0.9], [1.5, -0.1]])


def operators(a, v, s):
    return np.sum((a @ v - v * 2 + 1 / (3 + s) - s**2 + 2**v) * -v / (abs(v) + 1) + +v % 0.7)


def methods(a, v, s):
    return (
        a.sum(axis=0).dot(v)
        + a.T.reshape(-1)[1:3].max()
        + v.mean() * a.std()
        + a.ravel().cumsum()[2]
        + v.prod()
    )


def functions(a, v, s):
    return np.einsum("ij,j,i->", a, v, v) + np.linalg.norm(a) + np.log(np.sum(np.exp(v))) * np.trace(a @ a.T)


def joined(a, v, s):
    return (
        np.sum(np.concatenate([a, [v], X]) ** 3)
        + np.stack([v, v * s]).sum()
        + np.sum(np.pad(v, 1) * [1, 2, 3, 4])
    )


def selected(a, v, s):
    return (
        np.sum(np.where(v > 0, v, s * v))
        + np.sum(np.maximum(a, v))
        + np.sum(np.sort(v)[:1])
        + np.take(a[:, 0], v.argmax()) * 3
    )


def indexed(a, v, s):
    (x, y), row = v, a[1]
    return (
        x * y
        + row[0]
        + a[:, 1] @ v
        + sum(r[0] for r in a)
        + a[np.array([0, 1, 1]), [1, 0, 0]].sum()
        + a[a > 0].sum()
    )


def branching(a, v, s):
    if s > 0 and v[0] > v[1]:
        return s * v[0] * len(v) * a.shape[0]
    return v[1]


def written(a, v, s):
    out = np.zeros((2, 2))
    out[0] = v
    out[:, 1] += a[:, 0] * s
    b = a.copy()
    b[0, 0] = s
    np.multiply(b, 2.0, out=b)
    return np.sum(out**2) + np.sum(b * b * b)


def looped(a, v, s):
    h = v
    for _ in range(4):
        h = np.tanh(a @ h + v)
    return reduce(lambda x, y: x * y, h) + np.sum(np.outer(h, v))


def special(a, v, s):
    return (
        np.sum(scipy_special.expit(a))
        + np.sum(scipy_special.gammaln(v**2 + 1))
        + np.sum(np.linalg.solve(a, v))
    )


def nested(a, v, s):
    inner = grad(lambda x: np.sum(np.tanh(a @ x) * v), 0)
    return np.sum(inner(X[0]) ** 2) + np.sum(vmap(lambda x: np.sum(np.sin(a @ x)) * s)(X))


def checkpointed(a, v, s):
    layer = checkpoint(lambda h: np.tanh(a @ h + v) * s)
    return np.sum(layer(layer(X[0])) ** 2)


PROTOCOLS = [
    operators,
    methods,
    functions,
    joined,
    selected,
    indexed,
    branching,
    looped,
    special,
    nested,
    checkpointed,
]


def pure_python(a, v, s):
    return (
        math.exp(s) * float(v[0]) + math.atan2(s, v[1]) + max(v) * min(s, 3.0) + sum(v) + round(1.0) * abs(s)
    )


def of_lists(a, v, s):
    grid = np.array([[v[0], s], [1.0, v[1]]])
    return np.sum(grid @ a) + np.array([x * s for x in v]).sum() + np.linalg.det(np.asarray([v, a[0]]))


WOVEN = [*PROTOCOLS, written, pure_python, of_lists]


def by_name(program):
    return lambda: program(pa, pv, ps)  # noqa: F821


@pytest.fixture
def weights():
    return params(pa=A.copy(), pv=V.copy(), ps=0.6)


def agrees(weights, program):
    value, grads = weights.grad(by_name(program))
    expected, (ga, gv, gs) = value_and_grad(program)(A.copy(), V.copy(), np.array(0.6))
    assert np.allclose(value, expected, rtol=1e-13)
    assert np.allclose(grads.pa, ga, rtol=1e-12, atol=1e-14)
    assert np.allclose(grads.pv, gv, rtol=1e-12, atol=1e-14) and np.allclose(
        grads.ps, gs, rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("program", WOVEN, ids=lambda f: f.__name__)
def test_weights_by_name_are_arguments(weights, program):
    agrees(weights, program)
    with weights:
        agrees(weights, program)
        plain = program(pa, pv, ps)  # noqa: F821
    assert np.allclose(plain, program(A, V, np.array(0.6)), rtol=1e-14)


@pytest.mark.parametrize("program", PROTOCOLS, ids=lambda f: f.__name__)
def test_through_the_protocols_alone_they_are_too(weights, program):
    with weaving(False):
        agrees(weights, program)


@pytest.mark.parametrize("program", PROTOCOLS, ids=lambda f: f.__name__)
def test_as_constants_they_are_their_values(weights, program):
    """A transform of something else sees constants, and its own derivative is what it is with the plain arrays."""
    a, v, s = A, V, np.array(0.6)
    fixed = lambda t: program(a * 1.0, v * t, s)
    with weights:
        named = lambda t: program(pa * 1.0, pv * t, ps)  # noqa: F821
        direct = lambda t: t * program(pa, pv, ps)  # noqa: F821
        assert np.allclose(grad(named)(1.1)[0], grad(fixed)(1.1)[0], rtol=1e-12)
        assert np.allclose(jvp(named, (1.1,), (1.0,))[1], grad(fixed)(1.1)[0], rtol=1e-12)
        assert np.allclose(grad(direct)(1.0)[0], program(a, v, s), rtol=1e-12)
        if program not in (branching,):
            assert np.allclose(vmap(named)(np.array([0.9, 1.1])), [fixed(0.9), fixed(1.1)], rtol=1e-12)


@pytest.mark.parametrize(
    "program", [operators, functions, looped, nested, checkpointed], ids=lambda f: f.__name__
)
def test_second_derivatives_through_a_gradient_of_weights(weights, program):
    """The derivative, in a factor, of a norm of the gradient in the weights."""

    def norm(t):
        _, grads = weights.grad(lambda: program(pa * t, pv, ps))  # noqa: F821
        return np.sum(grads.pa**2) + grads.ps * t

    def expected(t):
        ga, _, gs = grad(lambda a, v, s: program(a * t, v, s))(A.copy(), V.copy(), np.array(0.6))
        return np.sum(ga**2) + gs * t

    assert np.isclose(grad(norm)(0.9)[0], grad(expected)(0.9)[0], rtol=1e-10)
    assert np.isclose(jvp(norm, (0.9,), (1.0,))[1], grad(expected)(0.9)[0], rtol=1e-10)


def test_the_hessian_of_an_objective_in_its_weights(weights):
    f = lambda m: functions(m.pa, m.pv, m.ps)
    H = hessian(f)(weights)
    plain = hessian(lambda v: functions(A, v, 0.6))(V)
    assert np.allclose(H.pv.pv, plain, rtol=1e-12)
