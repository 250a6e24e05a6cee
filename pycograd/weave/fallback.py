"""Weaving in which every call that is not of the user's own code may be done in another way, if it fails.

A code object is woven anew, with no callee known beforehand: each is looked up when it is called.  What it resolves to,
unless it is a function of the user (woven in the same way), is handed to the one who asked for this weaving.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from pycograd.core.labelled import load_present

from .calls import AHEAD, DYNAMIC, METHOD, RESOLVE
from .classes import generated_init
from .kinds import of_partial, rebuild, registered
from .plans import Plans
from .resolve import resolve_call
from .selection import NEVER, adopt, functions_of, is_woven
from .source import compile_within, definition
from .specials import known
from .tracer import COMMON, AutodiffTracer, asking

__all__ = ["falling_back", "given"]

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
    if type(callee) is partial:
        return of_partial(callee, resolve)
    found = rebuild(callee, of_function)
    wrap = wrapping.get()
    if callee is map or callee is filter:
        return lambda function, *values: found(given(function), *values)
    if wrap is None or isinstance(callee, type):
        return found
    if type(callee) is FunctionType:
        if (callee.__module__ or "").partition(".")[
            0
        ] in NEVER:  # of a library, which may end in what has no rule
            return wrap(callee, resolve_call(callee))
        if is_woven(callee) or PLANS.plan(callee).reason.startswith("woven"):
            return found  # the user's, with nothing in it to weave
    if not (found is callee or registered(callee)):
        return found
    return wrap(callee, resolve_call(callee))


def given(x: Any) -> Any:
    """The argument `x` of a call: a function, to be called in this way too."""
    return (
        resolve(x) if isinstance(x, (FunctionType, MethodType, BuiltinFunctionType, np.ufunc, partial)) else x
    )


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
