"""How writes into plain arrays are remembered: what is kept, for how long, and what cannot be honoured."""

import gc
import sys
import threading
import tracemalloc

import numpy as np
import pytest

from pycograd import checkpoint, errors, grad, jvp, linearize, unweave, vjp, weave
from pycograd.core import Memory, changes
from pycograd.core.levels import clock
from pycograd.core.node import SAVED
from pycograd.core.saved import arrays_in, behind, with_own
from pycograd.core.tape import record

X = np.array([0.3, -0.7, 1.1])
ARGUMENT = np.ones(3)
TABLE = np.ones(3)
TABLES = [TABLE]  # another name: an array that one name holds alone is on no tape, and is not remembered


def raised(kind, f, *words):
    with pytest.raises(kind) as caught:
        f()
    for word in words:
        assert word in str(caught.value)


def nothing_is_left():
    return not changes.changes and not changes.running_memories and changes.spent == 0


# ---- what cannot be honoured ----------------------------------------------------------------------------------------
def under_another_name(x):
    y = np.sum(x * x)
    ARGUMENT[1] = 2.0
    return y + np.sum(x)


@pytest.mark.parametrize(
    "transform",
    [
        lambda f, a: grad(f)(a),
        lambda f, a: vjp(f, a),
        lambda f, a: jvp(f, (a,), (X,)),
        lambda f, a: linearize(f, a),
        lambda f, a: grad(lambda x: np.sum(grad(f, 0)(x)))(a),
    ],
    ids=["grad", "vjp", "jvp", "linearize", "second order"],
)
def test_an_argument_written_under_another_name(transform):
    raised(
        errors.MutatedError,
        lambda: transform(under_another_name, ARGUMENT),
        "`ARGUMENT`, an argument that is differentiated",
        "test_changes.py:",
        "`ARGUMENT[1]`",
        "fix: write through the argument",
        "PG109",
    )
    assert nothing_is_left() and ARGUMENT[1] == 1.0


def test_another_part_of_the_array_that_an_argument_is_a_view_of():
    whole = np.ones(6)

    def f(x):
        whole[4] = 5.0
        whole[3:] += 1.0
        return np.sum(x * whole[3:])

    np.testing.assert_array_equal(grad(f, 0)(whole[:3]), [2, 6, 2])


def many_times(x):
    total = 0.0
    for i in range(5):
        total = total + np.sum(x * TABLE)
        TABLE[:] = i
    return total


@pytest.mark.parametrize("way_back", [lambda: grad(many_times)(X), lambda: vjp(many_times, X)])
def test_more_than_is_kept(monkeypatch, way_back):
    monkeypatch.setattr(changes, "BUDGET", 500)
    raised(
        errors.MutatedError,
        way_back,
        "`TABLE` was written at test_changes.py:",
        "`TABLE[:]` after multiply had saved it",
        "saved by multiply at test_changes.py:",
        "`x * TABLE`",
        "a.copy()",
    )
    assert nothing_is_left()


def test_more_than_is_kept_of_what_no_tape_needs(monkeypatch):
    monkeypatch.setattr(changes, "BUDGET", 500)

    def f(x):
        for i in range(5):
            TABLE[:] = i
        return np.sum(x * TABLE)

    np.testing.assert_array_equal(grad(f, 0)(X), [4, 4, 4])


class Grid:
    """A class of the user's whose stores are its own: then woven code asks of all others too."""

    def __init__(self):
        self.rows = [np.ones(3)]

    def __setitem__(self, key, value):
        self.rows[0][key] = value

    def __iadd__(self, value):
        self.rows[0] += value
        return self


class Kind(np.ndarray):
    pass


def test_stores_where_a_class_defines_its_own():
    def f(x):
        grid, a = Grid(), made(3).view(Kind)
        plain, total = made(3), 0.0
        names = [grid.rows[0], a, plain]
        for i in range(3):
            total = total + sum([np.sum(np.sin(x * np.asarray(b)) * np.asarray(b)) for b in names])
            grid[i] = 3.0
            a[i] = 4.0
            plain += 1.0
            plain[i] += 2.0
            grid += 1.0
        return total

    v, h = np.array([0.5, -1.0, 2.0]), 1e-6
    slope = (f(X + h * v) - f(X - h * v)) / (2 * h)
    np.testing.assert_allclose(grad(f, 0)(X) @ v, slope, rtol=1e-6)


# ---- what is kept ---------------------------------------------------------------------------------------------------
def kept_by(f, *args):
    """What is remembered while `f` runs on a tape."""
    found = []

    def watched(x, *args):
        y = f(x, *args)
        found.extend(changes.changes)
        return y

    grad(watched, 0)(X, *args)
    assert nothing_is_left()
    return found


def alone(x):
    log = made(3)
    for i in range(3):
        log[i] = i
        log += 1.0
        log[:] = 2.0
    return np.sum(x)


@unweave
def made(n):
    return np.ones(n)


def test_an_array_that_one_variable_holds_costs_nothing():
    assert kept_by(alone) == []


def test_a_store_keeps_what_it_replaces():
    big = np.zeros(100_000)

    def f(x, a):
        for i in range(10):
            a[i] = i
        a[5:7] = 1.0
        return np.sum(x)

    found = kept_by(f, big)
    assert [c.key for c in found] == [*range(10), slice(5, 7)]
    assert sum(np.asarray(c.other).nbytes for c in found) == 12 * 8


def test_stores_between_which_nothing_is_recorded_are_one():
    def f(x, a):
        for i in range(10):
            a[:] = i
            a.fill(i)
            np.copyto(a, i)
        return np.sum(x)

    assert len(kept_by(f, np.zeros(3))) == 1


def test_no_transform_that_keeps_a_tape_runs():
    def f(a):
        a[0] = 1.0
        assert not changes.running_memories
        return a

    for g in (f, weave(f)):
        assert g(np.zeros(2))[0] == 1.0


def test_an_exception_leaves_nothing():
    def f(x):
        TABLE[0] = 2.0
        raise KeyError("stop")

    for run in (lambda: grad(f)(X), lambda: vjp(f, X), lambda: jvp(f, (X,), (X,)), lambda: linearize(f, X)):
        raised(KeyError, run)
        assert nothing_is_left()


def test_inner_tapes_that_end_leave_what_the_outer_one_needs():
    def f(x):
        total = 0.0
        for i in range(3):
            TABLE[:] = i + 1
            total = total + np.sum(x * TABLE) + grad(lambda y: np.sum(y * y * TABLE), 0)(x)[0]
        return total

    np.testing.assert_array_equal(grad(f, 0)(X), [6 + 12, 6, 6])


def test_threads_do_not_touch_each_others_arrays():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        many_threads()
    finally:
        sys.setswitchinterval(before)


def test_what_is_noted_while_old_changes_are_dropped_stays(monkeypatch):
    noted = []

    class Memories(dict):
        def values(self):
            """No memory runs; but then another thread begins one, and notes a change."""
            noted.append(changes.Change(next(clock), np.ones(2), ..., np.ones(2)))
            kept.append(noted[-1])
            return ()

    kept = [changes.Change(next(clock), np.ones(2), ..., np.ones(2))]
    monkeypatch.setattr(changes, "changes", kept)
    monkeypatch.setattr(changes, "running_memories", Memories())
    changes.forget()
    assert kept == noted


def many_threads():
    outcome, wrong = {}, []
    barrier = threading.Barrier(4)

    def work(k):
        a = np.zeros(50)
        names = [a]

        def f(x):
            total = 0.0
            for i in range(60):
                names[0][:] = k + i
                total = total + np.sum(x * a[:3])
                if not (a == k + i).all():
                    wrong.append(k)
            return total

        barrier.wait()
        outcome[k] = [grad(f, 0)(X) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong and nothing_is_left()
    for k, found in outcome.items():
        np.testing.assert_array_equal(found, np.full((5, 3), 60 * k + 1770.0))


# ---- tapes that outlive their transform ------------------------------------------------------------------------------
def test_a_tape_copies_only_what_others_can_write():
    a, b, frozen = np.ones(3), np.ones(3), np.ones(3)
    frozen.flags.writeable = False

    def f(x):
        y = np.sin(x) * a
        z = np.exp(y) * b[::-1] * frozen
        return np.sum(np.tanh(z) * z)

    out, _, _ = record(f, [X.copy()])
    nodes = [out.node]
    del out  # its value is saved too
    before = list(map(id, saved_in(nodes)))
    of_others = [np.may_share_memory(s, a) or np.may_share_memory(s, b) for s in saved_in(nodes)]
    after = saved_in(with_own(nodes))
    assert [id(new) != old for new, old in zip(after, before)] == of_others
    assert sum(of_others) == 2 and any(array is frozen for array in after)
    assert not any(np.may_share_memory(new, shared) for new in after for shared in (a, b))


def saved_in(nodes):
    found = behind(nodes)
    return [a for i in sorted(found) for a in arrays_in(found[i][SAVED])]


def test_the_output_of_a_pullback_that_is_kept_may_be_written():
    x = X.copy()
    out, pullback = vjp(np.exp, x)
    expected = out.copy()
    out += 1.0
    x[:] = 0.0
    np.testing.assert_array_equal(pullback(np.ones(3))[0], expected)
    out, pullback, aux = vjp(lambda x: (np.exp(x), np.exp(x) * 1.0), X, has_aux=True)
    aux *= 0.0
    out *= 0.0
    np.testing.assert_array_equal(pullback(np.ones(3))[0], np.exp(X))


def test_what_broadcasting_repeats_is_copied_once():
    row = np.ones(1000)

    def f(x):
        return np.sum(np.sin(x) * np.broadcast_to(row, (1000, 1000)))

    x = np.ones((1000, 1))
    vjp(f, x)
    tracemalloc.start()
    _, pullback = vjp(f, x)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    row[:] = 0.0
    assert kept < 200_000
    np.testing.assert_allclose(pullback(1.0)[0], 1000 * np.cos(x))


def test_an_argument_that_a_lasting_pullback_writes():
    def f(x):
        y = np.sum(x * x)
        x[0] = 5.0
        return y + np.sum(x * x)

    x = X.copy()
    _, pullback = vjp(f, x)
    assert x[0] == 5.0
    x[:] = 0.0
    expected = 4 * X
    expected[0] = 2 * X[0]
    np.testing.assert_allclose(pullback(1.0)[0], expected)


# ---- memory taken back -----------------------------------------------------------------------------------------------
def test_a_checkpoint_leaves_arrays_as_numpy_does():
    count, rows = np.zeros(1), [np.zeros(3)]
    names = [count]

    def part(x):
        names[0] += 1
        rows[0][:] = count
        return np.sum(np.sin(x) * rows[0])

    def f(x):
        total = 0.0
        for _ in range(3):
            total = total + checkpoint(part)(x)
        rows[0][1] = 7.0
        return total

    g = grad(f, 0)(X)
    np.testing.assert_allclose(g, 6 * np.cos(X))
    assert count[0] == 3 and (rows[0] == [3, 7, 3]).all() and nothing_is_left()


def test_an_error_in_the_second_run_leaves_arrays_as_they_were():
    runs, a = [], np.zeros(2)
    names = [a]

    def part(x):
        names[0] += 1.0
        runs.append(a[0])
        if len(runs) > 1:
            raise KeyError("the second run")
        return np.sum(x * a[0])

    raised(KeyError, lambda: grad(checkpoint(part))(X))
    assert runs[:2] == [1.0, 1.0] and (a == 1.0).all() and nothing_is_left()


def test_memory_is_a_context_of_its_own():
    a = np.zeros(3)
    with Memory() as outer:
        changes.written(a)
        with Memory() as inner:
            changes.written(a, 1)
            a[1] = 2.0
            assert [c.key for c in inner.changes()] == [1]
        assert [c.key for c in outer.changes()] == [..., 1]
        with changes.rewound(outer.changes()):
            assert (a == 0).all()
        assert (a == [0, 2, 0]).all()
        with changes.rewound(outer.changes()):
            changes.written(a)
            a[:] = 9.0
        assert (a == [0, 2, 0]).all()
    assert nothing_is_left()
