"""Where a function's source is: files of all kinds, cells, archives, or nowhere, where numpy's protocols still work."""

import importlib
import linecache
import math
import py_compile
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pycograd import errors, explain, grad
from pycograd.weave import unwoven_reason, woven

from .test_kinds import E5, slope

MODULE = "import math\nimport numpy as np\n\ndef f(x):\n    return math.exp(x)\n\ndef g(x):\n    return np.exp(x)\n"
UNWOVEN = """
import math, numpy as np, pycograd, warnings
def f(x):
    return np.exp(x) * 2
def g(x):
    return math.exp(x)
assert pycograd.grad(f)(0.0) == (2.0,)
try:
    pycograd.grad(g)(0.0)
except pycograd.errors.LostGradientError as error:
    assert "g runs unwoven (" in str(error) and "has no source)" in str(error), error
    assert "its numpy calls are differentiated, math functions" in str(error)
else:
    raise SystemExit("no error")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    pycograd.explain(f, 0.0)
assert any("runs unwoven" in str(w.message) for w in caught)
print("fine")
"""
WOVEN = """
import math, pycograd
def f(x):
    return math.exp(x) * 2
assert pycograd.grad(f)(0.0) == (2.0,)
print("fine")
"""


def run(*command, text=None, **params):
    done = subprocess.run([sys.executable, *command], input=text, capture_output=True, text=True, **params)
    assert done.returncode == 0 and done.stdout.endswith("fine\n"), done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that modules are imported from; they are forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


# ---- interpreters ----------------------------------------------------------------------------------------------------
@pytest.mark.skipif(sys.version_info >= (3, 13), reason="from Python 3.13 on these have a source")
def test_commands_and_standard_input_have_no_source():
    run("-c", UNWOVEN)
    run("-", text=UNWOVEN)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="before Python 3.13 these have no source")
def test_commands_have_a_source():
    run("-c", WOVEN)


def test_scripts_and_packages(tmp_path):
    (tmp_path / "script.py").write_text(WOVEN)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__main__.py").write_text("from .inner import f\nfrom . import helper\n" + WOVEN)
    (package / "__init__.py").write_text("import math\ndef helper(x):\n    return math.exp(x)\n")
    (package / "inner.py").write_text("import math\ndef f(x):\n    return math.exp(x)\n")
    run("script.py", cwd=tmp_path)
    run("-O", "script.py", cwd=tmp_path)
    run("-m", "package", cwd=tmp_path)
    run("-X", "no_debug_ranges", "script.py", cwd=tmp_path)


def test_archives(tmp_path, folder):
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("zipped_module.py", MODULE)
        archive.writestr("__main__.py", WOVEN)
    sys.path.insert(0, str(tmp_path / "archive.zip"))
    try:
        module = importlib.import_module("zipped_module")
        assert slope(module.f) == E5
    finally:
        sys.path.remove(str(tmp_path / "archive.zip"))
    run(str(tmp_path / "archive.zip"))


def test_bytecode_without_a_source(folder):
    (folder / "sourceless.py").write_text(MODULE)
    py_compile.compile(str(folder / "sourceless.py"), cfile=str(folder / "sourceless.pyc"))
    (folder / "sourceless.py").unlink()
    module = importlib.import_module("sourceless")
    assert slope(module.g) == E5
    with pytest.raises(errors.LostGradientError, match="f runs unwoven .*has no source"):
        slope(module.f)


def test_cells_of_ipython():
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell(user_ns={"slope": slope})
    try:
        for cell in (
            "import math\nclass Model:\n    def __init__(self, w):\n        self.w = w\n"
            "    @property\n    def rate(self):\n        return math.exp(self.w)",
            "out = [slope(lambda x: Model(x).rate), slope(lambda x: k * math.exp(x)) if (k := 2.0) else 0]",
            "def twice(f):\n    return lambda x: 2 * f(x)",
            "%%capture\n@twice\ndef f(x):\n    return math.exp(x)",
            "%time timed = slope(f)",
        ):
            shell.run_cell(cell, store_history=True).raise_error()
        names = shell.user_ns
        assert names["out"] == [E5, 2 * E5] and names["timed"] == 2 * E5
    finally:
        shell.history_manager.end_session()
        linecache.checkcache()


# ---- made at run time ------------------------------------------------------------------------------------------------
def test_exec_and_eval_run_through_the_protocols():
    scope = {"np": np, "math": math}
    exec(
        "def f(x):\n    return np.sum(np.exp(x)) + helper(x)\ndef helper(x):\n    return np.sum(x * x)", scope
    )
    np.testing.assert_allclose(grad(scope["f"], 0)(np.ones(3)), np.exp(1) + 2)
    scope["g"] = eval("lambda x: math.exp(x)", scope)
    with pytest.raises(errors.LostGradientError, match=r"<lambda> runs unwoven \(<string> has no source\)"):
        grad(scope["g"])(0.5)
    with pytest.warns(errors.UnwovenWarning, match="its numpy calls are differentiated"):
        explain(scope["f"], np.ones(3))
    assert slope(lambda x: scope["f"](x)) == pytest.approx(E5 + 1.0)


def test_text_that_is_known_to_linecache_is_woven():
    text = "def f(x):\n    return math.exp(x)\n"
    linecache.cache["<made by a library>"] = (
        len(text),
        None,
        text.splitlines(keepends=True),
        "<made by a library>",
    )
    scope = {"math": math}
    exec(compile(text, "<made by a library>", "exec"), scope)
    assert slope(scope["f"]) == E5


# ---- files that change -----------------------------------------------------------------------------------------------
def test_file_that_changed_is_noticed_and_reloaded(folder):
    path = folder / "changing_module.py"
    path.write_text(MODULE)
    module = importlib.import_module("changing_module")
    path.write_text("# a line more\n" + MODULE.replace("math.exp(x)", "2 * math.exp(x)"))
    old = module.f
    assert woven(old) is old and old(0.0) == 1.0
    assert "changing_module.py:4 is not what runs" in unwoven_reason(old)
    with pytest.raises(
        errors.LostGradientError, match="the source of f in .*changing_module.py:4 is not what runs"
    ):
        slope(old)
    assert slope(module.g) == E5  # by numpy
    importlib.invalidate_caches()
    module = importlib.reload(module)
    assert slope(module.f) == 2 * E5


def test_file_that_grew_at_its_end_is_the_same(folder):
    path = folder / "growing_module.py"
    path.write_text(MODULE)
    module = importlib.import_module("growing_module")
    path.write_text(MODULE + "\ndef more(x):\n    return x\n")
    assert slope(module.f) == E5


def test_file_that_was_removed(folder):
    path = folder / "removed_module.py"
    path.write_text(MODULE)
    module = importlib.import_module("removed_module")
    path.unlink()
    assert "has no source" in unwoven_reason(module.f)
    assert slope(module.g) == E5


# ---- how a text is written -------------------------------------------------------------------------------------------
FORMS = {
    "one line": "import math\ndef f(x): return math.exp(x)",
    "no end of line": "import math\ndef f(x):\n    y = math.exp(x)\n    return y",
    "tabs": "import math\nif True:\n\tdef f(x):\n\t\tif x is not None:\n\t\t\treturn math.exp(x)\n",
    "windows": "import math\r\ndef f(x):\r\n    y = 1\r\n    return math.exp(x) * y\r\n",
    "form feed": "import math\n\x0c\ndef f(x):\n    return math.exp(x)\n\x0c\ny = 1\n",
}
for _part in Path(__file__).with_name("texts.txt").read_text(encoding="utf-8").split("=== ")[1:]:
    _name, _text = _part.split("\n", 1)
    if "(3.12)" not in _name or sys.version_info >= (3, 12):
        FORMS[_name] = _text


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_texts_in_all_forms(text, encoding, folder):
    path = folder / "formed_module.py"
    path.write_bytes(text.encode(encoding))
    sys.modules.pop("formed_module", None)
    importlib.invalidate_caches()
    linecache.checkcache(str(path))
    module = importlib.import_module("formed_module")
    assert unwoven_reason(module.f) is None
    assert slope(module.f) == E5 and module.f(0.5) == E5


def test_encoding_of_the_file(folder):
    path = folder / "latin_module.py"
    text = "# -*- coding: latin-1 -*-\nimport math\ndef f(x):\n    é = 'ÿ'; return math.exp(x) if len(é) == 1 else 0\n"
    path.write_bytes(text.encode("latin-1"))
    assert slope(importlib.import_module("latin_module").f) == E5


def test_deep_and_long_functions(folder):
    deep = "import math\ndef f(x):\n    return " + "(" * 80 + "math.exp(x)" + ")" * 80 + "\n"
    inner = "".join("    " * i + f"def f{i}(x):\n" for i in range(1, 15))
    nested = f"import math\ndef f0(x):\n{inner}" + "    " * 15 + "return math.exp(x)\n"
    for i in range(14, 0, -1):
        nested += "    " * i + f"return f{i}(x)\n"
    long = "import math\ndef f(x):\n    y = 0.0\n" + "    y = y + math.exp(x)\n" * 3000 + "    return y\n"
    wide = "import math\nf = lambda x: " + " + ".join(["math.exp(x)"] * 500) + "\n"
    for name, text, attribute, expected in (
        ("deep_module", deep, "f", E5),
        ("nested_module", nested, "f0", E5),
        ("long_module", long, "f", 3000 * E5),
        ("wide_module", wide, "f", 500 * E5),
    ):
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
        assert slope(getattr(importlib.import_module(name), attribute)) == pytest.approx(expected)
