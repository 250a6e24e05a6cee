"""The rewriter: what is done with each node of a function's text.

Calls reach what the tracer's `before_call` would resolve them to (`calls.py`); operators, attributes and protocols of
classes of the user are asked (`operands.py`); a store into an array is noted before it is made (`stores.py`).  Nothing
else changes: not a statement, not a position.
"""

import ast
import sys
from collections.abc import Callable
from types import CellType, CodeType
from typing import Any

import pyccolo

from .calls import AHEAD, OWNED, Calls
from .operands import Operands
from .source import Node, enclosing_class
from .stores import TYPE, Stores
from .text import CONTEXTS, Text, at, name, variables
from .uses import Uses
from .values import Values

__all__ = ["CallRewriter"]

LEAVES = frozenset([ast.Name, ast.Constant, ast.arg, ast.alias, ast.Pass, *CONTEXTS])
PLAINS, VALUES, PRODUCT = "__pg_plain__", "__pg_values__", "__pg_product__"
LONG = 100  # operators in one expression


class CallRewriter(Calls, Operands, pyccolo.AstRewriter):
    """Compiles the tracer's `before_call` into the text of one function.

    helpers     name -> cell: what the rewritten function needs in its closure, filled by `rewrite`
    """

    labels = False  # whether a package of labelled arrays is loaded

    def rewrite(
        self, node: Node, code: CodeType, module: dict[str, Any], common: dict[str, CellType]
    ) -> bool:
        """Rewrite the definition `node` of `code` in place; whether anything had to change."""
        self.common = common
        self.values = Values(variables(code), module)
        self.text = Text(node)
        self.woven_names = self.text.woven_names()
        self.helpers: dict[str, CellType] = {}
        self.numbers: dict[int, tuple[str, str]] = {}
        self.tests: dict[tuple[str, int], ast.expr] = {}
        self.read: dict[tuple[str, int], ast.expr] = {}
        self.uses = Uses(self.text, self.values.at)
        self.ahead: dict[str, str] = {}
        self.stores, self.in_class = Stores(self.common_name), False
        self.classes = {
            *enclosing_class(code),
            *[c.name for c in self.text.inner if isinstance(c, ast.ClassDef)],
        }
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            self.function(node)
        return bool(self.helpers)

    def function(self, node: Any) -> Any:
        """The body of a `def`; first it looks up the parameters that it only calls."""
        counts = self.text.called_parameters(node)
        self.ahead |= {parameter: f"__pg_{parameter}__" for parameter in counts}
        body = [self.visit(statement) for statement in node.body]
        start = 1 if ast.get_docstring(node, clean=False) is not None and len(body) > 1 else 0
        place: Any = body[start]
        for parameter, count in counts.items():
            arguments = [name(parameter, place), at(place, ast.Constant(value=count))]
            value = at(place, ast.Call(func=self.common_name(AHEAD, place), args=arguments, keywords=[]))
            to = at(place, ast.Name(id=self.ahead[parameter], ctx=ast.Store()))
            body.insert(start, at(place, ast.Assign(targets=[to], value=value)))
        node.body = body
        return node

    def visit(self, node: Any, instrument: bool = True) -> Any:  # what NodeTransformer does, in half the time
        kind = type(node)
        whole = WHOLE.get(kind)
        if whole:
            return whole(self, node)
        if kind not in LEAVES:
            for field in node._fields:
                value = getattr(node, field, None)
                if isinstance(value, ast.AST):
                    setattr(node, field, self.visit(value))
                elif type(value) is list:
                    value[:] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            then = THEN.get(kind)
            if then:
                return then(self, node)
        return node

    def sum(self, node: ast.BinOp) -> ast.expr:
        """`a + b + c ...`, however long; where Python could not compile what it becomes, it stays as it is."""
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        left = self.visit(chain[-1].left)
        for node in reversed(chain):
            node.left, node.right = left, self.visit(node.right)
            left = self.binary(node) if len(chain) < LONG else node
        return left

    def visit_parts(self, node: ast.AST) -> None:
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
            elif type(value) is list:
                value[:] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]

    def inner(self, node: Any) -> Any:
        """A `def` in the text; its defaults, decorators and annotations are the surrounding function's."""
        self.visit(node.args)
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        if node.returns:
            node.returns = self.visit(node.returns)
        return self.within(False, self.function, node)

    def class_body(self, node: ast.ClassDef) -> ast.ClassDef:
        """A `class` in the text."""
        self.within(True, self.visit_parts, node)
        return node

    def within(self, in_class: bool, visit: Callable[[Any], Any], node: Any) -> Any:
        """`visit(node)`, whose variables are those of a class, or not."""
        before, self.in_class = self.in_class, in_class
        try:
            return visit(node)
        finally:
            self.in_class = before

    def binary(self, node: ast.BinOp) -> ast.expr:
        """`table @ x`, which pandas, xarray and scipy.sparse answer from plain numbers alone, is asked of ours."""
        super().binary(node)
        product = isinstance(node.op, ast.MatMult) and (self.labels or "scipy.sparse" in sys.modules)
        return self.helped(node, PRODUCT, node.left, node.right) if product else node

    def access(self, node: ast.Attribute) -> ast.expr:
        """The same for `s.values`."""
        asks = self.labels and node.attr == "values" and isinstance(node.ctx, ast.Load)
        if isinstance(node.ctx, ast.Store):
            self.stores.attribute(node)
        self.stand_for_owner(node)
        return self.helped(node, VALUES, node.value) if asks else node

    def subscript(self, node: ast.Subscript) -> ast.expr:
        """`a[key]`, to be read, written or deleted."""
        if not isinstance(node.ctx, ast.Store):
            return super().subscript(node)
        owner = node.value
        self.stores.item(node)
        noted, node.value = node.value, owner
        super().subscript(node)
        stood: Any = node.value
        if stood is owner:
            node.value = noted
        elif isinstance(stood, ast.IfExp):
            stood.body = stood.orelse.args[0] = noted
        else:
            stood.args[0] = noted
        return node

    def augmented_assignment(self, node: ast.AugAssign) -> ast.stmt:
        """`target += value`; the target is no part that is visited by itself, as it is read and written."""
        if not isinstance(node.target, ast.Name):
            self.visit_parts(node.target)
        node.value = self.visit(node.value)
        statement = self.augmented(node)
        if statement is node:
            self.stores.augmented(node, self.in_class)
        return statement

    def assignment(self, node: ast.Assign) -> ast.Assign:
        """`y = 2 * c`, where the function stores into `y` later, is a birth if nobody else has that array."""
        made = isinstance(node.value, (ast.BinOp, ast.UnaryOp, ast.Call, ast.IfExp))
        names = [t.id for t in node.targets if isinstance(t, ast.Name)]
        node.targets = [self.visit(t) for t in node.targets]
        node.value = self.visit(node.value)
        if made and not self.text.written.isdisjoint(names):
            node.value = self.passed_to(OWNED, node.value)
        if any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets):
            return self.unpacked(node)
        return node

    # ---- pieces ----
    def passed_to(self, helper: str, value: ast.expr) -> ast.expr:
        return self.helped(value, helper, value)

    def helped(self, place: ast.expr, helper: str, *values: ast.expr) -> ast.expr:
        """`helper(*values)`, at the position of `place`."""
        return at(place, ast.Call(func=self.common_name(helper, place), args=list(values), keywords=[]))

    def type_in(self, types: str, value: ast.expr) -> ast.expr:
        """`type(value) in types`."""
        kind = self.passed_to(TYPE, value)
        return at(value, ast.Compare(left=kind, ops=[ast.In()], comparators=[self.common_name(types, value)]))

    def plain(self, sources: dict[str, ast.Name], place: ast.expr) -> ast.expr:
        """Whether the values of the variables `sources` are plain."""
        tests = [self.is_plain(variable) for variable in sources.values()]
        return tests[0] if len(tests) == 1 else at(place, ast.BoolOp(op=ast.And(), values=tests))

    def is_plain(self, variable: ast.Name) -> ast.expr:
        """`type(variable) in plain`; the text may have it many times."""
        key = variable.id, variable.lineno
        if key not in self.tests:
            self.tests[key] = self.type_in(PLAINS, variable)
        return self.tests[key]

    def common_name(self, helper: str, place: ast.AST) -> ast.expr:
        """The helper's name, at the line of `place`; the text may have it many times."""
        key = helper, place.lineno
        if key not in self.read:
            self.helpers[helper] = self.common[helper]
            self.read[key] = name(helper, place)
        return self.read[key]


# What is done with a node as a whole, and what is done when its parts are rewritten already.
WHOLE: dict[type, Callable[[CallRewriter, Any], Any]] = {
    ast.Call: CallRewriter.call,
    ast.Assign: CallRewriter.assignment,
    ast.BinOp: CallRewriter.sum,
    ast.AugAssign: CallRewriter.augmented_assignment,
    ast.ClassDef: CallRewriter.class_body,
    ast.FunctionDef: CallRewriter.inner,
    ast.AsyncFunctionDef: CallRewriter.inner,
}
THEN: dict[type, Callable[[CallRewriter, Any], Any]] = {
    ast.BoolOp: CallRewriter.either,
    ast.UnaryOp: CallRewriter.unary,
    ast.Compare: CallRewriter.compare,
    ast.Subscript: CallRewriter.subscript,
    ast.Attribute: CallRewriter.access,
    ast.For: CallRewriter.iterated,
    ast.AsyncFor: CallRewriter.iterated,
    ast.comprehension: CallRewriter.iterated,
    ast.Starred: CallRewriter.unpacked,
    ast.YieldFrom: CallRewriter.unpacked,
    ast.FormattedValue: CallRewriter.formatted,
    ast.Await: CallRewriter.awaited,
    ast.With: CallRewriter.managed,
    ast.AsyncWith: CallRewriter.managed,
    ast.If: CallRewriter.tested,
    ast.While: CallRewriter.tested,
    ast.IfExp: CallRewriter.tested,
    ast.Assert: CallRewriter.tested,
}
