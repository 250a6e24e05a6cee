"""blackbox: a function that numpy code cannot look into, differentiated by differences or by a Jacobian that is given.

The derivative by differences is a black box again: the tensor of derivatives along the arguments `path`, whose own
derivative has a path longer by one.  The n-th derivative is an n-fold difference of the function itself, with the step
that is best for n.
"""

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import numpy as np

from pycograd.core import RuleShapeError, aval_of, shape_of
from pycograd.weave import woven

from .opaque import Maker, primitive

__all__ = ["blackbox"]

METHODS = ("2-point", "3-point", "cs")
TINY = 1e-100  # the complex step cannot cancel, so it may be as small as one likes


def blackbox(f: Callable[..., Any], jac: str | Callable[..., Any] = "2-point") -> Callable[..., Any]:
    """`f`, which only sees plain numbers, with a derivative that does not come from its operations.

    f    function of arrays and numbers to one array or number; other arguments, and integers, have no derivative
    jac  "2-point" or "3-point": forward or central differences; "cs": complex step, exact where `f` is analytic code
         that takes complex numbers; or a function of the same arguments to d out / d argument, of shape (*out, *in),
         a tuple of them for several arguments
    Cost of a gradient: 1 + n runs of `f` for n numbers in the differentiated arguments ("3-point": 2 n, "cs": n).
    Higher derivatives are differences of differences, or the derivative of `jac`, which should then be numpy code or a
    `blackbox`.  Differences lose half of the digits ("3-point": a third) and more at each order.  vmap runs
    `f` in a loop.
    Raises TypeError for complex arguments: pass their real and imaginary parts.

    >>> import math
    >>> from pycograd import grad
    >>> f = blackbox(lambda x, n: math.gamma(float(x)) * n, jac="3-point")
    >>> round(grad(f, argnums=0)(1.0, 2), 6)
    -1.154431
    """
    if callable(jac):
        return Given(f, jac)
    if jac not in METHODS:
        raise ValueError(f"blackbox: jac must be a function or one of {', '.join(METHODS)}, not {jac!r}")
    return Differences(f, jac)


class Given(primitive):
    """A black box whose Jacobian is given."""

    def __init__(self, f: Callable[..., Any], jac: Callable[..., Any]) -> None:
        super().__init__(f)
        self.jac = jac

    def maker(self, i: int, x: Any) -> Maker:
        if np.dtype(aval_of(x).dtype).kind in "iub":
            return None
        return lambda ans, *xs, **params: partial(contracted, self.__name__, self.jacobian(i, xs, params), x)

    def jacobian(self, i: int, xs: Any, params: dict[str, Any]) -> Any:
        found = woven(self.jac)(*xs, **params)
        return found[i] if isinstance(found, (tuple, list)) else found

    def made_by(self) -> Any:
        return blackbox, (self.__wrapped__, self.jac)


class Differences(primitive):
    """A black box, or its derivative along the arguments `path`, by differences."""

    def __init__(self, f: Callable[..., Any], method: str, path: tuple[int, ...] = ()) -> None:
        super().__init__(f)
        self.method, self.path = method, path
        if path:
            self.__wrapped__ = partial(differences, f, method, path)
        self.f, self.derivatives = f, {}

    def maker(self, i: int, x: Any) -> Maker:
        kind = np.dtype(aval_of(x).dtype).kind
        if kind == "c":
            raise TypeError(
                f"blackbox of {self.__name__}: argument {i} is complex; pass its real and imaginary parts"
            )
        if kind != "f":
            return None
        if i not in self.derivatives:
            self.derivatives[i] = Differences(self.f, self.method, (*self.path, i))
        return lambda ans, *xs, **params: partial(
            contracted, self.__name__, self.derivatives[i](*xs, **params), x
        )

    def made_by(self) -> Any:
        return Differences, (self.f, self.method, self.path)


def of_shape(have: tuple[int, ...], out: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """What makes a Jacobian of one of the shape `have`."""
    if have == out == shape:
        return "np.diag of what jac returns, if each number of the output depends on one of the argument"
    if prod(have) == prod(out) * prod(shape):
        return f"np.reshape(..., {(*out, *shape)}) of what jac returns"
    return f"a function jac that returns {(*out, *shape)}"


def contracted(name: str, jacobian: Any, x: Any, g: Any) -> Any:
    """The cotangent of `x`: `g` times the Jacobian, of shape (*out, *in)."""
    out, shape = shape_of(g), shape_of(x)
    if shape_of(jacobian) != (*out, *shape):
        raise RuleShapeError(
            f"blackbox of {name}: the Jacobian has shape {shape_of(jacobian)}, not {(*out, *shape)}\n"
            f"  for an output {out} and an argument {shape} it is (*out, *in)\n"
            f"  fix: {of_shape(shape_of(jacobian), out, shape)}"
        )
    rows, columns = int(np.prod(out)), int(np.prod(shape))
    return np.reshape(np.reshape(g, (rows,)) @ np.reshape(jacobian, (rows, columns)), shape)


def differences(f: Callable[..., Any], method: str, path: tuple[int, ...], /, *xs: Any, **params: Any) -> Any:
    """The derivatives of `f` along each argument of `path` in turn, an array of shape (*out, *in, *in, ...)."""

    def inner(*xs: Any) -> Any:
        return f(*xs, **params)

    for n, i in enumerate(path):
        inner = partial(difference, inner, method if n == 0 or method != "cs" else "3-point", i, len(path))
    return inner(*xs)


def difference(f: Callable[..., Any], method: str, i: int, order: int, /, *xs: Any) -> Any:
    """The Jacobian of `f` in argument `i`, with the step that is best for a derivative of `order`."""
    x = np.asarray(xs[i])
    scale = np.maximum(1.0, np.abs(x)).reshape(-1)
    eps = np.finfo(x.dtype).eps
    step = (
        scale * {"2-point": eps ** (1 / (1 + order)), "3-point": eps ** (1 / (2 + order)), "cs": TINY}[method]
    )
    at = None if method != "2-point" else np.asarray(f(*xs))

    def along(j: int, h: Any) -> tuple[Any, Any]:
        """`f` with element `j` of the argument moved by `h`, and the step that rounding left of it."""
        moved = x.astype(np.result_type(x, h)) if method == "cs" else x.copy()
        moved.reshape(-1)[j] += h
        given = moved if isinstance(xs[i], np.ndarray) else moved[()]
        return np.asarray(f(*xs[:i], given, *xs[i + 1 :])), (moved - x).reshape(-1)[j]

    columns = []
    for j, h in enumerate(step):
        if method == "cs":
            columns.append(np.imag(along(j, 1j * h)[0]) / h)
            continue
        y, up = along(j, h)
        low, down = along(j, -h) if method == "3-point" else (at, 0)
        columns.append((y - low) / (up - down))
    if not columns:
        return np.zeros((*np.shape(f(*xs)), *x.shape))
    return np.stack(columns, axis=-1).reshape((*columns[0].shape, *x.shape))
