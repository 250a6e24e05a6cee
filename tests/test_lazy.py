"""The loader of optional packages: it finds what is there and names the extra for what is not."""

import math

import pytest

from pycograd.core.lazy import optional


def test_an_installed_module_is_returned():
    assert optional("math", extra="anything") is math


def test_a_missing_package_is_reported_with_its_extra():
    with pytest.raises(
        ModuleNotFoundError, match=r"no_such_package\.part is not installed.*pip install '\.\[dist\]'"
    ):
        optional("no_such_package.part", extra="dist")


def test_a_package_that_itself_misses_something_reports_that(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_dependency'"):
        optional("half_installed", extra="dist")
