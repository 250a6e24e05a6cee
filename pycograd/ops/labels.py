"""Functions of numpy on containers with labels: what numpy makes an array of loses its labels, and stays watched.

Imported with the first package of labelled arrays that is met.
"""

import functools
from types import FunctionType

import numpy as np

from pycograd.core import REGISTRY, Primitive, Traced, tree_leaves, tree_map, value_of
from pycograd.core.labelled import LABELLED

# numpy calls the container's method of that name, which answers in labels
DELEGATED = frozenset(
    "all any argmax argmin argsort clip cumprod cumsum max min amax amin mean prod ptp repeat round searchsorted "
    "squeeze std sum swapaxes take transpose var shape ndim size".split()
)


def without_labels(x):
    """The watched values of the container `x`, or of those in the list or tuple `x`; anything else as it is."""
    known = LABELLED.get(type(x))
    if known is not None:
        values = known.values(x)
        return values if isinstance(values, Traced) else x
    if type(x) is list or type(x) is tuple:
        found = [without_labels(v) for v in x]
        return x if all(a is b for a, b in zip(found, x, strict=True)) else type(x)(found)
    return x


def interpreter(product, elementwise):
    """How an operation with a container among its operands goes.

    product      (a, b) -> a @ b
    elementwise  (ufunc or operator, operands, container, params) -> the result in its labels; an operand is watched
    """

    def interpret(prim, operands, params):
        if prim.name == "matmul":
            return product(*operands)
        by_element = prim.ufunc is not None or getattr(prim.impl, "__module__", "") == "_operator"
        if any(isinstance(x, Traced) for x in operands):
            if by_element:
                like = next(x for x in operands if type(x) in LABELLED)
                return elementwise(prim.impl, operands, like, params)
        elif by_element or prim.name in DELEGATED:
            return prim.impl(*operands, **params)
        xs = [LABELLED[type(x)].values(x) if type(x) in LABELLED else x for x in operands]
        if any(isinstance(x, Traced) for x in xs):
            return prim.call(*xs, **params)
        return prim.impl(*operands, **params)

    return interpret


def plain(x):
    """The container `x` with plain numbers."""
    return tree_map(value_of, x) if any(isinstance(v, Traced) for v in tree_leaves(x)) else x


def unlabelling(ours):
    """`ours`, given watched values in the place of containers of such."""

    @functools.wraps(ours)
    def call(*args, **params):
        for x in args:
            if type(x) in LABELLED or type(x) is list or type(x) is tuple:
                return ours(*map(without_labels, args), **params)
        return ours(*args, **params)

    return call


for func, ours in list(REGISTRY.items()):
    module = (getattr(func, "__module__", None) or "").partition(".")[0]
    if module == "numpy" and isinstance(ours, FunctionType) and not isinstance(func, np.ufunc | type):
        if func.__name__ not in DELEGATED and not isinstance(ours, Primitive):
            REGISTRY[func] = unlabelling(ours)
