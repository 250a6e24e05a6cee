"""The harness itself: each law must catch an operation that breaks it."""

import numpy as np
import pytest
from laws import harness, sweep
from laws.case import Case
from laws.row import normal, positive, row

from pycograd.core import REGISTRY, Aval, Primitive, batch_by_loop, value_of
from pycograd.ops.families import batch_elementwise


def cubed(x):
    """A function that has no rule yet."""
    return x * x * x


def shape_of_cube(a):
    return Aval(a.shape, np.dtype(a.dtype))


def slope(t, x):
    return t * (3 * x * x)


def operation(impl=cubed, vjp=slope, jvp=slope, batch=batch_elementwise, shape=shape_of_cube):
    return Primitive(impl, vjp, jvp=(jvp,), batch=batch, shape=shape, name="cubed")


def double(x):
    return np.asarray(np.asarray(x, float) ** 3, float)[()]


def writes(x):
    y = x * x * x
    x *= 1.0
    return y


def half_batch(prim, xs, batched, params):
    y = prim.call(*xs)
    return np.where(np.arange(len(value_of(y)))[:, None, None] > 0, y, 0.0)


WRONG = {  # what is wrong: (the operation, the laws that say so)
    "value": (operation(lambda x: x * x * x + 1e-9), ["value"]),
    "type": (operation(lambda x: np.asarray(x * x * x).astype(np.float32)), ["value"]),
    "vjp": (operation(vjp=lambda g, x: g * (3.001 * x * x)), ["reverse", "transpose"]),
    "jvp": (operation(jvp=lambda t, x: t * (3.001 * x * x)), ["forward", "transpose"]),
    "a gradient that forgets its second order": (
        operation(vjp=lambda g, x: g * (3 * value_of(x) * value_of(x)) if np.ndim(x) else g),
        ["second"],
    ),
    "batch": (operation(batch=half_batch), ["vmap", "vmap_gradient"]),
    "a batch rule that loops": (operation(batch=batch_by_loop), ["vmap"]),
    "shape": (operation(shape=lambda a: Aval((*a.shape, 1), a.dtype)), ["capture"]),
    "the shape rule's dtype": (operation(shape=lambda a: Aval(a.shape, np.dtype("f4"))), ["capture"]),
    "float32 computed as float64": (operation(double), ["float32"]),
    "an input that is written": (operation(writes), ["layout"]),
    "a cotangent that is written": (
        operation(
            vjp=lambda g, x: np.multiply(g, 3 * x * x, out=g) if type(g) is np.ndarray else slope(g, x)
        ),
        ["layout"],
    ),
    "complex: a conjugate too many": (operation(vjp=lambda g, x: g * np.conj(3 * x * x)), ["complex128"]),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_rule_is_caught(what, monkeypatch):
    wrong, laws = WRONG[what]
    case = Case(row(cubed, normal(3, 4), complex=True))
    monkeypatch.setitem(REGISTRY, cubed, wrong)
    for law in laws:
        with pytest.raises((AssertionError, ValueError, TypeError)):
            getattr(harness, law)(case)


@pytest.mark.filterwarnings("ignore")
def test_a_right_operation_obeys_every_law(monkeypatch):
    monkeypatch.setitem(REGISTRY, cubed, operation())
    case = Case(row(cubed, normal(3, 4), complex=True))
    for name, (law, concerns) in (harness.LAWS | sweep.SWEEP).items():
        if concerns(case) and name != "protocols":
            law(case)


def test_a_broadcast_that_is_not_summed_back_is_caught(monkeypatch):
    wrong = Primitive(
        np.hypot,
        lambda g, y, a: np.sum(g * a / y, axis=0),
        lambda g, y, b: g * b / y,
        jvp=(lambda t, y, a: t * a / y, lambda t, y, b: t * b / y),
        batch=batch_elementwise,
        shape=REGISTRY[np.hypot].shape,
    )
    monkeypatch.setitem(REGISTRY, np.hypot, wrong)
    with pytest.raises((AssertionError, ValueError)):
        harness.broadcasting(Case(row(np.hypot, positive(3, 4), positive(4, 3).T)))
