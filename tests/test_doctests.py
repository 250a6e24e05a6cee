"""Every example in a docstring runs and prints what it says."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import pycograd

MODULES = [
    m.name for m in pkgutil.walk_packages(pycograd.__path__, "pycograd.") if not m.name.endswith("__main__")
]


@pytest.mark.parametrize("name", ["pycograd", *MODULES])
def test_the_examples_of_a_module(name):
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).failed == 0
