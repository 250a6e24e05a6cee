"""Point-free stages: `np.tanh ** 2` is the function v -> np.tanh(v) ** 2, and `f .** g` is f after g.

Which operand is the function is often plain to see, since a number is none; otherwise it is asked when the stage runs
(`stages.py`).
"""

import ast
from typing import Any

from .building import at, call, fresh, function_of, support, variables

__all__ = ["applied", "composed", "functions_in", "is_operation", "is_value", "power_of"]

NUMERIC = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
LITERALS = (
    ast.Constant,
    ast.JoinedStr,
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.Dict,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
MOST = 8  # calls written one in the other for `f .** n`


def is_operation(node: ast.AST) -> bool:
    """Whether the stage is an operation on something, and so no function itself."""
    if isinstance(node, ast.Compare):
        return all(isinstance(op, NUMERIC) for op in node.ops)
    return isinstance(node, ast.BinOp) or (isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not))


def is_value(node: ast.AST) -> bool:
    """Whether the expression is plainly not a function, nor has one as an operand."""
    if is_operation(node):
        return all(map(is_value, operands(node)))
    return isinstance(node, LITERALS)


def operands(node: Any) -> list[Any]:
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    return [node.operand] if isinstance(node, ast.UnaryOp) else [node.left, *node.comparators]


def functions_in(node: Any) -> list[Any]:
    """The functions that a stage without holes may be made of."""
    if hasattr(node, "composed"):
        return [part for part in node.composed if not is_value(part)]
    if not is_operation(node):
        return [] if is_value(node) else [node]
    return [found for operand in operands(node) for found in functions_in(operand)]


def applied(body: Any, value: ast.expr, text: str, place: ast.AST) -> ast.expr:
    """`value |> body`, where `body` is an operation of which an operand is a function.

    text  of the stage, as the user wrote it: for the error if none is
    """
    leaves = Leaves()
    template = leaves.visit(body)
    if len(leaves.found) == 1 and not leaves.right:
        (leaf,) = leaves.found
        leaves.names[0].func = leaf
        leaves.names[0].args = [value]
        return template
    names = [f"_{number}" for number in range(len(leaves.found))]
    for node, name in zip(leaves.names, names):
        template = Swap(node, at(node, ast.Name(id=name, ctx=ast.Load()))).visit(template)
    right = [at(place, ast.Constant(value=index)) for index in leaves.right]
    return call(
        support("apply", place),
        [
            value,
            at(place, ast.Constant(value=text)),
            function_of(names, template, place),
            at(place, ast.Tuple(elts=right, ctx=ast.Load())),
            *leaves.found,
        ],
        place,
    )


class Leaves(ast.NodeTransformer):
    """Takes the operands that may be functions out of an operation, and leaves a call in the place of each.

    found  the operands
    names  the calls, still empty
    right  the indices of those that stand on the right of an `@`
    """

    def __init__(self) -> None:
        self.found: list[ast.expr] = []
        self.names: list[ast.Call] = []
        self.right: list[int] = []

    def visit(self, node: Any) -> Any:
        if not is_operation(node):
            return node if is_value(node) else self.leaf(node)
        if isinstance(node, ast.BinOp):
            node.left = self.visit(node.left)
            before = len(self.found)
            node.right = self.visit(node.right)
            if isinstance(node.op, ast.MatMult):
                self.right += range(before, len(self.found))
        elif isinstance(node, ast.UnaryOp):
            node.operand = self.visit(node.operand)
        else:
            node.left = self.visit(node.left)
            node.comparators = [self.visit(comparator) for comparator in node.comparators]
        return node

    def leaf(self, node: ast.expr) -> ast.Call:
        self.found.append(node)
        self.names.append(call(node, [], node))
        return self.names[-1]


class Swap(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: Any) -> Any:
        return self.new if node is self.old else super().visit(node)


# ---- `.**` -----------------------------------------------------------------------------------------------------------
def composed(lowering: Any, left: ast.expr, right: ast.expr, place: ast.AST) -> ast.expr:
    """`left .** right`: `left` so many times, or after the function `right`."""
    parts = [as_function(lowering, part) for part in (left, right)]
    found = call(support("compose", place), parts, place)
    found.composed = parts
    return found


def as_function(lowering: Any, node: ast.expr) -> ast.expr:
    """A point-free operation as the function that it means; everything else as it is."""
    if not is_operation(node) or is_value(node):
        return node
    name = fresh("_", variables(node))
    body = applied(node, at(node, ast.Name(id=name, ctx=ast.Load())), lowering.text(node), node)
    return lowering.noted(function_of([name], body, node, 1))


def power_of(node: Any) -> tuple[ast.expr, int] | None:
    """The function and the number of `f .** 3`, if both are plain to see and the number is small."""
    function, count = getattr(node, "composed", (None, None))
    if not isinstance(function, (ast.Name, ast.Attribute)) or not isinstance(count, ast.Constant):
        return None
    return (function, count.value) if type(count.value) is int and 0 < count.value <= MOST else None
