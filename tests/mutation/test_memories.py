"""Stores into what is no plain array, but shares memory with one that a tape saved: the gradient is of what was
there.
"""

import array
import ctypes
import importlib.util
import mmap
import struct
import subprocess
import sys

import numpy as np
import pytest

from pycograd import errors, grad, unweave
from pycograd.core import Memory
from pycograd.weave import specials

from .plain_arrays import PROGRAMS, Box

X = np.array([0.3, -0.7, 1.1])
CASES = {}


def use(x, a):
    """A number whose gradient depends on what `a` holds now."""
    return np.sum(np.sin(x * a) * a)


@unweave
class Outside:
    """What is made outside the function, afresh for each run."""

    def __init__(self):
        self.table = np.array([(1.0, 2.0), (2.0, 3.0), (3.0, 4.0)], dtype=[("p", float), ("q", float)])
        self.one = np.zeros((), dtype=[("p", float, 3)])
        self.one["p"] = [1.0, 2.0, 3.0]
        self.records = self.table.copy().view(np.recarray)
        self.masked = np.ma.masked_array([1.0, 2.0, 3.0])
        self.numbers = array.array("d", [1.0, 2.0, 3.0])
        self.bytes = bytearray(np.array([1.0, 2.0, 3.0]).tobytes())
        self.c = (ctypes.c_double * 3)(1.0, 2.0, 3.0)
        self.mapped = mmap.mmap(-1, 24)


def case(f):
    """Decorator: `f` is held to the law."""
    CASES[f.__name__] = f
    return f


# ---- structured arrays ---------------------------------------------------------------------------------------------
@case
def a_field(x, box):
    s = box.table
    total = use(x, s["p"])
    s["p"] = np.array([5.0, 6.0, 7.0])
    total += use(x, s["p"])
    s["p"] += 1
    total += use(x, s["p"])
    s["p"][1] = 3.0
    return total + use(x, s["p"])


@case
def a_row(x, box):
    s = box.table
    total = use(x, s["p"])
    s[0]["p"] = 4.0
    total += use(x, s["p"])
    s[1] = (5.0, 6.0)
    row = s[2]
    total += use(x, s["p"])
    row["p"] = 8.0
    total += use(x, s["p"])
    row[0] = 7.0
    total += use(x, s["p"])
    s[1]["p"] *= 2.0
    return total + use(x, s["p"])


@case
def each_row(x, box):
    total = use(x, box.table["p"])
    for row in box.table:
        row["p"] *= 1.5
        total += use(x, box.table["p"])
    return total


@case
def of_no_axes(x, box):
    s = box.one
    total = use(x, s["p"])
    s["p"][1] = 4.0
    total += use(x, s["p"])
    row = s[()]
    row["p"] = 2.0
    return total + use(x, s["p"])


@case
def born_inside(x, box):
    s = np.zeros(3, dtype=[("p", float), ("q", float)])
    s["p"] = np.linspace(1, 3, 3)
    total = use(x, s["p"])
    s[1] = (5.0, 1.0)
    for row in s:
        row[0] = row[0] + 0.5
        total += use(x, s["p"])
    return total


@case
def records(x, box):
    s = box.records
    total = use(x, s.p)
    s.p = np.array([3.0, 2.0, 6.0])
    total += use(x, s.p)
    s[0].p = 4.0
    total += use(x, s.p)
    s.p[1] = 7.0
    return total + use(x, s.p)


@case
def masked(x, box):
    s = box.masked
    total = use(x, s.data)
    s[1] = 7.0
    total += use(x, s.data)
    np.ma.put(s, [0], [9.0])
    return total + use(x, s.data)


# ---- what exports its bytes ----------------------------------------------------------------------------------------
@case
def numbers(x, box):
    a = np.frombuffer(box.numbers)
    total = use(x, a)
    box.numbers[1] = 7.0
    total += use(x, a)
    box.numbers[:2] = array.array("d", [4.0, 5.0])
    return total + use(x, a)


@case
def raw_bytes(x, box):
    a = np.frombuffer(box.bytes)
    total = use(x, a)
    box.bytes[8:16] = np.array([7.0]).tobytes()
    total += use(x, a)
    struct.pack_into("d", box.bytes, 8, 5.0)
    return total + use(x, a)


@case
def of_c(x, box):
    a = np.ctypeslib.as_array(box.c)
    total = use(x, a)
    box.c[1] = 7.0
    return total + use(x, a)


@case
def of_a_file(x, box):
    a = np.frombuffer(box.mapped)
    box.mapped[8:16] = np.array([7.0]).tobytes()
    total = use(x, a)
    box.mapped[8:16] = np.array([2.0]).tobytes()
    return total + use(x, a)


def test_an_object_that_grows_is_left_to_grow():
    def f(x):
        found = array.array("d")
        text = bytearray()
        with Memory():
            for i in range(3):
                found.append(0.0)
                found[i] = i
                text += b"x"
                text[0] = 1
        return np.sum(x * np.array(found))

    np.testing.assert_array_equal(grad(f, 0)(X), [0, 1, 2])


# ---- the containers of pandas and xarray ---------------------------------------------------------------------------
def series(x, box):
    s = box.pd.Series([1.0, 2.0, 3.0])
    total = use(x, s.values)
    for store in [s.iloc, s.loc, s.at, s.iat, s]:
        store[1] = store[1] + 1.5
        total += use(x, s.values)
    s += 1.0
    total += use(x, s.to_numpy())
    s.clip(0.0, 3.0, inplace=True)
    total += use(x, s.values)
    s.update(box.pd.Series([4.0]))
    return total + use(x, s.values)


def frame(x, box):
    d = box.pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [3.0, 2.0, 1.0]})
    total = use(x, d["a"].values)
    d.iloc[1, 0] = 7.0
    total += use(x, d["a"].values)
    d.loc[0, "a"] = 5.0
    total += use(x, d["a"].values)
    d["a"] += 1
    total += use(x, d["a"].values)
    d[d > 5] = 1.0
    total += use(x, d["a"].values)
    d.iloc[:, 0] -= 1.0
    return total + use(x, d["a"].values)


def data_array(x, box):
    s = box.xr.DataArray(box.table["p"].copy(), dims="t")
    total = use(x, s.values)
    s[1] = 7.0
    total += use(x, s.values)
    s.loc[{"t": 0}] = 4.0
    total += use(x, s.values)
    s += 1.0
    total += use(x, s.values)
    s[1] *= 3.0
    return total + use(x, s.values)


def data_set(x, box):
    s = box.xr.Dataset({"v": ("t", box.table["p"].copy())})
    total = use(x, s.v.values)
    s["v"][1] = 7.0
    total += use(x, s.v.values)
    s.v.values[:] = 4.0
    total += use(x, s.v.values)
    s.loc[{"t": 0}] = s.isel(t=1) * 2.0
    return total + use(x, s.v.values)


CASES_OF = {"pandas": (series, frame), "xarray": (data_array, data_set)}
for _package, _functions in CASES_OF.items():
    if importlib.util.find_spec(_package):
        CASES.update({f.__name__: f for f in _functions})


@unweave
def outside(f):
    box = Outside()
    for name, package in (("pd", "pandas"), ("xr", "xarray")):
        if f in CASES_OF.get(package, ()):
            setattr(box, name, importlib.import_module(package))
    return box


def slope(f, box=outside, h=1e-5):
    at = lambda x: f(x, box(f))
    steps = h * np.eye(3)
    return np.array([8 * (at(X + s) - at(X - s)) - (at(X + 2 * s) - at(X - 2 * s)) for s in steps]) / (12 * h)


@pytest.mark.parametrize("f", CASES.values(), ids=CASES)
def test_gradient_is_of_what_was_there(f):
    np.testing.assert_allclose(grad(f, 0)(X, outside(f)), slope(f), rtol=1e-7, atol=1e-7)


# ---- a structured array holds plain numbers ------------------------------------------------------------------------
def into_a_field(x):
    s = np.zeros(3, dtype=[("v", float)])
    s["v"] = x * 2
    return np.sum(s["v"])


def into_an_element(x):
    s = np.zeros(3, dtype=[("v", float)])
    for i in range(3):
        s["v"][i] = x[i]
    return np.sum(s["v"])


def into_a_row(x):
    s = np.zeros(3, dtype=[("v", float)])
    s[0] = (x[0],)
    return np.sum(s["v"])


def of_rows(x):
    s = np.array([(x[0],), (x[1],)], dtype=[("v", float)])
    return np.sum(s["v"])


@pytest.mark.parametrize("f", [into_a_field, into_an_element, into_a_row])
def test_a_watched_value_in_a_structured_array(f):
    with pytest.raises(errors.OutsideStoreError) as caught:
        grad(f)(X)
    text = str(caught.value)
    assert "structured array at test_memories.py:" in text and "field = np.zeros(s.shape)" in text


def test_a_structured_array_of_watched_values():
    with pytest.raises(
        errors.LostGradientError, match=r"structured array at test_memories.py:[0-9]+ `np.array"
    ):
        grad(of_rows)(X)


# ---- where a class of the user has operators of its own, stores are rewritten in another way -----------------------
@pytest.fixture
def operators():
    """A class with every special method: woven code asks of all operands whether they are of such a class."""

    def method(self, *args):
        return np.sin(len(args))

    names = specials.SYNTAX - specials.ANY_ATTRIBUTE
    kept = type("Everything", (), {**dict.fromkeys(names, method), "__module__": __name__})
    specials.look()  # as when a transform meets a function for the first time
    yield kept
    del kept


ASKED = {**CASES, **PROGRAMS}


@pytest.mark.parametrize("f", ASKED.values(), ids=ASKED)
def test_with_a_class_that_has_all_operators(f, operators):
    box = outside if f in CASES.values() else lambda f: Box()
    np.testing.assert_allclose(grad(f, 0)(X, box(f)), slope(f, box), rtol=1e-7, atol=1e-7)
    assert "__setitem__" in specials.defined


# ---- references are counted where nobody looks on ------------------------------------------------------------------
WATCHING = """
import sys
import numpy as np
def look(frame, event, arg):
    frame.f_locals  # which keeps references of its own until Python 3.13
    return look
sys.settrace(look)
import pycograd
sys.settrace(None)
from pycograd.ops import writing
counts = [sys.modules[f"pycograd.{name}"] for name in ("core.changes", "core.backward", "weave.births")]
print(*[m.ALONE for m in counts], writing.LONE)
"""


ALONE_IN_PYTHON = """
import sys
def look(frame, event, arg):
    frame.f_locals
    return look
code = compile("found = {\\n    name:\\n    getattr(str, name)\\n    for name in ('lower', 'upper')\\n}", "", "exec")
sys.settrace(look)
exec(code, {"__name__": "module"})
sys.settrace(None)
"""


def test_a_debugger_that_looks_at_variables_while_pycograd_is_imported():
    if subprocess.run([sys.executable, "-c", ALONE_IN_PYTHON], capture_output=True).returncode:
        pytest.skip("this Python loses the variables of comprehensions that a debugger looks at")
    seen = []
    for program in (WATCHING, WATCHING.replace("sys.settrace(look)", "")):
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        seen.append(run.stdout)
    assert seen[0] == seen[1]
