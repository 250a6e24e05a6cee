"""Functions that are constant between their jumps: the derivative is an exact zero, and a tape records nothing."""

import math

import numpy as np

from pycograd.core import REGISTRY, Aval

from .families import arrayed, composite, constant

floor = constant(np.floor, math=math.floor)
ceil = constant(np.ceil, math=math.ceil)
trunc = constant(np.trunc, math=math.trunc)
rint = constant(np.rint)
fix = constant(np.fix)
spacing = constant(np.spacing)

for prim, twin in (floor, math.floor), (ceil, math.ceil), (trunc, math.trunc):  # Python's own give integers
    REGISTRY[twin].batch = lambda _, xs, batched, params, prim=prim: prim.call(xs[0]).astype(int)
    REGISTRY[twin].shape = lambda x: Aval(x.shape, int)


@composite(np.round, np.around)
def around(a, decimals=0, out=None):
    """`np.round`: half to even, as numpy; slope 0."""
    a, scale = arrayed(a), 10.0 ** abs(decimals)
    if decimals < 0:
        return np.rint(a / scale) * scale
    return np.rint(a * scale) / scale if decimals else np.rint(a)
