"""The laws of differentiation, each a function of a `Case`: a row of the table at given inputs.

The witnesses are independent of what they test: numpy itself for values, central differences for slopes, a loop for
vmap, a real run for shapes; and two routes to one number must agree (t . vjp(g) = jvp(t) . g).  Inner products are
Re(sum(a * b)), which makes a complex derivative a real one of twice as many numbers: with the gradient dL/dx - i dL/dy
of a real L, dL = Re(sum(grad * dz)).
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from laws.row import FREE, Row

from pycograd.core import (
    REGISTRY,
    Batched,
    Dual,
    MissingRuleError,
    Primitive,
    Symbol,
    Traced,
    aval_of,
    cotangent_aval,
    looped,
    new_batched,
    new_dual,
    new_symbol,
    pullback,
    running,
    tangent_of,
)
from pycograd.ops.families import batch_elementwise

STEP = (
    1e-5  # near the cube root of the rounding error, where central differences are best: right to some 1e-10
)
EXAMPLES = 3


class Case:
    """A row at `inputs`: `f` takes its differentiable inputs `xs` to the tuple of its floating outputs."""

    def __init__(self, row: Row, inputs: Any = None) -> None:
        self.row = row
        self.inputs = list(row.inputs if inputs is None else inputs)
        self.at = [i for i, x in enumerate(self.inputs) if floating(x)]
        self.xs = [self.inputs[i] for i in self.at]
        self.y = row(*self.inputs)
        self.out = [i for i, y in enumerate(leaves(self.y)) if floating(y)]
        self.ys = [leaves(self.y)[i] for i in self.out]
        rng = np.random.default_rng(0)
        self.vs, self.us = ([randoms(rng, x) for x in self.xs] for _ in "vu")
        self.gs, self.ws = ([np.where(np.isfinite(y), randoms(rng, y), 0)[()] for y in self.ys] for _ in "gw")

    def full(self, xs: Any) -> list[Any]:
        """All inputs of the row, with `xs` for the differentiable ones."""
        inputs = list(self.inputs)
        for i, x in zip(self.at, xs, strict=True):
            inputs[i] = x
        return inputs

    def f(self, *xs: Any) -> tuple[Any, ...]:
        ys = leaves(self.row.ours(*self.full(xs)))
        return tuple(ys[i] for i in self.out)

    def numpys(self, *xs: Any) -> list[Any]:
        ys = leaves(self.row(*self.full(xs)))
        return [ys[i] for i in self.out]

    def gradient(self, *args: Any) -> tuple[Any, ...]:
        """The gradients of sum(g * y), as a function of the inputs and the cotangents g."""
        n = len(self.xs)
        return tuple(pullback(self.f, *args[:n])[1](args[n:]))


# ---- pieces ----------------------------------------------------------------------------------------------
def leaves(y: Any) -> list[Any]:
    return [v for each in y for v in leaves(each)] if isinstance(y, (list, tuple)) else [y]


def floating(x: Any) -> bool:
    return isinstance(x, (float, complex)) or (
        isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"
    )


def randoms(rng: np.random.Generator, x: Any) -> Any:
    """A random direction (or cotangent) of the type of `x`."""
    shape, dtype = aval_of(x)
    v = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        v = v + 1j * rng.standard_normal(shape)
    return dtype(v) if isinstance(dtype, type) else np.asarray(v, dtype)[()]


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


def close(a: Any, b: Any, tolerance: float, what: str = "") -> None:
    """Equal up to `tolerance`, relative to the largest number that is finite (1 at least)."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape, f"{what}: shapes {a.shape} and {b.shape}"
    if a.dtype.kind not in "fc" or not a.size:
        np.testing.assert_array_equal(a, b, what)
        return
    size = max([1.0, *(float(np.max(np.abs(v[np.isfinite(v)]), initial=0.0)) for v in (a, b))])
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * size, err_msg=what)


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


# ---- the laws --------------------------------------------------------------------------------------------
def value(c: Case) -> None:
    """The value is numpy's, its dtype, shape and type included: of plain inputs, on a tape, in forward mode."""
    coarsest = max(map(rounding, c.xs), default=0.0)
    alike(c.row.ours(*c.inputs), c.y, "plain", coarsest)
    seen: list[Any] = []

    def whole(*xs: Any) -> tuple[Any, ...]:
        seen.append(c.row.ours(*c.full(xs)))
        return ()

    pullback(whole, *c.xs)
    alike(seen.pop(), c.y, "on a tape", coarsest)
    tangents(whole, c.xs, c.vs)
    alike(seen.pop(), c.y, "in forward mode", coarsest)


def reverse(c: Case) -> None:
    """Reverse mode gives the slope that finite differences give."""
    grads = c.gradient(*c.xs, *c.gs)
    like_arguments(grads, c.xs)
    if c.row.expected is None:
        close(
            inner(grads, c.vs),
            inner(c.gs, finite(differences(c.numpys, c.xs, c.vs), c.ys)),
            c.row.tolerance,
            "slope",
        )
    for i, x in enumerate(c.xs if len(c.xs) > 1 else []):  # one operand watched, the others plain
        alone = lambda x, i=i: c.f(*c.xs[:i], x, *c.xs[i + 1 :])  # noqa: E731
        (g,) = pullback(alone, x)[1](tuple(c.gs))
        close(g, grads[i], 1e-12, f"operand {i} alone")
        _, ts = tangents(alone, [x], [c.vs[i]])
        a, b = inner(finite(ts, c.ys), c.gs), inner([grads[i]], [c.vs[i]])
        close(a, b, max(1e-10, 100 * rounding(x)), f"operand {i} alone, forward")


def finite(ds: Any, ys: Any) -> list[Any]:
    """`ds`, and 0 where the value itself is infinite or nan."""
    return [np.where(np.isfinite(y), d, 0) for d, y in zip(ds, ys, strict=True)]


def forward(c: Case) -> None:
    """Forward mode gives the slopes that finite differences give."""
    _, ts = tangents(c.f, c.xs, c.vs)
    like_arguments(ts, c.ys)
    if c.row.expected is None:
        for t, d in zip(finite(ts, c.ys), finite(differences(c.numpys, c.xs, c.vs), c.ys), strict=True):
            close(t, d, c.row.tolerance, "tangent")


def transpose(c: Case) -> None:
    """jvp(t) . g = t . vjp(g)."""
    _, ts = tangents(c.f, c.xs, c.vs)
    close(inner(finite(ts, c.ys), c.gs), inner(c.vs, c.gradient(*c.xs, *c.gs)), 1e-10, "jvp . g = t . vjp")


def kink(c: Case) -> None:
    """At a kink the gradient of the sum of the output is the one that the row expects."""
    ones = [np.ones_like(y) for y in c.ys]
    for g, expected in zip(c.gradient(*c.xs, *ones), c.row.expected, strict=True):
        np.testing.assert_allclose(g, expected, rtol=1e-12, atol=1e-12)


def second(c: Case) -> None:
    """Reverse over reverse and forward over reverse give what finite differences of the gradient give."""
    args, us = [*c.xs, *c.gs], [*c.us, *c.ws]
    witness = differences(c.gradient, args, us)
    _, pull = pullback(c.gradient, *args)
    close(inner(pull(tuple(c.vs)), us), inner(c.vs, witness), 10 * c.row.tolerance, "reverse over reverse")
    for t, d in zip(tangents(c.gradient, args, us)[1], witness, strict=True):
        close(t, d, 10 * c.row.tolerance, "forward over reverse")


def compare_with_loop(c: Case, f: Callable[..., Any], xs: Any, axes: Any) -> None:
    batch = [x if a is None else examples(x, a) for x, a in zip(xs, axes, strict=True)]
    looped.clear()
    ours = mapped(f, batch, axes)
    assert not looped, f"{looped} batches by looping"
    for y, expected in zip(ours, looping(f, batch, axes), strict=True):
        assert aval_of(y).dtype == expected.dtype, (
            f"in_axes={axes}: {aval_of(y)}, a loop's is {aval_of(expected)}"
        )
        close(y, expected, max(1e-11, 100 * rounding(expected)), f"in_axes={axes}")


def in_axes(n: int) -> Iterator[tuple[int | None, ...]]:
    """All mapped, along the first and along the last axis; then each one alone."""
    yield (0,) * n
    yield (-1,) * n
    if n > 1:
        yield from (tuple(0 if i == j else None for i in range(n)) for j in range(n))


def every_output(c: Case) -> Callable[..., Any]:
    return lambda *xs: tuple(leaves(c.row.ours(*c.full(xs))))


def vmap(c: Case) -> None:
    """vmap gives what a loop over the examples gives, and loops itself nowhere."""
    for axes in in_axes(len(c.xs)):
        compare_with_loop(c, every_output(c), c.xs, axes)


def vmap_integers(c: Case) -> None:
    """An index or a label that differs between examples gives what a loop gives, or raises."""
    for i, x in enumerate(c.inputs):
        if not is_integers(x):
            continue
        f = lambda k, i=i: tuple(leaves(c.row.ours(*c.inputs[:i], k, *c.inputs[i + 1 :])))  # noqa: E731
        batch = np.stack([x, np.roll(x, 1), x])
        try:
            expected = looping(f, [batch], [0])
        except ValueError:  # the shape depends on the numbers
            continue
        try:
            ours = mapped(f, [batch], [0])
        except (TypeError, MissingRuleError):
            continue
        for y, e in zip(ours, expected, strict=True):
            close(y, e, 1e-11, "integers mapped")


def vmap_gradient(c: Case) -> None:
    """Gradients under vmap, and the gradient of a vmap, are the gradients of the examples."""
    n, m = len(c.xs), len(c.gs)
    args = [*c.xs, *c.gs]
    for axes in [(0,) * (n + m), *((0,) * n + (None,) * m, (None,) * n + (0,) * m) * (n > 0)]:
        compare_with_loop(c, c.gradient, args, axes)
    xs, gs = ([examples(x) for x in each] for each in (c.xs, c.gs))
    looped.clear()
    ours = pullback(lambda *xs: tuple(mapped(c.f, xs, (0,) * n)), *xs)[1](tuple(gs))
    assert not looped, f"{looped} batches by looping"
    for g, expected in zip(ours, looping(c.gradient, [*xs, *gs], (0,) * (n + m)), strict=True):
        close(g, expected, max(1e-11, 100 * rounding(expected)), "gradient of vmap")


def capture(c: Case) -> None:
    """A run on symbols, which have no data, has outputs of the shapes and dtypes of a real run."""
    with running("capture") as level:
        y = c.row.ours(*c.full([new_symbol(aval_of(x), level) for x in c.xs]))
    for ours, real in zip(leaves(y), leaves(c.y), strict=True):
        if isinstance(ours, Symbol):
            assert ours.shape == np.shape(real), f"shape {ours.shape}, the real one is {np.shape(real)}"
            assert ours.dtype == np.asarray(real).dtype, (
                f"dtype {ours.dtype}, the real one is {np.asarray(real).dtype}"
            )
        else:
            assert aval_of(ours) == aval_of(real)


def float32(c: Case) -> None:
    """float32 in: numpy's dtype out, float32 gradients, near those of float64."""
    single = Case(c.row, [cast(x, np.float32) for x in c.inputs])
    value(single)
    reverse_types(single)
    gs = [
        cast(g, y.dtype) if isinstance(y, (np.ndarray, np.generic)) else g
        for g, y in zip(c.gs, single.ys, strict=True)
    ]
    for a, b in zip(single.gradient(*single.xs, *gs), c.gradient(*c.xs, *c.gs), strict=True):
        close(a, np.asarray(b, np.asarray(a).dtype), 2e-4 * max(1.0, c.row.tolerance / 1e-6), "gradient")
    capture(single)


def reverse_types(c: Case) -> None:
    like_arguments(c.gradient(*c.xs, *c.gs), c.xs)
    like_arguments(tangents(c.f, c.xs, c.vs)[1], c.ys)


def complex128(c: Case) -> None:
    """The laws hold for complex inputs."""
    rng = np.random.default_rng(1)
    inputs = [x + 0.4j * rng.standard_normal(np.shape(x)) if floating(x) else x for x in c.inputs]
    z = Case(c.row, inputs)
    for law in (
        value,
        reverse,
        forward,
        transpose,
        *(second,) * (c.row.order > 1),
        vmap,
        vmap_gradient,
        capture,
    ):
        law(z)


def layout(c: Case) -> None:
    """Views of any stride and order, none of them writable, give the same and are not written."""
    expected, grads = c.y, c.gradient(*c.xs, *c.gs)
    for kind in (np.asfortranarray, every_other, backwards):
        view = Case(c.row, [relaid(x, kind) for x in c.inputs])
        close_all(view.row.ours(*view.inputs), expected, f"{kind.__name__}, plain")
        ys, pull = pullback(view.f, *view.xs)
        close_all(ys, c.ys, kind.__name__)
        close_all(pull(tuple(relaid(g, kind) for g in c.gs)), grads, f"{kind.__name__}, gradient")


def close_all(ours: Any, expected: Any, what: str) -> None:
    for a, b in zip(leaves(ours), leaves(expected), strict=True):
        close(a, b, max(1e-11, 100 * rounding(b)) if floating(b) else 0, what)


def relaid(x: Any, kind: Callable[[Any], Any]) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    y = kind(x) if x.ndim else x.copy()
    y = y.view()
    y.flags.writeable = False
    return y


def every_other(x: np.ndarray) -> np.ndarray:
    wide = np.full([2 * n for n in x.shape], 77, x.dtype)
    wide[tuple([slice(None, None, 2)] * x.ndim)] = x
    return wide[tuple([slice(None, None, 2)] * x.ndim)]


def backwards(x: np.ndarray) -> np.ndarray:
    return np.flip(np.flip(x).copy())


def every_shape(c: Case, variants: Any) -> None:
    for inputs in variants:
        case = Case(c.row, inputs)
        for law in (value, reverse, transpose, vmap, capture):
            try:
                law(case)
            except Exception as error:
                error.add_note(f"{law.__name__} at shapes {[np.shape(x) for x in inputs]}")
                raise


def broadcasting(c: Case) -> None:
    """Operands of different shapes meet: the gradient is summed to its own operand's."""
    a, b = (np.resize(x, 12) for x in c.inputs)
    pairs = [
        ((3, 4), (4,)),
        ((1, 4), (3, 1)),
        ((4,), (3, 1)),
        ((), (3,)),
        ((3,), ()),
        ((2, 1, 3), (2, 1)),
        ((0, 3), (3,)),
    ]
    every_shape(c, [[shaped(a, s), shaped(b, t)] for s, t in pairs])
    if c.row.func not in (np.ldexp,):
        every_shape(c, [[a[0].item(), shaped(b, (3,))], [shaped(a, (3,)), b[0].item()]])


def shaped(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return x[: int(np.prod(shape))].reshape(shape)


def sizes(c: Case) -> None:
    """0-d arrays and scalars, arrays of one element, arrays of none."""
    flat = [np.resize(x, 12) for x in c.inputs]
    every_shape(c, [[shaped(x, shape) for x in flat] for shape in [(), (1,), (1, 1), (0,), (0, 3)]])
    every_shape(c, [[x[0] for x in flat], [x[0].item() if floating(x) else x[0] for x in flat]])


def protocols(c: Case) -> None:
    """Through numpy's protocols alone (not woven) it is the same; a function that numpy does not dispatch may raise."""
    f = lambda *xs: tuple(leaves(c.row(*c.full(xs))))  # noqa: E731
    keep = lambda ys: tuple(ys[i] for i in c.out)  # noqa: E731
    try:
        ys, pull = pullback(lambda *xs: keep(f(*xs)), *c.xs)
    except TypeError:
        if isinstance(c.row.func, np.ufunc) or hasattr(c.row.func, "_implementation") or c.row.call:
            raise
        return
    close_all(ys, c.ys, "value")
    close_all(pull(tuple(c.gs)), c.gradient(*c.xs, *c.gs), "gradient")


# ---- the sweep: dear, for the night ----------------------------------------------------------------------
def every_in_axes(c: Case) -> None:
    """vmap over every mix of in_axes; of the gradient too; and one vmap inside another."""
    n, m = len(c.xs), len(c.gs)
    for axes in product((0, -1, None), repeat=n):
        if any(a is not None for a in axes):
            compare_with_loop(c, every_output(c), c.xs, axes)
            compare_with_loop(c, c.gradient, [*c.xs, *c.gs], (*axes, *(0,) * m))
    inner_loop = lambda *xs: tuple(looping(every_output(c), xs, (0,) * n))  # noqa: E731
    inner_vmap = lambda *xs: tuple(mapped(every_output(c), xs, (0,) * n))  # noqa: E731
    twice = [examples(examples(x)) for x in c.xs]
    close_all(mapped(inner_vmap, twice, (0,) * n), looping(inner_loop, twice, (0,) * n), "vmap of vmap")


def every_order(c: Case) -> None:
    """Forward over forward, reverse over forward, third order; jvp of vmap and vmap of jvp."""
    n = len(c.xs)
    slope = lambda *xs: tuple(tangents(c.f, xs, c.vs)[1])  # noqa: E731
    witness = differences(slope, c.xs, c.us)
    close_all_to(
        finite(tangents(slope, c.xs, c.us)[1], c.ys), finite(witness, c.ys), 10 * c.row.tolerance, "FoF"
    )
    grads = pullback(slope, *c.xs)[1](tuple(c.gs))
    close(inner(grads, c.us), inner(c.gs, finite(witness, c.ys)), 10 * c.row.tolerance, "RoF")
    if c.row.order > 1:
        hessian = lambda *xs: tuple(pullback(c.gradient, *xs, *c.gs)[1](tuple(c.vs))[:n])  # noqa: E731
        third = pullback(hessian, *c.xs)[1](tuple(c.us))
        witness = differences(hessian, c.xs, c.vs)
        close(inner(third, c.vs), inner(c.us, witness), 100 * c.row.tolerance, "third order")
    compare_with_loop(c, slope, c.xs, (0,) * n)


def close_all_to(ours: Any, expected: Any, tolerance: float, what: str) -> None:
    for a, b in zip(ours, expected, strict=True):
        close(a, b, tolerance, what)


def every_dtype(c: Case) -> None:
    """Mixed precisions and longdouble: numpy's dtype out, the argument's dtype in its gradient."""
    for dtypes in [(np.longdouble,), (np.float32, np.float64), (np.float64, np.float32)]:
        inputs = [cast(x, dtypes[i % len(dtypes)]) for i, x in enumerate(c.inputs)]
        try:
            case = Case(c.row, inputs)
        except TypeError:  # numpy has no loop for it
            continue
        value(case)
        reverse_types(case)
        capture(case)


def capture_gradient(c: Case) -> None:
    """The gradient itself can be captured: its rules ask no questions about numbers."""
    args = [*c.xs, *c.gs]
    with running("capture") as level:
        grads = c.gradient(*[new_symbol(aval_of(x), level) for x in args])
    for g, x in zip(grads, c.xs, strict=True):
        assert aval_of(g).shape == np.shape(x), f"gradient of shape {aval_of(g).shape} of {np.shape(x)}"


# ---- which law concerns which row ------------------------------------------------------------------------
def cast(x: Any, dtype: Any) -> Any:
    """`x` in the precision of `dtype`, if it is a floating array."""
    if not (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"):
        return x
    return x.astype(
        np.result_type(dtype, np.complex64) if x.dtype.kind == "c" != np.dtype(dtype).kind else dtype
    )


def is_integers(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind in "iub" and x.ndim > 0


def is_elementwise(c: Case) -> bool:
    ours = REGISTRY.find(c.row.func)
    mathematical = getattr(c.row.func, "__module__", "") == "math"
    plain = not c.row.call and not c.row.params and c.row.expected is None
    return isinstance(ours, Primitive) and ours.batch is batch_elementwise and plain and not mathematical


LAWS: dict[str, tuple[Callable[[Case], None], Callable[[Case], Any]]] = {
    "value": (value, lambda c: True),
    "reverse": (reverse, lambda c: c.xs and c.ys),
    "forward": (forward, lambda c: c.xs and c.ys),
    "transpose": (transpose, lambda c: c.xs and c.ys),
    "kink": (kink, lambda c: c.row.expected is not None),
    "second": (second, lambda c: c.xs and c.ys and c.row.order > 1 and c.row.expected is None),
    "vmap": (vmap, lambda c: c.xs),
    "vmap_integers": (vmap_integers, lambda c: any(map(is_integers, c.inputs))),
    "vmap_gradient": (vmap_gradient, lambda c: c.xs and c.ys),
    "capture": (capture, lambda c: c.xs),
    "float32": (
        float32,
        lambda c: any(isinstance(x, (np.ndarray, np.generic)) for x in c.xs) and c.row.expected is None,
    ),
    "complex128": (complex128, lambda c: c.row.complex),
    "layout": (layout, lambda c: any(isinstance(x, np.ndarray) for x in c.xs)),
    "broadcasting": (broadcasting, lambda c: is_elementwise(c) and len(c.inputs) == 2 == len(c.xs)),
    "sizes": (sizes, lambda c: is_elementwise(c)),
    "protocols": (protocols, lambda c: c.xs and getattr(c.row.func, "__module__", "") != "math"),
}
SWEEP: dict[str, tuple[Callable[[Case], None], Callable[[Case], Any]]] = {
    "every_in_axes": (every_in_axes, lambda c: c.xs and c.ys),
    "every_order": (every_order, lambda c: c.xs and c.ys and c.row.expected is None),
    "every_dtype": (every_dtype, LAWS["float32"][1]),
    "capture_gradient": (capture_gradient, lambda c: c.xs and c.ys),
}
