"""Calls: each becomes a call of what its callee resolves to, in the form that costs least where it stands.

What a callee is known to be when its caller is woven costs an identity check where it stands, so that a name bound anew
is seen at once; what it resolves to is content of a closure cell:

    helper(x)         ->  (helper' if helper is it else resolve(helper))(x)
    np.exp(x * g(y))  ->  (exp' if np.exp is exp else resolve(np.exp))(x * ...)
    np.exp(x * w)     ->  (np.exp if type(x) in plain and type(w) in plain else ... as above)(x * w)
    x.sum(axis=1)     ->  x.sum(axis=1) if type(x) in known else resolve(x.sum)(axis=1)
    layers[i](x)      ->  resolve(layers[i], x)(x)
    f(x)              ->  f'(x), in a loop, where `f` is a parameter; f' = resolve(f), at the start of the function
"""

import ast
import builtins
from collections.abc import Callable, Sequence
from types import CellType
from typing import Any

from .kinds import METHODS
from .specials import known
from .text import at, name, repeatable
from .uses import COPIES
from .values import MISSING, Sources, is_birth, makes_numbers

__all__ = ["AHEAD", "BORN", "DYNAMIC", "KNOWN", "METHOD", "OWNED", "RESOLVE", "VISIBLE", "Calls"]

DYNAMIC = object()
# What woven code finds in its closure; the index of RESOLVE is the number of variables that the arguments are made of.
RESOLVE = ("__pg_resolve__", "__pg_for_one__", "__pg_for_two__")
METHOD, AHEAD, KNOWN = "__pg_method__", "__pg_ahead__", "__pg_known__"
VISIBLE, BORN, OWNED = "__pg_visible__", "__pg_born__", "__pg_owned__"
NAMESPACES = (builtins.locals, builtins.vars, builtins.dir)
OPERATIONS = (ast.BinOp, ast.UnaryOp, ast.Subscript)
MANY = (
    3  # variables whose types are looked at before a call: more would cost as much as the call of a primitive
)


class Calls:
    """The part of the rewriter that deals with calls.

    resolution  (callee, call node) -> the cell that holds what the call resolves to; DYNAMIC if only the call
                can tell; None leaves the call alone
    """

    resolution: Callable[[Any, ast.Call], Any]

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
