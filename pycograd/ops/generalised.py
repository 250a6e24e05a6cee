"""Generalised ufuncs (`matmul`, `vecdot`, `matvec`, `vecmat`) called with keywords."""

import re

import numpy as np

from pycograd.core import REGISTRY, Traced

from .families import arrayed, no_rule

HARMLESS = {"casting", "order", "subok", "signature", "extobj"}  # they change how a ufunc computes, not what


def call(ufunc, *args, out=None, dtype=None, axes=None, axis=None, keepdims=False, **params):
    """`ufunc(*args)` with `axes` (or `axis`, where each operand has one core axis), `keepdims` and `dtype`."""
    if len(args) > ufunc.nin or out is not None and any(o is not None for o in np.atleast_1d(out)):
        raise no_rule(ufunc, "out")
    unknown = set(params) - HARMLESS
    if unknown:
        raise TypeError(f"{ufunc.__name__}() got an unexpected keyword argument {min(unknown)!r}")
    cores = [len(re.findall(r"\w+", core)) for core in re.findall(r"\(([^)]*)\)", ufunc.signature)]
    if (axis is not None or keepdims) and cores != [1, 1, 0]:
        raise TypeError(f"{ufunc.__name__}: axis and keepdims are for products of vectors to numbers")
    if axis is not None:
        axes = [(axis,), (axis,), ()]
    xs = [arrayed(a) if dtype is None else converted(arrayed(a), dtype) for a in args]
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
    return x.astype(dtype) if isinstance(x, Traced) else np.asarray(x, dtype)
