"""`on_missing="fd"`: an operation without a rule is differentiated by finite differences, only that one."""

import functools
from collections.abc import Callable
from typing import Any

from pycograd.core import (
    DifferencesWarning,
    LostGradientError,
    MissingRuleError,
    Traced,
    callee_text,
    tree_leaves,
    user_frame,
    warn,
)
from pycograd.core.errors import expression, file_name
from pycograd.weave.fallback import falling_back

from .blackbox import blackbox

__all__ = ["Differenced", "with_differences"]


class Counted:
    """A callable that counts its calls."""

    def __init__(self, f: Callable[..., Any], text: str) -> None:
        self.f, self.calls, self.__name__ = f, 0, text or name_of(f)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.f(*args, **kwargs)


def name_of(f: Any) -> str:
    module = getattr(f, "__module__", None) or ("numpy" if type(f).__module__ == "numpy" else "")
    name = getattr(f, "__name__", None) or type(f).__name__
    return f"{module}.{name}".replace("numpy.", "np.", 1) if module and module != "builtins" else name


class Differenced:
    """`f`, whose operations without a rule are black boxes to every transform; `report` warns of them."""

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f, updated=())
        self.f = f
        self.boxes: dict[
            Any, tuple[Any, Counted]
        ] = {}  # line of a call and callee -> its black box, and its count

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with falling_back(self.f, self.wrap) as f:
            return f(*args, **kwargs)

    def wrap(self, callee: Any, usual: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return usual(*args, **kwargs)
            except (MissingRuleError, LostGradientError):
                if not any(isinstance(x, Traced) for x in tree_leaves((args, kwargs))):
                    raise
            return self.box(callee)(*args, **kwargs)

        return call

    def box(self, callee: Any) -> Any:
        frame = user_frame()
        place = f"{file_name(frame.f_code)}:{frame.f_lineno}" if frame else ""
        if (place, id(callee)) not in self.boxes:
            counted = Counted(callee, callee_text(expression(frame)) if frame else "")
            self.boxes[place, id(callee)] = blackbox(counted, "3-point"), counted
        return self.boxes[place, id(callee)][0]

    def report(self) -> None:
        """Warn of each operation that was differenced, and forget it."""
        for (place, _), (_, counted) in self.boxes.items():
            warn(
                f"{counted.__name__} at {place} has no derivative: finite differences took {counted.calls} "
                f"evaluations of it\n  fix: pycograd.blackbox({counted.__name__}, jac=...) with its derivative",
                DifferencesWarning,
            )
        self.boxes.clear()


def with_differences(f: Callable[..., Any], on_missing: str) -> Any:
    """The function to run for `f`, and what to call when its derivatives are there."""
    if on_missing == "raise":
        return f, lambda: None
    if on_missing != "fd":
        raise ValueError(f"on_missing is 'raise' or 'fd', not {on_missing!r}")
    differenced = Differenced(f)
    return differenced, differenced.report
