"""What is saved of a model and of a run that trains it, and how it is put back: all of it, or nothing.

Parameters are saved under their paths (`block.w`), what an optimizer remembers of them under `optimizer/block.w/...`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pycograd.core import is_ambient, told, tree_flatten, tree_paths

from .files import TEXT, read_arrays, write_arrays
from .optimizers import Optimizer

__all__ = ["load", "refuse_others", "save"]

SLOTS, MORE = "optimizer/", "run/"
FORMAT = "pycograd 1"


def save(
    path: Any,
    weights: Any,
    optimizer: Optimizer | None = None,
    run: Any = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Save the parameters of `weights` in one file, with the state of `optimizer`.

    run, more  what JSON can say of a run, and arrays that belong to it
    """
    refuse_others("save", optimizer)
    text = {"format": FORMAT}
    arrays = {name: p.now() for name, p in parameters_of(weights).items()}
    if optimizer is not None:
        kept = None if optimizer.slots is None else len(optimizer.slots)
        text["optimizer"] = json.dumps({"class": type(optimizer).__name__, "t": optimizer.t, "slots": kept})
        arrays.update(slots_of(weights, optimizer))
    if run is not None:
        text["run"] = json.dumps(run)
    arrays.update({f"{MORE}{name}": a for name, a in (more or {}).items()})
    write_arrays(path, arrays, text)


def refuse_others(what: str, optimizer: Any) -> None:
    """Raise TypeError, in the name of `what`, for what is no optimizer of ours, and whose state cannot be known."""
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(
            told(
                f"{what}: a {type(optimizer).__name__} is no Optimizer, and what it remembers is not known",
                fix=f"{what}(path) without it, or a subclass of pycograd.Optimizer",
            )
        )


def parameters_of(weights: Any) -> dict[str, Any]:
    """The parameters of `weights` by their paths."""
    found: dict[str, Any] = {}
    for name, p in zip(tree_paths(weights), tree_flatten(weights, whole=True)[0], strict=True):
        if not is_ambient(p):
            continue
        if name in found:
            raise ValueError(
                told(
                    f"save: two parameters would have the name {name!r} in the file", fix="keys without dots"
                )
            )
        if name.startswith((SLOTS, MORE)) or name == TEXT:
            raise ValueError(
                told(f"save: the name {name!r} means something else in the file", fix="another key")
            )
        found[name] = p
    return found


def slots_of(weights: Any, optimizer: Optimizer) -> dict[str, Any]:
    """The arrays that `optimizer` remembers, by name."""
    if optimizer.slots is None:
        return {}
    names = slot_names(weights, len(optimizer.slots))
    return {
        f"{SLOTS}{name}/{key}": value
        for name, slot in zip(names, optimizer.slots, strict=True)
        for key, value in slot.items()
    }


def slot_names(weights: Any, count: int) -> list[str]:
    """The name of each slot: the path of its leaf, unless one slot serves all."""
    names = tree_paths(weights)
    return names if count == len(names) else [str(i) for i in range(count)]


def load(
    path: Any, weights: Any, optimizer: Optimizer | None = None, check: Callable[[Any], None] | None = None
) -> tuple[Any, dict[str, Any]]:
    """Put what `save` wrote back into `weights` and `optimizer`, in place; what it wrote of a run is returned.

    check  raises if what is said of the run is not what it should be
    Raises ValueError, and changes nothing, if names or shapes differ, or the optimizer is of another kind.
    """
    refuse_others("load", optimizer)
    arrays, text = read_arrays(path)
    have = parameters_of(weights)
    saved = {name: a for name, a in arrays.items() if not name.startswith((SLOTS, MORE))}
    wrong = [f"{name!r} is not in the file" for name in have if name not in saved]
    wrong += [f"{name!r} is only in the file" for name in saved if name not in have]
    for name, p in have.items():
        if name in saved and saved[name].shape != p.shape:
            wrong.append(f"{name!r} has shape {p.shape}, in the file {saved[name].shape}")
        elif name in saved and saved[name].dtype.kind == "c" != p.dtype.kind:
            wrong.append(f"{name!r} is real, in the file complex")
    if wrong:
        raise ValueError(
            told(
                f"load: the parameters in {path} are not those of the model",
                *wrong,
                fix="the model that was saved",
            )
        )
    run = json.loads(text.get("run", "null"))
    if check is not None:
        check(run)
    if optimizer is not None:
        put_slots(path, weights, optimizer, arrays, text)
    tied: dict[Any, Any] = {}
    for name, p in have.items():
        value = saved[name].astype(p.dtype, copy=False)
        first = value if p.tie is None else tied.setdefault(p.tie, value)
        p.value = first if np.array_equal(first, value) else value  # tied ones that are one array stay one
    more = {name.removeprefix(MORE): a for name, a in arrays.items() if name.startswith(MORE)}
    return run, more


def put_slots(
    path: Any, weights: Any, optimizer: Optimizer, arrays: dict[str, Any], text: dict[str, str]
) -> None:
    said = json.loads(text.get("optimizer", "null"))
    if said is None:
        raise ValueError(
            told(
                f"load: {path} was saved without an optimizer", fix="load(path), and start the optimizer anew"
            )
        )
    if said["class"] != type(optimizer).__name__:
        raise ValueError(
            told(
                f"load: {path} was saved with the optimizer {said['class']}, and is loaded into "
                f"{type(optimizer).__name__}",
                fix=f"an optimizer {said['class']}, or load(path) without one",
            )
        )
    slots: dict[str, dict[str, Any]] = {}
    for name, a in arrays.items():
        if name.startswith(SLOTS):
            leaf, _, key = name.removeprefix(SLOTS).rpartition("/")
            slots.setdefault(leaf, {})[key] = a[()]
    optimizer.t, optimizer._structure, optimizer.slots = said["t"], None, None
    if said["slots"] is not None:
        optimizer.slots = [slots.get(name, {}) for name in slot_names(weights, said["slots"])]
