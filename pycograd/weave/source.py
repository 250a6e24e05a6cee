"""The definition of a function, found in its source by its code object alone.

Only the function's own lines are parsed, whatever the length of the file; code counts its lines from its first one, so
that they move to their true place for nothing.  The definition is
compiled where the function's free variables are free again (a factory that has them as parameters), and what comes out
must equal the code that runs: so two lambdas on one line are told apart, and a file that has changed since is noticed.

A file whose text is not Python, because somebody lowers it when it is compiled, has an entry in `trees`.
"""

import __future__

import ast
import dis
import linecache
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from types import CodeType
from typing import Any, NamedTuple

__all__ = [
    "Definition",
    "NoSource",
    "Node",
    "compile_within",
    "definition",
    "enclosing_class",
    "nested",
    "quiet",
    "trees",
]

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUTURE = 0
for _name in __future__.all_feature_names:
    FUTURE |= getattr(__future__, _name).compiler_flag
FUTURE &= ~0x10  # nested scopes: that bit tells whether a function is a nested one
HERE = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
FACTORY = "__pg_factory__"
OP = dis.opmap
EXTENDED, JUMPS = OP["EXTENDED_ARG"], frozenset(dis.hasjrel)
SKIPPED = frozenset([OP[op] for op in ("CACHE", "PRECALL", "PUSH_NULL", "EXTENDED_ARG") if op in OP])
METHOD_LOADS = {OP["LOAD_METHOD"]: OP["LOAD_ATTR"]} if OP.get("LOAD_METHOD", 256) < 256 else {}  # 3.11
FLAGGED = frozenset(
    [OP["LOAD_GLOBAL"], *([] if METHOD_LOADS else [OP["LOAD_ATTR"]])]
)  # the lowest bit: for a call

trees: dict[
    str, Callable[[], ast.AST]
] = {}  # files whose text is lowered -> the syntax tree that was compiled


class NoSource(Exception):
    """Why a function cannot be woven."""


class Definition(NamedTuple):
    """The syntax tree of a function, and what to add to its line numbers."""

    node: Node
    shift: int


def definition(code: CodeType, module: dict[str, Any]) -> Definition:
    """The syntax tree that `code` was compiled from; raises NoSource if it is not to be had.

    module  the function's globals: they know the loader of a module in a zip file
    """
    if code.co_filename in trees:
        for found in in_tree(code, trees[code.co_filename]()):
            if same_code(compile_within(found, code), code):
                return found
    for _ in range(2):
        lines = linecache.getlines(code.co_filename, module)
        if not lines:
            raise NoSource(f"{code.co_filename} has no source")
        for found in candidates(code, lines):
            if same_code(compile_within(found, code), code):
                return found
        linecache.checkcache(code.co_filename)  # the file may have been written since its lines were read
    raise NoSource(
        f"the source of {code.co_name} in {code.co_filename}:{code.co_firstlineno} is not what runs"
    )


def candidates(code: CodeType, lines: Sequence[str]) -> Iterator[Definition]:
    if code.co_firstlineno <= len(lines):
        yield from (lambdas if code.co_name == "<lambda>" else functions)(code, lines)


def quiet() -> warnings.catch_warnings:
    """Warnings about the user's text were given when Python compiled it."""
    return warnings.catch_warnings(action="ignore")


# ---- finding it ----------------------------------------------------------------------------------------------------
def functions(code: CodeType, lines: Sequence[str]) -> Iterator[Definition]:
    """The `def` that starts at the first line of `code`: up to the next line that is indented no deeper."""
    first = code.co_firstlineno
    indent = indentation(lines[first - 1])
    start = "if 1:\n" if indent else ""
    for end in dedents(lines, last_line(code), indent):
        try:
            node: Any = ast.parse(start + "".join(lines[first - 1 : end])).body[0]
        except SyntaxError:  # a line of a string, or inside brackets
            continue
        node = node.body[0] if indent else node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield located(bare(node), first - 1 - bool(indent), code)
        return


def in_tree(code: CodeType, tree: ast.AST) -> Iterator[Definition]:
    """The definitions in `tree` that start on the first line of `code`, under its name."""
    for node in ast.walk(tree):
        if not isinstance(node, Node) or getattr(node, "name", "<lambda>") != code.co_name:
            continue
        first = min([node.lineno, *[d.lineno for d in getattr(node, "decorator_list", [])]])
        if first == code.co_firstlineno:
            found = Definition(bare(deepcopy(node)), 0)
            if code.co_name != "<lambda>" or same_positions(compile_within(found, code), code):
                yield found


def located(node: Node, shift: int, code: CodeType) -> Definition:
    """`node`, of which `code` was made, `shift` lines further down."""
    if not has_class(code):
        return Definition(node, shift)
    return Definition(ast.increment_lineno(node, shift), 0)  # a class keeps its line number in a constant


def has_class(code: CodeType) -> bool:
    return any(not inner.co_flags & 1 or has_class(inner) for inner in nested(code))


def dedents(lines: Sequence[str], last: int, indent: int) -> Iterator[int]:
    """The line numbers, after `last`, where a block may end whose first line has `indent`."""
    tries = 0
    for number in range(last, len(lines)):
        text = lines[number].lstrip()
        if text and text[0] != "#" and indentation(lines[number]) <= indent:
            yield number
            tries += 1
            if tries > 50:
                return
    yield len(lines)


def indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def last_line(code: CodeType) -> int:
    starts = [line or 0 for _, _, line in code.co_lines()]
    return max([code.co_firstlineno, *starts, *map(last_line, nested(code))])


def lambdas(code: CodeType, lines: Sequence[str]) -> Iterator[Definition]:
    """The lambdas that start on the first line of `code`."""
    line = code.co_firstlineno
    text = lines[line - 1]
    tail = "".join(lines[line - 1 : last_line(code) + 50])
    ends = [(p[1], p[3]) for p in code.co_positions() if p[1] is not None and p[3] is not None]
    least = 0
    if ends:
        row, column = max(ends)
        before = lines[line - 1 : row - 1]
        least = sum(map(len, before)) + len(lines[row - 1].encode()[:column].decode(errors="ignore"))
    for match in nearest_first(list(re.finditer(r"\blambda\b", text)), text, code):
        column = len(text[: match.start()].encode())
        for end in closings(tail, max(least, match.end())):
            try:
                node: Any = ast.parse("(\n" + " " * column + tail[match.start() : end] + "\n)").body[0]
            except SyntaxError:
                continue
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Lambda):
                found = located(bare(node.value), line - 2, code)
                compiled = compile_within(found, code)
                if same_positions(compiled, code) and same_code(compiled, code):
                    yield found
                    return


def nearest_first(words: list[re.Match[str]], text: str, code: CodeType) -> list[re.Match[str]]:
    """Those of the `words` in the line `text` that stand before the body of `code`, the last one first."""
    starts = [(p[0], p[2]) for p in code.co_positions() if None not in p and (p[0], p[2]) < (p[1], p[3])]
    if not starts:  # Python runs without positions
        return words
    row, column = min(starts)
    end = column if row == code.co_firstlineno else len(text.encode())
    return [word for word in reversed(words) if len(text[: word.start()].encode()) < end]


def closings(text: str, least: int) -> Iterator[int]:
    """Where an expression in `text` may end that is at least so long: there, or after a bracket or a line."""
    yield least
    for match in list(re.finditer(r"[)\]}'\"\n,]", text[least:]))[:200]:
        yield least + match.start()
        yield least + match.end()


# ---- compiling it --------------------------------------------------------------------------------------------------
def bare(node: Any) -> Any:
    """`node` without what its caller evaluates: decorators, defaults, annotations."""
    args = node.args
    args.defaults = []
    args.kw_defaults = [None] * len(args.kwonlyargs)
    if isinstance(node, ast.Lambda):
        return node
    node.decorator_list, node.returns = [], None
    if hasattr(node, "type_params"):
        node.type_params = []
    for arg in [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]:
        if arg is not None:
            arg.annotation = None
    return node


def compile_within(found: Definition, code: CodeType, extra: Sequence[str] = ()) -> CodeType:
    """The code of the definition, compiled where the free variables of `code` and the names `extra` are free."""
    node = found.node
    free = [*code.co_freevars, *extra]
    nobody = ast.arguments(
        posonlyargs=[], args=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[]
    )
    nobody.args = [ast.arg(arg=name, annotation=None, **HERE) for name in free]
    body: list[ast.stmt]
    if isinstance(node, ast.Lambda):
        body = [ast.Expr(value=node, **HERE)]
    elif node.name in free:
        body = [node]
    else:
        body = [ast.Global(names=[node.name], **HERE), node]  # its own name is no variable of the factory
    factory: ast.stmt = ast.FunctionDef(
        name=FACTORY, args=nobody, body=body, decorator_list=[], returns=None, **HERE
    )
    factory.type_params = []  # type: ignore[attr-defined]
    for name in enclosing_class(code):  # private names are mangled with it
        factory = ast.ClassDef(name=name, bases=[], keywords=[], body=[factory], decorator_list=[], **HERE)
        factory.type_params = []  # type: ignore[attr-defined]
    try:
        compiled = compile(
            ast.Module(body=[factory], type_ignores=[]),
            code.co_filename,
            "exec",
            code.co_flags & FUTURE,
            True,
        )
    except SyntaxError as error:
        raise NoSource(f"{code.co_name} does not compile on its own: {error}") from None
    while FACTORY not in compiled.co_name:
        compiled = nested(compiled)[0]
    return placed(nested(compiled)[0], code.co_qualname, found.shift)


def enclosing_class(code: CodeType) -> list[str]:
    """The innermost class around the definition of `code`, read from its qualified name."""
    parts = code.co_qualname.split(".")[:-1]
    classes = [name for name, then in zip(parts, [*parts[1:], ""]) if name != "<locals>" != then]
    return classes[-1:]


def placed(code: CodeType, name: str, shift: int) -> CodeType:
    """`code`, with the code inside it, `shift` lines further down and under the qualified name `name`."""
    own, is_class = code.co_qualname, not code.co_flags & 1
    consts: list[Any] = []
    for const in code.co_consts:
        if type(const) is CodeType:
            const = placed(const, name + const.co_qualname[len(own) :], shift)
        elif is_class and const == own:  # the body of a class sets its __qualname__
            const = name
        consts.append(const)
    return code.replace(co_qualname=name, co_consts=tuple(consts), co_firstlineno=code.co_firstlineno + shift)


def nested(code: CodeType) -> list[CodeType]:
    """The code objects among the constants of `code`."""
    return [c for c in code.co_consts if type(c) is CodeType]


# ---- comparing it --------------------------------------------------------------------------------------------------
def same_code(a: CodeType, b: CodeType) -> bool:
    """Whether both do the same; what pytest makes of an assert statement may differ."""
    if a.co_varnames[: a.co_argcount] != b.co_varnames[: b.co_argcount] or a.co_freevars != b.co_freevars:
        return False
    if asserted(b):
        return set(a.co_names) <= {*b.co_names, "AssertionError"} and a.co_cellvars == b.co_cellvars
    return (
        (a.co_code == b.co_code or operations(a) == operations(b))
        and a.co_names == b.co_names
        and a.co_varnames == b.co_varnames
        and len(a.co_consts) == len(b.co_consts)
        and all(map(same_const, a.co_consts, b.co_consts))
    )


def operations(code: CodeType) -> list[tuple[int, int]]:
    """The instructions of `code`, but for how a method is loaded: that depends on the imports of the whole file."""
    found, high, text = [], 0, code.co_code
    for op, low in zip(text[::2], text[1::2]):
        arg = high << 8 | low
        high = arg if op == EXTENDED else 0
        if op not in SKIPPED:
            found.append((METHOD_LOADS.get(op, op), 0 if op in JUMPS else arg >> 1 if op in FLAGGED else arg))
    return found


def same_const(a: Any, b: Any) -> bool:
    if type(a) is CodeType and type(b) is CodeType:
        return same_code(a, b)
    return type(a) is type(b) and (a == b or repr(a) == repr(b))


def asserted(code: CodeType) -> bool:
    return any(name.startswith("@py") for name in code.co_varnames)


def same_positions(a: CodeType, b: CodeType) -> bool:
    return set(a.co_positions()) == set(b.co_positions())
