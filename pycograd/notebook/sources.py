"""Lowered texts, by the name of their file: weaving finds what was compiled, `inspect` what the user wrote."""

import ast
import functools
import inspect
import linecache
from collections import deque
from importlib.util import decode_source
from types import CodeType, FrameType, FunctionType, MethodType, TracebackType
from typing import Any

from pycograd.weave.source import trees

from .lowering import Lowered, lower

__all__ = ["compiled", "is_lowered", "keep", "keep_tree"]

functions: dict[str, dict[tuple[int, str], tuple[int, int]]] = {}  # file -> where its functions stand
nameless: dict[str, deque[Any]] = {}  # a name for many texts -> the last trees that were compiled under it
LAST = 16
native = inspect.getsourcelines


def compiled(text: str, filename: str, optimize: int = -1) -> CodeType:
    """The code of a file with that text, lowered if it has anything to lower.

    Raises SyntaxError, at the user's own line and column.
    """
    lowered = lower(text, filename)
    if lowered is not None:
        keep(text, filename, lowered)
    return compile(lowered.tree if lowered else text, filename, "exec", dont_inherit=True, optimize=optimize)


def is_lowered(data: bytes) -> bool:
    """Whether there is something to lower in a file, or something wrong with it."""
    try:
        return lower(decode_source(data)) is not None
    except SyntaxError:
        return True


def keep(text: str, filename: str, lowered: Lowered) -> None:
    """Remember what the text of a file became: in place of what it became before."""
    functions[filename] = lowered.functions
    trees[filename] = functools.partial(tree_of, text)
    inspect.getsourcelines = getsourcelines


def keep_tree(tree: Any, filename: str) -> None:
    """Remember what is compiled under a name that has no text, as `%time` does, and has it many times."""
    if filename not in functions and filename not in linecache.cache:
        recent = nameless.setdefault(filename, deque(maxlen=LAST))
        recent.appendleft(tree)
        trees[filename] = lambda: ast.Module(body=list(recent), type_ignores=[])


@functools.lru_cache(16)
def tree_of(text: str) -> Any:
    """The tree is made again when a function is woven: to keep those of all cells would take much memory."""
    lowered = lower(text)
    return lowered.tree if lowered else ast.parse(text)


@functools.wraps(native)
def getsourcelines(object: Any) -> tuple[list[str], int]:
    """For a function that a pipe became: the lines of its statement.  `inspect` looks for `def` and `lambda`."""
    code = code_of(inspect.unwrap(object))
    if code is not None and code.co_filename in functions:
        place = functions[code.co_filename].get((code.co_firstlineno, code.co_name))
        lines = linecache.getlines(code.co_filename)
        if place and lines:
            return lines[place[0] - 1 : place[1]], place[0]
    return native(object)


def code_of(obj: Any) -> CodeType | None:
    """The code that `obj` runs."""
    if isinstance(obj, MethodType):
        obj = obj.__func__
    if isinstance(obj, FunctionType):
        return obj.__code__
    if isinstance(obj, TracebackType):
        obj = obj.tb_frame
    if isinstance(obj, FrameType):
        return obj.f_code
    return obj if isinstance(obj, CodeType) else None
