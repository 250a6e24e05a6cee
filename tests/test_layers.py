"""Layers: a module imports from its own layer and lower, at its top, and optional packages by one loader."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pycograd

PACKAGE = Path(pycograd.__file__).parent
LAYERS = "core ops weave transforms solvers soft debug graph backends nn dist notebook examples".split()
REQUIRED = {"core": {"numpy", "optree"}, "weave": {"numpy", "optree", "pyccolo"}}
LOADER = "core/lazy.py"  # the one sanctioned exception
MODULES = sorted(str(p.relative_to(PACKAGE).as_posix()) for p in PACKAGE.rglob("*.py"))


def tree_of(module):
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def imports(module, tree):
    """The absolute name of every import statement of `module`, relative ones resolved."""
    package = ["pycograd", *Path(module).parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module or "").split(".")] if node.module else base
            yield from (".".join([*base, alias.name]) for alias in node.names)


def layer_of(name):
    """The rank of the layer that `name` (`pycograd.ops.families.elementwise`) lies in; the highest if public."""
    part = name.split(".")[1] if name.count(".") else ""
    return LAYERS.index(part) if part in LAYERS else len(LAYERS)


@pytest.mark.parametrize("module", [m for m in MODULES if "/" in m])
def test_a_module_imports_from_its_own_layer_or_lower(module):
    own = layer_of(f"pycograd.{module.split('/')[0]}")
    ours = [name for name in imports(module, tree_of(module)) if name.split(".")[0] == "pycograd"]
    higher = [name for name in ours if layer_of(name) > own]
    if module.startswith("examples/"):
        higher = [name for name in higher if name.count(".") > 1]  # examples use the public names
    assert not higher


@pytest.mark.parametrize("module", MODULES)
def test_packages_from_outside_are_required_ones(module):
    allowed = REQUIRED.get(module.split("/")[0], {"numpy", "optree"})
    outside = {name.split(".")[0] for name in imports(module, tree_of(module))}
    assert outside - set(sys.stdlib_module_names) - {"pycograd"} <= allowed


def inner_imports(tree):
    """The lines of import statements inside functions, and of calls that import a module by a fixed name."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from (n.lineno for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom))
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            yield from [call.lineno] * isinstance(call.args[0], ast.Constant)


@pytest.mark.parametrize("module", [m for m in MODULES if m != LOADER])
def test_no_import_inside_a_function(module):
    assert not sorted(inner_imports(tree_of(module)))


def test_importing_pycograd_loads_no_optional_package():
    heavy = "scipy sklearn torch jax tensorflow IPython dask matplotlib rich tqdm numba".split()
    # a fresh process, for in this one other tests have loaded them
    code = f"import sys, pycograd; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run(
        [sys.executable, *["-P"] * sys.flags.safe_path, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.strip() == "[]"
