"""The gradient of an objective in ambient weights: while the objective runs, watched values stand in their places."""

import contextlib
import inspect
from typing import Any

import numpy as np

from pycograd.core import (
    HiddenWeightWarning,
    is_ambient,
    stand_in,
    told,
    tree_flatten,
    tree_paths,
    value_of,
    warn,
    working_for,
)
from pycograd.core import dtype as working_dtype
from pycograd.transforms import value_and_grad
from pycograd.transforms.edge import described, name_of
from pycograd.transforms.recording import settled
from pycograd.weave import woven

from .ambient import caller, globals_of, said, within
from .parameters import is_numeric

__all__ = ["PlacementError", "asked", "not_yet", "takes", "value_and_gradient"]


def not_yet(*, jit: Any = False, backend: Any = None) -> None:
    """Raise NotImplementedError for what needs a graph: `jit=True`, and a backend that is not numpy."""
    if jit:
        raise NotImplementedError(
            "jit=True is not there yet: it comes with captured graphs; jit=False runs as it is"
        )
    if backend not in (None, "numpy"):
        raise NotImplementedError(
            f"backend={backend!r} is not there yet: it comes with the lowering of graphs; backend='numpy' runs as it is"
        )


def asked(what: str, objective: Any, *args: Any, of: str) -> None:
    """Raise TypeError, in the name of `what`, if `objective` cannot be called with `args`, which are `of` the user."""
    if not callable(objective):
        raise TypeError(
            told(
                f"{what}: the objective is a {type(objective).__name__}, and must be a function, to be run again",
                fix="lambda: ... around the expression, or a pipe that starts with |>",
            )
        )
    if not takes(objective, *args):
        raise TypeError(
            told(
                f"{what}: {described(objective)} cannot be called with {of}",
                fix="def loss(batch): x, y = batch; ..."
                if args
                else "a function of no arguments: lambda: loss(x, y)",
            )
        )


def takes(f: Any, *args: Any) -> bool:
    """Whether `f` can be called with these arguments, as far as can be told."""
    try:
        inspect.signature(f).bind(*args)
    except TypeError:
        return False
    except ValueError:  # compiled, and says nothing
        pass
    return True


def value_and_gradient(
    weights: Any,
    objective: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    backend: Any,
    dtype: Any,
    jit: bool,
) -> tuple[Any, Any]:
    """The value of `objective(*args, **kwargs)` and its gradient in the trainable parameters of `weights`."""
    not_yet(jit=jit, backend=backend)
    if not callable(objective):
        asked("weights.grad", objective, of="")
    originals = tree_flatten(weights, whole=True)[0]
    refuse_devices(originals)
    refuse_bare(weights, originals)

    def run(given: Any) -> Any:
        places: dict[int, list[Any]] = {}
        for p, q in zip(originals, tree_flatten(given, whole=True)[0], strict=True):
            if is_ambient(p) and p.trainable:
                places.setdefault(id(p), [p, q.now()])
            elif is_ambient(p) and dtype is not None:
                places.setdefault(id(p), [p, p.now()])
        if dtype is not None:
            for place in places.values():
                place[1] = in_working_dtype(place[1])
        with stand_in(places):
            return settled(woven(objective)(*args, **kwargs))

    run.__wrapped__ = objective  # what errors name
    run.__name__ = name_of(objective)
    into = globals_of(objective) or caller().f_globals
    in_dtype = contextlib.nullcontext() if dtype is None else working_dtype(dtype)
    with within(weights, weights._names(), into) as hidden, in_dtype:
        before = said.set(set())
        try:
            value, grads = value_and_grad(run, argnums=0)(weights)
        finally:
            said.reset(before)
    for name in hidden:
        if grads[name] is not None and not np.any(value_of(grads[name])):
            hides(name, objective)
    return value, grads


def in_working_dtype(value: Any) -> Any:
    dtype = working_for(value.dtype)
    return value if value.dtype == dtype else value.astype(dtype)


def refuse_devices(leaves: list[Any]) -> None:
    """Raise for a parameter that is to be placed where numpy cannot."""
    places = {x.device for x in leaves if is_ambient(x) and x.device not in (None, "cpu")}
    if places:
        raise PlacementError(
            told(
                f"a per-leaf device, {', '.join(map(repr, sorted(places)))}: the numpy backend has the processor "
                "alone, and placing single parameters is not there yet",
                fix="leave out on_device, or give the processor: on_cpu(value)",
            )
        )


def refuse_bare(weights: Any, leaves: list[Any]) -> None:
    """Raise for numbers that are no parameters: they would be constants, with a gradient of zeros."""
    for i, x in enumerate(leaves):
        if not is_ambient(x) and is_numeric(x):
            name = tree_paths(weights)[i]
            raise TypeError(
                told(
                    f"weights.{name} is a bare {type(x).__name__}, no parameter: it would have no gradient",
                    fix=f"weights[{name!r}] = Param(value), or params({name}=value) from the start",
                )
            )


class PlacementError(NotImplementedError, ValueError):
    """A parameter is to be placed on a device where the backend cannot place it."""


def hides(name: str, objective: Any) -> None:
    warn(
        told(
            f"the gradient of the weight {name!r} is zero, and {described(objective)} cannot see it by that name",
            f"the globals of its module have another {name!r}, which hides the weight",
            fix=f"weights[{name!r}] in the objective, or another name for one of the two",
        ),
        HiddenWeightWarning,
    )
