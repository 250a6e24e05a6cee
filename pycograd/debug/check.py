"""check_grads: derivatives against finite differences.

Everything is compared as one real number, the derivative of sum(g * f(x)) along a direction v of one argument, for
random g and v: forward mode gives sum(g * df.v), reverse mode sum(g.df * v), central differences the witness.  If they
differ, halving v, then g, finds an element of the Jacobian where they do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pycograd.core import GradientMismatch, aval_of, tree_flatten, tree_leaves, tree_unflatten
from pycograd.transforms import jvp, vjp
from pycograd.transforms.edge import at_the_edge, described, names_of_leaves
from pycograd.weave import woven

from .probe import first_wrong

__all__ = ["GradientReport", "check_grads"]

# Central differences with the step eps**(1/3) err by eps**(2/3), 4e-11 and 2e-5, times a constant of the function;
# the tolerances leave room for constants of a few hundred (float32) to ten thousand.
TOLERANCE = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 5e-3, np.dtype(np.float16): 0.1}


@dataclass(frozen=True)
class Comparison:
    """One number in two ways: the derivative in `argument` by `modes`, one per order, and by finite differences."""

    modes: str
    argument: str
    found: float
    expected: float

    @property
    def error(self) -> float:
        return abs(self.found - self.expected) / max(1.0, abs(self.expected))


@dataclass
class GradientReport:
    """What `check_grads` compared."""

    name: str
    comparisons: list[Comparison] = field(default_factory=list)

    @property
    def largest_error(self) -> float:
        return max([c.error for c in self.comparisons], default=0.0)

    def __repr__(self) -> str:
        n = len(self.comparisons)
        return f"check_grads of {self.name}: {n} comparisons agree, largest error {self.largest_error:.1e}"

    def __str__(self) -> str:
        rows = [("modes", "argument", "derivative", "differences", "error")]
        rows += [
            (c.modes, c.argument, f"{c.found:.9g}", f"{c.expected:.9g}", f"{c.error:.1e}")
            for c in self.comparisons
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([repr(self), *lines])


@at_the_edge
def check_grads(
    f: Callable[..., Any],
    *args: Any,
    modes: Sequence[str] = ("fwd", "rev"),
    order: int = 2,
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
    seed: int = 0,
) -> GradientReport:
    """Compare the derivatives of `f` at `args` with finite differences, up to `order`, in every sequence of `modes`.

    args   pytrees; floating and complex leaves are checked, all others are passed on
    modes  "fwd", "rev" or both: with both, order 2 means forward over reverse and so on, four in all
    atol, rtol  1e-6 for float64, 5e-3 for float32, by the least precise dtype met
    eps    the step of the differences, relative to 1 or the size of an element; eps**(1/3) of that dtype by default
    Cost: a few runs of `f` per argument and sequence, whatever the size of the arguments.
    Returns a report.  Raises GradientMismatch naming the argument, the index, both numbers, and the first primitive
    that `f` runs whose own rule disagrees with the differences of its own function.

    >>> check_grads(lambda x, p: np.sin(x) * p["a"], 0.5, {"a": np.ones(2)})
    check_grads of <lambda>: 12 comparisons agree, largest error ...
    """
    unknown = set(modes) - {"fwd", "rev"}
    if unknown or not modes:
        raise ValueError(f"check_grads: modes are fwd and rev, not {sorted(unknown)}")
    flat, xs, names = flattened(f, args)
    name = described(f)
    report = GradientReport(getattr(f, "__name__", name))
    if not xs:
        raise TypeError(f"check_grads of {name}: no argument holds floating or complex numbers")
    checker = Checker(xs, tree_leaves(flat(*xs)), atol, rtol, eps, seed)
    pending: list[tuple[str, Callable[..., Any]]] = [("", flat)]
    for _ in range(order):
        functions, pending = pending, []
        for path, function in functions:
            for mode in modes:
                label = f"{mode} over {path}" if path else mode
                checker.compare(report, label, function, xs, names, name)
                pending.append((label, checker.derivative(mode, function, xs)))
    return report


def flattened(f: Callable[..., Any], args: Any) -> tuple[Callable[..., Any], list[Any], list[str]]:
    """`f` as a function of the leaves that are checked to a list of outputs, those leaves, and their names."""
    leaves, structure = tree_flatten(args)
    at = [i for i, x in enumerate(leaves) if is_inexact(x)]
    names = names_of_leaves(f, args)

    def flat(*xs: Any) -> list[Any]:
        values = list(leaves)
        for i, x in zip(at, xs, strict=True):
            values[i] = x
        return [y for y in tree_leaves(woven(f)(*tree_unflatten(structure, values))) if is_inexact(y)]

    return flat, [leaves[i] for i in at], [names[i] for i in at]


def is_inexact(x: Any) -> bool:
    try:
        return np.dtype(aval_of(x).dtype).kind in "fc"
    except TypeError:
        return False


class Checker:
    """The numbers of one check: random directions, steps, tolerances, by the least precise dtype."""

    def __init__(self, xs: list[Any], ys: list[Any], atol: Any, rtol: Any, eps: Any, seed: int) -> None:
        dtypes = [real_dtype(v) for v in (*xs, *ys)]
        dtype = max(dtypes, key=lambda d: np.finfo(d).eps)
        tolerance = TOLERANCE.get(dtype, 1e-6)
        self.atol, self.rtol = (tolerance if t is None else t for t in (atol, rtol))
        self.eps = float(np.finfo(dtype).eps) ** (1 / 3) if eps is None else eps
        self.rng = np.random.default_rng(seed)

    def like(self, x: Any) -> Any:
        """Random numbers of the type of `x`."""
        shape, dtype = aval_of(x)
        v = self.rng.normal(size=shape)
        if np.dtype(dtype).kind == "c":
            v = v + 1j * self.rng.normal(size=shape)
        return dtype(v) if isinstance(dtype, type) else np.asarray(v, dtype)

    def derivative(self, mode: str, f: Callable[..., Any], xs: list[Any]) -> Callable[..., Any]:
        """The derivative of `f` along random tangents, or its gradient weighed by random cotangents, as a function."""
        if mode == "fwd":
            vs = [self.like(x) for x in xs]
            return lambda *xs: jvp(f, xs, vs)[1]
        gs = [self.like(y) for y in f(*xs)]
        return lambda *xs: list(vjp(f, *xs)[1](gs))

    def agree(self, found: float, expected: float) -> bool:
        if not (np.isfinite(found) and np.isfinite(expected)):
            return bool(np.isnan(found) and np.isnan(expected)) or found == expected
        return abs(found - expected) <= self.atol + self.rtol * abs(expected)

    # ---- one number, three ways ----
    def by_mode(self, mode: str, f: Any, xs: list[Any], gs: list[Any], i: int, v: Any) -> float:
        if mode == "rev":
            return pairing(vjp(f, *xs)[1](gs)[i : i + 1], [v])
        vs = [v if j == i else np.zeros_like(x)[()] for j, x in enumerate(xs)]
        return pairing(gs, jvp(f, xs, vs)[1])

    def by_differences(self, f: Any, xs: list[Any], gs: list[Any], i: int, v: Any) -> float:
        """Of sum(g * f), along `v` of argument `i`: the outputs are subtracted first, which rounds less."""
        h = self.eps * max(1.0, float(np.max(np.abs(xs[i]), initial=0.0)))
        moved = [[*xs[:i], same_type(xs[i], xs[i] + s * h * v), *xs[i + 1 :]] for s in (1, -1)]
        with np.errstate(all="ignore"):
            high, low = f(*moved[0]), f(*moved[1])
            return pairing(
                gs, [(np.asarray(a) - np.asarray(b)) / (2 * h) for a, b in zip(high, low, strict=True)]
            )

    def compare(self, report: Any, label: str, f: Any, xs: list[Any], names: list[str], name: str) -> None:
        """Compare `f` by the mode that `label` starts with, in every argument, and note it; raises if they differ."""
        mode = label.split()[0]
        gs = [self.like(y) for y in f(*xs)]
        for i, argument in enumerate(names):
            v = self.like(xs[i])
            found, expected = self.by_mode(mode, f, xs, gs, i, v), self.by_differences(f, xs, gs, i, v)
            if not self.agree(found, expected):
                at, out, found, expected = self.element(mode, f, xs, gs, i, v)
                wrong = first_wrong(f, xs, self.fault)
                reason = f"The first primitive whose own rule disagrees is {wrong}" if wrong else AGREE
                raise GradientMismatch(
                    f"check_grads of {name}, {label}: the derivative{out} in {argument}{at} is {found:.9g}, "
                    f"finite differences give {expected:.9g}. {reason}"
                )
            report.comparisons.append(Comparison(label, argument, found, expected))

    def element(self, mode: str, f: Any, xs: Any, gs: Any, i: int, v: Any) -> tuple[str, str, float, float]:
        """An element of argument `i` and one of the outputs where the two differ, and both derivatives there."""

        def both(gs: Any, v: Any) -> tuple[float, float]:
            return self.by_mode(mode, f, xs, gs, i, v), self.by_differences(f, xs, gs, i, v)

        def off(gs: Any, v: Any) -> float:
            found, expected = both(gs, v)
            return abs(found - expected) if np.isfinite(found - expected) else np.inf

        at = worst(v, lambda part: off(gs, part))
        v = max(units(v, at), key=lambda unit: off(gs, unit))
        k = max(range(len(gs)), key=lambda k: off(alone(gs, k, gs[k]), v))
        out = worst(gs[k], lambda part: off(alone(gs, k, part), v))
        g = max(units(gs[k], out), key=lambda unit: off(alone(gs, k, unit), v))
        where_out = f" of output {k}" if len(gs) > 1 else " of the output" if out else ""
        return described_index(at), where_out + described_index(out), *both(alone(gs, k, g), v)

    def fault(self, function: Callable[..., Any], operands: list[Any]) -> str | None:
        """What is wrong with the derivatives of one operation at its operands, in words; None if nothing is."""
        at = [i for i, x in enumerate(operands) if is_inexact(x)]

        def flat(*xs: Any) -> list[Any]:
            values = list(operands)
            for i, x in zip(at, xs, strict=True):
                values[i] = x
            y = function(*values)
            return [v for v in (y if isinstance(y, tuple) else (y,)) if is_inexact(v)]

        xs = [operands[i] for i in at]
        gs = [self.like(y) for y in flat(*xs)]
        for k in range(len(at) if gs else 0):
            v = self.like(xs[k])
            expected = self.by_differences(flat, xs, gs, k, v)
            for mode in ("rev", "fwd"):
                found = self.by_mode(mode, flat, xs, gs, k, v)
                if not self.agree(found, expected):
                    kind = "vjp" if mode == "rev" else "jvp"
                    return f"the {kind} of its operand {at[k]} gives {found:.9g}, finite differences {expected:.9g}"
        return None


AGREE = (
    "Every primitive that it runs agrees with its own differences: the gradient is lost or changed between them "
    "(stop_gradient, a value taken out by float() or value_of), or the function jumps here"
)


def real_dtype(x: Any) -> np.dtype[Any]:
    return np.zeros((), aval_of(x).dtype).real.dtype


def same_type(x: Any, moved: Any) -> Any:
    """`moved` as the kind of number that `x` is."""
    shape, dtype = aval_of(x)
    return dtype(moved) if isinstance(dtype, type) else np.asarray(moved, dtype).reshape(shape)


def pairing(gs: Sequence[Any], ys: Sequence[Any]) -> float:
    """The real part of sum(g * y), in double precision: what cotangents and tangents agree on."""
    wide = [
        (np.asarray(g).astype(complex), np.asarray(y).astype(complex)) for g, y in zip(gs, ys, strict=True)
    ]
    return float(sum([np.sum(g * y).real for g, y in wide]))


# ---- elements ------------------------------------------------------------------------------------------------------
def worst(v: Any, off: Callable[[Any], float]) -> tuple[int, ...]:
    """The index of an element of `v` that alone gives a large `off`: halve, and keep the worse half."""
    inside = np.arange(np.size(v))
    while len(inside) > 1:
        inside = max(np.array_split(inside, 2), key=lambda half: off(restricted(v, half)))
    return tuple(map(int, np.unravel_index(int(inside[0]), np.shape(v)))) if np.ndim(v) else ()


def restricted(v: Any, inside: Any) -> Any:
    """`v` where its flat index is `inside`, zero elsewhere."""
    part = np.zeros_like(v)
    part.reshape(-1)[inside] = v.reshape(-1)[inside]
    return part


def units(v: Any, index: tuple[int, ...]) -> list[Any]:
    """One at `index` of an array like `v`, zero elsewhere; and the imaginary unit if `v` is complex."""
    shape, dtype = aval_of(v)
    one = np.zeros(shape, dtype)
    one[index] = 1
    return [same_type(v, unit) for unit in ([one, 1j * one] if np.iscomplexobj(one) else [one])]


def alone(gs: list[Any], k: int, g: Any) -> list[Any]:
    """`g` for the output `k`, zeros for the others."""
    return [g if j == k else np.zeros_like(other)[()] for j, other in enumerate(gs)]


def described_index(index: tuple[int, ...]) -> str:
    return f" at index {index}" if index else ""
