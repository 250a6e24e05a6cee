"""Where things are: names, lines and columns of woven code are the user's, and names bound anew are seen."""

import builtins
import linecache
import math
import sys
import textwrap
import traceback
import types

import numpy as np
import pytest

from pycograd import Var
from pycograd.core import where
from pycograd.weave import unwoven_reason, woven

from .test_kinds import E5, slope


def made(text, name="f", **names):
    """The function `name` of a module whose source is `text`, which tracebacks can find."""
    made.count = getattr(made, "count", 0) + 1
    file, text = f"<made-{made.count}>", textwrap.dedent(text)
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope = {"np": np, "math": math, "__name__": "made", **names}
    exec(compile(text, file, "exec"), scope)
    return scope[name]


def failing(x):
    y = np.exp(x)
    return y + math.sqrt(
        -1 - 0 * x,
    )


def positions(error):
    """(line, first column, last column) of each frame of this file."""
    tb, found = error.__traceback__, []
    while tb:
        code = tb.tb_frame.f_code
        if code.co_filename == __file__ and code.co_name == "failing":
            line, _, left, right = list(code.co_positions())[tb.tb_lasti // 2]
            found.append((tb.tb_lineno, line, left, right))
        tb = tb.tb_next
    return found


def test_traceback_shows_the_users_line_and_columns():
    with pytest.raises(ValueError) as plain:
        failing(1.0)
    with pytest.raises(ValueError) as ours:
        woven(failing)(1.0)
    assert positions(ours.value) == positions(plain.value) != []
    text = "".join(traceback.format_exception(ours.value))
    assert "+ math.sqrt(" in text and "__pg_" not in text


def test_error_of_ours_quotes_the_users_expression():
    seen = []

    def f(x):
        return np.exp(report(x)) + 1

    def report(x):
        seen.append(where())
        return x

    woven(f)(1.0)
    assert "return" not in seen[0] and "seen.append(where())" not in seen[0] and "`where()`" in seen[0]


def test_lines_traced_are_the_lines_of_the_original():
    def f(x):
        y = []
        for v in x:
            if v > 0:
                y.append(math.exp(v))
            else:
                y.append(
                    np.exp(
                        v,
                    )
                )
        return sum(y)

    def lines(g):
        seen = []

        def trace(frame, event, arg):
            if frame.f_code.co_name == "f":
                if event == "line":
                    seen.append(frame.f_lineno)
                return trace
            return None

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            g(np.array([1.0, -1.0]))
        finally:
            sys.settrace(before)
        return seen

    assert set(lines(woven(f))) == set(lines(f)) and lines(f)


def test_name_bound_anew_is_seen():
    f = made("def f(x):\n    return np.exp(x) + helper(x)\ndef helper(x):\n    return np.exp(x)")
    w = woven(f)
    assert w(0.0) == 2.0
    f.__globals__["np"] = types.SimpleNamespace(exp=lambda x: 10.0)
    assert w(0.0) == woven(f)(0.0) == 20.0
    f.__globals__["helper"] = lambda x: 1.0
    assert w(0.0) == 11.0
    f.__globals__["np"] = np
    assert w(0.0) == 2.0


def test_helper_bound_anew_is_woven_too():
    f = made("def f(x):\n    return helper(x)\ndef helper(x):\n    return math.exp(x)")
    assert slope(f) == E5
    f.__globals__["helper"] = lambda x: 2 * math.exp(x)
    assert slope(f) == 2 * E5


def test_attribute_of_a_module_bound_anew_is_seen(monkeypatch):
    def f(x):
        return math.exp(x)

    w = woven(f)
    assert w(0.0) == 1.0
    monkeypatch.setattr(math, "exp", lambda x: 3.0)
    assert w(0.0) == 3.0


def test_shadowed_builtin_is_the_users():
    f = made("def f(x):\n    return float(x) + abs(x)\ndef float(x):\n    return 5.0")
    assert woven(f)(-1.0) == 6.0


def test_nothing_is_added_to_globals_or_builtins():
    f = made(
        "def f(x):\n    return [math.exp(x) for _ in range(3)][0] + helper(x)\ndef helper(x):\n    return np.exp(x)"
    )
    before, ours = set(f.__globals__), set(vars(builtins))
    assert slope(f) == pytest.approx(2 * E5)
    assert set(f.__globals__) == before and set(vars(builtins)) == ours


def test_private_names_and_nested_classes():
    f = made(
        """
        class _Box__:
            __slots__ = ("_Box____value",)

        class Box:
            __scale = 2.0
            def __init__(self, v):
                self.__value = v
            def __inner(self):
                class Part:
                    __scale = 3.0
                    def get(part, box):
                        return part.__scale * math.exp(box._Box__value)
                return Part().get(self)
            def total(self):
                return self.__inner() * self.__scale

        def f(x):
            return Box(x).total()
        """
    )
    assert slope(f) == 6 * E5


def test_source_that_changed_runs_as_it_is(tmp_path):
    path = tmp_path / "changing.py"
    path.write_text("def f(x):\n    return abs(x) + 1\n\nimport math\ndef g(x):\n    return math.exp(x)\n")
    scope = {"__name__": "changing"}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    path.write_text("def f(x):\n    return abs(x) - 1\n\nimport math\ndef g(x):\n    return math.exp(x)\n")
    assert woven(scope["f"]) is scope["f"] and woven(scope["f"])(1) == 2
    assert "is not what runs" in unwoven_reason(scope["f"])
    assert slope(scope["g"]) == E5


def test_source_read_before_it_changed_is_read_again(tmp_path):
    path = tmp_path / "reloaded.py"
    path.write_text("old = 1\n")
    linecache.getlines(str(path))
    path.write_text("import math\ndef f(x):\n    return math.exp(x)\n")
    scope = {"__name__": "reloaded"}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    assert slope(scope["f"]) == E5


def test_blocks_end_where_python_says():
    f = made(
        '''
        if True:
            def f(x):
                """A text

        that leaves the block.
                """
                y = (
            math.exp(x)
                )
                # a comment
        # and one outside
                return y + len("""
        """)
        after = 1
        '''
    )
    assert slope(f) == E5


def test_error_in_the_first_call_of_a_helper_is_the_helpers():
    f = made("def f(x):\n    return helper(x)\ndef helper(x):\n    return x[np.exp(0)]")
    with pytest.raises(IndexError) as error:
        woven(f)(np.ones(3))
    frames = traceback.extract_tb(error.value.__traceback__)
    assert [frame.name for frame in frames if frame.filename.startswith("<made")] == ["f", "helper"]


def test_watched_value_in_the_callable_position_or_missing_name():
    f = made("def f(x):\n    return missing(x)")
    with pytest.raises(NameError, match="missing"):
        woven(f)(1.0)
    g = made("def g(x):\n    return x(1)", "g")
    with pytest.raises(TypeError, match="not callable"):
        woven(g)(Var(1.0))
