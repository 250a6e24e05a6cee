"""Declarations: `frozen(v)`, `buffer[v]` and their like, which make a parameter of a kind; and `params`, which declares
many together, so that one can be tied to another by the object that it is made of.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pycograd.core import told, tree_flatten, tree_unflatten
from pycograd.transforms.edge import at_the_edge

from .parameters import Param, Reference, Tie, is_numeric
from .weights import ParamDict

__all__ = ["buffer", "frozen", "on_cpu", "on_device", "params", "tied"]


def flagged(value: Any, **flags: Any) -> Any:
    """`value` as a parameter with these flags, and those it has already; for a container, all in it."""
    if isinstance(value, dict | list | tuple):
        leaves, treedef = tree_flatten(value, whole=True)
        return tree_unflatten(treedef, [flagged(x, **flags) if is_numeric(x) else x for x in leaves])
    if type(value) is Param:
        p = value.holding(value.now())
        p.origin = value.origin
    else:
        p = Param(value)
    for name, flag in flags.items():
        setattr(p, name, flag)
    return p


class Declaration:
    """What declares parameters of a kind, as a call or with brackets: `frozen(v)` and `frozen[v]`."""

    def __init__(self, name: str, doc: str, make: Callable[[Any], Any]) -> None:
        self.__name__, self.__doc__, self._make = name, doc, make

    def __call__(self, value: Any) -> Any:
        return self._make(value)

    def __getitem__(self, value: Any) -> Any:
        return self._make(value)

    def __repr__(self) -> str:
        return f"<pycograd.{self.__name__}>"


class Tied(Declaration):
    """`tied(key, v)` and `tied[w]`."""

    def __call__(self, *given: Any) -> Any:
        if len(given) != 2:
            raise TypeError(
                told(
                    f"tied takes a key and a value, not {len(given)} argument{'s' * (len(given) != 1)}",
                    fix="tied('key', value); inside params, tied[w] ties to its sibling w",
                )
            )
        key, value = given
        try:
            hash(key)
        except TypeError:
            raise TypeError(
                told(
                    f"tied: a {type(key).__name__} cannot be a key",
                    fix="a name, as in tied('embedding', value)",
                )
            ) from None
        return flagged(one(value), tie=key)


def one(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        raise TypeError(
            told(
                f"tied takes one number or array, not a {type(value).__name__}",
                fix="tie each of its parameters: {name: tied[v] for name, v in values.items()}",
            )
        )
    return value


frozen = Declaration(
    "frozen",
    """A parameter that is not trained: its gradient is None.  Of a container, all in it.

    >>> frozen(2.0)
    Param(array(2.), trainable=False)
    """,
    lambda value: flagged(value, trainable=False),
)
buffer = Declaration(
    "buffer",
    """A parameter that is not trained and that `update_buffers` replaces, as running statistics are.

    >>> buffer[0.0]
    Param(array(0.), trainable=False, mutable=True)
    """,
    lambda value: flagged(value, trainable=False, mutable=True),
)
tied = Tied(
    "tied",
    """A parameter that shares one gradient, the sum, with every other of its key: `tied(key, value)`.

    `tied[w]` inside `params` ties to the sibling that is made of the object `w`.

    >>> tied("embedding", 1.0)
    Param(array(1.), tie='embedding')
    """,
    lambda value: flagged(one(value), tie=Reference(value)),
)
on_cpu = Declaration(
    "on_cpu",
    """A parameter that stays in the memory of the processor, whatever holds the others; keeps its other flags.

    >>> on_cpu(frozen(1.0))
    Param(array(1.), trainable=False, device='cpu')
    """,
    lambda value: flagged(value, device="cpu"),
)


def on_device(name: str, *value: Any) -> Any:
    """A parameter on the device `name`, which is stored: `on_device(name, value)` or `on_device(name)[value]`.

    >>> on_device("cuda:1")[1.0]
    Param(array(1.), device='cuda:1')
    """
    if not isinstance(name, str):
        raise TypeError(
            told(
                f"on_device: the name of a device is a string, not a {type(name).__name__}",
                fix="on_device('cuda', value)",
            )
        )
    place = Declaration("on_device", "", lambda value: flagged(value, device=name))
    return place(*value) if value else place


# ---- declared together ----------------------------------------------------------------------------------------------
@at_the_edge
def params(mapping: Any = None, **named: Any) -> ParamDict:
    """Parameters by name: `params(w=..., b=...)`, or `params({"w": ...})`.

    Numbers and arrays become parameters of the working dtype; dicts become a `ParamDict`, and those, lists and tuples
    are looked into; strings, booleans and other objects stay what they are.  `tied[w]` finds the one that is made of
    the object `w` among all that are given.
    Raises TypeError for both forms at once, ValueError for a tie to nothing.

    >>> import numpy as np
    >>> weights = params(w=np.ones(2), block={"scale": 1.0}, name="linear")
    >>> weights.block.scale
    Param(array(1.))
    """
    if mapping is not None and named:
        raise TypeError(
            told("params takes a mapping or keywords, not both", fix="params({**mapping, 'w': value})")
        )
    given = named if mapping is None else mapping
    if not isinstance(given, Mapping):
        raise TypeError(
            told(f"params takes a mapping of names, not a {type(given).__name__}", fix="params(w=value)")
        )
    found = declared(given)
    resolve_ties(found)
    return found


def declared(tree: Any) -> Any:
    """`tree` with parameters in the places of numbers."""
    if isinstance(tree, Mapping):
        return ParamDict({k: declared(v) for k, v in tree.items()})
    if isinstance(tree, list | tuple):
        parts = [declared(v) for v in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return Param(tree) if type(tree) is not Param and is_numeric(tree) else tree


def paths(tree: Any, path: str = "") -> list[tuple[str, Param]]:
    """The parameters of `tree`, each with its path: `block.w`, `layers.0`."""
    items = (
        tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    )
    if type(tree) is Param:
        return [(path, tree)]
    return [found for k, v in items for found in paths(v, f"{path}.{k}" if path else str(k))]


def resolve_ties(tree: ParamDict) -> None:
    """Give the parameters that are tied to each other one tie, and let go of what they were made of."""
    found = paths(tree)
    for path, p in found:
        if not isinstance(p.tie, Reference):
            continue
        target = p.tie.target
        others = {id(q): (name, q) for name, q in found if q is not p and not isinstance(q.tie, Reference)}
        siblings = [(name, q) for name, q in others.values() if q is target or q.origin is target]
        if len(siblings) != 1:
            raise no_sibling(path, [name for name, _ in siblings])
        ((name, sibling),) = siblings
        if sibling.tie is None:
            sibling.tie = Tie(name)
        p.tie, p.value = sibling.tie, sibling.now()
    for _, p in found:
        p.origin = None


def no_sibling(path: str, names: list[str]) -> ValueError:
    if names:
        return ValueError(
            told(
                f"tied: {path!r} could be tied to {' or '.join(map(repr, names))}, which are made of one object",
                fix="give them a key: tied('key', value)",
            )
        )
    return ValueError(
        told(
            f"tied: {path!r} must reference another parameter of the same params, by the very object it is made of",
            fix="params(w=w, v=tied[w]), with the same w; or a key for both, tied('key', value)",
        )
    )


__test__ = {d.__name__: d.__doc__ for d in (frozen, buffer, tied, on_cpu)}  # examples of what is no function
