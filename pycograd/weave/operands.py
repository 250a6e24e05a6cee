"""Operands: where the text uses an operator, an attribute or a protocol that classes of the user define, it asks first.

    a + b           ->  stand(a) + stand(b)
    model.area      ->  stand(model).area
    for row in t:   ->  for row in stand(t):
    a += b          ->  a = added_in_place(a, b)

`stand(x)` is `x if type(x) in ordinary else stand(x)` for a name.  Nothing changes where no live class of the user has
such a method or attribute (`specials.py`), and no position changes.
"""

import ast
from types import ModuleType
from typing import Any

from .specials import active
from .text import at, repeatable

__all__ = ["IN_PLACE", "ITEMS", "ORDINARY", "SEARCH", "STAND", "Operands"]

STAND, SEARCH, ITEMS, ORDINARY = "__pg_stand__", "__pg_search__", "__pg_items__", "__pg_ordinary__"
SYMBOLS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.MatMult: "matmul", ast.Div: "truediv",
    ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.Pow: "pow", ast.LShift: "lshift", ast.RShift: "rshift",
    ast.BitAnd: "and", ast.BitXor: "xor", ast.BitOr: "or",
}  # fmt: skip
IN_PLACE = {symbol: f"__pg_i{symbol}__" for symbol in SYMBOLS.values()}
UNARY = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}
COMPARED = {
    ast.Lt: {"__lt__", "__gt__"}, ast.Gt: {"__lt__", "__gt__"}, ast.LtE: {"__le__", "__ge__"},
    ast.GtE: {"__le__", "__ge__"}, ast.Eq: {"__eq__"}, ast.NotEq: {"__eq__", "__ne__"},
}  # fmt: skip
SUBSCRIPTED = {ast.Load: "__getitem__", ast.Store: "__setitem__", ast.Del: "__delitem__"}
READ = {"__getattr__", "__getattribute__"}
ACCESSED = {ast.Load: READ, ast.Store: {"__setattr__"}, ast.Del: {"__delattr__"}}
ITERATED = {"__iter__", "__next__", "__getitem__"}
CONTAINING = {"__contains__", *ITERATED}
TEXT = {"__str__", "__repr__", "__format__"}
TRUTH = {"__bool__", "__len__"}
MANAGED, AWAITED = {"__enter__", "__exit__"}, {"__aenter__", "__aexit__"}
STEPPED = {"__aiter__", "__anext__"}
NEVER_SPECIAL = (ast.Constant, ast.JoinedStr, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Lambda)
NO_TRUTH = (*NEVER_SPECIAL, ast.Compare, ast.UnaryOp)


class Operands:
    """The part of the rewriter that deals with operators, attributes and protocols.

    Each method takes a node whose parts are rewritten already.
    """

    def binary(self, node: ast.BinOp) -> ast.expr:
        symbol = SYMBOLS[type(node.op)]
        if active({f"__{symbol}__", f"__r{symbol}__"}):
            node.left, node.right = self.stand(node.left), self.stand(node.right)
        return node

    def unary(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Not):
            node.operand = self.truth(node.operand)
        elif active({UNARY[type(node.op)]}):
            node.operand = self.stand(node.operand)
        return node

    def compare(self, node: ast.Compare) -> ast.expr:
        operands = [node.left, *node.comparators]
        asked = set()
        for i, op in enumerate(node.ops):
            if isinstance(op, (ast.In, ast.NotIn)):
                if active({"__eq__"}):
                    operands[i + 1] = self.passed_to(SEARCH, operands[i + 1])
                else:
                    asked |= {i + 1} if active(CONTAINING) else set()
            elif active(COMPARED.get(type(op), set())):
                asked |= {i, i + 1}
        node.left, *node.comparators = [self.stand(x) if i in asked else x for i, x in enumerate(operands)]
        return node

    def subscript(self, node: ast.Subscript) -> ast.expr:
        if active({SUBSCRIPTED[type(node.ctx)]}):
            node.value = self.stand(node.value)
        return node

    def stand_for_owner(self, node: ast.Attribute) -> None:
        """`owner.name`, to be read, written or deleted."""
        if self.runs_code(node.attr, type(node.ctx)) and not isinstance(
            self.values.at(node.value), ModuleType
        ):
            node.value = self.stand(node.value)

    def runs_code(self, attribute: str, *contexts: type) -> bool:
        private = attribute.startswith("__") and not attribute.endswith("__")
        names = {f"_{cls.lstrip('_')}{attribute}" for cls in self.classes} if private else {attribute}
        return active(names.union(*[ACCESSED[context] for context in contexts]))

    def augmented(self, node: ast.AugAssign) -> ast.stmt:
        """`target += value`."""
        symbol, target = SYMBOLS[type(node.op)], node.target
        if active({f"__i{symbol}__", f"__{symbol}__", f"__r{symbol}__"}) and repeatable(target):
            read = at(target, type(target)(**{**vars(target), "ctx": ast.Load()}))
            value = self.helped(node, IN_PLACE[symbol], self.place(read), node.value)
            return at(node, ast.Assign(targets=[self.place(target)], value=value))
        if not isinstance(target, ast.Name):  # read and written in one
            if isinstance(target, ast.Attribute):
                asked = self.runs_code(target.attr, ast.Load, ast.Store)
            else:
                asked = active({"__getitem__", "__setitem__"})
            target.value = self.stand(target.value) if asked else target.value
        return node

    def place(self, node: Any) -> Any:
        """A name, an item or an attribute, to be read or written."""
        then = {ast.Subscript: self.subscript, ast.Attribute: self.access}.get(type(node))
        return then(node) if then else node

    def iterated(self, node: Any) -> Any:
        """A `for`, of a statement or a comprehension."""
        stepped = isinstance(node, ast.AsyncFor) or getattr(node, "is_async", 0)
        if active(STEPPED if stepped else ITERATED):
            node.iter = self.stand(node.iter)
            if (
                isinstance(node.target, (ast.Tuple, ast.List))
                and not stepped
                and node not in self.text.of_tuples
            ):
                node.iter = self.passed_to(ITEMS, node.iter)
        for i, condition in enumerate(getattr(node, "ifs", ())):
            node.ifs[i] = self.truth(condition)
        return node

    def unpacked(self, node: Any) -> Any:
        """`*x`, `yield from x`."""
        if active(ITERATED) and isinstance(getattr(node, "ctx", None), ast.Load | None):
            node.value = self.stand(node.value)
        return node

    def formatted(self, node: ast.FormattedValue) -> Any:
        if active(TEXT):
            node.value = self.stand(node.value)
        return node

    def awaited(self, node: ast.Await) -> Any:
        if active({"__await__"}):
            node.value = self.stand(node.value)
        return node

    def managed(self, node: Any) -> Any:
        if active(AWAITED if isinstance(node, ast.AsyncWith) else MANAGED):
            for item in node.items:
                item.context_expr = self.stand(item.context_expr)
        return node

    def tested(self, node: Any) -> Any:
        node.test = self.truth(node.test)
        return node

    def truth(self, test: ast.expr) -> ast.expr:
        """What decides an `if`."""
        if isinstance(test, ast.BoolOp):
            test.values = [self.truth(value) for value in test.values]
        elif not isinstance(test, NO_TRUTH) and active(TRUTH):
            return self.stand(test)
        return test

    def either(self, node: ast.BoolOp) -> ast.expr:
        """`a or b`, where that is a value; in a test it is left to `truth`."""
        up: Any = self.text.parent[node]
        tested = node in (getattr(up, "test", None), getattr(up, "operand", None), *getattr(up, "ifs", ()))
        if tested or isinstance(up, ast.BoolOp) or not active(TRUTH):
            return node
        found = node.values[-1]
        for value in reversed(node.values[:-1]):
            if isinstance(value, ast.Name):  # which may stand twice
                body, orelse = (value, found) if isinstance(node.op, ast.Or) else (found, value)
                found = at(value, ast.IfExp(test=self.stand(value), body=body, orelse=orelse))
            else:
                found = at(value, ast.BoolOp(op=node.op, values=[value, found]))
        return found

    def stand(self, operand: ast.expr) -> ast.expr:
        """The operand, or what stands for it if it is of a class that defines the operation."""
        if isinstance(operand, NEVER_SPECIAL):
            return operand
        stood = self.passed_to(STAND, operand)
        if not isinstance(operand, ast.Name):
            return stood
        return at(operand, ast.IfExp(test=self.type_in(ORDINARY, operand), body=operand, orelse=stood))
