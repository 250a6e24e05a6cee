"""Pytrees: containers are flattened at the edge of every transform, and nothing below sees one.

`optree` does the work.  Its registry is global, so ours is a namespace: dataclasses, and the containers of upper layers
registered with `register`, are nodes of ours alone.  `None` is a leaf, as everything that is not a container.  A
parameter is a node with one leaf, its value; `tree_map` and the gradients of transforms look at it as at a leaf.
"""

import dataclasses
from collections.abc import Callable
from threading import Lock
from typing import Any

import optree

from .ambient import is_ambient
from .aval import PLAIN
from .labelled import labelled

__all__ = [
    "register",
    "tree_flatten",
    "tree_leaves",
    "tree_map",
    "tree_paths",
    "tree_structure",
    "tree_unflatten",
]

NAMESPACE = "pycograd"
_known: set[type] = set()  # classes that need no look
_registering = Lock()


def register(kind: type, flatten: Callable[..., Any], unflatten: Callable[..., Any]) -> None:
    """Make the class `kind` a node: flatten(node) -> (children, aux), unflatten(aux, children) -> node."""
    with _registering:
        if kind not in _known:
            optree.register_pytree_node(kind, flatten, unflatten, namespace=NAMESPACE)
            _known.add(kind)  # last: who finds it there does not wait


def _meet(x: Any) -> bool:
    """Registers what is a node by its class, the first time one is met; never stops the flattening."""
    kind = type(x)
    if kind in _known or kind in PLAIN:
        return False
    if labelled(kind):
        _known.add(kind)
    elif dataclasses.is_dataclass(kind):
        names = [f.name for f in dataclasses.fields(kind) if f.init]

        def unflatten(_: Any, children: Any) -> Any:
            return kind(**dict(zip(names, children, strict=True)))

        register(kind, lambda node: ([getattr(node, n) for n in names], None, names), unflatten)
    return False


def _meet_or_parameter(x: Any) -> bool:
    """`_meet`, which stops at a parameter."""
    return is_ambient(x) or _meet(x)


def tree_flatten(tree: Any, *, whole: bool = False) -> tuple[list[Any], Any]:
    """The leaves of `tree`, left to right (dict keys sorted), and its structure.

    whole  take each parameter as one leaf, rather than as a node whose leaf is its value

    >>> tree_flatten({"b": 1, "a": (2, None)})[0]
    [2, None, 1]
    """
    is_leaf = _meet_or_parameter if whole else _meet
    leaves, treedef = optree.tree_flatten(tree, is_leaf=is_leaf, none_is_leaf=True, namespace=NAMESPACE)
    return leaves, treedef


def tree_unflatten(treedef: Any, leaves: Any) -> Any:
    """The tree of structure `treedef` with these leaves.

    >>> leaves, structure = tree_flatten([1, {"a": 2}])
    >>> tree_unflatten(structure, [10, 20])
    [10, {'a': 20}]
    """
    return optree.tree_unflatten(treedef, leaves)


def tree_leaves(tree: Any) -> list[Any]:
    """The leaves of `tree`, left to right.

    >>> tree_leaves((1, [2, 3]))
    [1, 2, 3]
    """
    return tree_flatten(tree)[0]


def tree_structure(tree: Any) -> Any:
    """The structure of `tree`; two are equal when the trees have the same nodes and number of leaves.

    >>> tree_structure([1, 2]) == tree_structure([3, 4])
    True
    """
    return tree_flatten(tree)[1]


def tree_paths(tree: Any) -> list[str]:
    """Where the leaves of `tree` are, parameters whole: keys and positions, with dots between them.

    >>> tree_paths({"a": [1, 2], "b": 3})
    ['a.0', 'a.1', 'b']
    """
    found = optree.tree_flatten_with_path(
        tree, is_leaf=_meet_or_parameter, none_is_leaf=True, namespace=NAMESPACE
    )
    return [".".join(map(str, path)) for path in found[0]]


def tree_map(fn: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """`fn` of each leaf of `tree` and the matching leaves of `rest`, as a tree like `tree`.

    A parameter in `tree` holds the result; in the place of one, `rest` may have a bare value: a gradient.
    Raises ValueError if the structures differ.

    >>> tree_map(lambda a, b: a + b, {"w": 1}, {"w": 2})
    {'w': 3}
    """
    leaves, treedef = tree_flatten(tree, whole=True)
    columns = [[x.current() if is_ambient(x) else x for x in leaves]]
    for other in rest:
        more, structure = tree_flatten(other, whole=True)
        if structure != treedef:
            raise ValueError(f"tree_map: the structures differ: {treedef} and {structure}")
        columns.append([x.current() if is_ambient(x) else x for x in more])
    results = [fn(*xs) for xs in zip(*columns, strict=True)]
    return tree_unflatten(
        treedef, [x.holding(y) if is_ambient(x) else y for x, y in zip(leaves, results, strict=True)]
    )
