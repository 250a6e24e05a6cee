"""Arrays with labels, of packages that pycograd does not import: pandas, xarray.

A module of ours for each of those packages makes its containers nodes of pytrees, and says what an operation on one of
them and a watched value is.  It is imported when a container is first met, or when code is woven while the package is
loaded.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["LABELLED", "MODULES", "WHOLE", "Labelled", "labelled", "load_present", "observers"]


class Labelled(NamedTuple):
    """What our module of a package says of one of its classes.

    values     container -> its `.values`, a watched value if it holds one
    interpret  (primitive, operands, params) -> the result, where an operand is a container
    product    (a, b) -> a @ b, where one of them is a container
    plain      container -> one of the plain numbers
    table      (Jacobian, output, argument) -> the Jacobian in the labels of those that are containers
    """

    values: Callable[[Any], Any]
    interpret: Callable[..., Any]
    product: Callable[[Any, Any], Any]
    plain: Callable[[Any], Any]
    table: Callable[[Any, Any, Any], Any] = lambda jacobian, out, argument: jacobian


WHOLE = ...  # the entry of the only leaf of a container: errors name the container itself
MODULES: dict[str, str] = {}  # package -> our module, filled by ops
LABELLED: dict[type, Labelled] = {}  # class -> what is known of it, filled by those modules
observers: list[Callable[[], None]] = []  # told when a module has been loaded


def labelled(kind: type) -> Labelled | None:
    """What is known of the class `kind`; loads our module for its package."""
    found, module = LABELLED.get(kind), kind.__module__
    package = module.partition(".")[0] if type(module) is str else ""
    if found is None or package in MODULES:  # another thread may be in the midst of loading it
        load(package)
        found = next((LABELLED[base] for base in kind.__mro__ if base in LABELLED), None)
        if found is not None:
            LABELLED[kind] = found
    return found


def load_present() -> bool:
    """Load our modules for the packages that are loaded; whether there are any."""
    for package in [package for package in MODULES if package in sys.modules]:
        load(package)
    return bool(LABELLED)


def load(package: str) -> None:
    """Load our module for `package`, if there is one; other threads wait for it."""
    module = MODULES.get(package)
    if module is not None:
        import_module(module)
        if MODULES.pop(package, None) is not None:
            for observe in observers:
                observe()
