"""Forward mode: `Dual`, a value with its tangent."""

from typing import Any

import numpy as np

from .aval import aval_of, cotangent_aval, shape_of, zeros
from .traced import Traced

__all__ = ["Dual", "new_dual", "tangent_of"]


class Dual(Traced):
    """A value with its tangent: the derivative of the value along the direction that forward mode follows."""

    __slots__ = ()
    tangent = Traced.node  # type: ignore[misc]  # all watched values share one slot layout

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        mine = [i for i, a in enumerate(args) if type(a) is Dual and a.level == level]
        xs = list(args)
        for i in mine:
            xs[i] = args[i].value
        y = prim.call(*xs, **params)
        if prim.linear == "joint":
            ts = [a.tangent if i in mine else zeros_like(a) for i, a in enumerate(args)]
            return dual(y, level, prim.call(*ts, **params))
        tangent = None
        for i in mine:
            entry = prim.jvp_at(i)
            if entry is not None:
                with np.errstate(all="ignore"):
                    t = entry.rule(args[i].tangent, *entry.keep(i, y, xs), **params)
                tangent = t if tangent is None else added(tangent, t)
        return y if tangent is None else dual(y, level, tangent)


def added(s: Any, t: Any) -> Any:
    """The sum of two tangents; those of several outputs are tuples, with None for zero."""
    if not isinstance(s, tuple):
        return s + t
    return tuple(b if a is None else a if b is None else a + b for a, b in zip(s, t, strict=True))


def dual(y: Any, level: float, tangent: Any) -> Any:
    """`y` with its tangent, of the shape and dtype that the tangents of `y` have: the one place where this happens."""
    if isinstance(y, tuple):
        return tuple(v if t is None else dual(v, level, t) for v, t in zip(y, tangent, strict=True))
    shape, dtype = cotangent_aval(aval_of(y))
    if np.dtype(aval_of(y).dtype).kind not in "fcV":
        return y
    if shape_of(tangent) != shape:
        tangent = np.broadcast_to(tangent, shape)
    have = getattr(tangent, "dtype", None)
    if isinstance(dtype, type):  # a Python number's
        if dtype is float and (type(tangent) is complex or have is not None and have.kind == "c"):
            tangent = np.real(tangent)
    elif have is None:
        tangent = tangent.real if type(tangent) is complex and dtype.kind != "c" else tangent
    elif have != dtype:
        tangent = (np.real(tangent) if have.kind == "c" != dtype.kind else tangent).astype(dtype)
    return new_dual(y, level, tangent)


def new_dual(value: Any, level: float, tangent: Any) -> Dual:
    """`value` with its `tangent`, as forward mode at `level` watches it."""
    v = Dual()
    v.value, v.level, v.node = value, level, tangent
    return v


def zeros_like(x: Any) -> Any:
    return zeros(aval_of(x))


def tangent_of(y: Any, level: float) -> Any:
    """The tangent of `y` at `level`; zeros if `y` does not depend on what that level watches."""
    return y.tangent if type(y) is Dual and y.level == level else zeros_like(y)
