"""Functions that call a function they are given: numpy's, Python's, and those of the standard library.

Each program is run plainly and under every transform; math.exp of a watched value shows that what is given is woven.
"""

import bisect
import collections
import contextlib
import functools
import heapq
import itertools
import math
import operator

import numpy as np
import pytest

from pycograd import errors, grad, jvp, value_and_grad, vjp, vmap
from pycograd.core import MissingRuleError
from pycograd.weave import weaving, woven

THETA = 0.7
ts = np.linspace(0.1, 1, 5)
X = np.arange(6.0).reshape(2, 3) + 0.1
PROGRAMS = []


def given(f):
    PROGRAMS.append(f)
    return f


@given
def vec_closure(a):
    return np.sum(np.vectorize(lambda t: math.exp(a * t))(ts))


@given
def vec_otypes(a):
    return np.sum(np.vectorize(lambda t: math.exp(a * t), otypes=[float])(ts))


@given
def vec_branch(a):
    return np.sum(np.vectorize(lambda t: 0.0 if t < 0.3 else math.exp(a * t))(ts))


@given
def vec_excluded(a):
    return np.sum(np.vectorize(lambda t, c: t * math.exp(c[0]), excluded=[1])(ts, [a, 1]))


@given
def vec_excl_kw(a):
    return np.sum(np.vectorize(lambda t, c: t * math.exp(c), excluded={"c"})(ts, c=a))


@given
def vec_kw(a):
    return np.sum(np.vectorize(lambda t, c=1.0: t * math.exp(c))(ts, c=a))


@given
def vec_sig(a):
    return np.sum(np.vectorize(lambda u, v: u @ v * math.exp(a), signature="(n),(n)->()")(X, X * a))


@given
def vec_sig2(a):
    return np.sum(np.vectorize(lambda u: np.outer(u, u) * a, signature="(n)->(n,n)")(X))


@given
def vec_two(a):
    return sum(np.sum(v) for v in np.vectorize(lambda t: (math.exp(a * t), t * a))(ts))


@given
def vec_cache(a):
    return np.sum(np.vectorize(lambda t: math.exp(a * t), cache=True)(ts))


@np.vectorize(otypes=[float])
def deco(t, a):
    return math.exp(a * t)


@given
def vec_deco(a):
    return np.sum(deco(ts, a))


@given
def vec_list(a):
    return np.sum(np.vectorize(lambda t: math.exp(t))([a, 2 * a]))


@given
def vec_empty(a):
    return np.sum(np.vectorize(lambda t: math.exp(a * t), otypes=[float])(np.zeros(0))) + a


@given
def fpf(a):
    return np.sum(np.frompyfunc(lambda t: math.exp(a * t), 1, 1)(ts))


@given
def fpf_watched(a):
    return np.sum(np.frompyfunc(lambda t: math.exp(t), 1, 1)(ts * a).astype(float))


u = np.frompyfunc(lambda t: t * t, 1, 1)
u2 = np.frompyfunc(lambda s, t: s * t, 2, 1)


@given
def fpf_global(a):
    return np.sum(u(ts * a).astype(float))


@given
def fpf_reduce(a):
    return u2.reduce(ts * a)


@given
def fpf_outer(a):
    return np.sum(u2.outer(ts * a, ts))


@given
def along(a):
    return np.sum(np.apply_along_axis(lambda r: r * math.exp(a), 1, X))


@given
def along_scalar(a):
    return np.sum(np.apply_along_axis(lambda r: math.exp(a * r[0]), 0, X) * np.arange(3))


@given
def along_w(a):
    return np.sum(np.apply_along_axis(np.sort, 1, X * a) ** 2)


@given
def over(a):
    return np.sum(np.apply_over_axes(np.sum, X * a, [0, 1]))


@given
def over_user(a):
    return np.sum(np.apply_over_axes(lambda v, ax: np.sum(v, axis=ax) * math.exp(a), X, [0]))


@given
def fromfunction(a):
    return np.sum(np.fromfunction(lambda i, j: np.exp(a * i) * j, (2, 3)))


@given
def fromiter(a):
    return np.sum(np.fromiter((math.exp(a * t) for t in ts), float))


@given
def fromiter_n(a):
    return np.sum(np.fromiter((math.exp(a * t) for t in ts), dtype=float, count=3))


@given
def piecewise(a):
    return np.sum(np.piecewise(ts, [ts < 0.5, ts >= 0.5], [lambda v: v * math.exp(a), lambda v: v**2 * a]))


@given
def ndenum(a):
    s = 0.0
    for (i, _), v in np.ndenumerate(X * a):
        s += i * math.exp(v)
    return s


@given
def nditer(a):
    s = 0.0
    for v in np.nditer(X * a):
        s += math.exp(v)
    return s


@given
def ndindex(a):
    Y = X * a
    s = 0.0
    for ij in np.ndindex(Y.shape):
        s += math.exp(Y[ij])
    return s


@given
def reduce_(a):
    return functools.reduce(lambda s, t: s * math.exp(a * t) / 2, ts, 1.0)


@given
def accumulate(a):
    return list(itertools.accumulate(ts, lambda s, t: s * math.exp(a * t)))[-1]


@given
def accumulate_init(a):
    return list(itertools.accumulate(ts, lambda s, t: s * math.exp(a * t), initial=a))[-1]


@given
def takewhile(a):
    return sum(itertools.takewhile(lambda v: math.exp(v) < 2, [a * t for t in ts]))


@given
def groupby(a):
    return sum(
        sum(g) for k, g in itertools.groupby([a * t for t in ts], key=lambda v: math.floor(math.exp(v)))
    )


@given
def sorted_key(a):
    return sorted([(t, math.sin(5 * t * a)) for t in ts], key=lambda p: math.exp(p[1]))[0][1]


@given
def sorted_item(a):
    return sorted([(t, math.sin(5 * t * a)) for t in ts], key=operator.itemgetter(1))[0][1]


@given
def heap(a):
    h = []
    for t in ts:
        heapq.heappush(h, (math.sin(5 * t * a), t))
    return heapq.heappop(h)[0] * heapq.heappop(h)[0]


@given
def heap_n(a):
    return sum(heapq.nlargest(2, [a * t for t in ts], key=lambda v: math.sin(5 * v)))


@given
def heap_merge(a):
    return list(heapq.merge([a], [2 * a], key=lambda v: -math.exp(v)))[0]


@given
def bis(a):
    k = [a * t for t in ts]
    i = bisect.bisect(k, 0.3)
    return k[i]


@given
def bis_key(a):
    k = [a * t for t in ts]
    i = bisect.bisect_left(k, 1.5, key=lambda v: math.exp(v))
    return k[i]


@given
def insort(a):
    k = [0.1, 0.2, 0.9]
    bisect.insort(k, a * 0.5, key=lambda v: math.exp(v))
    return k[2] * 3


@given
def counter(a):
    d = collections.defaultdict(lambda: math.exp(a))
    d["x"] += a
    return d["x"]


@given
def deque(a):
    q = collections.deque([a, 2 * a], maxlen=2)
    q.append(math.exp(a))
    return sum(q)


@given
def starmap(a):
    return sum(itertools.starmap(lambda s, t: math.pow(s, t) * a, [(1.0, 2.0), (3.0, 2.0)]))


@given
def mapmany(a):
    return sum(map(lambda s, t: math.exp(s * a) * t, ts, ts[1:]))


@given
def filt(a):
    return sum(filter(lambda v: math.exp(v) > 1.3, [a * t for t in ts]))


@given
def maxdef(a):
    return max([], key=math.exp, default=a)


@given
def minmax(a):
    return max(a * ts, key=lambda v: math.sin(3 * v))


@given
def cmp(a):
    return sorted([a * t for t in ts], key=functools.cmp_to_key(lambda u, v: math.exp(v) - math.exp(u)))[0]


@given
def zipl(a):
    return sum(math.exp(u * v) for u, v in zip(a * ts, ts))


@given
def tee(a):
    i, j = itertools.tee(math.exp(a * t) for t in ts)
    return sum(i) * max(j)


@given
def chain(a):
    return sum(itertools.chain.from_iterable([[math.exp(a)], [a]]))


@given
def product(a):
    return sum(math.exp(u * v) for u, v in itertools.product([a, 2 * a], repeat=2))


@given
def fsum(a):
    return (
        math.fsum([math.exp(a * t) for t in ts])
        + math.prod([a, a])
        + math.dist([a, 1.0], [0.0, 2.0])
        + math.hypot(a, a, a)
    )


@given
def sumgen(a):
    return sum((math.exp(a * t) for t in ts), start=a)


@given
def iter_sentinel(a):
    vals = [a, 2 * a, None]
    it = iter(lambda: vals.pop(0) and math.exp(vals[0] or a), 0)
    return next(it)


@given
def anyall(a):
    return a if any(math.exp(a * t) > 1 for t in ts) and all(map(lambda t: math.exp(a * t) > 0, ts)) else None


@given
def dictsort(a):
    return sorted({"x": a, "y": 2 * a}.items(), key=lambda kv: -math.exp(kv[1]))[0][1]


@given
def listmax_index(a):
    l = [a, 3 * a, 2 * a]
    return l[l.index(max(l))]


@given
def attrg(a):
    class P:
        pass

    q = P()
    q.v = a
    return operator.attrgetter("v")(q) * 2


@given
def methodc(a):
    return operator.methodcaller("sum")(a * ts)


@given
def exit_stack(a):
    out = []
    with contextlib.ExitStack() as s:
        s.callback(lambda: out.append(math.exp(a)))
    return out[0]


@given
def deco_errstate(a):
    return guarded(a)


@np.errstate(all="ignore")
def guarded(a):
    return math.exp(a)


@given
def partialm(a):
    return functools.partial(functools.partial(lambda x, y, z: math.exp(x) * y * z, z=2.0), y=3.0)(a)


each_program = pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)


def slope_of(f):
    """Central differences: their error is of order h squared, and rounding over h."""
    return (f(THETA + 1e-6) - f(THETA - 1e-6)) / 2e-6


@each_program
def test_value_and_gradient(f):
    value, (g,) = value_and_grad(f)(THETA)
    assert value == pytest.approx(f(THETA), rel=1e-14)
    assert g == pytest.approx(slope_of(f), rel=1e-6, abs=1e-8)


@each_program
def test_tangent(f):
    value, tangent = jvp(f, (THETA,), (1.0,))
    assert value == pytest.approx(f(THETA), rel=1e-14)
    assert tangent == pytest.approx(slope_of(f), rel=1e-6, abs=1e-8)


@each_program
def test_woven_on_plain_values(f):
    assert woven(f)(THETA) == f(THETA) and type(woven(f)(THETA)) is type(f(THETA))


@each_program
def test_examples_are_those_of_a_loop_or_a_branch_raises(f):
    thetas = np.array([0.7, 0.3])
    try:
        found = vmap(f)(thetas)
    except errors.BranchError:
        return
    np.testing.assert_allclose(found, [f(theta) for theta in thetas], rtol=1e-14)


@each_program
def test_through_the_protocols_it_is_the_same_or_raises(f):
    with weaving(False):
        try:
            value, (g,) = value_and_grad(f)(THETA)
        except (TypeError, ValueError, MissingRuleError):
            return
    assert value == pytest.approx(f(THETA), rel=1e-14)
    assert g == pytest.approx(slope_of(f), rel=1e-6, abs=1e-8)


# ---- as numpy does it ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "params", [{}, {"otypes": [float]}, {"cache": True}, {"signature": "()->()"}], ids=str
)
def test_vectorize_calls_what_numpy_calls_and_gives_its_types(params):
    seen = []

    def each(t, a):
        seen.append((type(t), float(t)))
        return math.exp(t) * a

    def f(a):
        return np.vectorize(lambda t: each(t, a), **params)(
            np.linspace(0, 1, 3, dtype=np.float32).reshape(3, 1)
        )

    plain, calls = f(THETA), list(seen)
    seen.clear()
    value, _ = vjp(f, THETA)
    assert [v for _, v in seen] == [v for _, v in calls] and [k for k, _ in seen] == [k for k, _ in calls]
    assert value.dtype == plain.dtype and value.shape == plain.shape
    np.testing.assert_array_equal(value, plain)


def test_vectorize_gives_the_type_of_its_first_result():
    def f(a):
        return np.vectorize(lambda t: 0 if t < 0.3 else 10 * math.exp(a * t))(ts)

    value = vmap(f)(np.array([THETA]))[0]
    np.testing.assert_array_equal(value, f(THETA))
    assert value.dtype == int and value.any()


def test_vectorize_sees_pythons_numbers():
    kinds = set()

    def each(t):
        kinds.add(type(t) if not hasattr(t, "aval") else t.__class__)
        return math.exp(t)

    x = np.array([0.5, 1.0], np.float32)
    plain = np.vectorize(each, otypes=[float])(x)
    assert kinds == {float}
    value, (g,) = value_and_grad(lambda x: np.sum(np.vectorize(each, otypes=[float])(x)))(x)
    assert kinds == {float} and value == np.sum(plain) and g.dtype == np.float32


def test_vectorize_raises_what_numpy_raises():
    for f in (
        lambda a: np.vectorize(lambda u: u * a, signature="(n)->()")(X),
        lambda a: np.vectorize(lambda u, v: u * a, signature="(n),(n)->()")(X, X.T),
        lambda a: np.vectorize(lambda u: u * a)(np.zeros(0)),
        lambda a: np.vectorize(lambda u: u * a)(),
        lambda a: np.apply_along_axis(lambda u: u * a, 3, X),
        lambda a: np.apply_over_axes(lambda u, axis: np.sum(u) * a, X, [0]),
    ):
        with pytest.raises(Exception) as plain:  # noqa: B017
            f(THETA)
        with pytest.raises(type(plain.value)):
            grad(lambda a: np.sum(f(a)))(THETA)  # noqa: B023


def test_ufuncs_of_python_functions_with_keywords_raise():
    with pytest.raises(MissingRuleError, match="where"):
        grad(lambda a: np.sum(u(ts * a, where=ts > 0.5)))(THETA)
    with pytest.raises(MissingRuleError, match="reduce"):
        grad(lambda a: u2.reduce(X * a, axis=(0, 1)))(THETA)
    with pytest.raises(MissingRuleError, match="out"):
        grad(lambda a: np.sum(u2.accumulate(ts * a, out=np.zeros(5))))(THETA)


def test_ufuncs_of_python_functions_along_axes():
    np.testing.assert_allclose(
        grad(lambda a: np.sum(u2.reduce(X * a, axis=1, keepdims=True).astype(float)), 0)(THETA),
        np.sum(3 * THETA**2 * np.prod(X, axis=1)),
    )
    np.testing.assert_allclose(
        grad(lambda a: np.sum(u2.accumulate(X * a, axis=1)[:, 1].astype(float)), 0)(THETA),
        np.sum(2 * THETA * X[:, 0] * X[:, 1]),
    )
    ufunc = np.frompyfunc(lambda s: (math.exp(s), s), 1, 2)
    assert grad(lambda a: ufunc(a)[0] * np.frompyfunc(math.sin, 1, 1).nout)(0.0) == (1.0,)


def test_nditer_of_watched_arrays():
    def f(a):
        total, it = 0.0, np.nditer(X * a, flags=["multi_index"])
        for v in it:
            total = total + it.multi_index[1] * math.exp(v)
        with np.nditer([X * a, X[:1]]) as both:
            return total + sum(u * w * both.itersize for u, w in both)

    value, (g,) = value_and_grad(f)(THETA)
    assert value == pytest.approx(f(THETA)) and g == pytest.approx(slope_of(f), rel=1e-6)
    with pytest.raises(MissingRuleError, match="np.nditer has no derivative with op_flags="):
        grad(lambda a: sum(v for v in np.nditer(X * a, op_flags=["readwrite"])))(THETA)
    assert grad(lambda a: a * len(list(np.nditer(X))))(THETA) == (6.0,)
