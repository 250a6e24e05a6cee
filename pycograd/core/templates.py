"""The common case, written out: a call of a one- or two-operand primitive on `Var`s of one level.

The text has the same steps as `dispatch` and `Var.interpret`, with what the rules ask for inlined, and is compiled when
the primitive is first called (once for all primitives whose rules ask for the same names).  `print(multiply.source)`
shows it.  A call through the general path costs three times as much (`python -m benchmarks paths`).
"""

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
            return impl(x{star}) if type(x) in PLAIN else dispatch(prim, x{star})
        level, p, x = x.level, x.node, x.value
        y = impl(x{star}) if type(x) in PLAIN else call(x{star})
        v = new(Var)
        v.value, v.level, v.node = y, level, (next(clock), prim, pull_x, {x_saved}, {same}, {x_aval}, {params}, p)
        return v
    except ValueError as error:
        raise mismatch(prim, error, (x,), {params}) from None
"""
BINARY = """
def pull_ab(g, node):
    {ab_names} = node[3]
    return (node[7], rule_a(g{a_asks}{pull_star})), (node[8], rule_b(g{b_asks}{pull_star}))

def pull_a(g, node):
    {a_names} = node[3]
    return ((node[7], rule_a(g{a_asks}{pull_star})),)

def pull_b(g, node):
    {b_names} = node[3]
    return ((node[7], rule_b(g{b_asks}{pull_star})),)

def call(a, b{star}):
    try:
        if type(a) is Var:
            if type(b) is Var and a.level == b.level:
                level, p, q, a, b = a.level, a.node, b.node, a.value, b.value
                y = (
                    impl(a, b{star})
                    if (type(a) is type(b) or type(b) in PLAIN) and type(a) in PLAIN
                    else call(a, b{star})
                )
                aval, aligned = (p[5], True) if {same} and (p[5] is q[5] or p[5] == q[5]) else (aval_like(y, p), False)
                v = new(Var)
                node = next(clock), prim, pull_ab, {ab_saved}, aligned, aval, {params}, p, q
                v.value, v.level, v.node = y, level, node
                return v
            if type(b) in PLAIN:
                level, p, a = a.level, a.node, a.value
                y = impl(a, b{star}) if type(a) in PLAIN else call(a, b{star})
                aval = p[5] if {same} and (type(b) is float or type(b) is int) else aval_like(y, p)
                v = new(Var)
                aligned = {same} and aval is p[5]
                v.value, v.level, v.node = y, level, (next(clock), prim, pull_a, {a_saved}, aligned, aval, {params}, p)
                return v
        elif type(b) is Var and type(a) in PLAIN:
            level, p, b = b.level, b.node, b.value
            y = impl(a, b{star}) if type(b) in PLAIN else call(a, b{star})
            aval = p[5] if {same} and (type(a) is float or type(a) is int) else aval_like(y, p)
            v = new(Var)
            aligned = {same} and aval is p[5]
            v.value, v.level, v.node = y, level, (next(clock), prim, pull_b, {b_saved}, aligned, aval, {params}, p)
            return v
        return impl(a, b{star}) if type(a) in PLAIN and type(b) in PLAIN else dispatch(prim, a, b{star})
    except ValueError as error:
        raise mismatch(prim, error, (a, b), {params}) from None

def reflected(b, a{star}):
    try:
        if type(a) is Var:
            if type(b) is Var and a.level == b.level:
                level, p, q, a, b = a.level, a.node, b.node, a.value, b.value
                y = (
                    impl(a, b{star})
                    if (type(a) is type(b) or type(b) in PLAIN) and type(a) in PLAIN
                    else call(a, b{star})
                )
                aval, aligned = (p[5], True) if {same} and (p[5] is q[5] or p[5] == q[5]) else (aval_like(y, p), False)
                v = new(Var)
                node = next(clock), prim, pull_ab, {ab_saved}, aligned, aval, {params}, p, q
                v.value, v.level, v.node = y, level, node
                return v
            if type(b) in PLAIN:
                level, p, a = a.level, a.node, a.value
                y = impl(a, b{star}) if type(a) in PLAIN else call(a, b{star})
                aval = p[5] if {same} and (type(b) is float or type(b) is int) else aval_like(y, p)
                v = new(Var)
                aligned = {same} and aval is p[5]
                v.value, v.level, v.node = y, level, (next(clock), prim, pull_a, {a_saved}, aligned, aval, {params}, p)
                return v
        elif type(b) is Var and type(a) in PLAIN:
            level, p, b = b.level, b.node, b.value
            y = impl(a, b{star}) if type(b) in PLAIN else call(a, b{star})
            aval = p[5] if {same} and (type(a) is float or type(a) is int) else aval_like(y, p)
            v = new(Var)
            aligned = {same} and aval is p[5]
            v.value, v.level, v.node = y, level, (next(clock), prim, pull_b, {b_saved}, aligned, aval, {params}, p)
            return v
        return impl(a, b{star}) if type(a) in PLAIN and type(b) in PLAIN else dispatch(prim, a, b{star})
    except ValueError as error:
        raise mismatch(prim, error, (a, b), {params}) from None
"""


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
    code, prim.source = compiled(letters, asks, prim.same_aval)
    scope = {
        "prim": prim, "impl": prim.impl, "dispatch": prim.dispatch, "mismatch": mismatch, "PLAIN": PLAIN, "Var": Var,
        "new": new,
        "clock": clock, "NOTHING": NOTHING, "aval_like": aval_like, "shape_of": shape_of,
        **{f"rule_{x}": e.rule for x, e in entries.items()},
    }  # fmt: skip
    exec(code, scope)
    prim.reflected = scope.get("reflected")
    return scope["call"]


def _renamed(name: str, rename: dict[str, str]) -> str:
    stem = name.removesuffix("_shape")
    return rename.get(stem, stem) + name[len(stem) :]


@cache
def compiled(letters: str, asks: tuple[tuple[str, ...], ...], same_aval: bool) -> tuple[CodeType, str]:
    """The code for operands called `letters` whose rules ask for the names `asks`, and its text."""
    wanted = dict(zip(letters, asks, strict=True))
    wanted[letters] = tuple(dict.fromkeys(name for names in asks for name in names))
    star, pull_star = ("", "") if same_aval else (", **params", ", **node[6]")
    blanks: dict[str, Any] = {"star": star, "pull_star": pull_star, "same": same_aval}
    blanks["params"] = "NOTHING" if same_aval else "params"
    blanks["x_aval"] = "p[5]" if same_aval else "aval_like(y, p)"
    for x, names in wanted.items():
        kept = [f"shape_of({n.removesuffix('_shape')})" if n.endswith("_shape") else n for n in names]
        blanks[f"{x}_asks"] = "".join(f", {name}" for name in names)
        blanks[f"{x}_names"] = ", ".join(names) or "_"
        blanks[f"{x}_saved"] = kept[0] if len(kept) == 1 else f"({', '.join(kept)})"
    source = (UNARY if letters == "x" else BINARY).format(**blanks)
    return compile(source, f"<{letters} {asks}>", "exec"), source
