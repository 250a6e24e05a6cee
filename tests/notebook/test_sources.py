"""Tracebacks, `inspect` and weaving: each finds its own text of what was lowered."""

import inspect
import linecache
import re
import sys
import traceback
import warnings

import numpy as np
import pytest

import pycograd
from pycograd.notebook import sources
from pycograd.notebook.sources import compiled
from pycograd.weave import unwoven_reason

CELL = '''\
def unrelated(lambda_): return lambda_
logits = ($
          |> np.tanh
          |> $ @ w)
both = [$ |> abs, $ |> np.sin]
def helper(v):
    """With a pipe inside."""
    return v |> np.exp |> $ * 2

failing = $ |> np.tanh |> np.dot($, np.ones(7)) |> np.sum
class Model:
    forward = $ |> $[1] + 1
with_default = lambda v, k=(2 |> abs): v |> $ * k
'''


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    path = tmp_path_factory.mktemp("cells") / "cell.py"
    path.write_text(CELL)
    found = {"np": np, "w": np.ones(3), "__name__": "cell"}
    exec(compiled(CELL, str(path)), found)
    return found


def test_getsource_gives_what_the_user_wrote(cell):
    lines = CELL.splitlines(keepends=True)
    assert inspect.getsource(cell["logits"]) == "".join(lines[1:4])
    assert inspect.getsource(cell["both"][1]) == lines[4]
    assert inspect.getsource(cell["helper"]) == "".join(lines[5:8])
    assert inspect.getsource(cell["Model"].forward) == lines[11]
    assert inspect.getsource(cell["with_default"]) == lines[12]
    assert inspect.getsourcelines(cell["failing"].__code__) == ([lines[9]], 10)


def test_getsource_in_headers_of_statements(tmp_path):
    text = (
        "try:\n    1 / 0\nexcept (lambda: None) and (e := [$ |> abs]) and ZeroDivisionError:\n    pass\n"
        "if (f := [$ |> abs,\n          1]):\n    x = 1\n"
    )
    path = tmp_path / "headers.py"
    path.write_text(text)
    found = {}
    exec(compiled(text, str(path)), found)
    lines = text.splitlines(keepends=True)
    assert inspect.getsource(found["e"][0]) == lines[2]
    assert inspect.getsource(found["f"][0]) == lines[4] + lines[5]


def test_getsource_of_everything_else_is_as_it_was():
    assert inspect.getsource(test_getsource_of_everything_else_is_as_it_was).startswith(
        "def test_getsource_of"
    )
    with pytest.raises(TypeError):
        inspect.getsource(3)


def test_a_traceback_shows_the_users_line_and_marks_the_stage(cell):
    try:
        cell["failing"](np.ones(3))
    except ValueError as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        shown = "".join(traceback.format_exception(error))
    assert (frame.lineno, frame.name, frame.line) == (10, "failing", CELL.splitlines()[9])
    marks = re.search(r"\n( +)(\^+)\n", shown)
    assert "np.dot($, np.ones(7))" == frame.line[len(marks[1]) - 4 :][: len(marks[2])]


def test_an_error_of_ours_quotes_the_stage():
    with pytest.raises(pycograd.MissingRuleError, match=r"np.packbits at <quoted>:1 `np.packbits\(\$\)`"):
        pycograd.grad(eval_cell("$ |> np.tanh |> np.packbits($) |> np.sum"))(np.ones(3))


def eval_cell(expression):
    text = f"f = {expression}\n"
    linecache.cache["<quoted>"] = (len(text), None, [text], "<quoted>")
    found = {"np": np}
    exec(compiled(text, "<quoted>"), found)
    return found["f"]


def test_what_was_lowered_is_woven(cell):
    for f in (
        cell["logits"],
        *cell["both"],
        cell["helper"],
        cell["failing"],
        cell["Model"].forward,
        cell["with_default"],
    ):
        assert unwoven_reason(f) in (None, "it calls nothing that weaving would change"), f


def test_explain_shows_the_users_text(cell):
    report = str(pycograd.explain(cell["helper"], 0.3))
    assert "return v |> np.exp |> $ * 2" in report
    found = eval_cell("$ |> np.exp |> $ * 2")
    assert "f = $ |> np.exp |> $ * 2" in str(pycograd.explain(found, 0.3))


def test_two_texts_under_one_name_are_told_apart():
    first, second = eval_cell("$ |> np.exp |> float"), eval_cell("$ |> np.cos |> float")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the text of the first is gone
        with pytest.raises(pycograd.errors.LostGradientError):
            pycograd.grad(first)(0.5)
    assert pycograd.grad(second)(0.5)[0] == pytest.approx(-np.sin(0.5))


def test_few_trees_are_kept():
    sources.tree_of.cache_clear()
    for n in range(40):
        pycograd.grad(eval_cell(f"$ |> np.exp |> float |> $ * {n}"))(0.5)
    assert sources.tree_of.cache_info().currsize <= 16
    for n in range(40):
        sources.keep_tree(n, "<nameless>")
    assert len(sources.nameless.pop("<nameless>")) <= 16
    del sources.trees["<nameless>"]


def test_a_debugger_stops_on_the_users_lines(cell):
    lines = []

    def trace(frame, event, arg):
        if frame.f_code.co_filename.endswith("cell.py"):
            lines.append((event, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        cell["logits"](np.ones(3))
    finally:
        sys.settrace(before)
    assert {line for _, line in lines} <= {2, 3, 4} and ("line", 3) in lines
