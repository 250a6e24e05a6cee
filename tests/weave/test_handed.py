"""Every kind of callable may be handed to a transform itself, and generators may be resumed anywhere."""

import functools
import gc
import math
import operator
import statistics
import threading
import weakref

import numpy as np
import pytest

from pycograd import errors, grad, jacobian, value_and_grad, vjp
from pycograd.weave import specials, woven
from pycograd.weave.resolve import calls, functions

from .test_kinds import E5, slope
from .test_places import made

X = np.array([0.5, 1.5, 2.0])


class Kinds:
    def __call__(self, x):
        return math.exp(x)

    def method(self, x):
        return math.exp(x)

    @staticmethod
    def static(x):
        return math.exp(x)

    @classmethod
    def of_class(cls, x):
        return math.exp(x)

    @property
    def function(self):
        return lambda x: math.exp(x)


def plain(x):
    return math.exp(x)


def positional_only(x, /, y=0.0, *, z=1.0):
    return math.exp(x) * z + y


def composed(*functions):
    return functools.reduce(lambda g, h: lambda x: g(h(x)), functions)


CALLABLES = {
    "ufunc": (np.exp, 0.5),
    "function of math": (math.exp, 0.5),
    "builtin": (abs, -0.5),
    "function of numpy": (np.sum, X),
    "linear algebra": (np.linalg.norm, X),
    "method caller": (operator.methodcaller("sum"), X),
    "item getter": (operator.itemgetter(1), X),
    "attribute getter": (operator.attrgetter("T"), np.array(2.0)),
    "operator": (operator.neg, 0.5),
    "vectorized": (np.vectorize(plain), 0.5),
    "ufunc of Python": (np.frompyfunc(plain, 1, 1), 0.5),
    "partial of numpy's": (functools.partial(np.dot, X), X),
    "partial": (functools.partial(positional_only, z=2.0), 0.5),
    "method of the class of arrays": (np.ndarray.sum, X),
    "method of an array": (X.dot, X),
    "method of a ufunc": (np.add.reduce, X),
    "method of a number": ((2.0).__mul__, 0.5),
    "method of the class of numbers": (functools.partial(float.__rsub__, 2.0), 0.5),
    "class": (float, 0.5),
    "class of numpy": (np.float64, 0.5),
    "object": (Kinds(), 0.5),
    "static method": (Kinds.static, 0.5),
    "static method object": (staticmethod(plain), 0.5),
    "class method": (Kinds.of_class, 0.5),
    "bound method": (Kinds().method, 0.5),
    "unbound method": (functools.partial(Kinds.method, None), 0.5),
    "function from a property": (Kinds().function, 0.5),
    "call of a function": (plain.__call__, 0.5),
    "call of an object": (Kinds().__call__, 0.5),
    "call of a ufunc": (np.exp.__call__, 0.5),
    "cached": (functools.lru_cache(plain), 0.5),
    "wrapped": (functools.wraps(plain)(lambda x: 2 * plain(x)), 0.5),
    "dispatched": (functools.singledispatch(plain), 0.5),
    "sum": (sum, X),
    "max": (max, X),
    "fsum": (math.fsum, X),
    "polynomial": (np.poly1d([1.0, 2.0, 3.0]), 0.5),
    "composition": (composed(plain, math.sin, np.cos), 0.5),
    "gradient": (grad(plain, 0), 0.5),
    "positional only": (positional_only, 0.5),
}


@pytest.mark.parametrize("f, x", CALLABLES.values(), ids=CALLABLES)
def test_callables_of_all_kinds(f, x):
    value, (g,) = value_and_grad(f)(x)
    np.testing.assert_allclose(float(value), float(f(x)), rtol=1e-14)
    d, h = np.ones(np.shape(x)), 1e-6
    expected = (f(x + h * d) - f(x - h * d)) / (2 * h)  # errors: of order h squared, and rounding over h
    np.testing.assert_allclose(np.sum(g), float(expected), rtol=1e-6)


def test_library_function_that_wants_numbers_says_so():
    with pytest.raises(errors.ForeignCodeError, match="statistics.median_grouped.* that takes plain numbers"):
        grad(statistics.median_grouped)(X)
    assert grad(lambda x: statistics.median_grouped([1.0, 2.0]) * x, 0)(3.0) == 1.5


def test_arguments_by_name_and_position():
    assert grad(positional_only, (0, 1))(0.5, 1.0) == (E5, 1.0)
    assert grad(positional_only, "z")(0.5, z=2.0) == E5
    assert grad(lambda *args, **kw: positional_only(*args, **kw), 0)(0.5, z=3.0) == 3 * E5


# ---- generators ------------------------------------------------------------------------------------------------------
def decays(x, n):
    try:
        for _ in range(n):
            got = yield math.exp(x)
            x = x * (got or 1.0)
    except KeyError:
        yield math.sin(x)
    finally:
        closed.append(float(str(math.exp(0.0 * x))))


closed = []


def test_generator_is_resumed_by_others():
    def drain(generator):
        return sum(generator)

    def threaded(x):
        out, generator = [], decays(x, 3)
        out.append(next(generator))
        thread = threading.Thread(target=lambda: out.extend(generator))
        thread.start()
        thread.join()
        return sum(out)

    def sent(x):
        generator = decays(x, 3)
        return next(generator) + generator.send(2.0) + generator.send(x)

    def thrown(x):
        generator = decays(x, 3)
        first = next(generator)
        return first * generator.throw(KeyError)

    def delegated(x):
        def outer():
            got = yield from decays(x, 2)
            assert got is None
            yield from map(math.exp, [x])

        return drain(outer())

    def stored(x):
        class Machine:
            def __init__(self):
                self.steps = decays(x, 2)

            def step(self):
                return next(self.steps)

        machine = Machine()
        return machine.step() + machine.step()

    assert slope(lambda x: drain(decays(x, 3))) == pytest.approx(3 * E5)
    assert slope(threaded) == pytest.approx(3 * E5)
    assert slope(sent) == pytest.approx(E5 + 2 * math.e + 4 * 0.5 * math.exp(0.5))
    assert slope(thrown) == pytest.approx(E5 * (math.sin(0.5) + math.cos(0.5)))
    assert slope(delegated) == pytest.approx(3 * E5)
    assert slope(stored) == pytest.approx(2 * E5)
    assert set(closed) == {1.0}


def test_generator_outlives_the_transform():
    kept = []

    def f(x):
        kept.append(decays(2.0, 3))
        return math.exp(x) * next(kept[0])

    assert grad(f)(0.5) == (E5 * math.exp(2.0),)
    assert next(kept[0]) == math.exp(2.0) and kept[0].send(0.5) == math.e
    kept[0].close()


def test_generator_made_before_runs_unwoven_and_says_so():
    generator = decays(1.0, 5)
    next(generator)
    assert grad(lambda x: x * next(generator), 0)(2.0) == math.e
    with pytest.raises(errors.LostGradientError, match="decays runs unwoven"):
        grad(lambda x: generator.send(x))(2.0)


# ---- nothing is kept -------------------------------------------------------------------------------------------------
def test_fresh_classes_are_not_kept():
    def make(array):
        class Local:
            def __init__(self, x):
                self.x = x

            @property
            def value(self):
                return math.exp(self.x) * array[0]

            def __add__(self, other):
                return Local(math.log(math.exp(self.x) + math.exp(other.x)))

            def __call__(self, y):
                return math.exp(y)

        return Local

    alive = []
    for _ in range(20):
        cls = make(np.ones(1000))
        alive.append(weakref.ref(cls))
        assert slope(lambda x, cls=cls: (cls(x) + cls(x)).value) == pytest.approx(2 * E5)
        assert slope(lambda x, cls=cls: cls(1.0)(x)) == E5
        assert slope(lambda x, cls=cls: x * len([cls])) == 1.0
    del cls
    gc.collect()
    specials.look()
    gc.collect()
    assert sum(ref() is not None for ref in alive) == 0
    assert not any(entry[0]() is None for entry in specials.entries.values())


def test_tables_are_bounded():
    tables = functions, calls, specials.ordinary, specials.entries
    for i in range(50):
        f = made(
            f"class K{i}:\n    def __call__(self, x):\n        return math.exp(x)\ndef f(x):\n    return K{i}()(x)"
        )
        assert slope(f) == E5
    assert all(len(table) <= 4096 + 100 for table in tables)


def test_values_of_a_run_do_not_outlive_it():
    class Big:
        pass

    big = Big()
    alive = weakref.ref(big)

    def f(x, big=big):
        return math.exp(x) + len(vars(big))

    _, pullback = vjp(f, 0.5)
    jacobian(f)(0.5), woven(f)(0.5)
    del f, big, pullback
    gc.collect()
    assert alive() is None
