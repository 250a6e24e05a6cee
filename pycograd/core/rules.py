"""Rules: they ask for what they need by name, as a test asks for its fixtures, and the tape keeps exactly that.

After its first argument (`g` cotangent or `t` tangent) a rule may name the output `y`, an operand (`x`; `a`, `b`), an
operand's shape (`x_shape`), or all operands (`*xs`).  An operation on any number of arrays (`operands="*xs"`) has
one rule, which may also name the argument's index `i`, its own `x` and `x_shape`, and the tuples `xs` and
`xs_shapes`.  Names are read once, at declaration, where a misspelt one raises.
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import inf
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from .aval import aval_of, shape_of, zeros
from .backward import fit
from .tape import pullback
from .traced import Traced, finite

__all__ = ["Entry", "Rule", "asked", "guarded", "keeper", "linear_in", "transposed"]

Rule = Callable[..., Any]
Keep = Callable[[int, Any, Sequence[Any]], tuple[Any, ...]]


class Entry(NamedTuple):
    """A rule, the function (i, y, operands) that picks what it asks for, and the names of that."""

    rule: Rule
    keep: Keep
    names: tuple[str, ...] = ()


class Asks(NamedTuple):
    """What a rule takes: names after the first argument, whether also all operands (`*xs`), whether parameters."""

    names: tuple[str, ...]
    operands: bool
    params: bool


def asks_of(rule: Rule) -> Asks:
    """Read from the code of `rule`: a tenth of what `inspect.signature` costs, some 400 times at import.

    A rule made for any number of operands says what it asks for in an attribute: `rule.asks`, a tuple of names.
    """
    if hasattr(rule, "asks"):
        return Asks(rule.asks, False, True)
    rule = getattr(rule, "__wrapped__", rule)
    code = rule.__code__
    return Asks(
        code.co_varnames[1 : code.co_argcount],
        bool(code.co_flags & 4),
        code.co_kwonlyargcount > 0 or bool(code.co_flags & 8),
    )


def asked(prim: Any, rule: Rule) -> list[str]:
    """The names that `rule` asks for after its first argument; `*xs` stands for all operands."""
    asks = asks_of(rule)
    names = list(asks.names)
    if asks.operands:
        names += ["xs"] if prim.variadic else prim.operands
    known = {"y", "i", "x", "xs", "x_shape", "xs_shapes"} if prim.variadic else {"y", *prim.operands}
    for name in names:
        if name not in known and name.removesuffix("_shape") not in known:
            raise TypeError(
                f"a rule of {prim.name} asks for {name}, which is neither y nor one of {prim.operands}"
            )
    return names


def keeper(prim: Any, names: list[str]) -> Callable[[int, Any, Sequence[Any]], tuple[Any, ...]]:
    """The function (i, y, operands) -> what a rule asks for: all that the tape keeps for it."""
    getters = [getter(prim, name) for name in names]
    return lambda i, y, xs: tuple([get(i, y, xs) for get in getters])


def getter(prim: Any, name: str) -> Callable[[int, Any, Sequence[Any]], Any]:
    simple: dict[str, Callable[[int, Any, Sequence[Any]], Any]] = {"y": lambda i, y, xs: y}
    if prim.variadic:
        simple |= {
            "i": lambda i, y, xs: i,
            "x": lambda i, y, xs: xs[i],
            "x_shape": lambda i, y, xs: shape_of(xs[i]),
            "xs": lambda i, y, xs: tuple(xs),
            "xs_shapes": lambda i, y, xs: tuple(map(shape_of, xs)),
        }
    if name in simple:
        return simple[name]
    if name == "y_shape":
        return lambda i, y, xs: shape_of(y)
    at = prim.operands.index(name.removesuffix("_shape"))
    return (lambda i, y, xs: shape_of(xs[at])) if name.endswith("_shape") else (lambda i, y, xs: xs[at])


# ---- rules of forward mode that another rule gives -----------------------------------------------------------------
def linear_in(prim: Any, i: int) -> Entry:
    """The jvp rule of a function that is linear in operand `i`: the function itself."""

    def rule(t: Any, *xs: Any, **params: Any) -> Any:
        return prim.call(*xs[:i], t, *xs[i:], **params)

    others = [name for j, name in enumerate(prim.operands) if j != i]
    return Entry(rule, keeper(prim, others), tuple(others))


def transposed(vjp: Entry) -> Entry:
    """The jvp rule hidden in a vjp rule: a vjp is linear in g, and its own transpose is the jvp."""
    rule = vjp.rule

    def jvp_rule(t: Any, y: Any, *residuals: Any, **params: Any) -> Any:
        aval = aval_of(t)

        def back(*g: Any) -> Any:
            return fit(rule(g if isinstance(y, tuple) else g[0], *residuals, **params), aval)

        zero = [zeros(aval_of(v)) for v in (y if isinstance(y, tuple) else (y,))]
        tangents = pullback(back, *zero)[1](t)
        return tuple(tangents) if isinstance(y, tuple) else tangents[0]

    return Entry(jvp_rule, lambda i, y, xs: (y, *vjp.keep(i, y, xs)))


# ---- slopes that can be infinite -----------------------------------------------------------------------------------
def guarded(rule: Rule) -> Rule:
    """`rule`, giving an exact zero where its cotangent (or tangent) is one, though the slope be infinite or nan.

    So an unselected branch of `np.where` never poisons, in any order of derivative.
    """

    scope: dict[str, Any] = {"rule": rule, "finite": finite, "repaired": repaired, "inf": inf}
    asks = asks_of(rule)
    names = "".join(f", {name}" for name in asks.names) + ", *xs" * asks.operands
    exec(guard_text(names, ", **params" * asks.params), scope)
    guarded_rule: Rule = scope["guarded_rule"]
    guarded_rule.__wrapped__ = rule  # type: ignore[attr-defined]
    return guarded_rule


@cache
def guard_text(names: str, star: str) -> CodeType:
    """The common case, without packed arguments, which would cost as much as the rule."""
    text = f"""
def guarded_rule(t{names}{star}):
    try:
        r = rule(t{names}{star})
    except (ArithmeticError, ValueError):
        return repaired(rule, t{names}{star})
    if type(r) is float and -inf < r < inf or finite(r):
        return r
    return repaired(rule, t{names}{star})
"""
    return compile(text, "<pycograd guarded>", "exec")


NUMPYS: dict[type, Any] = {float: np.float64, complex: np.complex128}


def repaired(rule: Rule, t: Any, *kept: Any, **params: Any) -> Any:
    """`rule` again, with exact zeros where `t` is one and the result is not finite."""
    with np.errstate(all="ignore"):
        # Python's numbers raise where arrays give inf or nan
        t, *kept = [NUMPYS[type(v)](v) if type(v) in NUMPYS else v for v in (t, *kept)]  # type: ignore[assignment]
        r = rule(t, *kept, **params)
        bad = np.logical_and(t == 0, np.logical_not(np.isfinite(r)))
        # once more, away from the singularity: the derivatives of this rule would meet 0 * inf there
        calm = [np.where(bad, 0.5, v) if isinstance(v, (np.ndarray, np.generic, Traced)) else v for v in kept]
        return np.where(bad, 0.0, rule(np.where(bad, 0.0, t), *calm, **params))
