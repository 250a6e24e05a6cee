"""Parameters: numbers that are trained, with what is to be known about them.

A `Param` is ambient: it steps aside for its value in every operation, and for a watched one while its gradient is
taken.  In a container it is a node with one leaf; transforms give a bare gradient in its place, None if it is not
trained.
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from pycograd.core import (
    Ambient,
    Traced,
    has_own_operators,
    is_ambient,
    numbers,
    register,
    stand_ins,
    told,
    tree_flatten,
    tree_unflatten,
)
from pycograd.core.labelled import WHOLE

__all__ = ["Param", "Reference", "Tie", "is_numeric", "param_values"]

stored = Traced.value  # type: ignore[misc]  # the slot of a parameter's own value


class Tie:
    """What a parameter and those tied to it have in common: equal to itself alone."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Tie({self.name!r})"

    def __copy__(self) -> "Tie":
        return self

    def __deepcopy__(self, memo: Any) -> "Tie":
        return self


class Reference:
    """A tie to the sibling that is made of this very `target`, until `params` finds which one that is."""

    def __init__(self, target: Any) -> None:
        self.target = target


@dataclass(init=False, eq=False, repr=False)
class Param(Ambient):
    """A number or an array that is trained.

    value      any numbers; they become an array of the working dtype
    trainable  whether it has a gradient
    mutable    whether `update_buffers` may replace its value, as running statistics are
    tie        parameters of equal tie share one gradient, the sum of theirs
    device     where it is to be placed; stored, and honoured by no backend yet
    origin     the object that it was made of, by which `tied[...]` finds it
    Raises TypeError if `value` holds no numbers.

    >>> p = Param([1, 2], trainable=False)
    >>> p
    Param(array([1., 2.]), trainable=False)
    >>> p + 1
    array([2., 3.])
    """

    value: Any
    trainable: bool = True
    mutable: bool = False
    tie: Any = None
    device: str | None = None
    origin: Any = None

    def __init__(
        self,
        value: Any,
        trainable: bool = True,
        mutable: bool = False,
        tie: Any = None,
        device: str | None = None,
        origin: Any = None,
    ) -> None:
        self.value = value if isinstance(value, Traced) and not is_ambient(value) else checked(value)
        self.trainable, self.mutable, self.tie, self.device = trainable, mutable, tie, device
        self.origin = value if origin is None else origin

    def own(self) -> Any:
        """Its own value, whatever stands in its place."""
        return stored.__get__(self)

    def now(self) -> Any:
        found = stand_ins.get().get(id(self))
        return stored.__get__(self) if found is None else found[1]

    def differentiable(self) -> bool:
        if isinstance(self.tie, Reference):
            raise ValueError(
                told(
                    "a tied parameter that stands alone: it is tied to another by tied[...], and belongs to no params",
                    fix="declare it beside that one, params(w=w, v=tied[w]), or give a key, tied('key', value)",
                )
            )
        return self.trainable

    def holding(self, value: Any) -> "Param":
        """A parameter like this one with another value, whatever that is."""
        return rebuilt((self.trainable, self.mutable, self.tie, self.device), (value,))

    @property
    def __class__(self) -> Any:
        return type(self)

    def __repr__(self) -> str:
        flags = {"trainable": True, "mutable": False, "tie": None, "device": None}
        said = [
            f"{name}={getattr(self, name)!r}" for name, usual in flags.items() if getattr(self, name) != usual
        ]
        rows = repr(self.now()).replace("\n", "\n" + " " * len("Param("))
        return f"Param({', '.join([rows, *said])})"

    def __copy__(self) -> "Param":
        return self.holding(self.now())

    def __deepcopy__(self, memo: Any) -> "Param":
        tie = copy.deepcopy(self.tie, memo)
        value = copy.deepcopy(self.now(), memo)  # tied ones that are one array stay one
        return rebuilt((self.trainable, self.mutable, tie, self.device), (value,))

    def __reduce__(self) -> Any:
        return rebuilt, ((self.trainable, self.mutable, self.tie, self.device), (self.now(),))


def own_value(self: Param, value: Any) -> None:
    scalar = issubclass(type(value), int | float | complex | np.generic) and type(value) is not bool
    value = np.asarray(value) if scalar else value
    stored.__set__(self, value)
    standing = stand_ins.get().get(id(self))
    if standing is not None and not isinstance(
        standing[1], Traced
    ):  # a buffer that is replaced, in another dtype
        standing[1] = value.astype(standing[1].dtype)


Param.value = property(lambda self: self.now(), own_value)  # type: ignore[assignment]


def checked(value: Any) -> Any:
    """`value` as an array of the working dtype; raises TypeError if it holds no numbers."""
    value = value.now() if is_ambient(value) else value
    if has_own_operators(value):
        raise TypeError(
            told(
                f"a Param of a {type(value).__name__}, whose operations are not an array's",
                fix="np.asarray of it",
            )
        )
    try:
        return numbers(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            told(
                f"a Param holds numbers, not a {type(value).__name__}",
                str(error),
                fix="keep what is not trained out of params, or in it as it is: params(name='text') leaves it alone",
            )
        ) from None


def rebuilt(flags: tuple[Any, ...], children: tuple[Any, ...]) -> Param:
    """The parameter with these `flags` that holds the one child."""
    p = Param.__new__(Param)
    p.trainable, p.mutable, p.tie, p.device = flags
    p.origin = None
    (p.value,) = children
    return p


def taken_apart(p: Param) -> tuple[tuple[Any], tuple[Any, ...], tuple[Any]]:
    return (p.current(),), (p.trainable, p.mutable, p.tie, p.device), (WHOLE,)


register(Param, taken_apart, rebuilt)


def is_numeric(x: Any) -> bool:
    """Whether a leaf becomes a parameter: a number or an array of numbers, no boolean."""
    if is_ambient(x):
        return True
    if isinstance(x, np.ndarray | np.generic | Traced):
        return np.dtype(x.dtype).kind in "iufc" or np.dtype(x.dtype).name == "bfloat16"
    if hasattr(type(x), "__array__"):  # of another package: a Series, a tensor
        return np.asarray(x).dtype.kind in "iufc"
    return isinstance(x, int | float | complex) and not isinstance(x, bool)


def param_values(tree: Any) -> Any:
    """`tree` with the value of each parameter in its place: what a function of plain arrays takes.

    >>> param_values({"w": Param(1.0), "name": "linear"})
    {'w': array(1.), 'name': 'linear'}
    """
    leaves, treedef = tree_flatten(tree, whole=True)
    return tree_unflatten(treedef, [x.current() if is_ambient(x) else x for x in leaves])
