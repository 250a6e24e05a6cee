"""Files in the notation: `python -m pycograd script.py`, and modules that are imported under `enable_imports()`."""

import builtins
import os
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
from .outside import tell_of_weights
from .sources import compiled, is_lowered

__all__ = ["SCRIPT", "enable_imports", "execute", "main", "run"]

SCRIPT, SPAWNED = "PYCOGRAD_SCRIPT", "pycograd.notebook.spawned"

USAGE = """usage: python -m pycograd script.py [argument ...]

Runs a script in the notation of notebooks, params{...} and |>, as `python script.py` runs one in Python."""


# ---- scripts ---------------------------------------------------------------------------------------------------------
def run(path: str, arguments: Sequence[str] = ()) -> None:
    """Run the file `path` as Python runs a script, but in the notation of notebooks, and so the modules it imports.

    arguments  `sys.argv` after the path
    """
    file = Path(path).absolute()
    module = ModuleType("__main__")
    module.__spec__ = ModuleSpec(SPAWNED, None)  # what `multiprocessing` imports in the place of the script
    module.__package__ = None
    os.environ[SCRIPT] = str(file)
    sys.argv[:] = [path, *arguments]
    sys.path[: not sys.flags.safe_path] = [
        str(file.parent)
    ]  # in the place of the folder that -m puts first, if it does
    sys.modules["__main__"] = module
    enable_imports()
    execute(file, vars(module))


def execute(file: Path, into: dict[str, Any]) -> None:
    """Run the text of `file` in the globals `into`."""
    into.update(NAMES, __file__=str(file), __builtins__=builtins)
    exec(compiled(decode_source(file.read_bytes()), str(file)), into)


def main(arguments: Sequence[str]) -> int:
    """`python -m pycograd script.py ...`: run the script; tracebacks start at its own lines."""
    if not arguments or arguments[0].startswith("-"):
        asked = bool(arguments) and arguments[0] in ("-h", "--help")
        print(USAGE, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    if not Path(arguments[0]).is_file():
        print(f"python -m pycograd: no file {arguments[0]!r}", file=sys.stderr)
        return 2
    try:
        run(arguments[0], arguments[1:])
    except KeyboardInterrupt as error:
        hide_frames(error)
        raise
    except Exception as error:
        return report(error)
    return 0


def report(error: BaseException) -> int:
    """Show the traceback of an error in a script, without the frames of ours that run it."""
    hide_frames(error)
    tell_of_weights(error)
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
