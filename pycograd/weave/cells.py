"""Cells: what the rewriter writes into the closure of a woven function, for the callees known when it is woven."""

import ast
from functools import partial
from types import BuiltinFunctionType, CellType, FunctionType
from typing import Any

import numpy as np

from pycograd.core import DELIVERY, Primitive

from .calls import DYNAMIC
from .classes import has_makers
from .kinds import registered
from .resolve import DISPATCHER, MANAGERS, resolve_call
from .selection import is_woven

__all__ = ["Cells", "visible"]

ALONE = (np.ufunc, type(np.sum), BuiltinFunctionType)


class Cells:
    """What the callees known in one function resolve to, in cells.  DYNAMIC: only the call can tell; None: leave it."""

    def __init__(self) -> None:
        self.made: dict[int, CellType | object | None] = {}

    def __call__(self, callee: Any, node: ast.Call) -> CellType | object | None:
        ours = registered(callee)
        if ours is not None and any(k.arg == "out" for k in node.keywords):
            return CellType(ours if isinstance(ours, Primitive) else partial(DELIVERY[0], ours))
        if isinstance(ours, Primitive):
            plain = not node.keywords and not any(isinstance(a, ast.Starred) for a in node.args)
            if plain and not ours.variadic and len(node.args) == len(ours.operands):
                return ours.cell
            if plain and ours.ufunc and len(node.args) > len(ours.operands):
                return None  # `out` by position: numpy's protocol puts it in its place
        if id(callee) not in self.made:
            self.made[id(callee)] = self.make(callee, ours)
        return self.made[id(callee)]

    def make(self, callee: Any, ours: Any) -> CellType | object | None:
        if ours is not None:
            return CellType(ours)
        if isinstance(callee, FunctionType):
            known = is_woven(callee) or callee.__code__ is DISPATCHER or id(callee.__code__) in MANAGERS
            return later(callee) if known else None
        if isinstance(callee, type):
            return later(callee) if has_makers(callee) else None
        return None if isinstance(callee, ALONE) else DYNAMIC


def later(callee: Any) -> CellType:
    """A cell that holds what `callee` resolves to from its first call on: so what is never called is never woven."""
    cell = CellType()

    def first(*args: Any, **kwargs: Any) -> Any:
        cell.cell_contents = found = resolve_call(callee)
        return found(*args, **kwargs)

    cell.cell_contents = first
    return cell


def visible(names: Any) -> Any:
    """`locals()` (or `vars()`, `dir()`) without the names that weaving adds."""
    if isinstance(names, list):
        return [name for name in names if not name.startswith("__pg_")]
    for name in [name for name in names if name.startswith("__pg_")]:
        del names[name]
    return names
