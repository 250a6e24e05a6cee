"""The tracer: what the interception of calls means, and the two ways to run it.

`AutodiffTracer.before_call` is the reference: a call calls what `resolve_call` gives for its callee.  The tracer's
rewriter compiles that into direct calls, which is how everything runs.  `event_mode` runs the same handler on pyccolo's
own events instead, some fifty times slower, to compare with and to debug.
"""

import ast
import functools
from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np
import pyccolo

from pycograd.core import (
    PLAIN,
    running_memories,
    written,
    written_at,
    written_each,
    written_item,
    written_name,
)
from pycograd.core.changes import written_record
from pycograd.core.labelled import load_present

from .births import born, owned
from .calls import AHEAD, BORN, KNOWN, METHOD, OWNED, RESOLVE, VISIBLE
from .cells import Cells, visible
from .kinds import rebuild, registered
from .labels import product, values
from .operands import IN_PLACE, ITEMS, ORDINARY, SEARCH, STAND
from .plans import Plans
from .resolve import PLANS, resolve_ahead, resolve_call, resolve_for_one, resolve_for_two, resolve_method
from .rewriter import PLAINS, PRODUCT, VALUES, CallRewriter
from .source import Definition, compile_within, definition
from .specials import known, ordinary
from .standin import each_of, in_place, keeper_of, searcher_of
from .stores import AT, EACH, ITEM, NAME, OTHERS, RECORD, SLICE, TAPES, TYPE, WRITTEN, Stores
from .text import name
from .values import is_birth

__all__ = ["AutodiffTracer", "event_mode"]


class AutodiffTracer(pyccolo.BaseTracer):
    """Calls reach what is differentiable: a tracer of pyccolo with one handler."""

    ast_rewriter_cls = CallRewriter
    should_patch_meta_path = False
    global_guards_enabled = False
    allow_reentrant_events = True
    multiple_threads_allowed = True

    @pyccolo.before_call
    def before_call(self, callee: Any, *_: Any, **__: Any) -> Any:
        """What a call of `callee` calls instead."""
        return self.resolve(callee)

    def resolve(self, callee: Any) -> Any:
        return resolve_call(callee)

    def should_instrument_file(self, file: str) -> bool:
        return True

    def should_propagate_handler_exception(self, event: Any, error: Exception) -> bool:
        return True

    def weave(self, code: CodeType, function: FunctionType) -> tuple[CodeType, dict[str, CellType]] | None:
        """The code of `function` with the handler compiled into it, and the cells that it needs."""
        found = definition(code, function.__globals__)
        rewriter = self.make_ast_rewriter(code.co_filename, tracers=[self])
        rewriter.resolution, rewriter.labels = Cells(), load_present()
        if not rewriter.rewrite(found.node, code, function.__globals__, COMMON):
            return None
        return compile_within(found, code, sorted(rewriter.helpers)), rewriter.helpers


def asking(resolve: Callable[[Any], Any]) -> dict[str, CellType]:
    """What the text needs that uses operators and attributes of the user's classes."""
    in_places = {name: CellType(in_place(symbol, resolve)) for symbol, name in IN_PLACE.items()}
    return {
        STAND: CellType(keeper_of(resolve)),
        SEARCH: CellType(searcher_of(resolve)),
        ITEMS: CellType(each_of(resolve)),
        ORDINARY: CellType(ordinary),
        **in_places,
    }


COMMON = {
    RESOLVE[0]: CellType(resolve_call),
    RESOLVE[1]: CellType(resolve_for_one),
    RESOLVE[2]: CellType(resolve_for_two),
    METHOD: CellType(resolve_method),
    AHEAD: CellType(resolve_ahead),
    KNOWN: CellType(known),
    PLAINS: CellType(PLAIN),
    TYPE: CellType(type),
    VISIBLE: CellType(visible),
    BORN: CellType(born),
    OWNED: CellType(owned),
    VALUES: CellType(values),
    PRODUCT: CellType(product),
    TAPES: CellType(running_memories),
    OTHERS: CellType(known - {np.ndarray}),
    WRITTEN: CellType(written),
    ITEM: CellType(written_item),
    EACH: CellType(written_each),
    NAME: CellType(written_name),
    AT: CellType(written_at),
    RECORD: CellType(written_record),
    SLICE: CellType(slice),
    **asking(resolve_call),
}
PLANS.weaver = AutodiffTracer().weave


# ---- pyccolo's own events ------------------------------------------------------------------------------------------
class EventTracer(AutodiffTracer):
    """The same handler, called by an event before every call."""

    ast_rewriter_cls = pyccolo.AstRewriter

    def resolve(self, callee: Any) -> Any:
        found = rebuild(callee, instrumented)
        return (lambda *args, **params: born(found(*args, **params))) if is_birth(callee) else found

    def weave(self, code: CodeType, function: FunctionType) -> tuple[CodeType, dict[str, CellType]]:
        found = definition(code, function.__globals__)
        node = (
            lifted(found.node) if isinstance(found.node, ast.Lambda) else found.node
        )  # pyccolo rewrites statements
        stores = StoreRewriter()
        node = stores.visit(node)
        rewriter = self.make_ast_rewriter(code.co_filename, tracers=[self])
        rewriter.gc_bookkeeping = False
        node = ast.fix_missing_locations(rewriter.visit(node))
        return compile_within(Definition(node, found.shift), code, sorted(stores.helpers)), stores.helpers


class StoreRewriter(ast.NodeTransformer):
    """Notes what is written, and leaves the calls to events."""

    def __init__(self) -> None:
        self.helpers: dict[str, CellType] = {}
        self.stores, self.in_class = Stores(self.helper), False

    def helper(self, text: str, place: ast.AST) -> ast.expr:
        self.helpers[text] = COMMON[text]
        return name(text, place)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        before = self.in_class
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            self.in_class = isinstance(node, ast.ClassDef)
        super().generic_visit(node)
        self.in_class = before
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        if isinstance(node, ast.Subscript) and stored:
            self.stores.item(node)
        elif isinstance(node, ast.Attribute) and stored:
            self.stores.attribute(node)
        elif isinstance(node, ast.Call):
            self.stores.call(node, None)
            if isinstance(node.func, ast.Attribute):
                self.stores.owner(node, node.func)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not isinstance(node.target, ast.Name):
            super().generic_visit(node.target)
        node.value = self.visit(node.value)
        self.stores.augmented(node, self.in_class)
        return node


EVENTS = EventTracer()
EVENT_PLANS = Plans()
EVENT_PLANS.weaver = EVENTS.weave


def lifted(node: ast.Lambda) -> ast.FunctionDef:
    body = ast.copy_location(ast.Return(value=node.body), node.body)
    function: Any = ast.FunctionDef(
        name="_lambda", args=node.args, body=[body], decorator_list=[], returns=None
    )
    function.type_params = []
    return ast.copy_location(function, node)


def instrumented(function: FunctionType) -> Any:
    """`function` with events, if it is the user's, or what the registry has for it."""
    found = registered(function)
    if found is not None:
        return found
    return EVENT_PLANS.plan(function).function(function)


def event_mode(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` run on pyccolo's events: what `before_call` answers decides every call, nothing is compiled into the code.

    For debugging.  While it runs pyccolo keeps its names in `builtins`, and a generator must be used up inside `f`.
    """

    @functools.wraps(f)
    def traced(*args: Any, **kwargs: Any) -> Any:
        with EVENTS.tracing_enabled():
            return EVENTS.resolve(f)(*args, **kwargs)

    return traced
