"""The order in which an expression computes its parts: where a value may stand in a stage without changing it."""

import ast
from collections.abc import Iterator
from typing import Any

from .building import occurrences

__all__ = ["comes_first", "is_plain", "moves_out"]

PLAIN = (
    ast.Name,
    ast.Constant,
    ast.Attribute,
    ast.Subscript,
    ast.Slice,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.Tuple,
    ast.List,
)
FUNCTIONS = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef)


def is_plain(node: ast.AST, callee: bool = False) -> bool:
    """Whether the expression calls nothing; with `callee`, whether it is a name of something, or makes a function."""
    if isinstance(node, ast.Lambda):
        return True
    if callee:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name)
    if not isinstance(node, PLAIN):
        return False
    return all(is_plain(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def comes_first(body: ast.AST, hole: str, value_is_plain: bool) -> bool:
    """Whether `body` computes what stands in the place of `hole` for certain, once, and before all that matters.

    What stands before it may be constants and the names of the functions that are called; and whatever calls nothing,
    if the value calls nothing either.
    """
    if isinstance(body, ast.Name) and body.id == hole:
        return True
    for part, callee in parts(body):
        if occurrences(part, [hole]):
            return comes_first(part, hole, value_is_plain)
        if isinstance(part, (ast.Constant, ast.Lambda)) or (value_is_plain and is_plain(part)):
            continue
        if not callee or not is_plain(part, callee=True):
            return False
    return False


def parts(node: Any) -> Iterator[tuple[Any, bool]]:
    """What `node` computes first, in order, each with whether it is a callee; only what it computes in every case."""
    if isinstance(node, ast.Call):
        yield node.func, True
        yield from ((argument, False) for argument in [*node.args, *[k.value for k in node.keywords]])
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values):
            yield from ((part, False) for part in (key, value) if part is not None)
    elif isinstance(node, ast.Compare):
        yield from ((part, False) for part in (node.left, node.comparators[0]))
    elif isinstance(node, ast.BoolOp):
        yield node.values[0], False
    elif isinstance(node, ast.IfExp):
        yield node.test, False
    elif not isinstance(node, (*FUNCTIONS, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        yield from ((part, False) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))


def moves_out(body: ast.AST, names: bool = True) -> ast.expr | None:
    """What would mean something else inside a function: an `await`, a `yield`, or (`names`) a name given by `:=`."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom)) or (
            names and isinstance(node, ast.NamedExpr)
        ):
            return node
        if not isinstance(node, FUNCTIONS):
            waiting += ast.iter_child_nodes(node)
    return None
