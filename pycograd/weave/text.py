"""What the text of a function tells: which names it binds, and what may stand in it twice."""

import ast
from collections import Counter
from types import CodeType
from typing import Any

from .source import Node, nested

__all__ = [
    "EXPRESSIONS",
    "at",
    "bindings",
    "called_parameters",
    "evaluable_twice",
    "name",
    "repeatable",
    "variables",
    "woven_names",
]

LOAD = ast.Load()
ARITHMETIC = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Tuple, ast.Slice)
EXPRESSIONS = (*ARITHMETIC, ast.Attribute, ast.List, ast.Subscript)
LOOPS = (ast.For, ast.While, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
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
    if not isinstance(node, kinds):
        return False
    return all([made_of(kinds, child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)])


def variables(code: CodeType) -> set[str]:
    """The names that are variables of `code` or of the code inside it, and so are not known before it runs."""
    names = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
    if not code.co_flags & 1:  # a class body keeps its variables by name
        names.update(code.co_names)
    return names.union(*map(variables, nested(code)))


# ---- what binds a name -----------------------------------------------------------------------------------------------
def bindings(node: Node) -> Counter[str]:
    """How often the text of the function binds each name, wherever in it."""
    found: Counter[str] = Counter()
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            found[child.id] += not isinstance(child.ctx, ast.Load)
        elif isinstance(child, ast.arg):
            found[child.arg] += 1
        elif isinstance(child, (ast.Import, ast.ImportFrom)):
            found.update([(alias.asname or alias.name).split(".")[0] for alias in child.names])
        elif isinstance(child, (ast.Global, ast.Nonlocal)):
            found.update(child.names)
        else:  # definitions, except ... as, and captures of a match
            bound = getattr(child, "name", None) or getattr(child, "rest", None)
            found.update([bound] if isinstance(bound, str) else [])
    return found


def woven_names(node: Node, bound: Counter[str]) -> set[str]:
    """The names bound once, by a `def` or to a lambda in the text of the function: what they call is woven with it."""
    functions, attributes = set(), {id(node)}
    for child in ast.walk(node):  # parents first
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
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
    return {found for found in functions if bound[found] == 1}


def called_parameters(node: Any, bound: Counter[str], parent: dict[ast.AST, ast.AST]) -> dict[str, int]:
    """The parameters of a `def` of which it makes nothing but calls, and many: they can be looked up beforehand.

    parent  what each node of the text stands in
    Returns how many arguments those calls have, by position; -1 if they differ.
    """
    args = node.args
    weights = {arg.arg: 0 for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs) if bound[arg.arg] == 1}
    counts: dict[str, int] = {}
    for child in ast.walk(node) if weights else ():
        if isinstance(child, ast.Name) and child.id in weights:
            up = parent[child]
            if isinstance(up, ast.Call) and up.func is child:
                weights[child.id] += 2 if in_loop(child, node, parent) else 1
                positional = not up.keywords and not any(isinstance(a, ast.Starred) for a in up.args)
                count = len(up.args) if positional else -1
                counts[child.id] = count if counts.get(child.id, count) == count else -1
            else:
                weights.pop(child.id)
        elif isinstance(child, ast.Name) and child.id in NAMESPACES:
            return {}
    return {parameter: counts[parameter] for parameter, weight in weights.items() if weight > 1}


def in_loop(node: ast.AST, root: ast.AST, parent: dict[ast.AST, ast.AST]) -> bool:
    """Whether what stands there may run many times while the function runs once."""
    while node is not root:
        node = parent[node]
        if isinstance(node, LOOPS) or (isinstance(node, FUNCTIONS) and node is not root):
            return True
    return False
