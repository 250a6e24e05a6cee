"""Arrays made of watched values: `array`, `asarray`, `astype`, `stack`."""

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, Traced, aval_of, cotangent_aval, shape_of

from .families import linear, watches


def convert(x, *, dtype):
    """`x` as an array (or scalar) of `dtype`; the real part if that is real."""
    x = np.asarray(x)
    return (x.real if x.dtype.kind == "c" and np.dtype(dtype).kind != "c" else x).astype(dtype)[()]


astype_ = linear(
    convert,
    lambda g: g,
    batch=lambda prim, xs, batched, params: prim.call(xs[0], **params),
    shape=lambda x, *, dtype: Aval(x.shape, np.dtype(dtype)),
    name="astype",
)


def astype(x, dtype, order="K", casting="unsafe", subok=True, copy=True):
    """`x.astype(dtype)` of a watched value; an integer dtype ends its gradient."""
    dtype = np.dtype(dtype)
    if aval_of(x).dtype == dtype and not copy:
        return x
    return astype_.call(x, dtype=dtype)


Traced.astype = astype
