"""Generalised ufuncs (`matmul`, `vecdot`, `matvec`, `vecmat`) called with keywords."""

import re

import numpy as np

from pycograd.core import REGISTRY, Traced, aval_of

from .families import arrayed, no_rule


def operands(
    ufunc,
    args,
    *,
    out=None,
    dtype=None,
    signature=None,
    casting="same_kind",
    order="K",
    subok=True,
    **unknown,
):
    """What `ufunc` computes with: its operands, converted as `dtype` or `signature` say and `casting` allows.

    `order` and `subok` are about memory and subclasses, which watched values do not have.
    """
    if unknown:
        raise TypeError(f"{ufunc.__name__}() got an unexpected keyword argument {min(unknown)!r}")
    outputs = args[ufunc.nin :] + (out if isinstance(out, tuple) else (out,))
    if any(o is not None for o in outputs):
        raise no_rule(ufunc, "out")
    args = [arrayed(a) for a in args[: ufunc.nin]]
    if dtype is None and signature is None and casting == "same_kind":
        return args
    if signature is None:
        signature = (*(None,) * ufunc.nin, *(dtype and np.dtype(dtype),) * ufunc.nout)
    given = [type(a) if type(a) in (int, float, complex) else np.dtype(aval_of(a).dtype) for a in args]
    dtypes = ufunc.resolve_dtypes((*given, *(None,) * ufunc.nout), signature=signature, casting=casting)
    return [converted(a, d) for a, d in zip(args, dtypes)]


def call(ufunc, *args, axes=None, axis=None, keepdims=False, **params):
    """`ufunc(*args)` with `axes` (or `axis`, where each operand has one core axis), `keepdims` and `dtype`."""
    xs = operands(ufunc, args, **params)
    cores = [len(re.findall(r"\w+", core)) for core in re.findall(r"\(([^)]*)\)", ufunc.signature)]
    if (axis is not None or keepdims) and cores != [1, 1, 0]:
        raise TypeError(f"{ufunc.__name__}: axis and keepdims are for products of vectors to numbers")
    if axis is not None:
        axes = [(axis,), (axis,), ()]
    if axes is None:
        y = REGISTRY[ufunc](*xs)
        return y[..., None] if keepdims else y
    axes = [tuple(a) if isinstance(a, (tuple, list)) else (a,) for a in axes]
    axes += [()] * (len(cores) - len(axes))  # the result's may be left out if it has none
    y = REGISTRY[ufunc](*[np.moveaxis(x, a, last(a)) for x, a in zip(xs, axes, strict=False)])
    if keepdims:
        return np.moveaxis(y[..., None], -1, axes[0][0])
    return np.moveaxis(y, last(axes[-1]), axes[-1])


def last(axes):
    """As many last axes as there are `axes`."""
    return tuple(range(-len(axes), 0))


def converted(x, dtype):
    """`x` with `dtype`; a number stays a scalar."""
    return x.astype(dtype) if isinstance(x, Traced) else np.asarray(x, dtype)[()]
