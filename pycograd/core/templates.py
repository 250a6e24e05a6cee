"""The common case, written out: a call of a one- or two-operand primitive on `Var`s of one level.

The text has the same steps as `dispatch` and `Var.interpret`, with what the rules ask for inlined.  It is filled in and
compiled in `specialise.py`.
"""

import operator
from typing import Any

from .aval import NUMBER, Aval, aval_of, cotangent_aval, make
from .node import AVAL

__all__ = [
    "BINARY_CALL",
    "BINARY_PULLS",
    "EXPRESSIONS",
    "ONE_FLOAT",
    "ONLY",
    "PULLS",
    "TWO_FLOATS",
    "UNARY",
    "aval_like",
]

# Static parameters, where the operation has any, are as `Statics` of specialise.py says; `node[3]` is what was saved,
# `node[6]` the params.
UNARY = """
def pull_x(g, node):
    {x_names} = node[3]
    return ((node[7], {pull_x}),)

def call(x{given}):
    try:
        if type(x) is not Var:
            return {run} if type(x) in PLAIN else dispatch(prim, x{star})
        level, p, x = x.level, x.node, x.value
        if type(x) is ndarray:
            y = {run}
        elif type(x) is float:
            y = {run}
{float_x}        else:
            y = {run} if type(x) in PLAIN else call(x{star})
        v = Var()
        v.value, v.level, v.node = y, level, (next(clock), prim, pull_x, {x_saved}, {same}, {x_aval}, {params}, p)
        return v
    except ValueError as error:
        raise mismatch(prim, error, (x,), {params}) from None
"""
BINARY_PULLS = """
def pull_ab(g, node):
    {ab_names} = node[3]
    return (node[7], {pull_a}), (node[8], {pull_b})

def pull_a(g, node):
    {a_names} = node[3]
    return ((node[7], {pull_a}),)

def pull_b(g, node):
    {b_names} = node[3]
    return ((node[7], {pull_b}),)
"""
# The aval of a result that mostly is an array like the operand; and of one of another shape, but its dtype.
SAME_AVAL = "p[5] if type(y) is ndarray and y.shape == p[5][0] and y.dtype is p[5][1] else aval_like(y, p)"
ARRAY_AVAL = (
    "make(Aval, (y.shape, p[5][1])) if type(y) is ndarray and y.dtype is p[5][1] else aval_like(y, p)"
)
# Twice: `call(a, b)`, and for a reflected operator `reflected(b, a)`.
BINARY_CALL = """
def {signature}:
    try:
        if type(a) is Var:
            p, level = a.node, a.level
            if type(b) is Var and level == b.level:
                q, a, b = b.node, a.value, b.value
                if type(a) is ndarray and type(b) is ndarray:
                    y = {run}
                elif type(a) is float and type(b) is float:
                    y = {run}
{float_ab}                else:
                    y = {run} if type(a) in PLAIN and type(b) in PLAIN else call(a, b{star})
                aval = p[5]
                if {same} and (aval is q[5] or aval == q[5]):
                    aligned = True
                else:
                    aval, aligned = ({y_aval}), False
                v = Var()
                v.value, v.level = y, level
                v.node = next(clock), prim, pull_ab, {ab_saved}, aligned, aval, {params}, p, q
                return v
            if type(b) is float or type(b) in PLAIN:
                a = a.value
{only_a}        elif type(b) is Var and (type(a) is float or type(a) in PLAIN):
            p, level, b = b.node, b.level, b.value
{only_b}        return {run} if type(a) in PLAIN and type(b) in PLAIN else dispatch(prim, a, b{star})
    except ValueError as error:
        raise mismatch(prim, error, (a, b), {params}) from None
"""

# Of two operands only `{w}` is watched, and `{o}` is plain.
ONLY = """
if type({w}) is ndarray:
    y = {run}
elif type({w}) is float:
    y = {run}
{one}else:
    y = {run} if type({w}) in PLAIN else call(a, b{star})
if {same} and (type({o}) is float or type({o}) is int):
    aval, aligned = p[5], True
else:
    aval = {y_aval}
    aligned = {same} and aval is p[5]
v = Var()
v.value, v.level = y, level
v.node = next(clock), prim, pull_{w}, {saved}, aligned, aval, {params}, p
return v
"""

# Python floats: the slopes are floats too, so the node keeps them instead of what the rules ask for, and the slope of a
# value that depends on one other value joins that of its operand: what depends on it skips it.  Of two slopes, the
# second stands where params would: a tuple of both would be one object more.  An infinite slope takes the ordinary way,
# on which an exact zero stays one.
ONE_FLOAT = """
if type(y) is float and p[5] is FLOAT:
    try:
        s = {slope}
    except (ArithmeticError, ValueError):
        s = inf
    m = p
    if p[2] is pull_one:
        s, m = s * p[3], p[7]
    if {finite}s * 0.0 == 0.0:
        v = Var()
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
        v = Var()
        v.value, v.level = y, level
        if m is n:
            v.node = next(clock), prim, pull_one, s + r, True, FLOAT, NOTHING, m
        else:
            v.node = next(clock), prim, pull_two, s, True, FLOAT, r, m, n
        return v
"""


def pull_one(g: Any, node: Any) -> Any:
    return ((node[7], g * node[3]),)


def pull_two(g: Any, node: Any) -> Any:
    return (node[7], g * node[3]), (node[8], g * node[6])


# Python's operators as text, which is faster than a call of them, and their slopes on floats: what the rules say of a
# tangent of 1.0, again without a call; and those slopes that say in text what the rule makes of any cotangent.
EXPRESSIONS = {
    operator.add: ("a + b", "1.0", "1.0"),
    operator.sub: ("a - b", "1.0", "-1.0"),
    operator.mul: ("a * b", "b", "a"),
    operator.truediv: ("a / b", "1.0 / b", "-y / b"),
    operator.pow: (
        "a ** b",
        "raw_a(1.0, a, b)",
        "inf",
    ),  # by b it takes a logarithm, which warns where arrays would
    operator.neg: ("-x", "-1.0"),
}
PULLS = {"1.0": "g", "-1.0": "-g", "a": "g * a", "b": "g * b"}


def aval_like(y: Any, p: Any) -> Aval:
    """The aval of a cotangent of `y`, which mostly is that of the node `p`, in its dtype at least."""
    try:
        shape, dtype = y.shape, y.dtype
    except AttributeError:
        return cotangent_aval(aval_of(y))
    known: Aval = p[AVAL]
    if dtype is known[1]:
        if shape == known[0]:
            return known
        return NUMBER if not shape and dtype is NUMBER[1] else make(Aval, (shape, dtype))
    return cotangent_aval(aval_of(y))
