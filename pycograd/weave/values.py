"""What is known of values when a function is woven: what a name stands for, and what makes a value plain."""

import ast
import builtins
from types import BuiltinFunctionType, ModuleType
from typing import Any

import numpy as np

from .text import EXPRESSIONS
from .uses import BIRTHS

__all__ = ["MISSING", "Sources", "Values", "is_birth", "makes_numbers"]

MISSING = object()
NUMBERS = frozenset([abs, divmod, len, max, min, pow, round, sum, bool, complex, float, int])
SETTLED = (float, int, type, type(None))
SETTINGS = frozenset(["axis", "axes", "keepdims", "dtype", "order", "shape", "ddof", "copy"])
Sources = dict[str, ast.Name] | None  # by name, where each is read


class Values:
    """The values that names of a function are known to have.

    bound   names that are variables of the function
    module  its globals
    """

    def __init__(self, bound: set[str], module: dict[str, Any]) -> None:
        self.bound, self.module = bound, module

    def at(self, node: ast.expr) -> Any:
        """The value of a global name, or of attributes of modules from one on; MISSING if that is not known yet."""
        if isinstance(node, ast.Name):
            if node.id in self.bound or node.id.startswith("__"):
                return MISSING
            return self.module.get(node.id, getattr(builtins, node.id, MISSING))
        if isinstance(node, ast.Attribute):
            owner = self.at(node.value)
            if isinstance(owner, ModuleType):
                return vars(owner).get(node.attr, MISSING)
        return MISSING

    def sources(self, *nodes: ast.expr) -> Sources:
        """The variables whose plain values make plain values of `nodes`; None if there is more to it than numbers."""
        found: dict[str, ast.Name] = {}
        waiting = list(nodes)
        for node in waiting:
            kind = type(node)
            if kind is ast.Name:
                found.setdefault(node.id, node)
            elif kind is ast.Call:
                if not makes_numbers(self.at(node.func)):
                    return None
                waiting += arguments_of(node)
            elif kind is ast.Attribute and isinstance(self.at(node), SETTLED):
                continue  # np.pi, np.float32, np.newaxis
            elif kind in EXPRESSIONS:
                waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            else:
                return None
        return found

    def of_arguments(self, node: ast.Call) -> Sources:
        """The same for all arguments of a call."""
        return self.sources(*arguments_of(node))


def arguments_of(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *[k.value for k in node.keywords if k.arg not in SETTINGS]]


def is_birth(callee: Any) -> bool:
    """Whether `callee` makes a new array, which may be written."""
    try:
        return callee in BIRTHS
    except TypeError:  # not hashable
        return False


def makes_numbers(callee: Any) -> bool:
    """Whether `callee` makes plain values of plain arguments."""
    if isinstance(callee, (np.ufunc, type(np.sum))):
        return True
    if isinstance(callee, type):
        return callee in NUMBERS or issubclass(callee, np.generic)
    if not isinstance(callee, BuiltinFunctionType):
        return False
    return callee in NUMBERS or (callee.__module__ or "").partition(".")[0] in ("math", "cmath", "numpy")
