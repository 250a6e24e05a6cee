"""The dear laws, for the night: every mix of in_axes, dtypes and orders; the gradient captured."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from laws.case import Case, cast
from laws.harness import LAWS, capture, compare_with_loop, every_output, reverse_types, value
from laws.witness import close, close_all, differences, examples, finite, inner, looping, mapped, tangents

from pycograd.core import aval_of, new_symbol, pullback, running


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
    longer = [] if in_doubles(c.row.func) else [(np.longdouble,)]
    for dtypes in [*longer, (np.float32, np.float64), (np.float64, np.float32)]:
        inputs = [cast(x, dtypes[i % len(dtypes)]) for i, x in enumerate(c.inputs)]
        try:
            case = Case(c.row, inputs)
        except TypeError:  # numpy has no loop for it
            continue
        value(case)
        reverse_types(case)
        capture(case)


def in_doubles(func: Any) -> bool:
    """Whether `func` computes in double precision at most: scipy refuses longdouble, or rounds it, as it happens."""
    return (getattr(func, "__module__", None) or "scipy").partition(".")[0] in (
        "scipy",
        "statistics",
        "pycograd",
    )


def capture_gradient(c: Case) -> None:
    """The gradient itself can be captured: its rules ask no questions about numbers."""
    args = [*c.xs, *c.gs]
    with running("capture") as level:
        grads = c.gradient(*[new_symbol(aval_of(x), level) for x in args])
    for g, x in zip(grads, c.xs, strict=True):
        assert aval_of(g).shape == np.shape(x), f"gradient of shape {aval_of(g).shape} of {np.shape(x)}"


INHERITS = {  # a law -> those of the day whose exemptions are its own
    "every_in_axes": ("vmap", "vmap_gradient"),
    "every_order": ("second", "vmap", "vmap_gradient"),
    "every_dtype": ("float32", "capture", "value"),
    "capture_gradient": ("capture",),
}
SWEEP: dict[str, tuple[Callable[[Case], None], Callable[[Case], Any]]] = {
    "every_in_axes": (every_in_axes, lambda c: c.xs and c.ys),
    "every_order": (every_order, lambda c: c.xs and c.ys and c.row.expected is None),
    "every_dtype": (every_dtype, LAWS["float32"][1]),
    "capture_gradient": (capture_gradient, lambda c: c.xs and c.ys),
}
