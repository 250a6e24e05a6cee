"""What is woven: the user's code, and never numpy, scipy, the standard library or pycograd itself.

User code is all that lies outside site-packages, notebook cells included, and the top-level package, wherever it is
installed, of a function that was handed to a transform.  `weave` and `unweave` choose otherwise.
"""

import sys
import sysconfig
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from os import sep
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from .texts import is_text

__all__ = [
    "EXAMPLES",
    "LRU",
    "NEVER",
    "adopt",
    "call_of",
    "choose",
    "chosen",
    "functions_of",
    "is_user_file",
    "is_users",
    "is_woven",
    "modules",
    "observers",
    "tell",
]

# These run below the user's code, or are written for numpy's protocols.  Our own examples are a user's.
NEVER = frozenset(["numpy", "scipy", "pycograd", "pyccolo", "optree", "ml_dtypes"])
EXAMPLES = "pycograd.examples"
OURS = str(Path(__file__).parent.parent) + sep
LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})
LRU = type(lru_cache(lambda: 0))
SITES = ("site-packages", "dist-packages")

modules: dict[str, bool] = {}  # the name of a module or package -> whether its functions are woven
codes: dict[int, tuple[CodeType, bool]] = {}  # the same for one function, by the id of its code
chosen: list[type] = []  # classes that are woven by choice
observers: list[
    Callable[[], None]
] = []  # told when a choice changes, and all that is woven is to be woven again


def is_woven(function: FunctionType) -> bool:
    """Whether `function` is woven when a woven function calls it."""
    return is_users(function.__code__, function.__globals__)


def is_users(code: CodeType, module: dict[str, Any]) -> bool:
    """The same for the function of that code, and of that module."""
    chosen = codes.get(id(code))
    if chosen:
        return chosen[1]
    whole = name = module.get("__name__") or ""
    while name:
        if name in modules:
            return modules[name]
        if name == EXAMPLES:
            return True
        name = name.rpartition(".")[0]
    if whole.partition(".")[0] in NEVER:
        return is_text(whole)
    return is_user_file(code.co_filename)


@lru_cache(4096)
def is_user_file(file: str) -> bool:
    """Whether the code of `file` is the user's: of no installed package and not of Python."""
    if file.startswith("<"):
        return not file.startswith("<frozen")
    if file.startswith(OURS):
        return file.startswith(OURS + "examples" + sep)
    parts = Path(file).parts
    return not any(site in parts for site in SITES) and not file.startswith(LIBRARIES)


def package_of(function: FunctionType) -> str:
    return (function.__globals__.get("__name__") or "").partition(".")[0]


def adopt(function: FunctionType) -> None:
    """Weave the package of `function`, which was handed to a transform, unless it is chosen otherwise."""
    package = package_of(function)
    if package in modules or package in NEVER or id(function.__code__) in codes or is_woven(function):
        return
    if package and package not in sys.stdlib_module_names:
        choose(package, True)


def choose(obj: Any, woven: bool) -> None:
    """Weave `obj`, a function, class, module or the name of one, or leave it alone, from now on."""
    if isinstance(obj, ModuleType):
        modules[obj.__name__] = woven
    elif isinstance(obj, str):
        modules[obj] = woven
    else:
        found = list(functions_of(obj))
        if not found:
            raise TypeError(f"{obj!r} is no Python function, class or module, so it cannot be woven")
        for function in found:
            codes[id(function.__code__)] = function.__code__, woven
        if isinstance(obj, type) and woven:
            chosen.append(obj)
    tell()


def tell() -> None:
    """Nothing that was woven so far is to be used again."""
    for observe in observers:
        observe()


def functions_of(obj: Any) -> Iterable[FunctionType]:
    """The Python functions that calls of `obj` run: its own, or the methods of a class."""
    if isinstance(obj, FunctionType):
        yield obj
        obj = getattr(obj, "__wrapped__", None)
    if isinstance(obj, type):
        for value in vars(obj).values():
            if not isinstance(value, type):
                yield from functions_of(value)
    elif isinstance(obj, property):
        for function in (obj.fget, obj.fset, obj.fdel):
            yield from functions_of(function)
    elif isinstance(obj, partial):
        yield from functions_of(obj.func)
    elif isinstance(obj, (MethodType, staticmethod, classmethod)):
        yield from functions_of(obj.__func__)
    elif isinstance(obj, LRU):
        yield from functions_of(obj.__wrapped__)
    elif isinstance(call_of(type(obj)), FunctionType):
        yield call_of(type(obj))


def call_of(cls: type) -> Any:
    """What a call of an instance of `cls` runs."""
    for base in cls.__mro__:
        if "__call__" in vars(base):
            return vars(base)["__call__"]
    return None
