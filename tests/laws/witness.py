"""Numbers by independent ways, and their comparison: central differences, forward mode, vmap, a loop."""

from collections.abc import Callable
from typing import Any

import numpy as np
from laws.case import floating, leaves
from laws.row import FREE

from pycograd.core import (
    Batched,
    Dual,
    Traced,
    aval_of,
    cotangent_aval,
    new_batched,
    new_dual,
    running,
    tangent_of,
)

# Near the cube root of the rounding error, where central differences are best: right to some 1e-10.
STEP = 1e-5
EXAMPLES = 3


def inner(xs: Any, ys: Any) -> float:
    return float(sum(np.sum(np.real(np.asarray(x) * y)) for x, y in zip(xs, ys, strict=True)))


def moved(xs: Any, vs: Any, h: float) -> list[Any]:
    return [
        type(x)(x + h * v) if type(x) in (float, complex) else x + h * v for x, v in zip(xs, vs, strict=True)
    ]


def differences(f: Callable[..., Any], xs: Any, vs: Any) -> list[Any]:
    """The derivative of `f` at `xs` along `vs`, by central differences."""
    with np.errstate(all="ignore"):
        above, below = f(*moved(xs, vs, STEP)), f(*moved(xs, vs, -STEP))
        return [(np.asarray(a) - np.asarray(b)) / (2 * STEP) for a, b in zip(above, below, strict=True)]


def tangents(f: Callable[..., Any], xs: Any, ts: Any) -> tuple[list[Any], list[Any]]:
    """The values of `f` and their tangents along `ts`."""
    with running("jvp") as level:
        ys = f(*[new_dual(x, level, t) for x, t in zip(xs, ts, strict=True)])
        values = [y.value if type(y) is Dual and y.level == level else y for y in ys]
        return values, [tangent_of(y, level) for y in ys]


def mapped(f: Callable[..., Any], xs: Any, axes: Any) -> list[Any]:
    """`f` under vmap, with examples along `axes` of `xs` (None: all share this input)."""
    with running("vmap") as level:
        batch = [
            x if a is None else new_batched(np.moveaxis(x, a, 0), level)
            for x, a in zip(xs, axes, strict=True)
        ]
        ys = f(*batch)
        own = [type(y) is Batched and y.level == level for y in ys]
        return [
            y.value if b else np.broadcast_to(y, (EXAMPLES, *np.shape(y)))
            for y, b in zip(ys, own, strict=True)
        ]


def looping(f: Callable[..., Any], xs: Any, axes: Any) -> list[Any]:
    """The same by a loop."""
    rows = []
    for k in range(EXAMPLES):
        rows.append(f(*[x if a is None else np.take(x, k, a) for x, a in zip(xs, axes, strict=True)]))
    return [np.stack(ys) for ys in zip(*rows, strict=True)]


def examples(x: Any, axis: int = 0) -> Any:
    """A batch of variations of `x` that are as valid an input."""
    last = np.roll(x, 1) if id(x) in FREE else x * 0.99
    return np.stack([x, x * 1.01, last], axis).astype(aval_of(x).dtype)


# ---- comparison ------------------------------------------------------------------------------------------
def close(a: Any, b: Any, tolerance: float, what: str = "") -> None:
    """Equal up to `tolerance`, relative to the largest number that is finite (1 at least)."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape, f"{what}: shapes {a.shape} and {b.shape}"
    if a.dtype.kind not in "fc" or not a.size:
        np.testing.assert_array_equal(a, b, what)
        return
    size = max([1.0, *(float(np.max(np.abs(v[np.isfinite(v)]), initial=0.0)) for v in (a, b))])
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * size, err_msg=what)


def close_all(ours: Any, expected: Any, what: str) -> None:
    for a, b in zip(leaves(ours), leaves(expected), strict=True):
        close(a, b, max(1e-11, 100 * rounding(b)) if floating(b) else 0, what)


def finite(ds: Any, ys: Any) -> list[Any]:
    """`ds`, and 0 where the value itself is infinite or nan."""
    return [np.where(np.isfinite(y), d, 0) for d, y in zip(ds, ys, strict=True)]


def rounding(y: Any) -> float:
    """How far two ways to compute `y` may differ: a hundred roundings or so."""
    dtype = np.dtype(aval_of(y).dtype)
    return 200 * float(np.finfo(dtype).eps) if dtype.kind in "fc" else 0.0


def alike(ours: Any, numpys: Any, what: str, tolerance: float) -> None:
    """The same value, type and dtype; inside containers of the same type."""
    if isinstance(numpys, (list, tuple)):
        assert type(ours) is type(numpys), f"{what}: {type(ours)}, numpy's is {type(numpys)}"
        assert len(ours) == len(numpys)
        for a, b in zip(ours, numpys, strict=True):
            alike(a, b, what, tolerance)
        return
    ours = ours.value if isinstance(ours, Traced) else ours
    assert type(ours) is type(numpys), f"{what}: {type(ours).__name__}, numpy's is {type(numpys).__name__}"
    if isinstance(numpys, (np.ndarray, np.generic, float, complex)):
        assert aval_of(ours) == aval_of(numpys), f"{what}: {aval_of(ours)}, numpy's is {aval_of(numpys)}"
        close(ours, numpys, max(tolerance, rounding(numpys)), what)
    else:
        assert ours == numpys, what


def like_arguments(grads: Any, xs: Any) -> None:
    """A gradient has the shape and dtype of its argument; that of a Python float is one."""
    for g, x in zip(grads, xs, strict=True):
        assert aval_of(g) == cotangent_aval(aval_of(x)), f"gradient {aval_of(g)} of {aval_of(x)}"
