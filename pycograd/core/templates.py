"""The common case, written out: a call of a one- or two-operand primitive on `Var`s of one level.

The text has the same steps as `dispatch` and `Var.interpret`, with what the rules ask for inlined, and is compiled when
the primitive is first called (once for all primitives whose rules ask for the same names).  `print(multiply.source)`
shows it.  A call through the general path costs three times as much (`python -m benchmarks paths`).
"""

import operator
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

from .aval import PLAIN, Aval, aval_of, cotangent_aval, make, shape_of
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
        v = new(Var)
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
                aval = p[5]
                if {same} and (aval is q[5] or aval == q[5]):
                    aligned = True
                else:
                    aval, aligned = aval_like(y, p), False
                v = new(Var)
                v.value, v.level = y, level
                v.node = next(clock), prim, pull_ab, {ab_saved}, aligned, aval, {params}, p, q
                return v
            if type(b) in PLAIN:
                a = a.value
                y = {run} if type(a) in PLAIN else call(a, b{star})
                if {same} and (type(b) is float or type(b) is int):
                    aval, aligned = p[5], True
                else:
                    aval = aval_like(y, p)
                    aligned = {same} and aval is p[5]
                v = new(Var)
                v.value, v.level = y, level
                v.node = next(clock), prim, pull_a, {a_saved}, aligned, aval, {params}, p
                return v
        elif type(b) is Var and type(a) in PLAIN:
            p, level, b = b.node, b.level, b.value
            y = {run} if type(b) in PLAIN else call(a, b{star})
            if {same} and (type(a) is float or type(a) is int):
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


# Python's operators, as the text that is faster than a call of them.
EXPRESSIONS = {
    operator.add: "a + b",
    operator.sub: "a - b",
    operator.mul: "a * b",
    operator.truediv: "a / b",
    operator.pow: "a ** b",
    operator.matmul: "a @ b",
    operator.neg: "-x",
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
    run = EXPRESSIONS.get(prim.impl, f"impl({', '.join(letters)}{star})")
    code, prim.source = compiled(letters, asks, prim.same_aval, run)
    scope = {
        "prim": prim, "impl": prim.impl, "dispatch": prim.dispatch, "mismatch": mismatch, "PLAIN": PLAIN, "Var": Var,
        "new": new, "clock": clock, "NOTHING": NOTHING, "aval_like": aval_like, "shape_of": shape_of,
        **{f"rule_{x}": e.rule for x, e in entries.items()},
    }  # fmt: skip
    exec(code, scope)
    prim.reflected = scope.get("reflected")
    return scope["call"]


def _renamed(name: str, rename: dict[str, str]) -> str:
    stem = name.removesuffix("_shape")
    return rename.get(stem, stem) + name[len(stem) :]


@cache
def compiled(
    letters: str, asks: tuple[tuple[str, ...], ...], same_aval: bool, run: str
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
    if letters == "x":
        source = UNARY.format(**blanks)
    else:
        signatures = [f"call(a, b{star})"] + [f"reflected(b, a{star})"] * (run in EXPRESSIONS.values())
        source = BINARY_PULLS.format(**blanks)
        source += "".join(BINARY_CALL.format(signature=signature, **blanks) for signature in signatures)
    return compile(source, f"<pycograd {letters} {asks}>", "exec"), source
