"""`params`: parameters declared together, so that one can be tied to another by the object that it is made of."""

from collections.abc import Mapping
from typing import Any

from pycograd.core import told

from .parameters import Param, Reference, Tie, is_numeric
from .weights import ParamDict

__all__ = ["params", "paths"]


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
