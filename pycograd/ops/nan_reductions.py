"""Reductions that leave nan out: each is its plain relative where the nan are masked, and nan gets no gradient."""

import numpy as np

from .families import arrayed, composite, no_rule
from .reductions import NO, cast, counted


def present(a, where=True):
    """Where the elements of `a` count: they are not nan, and `where` selects them."""
    mask = np.logical_not(np.isnan(a))
    return mask if where is True or where is NO else np.logical_and(mask, where)


def ignoring(func, plain, fill):
    """Register `func`, which is `plain` with `fill` in the place of nan."""

    def reduce(a, *args, **params):
        a = arrayed(a)
        return plain(np.where(np.isnan(a), fill, a), *args, **params)

    reduce.__name__ = reduce.__qualname__ = func.__name__
    return composite(func)(reduce)


ignoring(np.nansum, np.sum, 0)
ignoring(np.nanprod, np.prod, 1)
ignoring(np.nancumsum, np.cumsum, 0)
ignoring(np.nancumprod, np.cumprod, 1)


@composite(np.nanmean)
def nanmean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
    """`np.nanmean`."""
    if out is not None:
        raise no_rule(np.nanmean, "out")
    a = cast(arrayed(a), dtype)
    return np.mean(a, axis=axis, keepdims=keepdims, where=present(a, where))


def spread(func, plain):
    """Register `func`: `plain`, a variance or its root, of what is not nan; nan without a degree of freedom."""

    def reduce(
        a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=NO, correction=NO
    ):
        if out is not None:
            raise no_rule(func, "out")
        a = cast(arrayed(a), dtype)
        where, ddof = present(a, where), ddof if correction is NO else correction
        y = plain(a, axis=axis, ddof=ddof, keepdims=keepdims, where=where, mean=mean)
        return np.where(counted(where, a, axis, keepdims is not NO and keepdims) <= ddof, np.nan, y)[()]

    reduce.__name__ = reduce.__qualname__ = func.__name__
    return composite(func)(reduce)


spread(np.nanvar, np.var)
spread(np.nanstd, np.std)
