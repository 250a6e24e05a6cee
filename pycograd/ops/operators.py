"""Python's operators on watched values: each is the primitive's own call, which Python binds as a method."""

from numbers import Number
from types import FunctionType

import numpy as np

from pycograd.core import PLAIN, Traced, dispatch, value_of
from pycograd.core.labelled import labelled

from .arithmetic import (
    absolute,
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    divide,
    floor_divide,
    invert,
    left_shift,
    multiply,
    negative,
    positive,
    power,
    remainder,
    right_shift,
    subtract,
)  # fmt: skip
from .comparison import equal, greater, greater_equal, less, less_equal, not_equal
from .products import matmul

BINARY = {
    "add": add, "sub": subtract, "mul": multiply, "truediv": divide, "floordiv": floor_divide, "mod": remainder,
    "pow": power, "matmul": matmul, "and": bitwise_and, "or": bitwise_or, "xor": bitwise_xor,
    "lshift": left_shift, "rshift": right_shift,
}  # fmt: skip
UNARY = {"neg": negative, "pos": positive, "abs": absolute, "invert": invert}
COMPARISONS = {"lt": less, "le": less_equal, "gt": greater, "ge": greater_equal, "eq": equal, "ne": not_equal}


def install(prim, symbol):
    """Make `Traced.__symbol__` the fastest call of `prim` that there is so far."""

    def home(call):
        setattr(Traced, f"__{symbol}__", call if isinstance(call, FunctionType) else lambda *xs: call(*xs))

    prim.live_at(home)


def install_reflected(prim, symbol):
    def home(call):
        setattr(Traced, f"__r{symbol}__", prim.reflected or (lambda b, a: call(a, b)))

    prim.live_at(home)


FAMILIAR = (Traced, np.ndarray, np.generic, Number, list, tuple)


def operate(prim, a, b):
    """The general path of a binary operator: an operand of another kind may know it, as Python has it."""
    for x in (a, b):
        if type(x) in PLAIN or isinstance(x, FAMILIAR):
            continue
        if not hasattr(type(x), "__array__") and not labelled(type(x)):
            return NotImplemented
    return dispatch(prim, a, b)


def product(prim, a, b):
    """The general path of `*`: a sequence times a whole number is repeated, as Python does it."""
    for sequence, count in ((a, b), (b, a)):
        if isinstance(sequence, (list, tuple, str)) and type(value_of(count)) in (int, np.int64):
            return NotImplemented
    return operate(prim, a, b)


for prim in BINARY.values():
    prim.operator.dispatch = product if prim is multiply else operate
for symbol, prim in (BINARY | UNARY | COMPARISONS).items():
    install(prim.operator, symbol)
for symbol, prim in BINARY.items():
    install_reflected(prim.operator, symbol)

Traced.__divmod__ = lambda a, b: (a // b, a % b)
Traced.__rdivmod__ = lambda b, a: (a // b, a % b)
