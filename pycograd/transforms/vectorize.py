"""vmap: a function of one example, applied to many at once."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import optree

from pycograd.core import (
    Batched,
    Traced,
    current_of,
    new_batched,
    running,
    shape_of,
    tree_flatten,
    tree_unflatten,
    twin,
)
from pycograd.core.trees import NAMESPACE
from pycograd.weave import woven

from .arguments import Selection, contents, leave
from .edge import Transformed, name_of
from .staleness import check_live

__all__ = ["batched_call", "in_chunks", "vmap"]


class Unless(int):
    """An axis that stands in a signature when the caller gives none."""


FIRST = Unless(0)


def vmap(
    f: Callable[..., Any],
    in_axes: Any = FIRST,
    out_axes: Any = FIRST,
    *,
    in_dims: Any = FIRST,
    out_dims: Any = FIRST,
    axis_size: int | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """`f`, a function of one example, as a function of many at once: no loop, one call of each operation for all.

    in_axes     the axis of each argument along which its examples lie: an int, None (the same for all examples), or a
                sequence with one entry per argument, each an int, None, or a pytree prefix of the argument.
                Negative axes count from the end.  (`in_dims` is a synonym)
    out_axes    where the batch axis goes in the output: an int, or a pytree prefix of it; None for an output that
                is the same for all examples (`out_dims` is a synonym)
    axis_size   the number of examples, where no argument tells
    chunk_size  how many examples at a time, to bound memory
    Keyword arguments are passed on, the same for all.
    Raises ValueError if no argument is mapped, or the mapped sizes disagree; TypeError if Python branches on a
    number that differs between the examples (use np.where).

    >>> vmap(np.dot, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    ins, outs = chosen("in", in_axes, in_dims), chosen("out", out_axes, out_dims)

    def call(*args: Any, **kwargs: Any) -> Any:
        leaves, treedef = tree_flatten(args)
        axes = prefix(tuple(ins) if isinstance(ins, list) else ins, args, f"in_axes of vmap({name_of(f)})")
        n = mapped_size(f, args, axes, leaves, axis_size)
        xs = [x if a is None else in_front(x, a) for x, a in zip(leaves, axes, strict=True)]

        def part(chunk: slice) -> Any:
            given = (
                [x if a is None else x[chunk] for x, a in zip(xs, axes, strict=True)] if chunk_size else xs
            )
            size = len(range(n)[chunk])
            return batched_call(f, given, [a is not None for a in axes], treedef, kwargs, size, outs)

        if chunk_size is None or chunk_size >= max(n, 1):
            return part(slice(None))
        return joined([part(c) for c in in_chunks(n, chunk_size)], outs)

    return Transformed(vmap, f, call, in_axes=ins, out_axes=outs, axis_size=axis_size, chunk_size=chunk_size)


def chosen(kind: str, axes: Any, dims: Any) -> Any:
    """The one of two spellings that was given."""
    if axes is not FIRST and dims is not FIRST:
        raise TypeError(f"{kind}_axes and {kind}_dims are two spellings of one keyword: give one of them")
    axes = dims if axes is FIRST else axes
    return 0 if axes is FIRST else axes


def batched_call(
    f: Any, xs: list[Any], mapped: list[bool], treedef: Any, kwargs: dict[str, Any], n: int, out_axes: Any
) -> Any:
    """Run `f` on its arguments (flattened to `xs`), the mapped ones with their batch axis in front."""
    with running("vmap") as level:
        args = [new_batched(twin(x), level) if m else x for x, m in zip(xs, mapped, strict=True)]
        out = woven(f)(*tree_unflatten(treedef, args), **kwargs)
        ys, structure = tree_flatten(out)
        ys = [current_of(y) for y in ys]
        written = contents(args, level)
    leave(xs, written)
    axes = prefix(out_axes, out, f"out_axes of vmap({name_of(f)})")
    ys = [unbatched(y, level, n, a, f) for y, a in zip(ys, axes, strict=True)]

    def one_example() -> Selection:
        return Selection(
            f, None, tree_unflatten(treedef, [x[0] if m else x for x, m in zip(xs, mapped)]), kwargs
        )

    check_live(f, one_example, ys)
    return tree_unflatten(structure, apart(ys))


def apart(ys: list[Any]) -> list[Any]:
    """`ys`, in which plain arrays that cannot be written, or share the memory of an earlier one, are copied."""
    owners: set[int] = set()
    found = []
    for y in ys:
        if type(y) is np.ndarray:
            owner = id(y if y.base is None else y.base)
            if owner in owners or not y.flags.writeable:
                y = y.copy()
            owners.add(owner)
        found.append(y)
    return found


def unbatched(y: Any, level: int, n: int, axis: int | None, f: Any) -> Any:
    """The output `y` with its batch axis at `axis`."""
    if type(y) is Batched and y.level == level:
        if axis is None:
            raise ValueError(
                f"vmap of {name_of(f)}: out_axes is None for an output that differs between the examples"
            )
        return y.value if axis == 0 else np.moveaxis(y.value, 0, axis)
    if axis is None or not isinstance(y, (np.ndarray, np.generic, Traced, int, float, complex)):
        return y
    y = np.broadcast_to(y, (n, *shape_of(y)))
    return y if axis == 0 else np.moveaxis(y, 0, axis)


def prefix(axes: Any, tree: Any, what: str) -> list[Any]:
    """One axis per leaf of `tree`, given a pytree prefix of axes."""
    try:
        return optree.broadcast_prefix(alike(axes, tree), tree, none_is_leaf=True, namespace=NAMESPACE)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{what} = {axes} is not a prefix of what it maps: {error}") from None


def alike(axes: Any, tree: Any) -> Any:
    """`axes`, with the kinds of dicts that `tree` has where the axes are in plain dicts."""
    if isinstance(axes, dict) and isinstance(tree, dict):
        kind = dict if type(tree).__module__ == "collections" else type(tree)
        return kind({k: alike(v, tree[k]) if k in tree else v for k, v in axes.items()})
    if isinstance(axes, list | tuple) and type(axes) is type(tree) and len(axes) == len(tree):
        parts = [alike(a, t) for a, t in zip(axes, tree)]
        return type(axes)(*parts) if hasattr(axes, "_fields") else type(axes)(parts)
    return axes


def mapped_size(f: Any, args: Any, axes: list[Any], leaves: list[Any], axis_size: int | None) -> int:
    """The number of examples, on which all mapped arguments must agree."""
    sizes = {} if axis_size is None else {"axis_size": axis_size}
    for name, x, axis in zip(names_of(args), leaves, axes, strict=True):
        if axis is None:
            continue
        shape = shape_of(x)
        if not -len(shape) <= axis < len(shape):
            raise ValueError(
                f"vmap of {name_of(f)}: {name} has shape {shape}, no axis {axis} to map"
                f"{'' if shape else ': no batched (array) argument'}; in_axes None leaves it whole"
            )
        sizes[name] = shape[axis]
    if not sizes:
        raise ValueError(
            f"vmap of {name_of(f)}: no batched (array) argument; map one with in_axes, or give axis_size"
        )
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} has {n}" for name, n in sizes.items())
        raise ValueError(f"vmap of {name_of(f)}: the numbers of examples disagree: {listed}")
    return next(iter(sizes.values()))


def names_of(args: tuple[Any, ...]) -> Iterator[str]:
    """`argument 0`, or `argument 0, leaf 2`, for each leaf of the arguments."""
    for i, arg in enumerate(args):
        count = len(tree_flatten(arg)[0])
        yield from (f"argument {i}" if count == 1 else f"argument {i}, leaf {j}" for j in range(count))


def in_front(x: Any, axis: int) -> Any:
    return x if axis == 0 else np.moveaxis(x, axis, 0)


def in_chunks(n: int, size: int) -> list[slice]:
    """Slices of at most `size` that cover range(n)."""
    if size < 1:
        raise ValueError(f"chunk_size must be at least 1, not {size}")
    return [slice(i, i + size) for i in range(0, n, size)]


def joined(parts: list[Any], out_axes: Any) -> Any:
    """The outputs of chunks, joined along their batch axes."""
    axes = prefix(out_axes, parts[0], "out_axes")
    columns = zip(*[tree_flatten(p)[0] for p in parts], strict=True)
    ys = [c[0] if a is None else np.concatenate(c, axis=a) for a, c in zip(axes, columns, strict=True)]
    return tree_unflatten(tree_flatten(parts[0])[1], ys)
