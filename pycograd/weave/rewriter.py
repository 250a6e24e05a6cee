"""The rewriter: every call of a function becomes a call of what the tracer's `before_call` would resolve it to.

What a callee is known to be when its caller is woven costs an identity check where it stands, so that a name bound anew
is seen at once; what it resolves to is content of a closure cell:

    helper(x)         ->  (helper' if helper is it else resolve(helper))(x)
    np.exp(x * g(y))  ->  (exp' if np.exp is exp else resolve(np.exp))(x * ...)
    np.exp(x * w)     ->  (np.exp if type(x) in plain and type(w) in plain else ... as above)(x * w)
    x.sum(axis=1)     ->  x.sum(axis=1) if type(x) in known else resolve(x.sum)(axis=1)
    layers[i](x)      ->  resolve(layers[i], x)(x)
    f(x)              ->  f'(x), in a loop, where `f` is a parameter; f' = resolve(f), at the start of the function

A store into an array is noted before it is made (`stores.py`).  Nothing else changes: not a statement, not an operator,
not a position.
"""

import ast
import builtins
from collections.abc import Callable, Sequence
from types import CellType, CodeType
from typing import Any

import pyccolo

from .kinds import METHODS
from .operands import Operands
from .source import Node, enclosing_class
from .specials import known
from .stores import TYPE, Stores
from .text import CONTEXTS, Text, at, name, repeatable, variables
from .uses import COPIES, Uses
from .values import MISSING, Sources, Values, is_birth, makes_numbers

__all__ = ["DYNAMIC", "CallRewriter"]

LEAVES = frozenset([ast.Name, ast.Constant, ast.arg, ast.alias, ast.Pass, *CONTEXTS])
DYNAMIC = object()
# What woven code finds in its closure; the index of RESOLVE is the number of variables that the arguments are made of.
RESOLVE = ("__pg_resolve__", "__pg_for_one__", "__pg_for_two__")
METHOD, AHEAD, KNOWN = "__pg_method__", "__pg_ahead__", "__pg_known__"
VISIBLE, PLAINS, BORN, OWNED = "__pg_visible__", "__pg_plain__", "__pg_born__", "__pg_owned__"
VALUES, PRODUCT = "__pg_values__", "__pg_product__"
NAMESPACES = (builtins.locals, builtins.vars, builtins.dir)
OPERATIONS = (ast.BinOp, ast.UnaryOp, ast.Subscript)
LONG = 100  # operators in one expression
MANY = (
    3  # variables whose types are looked at before a call: more would cost as much as the call of a primitive
)


class CallRewriter(Operands, pyccolo.AstRewriter):
    """Compiles the tracer's `before_call` into the calls of one function.

    resolution  (callee, call node) -> the cell that holds what the call resolves to; DYNAMIC if only the call
                can tell; None leaves the call alone
    helpers     name -> cell: what the rewritten function needs in its closure, filled by `rewrite`
    """

    resolution: Callable[[Any, ast.Call], Any]
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
        """`table @ x`, which pandas and xarray answer from plain numbers alone, is asked of ours."""
        super().binary(node)
        product = self.labels and isinstance(node.op, ast.MatMult)
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

    def call(self, node: ast.Call) -> ast.expr:
        """The call, and what is born of it if it may be written."""
        value = self.values.at(node.func)
        if value is MISSING:
            birth = OWNED if isinstance(node.func, ast.Attribute) and node.func.attr in COPIES else None
        else:
            birth = BORN if is_birth(value) else None
        if birth is None or self.uses.only_read(node):
            return self.resolved_call(node, value)
        return self.passed_to(birth, self.resolved_call(node, value))

    def resolved_call(self, node: ast.Call, value: Any) -> ast.expr:
        callee = node.func
        arguments = self.values.of_arguments(node) if value is MISSING or makes_numbers(value) else None
        owner = self.owner_sources(callee)
        if isinstance(callee, ast.Attribute):
            callee.value = self.visit(callee.value)
            self.stand_for_owner(callee)
        else:
            node.func = self.visit(callee)
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        self.stores.call(node, value)
        if value is not MISSING:
            return self.static(node, callee, value, arguments)
        if isinstance(callee, ast.Attribute):
            found = self.attribute(node, callee, owner, arguments)
            self.stores.owner(node, callee)
            return found
        if isinstance(callee, ast.Lambda) or (isinstance(callee, ast.Name) and callee.id in self.woven_names):
            return node
        return self.dynamic(node, arguments)

    def owner_sources(self, callee: ast.expr) -> Sources:
        """The variables that the owner of a method is computed from, where that may be done twice."""
        if (
            isinstance(callee, ast.Attribute)
            and isinstance(callee.value, OPERATIONS)
            and repeatable(callee.value)
        ):
            return self.values.sources(callee.value)
        return None

    # ---- the forms of a call ----
    def static(self, node: ast.Call, callee: ast.expr, value: Any, sources: Sources) -> ast.expr:
        """A call whose callee is known now."""
        if any(value is f for f in NAMESPACES) and not node.args:
            return self.passed_to(VISIBLE, node)
        cell = self.resolution(value, node)
        if cell is None:
            return node
        if cell is DYNAMIC:
            if isinstance(callee, ast.Attribute):
                return self.attribute(node, callee, None, None)
            return self.dynamic(node, None)
        numeric = sources is not None and len(sources) <= MANY
        if numeric and not sources:
            return node  # of constants only
        if id(value) not in self.numbers:
            number = len(self.numbers)
            names = self.numbers[id(value)] = f"__pg_is_{number}__", f"__pg_to_{number}__"
            self.helpers[names[0]] = CellType(value)
        expected, target = self.numbers[id(value)]
        if self.helpers.setdefault(target, cell) is not cell:  # the same callee, called with keywords
            target = target.replace("to", "kw")
            self.helpers[target] = cell
        same = at(callee, ast.Compare(left=callee, ops=[ast.Is()], comparators=[name(expected, callee)]))
        node.func = at(callee, ast.IfExp(test=same, body=name(target, callee), orelse=self.resolved(callee)))
        if numeric:
            node.func = at(callee, ast.IfExp(test=self.plain(sources, callee), body=callee, orelse=node.func))
        return node

    def attribute(
        self, node: ast.Call, callee: ast.Attribute, sources: Sources, arguments: Sources
    ) -> ast.expr:
        """A method: of a known type, mostly, when the call runs.

        sources, arguments  the variables that make up the owner, and the arguments
        """
        owner = callee.value
        if isinstance(owner, (ast.Constant, ast.JoinedStr)):
            return node
        if callee.attr in METHODS:
            return self.dynamic(node, None)
        resolved = self.resolved(callee, self.few(node, arguments), (METHOD, METHOD, METHOD))
        short = all(map(repeatable, node.args)) and all(repeatable(k.value) for k in node.keywords)
        if not any(hasattr(kind, callee.attr) for kind in known):
            test = None
        elif isinstance(owner, ast.Name):
            test = self.type_in(KNOWN, owner)
        else:
            test = self.plain(sources, owner) if short and sources and len(sources) <= MANY else None
        if test and short:
            other = at(node, ast.Call(func=resolved, args=node.args, keywords=node.keywords))
            return at(node, ast.IfExp(test=test, body=node, orelse=other))
        node.func = at(callee, ast.IfExp(test=test, body=callee, orelse=resolved)) if test else resolved
        return node

    def dynamic(self, node: ast.Call, arguments: Sources) -> ast.expr:
        """A call of which nothing is known: maybe of a function of numpy's, given plain numbers."""
        callee = node.func
        node.func = self.resolved(callee, self.few(node, arguments))
        if isinstance(callee, ast.Name) and callee.id in self.ahead:
            target = self.ahead[callee.id]
            none = at(callee, ast.Constant(value=None))
            test = at(callee, ast.Compare(left=name(target, callee), ops=[ast.IsNot()], comparators=[none]))
            node.func = at(callee, ast.IfExp(test=test, body=name(target, callee), orelse=node.func))
        return node

    def few(self, node: ast.Call, arguments: Sources) -> list[ast.expr]:
        """The variables that the arguments of a call are made of, if they are one or two, for `resolved`."""
        found: list[Any] = list((arguments or {}).values())
        if not 0 < len(found) < 3 or len(node.args) > 2:  # a third argument may be an array to write into
            return []
        if len(node.args) < 2:
            return found
        return [found[0], found[-1], at(node, ast.Constant(value=2))]

    def resolved(
        self, callee: ast.expr, few: Sequence[ast.expr] = (), by: tuple[str, ...] = RESOLVE
    ) -> ast.expr:
        """What `callee` resolves to, in a call with arguments made of those variables."""
        helper = self.common_name(by[min(len(few), 2)], callee)
        return at(callee, ast.Call(func=helper, args=[callee, *few], keywords=[]))

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
