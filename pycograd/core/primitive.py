"""Primitive: one operation with all its rules (`rules.py`).

Calling a primitive hands it to the watcher of the highest level among the arguments, which computes one level down with
the same call; under all levels numpy runs.  `dispatch` and `Var.interpret` serve every case; in front of them
stands the common one, written out per operation (`templates.py`).
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from types import CellType
from typing import Any

import numpy as np

from .aval import PLAIN, Aval, aval_of, has_own_operators, shape_of
from .batching import batch_by_loop
from .errors import ShapeError, where
from .labelled import labelled
from .registry import REGISTRY
from .rules import Entry, Rule, asked, guarded, keeper, linear_in, transposed
from .specialise import fits_template, specialise
from .traced import UFUNC_METHODS, Traced

__all__ = ["Primitive", "dispatch"]

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


# ---- defaults ------------------------------------------------------------------------------------------------------
def shape_by_running(prim: Primitive, *avals: Aval, **params: Any) -> Any:
    """The avals of the output, from a run on ones (which every function of numpy accepts)."""
    xs = [a.dtype(1) if isinstance(a.dtype, type) else np.ones(a.shape, a.dtype) for a in avals]
    y = prim.impl(*xs, **params)
    return tuple(map(aval_of, y)) if prim.outputs else aval_of(y)


def cost_by_size(prim: Primitive, *avals: Aval, **params: Any) -> float:
    out = prim.shape(*avals, **params)
    return float(sum(a.size for a in out) if prim.outputs else out.size)
