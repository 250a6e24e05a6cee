"""Functions of numpy that call a function they are given: ours weave it first.

numpy itself makes the calls, of a function that keeps what the user's returns and hands numbers on.  If something was
watched, numpy does the same once more with positions in place of results, which tells where each has gone.
"""

import gc
from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import REGISTRY, Traced, value_of
from pycograd.ops.elements import counted, each, gathered, is_made, joined
from pycograd.ops.families import arrayed, watches
from pycograd.ops.selection import piecewise as piecewise_of_watched

from .kinds import of_instances, takes_function
from .resolve import enabled, resolve_call

__all__: list[str] = []


class Kept:
    """A function, and what its calls returned.

    arrays  what to give it for whole numbers and arrays of them: elements of watched arrays, by the place or name of
            the argument
    """

    def __init__(self, f: Callable[..., Any], arrays: dict[int | str, Any]) -> None:
        self.f, self.results = f, []
        self.flat = {key: np.ravel(array) for key, array in arrays.items()}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.flat:
            args = tuple([self.element(i, a) for i, a in enumerate(args)])
            kwargs = {name: self.element(name, a) for name, a in kwargs.items()}
        y = self.f(*args, **kwargs)
        y = tuple(map(arrayed, y)) if isinstance(y, tuple) else arrayed(y) if watches((y,)) else y
        self.results.append(y)
        return tuple(map(numbers, y)) if isinstance(y, tuple) else numbers(y)

    def element(self, key: int | str, position: Any) -> Any:
        if key not in self.flat:
            return position
        if isinstance(position, int):
            return self.flat[key][position].item()
        return self.flat[key][position] if np.ndim(position) == 0 else np.take(self.flat[key], position)

    def output(self, which: int, skip: int, places: np.ndarray, dtype: Any) -> Any:
        """The array of output number `which` of all calls but the first `skip`."""
        pieces = [y[which] if isinstance(y, tuple) else y for y in self.results[skip:]]
        return gathered(pieces, places, dtype)

    def replay(self) -> Callable[..., Any]:
        """A function that returns the same once more."""
        results = iter(self.results)
        return lambda *args, **kwargs: next(results)

    def positions(self, skip: int) -> Callable[..., Any]:
        """A function that returns positions where this one returned results."""
        results = self.results[skip:]
        if results and isinstance(results[0], tuple):
            columns = [counted(column) for column in zip(*results)]
            return lambda *args, **kwargs: tuple([next(column) for column in columns])
        column = counted(results)
        return lambda *args, **kwargs: next(column)


def numbers(y: Any) -> Any:
    """Plain numbers of the shape and type of `y`."""
    plain = value_of(y)
    if not isinstance(y, Traced) or np.shape(plain) == y.shape:
        return plain
    return np.zeros(y.shape, y.dtype)[()]  # under vmap those of all examples are too many


def watched_arrays(arguments: Any, excluded: Any = ()) -> dict[Any, Any]:
    """Those among (place or name, argument) that are watched, as arrays."""
    return {key: arrayed(a) for key, a in arguments if key not in excluded and watches((a,))}


def places_of(array: Any) -> np.ndarray:
    """The positions of the elements of `array`, in its shape."""
    return np.arange(array.size).reshape(array.shape)


# ---- np.vectorize ----------------------------------------------------------------------------------------------------
class Vectorized(np.vectorize):
    """`np.vectorize` that stacks what its function makes of watched elements."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watched = watched_arrays([*enumerate(args), *kwargs.items()], self.excluded)
        kept = Kept(self.pyfunc, watched)
        args = tuple([places_of(watched[i]) if i in watched else a for i, a in enumerate(args)])
        kwargs = {name: places_of(watched[name]) if name in watched else a for name, a in kwargs.items()}
        plain = self.again(kept, self.otypes, self.cache)(*args, **kwargs)
        if not watches(kept.results):
            return plain
        several = isinstance(plain, tuple)
        probes = (
            self.otypes is None and self.signature is None and not self.cache
        )  # for the type of the result
        run = self.again(kept.positions(int(probes)), "q" * (len(plain) if several else 1), False)
        places = run(*args, **kwargs)
        found = zip(places, plain) if several else [(places, plain)]
        made = tuple([kept.output(i, int(probes), at, y.dtype) for i, (at, y) in enumerate(found)])
        return made if several else made[0]

    def again(self, f: Callable[..., Any], otypes: Any, cache: bool) -> np.vectorize:
        """The same of another function."""
        return np.vectorize(f, otypes, excluded=self.excluded, cache=cache, signature=self.signature)


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


# ---- np.frompyfunc ---------------------------------------------------------------------------------------------------
class FromPython:
    """A ufunc of `np.frompyfunc` that stacks what its function makes of watched elements, or of others."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self._ufunc = ufunc

    def __call__(self, *args: Any, **params: Any) -> Any:
        if watches(args):
            return each(self._ufunc, *args, **params)
        y = self._ufunc(*args, **params)
        return tuple(map(joined, y)) if isinstance(y, tuple) else joined(y)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ufunc, name)


@takes_function(np.frompyfunc)
def frompyfunc(func: Any, /, *args: Any, **params: Any) -> Any:
    return FromPython(np.frompyfunc(resolve_call(func), *args, **params))


def woven_ufunc(func: Any) -> FromPython | None:
    """The same of a ufunc that was made where nothing is woven; it knows its function, as the collector does."""
    if not enabled[-1] or not is_made(func):
        return None
    function = gc.get_referents(func)[0]
    if not callable(function):
        return None
    return FromPython(np.frompyfunc(resolve_call(function), func.nin, func.nout, identity=func.identity))


REGISTRY.makers.insert(0, woven_ufunc)


# ---- along axes ------------------------------------------------------------------------------------------------------
@takes_function(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    watched = watched_arrays([(0, arr)])
    kept = Kept(resolve_call(func1d), watched)
    lanes = places_of(watched[0]) if watched else arr
    plain = np.apply_along_axis(kept, axis, lanes, *args, **kwargs)
    if not watches(kept.results):
        return plain
    return kept.output(
        0, 0, np.apply_along_axis(kept.positions(0), axis, lanes, *args, **kwargs), plain.dtype
    )


@takes_function(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    func, y = resolve_call(func), arrayed(a)
    if not isinstance(y, Traced):
        y = np.asarray(y)
    for axis in np.atleast_1d(axes):
        axis = int(axis) + np.ndim(a) if axis < 0 else int(axis)
        less = func(y, axis)
        y = less if np.ndim(less) == np.ndim(y) else np.expand_dims(less, axis)
        if np.ndim(y) != np.ndim(a):
            raise ValueError("function is not returning an array of the correct shape")
    return y


# ---- by conditions and indices ---------------------------------------------------------------------------------------
@takes_function(np.fromfunction)
def fromfunction(function: Any, *args: Any, **params: Any) -> Any:
    return (REGISTRY.find(np.fromfunction) or np.fromfunction)(resolve_call(function), *args, **params)


@takes_function(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    ours: Any = REGISTRY[np.piecewise]
    woven = [Kept(resolve_call(f), {}) if callable(f) else f for f in funclist]
    if watches((x, funclist)):
        return ours(x, condlist, [f.f if isinstance(f, Kept) else f for f in woven], *args, **kw)
    plain = np.piecewise(x, condlist, woven, *args, **kw)
    if not any(isinstance(f, Kept) and watches(f.results) for f in woven):
        return plain
    return piecewise_of_watched.__wrapped__(
        x, condlist, [f.replay() if isinstance(f, Kept) else f for f in woven]
    )
