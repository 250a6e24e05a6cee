"""Rules of the user's own, in JAX's forms: `custom_vjp` and `custom_jvp`.

The function is ordinary numpy code whose derivative is another than the one of its operations; what its rule computes
is differentiated in turn.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from math import prod
from types import MethodType
from typing import Any

from pycograd.core import (
    RuleShapeError,
    Traced,
    aval_of,
    current_of,
    is_ambient,
    shape_of,
    tree_flatten,
    tree_unflatten,
    zeros,
)
from pycograd.weave import woven

from .arguments import is_differentiable
from .edge import name_of
from .flat import CustomPrimitive, FlatJvp, FlatVjp

__all__ = ["custom_jvp", "custom_vjp", "positional", "same_shape"]


class Custom:
    """A function with a rule of its own; `nondiff_argnums` are the positions of the arguments that are not operands."""

    _define = ""

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> None:
        functools.update_wrapper(self, f, updated=())
        self.nondiff_argnums = (
            (nondiff_argnums,) if isinstance(nondiff_argnums, int) else tuple(nondiff_argnums)
        )
        self._prim = CustomPrimitive(name_of(f))
        self._rules: tuple[Callable[..., Any], ...] = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = positional(self.__wrapped__, args, kwargs)
        if not self._rules:
            raise AttributeError(
                f"{self.__name__} has no rule yet: give it one by {self.__name__}.{self._define}"
            )
        call = Call(self, args, kwargs)
        if not call.at:
            return woven(self.__wrapped__)(*args, **kwargs)
        ys = self._prim.call(*[call.leaves[i] for i in call.at], rule=self._flat(call))
        return tree_unflatten(call.structure_out, ys)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.__name__})"

    def __reduce__(self) -> str:
        return self.__qualname__  # found by name, like the function it decorates

    def _flat(self, call: "Call") -> Any:
        raise NotImplementedError


def positional(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """`args` and `kwargs` with whatever may be positional made so, as rules expect it."""
    if not kwargs:
        return args, kwargs
    bound = inspect.signature(f).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args, bound.kwargs


class Call:
    """One call: its differentiable arguments flattened, `at` the positions of the watched leaves."""

    def __init__(self, custom: Custom, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.f, self.name, self.kwargs, self.args = woven(custom.__wrapped__), custom.__name__, kwargs, args
        n = len(args)
        fixed = {i % n for i in custom.nondiff_argnums if -n <= i < n}
        self.fixed = [args[i] for i in sorted(fixed)]
        self.free = [i for i in range(n) if i not in fixed]
        leaves, self.structure = tree_flatten(tuple([args[i] for i in self.free]))
        self.leaves = list(map(current_of, leaves))
        self.at = [i for i, x in enumerate(self.leaves) if isinstance(x, Traced)]
        self.structure_out: Any = None

    def primals(self, xs: Sequence[Any]) -> tuple[Any, ...]:
        """The differentiable arguments, with `xs` for the watched leaves."""
        leaves = list(self.leaves)
        for i, x in zip(self.at, xs, strict=True):
            leaves[i] = x
        return tree_unflatten(self.structure, leaves)

    def all(self, xs: Sequence[Any]) -> list[Any]:
        """All arguments, with `xs` for the watched leaves."""
        args = list(self.args)
        for i, arg in zip(self.free, self.primals(xs), strict=True):
            args[i] = arg
        return args

    def flat(self, out: Any) -> list[Any]:
        ys, self.structure_out = tree_flatten(out)
        return list(map(current_of, ys))

    def tangents(self, ts: Sequence[Any]) -> tuple[Any, ...]:
        """The tangents of the differentiable arguments, `ts` for the watched leaves; None for what is no number."""
        zero = [zeros(aval_of(x)) if is_differentiable(x) else None for x in self.leaves]
        for i, t in zip(self.at, ts, strict=True):
            zero[i] = t
        return tree_unflatten(self.structure, zero)

    def run(self, *xs: Any) -> list[Any]:
        return self.flat(self.f(*self.all(xs), **self.kwargs))


class custom_vjp(Custom):
    """Decorator: a function whose gradient is computed by `f.defvjp(fwd, bwd)` instead of from its operations.

    fwd  takes the arguments of `f`, returns `(out, residuals)`: what `f` returns, and what `bwd` needs
    bwd  takes `(residuals, g)`, returns a tuple with the cotangent of each argument, None for zero
    nondiff_argnums  positions of arguments without gradient; `bwd` takes them first, before the residuals
    Arguments, output and residuals may be pytrees.  `fwd` and `bwd` are differentiated for higher orders, and run on
    whole batches under vmap; forward mode transposes `bwd`.
    Raises ShapeError where a cotangent has another shape than its argument.

    >>> import numpy as np
    >>> from pycograd import grad
    >>> @custom_vjp
    ... def clipped(x):
    ...     return x * x
    >>> clipped.defvjp(lambda x: (x * x, x), lambda x, g: (np.clip(2 * x * g, -1, 1),))
    >>> grad(clipped)(3.0)
    (1.0,)
    """

    _define = "defvjp(fwd, bwd)"

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Set the rule: fwd(*args) -> (out, residuals), bwd(residuals, g) -> cotangents."""
        self._rules = (fwd, bwd)

    def _flat(self, call: Call) -> FlatVjp:
        fwd, bwd = map(woven, self._rules)

        def forward(*xs: Any) -> tuple[list[Any], Any]:
            out, residuals = fwd(*call.all(xs), **call.kwargs)
            return call.flat(out), residuals

        def back(residuals: Any, gs: Sequence[Any]) -> list[Any]:
            cs = bwd(*call.fixed, residuals, tree_unflatten(call.structure_out, gs))
            return self._cotangents(cs, call)

        return FlatVjp(call.run, forward, back)

    def _cotangents(self, cs: Any, call: Call) -> list[Any]:
        """The cotangents of the watched leaves; raises if they do not fit the arguments."""
        n, found = len(call.free), []
        if not isinstance(cs, (tuple, list)) or len(cs) != n:
            what = f"{len(cs)} cotangents" if isinstance(cs, (tuple, list)) else type(cs).__name__
            raise TypeError(
                f"custom_vjp of {call.name}: bwd must return a tuple of {n}, a cotangent per argument; "
                f"it returned {what}"
            )
        for i, c, arg in zip(call.free, cs, call.primals([call.leaves[i] for i in call.at]), strict=True):
            xs, structure = whole_leaves(arg)
            if c is None:
                found += [None] * len(xs)
                continue
            leaves, given = whole_leaves(c)
            if given != structure:
                raise TypeError(
                    f"custom_vjp of {call.name}: the cotangent of argument {i} has the structure {given}, "
                    f"the argument {structure}"
                )
            for leaf, x in zip(leaves, xs, strict=True):
                if leaf is not None and isinstance(x, Traced):
                    same_shape(
                        f"custom_vjp of {call.name}: the cotangent of argument {i}", leaf, "the argument", x
                    )
            found += leaves
        return [found[i] for i in call.at]


def whole_leaves(tree: Any) -> tuple[list[Any], Any]:
    """The leaves of `tree`, and its structure, which is the same with a bare cotangent in the place of a parameter."""
    leaves, structure = tree_flatten(tree, whole=True)
    return [x.current() if is_ambient(x) else x for x in leaves], structure


def same_shape(what: str, given: Any, whose: str, x: Any) -> None:
    """Raise ShapeError unless `given` has the shape of `x`."""
    if shape_of(given) != shape_of(x):
        raise RuleShapeError(
            f"{what} has shape {shape_of(given)}, {whose} {shape_of(x)}\n  fix: {reshaped(given, shape_of(x))}"
        )


def reshaped(given: Any, shape: tuple[int, ...]) -> str:
    """What makes the `shape` of what a rule returned."""
    have = shape_of(given)
    if prod(have) == prod(shape):
        return f"np.reshape(g, {shape}) of what the rule returns"
    lead = len(have) - len(shape)
    if lead >= 0 and all(n in (1, m) for n, m in zip(shape, have[lead:], strict=True)):
        axes = (*range(lead), *[lead + i for i, n in enumerate(shape) if n != have[lead + i]])
        kept = "" if not lead else f", then np.reshape to {shape}" if len(axes) > lead else ""
        return f"np.sum(g, axis={axes}{', keepdims=True' if not lead else ''}) of what the rule returns{kept}"
    return f"a rule that returns one number for each of the {shape}: no sum over them"


class custom_jvp(Custom):
    """Decorator: a function whose derivative is computed by `f.defjvp(rule)` instead of from its operations.

    rule  takes `(primals, tangents)`, two tuples with one entry per argument, returns `(out, tangent of out)`; linear
          in the tangents, so that reverse mode is its transpose
    nondiff_argnums  positions of arguments without tangent; `rule` takes them first
    Raises ShapeError where the tangent has another shape than the output.

    >>> import numpy as np
    >>> from pycograd import grad
    >>> @custom_jvp
    ... def softplus(x):
    ...     return np.log1p(np.exp(x))
    >>> softplus.defjvp(lambda primals, tangents: (softplus(*primals), tangents[0] / (1 + np.exp(-primals[0]))))
    >>> grad(softplus)(0.0)
    (0.5,)
    """

    _define = "defjvp(rule)"

    def defjvp(self, rule: Callable[..., Any]) -> None:
        """Set the rule: rule(primals, tangents) -> (out, tangent of out)."""
        self._rules = (rule,)

    def defjvps(self, *rules: Callable[..., Any] | None) -> None:
        """Set one rule per argument, rule(t, out, *primals) -> its part of the tangent; None where there is none."""

        def rule(primals: Any, tangents: Any) -> Any:
            out = self(*primals)
            parts = [woven(r)(t, out, *primals) for r, t in zip(rules, tangents, strict=True) if r]
            return out, functools.reduce(lambda a, b: a + b, parts)

        self.defjvp(rule)

    def _flat(self, call: Call) -> FlatJvp:
        rule = woven(self._rules[0])

        def jvp(xs: Sequence[Any], ts: Sequence[Any]) -> tuple[list[Any], list[Any]]:
            out, tangent = rule(*call.fixed, call.primals(xs), call.tangents(ts), **call.kwargs)
            ys = call.flat(out)
            leaves, structure = tree_flatten(tangent)
            if structure != call.structure_out:
                raise TypeError(
                    f"custom_jvp of {call.name}: the tangent has the structure {structure}, "
                    f"the output {call.structure_out}"
                )
            for t, y in zip(leaves, ys, strict=True):
                same_shape(f"custom_jvp of {call.name}: the tangent", t, "the output", y)
            return ys, list(map(current_of, leaves))

        return FlatJvp(call.run, jvp)
