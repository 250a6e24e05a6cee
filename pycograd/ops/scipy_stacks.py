"""What the functions of scipy.linalg share: they act on matrices, here also on stacks of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import Aval, Primitive, shape_of, value_of

from .families import arrayed, rank

__all__ = ["as_columns", "batch_stacks", "matrix", "on_stacks"]


def matrix(x: Any, check_finite: bool = True) -> Any:
    """The array `x`; ValueError, as scipy has it, if it has numbers that are not finite."""
    x = arrayed(x)
    numbers = value_of(x)
    if check_finite and type(numbers) is not Aval and not np.isfinite(numbers).all():
        raise ValueError("array must not contain infs or NaNs")
    return x


def on_stacks(func: Callable[..., Any], *ranks: int) -> Callable[..., Any]:
    """`func` of operands that have these ranks, as a function of stacks of them, whose leading axes broadcast."""

    def impl(*xs: Any, **params: Any) -> Any:
        if all(x.ndim == n for x, n in zip(xs, ranks, strict=True)):
            return func(*xs, **params)
        lead = np.broadcast_shapes(*[x.shape[: x.ndim - n] for x, n in zip(xs, ranks, strict=True)])
        xs = [np.broadcast_to(x, (*lead, *x.shape[x.ndim - n :])) for x, n in zip(xs, ranks, strict=True)]
        found = [func(*[x[at] for x in xs], **params) for at in np.ndindex(lead)]
        if isinstance(found[0], tuple):
            return tuple([stacked(ys, lead) for ys in zip(*found, strict=True)])
        return stacked(found, lead)

    impl.__name__ = func.__name__
    return impl


def stacked(ys: Any, lead: tuple[int, ...]) -> Any:
    return np.reshape(np.stack(ys), (*lead, *ys[0].shape))


def batch_stacks(prim: Primitive, xs: Any, batched: Any, params: Any) -> Any:
    """The batch rule of functions of stacks: a batch is a leading axis more."""
    top = max([rank(x) - b for x, b in zip(xs, batched, strict=True)])
    return prim.call(*[with_rank(x, top) if b else x for x, b in zip(xs, batched, strict=True)], **params)


def with_rank(x: Any, n: int) -> Any:
    """The batch `x` of arrays, each with rank `n`."""
    shape = shape_of(x)
    return np.reshape(x, (shape[0], *(1,) * (n + 1 - len(shape)), *shape[1:]))


def as_columns(solve: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """solve(a, b) for a `b` that may be one vector in place of a matrix of columns."""
    return solve(a, b[..., None])[..., 0] if rank(b) == 1 else solve(a, b)
