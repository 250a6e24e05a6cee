"""Integrals of scipy.integrate over functions, differentiated by Leibniz' rule.

The value is scipy's.  Its derivative is that of a sum over Gauss points which do not depend on what is differentiated,
on intervals that are halved until the sum over each is right to a thousandth of the error that was allowed, and
further around kinks; and of the integrals from the limits as plain numbers to the limits as watched ones, which have
length zero.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import Traced, value_of, warn
from pycograd.core.lazy import optional
from pycograd.ops.families import arrayed
from pycograd.transforms import stop_gradient
from pycograd.weave import woven

from .calls import Call, define, refused
from .watching import with_value

integrate = optional("scipy.integrate", "scipy")
MOST, KINKS = 400, 120  # intervals: for the integral itself, and for the kinks of the integrand


def points(n: int) -> list[tuple[float, float]]:
    """The points and weights of Gauss' rule on (0, 1)."""
    return [
        (0.5 + 0.5 * float(x), 0.5 * float(w))
        for x, w in zip(*np.polynomial.legendre.leggauss(n), strict=True)
    ]


RULE = points(21)


def quad(*args: Any, **params: Any) -> Any:
    call = Call(integrate.quad, args, params)
    if call["complex_func"]:
        return of_complex(*args, **params)
    value, error, *info = call.run("func", full_output=1)
    if len(info) > 1 and not call["full_output"]:
        warn(info[1], integrate.IntegrationWarning)
    if call.watch.order:
        if call["weight"] is not None:
            call.given["func"] = weighted(call)
        whole = np.all(value_of(info[0]["last"]) == 1) and np.max(value_of(error)) < 1e-3 * call["epsabs"]
        value = differentiated(
            call, "func", value, call["epsabs"], call["epsrel"], call["points"], bool(whole)
        )
    return (value, error, *info) if call["full_output"] else (value, error)


def weighted(call: Call) -> Callable[..., Any]:
    """The function of `call` times its weight, a cosine or sine between finite limits."""
    wave = {"cos": np.cos, "sin": np.sin}.get(call["weight"])
    if wave is None or not np.isfinite([value_of(call["a"]), value_of(call["b"])]).all():
        raise refused(
            call.func, f"weight={call['weight']!r}", "", "a function that is multiplied by its weight"
        )
    f, frequency = woven(call["func"]), call["wvar"]
    return lambda x, *extra: f(x, *extra) * wave(frequency * x)


def of_complex(func: Any, *args: Any, complex_func: Any = True, full_output: int = 0, **params: Any) -> Any:
    """The integral of a complex function: of its parts, as scipy has it."""
    f = woven(func)
    real, *more = quad(lambda *xs: np.real(f(*xs)), *args, full_output=full_output, **params)
    imag, *others = quad(lambda *xs: np.imag(f(*xs)), *args, full_output=full_output, **params)
    info = [{"real": tuple(more[1:]), "imag": tuple(others[1:])}] if full_output else []
    return (real + 1j * imag, more[0] + 1j * others[0], *info)


def quad_vec(*args: Any, **params: Any) -> Any:
    call = Call(integrate.quad_vec, args, params)
    out = call.run("f")
    if not call.watch.order:
        return out
    return (differentiated(call, "f", out[0], call["epsabs"], call["epsrel"], call["points"]), *out[1:])


def nquad(*args: Any, **params: Any) -> Any:
    call = Call(integrate.nquad, args, params)
    func, ranges, opts, extra = call["func"], list(call["ranges"]), call["opts"], call.extra
    numbers = [call.watch.numbers(r) if callable(r) else r for r in ranges]
    out = call.run("func", ranges=numbers, args=extra)
    if not call.watch.order:
        return out
    per_range = list(opts) if isinstance(opts, (list, tuple)) else [opts or {}] * len(ranges)

    def over(i: int, *outer: Any) -> Any:
        """The integral over the variables up to the `i`-th, given those after it."""
        if i < 0:
            return woven(func)(*outer, *extra)
        low, high = woven(ranges[i])(*outer, *extra) if callable(ranges[i]) else ranges[i]
        chosen = woven(per_range[i])(*outer, *extra) if callable(per_range[i]) else per_range[i]
        return quad(lambda x: over(i - 1, x, *outer), low, high, **chosen)[0]

    return (with_value(over(len(ranges) - 1), out[0]), *out[1:])


def dblquad(
    func: Any,
    a: Any,
    b: Any,
    gfun: Any,
    hfun: Any,
    args: Any = (),
    epsabs: float = 1.49e-8,
    epsrel: float = 1.49e-8,
) -> Any:
    inner = lambda x, *extra: (limit(gfun, x), limit(hfun, x))  # noqa: E731
    return nquad(func, [inner, (a, b)], args, {"epsabs": epsabs, "epsrel": epsrel})


def tplquad(
    func: Any, a: Any, b: Any, gfun: Any, hfun: Any, qfun: Any, rfun: Any,
    args: Any = (), epsabs: float = 1.49e-8, epsrel: float = 1.49e-8,
) -> Any:  # fmt: skip
    inner = lambda y, x, *extra: (limit(qfun, x, y), limit(rfun, x, y))  # noqa: E731
    middle = lambda x, *extra: (limit(gfun, x), limit(hfun, x))  # noqa: E731
    return nquad(func, [inner, middle, (a, b)], args, {"epsabs": epsabs, "epsrel": epsrel})


def limit(bound: Any, *xs: Any) -> Any:
    return woven(bound)(*xs) if callable(bound) else bound


def fixed_quad(func: Any, a: Any, b: Any, args: Any = (), n: int = 5) -> Any:
    call = Call(integrate.fixed_quad, (func, a, b, args, n), {})
    out = call.run("func")
    if not call.watch.order:
        return out
    x, w = np.polynomial.legendre.leggauss(n)
    f = woven(call.function("func"))
    return (b - a) / 2 * np.sum(w * f((b - a) * (x + 1) / 2 + a), axis=-1), None


for _ours in (quad, quad_vec, nquad, dblquad, tplquad, fixed_quad):
    define(getattr(integrate, _ours.__name__), _ours)


# ---- Leibniz' rule -------------------------------------------------------------------------------------------------
def differentiated(
    call: Call, name: str, value: Any, epsabs: float, epsrel: float, breaks: Any, whole: bool = False
) -> Any:
    """The integral `value` of the function `name` from `a` to `b`, with its derivatives.

    whole  whether one rule over all of it is known to be right
    """
    watch, f = call.watch, woven(call.function(name))
    numbers = watch.numbers(f)
    a, b = call["a"], call["b"]
    found: set[float] = set()

    def look() -> None:
        low, high = watch.plain((a, b))
        at = Place(low, high)
        start = sorted(
            {
                0.0,
                1.0,
                *((x - low) / (high - low) for x in np.ravel(watch.plain(() if breaks is None else breaks))),
            }
        )
        allowed = 1e-3 * max(epsabs, epsrel * size(watch.plain(value)))
        found.update(edges(lambda u: at(numbers, u), start, allowed))

    if whole:
        found = {0.0, 1.0}
    else:
        watch.run(look)
    at = Place(stop_gradient(a), stop_gradient(b))
    ends = sorted(found)
    total = sum([gauss(lambda u: at(f, u), *pair) for pair in zip(ends, ends[1:])])
    return with_value(total + beyond(f, b, watch.order) - beyond(f, a, watch.order), value)


def beyond(f: Callable[[Any], Any], x: Any, order: int) -> Any:
    """The integral of `f` from `x` as a plain number to `x`, which is zero, with its derivatives up to `order`."""
    if not isinstance(x, Traced) or not np.isfinite(value_of(x)).all():
        return 0.0
    start = stop_gradient(x)
    h = x - start
    return sum([h * w * f(start + h * u) for u, w in points((order + 1) // 2)])


class Place:
    """The interval from `low` to `high`, either of them infinite, as the image of (0, 1)."""

    def __init__(self, low: Any, high: Any) -> None:
        self.low, self.high = low, high
        self.infinite = [bool(np.isinf(value_of(x)).any()) for x in (low, high)]

    def __call__(self, f: Callable[[Any], Any], u: float) -> Any:
        """`f` where `u` is, times the length there."""
        beyond = (1 - u) / u
        if self.infinite == [False, False]:
            return (self.high - self.low) * f(self.low + (self.high - self.low) * u)
        if self.infinite == [True, True]:
            return np.sign(self.high) * (f(beyond) + f(-beyond)) / u**2
        if self.infinite[1]:
            return np.sign(self.high) * f(self.low + np.sign(self.high) * beyond) / u**2
        return -np.sign(self.low) * f(self.high + np.sign(self.low) * beyond) / u**2


def gauss(f: Callable[[float], Any], low: float, high: float) -> Any:
    h = high - low
    return sum([h * w * arrayed(f(low + h * u)) for u, w in RULE])


class Interval:
    """An interval, the integral over it, its halves, and by how much the sum of theirs is another.

    weight  the integral of the absolute value, for the scale
    """

    def __init__(self, f: Callable[[float], Any], low: float, high: float, whole: Any = None) -> None:
        self.ends, self.weight = (low, 0.5 * (low + high), high), 0.0
        self.whole = gauss(f, low, high) if whole is None else whole
        self.halves = [gauss(self.weighed(f), *pair) for pair in zip(self.ends, self.ends[1:])]
        self.error = size(self.halves[0] + self.halves[1] - self.whole)

    def weighed(self, f: Callable[[float], Any]) -> Callable[[float], Any]:
        def seen(u: float) -> Any:
            y = f(u)
            self.weight += size(y) * (self.ends[2] - self.ends[0]) / (2 * len(RULE))
            return y

        return seen

    def split(self, f: Callable[[float], Any]) -> list["Interval"]:
        return [Interval(f, *pair, half) for pair, half in zip(zip(self.ends, self.ends[1:]), self.halves)]

    @property
    def kinked(self) -> bool:
        """Whether there may be a kink in it, where the derivative of the integrand jumps."""
        return self.error > 1e-10 * self.weight and self.ends[2] - self.ends[0] > 1e-9


def edges(f: Callable[[float], Any], start: list[float], allowed: float) -> list[float]:
    """The ends of intervals, those of `start` or halves of them, over each of which `gauss` is right to `allowed`.

    Around a kink they become as narrow as the derivative there is to be exact.
    """
    parts = [Interval(f, *pair) for pair in zip(start, start[1:])]
    for kinks in range(MOST):
        wrong = max(parts, key=lambda part: part.error)
        if not wrong.error > allowed:
            kinked = [part for part in parts if part.kinked]
            if not kinked or kinks > KINKS:
                break
            wrong = max(kinked, key=lambda part: part.error)
        if not wrong.ends[0] < wrong.ends[1] < wrong.ends[2]:
            break
        parts.remove(wrong)
        parts += wrong.split(f)
    return [end for part in parts for end in part.ends[::2]]


def size(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0))
