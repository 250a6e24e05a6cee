"""Functions of numpy that call a function they are given: ours weave it first."""

from typing import Any

import numpy as np

from pycograd.core import REGISTRY, Traced, shape_of

from .kinds import of_instances, takes_function
from .resolve import resolve_call

__all__: list[str] = []


class Vectorized(np.vectorize):
    """`np.vectorize` that stacks what its function makes of watched elements."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(a, Traced) for a in (*args, *kwargs.values())):
            return super().__call__(*args, **kwargs)
        if kwargs or self.excluded or self.signature:
            raise NotImplementedError(
                "np.vectorize of watched values takes positional arguments and no signature"
            )
        arrays = np.broadcast_arrays(*args)
        shape = shape_of(arrays[0])
        columns = [np.ravel(array) for array in arrays]
        results = [self.pyfunc(*[column[i] for column in columns]) for i in range(int(np.prod(shape)))]
        if results and isinstance(results[0], tuple):
            return tuple([stacked(parts, shape) for parts in zip(*results)])
        return stacked(results, shape)


@takes_function(np.vectorize)
def vectorize(pyfunc: Any = np._NoValue, *args: Any, **params: Any) -> Any:
    if pyfunc is np._NoValue:
        return np.vectorize(*args, **params)
    return Vectorized(resolve_call(pyfunc), *args, **params)


@of_instances(np.vectorize)
def vectorized(known: np.vectorize) -> Vectorized:
    return Vectorized(
        resolve_call(known.pyfunc),
        known.otypes,
        excluded=known.excluded,
        cache=known.cache,
        signature=known.signature,
    )


@takes_function(np.frompyfunc)
def frompyfunc(func: Any, /, *args: Any, **params: Any) -> Any:
    return np.frompyfunc(resolve_call(func), *args, **params)


@takes_function(np.fromfunction)
def fromfunction(function: Any, *args: Any, **params: Any) -> Any:
    return (REGISTRY.find(np.fromfunction) or np.fromfunction)(resolve_call(function), *args, **params)


@takes_function(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    return np.apply_over_axes(resolve_call(func), a, axes)


@takes_function(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    func1d = resolve_call(func1d)
    if not isinstance(arr, Traced):
        return np.apply_along_axis(func1d, axis, arr, *args, **kwargs)
    lanes = np.moveaxis(arr, axis, -1)
    lead = shape_of(lanes)[:-1]
    lanes = np.reshape(lanes, (-1, shape_of(lanes)[-1]))
    results = [func1d(lanes[i], *args, **kwargs) for i in range(shape_of(lanes)[0])]
    made = shape_of(results[0])
    whole = stacked(results, (*lead, *made))
    at = axis % arr.ndim
    return np.moveaxis(
        whole, tuple(range(len(lead), len(lead) + len(made))), tuple(range(at, at + len(made)))
    )


@takes_function(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    woven = [resolve_call(f) if callable(f) else f for f in funclist]
    return (REGISTRY.find(np.piecewise) or np.piecewise)(x, condlist, woven, *args, **kw)


def stacked(results: list[Any], shape: tuple[int, ...]) -> Any:
    """`results` as one array of `shape`."""
    return np.reshape(np.stack([np.reshape(r, shape_of(r)) for r in results]), shape)
