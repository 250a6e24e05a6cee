"""Traced: a value that some interpreter watches, and numpy's protocols, through which numpy code reaches our
operations.

`level` says whose turn it is; `value` is the same quantity one level down, watched by the next interpreter or
plain.  All kinds of watched values share one slot layout, so that one may become another by its `__class__` (a
value becomes a handle of its storage at its first write).
"""

import dis
import operator
import sys
from collections.abc import Callable
from math import inf, isfinite
from types import CodeType, FrameType
from typing import Any

import numpy as np

from .aval import PLAIN, Aval, aval_of, shape_of
from .errors import where
from .foreign import as_key, lost, refused
from .labelled import LABELLED
from .levels import HAND_MADE
from .registry import REGISTRY

__all__ = [
    "formats",
    "CONVERSIONS",
    "DELIVERY",
    "UFUNC_METHODS",
    "Handle",
    "Traced",
    "peeled",
    "value_of",
    "without_tape",
    "current_of",
]

UFUNC_METHODS: dict[str, Callable[..., Any]] = {}  # "reduce", ... -> function of (ufunc, *args, **params)
DELIVERY: list[Callable[..., Any]] = []  # (function, *args, out, **params) -> out, filled by ops
# code of numpy that converts before it dispatches -> what it gets for a watched value
CONVERSIONS: dict[CodeType, Callable[..., Any]] = {}
seen_as: list[
    Callable[[type, FrameType], type]
] = []  # the type that a frame shall see in place of the plain one


class Traced:
    """A watched value: the surface of `numpy.ndarray` (operators and methods come from `ops`) over an interpreter."""

    __slots__ = ("__weakref__", "level", "link", "node", "value")
    value: Any
    level: float
    node: Any
    link: Any  # the values that it shares memory with, and how; only if there are some (families.py)

    numbers = True  # whether `value` has the numbers that plain code would see
    unanswerable = ""

    def __hash__(self) -> int:
        """That of the plain value, for an integer: a key, as an index is.  A `Var` made by hand is what it is."""
        if self.level == HAND_MADE or type(self).identified:
            return object.__hash__(self)
        x = peeled(self)
        if type(x) is np.ndarray:
            raise TypeError("unhashable type: 'numpy.ndarray'")
        if isinstance(x, Traced) or not isinstance(x, (int, np.integer, np.bool_)):
            raise as_key(self, x)
        return hash(x)

    identified = False  # whether it is a key by itself, and not by its value

    @property
    def __class__(self) -> Any:
        """The type of the plain value, for `isinstance` in the user's code; `type(x)` tells the truth."""
        x: Any = self
        while issubclass(type(x), Traced):
            x = x.current() if issubclass(type(x), Handle) else x.value
        kind = np.ndarray if type(x) is Aval else type(x)
        for see in seen_as:
            kind = see(kind, sys._getframe(1))
        return kind

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

    def is_integer(self) -> Any:
        """Whether a number is whole: a question, which takes no gradient with it."""
        return value_of(self).is_integer()

    # ---- conversions to plain numbers: what would lose a gradient in silence is loud ----
    def __index__(self) -> int:
        if self.dtype.kind in "iub":
            return operator.index(self.value)
        raise TypeError(f"a watched {self.dtype} cannot be an index or a count{where()}")

    def __int__(self) -> int:
        if self.dtype.kind in "iub":
            return int(self.value)
        if formats(sys._getframe(1)):
            return int(value_of(self))
        raise lost("int()", self)

    def __float__(self) -> float:
        if formats(sys._getframe(1)):
            return float(value_of(self))
        raise refused("float()", self)

    def __complex__(self) -> complex:
        raise lost("complex()", self)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        caller = sys._getframe(1)
        if caller.f_code in CONVERSIONS:
            return CONVERSIONS[caller.f_code](self)
        if self.dtype.kind in "iub" and _indexes(caller):
            return np.asarray(self._plain_index(), dtype)
        raise refused("conversion to a plain array", self)

    def _plain_index(self) -> Any:
        x = peeled(self)
        if isinstance(x, Traced):
            raise TypeError(
                f"an index{where()} into a plain array that is {x.unanswerable}: use np.take(array, index)"
            )
        return x

    def __reduce__(self) -> Any:
        raise TypeError(
            f"a watched value cannot be pickled or copied with its tape{where()}\n  fix: pycograd.value_of(x)"
        )


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


def formats(frame: FrameType) -> bool:
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
        return prim.call(*[current_of(a) for a in args], **params)


def current_of(x: Any) -> Any:
    """What the handle `x` stands for now; any other value as it is."""
    return x.current() if issubclass(type(x), Handle) else x


def value_of(x: Any) -> Any:
    """The plain numbers of a value, whoever watches it: for printing and logging.

    A value under `vmap` gives the numbers of all its examples, batch axis first.  A container of pandas or xarray
    gives one of plain numbers.

    >>> from pycograd import grad
    >>> grad(lambda x: print(value_of(x * 2)) or x)(1.5)
    3.0
    (1.0,)
    """
    while isinstance(x, Traced):
        x = x.current() if isinstance(x, Handle) else x.value
    return LABELLED[type(x)].plain(x) if type(x) in LABELLED else x


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
        r = r.current() if isinstance(r, Handle) else r.value
    if type(r) in PLAIN:
        return bool(abs(np.vdot(r, r)) < inf)
    return not isinstance(r, Aval) and bool(np.isfinite(r).all())  # a captured value may turn out anything
