"""The common case, written out: a call of a one- or two-operand primitive on `Var`s of one level.

The text has the same steps as `dispatch` and `Var.interpret`, with what the rules ask for inlined, and is compiled
after the first calls of a primitive (once for all whose rules ask for the same names).  `print(multiply.source)` shows
it.  A call through the general path costs three times as much.
"""

import operator
from collections.abc import Callable
from functools import cache
from math import inf
from textwrap import indent
from types import CodeType
from typing import Any

from .aval import FLOAT, PLAIN, Aval, aval_of, cotangent_aval, make, shape_of
from .levels import clock
from .tape import AVAL, NOTHING, Var, new

__all__ = ["fits_template", "specialise"]

# `{star}` passes the static parameters on, where the operation has any; `node[3]` is what was saved, `node[6]` the
# params.
UNARY = """
def pull_x(g, node):
    {x_names} = node[3]
    return ((node[7], rule_x(g{x_asks}{pull_star})),)

def call(x{star}):
    try:
        if type(x) is not Var:
            return {run} if type(x) in PLAIN else dispatch(prim, x{star})
        level, p, x = x.level, x.node, x.value
        y = {run} if type(x) in PLAIN else call(x{star})
{float_x}        v = new(Var)
        v.value, v.level, v.node = y, level, (next(clock), prim, pull_x, {x_saved}, {same}, {x_aval}, {params}, p)
        return v
    except ValueError as error:
        raise mismatch(prim, error, (x,), {params}) from None
"""
BINARY_PULLS = """
def pull_ab(g, node):
    {ab_names} = node[3]
    return (node[7], rule_a(g{a_asks}{pull_star})), (node[8], rule_b(g{b_asks}{pull_star}))

def pull_a(g, node):
    {a_names} = node[3]
    return ((node[7], rule_a(g{a_asks}{pull_star})),)

def pull_b(g, node):
    {b_names} = node[3]
    return ((node[7], rule_b(g{b_asks}{pull_star})),)
"""
# Twice: `call(a, b)`, and for a reflected operator `reflected(b, a)`.
BINARY_CALL = """
def {signature}:
    try:
        if type(a) is Var:
            p, level = a.node, a.level
            if type(b) is Var and level == b.level:
                q, a, b = b.node, a.value, b.value
                if (type(a) is type(b) or type(b) in PLAIN) and type(a) in PLAIN:
                    y = {run}
                else:
                    y = call(a, b{star})
{float_ab}                aval = p[5]
                if {same} and (aval is q[5] or aval == q[5]):
                    aligned = True
                else:
                    aval, aligned = aval_like(y, p), False
                v = new(Var)
                v.value, v.level = y, level
                v.node = next(clock), prim, pull_ab, {ab_saved}, aligned, aval, {params}, p, q
                return v
            if type(b) is float or type(b) in PLAIN:
                a = a.value
                y = {run} if type(a) in PLAIN else call(a, b{star})
{float_a}                if {same} and (type(b) is float or type(b) is int):
                    aval, aligned = p[5], True
                else:
                    aval = aval_like(y, p)
                    aligned = {same} and aval is p[5]
                v = new(Var)
                v.value, v.level = y, level
                v.node = next(clock), prim, pull_a, {a_saved}, aligned, aval, {params}, p
                return v
        elif type(b) is Var and (type(a) is float or type(a) in PLAIN):
            p, level, b = b.node, b.level, b.value
            y = {run} if type(b) in PLAIN else call(a, b{star})
{float_b}            if {same} and (type(a) is float or type(a) is int):
                aval, aligned = p[5], True
            else:
                aval = aval_like(y, p)
                aligned = {same} and aval is p[5]
            v = new(Var)
            v.value, v.level = y, level
            v.node = next(clock), prim, pull_b, {b_saved}, aligned, aval, {params}, p
            return v
        return {run} if type(a) in PLAIN and type(b) in PLAIN else dispatch(prim, a, b{star})
    except ValueError as error:
        raise mismatch(prim, error, (a, b), {params}) from None
"""

# Python floats: the slopes are floats too, so the node keeps them instead of what the rules ask for, and the slope of a
# value that depends on one other value joins that of its operand: what depends on it skips it.  An infinite slope takes
# the ordinary way, on which an exact zero stays one.
ONE_FLOAT = """
if type(y) is float and p[5] is FLOAT:
    try:
        s = {slope}
    except (ArithmeticError, ValueError):
        s = inf
    m = p
    if p[2] is pull_one:
        s, m = s * p[3], p[7]
    if s * 0.0 == 0.0:
        v = new(Var)
        v.value, v.level, v.node = y, level, (next(clock), prim, pull_one, s, True, FLOAT, NOTHING, m)
        return v
"""
TWO_FLOATS = """
if type(y) is float and p[5] is q[5] is FLOAT:
    try:
        s, r = {slope_a}, {slope_b}
    except (ArithmeticError, ValueError):
        s = r = inf
    m, n = p, q
    if p[2] is pull_one:
        s, m = s * p[3], p[7]
    if q[2] is pull_one:
        r, n = r * q[3], q[7]
    if (s + r) * 0.0 == 0.0:
        v = new(Var)
        v.value, v.level = y, level
        if m is n:
            v.node = next(clock), prim, pull_one, s + r, True, FLOAT, NOTHING, m
        else:
            v.node = next(clock), prim, pull_two, (s, r), True, FLOAT, NOTHING, m, n
        return v
"""


def pull_one(g: Any, node: Any) -> Any:
    return ((node[7], g * node[3]),)


def pull_two(g: Any, node: Any) -> Any:
    s, r = node[3]
    return (node[7], g * s), (node[8], g * r)


# Python's operators as text, which is faster than a call of them, and their slopes on floats: what the rules say of a
# tangent of 1.0, again without a call.
EXPRESSIONS = {
    operator.add: ("a + b", "1.0", "1.0"),
    operator.sub: ("a - b", "1.0", "-1.0"),
    operator.mul: ("a * b", "b", "a"),
    operator.truediv: ("a / b", "1.0 / b", "-y / b"),
    operator.pow: (
        "a ** b",
        "raw_a(1.0, a, b)",
        "inf",
    ),  # d/db takes a logarithm, which warns where arrays would
    operator.neg: ("-x", "-1.0"),
}


def aval_like(y: Any, p: Any) -> Aval:
    """The aval of a cotangent of `y`, which mostly is that of the node `p`, in its dtype at least."""
    try:
        shape, dtype = y.shape, y.dtype
    except AttributeError:
        return cotangent_aval(aval_of(y))
    known: Aval = p[AVAL]
    if dtype is known[1]:
        return known if shape == known[0] else make(Aval, (shape, dtype))
    return cotangent_aval(aval_of(y))


def fits_template(prim: Any) -> bool:
    """Whether the common case of `prim` can be written out."""
    return (
        not prim.variadic and not prim.outputs and len(prim.operands) == len(prim.vjp) <= 2 and all(prim.vjp)
    )


def specialise(prim: Any, mismatch: Callable[..., Any]) -> Any:
    """The `call` of `prim`, compiled from the text above."""
    letters = "x" if len(prim.vjp) == 1 else "ab"
    entries = dict(zip(letters, prim.vjp, strict=True))
    rename = dict(zip(prim.operands, letters, strict=True))
    asks = tuple(tuple(_renamed(name, rename) for name in entry.names) for entry in prim.vjp)
    star = "" if prim.same_aval else ", **params"
    run, *slopes = EXPRESSIONS.get(prim.impl, (f"impl({', '.join(letters)}{star})",))
    code, prim.source = compiled(letters, asks, prim.same_aval, run, tuple(slopes))
    scope = {
        "prim": prim, "impl": prim.impl, "dispatch": prim.dispatch, "mismatch": mismatch, "PLAIN": PLAIN, "Var": Var,
        "new": new, "clock": clock, "NOTHING": NOTHING, "aval_like": aval_like, "shape_of": shape_of,
        "FLOAT": FLOAT, "inf": inf, "pull_one": pull_one, "pull_two": pull_two,
        **{f"rule_{x}": e.rule for x, e in entries.items()},
        **{f"raw_{x}": getattr(e.rule, "__wrapped__", e.rule) for x, e in entries.items()},
    }  # fmt: skip
    exec(code, scope)
    prim.reflected = scope.get("reflected")
    return scope["call"]


def _renamed(name: str, rename: dict[str, str]) -> str:
    stem = name.removesuffix("_shape")
    return rename.get(stem, stem) + name[len(stem) :]


@cache
def compiled(
    letters: str, asks: tuple[tuple[str, ...], ...], same_aval: bool, run: str, slopes: tuple[str, ...]
) -> tuple[CodeType, str]:
    """The code for operands called `letters` whose rules ask for the names `asks`, and its text."""
    wanted = dict(zip(letters, asks, strict=True))
    wanted[letters] = tuple(dict.fromkeys(name for names in asks for name in names))
    star, pull_star = ("", "") if same_aval else (", **params", ", **node[6]")
    blanks: dict[str, Any] = {"run": run, "star": star, "pull_star": pull_star, "same": same_aval}
    blanks["params"] = "NOTHING" if same_aval else "params"
    blanks["x_aval"] = "p[5]" if same_aval else "aval_like(y, p)"
    for x, names in wanted.items():
        kept = [f"shape_of({n.removesuffix('_shape')})" if n.endswith("_shape") else n for n in names]
        blanks[f"{x}_asks"] = "".join(f", {name}" for name in names)
        blanks[f"{x}_names"] = ", ".join(names) or "_"
        blanks[f"{x}_saved"] = kept[0] if len(kept) == 1 else f"({', '.join(kept)})"
    for i, x in enumerate(letters):
        blanks[f"slope_{x}"] = slopes[i] if slopes else f"raw_{x}(1.0{blanks[f'{x}_asks']})"
        one = ONE_FLOAT.format(slope=blanks[f"slope_{x}"]) if same_aval else ""
        blanks[f"float_{x}"] = indent(one, " " * {"x": 8, "a": 16, "b": 12}[x])
    blanks["float_ab"] = (
        indent(TWO_FLOATS.format(**blanks), " " * 16) if same_aval and letters == "ab" else ""
    )
    if letters == "x":
        source = UNARY.format(**blanks)
    else:
        signatures = [f"call(a, b{star})"] + [f"reflected(b, a{star})"] * bool(slopes)
        source = BINARY_PULLS.format(**blanks)
        source += "".join(BINARY_CALL.format(signature=signature, **blanks) for signature in signatures)
    return compile(source, f"<{letters} {asks}>", "exec"), source
