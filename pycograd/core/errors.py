"""Errors and warnings, and the user's own line that they name.

A message starts with what happened in the user's words, then `file:line` and the source expression, then one way out.
The classes of `catalogue.py` have a stable `code`, which ends every message.
"""

import ast
import dis
import linecache
import os
import sys
import warnings
from pathlib import Path
from types import CodeType, FrameType, TracebackType

__all__ = [
    "AutodiffWarning",
    "Coded",
    "GradientMismatch",
    "MissingRuleError",
    "ShapeError",
    "blackbox_text",
    "callee_text",
    "expression",
    "file_name",
    "hide_frames",
    "is_ours",
    "one_line",
    "statement_at",
    "syntax_of",
    "told",
    "user_frame",
    "warn",
    "where",
]

OURS = str(Path(__file__).parent.parent) + os.sep
EXAMPLES = str(Path(OURS) / "examples") + os.sep
NUMPY = str(Path(sys.modules["numpy"].__file__ or "").parent) + os.sep
INSIDE = (NUMPY, "<__array_function__", "<frozen ")
# Frames of these are the user's only if no other is: installed packages, the standard library.
LIBRARIES = (str(Path(NUMPY).parent) + os.sep, str(Path(os.__file__).parent) + os.sep)
LONGEST = 80  # characters of an expression or statement that are shown, where it can be cut
COMPILED = "<pycograd"  # what is written out for each operation


class Coded:
    """What all errors and warnings of ours have: a stable `code`, which ends the message."""

    code = ""

    def __str__(self) -> str:
        return f"{super().__str__()} [{self.code}]" if self.code else super().__str__()


class AutodiffWarning(Coded, UserWarning):
    """A gradient ends, or a convention was used, at a place that the user should know."""


class MissingRuleError(Coded, NotImplementedError):
    """A watched value reached an operation, or a keyword of one, that has no derivative rule.

    Give it one: `pycograd.blackbox(f, jac=...)` for a function that is only called, `@pycograd.custom_vjp` for one that
    you write; `grad(f, on_missing="fd")` takes finite differences of that one operation.
    """

    code = "PG103"


class ShapeError(Coded, ValueError):
    """Shapes that do not fit together; the message names the operation and the shapes.

    Reshape an operand, or give it an axis to broadcast along: `x[:, None]`.
    """

    code = "PG114"


class GradientMismatch(Coded, AssertionError):
    """`check_grads` found a derivative that differs from finite differences.

    The message names the argument, the index, both numbers, and the first operation whose own rule disagrees.
    """

    code = "PG115"


def is_ours(code: CodeType) -> bool:
    """Whether `code` is pycograd's (its examples are a user's), or what it compiled for an operation."""
    file = code.co_filename
    return file.startswith(COMPILED) or file.startswith(OURS) and not file.startswith(EXAMPLES)


def is_users(code: CodeType) -> bool:
    """Whether `code`, which is not ours, is the user's: of no installed package and not of Python."""
    return code.co_filename.startswith(EXAMPLES) or not code.co_filename.startswith(LIBRARIES)


def user_frame() -> FrameType | None:
    """The innermost frame that runs the user's code; that of a library if there is none of the user's."""
    frame: FrameType | None = sys._getframe(1)
    library = None
    while frame is not None:
        code = frame.f_code
        if not is_ours(code) and not code.co_filename.startswith(INSIDE):
            if is_users(code):
                return frame
            library = library or frame
        frame = frame.f_back
    return library


def told(what: str, *facts: str, fix: str) -> str:
    """The text of a message: what happened and where, a line per fact, and the fix."""
    lines = [f"{what}{where()}", *filter(None, facts), f"fix: {fix}"]
    return "\n  ".join(lines)


def warn(text: str, category: type[Warning]) -> None:
    """Warn at the user's line that runs now."""
    user, frame, level = user_frame(), sys._getframe(1), 2
    while frame is not user and frame.f_back is not None:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


def blackbox_text(text: str, called: str) -> str:
    """What stands for the call `text` of `called`, to paste: the same, as a black box."""
    call = " ".join(text.split())
    rest = call[len(called) :] if call.startswith(f"{called}(") and len(call) <= LONGEST else ""
    return f'pycograd.blackbox({called}, jac="3-point"){rest}'


def callee_text(text: str) -> str:
    """`lib.f`, if the expression `text` is a call of that; otherwise nothing."""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return ""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


# ---- tracebacks ----------------------------------------------------------------------------------------------------
def hide_frames(error: BaseException) -> None:
    """Take our own frames out of the traceback of `error`, unless PYCOGRAD_TRACEBACK=full asks for them."""
    if os.environ.get("PYCOGRAD_TRACEBACK") == "full":
        return
    kept: list[TracebackType] = []
    tb = error.__traceback__
    while tb is not None:
        if not is_ours(tb.tb_frame.f_code):
            kept.append(tb)
        tb = tb.tb_next
    below = None
    for tb in reversed(kept):
        tb.tb_next = below
        below = tb
    error.__traceback__ = below


def where() -> str:
    """` at fit.py:12 `np.sort(w)``: the user's line and expression that runs now, or nothing if there is none."""
    frame = user_frame()
    return "" if frame is None else place_of(frame)


def place_of(frame: FrameType, traceback: TracebackType | None = None) -> str:
    """` at fit.py:12 `np.sort(w)`` of `frame`, which runs now, or ended with an error that has this traceback."""
    line = traceback.tb_lineno if traceback else frame.f_lineno
    last = traceback.tb_lasti if traceback else frame.f_lasti
    text = statement_at(frame, last) or expression(frame, last)
    return f" at {file_name(frame.f_code)}:{line}{_quoted(text)}"


def file_name(code: CodeType) -> str:
    """The file that `code` is from, `fit.py`, or the cell of a notebook, `In[4]`."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    cell = getattr(getattr(shell, "compile", None), "format_code_name", lambda file: None)(code.co_filename)
    return cell[1] if cell else Path(code.co_filename).name


def variable_of(x: object) -> str:
    """The name that the user's function, or its module, has for `x`: for errors."""
    frame = user_frame()
    if frame is not None:
        for names in (frame.f_locals, frame.f_globals):
            for name, value in list(names.items()):
                if value is x and not name.startswith("__pg_"):
                    return f"`{name}`"
    return "an array"


def statement_at(frame: FrameType, last: int) -> str:
    """The text of the assignment that `frame` runs, if that is `a[key] = value` or `a.name = value`."""
    if not dis.opname[frame.f_code.co_code[last]].startswith(("STORE_SUBSCR", "STORE_SLICE", "STORE_ATTR")):
        return ""
    start, _, left, _ = list(frame.f_code.co_positions())[last // 2]
    tree = syntax_of(frame)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Assign) and any(
            (t.lineno, t.col_offset) == (start, left) for t in node.targets
        ):
            return one_line(ast.unparse(node))
    return ""


def syntax_of(frame: FrameType) -> ast.Module | None:
    """The syntax tree of the file that `frame` runs; None if it cannot be found."""
    try:
        return ast.parse("".join(linecache.getlines(frame.f_code.co_filename)))
    except (SyntaxError, ValueError):
        return None


def one_line(text: str) -> str:
    """`text` on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _quoted(text: str) -> str:
    return f" `{text}`" if text else ""


def expression(frame: FrameType, last: int | None = None) -> str:
    """The source text of the expression that `frame` evaluates, on one line, as far as it can be found.

    last  the instruction, where it is not the one that the frame is at
    """
    positions = list(frame.f_code.co_positions())
    index = (frame.f_lasti if last is None else last) // 2
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
