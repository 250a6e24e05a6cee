"""`on_missing="fd"`: an operation without a rule is differentiated by finite differences, only that one."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import (
    DifferencesWarning,
    LostGradientError,
    MissingRuleError,
    Traced,
    Var,
    callee_text,
    ones,
    tree_flatten,
    tree_leaves,
    tree_unflatten,
    user_frame,
    warn,
)
from pycograd.core.errors import expression, file_name
from pycograd.core.foreign import is_refusal
from pycograd.core.node import PRIM, PULL
from pycograd.core.registry import name_of
from pycograd.weave.fallback import falling_back, given

from .arguments import is_differentiable
from .blackbox import blackbox

__all__ = ["Differenced", "with_differences"]


class Counted:
    """A callable that counts its calls; of several outputs it makes one array, which `parts` takes apart."""

    def __init__(self, f: Callable[..., Any], text: str) -> None:
        self.f, self.calls, self.__name__ = f, 0, text or name_of(f)
        self.structure: Any = None
        self.outputs: list[Any] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        out = self.f(*args, **kwargs)
        if not isinstance(out, (tuple, list, dict)):
            self.structure = None
            return out
        self.outputs, self.structure = tree_flatten(out)
        return np.concatenate([np.ravel(y) for y in self.outputs if is_differentiable(y)])

    def parts(self, joined: Any) -> Any:
        """The outputs of the call that gave `joined`; those that are no numbers as they came."""
        if self.structure is None:
            return joined
        outputs, at = [], 0
        for y in self.outputs:
            if is_differentiable(y):
                at, begin = at + np.size(y), at
                y = np.reshape(joined[begin:at], np.shape(y))
            outputs.append(y)
        return tree_unflatten(self.structure, outputs)


class Differenced:
    """`f`, whose operations without a rule are black boxes to every transform; `report` warns of them.

    probing  whether the rules of each operation are tried as soon as it is done, so that it is known before the
             backward pass that one is missing
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f, updated=())
        self.f, self.probing = f, False
        self.boxes: dict[
            Any, tuple[Any, Counted]
        ] = {}  # line of a call and callee -> its black box, and its count

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with falling_back(self.f, self.wrap) as f:
            return f(*args, **kwargs)

    def wrap(self, callee: Any, usual: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = tuple(map(given, args)), {k: given(v) for k, v in kwargs.items()}
            try:
                out = usual(*args, **kwargs)
                if self.probing:
                    probe(out)
                return out
            except Exception as error:
                lacks = isinstance(error, (MissingRuleError, LostGradientError)) or is_refusal(error)
                if not lacks or not any(isinstance(x, Traced) for x in tree_leaves((args, kwargs))):
                    raise
            return self.box(callee, args, kwargs)

        return call

    def box(self, callee: Any, args: Any, kwargs: Any) -> Any:
        frame = user_frame()
        place = f"{file_name(frame.f_code)}:{frame.f_lineno}" if frame else ""
        if (place, id(callee)) not in self.boxes:
            text = callee_text(expression(frame)) if frame else ""
            if text.rpartition(".")[2] != getattr(callee, "__name__", text.rpartition(".")[2]):
                text = name_of(callee)  # called by another, such as `sum(map(f, x))`
                text = text.rpartition(".")[2] if text.startswith("pycograd.") else text
            counted = Counted(callee, text)
            self.boxes[place, id(callee)] = blackbox(counted, "3-point"), counted
        made, counted = self.boxes[place, id(callee)]
        return counted.parts(made(*args, **kwargs))

    def report(self) -> None:
        """Warn of each operation that was differenced, and forget it."""
        for (place, _), (_, counted) in self.boxes.items():
            warn(
                f"{counted.__name__} at {place} has no derivative: finite differences took {counted.calls} "
                f"evaluations of it\n  fix: pycograd.blackbox({counted.__name__}, jac=...) with its derivative",
                DifferencesWarning,
            )
        self.boxes.clear()


def probe(out: Any) -> None:
    """Try the rules of the operation that made `out`; raises MissingRuleError if one is missing."""
    for y in tree_leaves(out):
        if type(y) is Var and y.node[PRIM] is not None:
            with np.errstate(all="ignore"):
                y.node[PULL](ones(y.aval), y.node)


def with_differences(f: Callable[..., Any], on_missing: str) -> Differenced:
    """What to run for `f`; its `report` is to be called when its derivatives are there."""
    if on_missing != "fd":
        raise ValueError(f"on_missing is 'raise' or 'fd', not {on_missing!r}")
    return Differenced(f)
