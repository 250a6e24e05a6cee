"""Syntax trees of what pipes and blocks become: calls, lambdas, and the reference to what they need at run time."""

import ast
from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any

__all__ = [
    "SCOPES",
    "at",
    "call",
    "fresh",
    "function_of",
    "identifiers",
    "occurrences",
    "replaced",
    "support",
    "variables",
]

SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
NAMING = ("id", "arg", "name", "attr", "asname", "module", "rest", "names", "kwd_attrs", "str")


def at(place: ast.AST, node: Any) -> Any:
    """`node`, at the position of `place`."""
    return ast.copy_location(node, place)


def call(function: ast.expr, arguments: Iterable[ast.expr], place: ast.AST) -> Any:
    """`function(*arguments)`, at the position of `place`."""
    return at(place, ast.Call(func=function, args=list(arguments), keywords=[]))


def support(name: str, place: ast.AST) -> Any:
    """`pycograd.notebook.name`, by an expression that needs no import and no name of the user's module."""
    word = at(place, ast.Name(id="__import__", ctx=ast.Load()))
    owner = call(word, [at(place, ast.Constant(value="pycograd"))], place)
    for attribute in ("notebook", name):
        owner = at(place, ast.Attribute(value=owner, attr=attribute, ctx=ast.Load()))
    return owner


def function_of(
    names: list[str], body: ast.expr, place: ast.AST, positional: int = 0, defaults: Iterable[str] = ()
) -> Any:
    """`lambda names: body`; the first `positional` are passed by position only; `defaults` are names as they stand."""
    arg = lambda name: at(place, ast.arg(arg=name, annotation=None, type_comment=None))
    arguments = ast.arguments(
        posonlyargs=[arg(name) for name in names[:positional]],
        args=[arg(name) for name in names[positional:]],
        vararg=None,
        kwonlyargs=[arg(name) for name in defaults],
        kw_defaults=[at(place, ast.Name(id=name, ctx=ast.Load())) for name in defaults],
        kwarg=None,
        defaults=[],
    )
    return at(place, ast.Lambda(args=arguments, body=body))


def occurrences(tree: ast.AST, names: Iterable[str]) -> list[ast.Name]:
    """The places in `tree` where the `names` are read."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in names]


def identifiers(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every name that the text of `tree` has, of a variable, an argument, an attribute ..., with its node."""
    for node in ast.walk(tree):
        for field in NAMING:
            value = getattr(node, field, None)
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str):
                    yield node, name


def variables(tree: ast.AST) -> set[str]:
    """The variables and parameters in an expression."""
    nodes = list(ast.walk(tree))
    found = {node.id for node in nodes if isinstance(node, ast.Name)}
    return found | {node.arg for node in nodes if isinstance(node, ast.arg)}


def fresh(name: str, used: set[str]) -> str:
    """`name`, or that with underscores after it, so that it is none of `used`."""
    while name in used:
        name += "_"
    return name


def replaced(tree: Any, name: str, value: ast.expr) -> Any:
    """`tree` with `value` where `name` is read, which is once, or else a name or a constant."""

    class Replace(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> Any:
            if node.id != name:
                return node
            return copy(value) if isinstance(value, (ast.Name, ast.Constant)) else value

    return Replace().visit(tree)
