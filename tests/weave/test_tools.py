"""Debuggers, profilers, coverage and logs see the user's file, functions, lines and names in woven code."""

import cProfile
import inspect
import io
import itertools
import logging
import math
import pdb
import pstats
import subprocess
import sys
import textwrap
import threading
import traceback
import warnings

import numpy as np
import pytest

from pycograd import grad
from pycograd.weave import woven

from .test_kinds import E5

PROGRAM = """\
import math

def helper(x, k):
    y = k * math.exp(x)
    return y

class Model:
    def __init__(self, w):
        self.w = w

    @property
    def rate(self):
        r = math.exp(self.w)
        return r

    def __add__(self, other):
        return Model(math.log(math.exp(self.w) + other))

def loss(x):
    total = 0.0
    for k in range(3):
        total = total + helper(x, k)
    if total < 0:
        total = -total
    return total * (Model(x) + 1.0).rate

if __name__ == "__main__":
    import pycograd
    print(pycograd.grad(loss)(0.5))
"""
MISSED = [PROGRAM.splitlines().index("        total = -total") + 1]


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "user_program.py"
    path.write_text(PROGRAM)
    return path


@pytest.fixture
def module(program):
    scope = {"__name__": "user_program", "__file__": str(program)}
    exec(compile(PROGRAM, str(program), "exec"), scope)
    return scope


def line_of(text):
    return next(i for i, line in enumerate(PROGRAM.splitlines(), 1) if text in line)


# ---- pdb -------------------------------------------------------------------------------------------------------------
def test_breakpoint_shows_the_users_line_and_locals(program, module):
    commands = f"""\
        break {program}:{line_of("y = k * math.exp")}
        break {program}:{line_of("r = math.exp")}
        continue
        args
        where
        p k, type(x).__name__
        p sorted(name for name in locals() if not name.startswith("__pg_"))
        next
        p y
        clear 1
        continue
        p self.w, sorted(name for name in locals() if not name.startswith("__pg_"))
        list
        continue
        """
    out = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO(textwrap.dedent(commands)), stdout=out, nosigint=True, readrc=False)
    debugger.use_rawinput = False
    before = sys.gettrace()
    try:
        debugger.runcall(grad(module["loss"]), 0.5)
    finally:
        sys.settrace(before)
    text = out.getvalue()
    assert f"{program}({line_of('y = k * math.exp')})helper()\n-> y = k * math.exp(x)" in text
    assert f"{program}({line_of('total = total + helper')})loss()\n-> total = total + helper(x, k)" in text
    assert "(0, 'Var')" in text and "['k', 'x']" in text and "Var(0.)" in text
    assert f"{program}({line_of('r = math.exp')})rate()\n-> r = math.exp(self.w)" in text
    assert "['self'])" in text and "B->\t        r = math.exp(self.w)" in text


def test_breakpoint_in_the_function(program, monkeypatch):
    seen = []

    def stop():
        frame = sys._getframe(1)
        seen.append((frame.f_code.co_name, frame.f_lineno, frame.f_locals["y"]))

    monkeypatch.setattr(sys, "breakpointhook", lambda: None)

    def f(x):
        y = math.exp(x)
        stop()
        breakpoint()
        return y

    assert grad(f)(0.5) == (E5,)
    (name, line, y), first = seen[0], f.__code__.co_firstlineno
    assert (name, line) == ("f", first + 2) and float(str(y)) == E5


# ---- profiles and coverage -------------------------------------------------------------------------------------------
def test_profile_names_the_users_functions(program, module):
    profile = cProfile.Profile()
    profile.runcall(grad(module["loss"]), 0.5)
    calls = {key: value[1] for key, value in pstats.Stats(profile).stats.items() if key[0] == str(program)}
    expected = {"loss": 1, "helper": 3, "rate": 1, "__add__": 1, "__init__": 2}
    assert {name: n for (_, _, name), n in calls.items()} == expected
    assert {(line, name) for _, line, name in calls} >= {
        (line_of("def loss"), "loss"),
        (line_of("def helper"), "helper"),
    }


def test_coverage_measures_the_users_lines(program, tmp_path):
    coverage = pytest.importorskip("coverage")
    data = tmp_path / "data"
    command = [
        sys.executable,
        "-m",
        "coverage",
        "run",
        "--branch",
        f"--data-file={data}",
        f"--include={program}",
        program,
    ]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    measured = coverage.Coverage(data_file=str(data))
    measured.load()
    assert measured.analysis2(str(program))[3] == MISSED
    arcs = set(measured.get_data().arcs(str(program)))
    body, after = line_of("total = total + helper"), line_of("if total < 0")
    assert {(body - 1, body), (body, body - 1), (body - 1, after), (after, after + 2)} <= arcs
    assert out.startswith("(")


def test_line_events_are_those_of_the_original(module):
    def lines(f):
        seen = []

        def trace(frame, event, arg):
            if frame.f_globals is not module:
                return None
            if event in ("line", "return"):
                seen.append((frame.f_code.co_name, event, frame.f_lineno))
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            f(0.5)
        finally:
            sys.settrace(before)
        return [event for event, _ in itertools.groupby(seen)]  # Python 3.12 may say a line twice

    woven(module["loss"])(0.5)
    assert lines(woven(module["loss"])) == lines(module["loss"])


def test_monitoring_sees_the_lines():
    if not hasattr(sys, "monitoring"):
        pytest.skip("sys.monitoring came with Python 3.12")

    def f(x):
        y = math.exp(x)
        return y + 1

    seen, tool = [], sys.monitoring.DEBUGGER_ID
    g = woven(f)
    sys.monitoring.use_tool_id(tool, "test")
    try:
        sys.monitoring.register_callback(
            tool, sys.monitoring.events.LINE, lambda code, line: seen.append(line)
        )
        sys.monitoring.set_local_events(tool, g.__code__, sys.monitoring.events.LINE)
        g(1.0)
    finally:
        sys.monitoring.free_tool_id(tool)
    assert seen == [f.__code__.co_firstlineno + 1, f.__code__.co_firstlineno + 2]


# ---- what a function finds out about itself --------------------------------------------------------------------------
def test_function_finds_itself_in_frames_logs_and_warnings(caplog):
    def f(x):
        frame = inspect.currentframe()
        logging.getLogger("user").warning("here")
        warnings.warn("from here", UserWarning, stacklevel=1)
        found.append(
            (frame.f_code.co_name, frame.f_code.co_qualname, frame.f_lineno, inspect.stack()[0].code_context)
        )
        return math.exp(x)

    found, first = [], f.__code__.co_firstlineno
    with pytest.warns(UserWarning, match="from here") as warned:
        grad(f)(0.5)
    assert (warned[0].filename, warned[0].lineno) == (__file__, first + 3)
    record = caplog.records[0]
    assert (record.pathname, record.funcName, record.lineno) == (__file__, "f", first + 2)
    name, qualified, line, context = found[0]
    assert (name, qualified) == ("f", f.__qualname__) and line >= first + 4
    assert "inspect.stack()" in "".join(context)


def test_source_of_the_function_is_the_users():
    def f(x):
        return math.exp(x)

    for g in (woven(f), grad(f)):
        assert inspect.getsource(g) == inspect.getsource(f)
        assert inspect.signature(g) == inspect.signature(f)
    assert inspect.unwrap(woven(f)) is not None


def test_traceback_of_a_thread_and_of_nested_calls(program, module, monkeypatch):
    caught = []

    def fails(x):
        return module["helper"](x, np.zeros(2)) + np.zeros(3)

    monkeypatch.setattr(threading, "excepthook", lambda args: caught.append(args.exc_value))
    thread = threading.Thread(target=grad(fails), args=(0.5,))
    thread.start()
    thread.join()
    frames = traceback.extract_tb(caught[0].__traceback__)
    assert frames[-1].name == "fails"
    assert frames[-1].line == 'return module["helper"](x, np.zeros(2)) + np.zeros(3)'
    assert (frames[-1].colno, frames[-1].end_colno) == (15, 8 + len(frames[-1].line))
