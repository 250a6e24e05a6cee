"""The arguments of a call: which a transform differentiates, their leaves, and the results in the same containers."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from pycograd.core import (
    PLAIN,
    Ambient,
    Buffer,
    Traced,
    aval_of,
    has_own_operators,
    is_ambient,
    shape_of,
    tree_flatten,
    tree_unflatten,
    twin,
)

from .edge import name_of
from .grads import Grads

__all__ = ["Argnums", "Selection", "contents", "is_differentiable", "leave", "like"]

NUMBERS = PLAIN - {bool, np.bool_, np.ndarray}
Argnums = int | str | Sequence[int | str] | None


class Selection:
    """The arguments of one call, with the leaves of the selected ones taken out.

    leaves  the numbers to differentiate, as they came
    ties    tie, or id -> the places of the leaves whose parameters share a gradient
    call    f with others in their place
    wrap    one result per leaf, in the containers that the selected arguments had; None at the other leaves
    """

    __slots__ = ("_args", "_kwargs", "_plans", "_shape", "ties", "leaves")

    def __init__(
        self, f: Callable[..., Any], argnums: Argnums, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._args, self._kwargs = args, kwargs
        self._shape, places = resolve(f, argnums, args, kwargs)
        self.leaves: list[Any] = []
        self.ties: dict[Any, list[int]] = {}
        self._plans: list[tuple[Any, Any, list[Any] | None]] = []
        for place in places:
            arg = kwargs[place] if isinstance(place, str) else args[place]
            if type(arg) in NUMBERS or (type(arg) is np.ndarray and arg.dtype.kind in "fciu"):
                self._plans.append((place, None, None))
                self.leaves.append(arg)
                continue
            xs, treedef = tree_flatten(arg, whole=True)
            self._plans.append((place, treedef, xs))
            for x in filter(is_differentiable, xs):
                self.leaves.append(self._taken(x) if is_ambient(x) else x)
            for x in xs:
                if (said := not_opened(x)) is not None:
                    raise TypeError(
                        f"{name_of(f)} got a {type(x).__name__} as argument {place!r}, {said}, or leave that argument "
                        "out of argnums"
                    )

    @property
    def only(self) -> Any:
        """The argument itself, if just one is selected, for a result that stands bare; otherwise None."""
        place = self._plans[0][0] if self._shape is None else None
        return self._kwargs[place] if isinstance(place, str) else None if place is None else self._args[place]

    def _taken(self, parameter: Any) -> Any:
        """The value of a parameter, whose tie is noted; one that comes twice is tied to itself."""
        tied = self.ties.setdefault(id(parameter) if parameter.tie is None else parameter.tie, [])
        tied.append(len(self.leaves))
        shapes = {shape_of(x): None for x in (*[self.leaves[i] for i in tied[:-1]], parameter)}
        if len(shapes) > 1:
            raise ValueError(
                f"parameters tied by {parameter.tie!r} have the shapes {' and '.join(map(str, shapes))}: they "
                "share one gradient, and so one shape"
            )
        return parameter.current()

    def values(self, own: bool = False) -> list[Any]:
        """The leaves as values that stay what they are when the caller's variables are written; `own`: arrays too."""
        if own:
            return [x.copy(order="K") if type(x) is np.ndarray else twin(x) for x in self.leaves]
        return [twin(x) for x in self.leaves]

    def call(self, f: Callable[..., Any], values: Sequence[Any]) -> Any:
        args, kwargs, rest = list(self._args), dict(self._kwargs), iter(values)
        for place, treedef, xs in self._plans:
            if xs is None:
                arg = next(rest)
            else:
                arg = tree_unflatten(treedef, [next_one(rest, x) if is_differentiable(x) else x for x in xs])
            if isinstance(place, str):
                kwargs[place] = arg
            else:
                args[place] = arg
        return f(*args, **kwargs)

    def wrap(self, results: Sequence[Any]) -> Any:
        rest, out = iter(shared(results, self.ties.values()) if self.ties else results), []
        for _, treedef, xs in self._plans:
            if xs is None:
                out.append(next(rest))
            else:
                out.append(
                    tree_unflatten(treedef, [next(rest) if is_differentiable(x) else None for x in xs])
                )
        return out[0] if self._shape is None else self._shape(out)

    def unwrap(self, tree: Any, what: str) -> list[Any]:
        """The leaves of `tree`, a value per selected argument as `wrap` returns it, where the arguments have leaves."""
        trees, found = ([tree] if self._shape is None else list(tree)), []
        if len(trees) != len(self._plans):
            raise ValueError(f"{what}: {len(trees)} given for {len(self._plans)} arguments")
        for t, (place, treedef, xs) in zip(trees, self._plans, strict=True):
            if xs is None:
                found.append(t)
                continue
            leaves, structure = tree_flatten(t, whole=True)
            leaves = [v.current() if is_ambient(v) else v for v in leaves]
            if structure != treedef:
                raise ValueError(
                    f"{what} of argument {place!r} has the structure {structure}, the argument {treedef}"
                )
            found += [v for v, x in zip(leaves, xs, strict=True) if is_differentiable(x)]
        for v, x in zip(found, self.leaves, strict=True):
            if np.shape(v) != np.shape(x):
                raise ValueError(f"{what} has shape {np.shape(v)}, the argument {np.shape(x)}")
        return found


def next_one(rest: Any, x: Any) -> Any:
    """The next value, in the parameter `x` if there was one in its place."""
    return x.holding(next(rest)) if is_ambient(x) else next(rest)


def shared(results: Sequence[Any], ties: Iterable[list[int]]) -> list[Any]:
    """`results`, with the sum of those that are tied in the place of each."""
    found = list(results)
    for places in ties:
        total = sum([found[i] for i in places[1:]], found[places[0]])
        for i in places:
            found[i] = total
    return found


def contents(handles: Sequence[Any], level: int) -> list[Any]:
    """What was written into each of the inputs `handles` of the transform of `level`, one level down; None
    if nothing was.
    """
    found = []
    for h in handles:
        dirty = type(h) is Buffer and h.storage.dirty
        v = h.storage.now() if dirty else None
        found.append(twin(v.value if isinstance(v, Traced) and v.level == level else v))
    return found


def leave(xs: Sequence[Any], written: Sequence[Any]) -> None:
    """Leave in the caller's arrays `xs` what plain numpy would have left."""
    for x, new in zip(xs, written, strict=True):
        if new is not None:
            x[...] = new


def not_opened(x: Any) -> str | None:
    """Why the numbers that are in the leaf `x` cannot be watched, and what to pass; None if there are none."""
    kind = type(x)
    if kind in PLAIN or isinstance(x, (str, bytes, Traced)):
        return None
    if has_own_operators(x):
        return "whose operations are not an array's: pass np.asarray of it"
    if isinstance(x, (dict, list, tuple)) and len(x):
        plain = kind.__mro__[1].__name__ if kind.__mro__[1] in (dict, list, tuple) else "dict"
        given = "its .valuesdict()" if hasattr(x, "valuesdict") else f"{plain}(x)"
        return f"a kind of {plain} that is not opened: pass {given}"
    if isinstance(x, (np.ndarray, np.generic)) or not hasattr(kind, "__array__"):
        return None
    dtype = getattr(x, "dtype", None)
    try:
        kind = np.dtype(dtype).kind
    except TypeError:  # a dtype of its own
        kind = "f" if "float" in str(dtype) or "int" in str(dtype) or dtype is None else "O"
    return "an array of another kind: pass np.asarray of it" if kind in "fciu" else None


def is_differentiable(x: Any) -> bool:
    """Whether a leaf is a number or an array of numbers; booleans, None, strings and other objects are not."""
    kind = type(x)
    if kind in NUMBERS:
        return True
    if issubclass(kind, Ambient):
        return x.differentiable()
    if isinstance(x, (np.ndarray, np.generic, Traced)):
        dtype = np.dtype(aval_of(x).dtype)
        return dtype.kind in "fciu" or (dtype.kind == "V" and dtype.names is None and dtype.itemsize == 2)
    return isinstance(x, (int, float, complex)) and not isinstance(x, bool)


def resolve(
    f: Any, argnums: Argnums, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, list[int | str]]:
    """The container for one result per selected argument (None for a bare result), and where those arguments are."""
    if argnums is None:
        return Grads, list(range(len(args)))
    if isinstance(argnums, (int, str, np.integer)):
        return None, [place(f, argnums, args, kwargs)]
    places = [place(f, n, args, kwargs) for n in argnums]
    if len(set(places)) < len(places):
        raise ValueError(f"argnums={argnums} selects an argument of {name_of(f)} twice")
    return tuple, places


def place(f: Any, argnum: int | str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | str:
    """Where the argument `argnum`, a position or the name of a parameter, stands in this call."""
    if isinstance(argnum, str):
        if argnum in kwargs:
            return argnum
        names = list(inspect.signature(f).parameters)
        if argnum not in names:
            raise ValueError(f"argnums: {name_of(f)} has no parameter {argnum!r}; it has {', '.join(names)}")
        if names.index(argnum) >= len(args):
            raise ValueError(
                f"argnums: {name_of(f)} was called without {argnum!r}; a default has no gradient, pass it"
            )
        return names.index(argnum)
    if not -len(args) <= argnum < len(args):
        raise ValueError(
            f"argnums={argnum} is out of range: {name_of(f)} was called with {len(args)} positional arguments"
        )
    return int(argnum) % len(args)


def like(g: Any, x: Any) -> Any:
    """The gradient `g` as the kind of number that the argument `x` is: Python float, numpy scalar or array."""
    if isinstance(g, Traced):
        return g
    if isinstance(x, np.ndarray):
        return np.asarray(g)
    if isinstance(x, np.generic):
        return g[()] if isinstance(g, np.ndarray) else g
    return g
