"""A number that is found by comparisons alone: a warning where a part of the gradient is lost, and nowhere else."""

import functools
import math
import warnings

import numpy as np
import pytest

from pycograd import errors, explain, grad, hessian, value_and_grad, vmap
from pycograd.core import decisions

optimize = pytest.importorskip("scipy.optimize")


@pytest.fixture(autouse=True)
def nobody_was_looked_at():
    decisions.looked.clear()
    yield
    assert not decisions.watching


def bisect(f, a, b, steps=60):
    for _ in range(steps):
        m = (a + b) / 2
        if f(m) > 0:
            b = m
        else:
            a = m
    return (a + b) / 2


# ---- where a part is lost ------------------------------------------------------------------------------------------
def root(c):
    return c * bisect(lambda t: t**3 - c, 0.0, 10.0)


def root_in_a_watched_bracket(c):
    return bisect(lambda t: t**3 - c, 0.1 * c, 10.0 * c)


def root_by_signs(c):
    f, a, b = lambda t: t**3 - c, 0.0, 10.0
    while b - a > 1e-10:
        m = (a + b) / 2
        if np.sign(f(a)) == np.sign(f(m)):
            a = m
        else:
            b = m
    return c * m


def root_by_products(c):
    f, a, b = lambda t: t**3 - c, 0.0, 10.0
    for _ in range(100):
        m = (a + b) / 2
        if abs(f(m)) < 1e-10:
            break
        if f(a) * f(m) < 0:
            b = m
        else:
            a = m
    return c * m


def many_roots(c):
    a, b = np.zeros(3), np.full(3, 10.0)
    for _ in range(60):
        m = (a + b) / 2
        above = m**3 - c > 0
        a, b = np.where(above, a, m), np.where(above, m, b)
    return np.sum(c * a)


def golden_sections(c):
    f, a, b, g = lambda t: (t - c) ** 2 + 0.1 * t**4, 0.0, 5.0, (math.sqrt(5) - 1) / 2
    while b - a > 1e-9:
        x, y = b - g * (b - a), a + g * (b - a)
        if f(x) < f(y):
            b = y
        else:
            a = x
    return c * (a + b)


class Model:
    def __call__(self, c):
        return root(c)

    def method(self, c):
        return root(c)


C = np.array([1.0, 8.0, 20.0])
LOST = {
    "root": (root, 8.0, "test_searches.py:26 `f(m) > 0`"),
    "in a watched bracket": (root_in_a_watched_bracket, 8.0, "`f(m) > 0`"),
    "by signs": (root_by_signs, 8.0, "`np.sign(f(m))`"),
    "by products": (root_by_products, 8.0, "`f(a) * f(m) < 0`"),
    "many": (many_roots, C, "`m**3 - c > 0`"),
    "golden sections": (golden_sections, 1.5, "`f(x) < f(y)`"),
    "partial": (functools.partial(lambda p, c: p * root(c), 2.0), 8.0, "`f(m) > 0`"),
    "callable object": (Model(), 8.0, "`f(m) > 0`"),
    "method": (Model().method, 8.0, "`f(m) > 0`"),
    "float32": (lambda c: np.sum(root(c)), np.full(1, 8.0, np.float32), "`f(m) > 0`"),
}


@pytest.mark.parametrize("f, x, place", LOST.values(), ids=LOST)
def test_a_part_is_lost(f, x, place):
    with pytest.warns(errors.SearchWarning) as caught:
        grad(f)(x)
    (text,) = [str(w.message) for w in caught]
    for words in (
        "is lost in a search by comparisons",
        place,
        "finite differences",
        "fix: scipy.optimize.brentq",
    ):
        assert words in text
    assert text.endswith("[PG210]") and caught[0].filename == __file__


def test_both_slopes_are_said():
    with pytest.warns(
        errors.SearchWarning, match=r"derivative is 2\.66667 by finite differences, 2 by the gradient"
    ):
        grad(root)(8.0)


def test_it_is_said_once_for_a_function():
    with pytest.warns(errors.SearchWarning):
        value_and_grad(root)(8.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value_and_grad(root)(8.0)


def test_a_closure_that_searches_the_second_time():
    def loss(solve):
        return lambda c: c * solve(lambda t: t**3 - c, 0.0, 10.0)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grad(loss(optimize.brentq))(8.0)
    with pytest.warns(errors.SearchWarning):
        grad(loss(bisect))(8.0)


def test_the_fix_works():
    f = lambda c: c * optimize.brentq(lambda t: t**3 - c, 0.0, 10.0)
    np.testing.assert_allclose(grad(f)(8.0)[0], 8 / 3)
    g = lambda c: optimize.minimize_scalar(lambda t: (t - c) ** 2 + 0.1 * t**4).x
    h = 1e-4
    np.testing.assert_allclose(grad(g)(1.5)[0], (g(1.5 + h) - g(1.5 - h)) / (2 * h), rtol=1e-3)


def test_a_gradient_that_is_zero_altogether():
    with pytest.warns(
        errors.ZeroGradientWarning, match=r"exactly zero\n.*`f\(m\) > 0`\n  fix: scipy.optimize.brentq"
    ):
        assert grad(lambda c: bisect(lambda t: t**3 - c, 0.0, 10.0))(8.0) == (0.0,)


def test_nothing_is_printed_again(capsys):
    def told(c):
        print("run")
        return root(c)

    with pytest.warns(errors.SearchWarning):
        grad(told)(8.0)
    assert capsys.readouterr().out == "run\n"


# ---- where nothing is lost -----------------------------------------------------------------------------------------
def polished_root(c):  # a step of Newton makes the derivative right
    t = bisect(lambda t: t**3 - c, 0.0, 10.0)
    return t - (t**3 - c) / (3 * t**2)


def newton(c):
    x, total = 1.0, 0.0
    for k in range(1, 15):
        for _ in range(50):
            step = (x**3 - c * k) / (3 * x**2)
            x = x - step
            if abs(step) < 1e-12:
                break
        total += x
    return total


def line_search(c):
    f, x = lambda x: np.sum((x - c) ** 2) + np.sum(x**4), np.array([3.0, -2.0])
    for _ in range(40):
        g, t = 2 * (x - c) + 4 * x**3, 1.0
        while f(x - t * g) > f(x) - 0.3 * t * np.sum(g * g):
            t *= 0.5
        x = x - t * g
    return f(x)


def adaptive_steps(k):
    t, y, h = 0.0, 1.0, 0.5
    while t < 5:
        h = min(h, 5 - t)
        f = lambda y, t=t: -k * y * math.cos(t)
        once, half = y + h * f(y), y + h / 2 * f(y)
        twice = half + h / 2 * f(half)
        if abs(twice - once) > 1e-3:
            h *= 0.5
        else:
            t, y, h = t + h, 2 * twice - once, h * 1.5
    return y


def bubble_sort(x):
    a = list(x)
    for i in range(len(a)):
        for j in range(len(a) - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return sum(v * i for i, v in enumerate(a))


def leaky(w):
    rng, total = np.random.default_rng(0), 0.0
    for _ in range(50):
        z = w @ rng.normal(size=2)
        total += z * z if z > 0 else 0.1 * z
    return total


def metropolis(mu):
    rng, x, total = np.random.default_rng(0), 0.0, 0.0
    log_density = lambda x: -((x - mu) ** 2) / 2
    for _ in range(200):
        y = x + rng.normal()
        if log_density(y) - log_density(x) > np.log(rng.random()):
            x = y
        total += x * mu
    return total / 200


def tax_of_many(rates):
    total, limits = 0.0, [10.0, 20.0, 35.0]
    for income in np.linspace(1.0, 50.0, 40):
        for limit, rate in zip(limits, rates):
            total += rate * max(income - limit, 0.0)
            if total > 1e9:
                return total
    return total


def up_and_down(x):
    for _ in range(40):
        x = x / 2 if x > 1 else 3 * x + 1
    return x


RIGHT = {
    "polished": (polished_root, 8.0),
    "newton": (newton, 2.0),
    "line search": (line_search, np.array([1.0, 2.0])),
    "adaptive steps": (adaptive_steps, 1.3),
    "bubble sort": (bubble_sort, np.random.default_rng(0).normal(size=12)),
    "leaky": (leaky, np.array([1.0, -0.5])),
    "metropolis": (metropolis, 1.0),
    "tax": (tax_of_many, np.array([0.1, 0.2, 0.3])),
    "up and down": (up_and_down, 0.7),
}


@pytest.mark.parametrize("f, x", RIGHT.values(), ids=RIGHT)
def test_nothing_is_lost(f, x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grad(f)(x)


def test_random_numbers_are_drawn_once_and_tell_nothing():
    rng, expected = np.random.default_rng(0), np.random.default_rng(0)

    def walk(mu):
        x, total = 0.0, 0.0
        for _ in range(100):
            y = x + rng.normal()
            if (x - mu) ** 2 - (y - mu) ** 2 > 0:
                x = y
            total += x * mu
        return total

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grad(walk)(1.0)
    expected.normal(size=100)
    assert rng.normal() == expected.normal()


def test_transforms_around_it():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hessian(newton)(2.0)
        vmap(grad(lambda x: np.sum(np.where(x > 0, x, 0.0))))(np.ones((3, 4)))
        explain(root, 8.0)  # which says where gradients end


def test_an_error_leaves_nobody_watching():
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: x / 0 if x > 0 else x)(1.0)
