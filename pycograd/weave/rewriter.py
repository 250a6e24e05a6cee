"""The rewriter: every call of a function becomes a call of what the tracer's `before_call` would resolve it to.

What a callee is known to be when its caller is woven costs an identity check where it stands, so that a name bound anew
is seen at once; what it resolves to is content of a closure cell:

    helper(x)         ->  (helper' if helper is it else resolve(helper))(x)
    np.exp(x * g(y))  ->  (exp' if np.exp is exp else resolve(np.exp))(x * ...)
    np.exp(x * w)     ->  (np.exp if type(x) in plain and type(w) in plain else ... as above)(x * w)
    x.sum(axis=1)     ->  x.sum(axis=1) if type(x) in known else resolve(x.sum)(axis=1)
    layers[i](x)      ->  resolve(layers[i])(x)

Nothing else changes: not a statement, not an operator, not a position.
"""

import ast
import builtins
from collections import Counter
from collections.abc import Callable
from types import BuiltinFunctionType, CellType, CodeType, ModuleType
from typing import Any

import numpy as np
import pyccolo

from .source import Node, nested
from .uses import BIRTHS, COPIES, Uses

__all__ = ["DYNAMIC", "METHODS", "CallRewriter"]

LOAD = ast.Load()
LEAVES = frozenset([ast.Name, ast.Constant, ast.Load, ast.Store, ast.arg, ast.alias, ast.Pass])
MISSING, DYNAMIC = object(), object()
RESOLVE, METHOD, KNOWN, TYPE, VISIBLE = (
    "__pg_resolve__",
    "__pg_method__",
    "__pg_known__",
    "__pg_type__",
    "__pg_visible__",
)
PLAINS, BORN, OWNED = "__pg_plain__", "__pg_born__", "__pg_owned__"
NAMESPACES = (builtins.locals, builtins.vars, builtins.dir)
METHODS = frozenset(
    ["dot", "clip", "choose", "searchsorted", "sort"]
)  # of arrays and lists, that need a look all the same
EXPRESSIONS = (
    ast.Name,
    ast.Constant,
    ast.Attribute,
    ast.BinOp,
    ast.UnaryOp,
    ast.Tuple,
    ast.List,
    ast.Subscript,
    ast.Slice,
)


OPERATIONS = (ast.BinOp, ast.UnaryOp, ast.Subscript)
NUMBERS = frozenset([abs, divmod, len, max, min, pow, round, sum, bool, complex, float, int])
SETTLED = (float, int, type, type(None))
SETTINGS = frozenset(["axis", "axes", "keepdims", "dtype", "order", "shape", "ddof", "copy"])
MANY = (
    3  # variables whose types are looked at before a call: more would cost as much as the call of a primitive
)


class CallRewriter(pyccolo.AstRewriter):
    """Compiles the tracer's `before_call` into the calls of one function.

    resolution  (callee, call node) -> the cell that holds what the call resolves to; DYNAMIC if only the call
                can tell; None leaves the call alone
    helpers     name -> cell: what the rewritten function needs in its closure, filled by `rewrite`
    """

    resolution: Callable[[Any, ast.Call], Any]

    def rewrite(
        self, node: Node, code: CodeType, module: dict[str, Any], common: dict[str, CellType]
    ) -> bool:
        """Rewrite the definition `node` of `code` in place; whether anything had to change."""
        self.module, self.common = module, common
        self.bound = variables(code)
        self.woven_names = woven_names(node) if any(c.co_name != "<genexpr>" for c in nested(code)) else set()
        self.helpers: dict[str, CellType] = {}
        self.numbers: dict[int, tuple[str, str]] = {}
        self.uses = Uses(node, self.value_at)
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = [self.visit(statement) for statement in node.body]
        return bool(self.helpers)

    def visit(self, node: Any, instrument: bool = True) -> Any:  # what NodeTransformer does, in half the time
        kind = type(node)
        if kind is ast.Call:
            return self.call(node)
        if kind is ast.Assign:
            return self.assignment(node)
        if kind not in LEAVES:
            for field in node._fields:
                value = getattr(node, field, None)
                if isinstance(value, ast.AST):
                    setattr(node, field, self.visit(value))
                elif type(value) is list:
                    value[:] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
        return node

    def assignment(self, node: ast.Assign) -> ast.Assign:
        """`y = 2 * c`, where the function stores into `y` later, is a birth if nobody else has that array."""
        made = isinstance(node.value, (ast.BinOp, ast.UnaryOp, ast.Call, ast.IfExp))
        names = [t.id for t in node.targets if isinstance(t, ast.Name)]
        node.targets = [self.visit(t) for t in node.targets]
        node.value = self.visit(node.value)
        if made and any(map(self.uses.stored, names)):
            node.value = self.passed_to(OWNED, node.value)
        return node

    def call(self, node: ast.Call) -> ast.expr:
        """The call, and what is born of it if it may be written."""
        value = self.value_at(node.func)
        if value is MISSING:
            birth = OWNED if isinstance(node.func, ast.Attribute) and node.func.attr in COPIES else None
        else:
            birth = BORN if is_birth(value) else None
        if birth is None or self.uses.only_read(node):
            return self.resolved_call(node, value)
        return self.passed_to(birth, self.resolved_call(node, value))

    def passed_to(self, helper: str, value: ast.expr) -> ast.expr:
        return at(value, ast.Call(func=self.common_name(helper, value), args=[value], keywords=[]))

    def resolved_call(self, node: ast.Call, value: Any) -> ast.expr:
        callee = node.func
        sources = None
        if value is not MISSING:
            sources = self.sources_of_arguments(node) if makes_numbers(value) else None
        elif (
            isinstance(callee, ast.Attribute)
            and isinstance(callee.value, OPERATIONS)
            and repeatable(callee.value)
        ):
            sources = self.sources(callee.value)
        node.func = self.visit(callee)
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        if value is not MISSING:
            return self.static(node, callee, value, sources)
        if isinstance(callee, ast.Attribute):
            return self.attribute(node, callee, sources)
        if isinstance(callee, ast.Lambda) or (isinstance(callee, ast.Name) and callee.id in self.woven_names):
            return node
        return self.dynamic(node)

    # ---- the forms of a call ----
    def static(self, node: ast.Call, callee: ast.expr, value: Any, sources: set[str] | None) -> ast.expr:
        """A call whose callee is known now."""
        if any(value is f for f in NAMESPACES) and not node.args:
            return at(node, ast.Call(func=self.common_name(VISIBLE, node), args=[node], keywords=[]))
        cell = self.resolution(value, node)
        if cell is None:
            return node
        if cell is DYNAMIC:
            return (
                self.attribute(node, callee, None)
                if isinstance(callee, ast.Attribute)
                else self.dynamic(node)
            )
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

    def attribute(self, node: ast.Call, callee: ast.Attribute, sources: set[str] | None) -> ast.expr:
        """A method: of a known type, mostly, when the call runs."""
        owner = callee.value
        if isinstance(owner, (ast.Constant, ast.JoinedStr)):
            return node
        if callee.attr in METHODS:
            return self.dynamic(node)
        resolved = self.resolved(callee, METHOD)
        short = all(map(repeatable, node.args)) and all(repeatable(k.value) for k in node.keywords)
        if isinstance(owner, ast.Name):
            test = self.type_in(KNOWN, owner)
        elif short and sources and len(sources) <= MANY:
            test = self.plain(sources, owner)
        else:
            node.func = resolved
            return node
        if short:
            other = at(node, ast.Call(func=resolved, args=node.args, keywords=node.keywords))
            return at(node, ast.IfExp(test=test, body=node, orelse=other))
        node.func = at(callee, ast.IfExp(test=test, body=callee, orelse=resolved))
        return node

    def dynamic(self, node: ast.Call) -> ast.expr:
        node.func = self.resolved(node.func)
        return node

    def resolved(self, callee: ast.expr, by: str = RESOLVE) -> ast.expr:
        return at(callee, ast.Call(func=self.common_name(by, callee), args=[callee], keywords=[]))

    def type_in(self, types: str, value: ast.expr) -> ast.expr:
        """`type(value) in types`."""
        kind = at(value, ast.Call(func=self.common_name(TYPE, value), args=[value], keywords=[]))
        return at(value, ast.Compare(left=kind, ops=[ast.In()], comparators=[self.common_name(types, value)]))

    def plain(self, sources: set[str], place: ast.expr) -> ast.expr:
        """Whether the values of the variables `sources` are plain."""
        tests = [self.type_in(PLAINS, name(source, place)) for source in sorted(sources)]
        return tests[0] if len(tests) == 1 else at(place, ast.BoolOp(op=ast.And(), values=tests))

    def common_name(self, helper: str, place: ast.expr) -> ast.expr:
        self.helpers[helper] = self.common[helper]
        return name(helper, place)

    # ---- what a callee is known to be ----
    def value_at(self, callee: ast.expr) -> Any:
        """The value of a global name, or of attributes of modules from one on; MISSING if that is not known yet."""
        if isinstance(callee, ast.Name):
            if callee.id in self.bound or callee.id.startswith("__"):
                return MISSING
            return self.module.get(callee.id, getattr(builtins, callee.id, MISSING))
        if isinstance(callee, ast.Attribute):
            owner = self.value_at(callee.value)
            if type(owner) is ModuleType or isinstance(owner, ModuleType):
                return vars(owner).get(callee.attr, MISSING)
        return MISSING

    # ---- what the arguments are made of ----
    def sources(self, node: ast.expr) -> set[str] | None:
        """The variables whose plain values make a plain value of `node`; None if there is more to it than numbers."""
        if isinstance(node, ast.Name):
            return {node.id}
        if isinstance(node, ast.Call):
            return self.sources_of_arguments(node) if makes_numbers(self.value_at(node.func)) else None
        if isinstance(node, ast.Attribute) and isinstance(self.value_at(node), SETTLED):
            return set()  # np.pi, np.float32, np.newaxis
        if isinstance(node, EXPRESSIONS):
            return self.together(
                [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            )
        return None

    def sources_of_arguments(self, node: ast.Call) -> set[str] | None:
        return self.together([*node.args, *[k.value for k in node.keywords if k.arg not in SETTINGS]])

    def together(self, nodes: list[ast.expr]) -> set[str] | None:
        found: set[str] = set()
        for node in nodes:
            more = self.sources(node)
            if more is None:
                return None
            found |= more
        return found


def is_birth(callee: Any) -> bool:
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


def at(place: ast.expr, node: Any) -> Any:
    """`node`, at the position of `place`."""
    node.lineno, node.col_offset = place.lineno, place.col_offset
    node.end_lineno, node.end_col_offset = place.end_lineno, place.end_col_offset
    return node


def name(text: str, place: ast.expr) -> Any:
    return at(place, ast.Name(id=text, ctx=LOAD))


def repeatable(node: ast.expr) -> bool:
    """Whether the expression may stand twice in the text: it is short, and binds nothing."""
    if not isinstance(node, EXPRESSIONS):
        return False
    return all(repeatable(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def variables(code: CodeType) -> set[str]:
    """The names that are variables of `code` or of the code inside it, and so are not known before it runs."""
    names = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
    if not code.co_flags & 1:  # a class body keeps its variables by name
        names.update(code.co_names)
    return names.union(*map(variables, nested(code)))


def woven_names(node: Node) -> set[str]:
    """The names bound once, by a `def` or to a lambda in the text of the function: what they call is woven with it."""
    bindings: Counter[str] = Counter()
    functions, attributes = set(), {id(node)}
    for child in ast.walk(node):  # parents first
        if isinstance(child, ast.Name):
            bindings[child.id] += not isinstance(child.ctx, ast.Load)
        elif isinstance(child, ast.arg):
            bindings[child.arg] += 1
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bindings[child.name] += 1
            plain = not child.decorator_list
            if isinstance(child, ast.ClassDef):
                attributes.update(map(id, child.body))
                plain = plain and not child.bases and not child.keywords
            if plain and id(child) not in attributes:
                functions.add(child.name)
        elif (
            isinstance(child, ast.Assign)
            and isinstance(child.value, ast.Lambda)
            and id(child) not in attributes
        ):
            functions.update(target.id for target in child.targets if isinstance(target, ast.Name))
        else:
            bindings.update(bound_by(child))
    return {found for found in functions if bindings[found] == 1}


def bound_by(node: ast.AST) -> list[str]:
    """The names that a node other than a name, an argument or a definition binds."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return node.names
    found = getattr(node, "name", None) or getattr(
        node, "rest", None
    )  # except ... as, and captures of a match
    return [found] if isinstance(found, str) else []
