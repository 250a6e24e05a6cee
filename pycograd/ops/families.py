"""Families: the rules that kinds of operations share, so that one operation is one declaration.

    elementwise  a ufunc: one formula per operand is its jvp and its vjp; batching aligns ranks, shapes broadcast
    constant     a function whose slope is zero wherever it has one: it records nothing
    linear       a function linear in its one operand: only the transpose is written
    composite    a function written in terms of others, under numpy's name and with numpy's whole signature
    structural   a question about a value, answered from its type or its plain numbers

Kinks: where a function has a left and a right slope but none between, its rule says which value it takes.
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from types import FunctionType
from typing import Any

import numpy as np

from pycograd.core import (
    PLAIN,
    REGISTRY,
    Aval,
    MissingRuleError,
    Primitive,
    Traced,
    result_dtype,
    shape_of,
    told,
    without_tape,
    written,
)

Rule = Callable[..., Any] | None


class Floats:
    """numpy for rules that run on Python floats: `floats.cos` is the primitive of `math.cos`, so floats stay floats."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


floats = Floats()


def elementwise(
    func: Any,
    *rules: Rule,
    operator: Callable[..., Any] | None = None,
    math: Callable[..., Any] | None = None,
    unbounded: bool = False,
    dtype: Callable[..., Any] | None = None,
) -> Primitive:
    """Declare a function that acts on each element; rules[i](t, ...) multiplies `t` by dy/dx_i.

    operator   Python's operator for the same operation: Python scalars take it, and arrays reach numpy faster by it
    math       the function of `math` for the same operation: its floats stay floats
    unbounded  a slope can be infinite or nan: where `t` is an exact zero, so is the result
    dtype      (*dtypes) -> the result's dtype, if it is not that of the (promoted) operands
    """

    def declare(impl: Callable[..., Any], *rules: Rule) -> Primitive:
        return Primitive(
            impl, *rules, jvp=rules, batch=batch_elementwise, shape=elementwise_shape(func, dtype, impl),
            name=func.__name__, unbounded=unbounded, same_aval=dtype is None,
        )  # fmt: skip

    prim = REGISTRY[func] = declare(func, *rules)
    prim.ufunc = func if isinstance(func, np.ufunc) else None
    if operator:
        prim.operator = declare(operator, *rules)
    if math:
        twin = REGISTRY[math] = declare(math, *map(on_floats, rules))
        twin.batch = lambda _, xs, batched, params: batch_elementwise(prim, xs, batched, params)
        setattr(floats, math.__name__, twin)
        setattr(floats, func.__name__, twin)
    return prim


def on_floats(rule: Rule) -> Rule:
    """The same rule for Python floats: its `np` is read as `floats`."""
    if rule is None:
        return None
    code, scope = rule.__code__, {**rule.__globals__, "np": floats}  # type: ignore[attr-defined]
    return FunctionType(code, scope, rule.__name__, None, rule.__closure__)  # type: ignore[attr-defined]


def elementwise_shape(func: Any, dtype: Callable[..., Any] | None, impl: Any) -> Callable[..., Aval]:
    """The shape rule of `func` as `impl` computes it: functions of Python's own keep Python numbers, which are weak."""
    own = {"math": lambda *kinds: float, "_operator": lambda *kinds: type(impl(*[kind(1) for kind in kinds]))}
    python = own.get(getattr(impl, "__module__", None))

    def shape(*avals: Aval) -> Aval:
        if python and all(isinstance(a.dtype, type) for a in avals):
            return Aval((), python(*[a.dtype for a in avals]))
        out = np.broadcast_shapes(*[a.shape for a in avals])
        if dtype:
            return Aval(out, np.dtype(dtype(*[a.dtype for a in avals])))
        if isinstance(func, np.ufunc):
            given = [np.dtype(bool) if a.dtype is bool else a.dtype for a in avals]
            return Aval(out, func.resolve_dtypes((*given, None))[-1])
        return Aval(out, result_dtype(*avals))

    return shape


def constant(
    func: Any, *, operands: str = "x", operator: Any = None, math: Any = None, dtype: Any = None
) -> Primitive:
    """Declare an elementwise function whose slope is zero wherever it has one: its result is not watched by a tape."""

    def declare(impl: Callable[..., Any]) -> Primitive:
        shape = elementwise_shape(func, dtype, impl)
        return Primitive(impl, operands=operands, batch=batch_elementwise, shape=shape, name=func.__name__)

    prim = REGISTRY[func] = declare(func)
    prim.ufunc = func if isinstance(func, np.ufunc) else None
    if operator:
        prim.operator = declare(operator)
    if math:
        twin = REGISTRY[math] = declare(math)
        twin.batch = lambda _, xs, batched, params: batch_elementwise(prim, xs, batched, params)
        setattr(floats, math.__name__, twin)
    return prim


def linear(
    func: Callable[..., Any], transpose: Rule, kind: type[Primitive] = Primitive, **rules: Any
) -> Primitive:
    """Declare a function linear in its one operand: its jvp is itself, so only the transpose is written.

    kind  View, if numpy answers with a view
    """
    return kind(func, transpose, linear="each", **rules)


def composite(*funcs: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: numpy's `funcs`, written in terms of other operations; plain arguments go to numpy itself."""

    def declare(ours: Callable[..., Any]) -> Callable[..., Any]:
        code = ours.__code__
        names = code.co_varnames[: code.co_argcount]
        out = slice(names.index("out"), names.index("out") + 1) if "out" in names else slice(0)

        @wraps(ours)
        def call(*args: Any, **params: Any) -> Any:
            if not (watches(args) or watches(params.values())):
                written(args[out])
                return funcs[0](*args, **params)
            if params.get("out") is not None or any(buffer is not None for buffer in args[out]):
                raise no_rule(funcs[0], "out")
            return ours(*args, **params)

        REGISTRY.update(dict.fromkeys(funcs, call))
        return call

    return declare


def watches(values: Any) -> bool:
    """Whether a watched value is among `values`, or in a list or tuple among them."""
    for v in values:
        if isinstance(v, Traced):
            return True
        if (
            isinstance(v, (list, tuple))
            and not (len(v) > 8 and PLAIN.issuperset(map(type, v)))
            and watches(v)
        ):
            return True
    return False


def no_rule(func: Any, keyword: str) -> MissingRuleError:
    """The error for a keyword of a supported function that cannot be differentiated."""
    module = getattr(func, "__module__", "numpy")  # a ufunc has none before numpy 2.1
    name = f"{module}.{func.__name__}".replace("numpy.", "np.")
    ours = REGISTRY.get(func)
    known = list(signature(ours).parameters) if ours is not None else []
    return MissingRuleError(
        told(
            f"{name} has no derivative with {keyword}=",
            f"it has one with {', '.join(k for k in known if k != keyword)}" if known else "",
            "or @pycograd.custom_vjp, pycograd.blackbox, or "
            'finite differences of this operation alone: grad(f, on_missing="fd")',
            fix="take the array that it returns, as in a = a + b for a += b"
            if keyword == "out"
            else f"leave {keyword} out",
        )
    )


def arrayed(x: Any) -> Any:
    """`x`, or the array of the list or tuple `x`, which may hold watched values."""
    return REGISTRY[np.asarray](x) if isinstance(x, (list, tuple)) else x


def structural(*funcs: Any, answer: Callable[..., Any] | None = None) -> None:
    """Register functions that ask about a value: they get its plain numbers, and their answer is not watched."""
    for func in funcs:
        REGISTRY[func] = answer or about(func)


# ---- batching ------------------------------------------------------------------------------------------------------
def batch_elementwise(prim: Primitive, xs: Any, batched: Any, params: Any) -> Any:
    """Give every batched operand the same rank, so that broadcasting lines the examples up."""
    top = max([rank(x) - b for x, b in zip(xs, batched, strict=True)])
    return prim.call(*[pad_rank(x, top) if b else x for x, b in zip(xs, batched, strict=True)], **params)


def rank(x: Any) -> int:
    return len(shape_of(x))


def pad_rank(x: Any, n: int) -> Any:
    """Give each example of the batch `x` rank `n`, with axes of length one in front."""
    shape = shape_of(x)
    missing = n + 1 - len(shape)
    return np.reshape(x, (*shape[:1], *(1,) * missing, *shape[1:])) if missing > 0 else x


def all_batched(xs: Any, batched: Any) -> list[Any]:
    """`xs` with every operand batched: those that are not get a batch axis, by a broadcast view."""
    n = shape_of(xs[batched.index(True)])[0]
    return [x if b else np.broadcast_to(x, (n, *shape_of(x))) for x, b in zip(xs, batched, strict=True)]


def map_last_axes(prim: Primitive, xs: Any, batched: Any, params: Any) -> Any:
    """The batch rule of functions that act on the last axes of each operand and map over the others, as linalg's do."""
    return prim.call(*xs, **params)


# ---- axes ----------------------------------------------------------------------------------------------------------
Axis = int | tuple[int, ...] | None


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """`axis` in any of numpy's forms as a tuple of axes counted from the front; raises numpy's AxisError."""
    if axis is None:
        return tuple(range(ndim))
    axis = tuple(axis) if isinstance(axis, np.ndarray) and axis.ndim else axis
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(np.lib.array_utils.normalize_axis_index(a.__index__(), ndim) for a in axes)


def example_axes(axis: Axis, x: Any) -> tuple[int, ...]:
    """`axis` of one example, as axes of the batch `x`."""
    return tuple(a + 1 for a in axes_of(axis, rank(x) - 1))


def example_axis(axis: int, x: Any) -> int:
    """One axis of an example, as an axis of the batch `x`."""
    return example_axes(axis, x)[0]


def batch_axis(prim: Primitive, xs: Any, batched: Any, params: Any) -> Any:
    """The batch rule of a function of one array along one axis (`cumsum`, `sort`, `flip`): the axis moves up by one."""
    return prim.call(xs[0], **{**params, "axis": example_axis(params["axis"], xs[0])})


def batch_axes(prim: Primitive, xs: Any, batched: Any, params: Any) -> Any:
    """The batch rule of a reduction: it leaves the batch axis alone."""
    return prim.call(xs[0], **{**params, "axis": example_axes(params.get("axis"), xs[0])})


def expand(g: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool = False) -> Any:
    """Put the axes that a reduction over `axis` removed back into `g`, with length one."""
    if keepdims or not shape:
        return g
    axes = axes_of(axis, len(shape))
    return np.reshape(g, tuple([1 if i in axes else n for i, n in enumerate(shape)]))


# ---- asking --------------------------------------------------------------------------------------------------------
def about(func: Any) -> Callable[..., Any]:
    """`func` of the plain numbers of its arguments."""

    def ask(*args: Any, **params: Any) -> Any:
        return func(*[without_tape(a) for a in args], **{k: without_tape(v) for k, v in params.items()})

    ask.__name__ = func.__name__
    return ask
