"""Weaving in which every call that is not of the user's own code may be done in another way, if it fails.

A code object is woven anew, with no callee known beforehand: each is looked up when it is called.  What it resolves to,
unless it is a function of the user (woven in the same way), is handed to the one who asked for this weaving.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import BuiltinFunctionType, CellType, CodeType, FunctionType
from typing import Any

from pycograd.core.labelled import load_present

from .calls import AHEAD, DYNAMIC, METHOD, RESOLVE
from .classes import generated_init
from .kinds import rebuild, registered
from .plans import Plans
from .resolve import resolve_call
from .selection import adopt, functions_of, is_woven
from .source import compile_within, definition
from .specials import known
from .tracer import COMMON, AutodiffTracer, asking

__all__ = ["falling_back"]

Wrap = Callable[[Any, Any], Any]
wrapping: ContextVar[Wrap | None] = ContextVar("wrapping", default=None)


class FallbackTracer(AutodiffTracer):
    """The tracer of this weaving."""

    def weave(self, code: CodeType, function: FunctionType) -> tuple[CodeType, dict[str, CellType]] | None:
        found = definition(code, function.__globals__)
        rewriter = self.make_ast_rewriter(code.co_filename, tracers=[self])
        rewriter.resolution, rewriter.labels = lambda callee, node: DYNAMIC, load_present()
        if not rewriter.rewrite(found.node, code, function.__globals__, CELLS):
            return None
        return compile_within(found, code, sorted(rewriter.helpers)), rewriter.helpers


PLANS = Plans()
PLANS.weaver = FallbackTracer().weave


def of_function(f: FunctionType) -> Any:
    """The user's `f`, woven in this way; a function of others as it is."""
    if registered(f):
        return f
    found = PLANS.plan(f).function(f)
    return found if found is not f else generated_init(f, resolve) or f


def resolve(callee: Any, *_: Any) -> Any:
    """What a call of `callee` calls."""
    if type(callee) is BuiltinFunctionType and type(callee.__self__) in known:
        return resolve_call(callee)
    found = rebuild(callee, of_function)
    wrap = wrapping.get()
    if wrap is None or isinstance(callee, type) or not (found is callee or registered(callee)):
        return found
    if type(callee) is FunctionType and (is_woven(callee) or PLANS.plan(callee).reason.startswith("woven")):
        return found  # the user's, with nothing in it to weave
    return wrap(callee, resolve_call(callee))


CELLS = {**COMMON, **asking(resolve), **dict.fromkeys([*RESOLVE, METHOD, AHEAD], CellType(resolve))}


@contextmanager
def falling_back(f: Any, wrap: Wrap) -> Iterator[Any]:
    """`f`, to be called while this lasts: each call in it that is not of the user's code calls `wrap(callee, usual)`.

    usual  what the callee resolves to in the usual weaving
    """
    for function in functions_of(f):
        adopt(function)
    token = wrapping.set(wrap)
    try:
        yield resolve(f)
    finally:
        wrapping.reset(token)
