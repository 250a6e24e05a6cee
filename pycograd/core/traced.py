"""Traced: a value that some interpreter watches, and numpy's protocols, through which numpy code reaches our
operations.

`level` says whose turn it is; `value` is the same quantity one level down, watched by the next interpreter or
plain.  All kinds of watched values share one slot layout, so that one may become another by its `__class__` (a
value becomes a handle of its storage at its first write).

`REGISTRY` is the one table of what is differentiable: numpy, scipy, math or builtin callable -> our function of the
same signature.  numpy's protocols look up there, and so does woven code.
"""

import dis
import operator
import sys
from collections.abc import Callable
from importlib import import_module
from math import inf, isfinite
from types import CodeType, FrameType, ModuleType
from typing import Any

import numpy as np

from .aval import PLAIN, Aval, aval_of, shape_of
from .catalogue import ForeignCodeError, LostGradientError, OutsideStoreError
from .errors import (
    MissingRuleError,
    callee_text,
    expression,
    is_ours,
    told,
    user_frame,
    where,
)

__all__ = [
    "CONVERSIONS",
    "DELIVERY",
    "REGISTRY",
    "UFUNC_METHODS",
    "Handle",
    "Traced",
    "peeled",
    "registered",
    "value_of",
    "without_tape",
]


class Registry(dict[Any, Callable[..., Any]]):
    """numpy, scipy, math or builtin callable -> our function of the same signature.

    `lazy` maps the name of an optional package to the module of ours that registers its functions, imported when one
    of them is first met.
    """

    lazy: dict[str, str] = {}

    def find(self, func: Any) -> Callable[..., Any] | None:
        """What `func` resolves to, or None; loads the rules of an optional package that `func` belongs to."""
        try:
            found = self.get(func)
        except TypeError:  # not hashable
            return None
        return found or self._load(func)

    def _load(self, func: Any) -> Callable[..., Any] | None:
        name = getattr(func, "__name__", None)
        for package, module in list(self.lazy.items()):
            if name and getattr(sys.modules.get(package), name, None) is func:
                import_module(module)
                return self.get(func)
        return None

    def __missing__(self, func: Any) -> Callable[..., Any]:
        found = self._load(func)
        if found is None:
            raise missing(func)
        return found


REGISTRY = Registry()
UFUNC_METHODS: dict[str, Callable[..., Any]] = {}  # "reduce", ... -> function of (ufunc, *args, **params)
DELIVERY: list[Callable[..., Any]] = []  # (function, *args, out, **params) -> out, filled by ops
# code of numpy that converts before it dispatches -> what it gets for a watched value
CONVERSIONS: dict[CodeType, Callable[..., Any]] = {}


def registered(*funcs: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function understands watched values where numpy's `funcs` stand."""

    def register(ours: Callable[..., Any]) -> Callable[..., Any]:
        REGISTRY.update(dict.fromkeys(funcs, ours))
        return ours

    return register


def missing(func: Any) -> MissingRuleError:
    name = f"{getattr(func, '__module__', None) or 'numpy'}.{getattr(func, '__name__', func)}".replace(
        "numpy.", "np.", 1
    )
    return MissingRuleError(
        told(
            f"no derivative for {name}",
            "give it one: pycograd.blackbox, @pycograd.custom_vjp, or "
            'finite differences of this operation alone: grad(f, on_missing="fd")',
            fix=f'pycograd.blackbox({name}, jac="3-point")',
        )
    )


def lost(what: str, x: Any) -> TypeError:
    """The error for a watched value `x` whose numbers somebody takes."""
    frame, frames = user_frame(), []
    inner = sys._getframe(1)
    while inner is not None and inner is not frame:
        if not is_ours(inner.f_code):
            frames.append(inner)
        inner = inner.f_back  # type: ignore[assignment]
    called = callee_text(expression(frame)) if frame else ""
    numpys = (
        called.split(".")[0] in ("np", "numpy", "float", "complex", "int")
        or what[1:-2] == called.rpartition(".")[2]
    )
    if called and not what.startswith(".") and not numpys and not known_in(frame, called):
        inside = f"{frames[-1].f_globals.get('__name__')}.{frames[-1].f_code.co_qualname}" if frames else ""
        kind = f"a library function ({inside}) that takes plain numbers" if frames else "compiled code"
        return ForeignCodeError(
            told(
                f"{called} is {kind}, and was given a watched value",
                f"it was given {x.aval}, of which it wants the numbers: {what} would lose its gradient",
                f"if its derivative is known: pycograd.blackbox({called}, jac=...)",
                fix=f'pycograd.blackbox({called}, jac="3-point")',
            )
        )
    reason = unwoven[0](frame) if frame and unwoven else ""
    return LostGradientError(
        told(
            f"{what} of a watched value",
            f"it is {x.aval}, and would lose its gradient",
            reason,
            "to differentiate through third-party Python code: pycograd.weave(function)",
            fix="pycograd.value_of(x), for the plain numbers",
        )
    )


def written() -> TypeError:
    """The error for a watched value that is written into a plain array."""
    frame = user_frame()
    into = stored_name(frame) if frame else "an array"
    return OutsideStoreError(
        told(
            f"a watched value is written into {into}, a plain array made outside the function",
            "its gradient would be lost",
            fix="make the array inside the function, or pass it as an argument",
        )
    )


def known_in(frame: Any, text: str) -> bool:
    """Whether what `frame` calls by the dotted name `text` is differentiable where it is woven."""
    first, *rest = text.split(".")
    value = frame.f_locals.get(first, frame.f_globals.get(first, frame.f_builtins.get(first)))
    for name in rest:
        value = getattr(value, name, None) if isinstance(value, ModuleType) else None
    return value is not None and REGISTRY.find(value) is not None


unwoven: list[Callable[[FrameType], str]] = []  # weaving's: why the code of a frame is not woven


class Traced:
    """A watched value: the surface of `numpy.ndarray` (operators and methods come from `ops`) over an interpreter."""

    __slots__ = ("__weakref__", "level", "link", "node", "value")
    value: Any
    level: float
    node: Any
    link: Any  # the values that it shares memory with, and how; only if there are some (handles.py)

    numbers = True  # whether `value` has the numbers that plain code would see
    unanswerable = ""

    __hash__ = object.__hash__

    @property
    def __class__(self) -> Any:
        """The type of the plain value, for `isinstance` in the user's code; `type(x)` tells the truth."""
        x: Any = self
        while issubclass(type(x), Traced):
            x = x.current() if issubclass(type(x), Handle) else x.value
        return np.ndarray if type(x) is Aval else type(x)

    @__class__.setter
    def __class__(self, cls: type) -> None:
        object.__dict__["__class__"].__set__(self, cls)

    # ---- what numpy asks ----
    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **params: Any) -> Any:
        if params or method != "__call__":
            return UFUNC_METHODS[method](ufunc, *args, **params)
        return REGISTRY[ufunc](*args)

    def __array_function__(self, func: Any, types: Any, args: Any, params: Any) -> Any:
        if "out" in params:
            return DELIVERY[0](REGISTRY[func], *args, **params)
        return REGISTRY[func](*args, **params)

    # ---- what code asks about a value ----
    @property
    def aval(self) -> Aval:
        return aval_of(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.value)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.aval.dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return self.aval.size

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({np.array2string(np.asarray(value_of(self)), separator=', ')})"

    def __str__(self) -> str:
        return str(value_of(self))

    def __format__(self, spec: str) -> str:
        return format(value_of(self), spec)

    # ---- conversions to plain numbers: what would lose a gradient in silence is loud ----
    def __index__(self) -> int:
        if self.dtype.kind in "iub":
            return operator.index(self.value)
        raise TypeError(f"a watched {self.dtype} cannot be an index or a count{where()}")

    def __int__(self) -> int:
        if self.dtype.kind in "iub":
            return int(self.value)
        if _formats(sys._getframe(1)):
            return int(value_of(self))
        raise lost("int()", self)

    def __float__(self) -> float:
        if _formats(sys._getframe(1)):
            return float(value_of(self))
        raise written() if _stores(sys._getframe(1)) else lost("float()", self)

    def __complex__(self) -> complex:
        raise lost("complex()", self)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        caller = sys._getframe(1)
        if caller.f_code in CONVERSIONS:
            return CONVERSIONS[caller.f_code](self)
        if self.dtype.kind in "iub" and _indexes(caller):
            return np.asarray(self._plain_index(), dtype)
        raise written() if _stores(caller) else lost("conversion to a plain array", self)

    def _plain_index(self) -> Any:
        x = peeled(self)
        if isinstance(x, Traced):
            raise TypeError(
                f"an index{where()} into a plain array that is {x.unanswerable}: use np.take(array, index)"
            )
        return x

    def __reduce__(self) -> Any:
        raise TypeError(
            "a watched value cannot be pickled or copied with its tape; pickle pycograd.value_of(x)"
        )

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self


def stored_name(frame: FrameType) -> str:
    """The expression that the user's `frame` stores an element of."""
    text = expression(frame)
    return f"`{text[: text.rindex('[')]}`" if text.endswith("]") and text.count("[") == 1 else "an array"


SUBSCRIPTS = {
    dis.opmap[name] for name in ("BINARY_SUBSCR", "STORE_SUBSCR", "DELETE_SUBSCR") if name in dis.opmap
}
REMAINDERS = 6, 19  # the arguments of BINARY_OP for % and %=


def _indexes(frame: FrameType) -> bool:
    """Whether `frame` runs `array[key]`: an integer that only indexes has no gradient to lose."""
    code, at = frame.f_code.co_code, frame.f_lasti
    if code[at] in SUBSCRIPTS:
        return True
    return dis.opname[code[at]] == "BINARY_OP" and "BINARY_SUBSCR" not in dis.opmap and code[at + 1] == 26


def _stores(frame: FrameType) -> bool:
    """Whether `frame` runs `array[key] = value`."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]] in ("STORE_SUBSCR", "STORE_SLICE")


def _formats(frame: FrameType) -> bool:
    """Whether `frame` runs `text % values`: no other remainder asks for a plain number, and a text has no gradient."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return dis.opname[code[at]] == "BINARY_OP" and code[at + 1] in REMAINDERS


class Handle(Traced):
    """A value that steps aside: an ambient weight, or an array that can be written, for its `current()` value.

    Its level is infinite, so that every operation asks it first.
    """

    __slots__ = ()

    def current(self) -> Any:
        """The value that takes this handle's place in the operation that asks."""
        raise NotImplementedError

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        return prim.call(*[a.current() if isinstance(a, Handle) else a for a in args], **params)


def value_of(x: Any) -> Any:
    """The plain numbers of a value, whoever watches it: for printing and logging.

    A value under `vmap` gives the numbers of all its examples, batch axis first.
    """
    while isinstance(x, Traced):
        x = x.current() if isinstance(x, Handle) else x.value
    return x


def peeled(x: Any) -> Any:
    """`x` without the tapes, tangents and handles around it: plain, or watched by vmap or capture."""
    while isinstance(x, Traced):
        if isinstance(x, Handle):
            x = x.current()
        elif x.numbers:
            x = x.value
        else:
            break
    return x


def without_tape(x: Any) -> Any:
    """`x`, or the list or tuple `x`, without its gradients: what a question about its numbers is asked of.

    Raises TypeError for a value that has no single set of numbers: one under `vmap`, or one being captured.
    """
    if isinstance(x, (list, tuple)):
        return type(x)(map(without_tape, x)) if not hasattr(x, "_fields") else type(x)(*map(without_tape, x))
    x = peeled(x)
    if isinstance(x, Traced):
        raise TypeError(f"a question about the numbers of {x!r}{where()}, which is {x.unanswerable}")
    return x


def finite(r: Any) -> bool:
    """Whether all numbers of `r` are finite; one pass of BLAS is the cheapest way to ask."""
    if type(r) is float:
        return isfinite(r)
    while type(r) not in PLAIN and isinstance(r, Traced):
        r = r.value
    if type(r) in PLAIN:
        return bool(abs(np.vdot(r, r)) < inf)
    return not isinstance(r, Aval) and bool(np.isfinite(r).all())  # a captured value may turn out anything
