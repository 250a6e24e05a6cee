"""What is written in woven code: a store into an array says so first, for the sake of what a tape saved.

While a tape runs, a plain array that is about to be written is noted (`core/saved.py`); else one look at an empty table
is all that happens.  The store itself stays as it is:

    a[k] = v       ->  (written(a, k) if tapes and type(a) not in others else a)[k] = v
    a += v         ->  a += (v, tapes and type(a) not in others and written(a))[0]
    a[k] += v      ->  a[k] += (v, tapes and written_item(a, k))[0]
    a.fill(v)      ->  (written(a) if tapes and type(a) not in others else a).fill(v)
    f(x, out=a)    ->  f(x, out=written(a) if tapes and type(a) not in others else a)
    obj.name = v   ->  (written_record(obj) if tapes else obj).name = v

All is evaluated once and in its order, but for names, numbers and their arithmetic: an operand that calls something may
record an operation on `a`, and that is before the store.
"""

import ast
from collections.abc import Callable, Iterable
from functools import cache
from inspect import Parameter, signature
from typing import Any

import numpy as np

from .text import at, evaluable_twice, name, repeatable
from .uses import WRITERS

__all__ = [
    "AT",
    "EACH",
    "IN_PLACE",
    "ITEM",
    "NAME",
    "OTHERS",
    "OUT",
    "RECORD",
    "SLICE",
    "Stores",
    "TAPES",
    "TYPE",
    "WRITTEN",
]

TAPES, OTHERS, TYPE, SLICE = "__pg_tapes__", "__pg_others__", "__pg_type__", "__pg_slice__"
WRITTEN, ITEM, EACH = "__pg_written__", "__pg_written_item__", "__pg_written_each__"
NAME, AT, RECORD = "__pg_written_name__", "__pg_written_at__", "__pg_written_record__"
KEY, OWNER = "__pg_key__", "__pg_owner__"  # variables
ATTRIBUTES = {
    "flat": ...,
    "real": ...,
    "imag": ...,
    "shape": b"shape",
    "dtype": b"dtype",
    "strides": b"strides",
}
# methods that write into their owner, and methods and functions that write into their first argument
IN_PLACE = frozenset(
    "fill sort partition put itemset setfield byteswap __setitem__ __iadd__ __isub__ __imul__ __itruediv__ "
    "__ifloordiv__ __imod__ __ipow__ __imatmul__ __iand__ __ior__ __ixor__ __ilshift__ __irshift__".split()
)
INTO_FIRST = frozenset(["at", "shuffle", "readinto", "nan_to_num"])
# the position of `out` in the methods of arrays, ufuncs and generators of random numbers
OUT = dict(
    all=1, any=1, argmax=1, argmin=1, choose=1, clip=2, compress=2, cumprod=2, cumsum=2, dot=1, max=1, mean=2, min=1,
    prod=2, round=1, std=2, sum=2, take=2, trace=4, var=2, reduce=3, accumulate=3, reduceat=4, random=2,
    standard_normal=2, standard_exponential=3, standard_gamma=3, pack_into=1,
)  # fmt: skip


class Stores:
    """Puts the notes into a syntax tree, node by node.

    helper  (text, place) -> the variable `text`, which the woven function has in its closure
    """

    def __init__(self, helper: Callable[[str, ast.AST], ast.expr]) -> None:
        self.helper = helper

    # ---- statements ----
    def item(self, target: ast.Subscript) -> None:
        """`a[k]`, which is assigned to."""
        key = self.index(target.slice)
        if evaluable_twice(target.slice):
            target.value = self.noted(target, target.value, key)
        elif isinstance(target.value, ast.Name):
            target.slice = self.called(AT, target, target.value, key)
        else:
            target.value = self.noted(target, target.value)

    def attribute(self, target: ast.Attribute) -> None:
        """`a.flat`, or another attribute of arrays, which is assigned to."""
        owner = target.value
        if target.attr in ATTRIBUTES:
            target.value = self.noted(target, owner, constant(ATTRIBUTES[target.attr], target))
        elif not isinstance(owner, ast.Name) or owner.id != "self":
            target.value = self.called(RECORD, target, owner)
            if repeatable(owner):
                test = self.helper(TAPES, owner)
                target.value = at(owner, ast.IfExp(test=test, body=target.value, orelse=owner))

    def augmented(self, node: ast.AugAssign, in_class: bool) -> None:
        """`a += v`, `a[k] += v` or `obj.a += v`: noted after `v` is evaluated."""
        target = node.target
        if isinstance(target, ast.Name):
            a = name(target.id, target)
            node.value = self.and_then(node.value, self.may_be_array(a), self.called(NAME, node, a))
            return
        if in_class and not evaluable_twice(
            target.value
        ):  # a variable would become an attribute of the class
            target.value = self.noted(target, target.value)
            return
        owner = target.value
        if not evaluable_twice(owner):
            target.value = bound(OWNER, owner)
            owner = name(OWNER, owner)
        if isinstance(target, ast.Attribute):
            of_owner = at(target, ast.Attribute(value=owner, attr=target.attr, ctx=ast.Load()))
            note = self.called(WRITTEN, node, of_owner)
        else:
            note = self.called(ITEM, node, owner, self.key(target))
        node.value = self.and_then(node.value, self.helper(TAPES, target), note)

    def key(self, target: ast.Subscript) -> ast.expr:
        """The key of `target`, to be evaluated after it."""
        key = self.index(target.slice)
        if evaluable_twice(target.slice):
            return key
        target.slice = bound(KEY, key)
        return name(KEY, key)

    # ---- calls ----
    def call(self, node: ast.Call, callee: Any) -> None:
        """What a call writes into; `callee` is what is known of it."""
        words = [k.arg or "" for k in node.keywords]
        if "out" in words:
            out = node.keywords[words.index("out")]
            if isinstance(out.value, ast.Name) and "" not in words:
                node.keywords.sort(key=lambda k: k is out)  # after all that the other arguments do
            out.value = self.noted(node, out.value)
        for i in self.arguments(node, callee, any(word.startswith("overwrite") for word in words)):
            node.args[i] = self.noted(node, node.args[i])

    def owner(self, node: ast.Call, method: ast.Attribute) -> None:
        """The array, or the container, whose `method`, of which nothing is known, is called."""
        if (
            method.attr in IN_PLACE
            or method.attr == "update"
            or any(k.arg == "inplace" for k in node.keywords)
        ):
            method.value = self.noted(node, method.value)

    def arguments(self, node: ast.Call, callee: Any, overwrites: bool) -> Iterable[int]:
        """The positions of the arguments that a call writes into, as far as its text tells."""
        n, known = len(node.args), is_function(callee)
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(callee, "__name__", "")
        if overwrites:
            return range(n)
        first = called in INTO_FIRST or known and callee in WRITERS or called == "put" and callee is np.ma.put
        starred = [i for i, argument in enumerate(node.args) if isinstance(argument, ast.Starred)]
        position = out_position(callee) if known and not first else OUT.get(called, n)
        if starred:
            if first or known or called in OUT:
                self.unpacked(node, starred[0], first, position)
            return []
        if first:
            return range(min(n, 1))
        if n < 2:
            return []
        return range(min(n, position), n)

    def unpacked(self, node: ast.Call, at_star: int, first: bool, position: int) -> None:
        """Note what is written of arguments `*values` and those that follow: the first alone, or all from `position`,
        that of `out`, on; how many values there are, only the call knows.
        """
        if first and at_star:
            return
        bounds = (0, 1) if first else (max(position - at_star, 0), None)
        values: Any = node.args[at_star]
        values.value = self.called(EACH, node, values.value, *[constant(i, node) for i in bounds])
        if not first:
            for i in range(at_star + 1, len(node.args)):
                node.args[i] = self.noted(node, node.args[i])

    # ---- notes ----
    def noted(self, place: ast.AST, a: ast.expr, *key: ast.expr) -> ast.expr:
        """`a`, after the note that it is written by what stands at `place`."""
        if isinstance(a, ast.Constant):
            return a
        if isinstance(a, ast.Starred):  # all of them
            a.value = self.called(EACH, place, a.value)
            return a
        if isinstance(a, ast.Name):
            return at(
                a, ast.IfExp(test=self.may_be_array(a), body=self.called(NAME, place, a, *key), orelse=a)
            )
        note = self.called(WRITTEN, place, a, *key)
        if repeatable(a):  # in the text
            return at(a, ast.IfExp(test=self.helper(TAPES, a), body=note, orelse=a))
        return note

    def may_be_array(self, a: ast.expr) -> ast.expr:
        """`tapes and type(a) not in others`."""
        kind = self.called(TYPE, a, a)
        test = at(a, ast.Compare(left=kind, ops=[ast.NotIn()], comparators=[self.helper(OTHERS, a)]))
        return at(a, ast.BoolOp(op=ast.And(), values=[self.helper(TAPES, a), test]))

    def and_then(self, value: ast.expr, test: ast.expr, note: ast.expr) -> ast.expr:
        """`(value, test and note)[0]`, or what is faster and does the same."""
        if evaluable_twice(value):
            both, which, other = [note, value], 1, value
        else:
            both, which, other = [value, at(value, ast.BoolOp(op=ast.And(), values=[test, note]))], 0, None
        pair = at(value, ast.Tuple(elts=both, ctx=ast.Load()))
        picked = at(value, ast.Subscript(value=pair, slice=constant(which, value), ctx=ast.Load()))
        return picked if other is None else at(value, ast.IfExp(test=test, body=picked, orelse=other))

    def index(self, key: ast.expr) -> ast.expr:
        """`key` as an expression that may stand outside of brackets."""
        if isinstance(key, ast.Slice):
            parts = [
                constant(None, key) if part is None else part for part in (key.lower, key.upper, key.step)
            ]
            return self.called(SLICE, key, *parts)
        if isinstance(key, ast.Tuple):
            return at(key, ast.Tuple(elts=[self.index(k) for k in key.elts], ctx=ast.Load()))
        return key

    def called(self, helper: str, place: ast.AST, *args: ast.expr) -> ast.expr:
        return at(place, ast.Call(func=self.helper(helper, place), args=list(args), keywords=[]))


def operands_of(target: Any) -> list[ast.expr]:
    return [target.value, target.slice] if isinstance(target, ast.Subscript) else [target.value]


def bound(variable: str, value: ast.expr) -> ast.expr:
    """`(variable := value)`."""
    return at(value, ast.NamedExpr(target=at(value, ast.Name(id=variable, ctx=ast.Store())), value=value))


def constant(value: Any, place: ast.AST) -> Any:
    return at(place, ast.Constant(value=value))


def is_function(callee: Any) -> bool:
    """Whether `callee` is a function of numpy."""
    return isinstance(callee, (np.ufunc, type(np.sum)))


@cache
def out_position(function: Any) -> int:
    """The position of the argument that a function of numpy writes into; beyond all others if there is none."""
    if isinstance(function, np.ufunc):
        return function.nin
    try:
        parameters = signature(function).parameters.values()
    except ValueError:  # code of C, which tells its signature from numpy 2.4 on
        return 2 if function in (np.concatenate, np.dot) else 1000
    for i, parameter in enumerate(parameters):
        if parameter.kind is Parameter.VAR_POSITIONAL:
            break
        if parameter.name == "out":
            return i
    return 1000
