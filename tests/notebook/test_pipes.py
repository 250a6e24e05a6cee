"""Pipes mean what they say: each sentence of the notation, as a program and its value."""

import ast
import asyncio
import math
import pickle
import threading

import numpy as np
import pytest

import pycograd
from pycograd.notebook import lower

from .running import value, variables

X = np.linspace(0.1, 0.9, 4)
W = np.arange(12.0).reshape(4, 3) / 10
inc, double = (lambda v: v + 1), (lambda v: 2 * v)
names = {"x": 3, "inc": inc, "double": double, "X": X, "W": W, "math": math}

# pipe: what it is in Python
MEANINGS = {
    "x |> inc |> double": "double(inc(x))",
    "x |> $ + 1": "x + 1",
    "x |> $v * $v": "x * x",
    "inc(x) |> $v * $v": "(lambda v: v * v)(inc(x))",
    "X |> $ @ W + 1 |> np.tanh |> $.sum(axis=0)": "np.tanh(X @ W + 1).sum(axis=0)",
    "X |> np.dot($, W)": "np.dot(X, W)",
    "X |> np.sum($, axis=0, keepdims=True)": "np.sum(X, axis=0, keepdims=True)",
    "X |> $[1:]": "X[1:]",
    "X |> $.shape": "X.shape",
    "($ + 1 |> double)(x)": "double(x + 1)",
    "($a * $b |> np.sum)(X, 2)": "np.sum(X * 2)",
    "($ |> inc)(x)": "inc(x)",
    "($v |> inc)(v=x)": "inc(x)",
    "($ - $ |> double)(10, 4)": "double(10 - 4)",
    "($b - $a |> double)(10, 4)": "double(10 - 4)",
    "(|> x |> inc)()": "inc(x)",
    "(|> x)()": "x",
    "(3, 4) *|> $ + $": "3 + 4",
    "(3, 4) *|> max": "max(3, 4)",
    "(3, 4) *|> $a - $b * $a": "3 - 4 * 3",
    "([1, 2] *|> ($x, $y) *|> pow(double($x), $y))": "pow(2, 2)",
    "($ *|> ($x, $y) *|> pow(double($x), $y))((3, 2))": "pow(6, 2)",
    "x |> (lambda v: v - 1) |> inc": "inc(x - 1)",
    "x |> (inc if x > 2 else double)": "inc(x)",
    "x |> ($ > 2)": "x > 2",
    "x |> $ > 2": "x > 2",
    "x |> inc == 4": "inc(x) == 4",
    "x |> inc if False else x": "x",
    "not x |> inc": "not inc(x)",
    "[i |> inc for i in range(3) if i |> $ > 0]": "[2, 3]",
    "{k: v |> inc for k, v in {'a': 1}.items()}": "{'a': 2}",
    "x |> [$ * i for i in range(3)]": "[x * i for i in range(3)]",
    "inc(x) |> [$ * i for i in range(3)]": "[4 * i for i in range(3)]",
    "max(x |> inc, 7 |> double, key=($ |> -$))": "4",
    "x |> max(7 |> double |> $ - 1, $)": "13",
    "f'{x |> inc}'": "'4'",
    "f'{x |> inc:>5d}|{x |> inc!r}'": "'    4|4'",
    "f'{x |> inc = }'": "'x |> inc = 4'",
    "f'{x |> inc = :5.1f}{{$}}'": "'x |> inc =   4.0{$}'",
    "f'{x:{1 |> inc}d}'": "' 3'",
    "x |> f'{$:.2f}'": "'3.00'",
    "(x\n  |> inc  # a comment with |> and $\n\n  |> double)": "double(inc(x))",
    "(lambda v: v |> inc)(x)": "inc(x)",
    "(lambda v, k=x |> inc: v |> $ + k)(x)": "7",
    "2 ** x |> inc": "inc(2 ** x)",
    "1 | 2 |> inc": "inc(1 | 2)",
    "-x |> abs": "abs(-x)",
    "x |> -$": "-x",
    "[*range(3)] |> sum": "sum(range(3))",
    "print(*x |> [$]) or x": "x",
    "(y := x |> inc) + y": "8",
    "x |> (z := $ + 1) + z": "8",
    "X[1 |> inc : x |> inc]": "X[2:4]",
    "X |> {'a': $, 'b': 1}['a']": "X",
}


@pytest.mark.parametrize("pipe", MEANINGS)
def test_a_pipe_means_what_python_says(pipe):
    np.testing.assert_array_equal(value(pipe, **names), value(MEANINGS[pipe], **names))


# ---- what it costs: nothing, by the same code ----
FREE = {
    "x |> f |> g |> h": "h(g(f(x)))",
    "$ |> f |> g": "lambda _, /: g(f(_))",
    "$a * $b |> np.sum": "lambda a, b: np.sum(a * b)",
    "|> X |> f": "lambda: f(X)",
    "f(x) |> $ @ w1 + b1 |> relu |> $ @ w2 + b2": "relu(f(x) @ w1 + b1) @ w2 + b2",
    "f(x) |> cross_entropy($, Y)": "cross_entropy(f(x), Y)",
    "f(x) |> $.mean(axis=0)": "f(x).mean(axis=0)",
    "x |> f(w, $)": "f(w, x)",
    "x |> $v * $v": "x * x",
    "f(x) |> np.tanh ** 2 + 1": "np.tanh(f(x)) ** 2 + 1",
    "x |> (0.0 < np.tanh)": "0.0 < np.tanh(x)",
    "g(x) |> f .** 3": "f(f(f(g(x))))",
    "t *|> f": "f(*t)",
    "x |> (lambda v: v) |> f": "f((lambda v: v)(x))",
}


@pytest.mark.parametrize("pipe", FREE)
def test_a_stage_is_the_call_that_it_makes(pipe):
    assert ast.dump(lower(pipe).tree) == ast.dump(ast.parse(FREE[pipe]))


# ---- order ----
def logged(text):
    """What the functions that `text` calls say, in order."""
    log = []

    def say(word, value=1):
        log.append(word)
        return value

    value(text, say=say, x=3)
    return log


ORDERS = {
    "say('a') |> max(say('b'), $)": "ab",
    "say('a') |> max($, say('b'))": "ab",
    "say('a') |> say('b', abs)": "ab",
    "say('a') |> say('b', abs) |> say('c', abs)": "abc",
    "say('a', (1, 2)) *|> say('b', max)": "ab",
    "say('a') |> say('b', abs) ** 2": "ab",
    "say('a') |> say('b', abs) + say('c', abs)": "abc",
    "say('a') |> say('b', abs) .** say('c', 2)": "abc",
    "say('a') |> $ + say('b') |> max(say('c'), $) |> $ - say('d')": "abcd",
    "x |> max(say('b'), $, say('c'))": "bc",
}


@pytest.mark.parametrize("pipe", ORDERS)
def test_stages_run_from_left_to_right(pipe):
    assert "".join(logged(pipe)) == ORDERS[pipe]


def test_a_value_is_computed_once_and_before_what_may_change_others():
    cell = "w = [1]\ndef step():\n    global w\n    w = [2]\n    return 5\nseen = step() |> (w[0], $, w[0])"
    assert variables(cell)["seen"] == (2, 5, 2)


# ---- statements ----
def test_a_leading_pipe_goes_on_with_the_line_above():
    body = "    return (v)  # |> not this\n\n      # nor $ this\n      |> np.tanh\n      |> np.sum\n"
    assert variables(f"def f(v):\n{body}y = X\n|> f\n", X=X)["y"] == np.sum(np.tanh(X))


def test_a_backslash_goes_on_too():
    assert variables("y = 3 \\\n  |> $ + 1 \\\n  |> $ * 2")["y"] == 8


def test_a_leading_pipe_where_there_is_no_line_above_is_a_thunk():
    assert variables("if True:\n    |> 3\n    f = |> 4\nx = f()")["x"] == 4
    assert variables("f = (\n  |> 3\n  |> $ + 1)\nx = f()")["x"] == 4


def test_pipes_in_all_statements():
    cell = """
class A:
    scale = 2 |> $ + 1
    double = $ |> $[1] * 2
    def times(self, v, by=2 |> $ * 2): return v |> $ * self.scale * by
total = 0
for i in 3 |> range: total += i |> $ + 1
while total |> $ > 100: pass
with open(__import__("os").devnull) as f: n = f.read() |> len
assert total |> $ == 6, total |> str
match 3 |> $ + 1:
    case 4 if 1 |> bool: hit = True
try: [] |> $[0]
except (IndexError |> $) as error: caught = True
def gen():
    yield 1 |> $ + 1
    yield from [3] |> reversed
out = gen() |> list
d = {}
d["a" |> $.upper()] = 1 |> $ + 1
del d["A" |> $.upper()]
x, *rest = (1, 2, 3) |> reversed
"""
    found = variables(cell)
    assert found["total"] == 6 and found["n"] == 0 and found["hit"] and found["caught"]
    assert found["out"] == [2, 3] and found["d"] == {} and (found["x"], found["rest"]) == (3, [2, 1])
    assert found["A"]().times(2) == 24


def test_future_imports_and_docstrings_stay_first():
    found = variables(
        '"""Doc |> $."""\nfrom __future__ import annotations\ndef f(v: nothing): return v |> $ + 1\n'
    )
    assert found["__doc__"] == "Doc |> $." and found["f"].__annotations__ == {"v": "nothing"}


def test_await_in_a_pipe():
    cell = """
async def slow(v): return v + 1
async def f(v): return v |> await slow($) |> $ * 2 |> slow |> await $
"""
    assert asyncio.run(variables(cell)["f"](1)) == 5


def test_a_pipe_in_threads():
    f = variables("f = $ |> $ + 1 |> $v * $v")["f"]
    found = []
    threads = [threading.Thread(target=lambda i=i: found.append(f(i))) for i in range(8)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert sorted(found) == [(i + 1) ** 2 for i in range(8)]


# ---- functions ----
def test_a_function_has_the_name_that_it_is_given():
    found = variables("f = $ |> abs\ng = |> 3\nh = [$ |> abs]\nk: object = $ |> abs")
    assert [found[n].__name__ for n in "fgk"] == ["f", "g", "<lambda>"]
    assert found["f"].__qualname__ == "f" and found["h"][0].__name__ == "<lambda>"


def test_a_named_function_is_pickled_by_its_name(monkeypatch):
    module = type(math)("piped_cells")
    monkeypatch.setitem(__import__("sys").modules, "piped_cells", module)
    vars(module).update(variables("f = $ |> abs", __name__="piped_cells"))
    assert pickle.loads(pickle.dumps(module.f))(-2) == 2


def test_a_named_hole_is_passed_by_its_name():
    found = variables("f = $w |> dict(w=$w)\ng = $w |> $.w |> $ + w\nh = $a + $ + $b |> abs", w=10)
    assert found["f"](w=2) == {"w": 2} and found["h"](1, 2, b=3) == 6
    with pytest.raises(TypeError, match="'w'"):
        found["g"](w=2)  # it reads a variable of that name


def test_what_is_piped_is_not_confused_with_variables_of_that_name():
    found = variables(
        "v, _ = 10, 20\nf = $v |> $ + v\ng = $ |> $ + _\nh = f(1), g(1), 1 |> (lambda _: $ + _)(5)"
    )
    assert found["h"] == (11, 21, 6)
    assert value("inc(1) |> (lambda _: $ + _)", inc=inc)(5) == 7


def test_a_hole_belongs_to_the_innermost_pipe():
    assert value("1 |> $ + (10 |> $ * 2)") == 21
    assert value("1 |> list(map($ |> $ + 1, [$]))") == [2]  # the first `$` starts a function
    assert value("1 |> ($v, 2 |> $v * 10, $v)") == (1, 20, 1)


def test_nested_functions():
    assert value("($ |> ($ |> inc) |> double)(1)", **names) == 4
    assert value("(|> x |> (|> inc)())()", **names) == 4
    assert value("($f |> map($, [1, 2]) |> list)(inc)", **names) == [2, 3]


def test_many_stages():
    many = 150
    assert value("0" + " |> $ + 1" * many) == many
    assert value("0" + " |> inc" * 80, **names) == 80
    assert value("($" + " |> $ + 1" * many + ")(0)") == many


# ---- in transforms ----
def test_pipe_functions_are_differentiated_and_woven():
    cell = "import math\nloss = $ |> math.sin |> $ ** 2\nboth = $a * $b |> np.sum\nnth = $ |> (np.tanh .** n)"
    found = variables(cell, n=2)
    assert pycograd.grad(found["loss"])(0.7)[0] == pytest.approx(math.sin(1.4))
    ga, gb = pycograd.grad(found["both"])(X, 2 * X)
    np.testing.assert_allclose(ga, 2 * X), np.testing.assert_allclose(gb, X)
    pycograd.check_grads(lambda v: np.sum(found["nth"](v)), X)
    assert pycograd.grad(found["both"], argnums="b")(X, 2 * X) == pytest.approx(X)


def test_weaving_reaches_what_stages_call():
    cell = """
import math
def kernel(v): return math.exp(v) * math.sin(v)
direct = $ |> kernel |> (lambda v: math.cos(v))
squared = $ |> kernel ** 2
added = $ |> kernel + math.cos
twice = $ |> kernel .** 2
power = $ |> kernel .** n
after = $ |> kernel .** math.cos
named = $ |> math.sin |> math.hypot($v, 1.0) + $v
"""
    found = variables(cell, n=3)
    for name in "direct squared added twice power after named".split():
        f = found[name]
        slope = (f(0.3 + 1e-6) - f(0.3 - 1e-6)) / 2e-6
        assert pycograd.grad(f)(0.3)[0] == pytest.approx(slope, rel=1e-7), name


def test_per_example_gradients_with_a_pipe_inside_a_def():
    cell = """
def per_example_loss(w, b, x, y):
    return x |> $ @ w + b |> cross_entropy($, y)
"""
    f = variables(cell, cross_entropy=pycograd.cross_entropy)["per_example_loss"]
    rng = np.random.default_rng(0)
    w, b, xs, ys = (
        rng.normal(size=(2, 3)),
        rng.normal(size=3),
        rng.normal(size=(5, 2)),
        np.eye(3)[[0, 1, 2, 1, 0]],
    )
    gw, gb = pycograd.vmap(pycograd.grad(f, argnums=(0, 1)), in_axes=(None, None, 0, 0))(w, b, xs, ys)
    for i in range(5):
        one = pycograd.grad(f, argnums=(0, 1))(w, b, xs[i], ys[i])
        np.testing.assert_allclose(gw[i], one[0]), np.testing.assert_allclose(gb[i], one[1])


def test_transforms_of_pipe_functions():
    found = variables("f = $ |> np.tanh |> $ ** 2 |> np.sum")
    f, plain = found["f"], lambda v: np.sum(np.tanh(v) ** 2)
    np.testing.assert_allclose(pycograd.hessian(f)(X), pycograd.hessian(plain)(X))
    np.testing.assert_allclose(pycograd.vmap(f)(np.stack([X, 2 * X])), [plain(X), plain(2 * X)])
    np.testing.assert_allclose(pycograd.jvp(f, (X,), (X,))[1], pycograd.jvp(plain, (X,), (X,))[1])
    np.testing.assert_allclose(pycograd.grad(pycograd.checkpoint(f))(X)[0], pycograd.grad(plain)(X)[0])
