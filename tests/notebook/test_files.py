"""Scripts and modules in the notation."""

import importlib
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import pycograd
from pycograd.notebook import enable_imports

SCRIPT = '''
"""A script."""
from __future__ import annotations
import sys
import numpy as np
import beside
from pycograd import grad

with params{ w = np.ones(2); scale = frozen[3.0] } as weights:
    loss = |> w * scale |> $ ** 2 |> np.sum
    value, grads = weights.grad(loss)
print(sys.argv[1:], float(value), grads.w, __name__, beside.here)
if "fail" in sys.argv:
    (np.ones(3)
     |> np.tanh
     |> np.dot($, np.ones(4)))
'''

OUTSIDE = """
with params{ slope = 2.0 } as weights:
    line = $ |> $ * slope
line(3.0)
"""
SPAWNING = """
import multiprocessing, sys
from pycograd import grad
square = $ |> $ ** 2
def slope(x): return grad(square)(x)[0]
if __name__ == "__main__":
    for method in ("spawn", "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(slope, [1.0, 2.0]))
"""


def run(folder, *arguments):
    command = [sys.executable, *["-P"] * sys.flags.safe_path, "-m", "pycograd", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "beside.py").write_text("here = True\n")
    (tmp_path / "wrong.py").write_text("x = 1\ny = x |> $ + $\n")
    (tmp_path / "leaving.py").write_text("raise SystemExit(3 |> $ + 1)\n")
    (tmp_path / "piped.py").write_text("def more(x): return x |> $ + 1\n")
    (tmp_path / "importing.py").write_text("import piped\n1 |> piped.more |> print\n")
    (tmp_path / "outside.py").write_text(OUTSIDE)
    (tmp_path / "spawning.py").write_text(SPAWNING)
    return tmp_path


def test_a_script(folder):
    done = run(folder, "script.py", "a", "-b")
    assert done.stdout == "['a', '-b'] 18.0 [18. 18.] __main__ True\n" and done.returncode == 0, done.stderr


def test_its_traceback_starts_at_its_own_line(folder):
    done = run(folder, "script.py", "fail")
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and lines[0] == "Traceback (most recent call last):"
    assert 'script.py", line 16, in <module>' in lines[1] and lines[2].strip() == "|> np.dot($, np.ones(4)))"


def test_its_syntax_errors(folder):
    done = run(folder, "wrong.py")
    assert (
        done.returncode == 1
        and 'wrong.py", line 2\n' in done.stderr
        and "this stage has 2 holes" in done.stderr
    )


def test_how_it_leaves(folder):
    assert run(folder, "leaving.py").returncode == 4
    missing, nothing = run(folder, "nowhere.py"), run(folder)
    assert missing.returncode == 2 and "no file 'nowhere.py'" in missing.stderr
    assert nothing.returncode == 2 and nothing.stderr.startswith("usage: python -m pycograd script.py")
    (folder / "package").mkdir()
    no_script, helped = run(folder, "package"), run(folder, "-h")
    assert no_script.returncode == 2 and "no file 'package'" in no_script.stderr
    assert helped.returncode == 0 and helped.stdout.startswith("usage: python -m pycograd script.py")


def test_modules_beside_a_script_may_be_in_the_notation(folder):
    """They needed `enable_imports()` in the script, and were a SyntaxError without."""
    done = run(folder, "importing.py")
    assert done.stdout == "2\n", done.stderr


def test_a_weight_outside_its_block_is_named(folder):
    done = run(folder, "outside.py")
    assert done.returncode == 1 and "name 'slope' is not defined: it is a weight of `weights`" in done.stderr
    assert "weights['slope'], which is good everywhere" in done.stderr


def test_processes_that_a_script_spawns_read_it_in_the_notation(folder):
    """They compiled it as Python, and were a SyntaxError."""
    done = run(folder, "spawning.py")
    assert done.stdout == "[2.0, 4.0]\n" * 2, done.stderr


def test_a_script_takes_nothing_off_the_path(folder, tmp_path, monkeypatch):
    """With -P its folder took the place of the first entry of PYTHONPATH."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "found.py").write_text("here = 1\n")
    (folder / "finding.py").write_text("import found, beside\nfound.here |> print\n")
    entries = [str(elsewhere), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(entries))
    command = [sys.executable, "-P", "-m", "pycograd", "finding.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.stdout == "1\n", done.stderr


# ---- modules ----
MODULE = """
import numpy as np
from pycograd import params
forward = $ |> np.tanh |> np.sum
def twice(v): return v |> $ * 2
weights = params{ w = 1.0 }
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a module in the notation, and one without."""
    (tmp_path / "piped_package").mkdir()
    (tmp_path / "piped_package" / "__init__.py").write_text("from . import models\nfrom . import plain\n")
    (tmp_path / "piped_package" / "models.py").write_text(MODULE)
    (tmp_path / "piped_package" / "plain.py").write_text("price = '$'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    yield tmp_path / "piped_package"
    for name in [name for name in sys.modules if name.startswith("piped_package")]:
        del sys.modules[name]


def test_modules_are_imported(package):
    with enable_imports():
        import piped_package  # noqa: PLC0415
    models = piped_package.models
    np.testing.assert_allclose(pycograd.grad(models.forward)(np.ones(2))[0], 1 - np.tanh(1.0) ** 2)
    assert models.twice(3) == 6 and models.forward.__module__ == "piped_package.models"
    assert type(piped_package.plain.__loader__).__name__ == "SourceFileLoader"
    compiled = [path.name for path in package.rglob("*.pyc")]
    assert any("plain" in name for name in compiled) and not any("models" in name for name in compiled)


def test_a_module_is_reloaded_with_its_new_text(package):
    with enable_imports():
        import piped_package.models as models  # noqa: PLC0415

        old = models.forward
        (package / "models.py").write_text(MODULE.replace("np.tanh", "np.sin |> np.tanh"))
        importlib.reload(models)
    assert models.forward(np.ones(1)) == np.tanh(np.sin(1.0)) and old(np.ones(1)) == np.tanh(1.0)


def test_an_error_in_a_module_is_at_its_own_line(package):
    (package / "models.py").write_text("x = 1\ny = x |> 3\n")
    with enable_imports(), pytest.raises(SyntaxError) as caught:
        import piped_package  # noqa: F401, PLC0415
    assert caught.value.filename.endswith("models.py") and caught.value.lineno == 2


def test_the_hook_is_taken_out_again(package):
    before = list(sys.meta_path)
    with enable_imports():
        assert len(sys.meta_path) == len(before) + 1
    assert sys.meta_path == before
    undo = enable_imports()
    undo.close(), undo.close()
    assert sys.meta_path == before
    with pytest.raises(SyntaxError):
        import piped_package  # noqa: F401, PLC0415


def test_installed_packages_are_left_alone(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "piped_library.py").write_text("y = 1 |> abs\n")
    monkeypatch.syspath_prepend(folder)
    with enable_imports(), pytest.raises(SyntaxError):
        import piped_library  # noqa: F401, PLC0415


def test_coding_cookies_and_line_ends(package):
    text = textwrap.dedent("""\
        # -*- coding: latin-1 -*-
        name = "\u00e9" |> $ + "!"
        # comment |> $
        later = 1 \\
            |> $ + 1
    """)
    (package / "models.py").write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    with enable_imports():
        import piped_package.models as models  # noqa: PLC0415
    assert models.name == "\u00e9!" and models.later == 2
