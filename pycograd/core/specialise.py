"""Specialise a primitive: its call for the common case, compiled from the text of templates.py.

That happens after the first calls of a primitive, and once for all whose rules ask for the same names.
`print(multiply.operator.source)` shows the text.  A call through the general path costs three times as much.
"""

from collections.abc import Callable
from functools import cache
from math import inf
from textwrap import indent
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from .aval import FLOAT, PLAIN, Aval, make, shape_of
from .levels import clock
from .node import NOTHING
from .tape import Var
from .templates import (
    ARRAY_AVAL,
    BINARY_CALL,
    BINARY_PULLS,
    EXPRESSIONS,
    ONE_FLOAT,
    ONLY,
    PULLS,
    SAME_AVAL,
    TWO_FLOATS,
    UNARY,
    aval_like,
    pull_one,
    pull_two,
)

__all__ = ["fits_template", "specialise"]


def fits_template(prim: Any) -> bool:
    """Whether the common case of `prim` can be written out."""
    return (
        not prim.variadic and not prim.outputs and len(prim.operands) == len(prim.vjp) <= 2 and all(prim.vjp)
    )


def specialise(prim: Any, mismatch: Callable[..., Any]) -> Any:
    """The `call` of `prim`, compiled from its text."""
    letters = "x" if len(prim.vjp) == 1 else "ab"
    entries = dict(zip(letters, prim.vjp, strict=True))
    rename = dict(zip(prim.operands, letters, strict=True))
    asks = tuple(tuple(_renamed(name, rename) for name in entry.names) for entry in prim.vjp)
    statics = parameters(prim)
    run, *slopes = EXPRESSIONS.get(prim.impl, (f"impl({', '.join(letters)}{statics.star})",))
    code, prim.source = compiled(letters, asks, statics, run, tuple(slopes))
    scope = {
        "prim": prim, "impl": prim.impl, "dispatch": prim.dispatch, "mismatch": mismatch, "PLAIN": PLAIN, "Var": Var,
        "clock": clock, "NOTHING": NOTHING, "aval_like": aval_like, "shape_of": shape_of,
        "make": make, "Aval": Aval, "ndarray": np.ndarray,
        "FLOAT": FLOAT, "inf": inf, "pull_one": pull_one, "pull_two": pull_two,
        **{f"rule_{x}": e.rule for x, e in entries.items()},
        **{f"raw_{x}": getattr(e.rule, "__wrapped__", e.rule) for x, e in entries.items()},
    }  # fmt: skip
    exec(code, scope)
    prim.reflected = scope.get("reflected")
    return scope["call"]


class Statics(NamedTuple):
    """The static parameters of an operation in the text: how a call is `given` them, passes them on (`star`), keeps
    them (`params`), and how a pull passes on what was kept.
    """

    given: str
    star: str
    params: str
    pull_star: str


# The names in the text, which a parameter may not have; and the slopes that leave a finite one finite.
TAKEN = frozenset(["x", "y", "a", "b", "p", "q", "v", "level", "g", "node", "aval", "aligned"])
UNIT = frozenset(["1.0", "-1.0"])


def parameters(prim: Any) -> Statics:
    """How `prim` takes its static parameters: by name where its `impl` needs each of them, which costs less than
    packing and unpacking.
    """
    if prim.same_aval:
        return Statics("", "", "NOTHING", "")
    code: Any = getattr(prim.impl, "__code__", None)
    names = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount] if code else ()
    if not names or code.co_flags & 8 or prim.impl.__kwdefaults__ or not TAKEN.isdisjoint(names):
        return Statics(", **params", ", **params", "params", ", **node[6]")
    passed = "".join(f", {name}={name}" for name in names)
    again = "".join(f", {name}=node[6]['{name}']" for name in names)
    return Statics(
        f", *, {', '.join(names)}",
        passed,
        "{" + ", ".join(f"'{name}': {name}" for name in names) + "}",
        again,
    )


def _renamed(name: str, rename: dict[str, str]) -> str:
    stem = name.removesuffix("_shape")
    return rename.get(stem, stem) + name[len(stem) :]


def kept_text(name: str, watched: str) -> str:
    """What a rule asks for by `name`, as an expression; the nodes of the `watched` operands know their shapes."""
    stem = name.removesuffix("_shape")
    if stem == name:
        return name
    if stem not in watched:
        return f"shape_of({stem})"
    return "q[5][0]" if stem == watched[1:] else "p[5][0]"


@cache
def compiled(
    letters: str,
    asks: tuple[tuple[str, ...], ...],
    statics: Statics,
    run: str,
    slopes: tuple[str, ...],
) -> tuple[CodeType, str]:
    """The code for operands called `letters` whose rules ask for the names `asks`, and its text."""
    same_aval = not statics.star
    wanted = dict(zip(letters, asks, strict=True))
    wanted[letters] = tuple(dict.fromkeys(name for names in asks for name in names))
    blanks: dict[str, Any] = {"run": run, "same": same_aval, **statics._asdict()}
    blanks["y_aval"] = SAME_AVAL if same_aval else ARRAY_AVAL
    blanks["x_aval"] = "p[5]" if same_aval else ARRAY_AVAL
    for x, names in wanted.items():
        kept = [kept_text(name, x) for name in names]
        blanks[f"{x}_asks"] = "".join(f", {name}" for name in names)
        blanks[f"{x}_names"] = ", ".join(names) or "_"
        blanks[f"{x}_saved"] = kept[0] if len(kept) == 1 else f"({', '.join(kept)})"
    blanks["finite"] = "True or " if slopes and UNIT.issuperset(slopes) else ""
    for i, x in enumerate(letters):
        by_rule = f"rule_{x}(g{blanks[f'{x}_asks']}{statics.pull_star})"
        blanks[f"pull_{x}"] = PULLS.get(slopes[i], by_rule) if slopes else by_rule
        blanks[f"slope_{x}"] = slopes[i] if slopes else f"raw_{x}(1.0{blanks[f'{x}_asks']})"
        one = ONE_FLOAT.format(slope=blanks[f"slope_{x}"], finite=blanks["finite"]) if same_aval else ""
        if letters == "x":
            blanks["float_x"] = indent(one, " " * 12)
        else:
            only = ONLY.format(w=x, o="ba"[i], one=indent(one, " " * 4), saved=blanks[f"{x}_saved"], **blanks)
            blanks[f"only_{x}"] = indent(only, " " * (16, 12)[i])
    two = TWO_FLOATS.format(**blanks) if same_aval and letters == "ab" else ""
    blanks["float_ab"] = indent(two, " " * 20)
    if letters == "x":
        source = UNARY.format(**blanks)
    else:
        signatures = [f"call(a, b{statics.given})"] + [f"reflected(b, a{statics.given})"] * bool(slopes)
        source = BINARY_PULLS.format(**blanks)
        source += "".join(BINARY_CALL.format(signature=signature, **blanks) for signature in signatures)
    return compile(source, f"<pycograd {letters} {asks}>", "exec"), source
