"""The laws of differentiation, each a function of a `Case`: a row of the table at given inputs.

The witnesses are independent of what they test: numpy itself for values, central differences for slopes, a loop for
vmap, a real run for shapes; and two routes to one number must agree (t . vjp(g) = jvp(t) . g).  Inner products are
Re(sum(a * b)), which makes a complex derivative a real one of twice as many numbers: with the gradient dL/dx - i dL/dy
of a real L, dL = Re(sum(grad * dz)).
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from laws.case import Case, cast, floating, is_integers, leaves
from laws.witness import (
    alike,
    close,
    close_all,
    differences,
    examples,
    finite,
    inner,
    like_arguments,
    looping,
    mapped,
    rounding,
    tangents,
)

from pycograd.core import (
    REGISTRY,
    MissingRuleError,
    Primitive,
    Symbol,
    aval_of,
    looped,
    new_symbol,
    pullback,
    running,
)
from pycograd.ops.families import batch_elementwise


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


# ---- vmap ------------------------------------------------------------------------------------------------
def vmap(c: Case) -> None:
    """vmap gives what a loop over the examples gives, and loops itself nowhere."""
    for axes in in_axes(len(c.xs)):
        compare_with_loop(c, every_output(c), c.xs, axes)


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


# ---- types, layouts, shapes ------------------------------------------------------------------------------
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
    if "capture" not in c.row.exempt or "float32" in c.row.exempt:
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


def sizes(c: Case) -> None:
    """0-d arrays and scalars, arrays of one element, arrays of none."""
    flat = [np.resize(x, 12) for x in c.inputs]
    every_shape(c, [[shaped(x, shape) for x in flat] for shape in [(), (1,), (1, 1), (0,), (0, 3)]])
    every_shape(c, [[x[0] for x in flat], [x[0].item() if floating(x) else x[0] for x in flat]])


def shaped(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return x[: int(np.prod(shape))].reshape(shape)


def every_shape(c: Case, variants: Any) -> None:
    for inputs in variants:
        case = Case(c.row, inputs)
        for law in (value, reverse, transpose, vmap, capture):
            try:
                law(case)
            except Exception as error:
                error.add_note(f"{law.__name__} at shapes {[np.shape(x) for x in inputs]}")
                raise


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


# ---- which law concerns which row ------------------------------------------------------------------------
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
