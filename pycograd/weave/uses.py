"""Which arrays that a function makes may be written: read off its text, so that what is only read stays a plain array.

A birth, a call such as `np.zeros(n)`, is only read if every use of it, and of the name it is assigned to, is
an operand of
arithmetic, an argument of a function of numpy that neither writes nor keeps it, a subscript, or a question
about its type.
Otherwise (stored into, returned, kept in an attribute or a container, passed on, a name of an inner function) it may be
written.
"""

import ast
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from .text import Text

__all__ = ["BIRTHS", "COPIES", "Uses"]

BIRTHS = frozenset(
    getattr(np, name)
    for name in (
        "zeros ones empty full zeros_like ones_like empty_like full_like array copy arange linspace "
        "logspace geomspace eye "
        "identity tri diag tile repeat"
    ).split()
)
COPIES = frozenset(["copy", "astype", "flatten"])  # methods of arrays that make new ones
WRITERS = frozenset([np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal])
SHUFFLE = "shuffle"  # the one of numpy.random, which is not imported before the user does
# numpy answers with the array itself or a view of it, or hands it to code of others
SHARING = frozenset(
    getattr(np, name)
    for name in (
        "asarray asanyarray ascontiguousarray asfortranarray reshape ravel transpose swapaxes moveaxis "
        "rollaxis squeeze "
        "expand_dims broadcast_to broadcast_arrays atleast_1d atleast_2d atleast_3d diagonal split "
        "array_split hsplit vsplit "
        "dsplit flip fliplr flipud rot90 real imag matrix_transpose permute_dims nditer ndenumerate "
        "require apply_along_axis "
        "vectorize frompyfunc apply_over_axes diag fromiter nan_to_num real_if_close"
    ).split()
)
TYPE = frozenset(["shape", "ndim", "size", "dtype", "nbytes", "itemsize"])
VIEWS = frozenset(
    ["T", "mT", "real", "imag", "reshape", "ravel", "transpose", "swapaxes", "squeeze", "diagonal", "view"]
)
NUMBERS = frozenset(
    "sum mean std var min max argmin argmax all any dot prod cumsum cumprod round clip item tolist copy "
    "astype flatten trace "
    "nonzero repeat take conj conjugate".split()
)
LOOPS = (ast.For, ast.comprehension)


class Uses:
    """Which births the text of one function may write.

    value_at  the value that an expression is known to have
    """

    def __init__(self, text: Text, value_at: Callable[[ast.expr], Any]) -> None:
        self.value_at = value_at
        self.text, self.parent, self.names = text, text.parent, text.names

    @cached_property
    def inner(self) -> set[str]:
        """The names in functions and classes inside the function."""
        return {n.id for inner in self.text.inner for n in ast.walk(inner) if isinstance(n, ast.Name)}

    def only_read(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        """Whether the array that `node` evaluates to is certainly never written."""
        up = self.parent.get(node)
        if isinstance(up, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr, ast.FormattedValue)):
            return True
        if isinstance(up, ast.Attribute):
            return up.attr in TYPE or self.method_reads(up, seen)
        if isinstance(up, ast.Subscript):
            if up.value is not node:
                return True  # an index
            return isinstance(up.ctx, ast.Load) and self.only_read(up, seen)
        if isinstance(up, (ast.Tuple, ast.Slice)):
            return isinstance(self.parent.get(up), ast.Subscript) or isinstance(up, ast.Slice)
        if isinstance(up, ast.Call):
            return self.call_reads(up, node, seen)
        if isinstance(up, ast.Assign) and len(up.targets) == 1 and isinstance(up.targets[0], ast.Name):
            return self.name_reads(up.targets[0].id, seen)
        if isinstance(up, ast.AugAssign) and up.value is node:
            return True
        return False

    def method_reads(self, attribute: ast.Attribute, seen: frozenset[str]) -> bool:
        call = self.parent.get(attribute)
        if attribute.attr in NUMBERS and isinstance(call, ast.Call) and call.func is attribute:
            return not any(k.arg == "out" for k in call.keywords)
        if attribute.attr in ("T", "mT"):
            return self.only_read(attribute, seen)
        return attribute.attr in VIEWS and isinstance(call, ast.Call) and self.only_read(call, seen)

    def call_reads(self, call: ast.Call, node: ast.expr, seen: frozenset[str]) -> bool:
        if node is call.func or any(isinstance(a, ast.Starred) for a in call.args):
            return False
        f = self.value_at(call.func)
        if f in (len, float, int, abs, sum, min, max, range, enumerate, zip):
            return f is not enumerate and f is not zip and f is not sum
        if isinstance(f, np.ufunc):
            return len(call.args) <= f.nin and not any(k.arg == "out" for k in call.keywords)
        if not callable(f) or not (getattr(f, "__module__", None) or "").startswith("numpy"):
            return False
        if f in WRITERS or getattr(f, "__name__", "") == SHUFFLE:
            return False
        if any(k.arg in ("out", "where") for k in call.keywords):
            return False
        return self.only_read(call, seen) if f in SHARING else True

    def name_reads(self, name: str, seen: frozenset[str]) -> bool:
        if name in seen:
            return True
        if name in self.inner:
            return False
        for n in self.names[name]:
            if isinstance(n.ctx, ast.Load):
                if not self.only_read(n, seen | {name}):
                    return False
            elif not isinstance(self.parent[n], (ast.Assign, *LOOPS)):
                return False
            elif isinstance(self.parent[n], ast.AugAssign):
                return False
        return True
