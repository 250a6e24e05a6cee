"""Statements of all forms with objects of a class of the user, whose every special method needs weaving."""

import asyncio
import functools
import math

import pytest

from pycograd import jvp, value_and_grad
from pycograd.core import MissingRuleError
from pycograd.weave import weaving, woven

STATEMENTS = []


def statement(f):
    STATEMENTS.append(f)
    return f


class V:
    def __init__(s, x):
        s.x = x

    def __add__(s, o):
        return V(math.fsum([s.x, getattr(o, "x", o)]))

    __radd__ = __add__

    def __iadd__(s, o):
        s.x = math.fsum([s.x, getattr(o, "x", o)])
        return s

    def __getitem__(s, k):
        return V(math.exp(s.x) * (k if isinstance(k, int) else 1))

    def __setitem__(s, k, v):
        s.x = math.exp(v) * (k if isinstance(k, (int, float)) else 2)

    def __lt__(s, o):
        return math.exp(s.x) < math.exp(getattr(o, "x", o))

    def __bool__(s):
        return math.exp(s.x) > 1

    def __call__(s, y):
        return math.exp(s.x) * y

    @property
    def p(s):
        return math.exp(s.x)

    @p.setter
    def p(s, v):
        s.x = math.log(v)

    @property
    def me(s):
        return V(math.sin(s.x))

    def __iter__(s):
        yield math.exp(s.x)
        yield s.x

    def __enter__(s):
        return V(math.exp(s.x))

    def __exit__(s, *a):
        return True

    def __len__(s):
        return math.floor(2.5)

    def __contains__(s, v):
        return math.exp(v) > 0


@statement
def property_of_a_property_is_written(x):
    v = V(x)
    v.me.p = 3.0
    return v.me.me.p


@statement
def one_object_by_two_names(x):
    v = w = V(x)
    v += 1.0
    v.p += w.x
    return w.p


@statement
def items_of_a_list(x):
    l = [V(x), V(2 * x)]
    l[0] += l[1]
    l[-1][2] = x
    return l[0].x + l[1].x


@statement
def items_of_a_dictionary(x):
    d = {"k": V(x)}
    d["k"][1:2, ...] = x
    d["k"].p *= 2
    return d["k"].x


@statement
def items_of_items(x):
    return (V(x)[2][1] + 1.0).x


@statement
def unpacked_in_a_comprehension(x):
    return sum(p for p, _ in [V(x), V(2 * x)])


@statement
def unpacked_and_tested(x):
    return [a * b for a, b in [V(x)]][0] if V(x) and not V(-5.0) else 0


@statement
def context_that_swallows_an_error(x):
    with V(x) as a, V(a.x) as b:
        c = b.x
        raise ValueError
    return c


@statement
def unpacked_with_a_rest(x):
    a, b = V(x)
    first, *rest = V(x)
    return a * b + first * rest[0]


@statement
def star_arguments(x):
    def g(*args, **kw):
        return args[0] * kw["k"]

    return g(*V(x), k=2.0)


@statement
def comparison_of_three(x):
    return V(x).p if V(0.1) < V(x) < V(3.0) else None


@statement
def membership(x):
    return x if x in V(x) and 3 not in [1, 2] else None


@statement
def walrus_in_a_loop(x):
    while (v := V(x)) and x < 3:
        x = x + 1.0
    return v.p


@statement
def assertion_and_lambda(x):
    assert V(x), "msg"
    return (lambda v: v.p + v(2.0))(V(x))


@statement
def class_with_super(x):
    class L(V):
        @property
        def p(s):
            return super().p * 2

        def __add__(s, o):
            return super().__add__(o)

    return (L(x) + L(x)).x + L(x).p


@statement
def generator_of_calls(x):
    f = V(x)
    return sum(f(k) for k in range(3))


def apply(f, x, n):
    for _ in range(n):
        x = f(x)
    return x


@statement
def applied(x):
    return apply(V(0.1), x, 3) + apply(lambda y: apply(math.sin, y, 2), x, 2)


@statement
def iterator_with_a_default(x):
    it = iter(V(x))
    return next(it) * next(it) + next(it, 1.0)


@statement
def nonlocal_variable(x):
    def outer():
        nonlocal x
        x = x + V(x).p
        return x

    return outer() + x


@statement
def global_variable(x):
    global G
    G = V(x)
    G += 1.0
    return G.x


@statement
def exception_that_carries_a_value(x):
    try:
        raise KeyError(V(x))
    except KeyError as e:
        return e.args[0].p


@statement
def awaited(x):
    async def co(v):
        return v.p

    async def main():
        return sum([await co(v) for v in (V(x), V(2 * x))])

    return asyncio.run(main())


@statement
def annotated(x):
    y: float = V(x).p
    z: list[float]
    z = [*V(x)]
    return y + z[1]


@statement
def dictionaries(x):
    return {**{"a": V(x).p}}["a"] + {k: v for k, v in enumerate(V(x))}[0]


@statement
def text_and_ternary(x):
    return f"{V(x).p:.3f}" and (V(x).p if True else V(x).q)


@statement
def nested_lists(x):
    m = [[V(x)]]
    m[0][0].p = x + 1
    assert m[0][0].me is not m[0][0].me
    return m[0][0].p


@statement
def reduction(x):
    return functools.reduce(lambda a, b: a + b, [V(x), V(x), 1.0]).x


@statement
def extremes(x):
    return max([V(x), V(2 * x)], key=lambda v: v.p).p + min(V(x), V(2 * x)).x


@statement
def matched(x):
    match V(x):
        case V(x=y):
            return math.exp(y)


@statement
def values_of_or(x):
    a, b = V(x), V(-9.0)
    return (a or V(0.0)).x + (a and V(2 * x)).x + (b or a or V(0.0)).x


@statement
def sorted_and_measured(x):
    return sorted([V(2 * x), V(x)])[0].x * len(V(x))


@statement
def loop_over_an_attribute(x):
    v = V(x)
    for v.p in [x + 1, x + 2]:
        pass
    return v.x


@statement
def targets_in_a_list(x):
    v = V(x)
    [v.p, v[3]] = [x + 2, x]
    return v.x


@statement
def annotated_attribute(x):
    v = V(x)
    (v.p): float = x + 2
    return v.x


each_statement = pytest.mark.parametrize("f", STATEMENTS, ids=lambda f: f.__name__)


def slope_of(f, x=0.5):
    """Central differences: their error is of order h squared, and rounding over h."""
    return (f(x + 1e-6) - f(x - 1e-6)) / 2e-6


@each_statement
def test_value_gradient_and_tangent(f):
    value, (g,) = value_and_grad(f)(0.5)
    assert value == pytest.approx(f(0.5), rel=1e-14)
    assert g == pytest.approx(slope_of(f), rel=1e-7)
    assert jvp(f, (0.5,), (1.0,))[1] == pytest.approx(slope_of(f), rel=1e-7)
    assert woven(f)(0.5) == f(0.5)


@each_statement
def test_without_weaving_it_is_the_same_or_raises(f):
    with weaving(False):
        try:
            value, (g,) = value_and_grad(f)(0.5)
        except (TypeError, ValueError, MissingRuleError):
            return
    assert value == pytest.approx(f(0.5), rel=1e-14)
    assert g == pytest.approx(slope_of(f), rel=1e-7)


def test_forms_that_are_left_to_python_raise():
    def nested(x):
        (a, b), c = V(x), x
        return a * b * c

    def chosen(x):
        return (V(x) or V(0.0)).x

    for f in (nested, chosen):
        with pytest.raises(TypeError, match="called by Python itself"):
            value_and_grad(f)(0.5)
