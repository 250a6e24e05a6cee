"""What is woven: the user's code and what it asks for, never libraries."""

import doctest
import importlib
import json
import linecache
import math
import statistics
import sys

import numpy as np
import pytest

from pycograd.examples import models
from pycograd.weave import selection, unweave, unwoven_reason, weave, woven
from pycograd.weave.selection import is_user_file, observers

from .test_kinds import E5, slope

LIBRARY = """
import math

def kernel(x):
    return math.exp(x)

def outer(x):
    return kernel(x)

class Model:
    def __call__(self, x):
        return math.exp(x)
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A package in a site-packages directory."""
    folder = tmp_path / "site-packages" / "thelibrary"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(LIBRARY)
    (folder / "inner.py").write_text("import math\n\ndef deep(x):\n    return math.exp(x)\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.setattr(selection, "modules", {})
    monkeypatch.setattr(selection, "codes", {})
    yield importlib.import_module("thelibrary")
    for name in [name for name in sys.modules if name.startswith("thelibrary")]:
        del sys.modules[name]
    for observe in observers:
        observe()


def test_library_runs_through_the_protocols(library):
    with pytest.raises(TypeError, match="pycograd.weave"):
        slope(lambda x: library.kernel(x))
    assert "left alone" in unwoven_reason(library.kernel)


def test_library_is_woven_on_request(library):
    assert weave(library) is library
    deep = importlib.import_module("thelibrary.inner").deep
    assert slope(lambda x: library.outer(x)) == slope(lambda x: deep(x)) == E5
    unweave(library)
    with pytest.raises(TypeError, match="gradient"):
        slope(lambda x: library.kernel(x))


def test_one_function_of_a_library_is_woven_on_request(library):
    weave(library.kernel)
    assert slope(lambda x: library.kernel(x)) == E5
    weave(library.Model)
    assert slope(lambda x: library.Model()(x)) == E5


def test_function_handed_to_a_transform_brings_its_package(library):
    assert slope(library.outer) == E5
    assert slope(lambda x: importlib.import_module("thelibrary.inner").deep(x)) == E5


def test_callable_object_of_a_library_brings_its_package(library):
    assert slope(library.Model()) == E5


def test_never_libraries():
    assert woven(np.linalg.norm) is not None and not is_user_file(np.__file__)
    for f in (statistics.median_grouped, json.dumps, woven, np.broadcast_shapes):
        assert not selection.is_woven(f)
        assert woven(f) is f or f is np.broadcast_shapes
    assert selection.is_woven(
        next(f for f in vars(models).values() if getattr(f, "__module__", "") == models.__name__)
    )


def test_notebook_cells_and_doctests_are_user_code():
    assert (
        is_user_file("<ipython-input-3-abc>")
        and is_user_file("<doctest a.b[0]>")
        and is_user_file("/tmp/ipykernel_1/2.py")
    )
    assert not is_user_file("<frozen importlib._bootstrap>") and not is_user_file(
        math.__spec__.origin or "<frozen>"
    )


def test_doctest_examples_are_woven():
    text = """
    >>> import math
    >>> def f(x):
    ...     return math.exp(x)
    >>> bool(slope(f) == slope(lambda x: math.exp(x)) == E5)
    True
    """
    test = doctest.DocTestParser().get_doctest(text, {"slope": slope, "E5": E5}, "cells", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


def test_notebook_cells_are_woven():
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell(user_ns={"slope": slope})
    try:
        for cell in (
            "import math\ndef helper(x):\n    return math.exp(x)",
            "f = lambda x: 2 * helper(x)",
            "out = slope(f)",
        ):
            shell.run_cell(cell, store_history=True).raise_error()
        assert shell.user_ns["out"] == 2 * E5
        shell.run_cell("def helper(x):\n    return 3 * math.exp(x)", store_history=True).raise_error()
        shell.run_cell("out = slope(f)", store_history=True).raise_error()
        assert shell.user_ns["out"] == 6 * E5
    finally:
        shell.history_manager.end_session()
        linecache.checkcache()
