"""Primitive: one operation with all its rules.

A rule asks for what it needs by name, as a test asks for its fixtures, and the tape keeps exactly that.  After its
first argument (`g` cotangent or `t` tangent) a rule may name the output `y`, an operand (`x`; `a`, `b`), an
operand's shape (`x_shape`), or all operands (`*xs`).  An operation on any number of arrays (`operands="*xs"`) has
one rule, which may also name the argument's index `i`, its own `x` and `x_shape`, and the tuples `xs` and
`xs_shapes`.  Names are read once, at declaration, where a misspelt one raises.

Calling a primitive hands it to the watcher of the highest level among the arguments, which computes one level down with
the same call; under all levels numpy runs.  `dispatch` and `Var.interpret` serve every case; in front of them
stands the common one, written out per operation (`templates.py`).
"""

import inspect
from collections.abc import Callable, Sequence
from functools import cache, partial
from math import inf
from types import CellType, CodeType
from typing import Any, NamedTuple

import numpy as np

from .aval import PLAIN, Aval, aval_of, has_own_operators, shape_of, zeros
from .backward import fit
from .batching import batch_by_loop
from .errors import ShapeError, where
from .labelled import labelled
from .registry import REGISTRY
from .specialise import fits_template, specialise
from .tape import pullback
from .traced import UFUNC_METHODS, Traced, finite

__all__ = ["Primitive", "dispatch"]

Rule = Callable[..., Any]
Keep = Callable[[int, Any, Sequence[Any]], tuple[Any, ...]]


class Entry(NamedTuple):
    """A rule, the function (i, y, operands) that picks what it asks for, and the names of that."""

    rule: Rule
    keep: Keep
    names: tuple[str, ...] = ()


WORTH_COMPILING = 16  # calls


class Primitive:
    """An operation on arrays (positional) with static parameters (keyword), and all its rules.

    impl      the function of plain arrays
    vjp       for each operand, the rule from the output's cotangent to the operand's; None where there is no derivative
    jvp       for each operand, the rule from its tangent to the output's; by default the transpose of the vjp rule
    linear    "each": linear in each operand alone; "joint": linear in all of them together; then no jvp is needed
    batch     (prim, xs, batched, params) -> the outputs, mapped over axis 0 of the operands that are batched
    shape     (*avals, **params) -> the aval of the output (a tuple of them if there are several)
    cost      (*avals, **params) -> floating point operations; by default the size of the output
    into      (buffer, g, **params): add the cotangent of the only operand to `buffer`, in place
    operands  their names, "x", "a b" or "a b c" by default; "*xs" for any number
    outputs   how many, if the operation returns a tuple
    lowering  names of the same operation in other libraries, where they are not numpy's

    Raises TypeError if a rule names what is neither the output nor an operand.
    """

    __name__: str

    def __init__(
        self,
        impl: Callable[..., Any],
        *vjp: Rule | None,
        jvp: Sequence[Rule | None] = (),
        linear: str | None = None,
        batch: Callable[..., Any] | None = None,
        shape: Callable[..., Any] | None = None,
        cost: Callable[..., float] | None = None,
        into: Callable[..., None] | None = None,
        operands: str | None = None,
        outputs: int = 0,
        name: str | None = None,
        unbounded: bool = False,
        same_aval: bool = False,
        lowering: dict[str, str] | None = None,
        mismatch: Callable[..., str] | None = None,
    ) -> None:
        self.impl, self.into, self.outputs, self.linear = impl, into, outputs, linear
        self.name = self.__name__ = name or impl.__name__
        self.operands = (operands or ("x", "a b", "a b c", "a b c d")[len(vjp) - 1]).split()
        self.variadic = self.operands[0].startswith("*")
        self.unbounded, self.same_aval, self.mismatch = unbounded, same_aval, mismatch
        self.batch = batch or batch_by_loop
        self.shape = shape or partial(shape_by_running, self)
        self.cost = cost or partial(cost_by_size, self)
        self.lowering = lowering or {}
        guard = guarded if unbounded else lambda rule: rule
        self.vjp = [None if r is None else self._entry(guard(r)) for r in vjp]
        if linear == "each":
            self.jvp: list[Entry | None] = [linear_in(self, i) for i in range(len(vjp))]
        elif jvp:
            self.jvp = [None if r is None else self._entry(guard(r)) for r in jvp]
        else:
            self.jvp = [None if e is None else transposed(e) for e in self.vjp]
        # places that hold `call`, told when it changes
        self.homes: list[Callable[[Callable[..., Any]], None]] = []
        # shared by all woven functions that call this operation
        self.cell = CellType(partial(first_calls, self))
        self.calls = 0
        self.call: Callable[..., Any] = self.cell.cell_contents
        self.source: str | None = None  # the text of the specialised call, to read
        self.dispatch: Callable[..., Any] = dispatch  # the general path
        self.reflected: Callable[..., Any] | None = None  # (b, a) -> call(a, b), for a reflected operator
        self.moves: Any = (
            None  # (g, node): an `into` that hands the array g itself on to the operand (storage.py)
        )
        self.hand_on: Any = (
            None  # (g, node, mine): the same for a watched g, whose arrays are written if `mine`
        )
        self.adds: Any = None  # params -> the store that adds to what this operation reads, and its place
        self.ufunc: Any = None  # the numpy ufunc of this operation, if it is one: it takes keywords and `out`
        self.operator: Primitive = self  # the same operation as Python's operator computes it

    def __call__(self, *args: Any, **params: Any) -> Any:
        if self.ufunc:
            if params or len(args) != self.ufunc.nin:  # `out` may be positional
                return UFUNC_METHODS["__call__"](self.ufunc, *args, **params)
        elif params and len(args) < len(self.operands) and not self.variadic:
            args = operands_by_name(self, args, params)
        return self.call(*args, **params)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> Any:
        return find_primitive, (self.name,)

    def _entry(self, rule: Rule) -> Entry:
        names = asked(self, rule)
        return Entry(rule, keeper(self, names), tuple(names))

    def vjp_at(self, i: int) -> Entry | None:
        """The vjp rule of operand `i` and what it keeps."""
        return self.vjp[0 if self.variadic else i] if self.vjp else None

    def jvp_at(self, i: int) -> Entry | None:
        """The jvp rule of operand `i` and what it asks for."""
        return self.jvp[0 if self.variadic else i] if self.jvp else None

    def live_at(self, home: Callable[[Callable[..., Any]], None]) -> None:
        """Call `home(call)` now and whenever `call` is replaced by a faster one."""
        self.homes.append(home)
        home(self.call)

    def become(self, call: Callable[..., Any]) -> None:
        self.call = self.cell.cell_contents = call
        for home in self.homes:
            home(call)


def first_calls(prim: Primitive, *args: Any, **params: Any) -> Any:
    """The general path, until `prim` is called often enough to be worth its own text, which costs a millisecond."""
    prim.calls += 1
    if prim.calls > WORTH_COMPILING:
        prim.become(specialise(prim, mismatch) if fits_template(prim) else partial(prim.dispatch, prim))
        return prim.call(*args, **params)
    return prim.dispatch(prim, *args, **params)


def operands_by_name(prim: Primitive, args: Sequence[Any], params: dict[str, Any]) -> tuple[Any, ...]:
    """All operands of `prim` in order; those that are in `params`, by numpy's names for them, are taken out there."""
    names = list(inspect.signature(prim.impl).parameters)[len(args) : len(prim.operands)]
    return (*args, *[params.pop(name) for name in names if name in params])


def find_primitive(name: str) -> Any:
    """The registered primitive of that name: how one is unpickled."""
    for found in REGISTRY.values():
        if isinstance(found, Primitive) and found.name == name:
            return found
    raise LookupError(f"no primitive named {name}")


def dispatch(prim: Primitive, *args: Any, **params: Any) -> Any:
    """Call `prim`: whoever watches an argument at the highest level interprets it."""
    top: Any = None
    foreign: Any = None
    level: float = -1
    for a in args:
        if isinstance(a, Traced):
            if a.level > level:
                top, level = a, a.level
        elif (
            type(a) is list or type(a) is tuple
        ):  # numpy takes them for arrays; these may hold watched values
            return dispatch(prim, *map(REGISTRY[np.asarray], args), **params)
        elif type(a) not in PLAIN and (labelled(type(a)) or has_own_operators(a)):
            foreign = a
    if foreign is not None:
        known = labelled(type(foreign))
        if known is not None:
            return known.interpret(prim, args, params)
    if top is not None:
        if foreign is not None:
            raise TypeError(
                f"{prim.name} of a watched value and a {type(foreign).__name__}{where()}, whose operations are not an "
                "array's: use np.asarray of it"
            )
        return top.interpret(prim, level, args, params)
    try:
        return prim.impl(*args, **params)
    except ValueError as error:
        raise mismatch(prim, error, args, params) from None


def mismatch(prim: Primitive, error: ValueError, args: Sequence[Any], params: dict[str, Any]) -> ValueError:
    """The error that numpy raised for `prim`, naming the operation and the shapes if they are what is wrong."""
    words = ("shape", "dim", "broadcast", "align", "size")
    if type(error) is not ValueError or not any(word in str(error) for word in words):
        return (
            error  # it may be narrower, which the user may catch: AxisError, LinAlgError, ShapeError already
        )
    if prim.mismatch:
        text = prim.mismatch(*[shape_of(a) for a in args], **params)
    else:
        kind = "elementwise" if prim.same_aval else prim.name
        text = f"{kind}: incompatible shapes {' and '.join(str(shape_of(a)) for a in args)}"
    return ShapeError(f"{text}{f' in {prim.name}' if prim.same_aval else ''}{where()}")


# ---- rules that ask by name ----------------------------------------------------------------------------------------
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


def asked(prim: Primitive, rule: Rule) -> list[str]:
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


def keeper(prim: Primitive, names: list[str]) -> Callable[[int, Any, Sequence[Any]], tuple[Any, ...]]:
    """The function (i, y, operands) -> what a rule asks for: all that the tape keeps for it."""
    getters = [getter(prim, name) for name in names]
    return lambda i, y, xs: tuple([get(i, y, xs) for get in getters])


def getter(prim: Primitive, name: str) -> Callable[[int, Any, Sequence[Any]], Any]:
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


def linear_in(prim: Primitive, i: int) -> Entry:
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


# ---- defaults ------------------------------------------------------------------------------------------------------
def shape_by_running(prim: Primitive, *avals: Aval, **params: Any) -> Any:
    """The avals of the output, from a run on ones (which every function of numpy accepts)."""
    xs = [a.dtype(1) if isinstance(a.dtype, type) else np.ones(a.shape, a.dtype) for a in avals]
    y = prim.impl(*xs, **params)
    return tuple(map(aval_of, y)) if prim.outputs else aval_of(y)


def cost_by_size(prim: Primitive, *avals: Aval, **params: Any) -> float:
    out = prim.shape(*avals, **params)
    return float(sum(a.size for a in out) if prim.outputs else out.size)
