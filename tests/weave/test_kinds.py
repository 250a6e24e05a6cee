"""Each kind of callable is woven, and means what it meant.

`math.exp` of a watched value raises in code that is not woven, so a gradient through it shows that the code was.
"""

import asyncio
import contextlib
import functools
import math
from dataclasses import dataclass

import numpy as np
import pytest

from pycograd import Var
from pycograd.weave import unweave, unwoven_reason, weave, woven
from pycograd.weave.selection import choose, codes, modules


def slope(f, x=0.5):
    """The derivative of `f`, woven, at the number `x`."""
    v = Var(x)
    y = woven(f)(v)
    y.backward()
    return v.grad


E5 = math.exp(0.5)


def plain(x):
    return math.exp(x)


def calls_helper(x):
    return 2 * plain(x)


def with_defaults(x, scale=3, *rest, offset=0.0, **others):
    return scale * math.exp(x) + offset


def recursive(x, n=3):
    return math.exp(x) if n == 0 else recursive(x, n - 1)


class Model:
    unit = 1

    def __init__(self, w):
        self.__w = w  # a private name
        self.shift = math.exp(w) if isinstance(w, Var) else 0

    def __call__(self, x):
        return self.__scaled(x)

    def __scaled(self, x):
        return self.__w * math.exp(x)

    def method(self, x):
        return self.__scaled(x)

    @classmethod
    def made(cls, x):
        return cls.unit * math.exp(x)

    @staticmethod
    def static(x):
        return math.exp(x)


class Child(Model):
    def method(self, x):
        return super().method(x) + math.exp(x)

    @classmethod
    def made(cls, x):
        return super().made(x) * 2


@dataclass
class Layer:
    w: float

    def apply(self, x):
        return self.w * math.exp(x)


def doubled(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return 2 * f(*args, **kwargs)

    return wrapper


@doubled
def decorated(x):
    return math.exp(x)


@functools.lru_cache
def cached(x):
    return math.exp(x)


@functools.singledispatch
def dispatched(x):
    raise TypeError


@dispatched.register(np.ndarray)
def _(x):
    return math.exp(x)


@contextlib.contextmanager
def scope(x):
    yield math.exp(x)


def test_plain_function():
    assert slope(plain) == E5


def test_helper_is_woven_when_called():
    assert slope(calls_helper) == 2 * E5


def test_defaults_and_keywords():
    assert slope(with_defaults) == 3 * E5
    assert slope(lambda x: with_defaults(x, 4, 5, offset=1.0, other=2)) == 4 * E5


def test_recursion():
    assert slope(recursive) == E5


def test_methods():
    m = Model(2.0)
    assert slope(m) == slope(m.method) == 2 * E5
    assert slope(Model.made) == slope(m.made) == slope(Model.static) == slope(m.static) == E5
    assert slope(lambda x: m(x) + m.method(x) + Model.made(x) + m.static(x)) == pytest.approx(6 * E5)


def test_zero_argument_super():
    assert slope(Child(2.0).method) == 3 * E5
    assert slope(Child.made) == 2 * E5


def test_constructor_of_a_user_class():
    assert slope(lambda x: Model(x).shift) == E5
    assert slope(lambda x: Child(x).shift) == E5


def test_constructor_with_new_and_abstract_classes():
    class Odd:
        def __new__(cls, x):
            made = super().__new__(cls)
            made.value = math.exp(x)
            return made

        def __init__(self, x):
            self.other = x

    class Wrong:
        def __init__(self, x):
            return 3  # noqa: PLE0101

    assert slope(lambda x: Odd(x).value) == E5
    with pytest.raises(TypeError, match="should return None"):
        woven(lambda x: Wrong(x))(1.0)


def test_dataclass_method():
    layer = Layer(3.0)
    assert slope(layer.apply) == 3 * E5
    assert slope(lambda x: Layer(2 * x).apply(x)) == pytest.approx(2 * E5 * 1.5)


def test_partial():
    assert slope(functools.partial(with_defaults, scale=5)) == 5 * E5
    part = functools.partial(with_defaults, scale=5)
    assert slope(lambda x: part(x)) == 5 * E5


def test_lru_cache_is_of_plain_values_only():
    cached.cache_clear()
    assert slope(cached) == E5
    assert slope(lambda x: cached(x) + cached(1.0)) == E5
    assert slope(lambda x: cached(x) + cached(1.0)) == E5
    assert cached.cache_info().hits == 1 and cached.cache_info().currsize == 1


def test_decorated_function():
    assert slope(decorated) == 2 * E5
    assert slope(lambda x: decorated(x)) == 2 * E5


def test_singledispatch_looks_at_the_plain_value():
    assert slope(dispatched) == E5
    assert slope(lambda x: dispatched(x)) == E5


def test_context_manager():
    def f(x):
        with scope(x) as y:
            return y

    assert slope(f) == E5


def test_generator_and_comprehensions():
    def terms(x, n):
        for _ in range(n):
            got = yield math.exp(x)
            assert got is None

    assert slope(lambda x: sum(terms(x, 3))) == pytest.approx(3 * E5)
    assert slope(lambda x: sum([math.exp(x) for _ in range(3)])) == pytest.approx(3 * E5)
    assert slope(lambda x: sum(math.exp(x) for _ in range(3))) == pytest.approx(3 * E5)
    assert slope(lambda x: sum({i: math.exp(x) for i in range(3)}.values())) == pytest.approx(3 * E5)


def test_async():
    async def inner(x):
        await asyncio.sleep(0)
        return math.exp(x)

    async def outer(x):
        return await inner(x)

    assert slope(lambda x: asyncio.run(outer(x))) == E5


def test_two_lambdas_on_one_line():
    f, g = (lambda x: math.exp(x) * 2), (lambda x: math.exp(x) * 3)
    same, alike = (lambda x: math.exp(x)), (lambda x: math.exp(x))
    assert (slope(f), slope(g)) == (2 * E5, 3 * E5)
    assert slope(same) == slope(alike) == E5


def test_lambdas_in_odd_places():
    table = {"a": lambda x: math.exp(x), "b": [lambda x, k=2: k * math.exp(x)]}
    many = lambda x: (
        math.exp(x) + 1.0  # a comment with a bracket )
    )
    assert slope(table["a"]) == E5
    assert slope(table["b"][0]) == 2 * E5
    assert slope(many) == E5
    é = [lambda x: math.exp(x), "é", lambda x: 2 * math.exp(x)]
    assert slope(é[2]) == 2 * E5


def test_closures_rebound_between_calls():
    k = 2.0

    def f(x):
        return k * math.exp(x)

    assert slope(f) == 2 * E5
    k = 3.0
    assert slope(f) == 3 * E5
    scales = [lambda x, k=k: k * math.exp(x) for k in (1.0, 2.0)]
    assert [slope(g) for g in scales] == [E5, 2 * E5]
    makers = [(lambda k: lambda x: k * math.exp(x))(k) for k in (1.0, 2.0)]  # noqa: B023
    assert [slope(g) for g in makers] == [E5, 2 * E5]


def test_nonlocal_writes_the_real_cell():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return math.exp(x)

    slope(f)
    slope(f)
    assert calls == 2


@np.vectorize
def elementwise(x, y):
    return math.exp(x) * y


def test_vectorized_function():
    assert slope(elementwise_sum) == pytest.approx(E5 * 3)
    assert slope(lambda x: np.sum(np.vectorize(lambda v: math.exp(v))(np.stack([x, x])))) == pytest.approx(
        2 * E5
    )


def elementwise_sum(x):
    return np.sum(elementwise(x, np.array([1.0, 2.0])))


def test_function_passed_as_argument():
    def apply(f, x):
        return f(x)

    assert slope(lambda x: apply(plain, x)) == E5
    assert slope(lambda x: apply(lambda y: math.exp(y), x)) == E5
    assert slope(lambda x: apply(math.exp, x)) == E5
    assert slope(lambda x: apply(Model(2.0), x)) == 2 * E5


def test_names_of_the_frame_are_the_users():
    def f(x):
        y = math.exp(x)
        return y, sorted(locals()), sorted(vars()), sorted(dir())

    expected = ["x", "y"]
    _, *seen = woven(f)(1.0)
    assert seen == [expected] * 3
    assert woven(lambda x: eval("x + 1") + math.exp(0))(1.0) == 3.0


def test_match_walrus_try_and_star_arguments():
    def f(x):
        try:
            match (x, 1):
                case (y, 1) if (z := math.exp(y)) is not None:
                    return plain(*[z]) + 0 * plain(**{"x": y})
        finally:
            x = None

    assert slope(f) == pytest.approx(E5 * math.exp(E5))


def test_woven_function_looks_like_the_original():
    w = woven(with_defaults)
    assert w is not with_defaults and w.__wrapped__ is with_defaults
    for name in (
        "__name__",
        "__qualname__",
        "__module__",
        "__doc__",
        "__defaults__",
        "__kwdefaults__",
        "__globals__",
    ):
        assert getattr(w, name) == getattr(with_defaults, name)
    inner = woven(lambda: lambda x: math.exp(x))()
    assert inner.__qualname__.endswith("<lambda>.<locals>.<lambda>") and "__pg" not in inner.__qualname__


def test_nothing_to_weave_gives_the_function_itself():
    def f(x):
        return x is None

    assert woven(f) is f
    assert "calls nothing" in unwoven_reason(f)
    assert woven(id) is id


def test_functions_without_source_run_as_they_are():
    scope = {}
    exec("def f(x):\n    return g(x)\ndef g(x):\n    return x * 2", scope)
    assert woven(scope["f"]) is scope["f"] and woven(scope["f"])(2) == 4
    assert "no source" in unwoven_reason(scope["f"])


def test_choices_can_be_undone():
    modules_before, codes_before = dict(modules), dict(codes)
    try:
        unweave(plain)
        assert woven(plain) is plain
        weave(plain)
        assert slope(plain) == E5
        unweave(Model)
        with pytest.raises(TypeError, match="gradient"):
            slope(Model(1.0).method)
        with pytest.raises(TypeError, match="cannot be woven"):
            weave(3)
    finally:
        modules.clear(), codes.clear()
        modules.update(modules_before), codes.update(codes_before)
        choose(plain, True)
