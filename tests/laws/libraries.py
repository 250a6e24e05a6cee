"""Other libraries as witnesses: the gradient of a row by the function of the same name in jax.numpy or torch.

A library that lacks the function, refuses the arguments or computes another value is no witness of that row.
"""

from typing import Any

import numpy as np
from laws.case import Case, leaves


def by_jax(case: Case, jax: Any) -> list[Any] | None:
    """The gradients of sum(g * y) by JAX, or None."""
    func = function_in(case, jax.numpy, jax.numpy.linalg, jax.numpy.fft, jax.scipy.special)
    if func is None:
        return None

    def f(*xs: Any) -> Any:
        ys = leaves(func(*case.full(xs), **case.row.params))
        return tuple(ys[i] for i in case.out)

    try:
        with jax.experimental.enable_x64() if hasattr(jax.experimental, "enable_x64") else jax.enable_x64():
            ys, pull = jax.vjp(f, *case.xs)
            agrees = same_values(ys, case.ys)
            return list(map(np.asarray, pull(tuple(map(jax.numpy.asarray, case.gs))))) if agrees else None
    except Exception:  # whatever a library says of arguments that it does not take
        return None


def by_torch(case: Case, torch: Any) -> list[Any] | None:
    """The gradients of sum(g * y) by PyTorch, or None; its complex gradients are conjugated to our convention."""
    func = function_in(case, torch, torch.linalg, torch.fft, torch.special)
    if func is None:
        return None
    try:
        tensors = [torch.tensor(np.asarray(x), requires_grad=True) for x in case.xs]
        inputs = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in case.inputs]
        for i, t in zip(case.at, tensors, strict=True):
            inputs[i] = t
        ys = [leaves(func(*inputs, **case.row.params))[i] for i in case.out]
        if not same_values([y.detach() for y in ys], case.ys):
            return None
        cotangents = [torch.tensor(np.conj(g)).to(y.dtype) for g, y in zip(case.gs, ys, strict=True)]
        grads = torch.autograd.grad(ys, tensors, cotangents, allow_unused=True)
        return [
            np.zeros(np.shape(x)) if g is None else np.conj(g.numpy())
            for g, x in zip(grads, case.xs, strict=True)
        ]
    except Exception:  # whatever a library says of arguments that it does not take
        return None


def function_in(case: Case, *modules: Any) -> Any:
    """The function of the same name, for rows that are a plain call of numpy's (or scipy.special's)."""
    func, home = case.row.func, str(getattr(case.row.func, "__module__", "numpy"))
    if case.row.call or case.row.expected is not None or not home.startswith(("numpy", "scipy.special")):
        return None
    name = getattr(func, "__name__", "")
    places = [m for m in modules if m.__name__.split(".")[-1] in home.split(".")] or modules
    return next((getattr(m, name) for m in places if hasattr(m, name)), None)


def same_values(ys: Any, expected: Any) -> bool:
    return len(ys) == len(expected) and all(
        np.shape(a) == np.shape(b) and np.allclose(np.asarray(a), b, rtol=1e-10, atol=1e-10, equal_nan=True)
        for a, b in zip(ys, expected, strict=True)
    )
