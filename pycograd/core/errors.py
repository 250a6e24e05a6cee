"""Errors and warnings, and the user's own line that they name.

A message starts with what happened in the user's words, then `file:line` and the source expression, then one way out.
"""

import linecache
import sys
from pathlib import Path
from types import FrameType

__all__ = [
    "AutodiffWarning",
    "GradientMismatch",
    "LostGradient",
    "MissingRuleError",
    "ShapeError",
    "user_frame",
    "where",
]

# Frames of these are never the user's: numpy, scipy, the standard library's functools and ours (but not our examples).
OURS = str(Path(__file__).parent.parent)
EXAMPLES = str(Path(OURS) / "examples")
FOREIGN = (str(Path(sys.modules["numpy"].__file__ or "").parent), "<")
TYPED = ("<ipython", "<doctest", "<stdin>")


class AutodiffWarning(UserWarning):
    """A gradient ends, or a convention was used, at a place that the user should know."""


class LostGradient(TypeError):
    """A watched value was asked for its plain numbers, where its gradient would be lost."""


class MissingRuleError(NotImplementedError):
    """A watched value reached an operation, or a keyword of one, that has no derivative rule."""


class ShapeError(ValueError):
    """Shapes that do not fit together; the message names the operation and the shapes."""


class GradientMismatch(AssertionError):
    """`check_grads` found a derivative that differs from finite differences."""


def user_frame() -> FrameType | None:
    """The innermost frame that runs the user's code."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        ours = file.startswith(OURS) and not file.startswith(EXAMPLES)
        if not ours and (file.startswith(TYPED) or not file.startswith(FOREIGN)):
            return frame
        frame = frame.f_back
    return None


def where() -> str:
    """` at fit.py:12 `np.sort(w)``: the user's line and expression that runs now, or nothing if there is none."""
    frame = user_frame()
    if frame is None:
        return ""
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f" at {Path(file).name}:{line}{_quoted(expression(frame))}"


def variable_of(x: object) -> str:
    """The name that the user's function, or its module, has for `x`: for errors."""
    frame = user_frame()
    if frame is not None:
        for names in (frame.f_locals, frame.f_globals):
            for name, value in list(names.items()):
                if value is x and not name.startswith("__pg_"):
                    return f"`{name}`"
    return "an array"


def _quoted(text: str) -> str:
    return f" `{text}`" if text else ""


def expression(frame: FrameType) -> str:
    """The source text of the expression that `frame` evaluates, on one line, as far as it can be found."""
    positions = list(frame.f_code.co_positions())
    index = frame.f_lasti // 2
    if index >= len(positions):
        return ""
    start, end, left, right = positions[index]
    if start is None or end is None or left is None or right is None:
        return linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    lines = [linecache.getline(frame.f_code.co_filename, n).encode() for n in range(start, end + 1)]
    if not any(lines):
        return ""
    lines[-1] = lines[-1][:right]
    lines[0] = lines[0][left:]
    return " ".join(line.decode(errors="replace").strip() for line in lines)
