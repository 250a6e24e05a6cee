"""Files in the notation: `python -m pycograd script.py`, and modules that are imported under `enable_imports()`."""

import builtins
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import decode_source
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from pycograd.core.errors import hide_frames
from pycograd.weave.selection import is_user_file

from .extension import NAMES
from .lowering import lower
from .sources import compiled

__all__ = ["enable_imports", "main", "run"]


# ---- scripts ---------------------------------------------------------------------------------------------------------
def run(path: str, arguments: Sequence[str] = ()) -> None:
    """Run the file `path` as Python runs a script, but in the notation of notebooks.

    arguments  `sys.argv` after the path
    """
    file = Path(path).absolute()
    code = compiled(decode_source(file.read_bytes()), str(file))
    module = ModuleType("__main__")
    vars(module).update(NAMES, __file__=str(file), __builtins__=builtins)
    sys.argv[:] = [path, *arguments]
    sys.path[0] = str(file.parent)
    sys.modules["__main__"] = module
    exec(code, vars(module))


def main(arguments: Sequence[str]) -> int:
    """`python -m pycograd script.py ...`: run the script; tracebacks start at its own lines."""
    if not arguments or arguments[0].startswith("-"):
        print("usage: python -m pycograd script.py [argument ...]", file=sys.stderr)
        return 2
    try:
        run(arguments[0], arguments[1:])
    except FileNotFoundError as error:
        if Path(arguments[0]).exists():
            return report(error)
        print(f"python -m pycograd: no file {arguments[0]!r}", file=sys.stderr)
        return 2
    except Exception as error:
        return report(error)
    return 0


def report(error: BaseException) -> int:
    """Show the traceback of an error in a script, without the frames of ours that run it."""
    hide_frames(error)
    sys.excepthook(type(error), error, error.__traceback__)
    return 1


# ---- imports ---------------------------------------------------------------------------------------------------------
class LoweringLoader(SourceFileLoader):
    """Compiles a module from its text each time, since what is lowered must be remembered with its text."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:  # type: ignore[override]
        return compiled(decode_source(data), path, _optimize)


class LoweringFinder:
    """Finds modules of the user's that are written in the notation; leaves all others to those who come after."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or not is_user_file(str(spec.origin)):
            return None
        if not is_lowered(spec.loader.get_data(str(spec.origin))):
            return None
        spec.loader = LoweringLoader(name, str(spec.origin))
        return spec


def is_lowered(data: bytes) -> bool:
    """Whether there is something to lower in a file, or something wrong with it."""
    try:
        return lower(decode_source(data)) is not None
    except SyntaxError:
        return True


def enable_imports() -> ExitStack:
    """Let modules be written in the notation too: those imported from now on, or within `with enable_imports():`.

    Modules of installed packages and of Python are never looked at.

    >>> with enable_imports():
    ...     import colorsys
    """
    finder: Any = LoweringFinder()
    sys.meta_path.insert(0, finder)
    undo = ExitStack()
    undo.callback(lambda: sys.meta_path.remove(finder) if finder in sys.meta_path else None)
    return undo
