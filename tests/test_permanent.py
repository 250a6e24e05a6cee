"""Cases that broke a library of this kind at some time, and must never break this one."""

import dataclasses
import gc
import math
import pickle
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pycograd import (
    Var,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    value_and_grad,
    vjp,
    vmap,
)
from pycograd.core import REGISTRY, Primitive
from pycograd.core.templates import EXPRESSIONS

X = np.linspace(0.2, 1.4, 5)


def q(x):
    """A scalar function whose Hessian is known: sum x^3 + x0 x1."""
    return np.sum(x**3) + x[0] * x[1]


def hessian_of_q(x):
    h = np.diag(6 * x)
    h[0, 1] = h[1, 0] = 1
    return h


# ---- long and wide tapes ---------------------------------------------------------------------------------
def test_a_chain_of_a_million_operations():
    def chain(x):
        for _ in range(500_000):
            x = x * 1.000001
            x = x - 1e-7
        return x

    value, (g,) = value_and_grad(chain)(1.0)
    assert type(g) is float
    assert_allclose(value, chain(1.0))
    assert_allclose(g, 1.000001**500_000)


def test_a_fan_out_of_a_hundred_thousand():
    def fan(x):
        total = 0.0
        for _ in range(100_000):
            total = total + np.sin(x)
        return np.sum(total)

    assert_allclose(grad(fan, argnums=0)(X), 100_000 * np.cos(X))


def test_a_sum_of_a_hundred_thousand_elements_taken_one_by_one():
    def taken(x):
        total = 0.0
        for i in range(100_000):
            total = total + x[i % 5]
        return total

    assert_allclose(grad(taken, argnums=0)(X), np.full(5, 20_000.0))


def in_a_small_stack(f):
    """Run `f` in a thread with little stack, where a recursion of some thousand calls of C would crash."""
    outcome = []
    before = threading.stack_size(2**20)  # Python 3.13 itself takes half of that to free nested tuples
    try:
        thread = threading.Thread(target=lambda: outcome.append(f()))
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert outcome, "the thread died"
    return outcome[0]


def test_freeing_a_long_tape_does_not_recurse():
    def record_and_drop():
        y = x = Var(np.ones(2))
        for _ in range(200_000):
            y = y + 1.0
        del y
        return x.grad is None

    assert in_a_small_stack(record_and_drop)


def test_the_backward_pass_of_a_long_tape_does_not_recurse():
    def chain(x):
        for _ in range(200_000):
            x = x * 1.0
        return np.sum(x)

    assert_array_equal(in_a_small_stack(lambda: grad(chain, argnums=0)(X)), np.ones(5))


# ---- integers keep their value ---------------------------------------------------------------------------
def test_integers_as_labels_counts_indices_and_data():
    def loss(w, labels, steps, row, data):
        assert isinstance(steps, int) or steps.dtype.kind == "i"
        total = 0.0
        for k in range(steps):
            total = total + k * w[row, 0]
        picked = w[np.arange(len(labels)), labels]
        return total + np.sum(picked) + np.sum(data * w[0, 0]) + data[1] // 2

    w, labels, data = np.ones((3, 4)), np.array([1, 0, 3]), np.array([2, 5, 7])
    value, (gw, glabels, gsteps, grow, gdata) = value_and_grad(loss)(w, labels, 4, 2, data)
    assert value == 6 + 3 + 14 + 2
    expected = np.zeros((3, 4))
    expected[[0, 1, 2], labels] += 1
    expected[2, 0] += 6
    expected[0, 0] += 14
    assert_array_equal(gw, expected)
    assert_array_equal(glabels, np.zeros(3))
    assert glabels.dtype == gdata.dtype == np.float64
    assert type(gsteps) is float and type(grow) is float and gsteps == grow == 0.0
    assert_array_equal(gdata, np.ones(3))


def test_integer_arithmetic_is_integer_arithmetic():
    seen = []

    def f(n, x):
        seen.append((n // 2, n % 3, (n + 1) ** 2))
        return x * (n // 2)

    g = grad(f)(7, 1.5)
    assert [int(v) for v in seen[0]] == [3, 1, 64]
    assert g == (0.0, 3.0) and [type(v) for v in g] == [float, float]


def test_shapes_from_integer_arguments():
    def f(x, n):
        return np.sum(np.reshape(x, (n, -1)) * np.ones((n, 2)))

    assert_array_equal(grad(f)(np.arange(6.0), 3)[0], np.ones(6))


# ---- orders, levels --------------------------------------------------------------------------------------
def test_third_order_derivatives():
    third = grad(grad(grad(lambda x: x**4 + math.sin(x), argnums=0), argnums=0), argnums=0)
    assert_allclose(third(0.7), 24 * 0.7 - math.cos(0.7))
    along = lambda f: lambda x: jvp(f, (x,), (1.0,))[1]
    assert_allclose(along(along(along(math.exp)))(0.3), math.exp(0.3))
    assert_allclose(along(grad(along(math.tanh), argnums=0))(0.3), third_of_tanh(0.3))
    assert_allclose(jacobian(jacobian(jacobian(np.sin)))(X[:2])[1, 1, 1, 1], -np.cos(X[1]))


def third_of_tanh(x):
    y = math.tanh(x)
    return -2 * (1 - y * y) * (1 - 3 * y * y)


def test_perturbations_are_not_confused():
    assert grad(lambda x: x * grad(lambda y: x + y, argnums=0)(1.0), argnums=0)(1.0) == 1.0
    assert jvp(lambda x: x * jvp(lambda y: x + y, (1.0,), (1.0,))[1], (1.0,), (1.0,))[1] == 1.0
    assert grad(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1], argnums=0)(3.0) == 6.0
    assert jvp(lambda x: x * grad(lambda y: x * y * y, argnums=0)(2.0), (3.0,), (1.0,))[1] == 24.0


def test_the_same_function_inside_itself():
    f = lambda x: np.sum(np.sin(x) * x)
    twice = lambda x: f(grad(f, argnums=0)(x))
    step = 1e-6 * np.eye(5)
    witness = [(twice(X + e) - twice(X - e)) / 2e-6 for e in step]
    assert_allclose(grad(twice, argnums=0)(X), witness, rtol=1e-7)


def test_grad_through_vmap_with_closed_over_values():
    a = np.arange(12.0).reshape(3, 4)

    def loss(w):
        return np.sum(vmap(lambda row: np.tanh(np.sum(row * w)))(a))

    slope = 1 - np.tanh(a @ (w := np.full(4, 0.05))) ** 2
    assert_allclose(grad(loss, argnums=0)(w), a.T @ slope)
    assert_allclose(jvp(loss, (w,), (np.ones(4),))[1], np.sum(a.T @ slope))
    assert_allclose(hessian(loss)(w), jacobian(grad(loss, argnums=0))(w))


def test_vmap_of_a_lambda_that_picks_the_gradient():
    batch = np.stack([X, 2 * X, -X])
    assert_allclose(vmap(lambda z: grad(q)(z)[0])(batch), [grad(q)(z)[0] for z in batch])


def test_jacobian_of_jacobian_is_the_hessian():
    for outer in (jacobian, jacfwd, jacrev):
        for inner in (jacobian, jacfwd, jacrev):
            assert_allclose(outer(inner(q))(X), hessian_of_q(X), atol=1e-14)
    assert_allclose(hessian(q)(X), hessian_of_q(X), atol=1e-14)
    assert_allclose(hvp(q)(X, np.ones(5)), hessian_of_q(X) @ np.ones(5))


def test_a_value_closed_over_from_every_level():
    def f(x):
        def g(y):
            return vmap(lambda z: x * y * z)(np.array([1.0, 2.0, 3.0]))

        return np.sum(jvp(g, (x * 2,), (1.0,))[1])

    assert grad(f)(5.0) == (6.0,)


# ---- functions -------------------------------------------------------------------------------------------
def test_two_lambdas_on_one_line():
    f, g = (lambda x: np.sum(x**2)), (lambda x: np.sum(x**3))
    assert_allclose(grad(f, argnums=0)(X), 2 * X)
    assert_allclose(grad(g, argnums=0)(X), 3 * X**2)
    twins = [lambda x, k=k: math.sin(k * x) for k in (1, 2, 3)]
    assert_allclose([grad(t, argnums=0)(0.0) for t in twins], [1, 2, 3])


def test_closures_rebound_between_calls():
    scale, shape = 2.0, math.sin

    def f(x):
        return scale * shape(x)

    slope = grad(f, argnums=0)
    assert_allclose(slope(0.5), 2 * math.cos(0.5))
    scale = 3.0
    assert_allclose(slope(0.5), 3 * math.cos(0.5))
    shape = math.exp
    assert_allclose(slope(0.5), 3 * math.exp(0.5))


OFFSET = 1.0


def reads_a_global(x):
    return x * OFFSET


def test_globals_rebound_between_calls(monkeypatch):
    slope = grad(reads_a_global, argnums=0)
    assert slope(2.0) == 1.0
    monkeypatch.setitem(globals(), "OFFSET", 4.0)
    assert slope(2.0) == 4.0


def test_eight_threads_each_with_its_own_gradient():
    start = threading.Barrier(8)

    def work(k):
        f = lambda x: np.sum(np.sin(k * x) * np.exp(x)) + math.cos(k)
        start.wait()
        return [grad(f, argnums=0)(X) for _ in range(200)]

    with ThreadPoolExecutor(8) as pool:
        for k, found in enumerate(pool.map(work, range(8))):
            expected = np.exp(X) * (k * np.cos(k * X) + np.sin(k * X))
            assert_allclose(found, np.broadcast_to(expected, (200, 5)))


def test_one_transformed_function_in_eight_threads():
    slope = grad(lambda x, k: np.sum(np.sin(k * x)), argnums=0)
    with ThreadPoolExecutor(8) as pool:
        for k, g in enumerate(pool.map(lambda k: slope(X, float(k)), range(100))):
            assert_allclose(g, k * np.cos(k * X))


class Interrupted(BaseException):
    """Stands for Ctrl-C."""


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Interrupted])
def test_an_exception_in_the_middle_leaves_no_trace(error):
    def f(x, fail):
        y = np.sin(x) * 2
        if fail:
            raise error("in the middle")
        return np.sum(y * y)

    slope, expected = grad(f, argnums=0), 8 * np.sin(X) * np.cos(X)
    for transform in (slope, jacobian(f), vmap(f, in_axes=(0, None)), lambda *a: jvp(f, a, a)):
        with pytest.raises(error):
            transform(X, True)
        assert_allclose(slope(X, False), expected)
    assert_allclose(hessian(lambda x: f(x, False))(X), np.diag(8 * np.cos(2 * X)))


def test_ten_thousand_gradient_calls_without_growth():
    def f(w, x):
        z = np.tanh(x @ w)
        return np.sum(z[1:] * z[:-1]) + math.sin(0.3)

    w, x = np.ones((4, 3)), np.ones((6, 4))
    slope = grad(f, argnums=0)

    def calls(n):
        for _ in range(n):
            slope(w, x)
            grad(lambda v: np.sum(v * x[0]))(x[1])  # a new function each time

    calls(200)
    gc.collect()
    tracemalloc.start()
    calls(50)
    before = tracemalloc.get_traced_memory()[0]
    calls(4900)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 50_000, f"{grown} bytes more after 9,800 gradients"


# ---- pickling --------------------------------------------------------------------------------------------
TRANSFORMS = [
    grad, value_and_grad, jacobian, jacfwd, jacrev, hessian,
    partial(grad, argnums=0), partial(value_and_grad, argnums=[0]),
]  # fmt: skip


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: getattr(t, "__name__", str(t)[18:40]))
def test_transforms_are_pickled(transform):
    function = transform(q)
    again = pickle.loads(pickle.dumps(function))
    assert again.__name__ == "q" and again.__doc__ == q.__doc__
    for a, b in zip(flat(again(X)), flat(function(X)), strict=True):
        assert_array_equal(a, b)


def flat(tree):
    return [x for each in tree for x in flat(each)] if isinstance(tree, tuple) else [tree]


def test_vmap_and_nested_transforms_are_pickled():
    each = pickle.loads(pickle.dumps(vmap(grad(q, argnums=0))))
    assert_allclose(each(np.stack([X, -X])), [grad(q)(X)[0], grad(q)(-X)[0]])
    moved = pickle.loads(pickle.dumps(vmap(np.sin, in_axes=1, out_axes=-1)))
    assert_allclose(moved(np.ones((2, 3))), np.sin(np.ones((2, 3))))


# ---- branches that are not taken -------------------------------------------------------------------------
BRANCHES = {
    "log": (lambda x: np.where(x > 0, np.log(x), x), lambda x: np.log(x)),
    "sqrt": (lambda x: np.where(x > 0, np.sqrt(x), x), lambda x: np.sqrt(x)),
    "divide": (lambda x: np.where(x > 0, 1 / x, x), lambda x: 1 / x),
    "power": (lambda x: np.where(x > 0, x**0.3, x), lambda x: x**0.3),
    "arcsin": (lambda x: np.where(np.abs(x - 0.4) < 0.5, np.arcsin(x), x), lambda x: np.arcsin(x)),
    "norm": (lambda x: np.where(x > 0, np.sqrt(x * x), x), lambda x: x),
    "twice": (lambda x: np.where(x > 0, np.log(np.sqrt(x)), x), lambda x: np.log(np.sqrt(x))),
    "exp of inverse": (lambda x: np.where(x > 0, np.exp(-1 / x), x), lambda x: np.exp(-1 / x)),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_that_is_not_selected_never_poisons(name):
    f, smooth = BRANCHES[name]
    at = np.array([0.3, 0.7, 0.0, -1.0]) if name != "arcsin" else np.array([0.3, 0.7, 1.0, 7.0])
    total, alone = (lambda x: np.sum(f(x))), (lambda x: np.sum(smooth(x)))
    first, second = grad(total, argnums=0), grad(lambda x: np.sum(grad(total, argnums=0)(x)), argnums=0)
    third = grad(lambda x: np.sum(second(x)), argnums=0)
    with np.errstate(all="ignore"):
        smooth1 = grad(alone, argnums=0)
        smooth2 = grad(lambda x: np.sum(smooth1(x)), argnums=0)
        smooth3 = grad(lambda x: np.sum(smooth2(x)), argnums=0)
        ones = np.ones(4)
        for ours, expected, rest in [(first, smooth1, 1.0), (second, smooth2, 0.0), (third, smooth3, 0.0)]:
            assert_allclose(ours(at), [*expected(at[:2]), rest, rest], atol=1e-12)
        assert_allclose(jvp(f, (at,), (ones,))[1], first(at), atol=1e-12)
        assert_allclose(jvp(first, (at,), (ones,))[1], second(at), atol=1e-12)
        slope = lambda x: jvp(f, (x,), (ones,))[1]
        assert_allclose(jvp(slope, (at,), (ones,))[1], second(at), atol=1e-12)
        assert_allclose(vmap(grad(f, argnums=0))(at), first(at), atol=1e-12)
        assert_allclose(hessian(total)(at), np.diag(second(at)), atol=1e-12)


# ---- Python floats ---------------------------------------------------------------------------------------
def projectile(speed, angle):
    x, y, vx, vy = 0.0, 0.0, speed * math.cos(angle), speed * math.sin(angle)
    while y >= 0.0:
        drag = 0.01 * math.sqrt(vx * vx + vy * vy)
        vx, vy = vx - 0.05 * drag * vx, vy - 0.05 * (9.81 + drag * vy)
        x, y = x + 0.05 * vx, y + 0.05 * vy
    return x


def test_python_floats_stay_floats():
    value, grads = value_and_grad(projectile)(12.0, 0.8)
    assert [type(v) for v in (value, *grads)] == [float] * 3
    assert value == projectile(12.0, 0.8)
    for i in range(2):
        at = [12.0, 0.8]
        above, below = list(at), list(at)
        above[i] += 1e-6
        below[i] -= 1e-6
        assert_allclose(grads[i], (projectile(*above) - projectile(*below)) / 2e-6, rtol=1e-6)


def test_python_floats_stay_floats_in_every_transform():
    f = lambda a, b: math.sin(a) * b**2
    assert type(grad(grad(f, argnums=0), argnums=0)(0.3, 2.0)) is float
    assert [type(v) for v in jvp(f, (0.3, 2.0), (1.0, 0.0))] == [float, float]
    out, pullback = vjp(f, 0.3, 2.0)
    assert [type(v) for v in (out, *pullback(1.0))] == [float] * 3
    out, df = linearize(f, 0.3, 2.0)
    assert [type(v) for v in (out, df(1.0, 1.0))] == [float] * 2


# ---- memory ----------------------------------------------------------------------------------------------
def test_transforms_leave_no_reference_cycles():
    batch = np.stack([X, 2 * X])

    def everything():
        value_and_grad(q)(X)
        grad(projectile)(12.0, 0.8)
        jvp(q, (X,), (X,))
        vjp(np.sin, X)[1](X)
        linearize(np.sin, X)[1](X)
        jacobian(np.sin)(X)
        hessian(q)(X)
        vmap(grad(q))(batch)
        vmap(hessian(q))(batch)
        grad(lambda x: np.sum(grad(q)(x)[0]))(X)
        x = Var(X)
        np.sum(np.exp(x) * x[1:2]).backward()
        with pytest.raises(TypeError):
            grad(np.sin)(X)

    everything()  # weaving happens once
    gc.collect()
    gc.disable()
    try:
        for call in (lambda: grad(q)(X), lambda: hessian(q)(X), lambda: vmap(grad(q))(batch), everything):
            call()
            assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_slopes_written_beside_python_operators_are_those_of_the_rules():
    for func, (_, *slopes) in EXPRESSIONS.items():
        twins = [
            p.operator for p in REGISTRY.values() if isinstance(p, Primitive) and p.operator.impl is func
        ]
        assert twins, func
        a, b = 1.7, -0.6
        x, y = -a, func(a) if len(slopes) == 1 else func(a, b)
        scope = {"a": a, "b": b, "x": x, "y": y}
        for slope, operand, entry in zip(slopes, twins[0].operands, twins[0].vjp, strict=True):
            asked = [scope[name] for name in entry.names]
            if slope == "inf":  # the ordinary way
                continue
            scope["raw_a"] = entry.rule
            assert math.isclose(eval(slope, scope), entry.rule(1.0, *asked)), (func, operand)


def test_floats_with_infinite_slopes_take_the_ordinary_way():
    def f(x):
        root = math.sqrt(x)
        return root * 0.0 + x if x > 1 else root

    assert grad(f)(0.0) == (math.inf,)
    assert grad(lambda x: math.sqrt(x) * 0.0 + x)(0.0) == (1.0,)
    for _ in range(20):  # compiled by now
        assert grad(lambda x: math.sqrt(x) * 0.0 + x)(0.0) == (1.0,)
        assert grad(f)(0.0) == (math.inf,)


def test_threads_that_meet_a_dataclass_together():
    switches = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            kind = dataclasses.make_dataclass("Pair", ["a", "b"])
            found, start = [], threading.Barrier(6)

            def run(kind=kind, found=found, start=start):
                start.wait()
                (g,) = grad(lambda p: p.a * p.b)(kind(2.0, 3.0))
                found.append((g.a, g.b))

            threads = [threading.Thread(target=run) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [(3.0, 2.0)] * 6
    finally:
        sys.setswitchinterval(switches)
