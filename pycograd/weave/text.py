"""What the text of a function tells: which names it binds, and what may stand in it twice."""

import ast
from collections import Counter
from types import CodeType
from typing import Any

from .source import Node, nested

__all__ = [
    "CONTEXTS",
    "EXPRESSIONS",
    "Text",
    "at",
    "evaluable_twice",
    "name",
    "repeatable",
    "variables",
]

LOAD = ast.Load()
ARITHMETIC = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Tuple, ast.Slice)
EXPRESSIONS = (*ARITHMETIC, ast.Attribute, ast.List, ast.Subscript)
LOOPS = (ast.For, ast.While, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
TUPLES = frozenset(
    "enumerate zip items zip_longest product combinations permutations pairwise ndenumerate most_common".split()
)
NAMESPACES = frozenset(["locals", "vars", "dir", "eval", "exec"])


def at(place: ast.AST, node: Any) -> Any:
    """`node`, at the position of `place`."""
    node.lineno, node.col_offset = place.lineno, place.col_offset
    node.end_lineno, node.end_col_offset = place.end_lineno, place.end_col_offset
    return node


def name(text: str, place: ast.AST) -> Any:
    """The name `text`, read at the position of `place`."""
    return at(place, ast.Name(id=text, ctx=LOAD))


def repeatable(node: ast.expr) -> bool:
    """Whether the expression may stand twice in the text: it is short, and binds nothing."""
    return made_of(EXPRESSIONS, node)


def evaluable_twice(node: ast.expr) -> bool:
    """Whether evaluating the expression once more does nothing: it is of names, numbers and operators."""
    return made_of(ARITHMETIC, node)


def made_of(kinds: tuple[type, ...], node: ast.AST) -> bool:
    waiting = [node]
    for node in waiting:
        if not isinstance(node, kinds):
            return False
        waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return True


def variables(code: CodeType) -> set[str]:
    """The names that are variables of `code` or of the code inside it, and so are not known before it runs."""
    names = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
    if not code.co_flags & 1:  # a class body keeps its variables by name
        names.update(code.co_names)
    return names.union(*map(variables, nested(code)))


# ---- all of it -------------------------------------------------------------------------------------------------------
class Text:
    """The definition of a function, read once.

    root     the definition
    parent   what each node stands in
    names    the places of each name that is read or bound
    bound    how often each name is bound, wherever in the text
    inner    the definitions of functions and classes inside, outer ones first
    of_tuples  the loops over what Python makes tuples of: `enumerate(...)`, `table.items()`
    written  the names of what the text stores into: `y[i] = 0`, `y += 1`
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.parent: dict[ast.AST, ast.AST] = {}
        self.names: dict[str, list[ast.Name]] = {}
        self.bound: Counter[str] = Counter()
        self.inner: list[Any] = []
        self.written: set[str] = set()
        self.of_tuples: set[ast.AST] = set()
        waiting: list[Any] = [root]
        for node in waiting:
            kind = type(node)
            if kind is ast.Name:
                self.names.setdefault(node.id, []).append(node)
                if type(node.ctx) is not ast.Load:
                    self.bound[node.id] += 1
                continue
            if kind is ast.Constant:
                continue
            read = READ.get(kind)
            if read:
                read(self, node)
            for field in node._fields:
                value = getattr(node, field, None)
                if type(value) is list:
                    for child in value:
                        if isinstance(child, ast.AST):
                            self.parent[child] = node
                            waiting.append(child)
                elif isinstance(value, ast.AST) and type(value) not in CONTEXTS:
                    self.parent[value] = node
                    waiting.append(value)

    # ---- nodes of some kinds ----
    def definition(self, node: Any) -> None:
        if node is not self.root:
            self.inner.append(node)
        if not isinstance(node, ast.Lambda):
            self.bound[node.name] += 1

    def argument(self, node: ast.arg) -> None:
        self.bound[node.arg] += 1

    def imports(self, node: ast.Import) -> None:
        self.bound.update([(alias.asname or alias.name).split(".")[0] for alias in node.names])

    def declares(self, node: ast.Global) -> None:
        self.bound.update(node.names)

    def captures(self, node: Any) -> None:
        """`except ... as name`, and the captures of a match."""
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if name:
            self.bound[name] += 1

    def loops(self, node: Any) -> None:
        callee = node.iter.func if isinstance(node.iter, ast.Call) else None
        if getattr(callee, "id", None) in TUPLES or getattr(callee, "attr", None) in TUPLES:
            self.of_tuples.add(node)

    def stores(self, node: ast.Subscript) -> None:
        if isinstance(node.value, ast.Name) and not isinstance(node.ctx, ast.Load):
            self.written.add(node.value.id)

    def augments(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.written.add(node.target.id)

    # ---- what it tells ----
    def woven_names(self) -> set[str]:
        """The names bound once, by a `def` or to a lambda in the text: what they call is woven with it."""
        functions, attributes = set(), set()
        for node in self.inner:
            if isinstance(node, ast.Lambda):
                up: Any = self.parent[node]
                if isinstance(up, ast.Assign) and id(up) not in attributes:
                    functions.update(target.id for target in up.targets if isinstance(target, ast.Name))
                continue
            plain = not node.decorator_list
            if isinstance(node, ast.ClassDef):
                attributes.update(map(id, node.body))
                plain = plain and not node.bases and not node.keywords
            if plain and id(node) not in attributes:
                functions.add(node.name)
        return {name for name in functions if self.bound[name] == 1}

    def called_parameters(self, node: Any) -> dict[str, int]:
        """The parameters of a `def` of which it makes nothing but calls, and many: they can be looked up beforehand.

        Returns how many arguments those calls have, by position; -1 if they differ.
        """
        counts: dict[str, int] = {}
        if not NAMESPACES.isdisjoint(self.names):
            return counts
        args = node.args
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs):
            places = self.names.get(arg.arg, ())
            calls: list[Any] = [self.parent[place] for place in places]
            called = all(isinstance(c, ast.Call) and c.func is place for c, place in zip(calls, places))
            if not called or self.bound[arg.arg] != 1 or not all(self.is_in(place, node) for place in places):
                continue
            if sum(2 if self.is_in_loop(place, node) else 1 for place in places) > 1:
                lengths = {-1 if c.keywords or any(map(is_starred, c.args)) else len(c.args) for c in calls}
                counts[arg.arg] = lengths.pop() if len(lengths) == 1 else -1
        return counts

    def is_in(self, node: ast.AST, outer: ast.AST) -> bool:
        while node is not outer and node is not self.root:
            node = self.parent[node]
        return node is outer

    def is_in_loop(self, node: ast.AST, outer: ast.AST) -> bool:
        """Whether what stands there may run many times while the function `outer` runs once."""
        while node is not outer:
            node = self.parent[node]
            if isinstance(node, LOOPS) or (isinstance(node, FUNCTIONS) and node is not outer):
                return True
        return False


def is_starred(node: ast.AST) -> bool:
    return isinstance(node, ast.Starred)


CONTEXTS = frozenset(
    [ast.Load, ast.Store, ast.Del, *ast.operator.__subclasses__(), *ast.unaryop.__subclasses__()]
)
READ = {
    ast.FunctionDef: Text.definition,
    ast.AsyncFunctionDef: Text.definition,
    ast.ClassDef: Text.definition,
    ast.Lambda: Text.definition,
    ast.arg: Text.argument,
    ast.Import: Text.imports,
    ast.ImportFrom: Text.imports,
    ast.Global: Text.declares,
    ast.Nonlocal: Text.declares,
    ast.ExceptHandler: Text.captures,
    ast.MatchAs: Text.captures,
    ast.MatchStar: Text.captures,
    ast.MatchMapping: Text.captures,
    ast.For: Text.loops,
    ast.AsyncFor: Text.loops,
    ast.comprehension: Text.loops,
    ast.Subscript: Text.stores,
    ast.AugAssign: Text.augments,
}
