"""`%load_ext pycograd`: cells are lowered when the shell compiles them.

The text of a cell stays the user's own in the history, in tracebacks and for `inspect`: it is lowered where IPython
makes a syntax tree of it, and so in cells, `%time`, `%timeit` and whatever else IPython runs.  IPython itself is never
imported here: the shell is handed to us.
"""

import ast
import re
import sys
from importlib.util import decode_source
from pathlib import Path
from typing import Any

from pycograd import nn
from pycograd.core.errors import hide_frames
from pycograd.core.lazy import optional

from .completion import matcher_of
from .lowering import lower
from .marking import UNCLOSED, Marks, mark
from .outside import tell_of_weights
from .positions import Text
from .sources import compiled, is_lowered, keep, keep_tree

__all__ = ["NAMES", "load_ipython_extension", "offer", "unload_ipython_extension"]

NAMES = {
    name: getattr(nn, name) for name in ("params", "frozen", "tied", "buffer", "on_cpu", "on_device")
}  # what a cell or a script finds defined
LOADS = re.compile(r"run_line_magic\(\s*['\"](re)?load_ext['\"],\s*['\"]\s*pycograd\s*['\"]")
loaded: dict[Any, "Loaded"] = {}  # shell -> what was done to it


def load_ipython_extension(shell: Any) -> None:
    """Let the cells that follow be written with `params{...}` and `|>`; `%load_ext pycograd` calls this."""
    if shell not in loaded:
        loaded[shell] = Loaded(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Undo `load_ipython_extension`; the user's variables stay."""
    if shell in loaded:
        loaded.pop(shell).undo()


class Loaded:
    """What loading changes in a shell, and how to change it back."""

    def __init__(self, shell: Any) -> None:
        self.shell, self.before = shell, (shell.compile, shell.compiler_class)
        ours = lowering_compiler(type(shell.compile))
        self.compiler = ours.__new__(ours)
        self.compiler.__dict__ = shell.compile.__dict__  # one state: __future__ imports, the names of cells
        shell.compile, shell.compiler_class = self.compiler, lowering_compiler(shell.compiler_class)
        self.overridden = [
            (shell, "should_run_async", should_run_async),
            (shell.input_transformer_manager, "check_complete", check_complete),
            (shell.magics_manager.registry["ExecutionMagics"], "_run_with_profiler", run_with_profiler),
            (shell, "safe_execfile", safe_execfile),
            (shell, "showtraceback", showtraceback),
        ]
        self.own = [(owner, name, vars(owner).get(name)) for owner, name, _ in self.overridden]
        for owner, name, method in self.overridden:
            override(owner, name, method)
        completer = optional("IPython.core.completer", "ipython")
        self.matcher = matcher_of(getattr(completer, "SimpleCompletion", None), shell.user_ns)
        shell.Completer.custom_matchers.append(self.matcher)
        self.names = [name for name in NAMES if name not in shell.user_ns]
        shell.push({name: NAMES[name] for name in self.names}, interactive=False)

    def undo(self) -> None:
        shell = self.shell
        if shell.compile is self.compiler:  # and nobody has put another in its place
            shell.compile, shell.compiler_class = self.before
        for owner, name, before in self.own:
            vars(owner).pop(name, None)
            if before is not None:
                setattr(owner, name, before)
        shell.Completer.custom_matchers.remove(self.matcher)
        shell.drop_by_id({name: NAMES[name] for name in self.names})


def lowering_compiler(base: Any) -> Any:
    """The class of IPython's compilers `base`, which lowers what it parses."""

    class LoweringCompiler(base):
        def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> Any:
            parse = lambda text: super(LoweringCompiler, self).ast_parse(text, filename, symbol)
            lowered = lower(source, filename, parse)
            if lowered is None:
                return parse(source)
            if filename != "<unknown>":
                keep(source, filename, lowered)
            return lowered.tree

        def __call__(self, source: Any, filename: str, *args: Any, **kwargs: Any) -> Any:
            if isinstance(source, bytes):
                return compiled(decode_source(source), str(filename))  # of `safe_execfile`
            if isinstance(source, ast.AST):
                keep_tree(source, filename)
            return super().__call__(source, filename, *args, **kwargs)

    return LoweringCompiler


def override(owner: Any, name: str, method: Any) -> None:
    """Give `owner` a method of its own, called with the one that its class has."""
    before = getattr(owner, name, None)
    if before is not None:
        setattr(owner, name, lambda *args, **kwargs: method(before, *args, **kwargs))


def should_run_async(before: Any, raw_cell: str, *, transformed_cell: Any = None, **kwargs: Any) -> bool:
    """Whether a cell awaits something; IPython compiles its text to see that."""
    try:
        text = in_python(transformed_cell)
    except SyntaxError:
        text = transformed_cell
    return before(raw_cell, transformed_cell=text, **kwargs)


def run_with_profiler(before: Any, code: str, *args: Any) -> Any:
    """`%prun`, which runs a text."""
    return before(in_python(code), *args)


def safe_execfile(before: Any, fname: str, *where: Any, **options: Any) -> Any:
    """`%run`: a file in the notation goes through the compiler of the cells, any other as ever."""
    file = Path(fname).expanduser()
    if not file.is_file() or not is_lowered(file.read_bytes()):
        return before(fname, *where, **options)
    for name in NAMES:
        where[0].setdefault(name, NAMES[name])
    return before(fname, *where, **{**options, "shell_futures": True})


def showtraceback(before: Any, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Tracebacks are without our frames, and say of a name that is not defined if it is that of a weight."""
    kind, error, tb = exc_tuple or sys.exc_info()
    if isinstance(error, BaseException):
        tell_of_weights(error)
        if tb is error.__traceback__:  # else somebody has cut it already
            hide_frames(error)
            exc_tuple = exc_tuple and (kind, error, error.__traceback__)
    return before(exc_tuple, *args, **kwargs)


def in_python(text: Any) -> Any:
    """A text in plain Python, for what takes no syntax tree."""
    lowered = lower(text) if isinstance(text, str) else None
    return ast.unparse(lowered.tree) if lowered else text


def check_complete(before: Any, cell: str) -> Any:
    """Whether a cell that is being typed is complete; IPython tries to compile it."""
    try:
        marked = mark(Text(cell), Marks(cell))
    except SyntaxError as error:
        if error.msg == UNCLOSED:
            last = cell.rstrip("\n").rpartition("\n")[2]
            return "incomplete", len(last) - len(last.lstrip())
        return before(cell)
    return before(marked.parsed.text if marked else cell)


# ---- `%load_ext pycograd` in the cell that uses it -------------------------------------------------------------------
def offer() -> None:
    """In IPython: watch for a cell that loads the extension, to load it before that cell is compiled."""
    ipython = sys.modules.get("IPython")
    shell = getattr(ipython, "get_ipython", lambda: None)()
    if shell is not None and not any(isinstance(t, Watch) for t in shell.input_transformers_post):
        shell.input_transformers_post.append(Watch(shell))


class Watch:
    """Looks at each cell that is about to run, and changes nothing in it."""

    has_side_effects = True

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        if any(LOADS.search(line) for line in lines if "pycograd" in line):
            load_ipython_extension(self.shell)
        return lines
