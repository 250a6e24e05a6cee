"""The handler compiled into calls, and called by pyccolo's events, means the same: values, gradients, tapes."""

import builtins

import numpy as np
import pytest

from pycograd import AutodiffTracer, Var, resolve_call, value_and_grad
from pycograd.core import MissingRuleError, value_of
from pycograd.weave import event_mode, unwoven_reason, weaving, woven

from .corpus import PROGRAMS

NAMES = [p.f.__name__ for p in PROGRAMS]
each_program = pytest.mark.parametrize("program", PROGRAMS, ids=NAMES)
each_event_program = pytest.mark.parametrize(
    "program", [p for p in PROGRAMS if not p.events], ids=lambda p: p.f.__name__
)


def tape(f, x):
    """The names of the primitives that `f` records on `x`, oldest first."""
    out = f(Var(x))
    found, waiting = {}, [out.node] if isinstance(out, Var) else []
    while waiting:
        node = waiting.pop()
        if node[0] not in found:
            found[node[0]] = node[1].name if node[1] else "leaf"
            waiting += node[7:]
    return [found[index] for index in sorted(found, reverse=True)]


@each_program
def test_program_is_woven(program):
    assert unwoven_reason(program.f) is None or program.f.__name__ == "unused_argument"


@each_program
def test_woven_value_is_the_plain_value(program):
    plain = program.f(program.x)
    assert type(woven(program.f)(program.x)) is type(plain)
    np.testing.assert_array_equal(woven(program.f)(program.x), plain)


@each_program
def test_value_under_gradient_is_the_plain_value(program):
    value, _ = value_and_grad(program.f)(program.x)
    np.testing.assert_allclose(value_of(value), program.f(program.x), rtol=1e-15)


@each_program
def test_gradient_against_finite_differences(program):
    _, (g,) = value_and_grad(program.f)(program.x)
    d, h = np.random.default_rng(0).normal(size=np.shape(program.x)), 1e-6
    slope = (program.f(program.x + h * d) - program.f(program.x - h * d)) / (2 * h)
    np.testing.assert_allclose(
        np.sum(g * d), slope, rtol=1e-6, atol=1e-8
    )  # the error of h squared, and rounding over h


@each_program
def test_protocols_alone_give_the_same_or_raise(program):
    with weaving(False):
        run = value_and_grad(program.f)
        if not program.protocols:
            with pytest.raises((TypeError, MissingRuleError)):
                run(program.x)
            return
        value, (g,) = run(program.x)
    expected, (h,) = value_and_grad(program.f)(program.x)
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_allclose(g, h, rtol=1e-14)


@each_event_program
def test_events_give_the_same_value_and_gradient(program):
    value, (g,) = value_and_grad(event_mode(program.f))(program.x)
    expected, (h,) = value_and_grad(program.f)(program.x)
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(g, h)


@each_event_program
def test_events_give_the_identical_tape(program):
    direct, events = tape(woven(program.f), program.x), tape(event_mode(program.f), program.x)
    assert direct == events
    assert len(direct) > 1 or program.f.__name__ == "unused_argument"


def test_corpus_is_large_and_events_run_it():
    assert len(PROGRAMS) >= 40
    assert all(p.events for p in PROGRAMS if p.events is not None and p.events)


def test_events_leave_no_trace():
    before = set(vars(builtins))
    event_mode(PROGRAMS[0].f)(PROGRAMS[0].x)
    with pytest.raises(ZeroDivisionError):
        event_mode(lambda x: np.exp(x) / (1 // 0))(1.0)
    assert set(vars(builtins)) == before


def test_handler_is_the_look_up():
    tracer = AutodiffTracer()
    for callee in (np.exp, np.sum, len, id, callable):
        assert tracer.before_call(callee) is resolve_call(callee)
    assert resolve_call(np.exp) is not np.exp and resolve_call(id) is id
