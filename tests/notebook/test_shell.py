"""The notation in IPython: cells, magics, tracebacks, completion, and taking it out again."""

import re
import subprocess
import sys
import time

import numpy as np
import pytest

import pycograd

pytest.importorskip("IPython")
from IPython.core.completer import provisionalcompleter  # noqa: E402
from IPython.core.interactiveshell import InteractiveShell  # noqa: E402
from traitlets.config import Config  # noqa: E402

START = "import numpy as np, pycograd\nfrom pycograd import grad, relu\nx = np.linspace(0.0, 1.0, 3)"


@pytest.fixture
def bare():
    """A shell where nothing is loaded."""
    config = Config()
    config.HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    shell.run_cell(START).raise_error()
    yield shell
    pycograd.unload_ipython_extension(shell)
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(bare):
    bare.run_cell("%load_ext pycograd").raise_error()
    return bare


def ran(shell, cell, count=True):
    """The value of a cell; what it raises is raised."""
    result = shell.run_cell(cell, store_history=count)
    result.raise_error()
    return result.result


def failed(shell, cell, capsys):
    """What a cell that fails shows."""
    result = shell.run_cell(cell, store_history=True)
    assert not result.success
    shown = capsys.readouterr()
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.out + shown.err)


# ---- loading ----
def test_ipython_is_not_imported():
    code = "import sys, pycograd; sys.exit('IPython' in sys.modules)"
    assert subprocess.run([sys.executable, *["-P"] * sys.flags.safe_path, "-c", code]).returncode == 0


def test_loading_twice_and_unloading(bare, capsys):
    ran(bare, "frozen = 'mine'")
    before = dict(vars(bare)), bare.compile, bare.compiler_class, list(bare.Completer.custom_matchers)
    pycograd.load_ipython_extension(bare)
    pycograd.load_ipython_extension(bare)
    assert ran(bare, "3 |> $ + 1") == 4
    assert bare.user_ns["params"] is pycograd.params and bare.user_ns["frozen"] == "mine"
    ran(bare, "weights = params{ w = 1.0 }\nbuffer = 'also mine'")
    pycograd.unload_ipython_extension(bare)
    pycograd.unload_ipython_extension(bare)
    assert (bare.compile, bare.compiler_class, bare.Completer.custom_matchers) == before[1:]
    assert "should_run_async" not in vars(bare)
    assert "SyntaxError" in failed(bare, "3 |> $ + 1", capsys)
    assert (
        bare.user_ns["frozen"] == "mine"
        and bare.user_ns["buffer"] == "also mine"
        and "params" not in bare.user_ns
    )
    assert "weights" in bare.user_ns


def test_the_cell_that_loads_may_use_it(bare):
    pycograd.notebook.offer()  # as `import pycograd` does, when it is first imported in a shell
    pycograd.notebook.offer()
    assert sum(type(each).__name__ == "Watch" for each in bare.input_transformers_post) == 1
    assert ran(bare, "%load_ext pycograd\n3 |> $ + 1") == 4
    assert ran(bare, "4 |> $ + 1") == 5


def test_reloading(shell):
    ran(shell, "%reload_ext pycograd")
    assert ran(shell, "3 |> $ + 1") == 4
    ran(shell, "%unload_ext pycograd")
    ran(shell, "%load_ext pycograd")
    assert ran(shell, "3 |> $ + 1") == 4


def test_future_imports_reach_the_next_cells(shell):
    ran(shell, "from __future__ import annotations")
    assert ran(shell, "def f(v: nothing): return v |> $ + 1\nf(1)") == 2
    ran(shell, "%unload_ext pycograd")
    assert ran(shell, "def f(v: nothing): return v + 1\nf(1)") == 2


# ---- cells ----
def test_a_cell_without_the_notation_is_run_as_before(shell):
    assert ran(shell, "a = 1\na + 1") == 2


def test_what_is_run_again_uses_the_new_pipe(shell):
    ran(shell, "step = $ |> $ + 1\nrun = $ |> step |> step")
    assert ran(shell, "run(0)") == 2
    ran(shell, "step = $ |> $ + 10")
    assert ran(shell, "run(0)") == 20


def test_history_has_the_users_text(shell):
    ran(shell, "x |> np.sum  # a comment")
    assert shell.user_ns["In"][-1] == "x |> np.sum  # a comment"


def test_top_level_await(shell):
    cell = "import asyncio\nasync def f(v): return v + 1\nawait asyncio.sleep(0)\n1 |> await f($) |> $ * 2"
    assert shell.should_run_async(cell, transformed_cell=shell.transform_cell(cell))
    assert not shell.should_run_async("1 |> abs", transformed_cell="1 |> abs")
    assert not shell.should_run_async("1 |> $ + $", transformed_cell="1 |> $ + $")
    assert ran(shell, cell) == 4


def test_cells_run_without_shared_futures(shell):
    assert shell.run_cell("3 |> $ + 1", shell_futures=False).result == 4


# ---- magics ----
def test_time(shell, capsys):
    ran(shell, "%time y = 3 |> $ + 1")
    assert shell.user_ns["y"] == 4 and ran(shell, "%time y |> $ * 2") == 8
    cell = "%%time\nimport math\nf = $ |> math.sin |> $ ** 2\nslope = grad(f)(0.5)[0]"
    ran(shell, cell)
    assert shell.user_ns["slope"] == pytest.approx(np.sin(1.0))
    assert ran(shell, "%%time\ng = grad($ |> math.cos |> $ ** 2)\ng(0.5)[0]") == pytest.approx(-np.sin(1.0))


def test_timeit(shell, capsys):
    ran(shell, "%timeit -n 2 -r 1 x |> np.tanh |> $ ** 2")
    ran(shell, "%%timeit -n 2 -r 1 k = 3 |> $ + 1\nx |> $ + k\n(x\n  |> np.tanh)")
    ran(shell, "%%timeit -n 1 -r 1\nweights = params{ w = 1.0 }")
    assert capsys.readouterr().out.count("per loop") == 3


def test_prun(shell, capsys):
    ran(shell, "%prun -q x |> np.tanh |> np.sum")
    ran(shell, "%%prun -q\nz = x |> np.sum")
    assert shell.user_ns["z"] == 1.5


def test_capture(shell):
    ran(shell, "%%capture out\nprint(3 |> $ + 1)")
    assert shell.user_ns["out"].stdout == "4\n"


def test_autoreload(shell, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "piped_module.py"
    module.write_text("forward = $ |> $ + 1\ndef twice(v): return v |> $ * 2\n")
    undo = pycograd.notebook.enable_imports()
    try:
        ran(shell, "%load_ext autoreload\n%autoreload 2\nimport piped_module\nfrom piped_module import twice")
        assert ran(shell, "piped_module.forward(1), twice(1)") == (2, 2)
        module.write_text("forward = $ |> $ + 10\ndef twice(v): return v |> $ * 20 |> abs\n")
        later = time.time() + 10  # no file system's clock is that coarse
        __import__("os").utime(module, (later, later))
        assert ran(shell, "piped_module.forward(1), twice(1)") == (11, 20)
        ran(shell, "%autoreload 0")
    finally:
        undo.close()
        sys.modules.pop("piped_module", None)


# ---- what is shown ----
def test_a_traceback_shows_the_cell(shell, capsys):
    ran(shell, "def bad(v):\n    return (v\n      |> np.tanh\n      |> np.dot($, np.ones(7)))")
    shown = failed(shell, "y = 1\nx\n  |> bad", capsys)
    assert re.search(r"-> 3 +\|> bad\n", shown) and re.search(
        r"-> 4 +\|> np.dot\(\$, np.ones\(7\)\)\)\n", shown
    )
    assert "notebook" not in shown


def test_a_syntax_error_shows_the_cell_and_no_frame_of_ours(shell, capsys):
    shown = failed(shell, "y = 1\nz = x |> $ + $", capsys)
    assert "line 2" in shown and "z = x |> $ + $" in shown and "this stage has 2 holes" in shown
    assert ".py" not in shown and "__pg" not in shown
    shown = failed(shell, "with params{\n  w = 1.0\n  for i in x:\n} as weights: pass", capsys)
    assert "line 3" in shown and "for i in x:" in shown


def test_source_and_help(shell, capsys):
    ran(shell, "f = $ |> np.tanh \\\n  |> np.sum\ng = 1")
    assert ran(shell, "import inspect\ninspect.getsource(f)") == "f = $ |> np.tanh \\\n  |> np.sum\n"
    ran(shell, "f??")
    assert "|> np.sum" in capsys.readouterr().out


# ---- typing ----
@pytest.mark.parametrize(
    ("cell", "status"),
    [
        ("x |> f", "complete"),
        ("with params{", "incomplete"),
        ("with params{\n    w = 1.0", "incomplete"),
        ("with params{ w = 1.0 } as weights:", "incomplete"),
        ("with params{ w = 1.0 } as weights:\n    f = $ |> $ @ w", "incomplete"),
        ("with params{ w = 1.0 } as weights:\n    f = $ |> $ @ w\n\n", "complete"),
        ("y = (x |> f", "incomplete"),
        ("x |> f(", "incomplete"),
        ("x |> f)", "invalid"),
    ],
)
def test_what_is_complete(shell, cell, status):
    assert shell.input_transformer_manager.check_complete(cell)[0] == status


def test_typing_loads_nothing(bare):
    pycograd.notebook.offer()
    bare.input_transformer_manager.check_complete("%load_ext pycograd\n")
    assert type(bare.compile).__name__ != "LoweringCompiler"


@pytest.mark.parametrize("jedi", [True, False])
@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("x |> np.tan", "tanh"),
        ("f = $ |> rel", "relu"),
        ("x |> relu |> gra", "grad"),
        ("x |> $.me", ".mean"),
        ("x |> $v * $v.me", ".mean"),
        ("with params{\n    weight = np.zer", "zeros"),
        ("with params{\n    weight = np.zeros(3); bias = 2 * wei", "weight"),
        ("with params{\n    weight = 1.0 } as weights:\n    f = $ |> $ @ wei", "weight"),
        ("with params{\n    weight = np.zeros(3) } as weights:\n    weight.sh", ".shape"),
        ("with known:\n    f = $ |> $ @ slo", "slope"),
        ("with other, known:\n    f = slope.sh", ".shape"),
        ("f'{x |> np.tan", "tanh"),
        ("x\n  |> np.tan", "tanh"),
    ],
)
def test_tab_completion(shell, cell, found, jedi):
    ran(shell, "known = params{ slope = np.ones(2) }")
    shell.Completer.use_jedi = jedi
    with provisionalcompleter():
        names = [completion.text for completion in shell.Completer.completions(cell, len(cell))]
    assert any(name.endswith(found.lstrip(".")) for name in names), names


# ---- files and errors ----
def test_run_reads_the_notation(shell, tmp_path, capsys):
    script = tmp_path / "script.py"
    script.write_text(
        "from __future__ import annotations\nkept = frozen[2.0]\ndef f(x): return x |> float |> $ * kept\n"
    )
    ran(shell, f"%run {script}")
    assert ran(shell, "grad(f)(1.0)") == (2.0,)
    assert "annotations" not in failed(shell, "def g(x: undefined): pass", capsys), (
        "its __future__ is its own"
    )
    script.write_text("x = 1\nx |> $ + $\n")
    shown = failed_quietly(shell, f"%run {script}", capsys)
    assert "script.py:2" in shown.replace(", line ", ":") and "this stage has 2 holes" in shown
    script.write_text("print(1 + 1)\n")
    capsys.readouterr()
    ran(shell, f"%run {script}")
    assert capsys.readouterr().out == "2\n"


def failed_quietly(shell, cell, capsys):
    """What a magic shows that reports the error itself."""
    capsys.readouterr()
    shell.run_cell(cell)
    shown = capsys.readouterr()
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.out + shown.err)


def test_a_weight_outside_its_block_is_named(shell, capsys):
    ran(shell, "with params{ slope = 2.0 } as weights:\n    line = $ |> $ * slope")
    shown = failed(shell, "line(3.0)", capsys)
    assert "name 'slope' is not defined: it is a weight of `weights`, and used outside its block" in shown
    assert "line = $ |> $ * slope" in shown and "weights['slope']" in shown
    assert "name 'slop' is not defined\n" in failed(shell, "slop", capsys)


def test_errors_of_the_notation_show_no_frame_of_ours(shell, capsys):
    shown = failed(shell, "x |> np.eye(3) @ np.sin", capsys)
    assert "point-free '@'" in shown and "stages.py" not in shown


def test_what_others_put_into_the_shell_is_put_back(bare):
    mine = lambda *args, **kwargs: None  # noqa: E731
    bare.showtraceback = mine
    pycograd.load_ipython_extension(bare)
    assert bare.showtraceback is not mine
    pycograd.unload_ipython_extension(bare)
    assert bare.showtraceback is mine
    del bare.showtraceback
