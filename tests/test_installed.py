"""The tests run against the package that a user gets: installed from the wheel, whole, not the checkout."""

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

import pycograd

CHECKOUT = Path(__file__).resolve().parents[1]


def installed():
    """The distribution whose code is under test; skips where that is the checkout, by intent."""
    if not sys.flags.safe_path:
        pytest.skip(
            "run from the checkout; `python -P -m pytest --import-mode=importlib` tests the installed"
        )
    distribution = metadata.distribution("pycograd")
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        pytest.skip("installed as editable, so the checkout is the installed package")
    return distribution


def test_the_imported_pycograd_is_the_installed_one():
    home = Path(installed().locate_file("pycograd")).resolve()
    assert Path(pycograd.__file__).resolve().parent == home
    assert CHECKOUT / "pycograd" != home


def test_the_wheel_holds_every_module_of_the_checkout():
    home = Path(installed().locate_file("pycograd"))
    here = {str(p.relative_to(CHECKOUT / "pycograd")) for p in (CHECKOUT / "pycograd").rglob("*.py")}
    there = {str(p.relative_to(home)) for p in home.rglob("*.py")}
    assert here == there and (home / "py.typed").exists()
