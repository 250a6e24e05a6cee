"""Lowering: the marked syntax tree becomes plain Python; when it runs, nothing of the notation is left.

    x |> f |> $ @ w + b        f(x) @ w + b
    x |> g(h(), $)             (lambda _: g(h(), _))(x)          so that x comes first
    t *|> $a - $b              (lambda a, b: a - b)(*t)
    logits = $ |> f |> g       def logits(_, /): return g(f(_))
    |> X |> f                  lambda: f(X)
    x |> np.tanh ** 2          np.tanh(x) ** 2                   (`pointfree.py`)
    params{ w = 1.0 }          a call with the assignments       (`blocks.py`)

A hole belongs to the innermost pipe around it.  Where the value of a pipe can stand in the place of the hole without
anything being computed in another order, it does, so that a stage costs nothing; else the stage is a function.
"""

import ast
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from .blocks import block_of
from .building import SCOPES, at, call, fresh, function_of, identifiers, occurrences, replaced, variables
from .marking import Marks, mark
from .order import comes_first, is_plain, moves_out
from .pointfree import applied, composed, functions_in, is_operation, is_value, power_of
from .positions import Marked, Text, relocate

__all__ = ["Lowered", "lower"]

HINTS = ("|>", "$", ".**", "params")
COMPARISON = re.compile(r"\bparams\s*<")
Parse = Callable[[str], Any]


class Lowered(NamedTuple):
    """What a text became.

    tree       plain Python, every node at the position of the user's text that it is from
    functions  the first line and the name of each function that a pipe or a block became -> the lines of its statement
    """

    tree: Any
    functions: dict[tuple[int, str], tuple[int, int]]


def lower(text: str, filename: str = "<unknown>", parse: Parse = ast.parse) -> Lowered | None:
    """Lower the text of a cell or a file; None if it is plain Python as it stands.

    parse  text -> syntax tree
    Raises SyntaxError, at the user's own line and column.

    >>> import ast
    >>> print(ast.unparse(lower("y = x |> np.tanh |> $ @ w").tree))
    y = np.tanh(x) @ w
    """
    if not any(hint in text for hint in HINTS):
        return None
    source = Text(text.replace("\r\n", "\n").replace("\r", "\n"))
    if COMPARISON.search(text) and is_python(source.text):
        return None
    marks = Marks(source.text)
    try:
        marked = mark(source, marks)
        return Lowering(source, marks, parse).whole(marked) if marked else None
    except SyntaxError as error:
        error.filename = filename
        raise error.with_traceback(None)  # noqa: B904  # our own frames would tell the user nothing


def is_python(text: str) -> bool:
    """Whether the text is Python as it stands: `params < ...` may be a comparison."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


class Lowering(ast.NodeTransformer):
    """Lowers one text."""

    def __init__(self, source: Text, marks: Marks, parse: Parse) -> None:
        self.source, self.marks, self.parse = source, marks, parse
        self.holes: list[list[ast.Name]] = []  # of the stages that we are in, outermost first
        self.iterables = 0
        self.statement = (1, 1)
        self.functions: dict[tuple[int, str], tuple[int, int]] = {}

    def whole(self, marked: Marked) -> Lowered:
        tree = self.visit(self.parsed(marked))
        for node, name in identifiers(tree):
            if self.marks.prefix in name:
                raise self.error(f"`{self.shown(name)}` cannot stand here", node)
        return Lowered(tree, self.functions)

    def parsed(self, marked: Marked) -> Any:
        try:
            return relocate(self.parse(marked.parsed.text), marked)
        except SyntaxError as error:
            raise marked.error(error) from None

    def error(self, message: str, node: Any) -> SyntaxError:
        while not hasattr(node, "lineno"):  # `arguments` and their like have no place of their own
            node = next(ast.iter_child_nodes(node))
        start = self.source.offset(node.lineno, node.col_offset)
        return self.source.error(message, start, self.source.offset(node.end_lineno, node.end_col_offset))

    def shown(self, name: str) -> str:
        """What the user wrote for a name of ours."""
        for prefix, text in (
            (self.marks.named, "$"),
            (self.marks.hole, "$"),
            (self.marks.block, "params{...}"),
        ):
            if name.startswith(prefix):
                return text + name[len(prefix) :] * (prefix == self.marks.named)
        return ".**" if name == self.marks.compose else "|>"

    # ---- statements ----
    def visit(self, node: Any) -> Any:
        if not isinstance(node, ast.stmt):
            return super().visit(node)
        around, self.statement = self.statement, header(node)
        found = super().visit(node)
        self.statement = around
        return found

    def visit_Assign(self, node: ast.Assign) -> Any:
        """`name = $ |> ...` defines a function of that name."""
        found = self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, ast.Name) or not hasattr(node.value, "from_pipe"):
            return found
        body = [at(node.value.body, ast.Return(value=node.value.body))]
        definition = ast.FunctionDef(
            name=target.id,
            args=node.value.args,
            body=body,
            decorator_list=[],
            returns=None,
            type_comment=None,
        )
        definition.type_params = []  # type: ignore[attr-defined]
        self.functions[node.lineno, target.id] = self.statement
        return at(node, definition)

    # ---- names ----
    def visit_Name(self, node: ast.Name) -> Any:
        marks = self.marks
        if node.id.startswith((marks.hole, marks.named)):
            if not self.holes:
                raise self.error(f"`{self.shown(node.id)}` outside a pipe: `$ |> ...` is a function", node)
            self.holes[-1].append(self.read(node))
        elif node.id in marks.blocks:
            if self.iterables:
                raise self.error("params{...} in the `in` of a comprehension: give it a name first", node)
            return self.noted(block_of(self, marks.blocks[node.id], self.read(node)))
        elif node.id in (marks.pipe, marks.splat, marks.thunk, marks.compose):
            raise self.error("put this pipe in parentheses", node)
        return node

    def read(self, node: ast.Name) -> ast.Name:
        """The name, which must stand where a variable is read."""
        if not isinstance(node.ctx, ast.Load):
            raise self.error(f"`{self.shown(node.id)}` cannot be assigned to", node)
        return node

    def visit_Constant(self, node: ast.Constant) -> Any:
        """What `f"{x |> f = }"` prints of itself."""
        if isinstance(node.value, str) and self.marks.printed in node.value:
            for name, text in self.marks.texts.items():
                node.value = node.value.replace(name, text)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> Any:
        node.target = self.visit(node.target)
        self.iterables += 1
        node.iter = self.visit(node.iter)
        self.iterables -= 1
        node.ifs = [self.visit(test) for test in node.ifs]
        return node

    # ---- pipes ----
    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if self.is_pipe(node):
            return self.pipe(node)
        inner = node.right
        if isinstance(node.op, ast.Pow) and isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Pow):
            if isinstance(inner.left, ast.Name) and inner.left.id == self.marks.compose:
                return composed(self, self.visit(node.left), self.visit(inner.right), node)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        self.generic_visit(node)
        if any(hasattr(side, "from_pipe") for side in (node.left, *node.comparators)):
            if not all(isinstance(op, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for op in node.ops):
                raise self.error("a comparison stage needs parentheses: `$ |> (f > 0)`, `x |> ($ > 0)`", node)
        return node

    def is_pipe(self, node: Any) -> bool:
        return (
            is_or(node)
            and is_or(node.left)
            and isinstance(node.left.right, ast.Name)
            and node.left.right.id in (self.marks.pipe, self.marks.splat)
        )

    def pipe(self, node: ast.BinOp) -> Any:
        """A pipe: its value, or a function if its first stage has holes."""
        head, stages = self.chain(node)
        thunk = isinstance(head, ast.Name) and head.id == self.marks.thunk
        if thunk:
            _, head = stages.pop(0)
        value, holes = self.scoped(head)
        if thunk and holes:
            raise self.error("a pipe that starts with `|>` takes no argument; `$ |> ...` takes one", head)
        for splat, stage in stages:
            value = self.passed(value, stage, splat)
        return self.function(holes, value, node) if thunk or holes else value

    def chain(self, node: Any) -> tuple[ast.expr, list[tuple[bool, ast.expr]]]:
        """The first expression of a pipe, and its stages, each with whether it is handed the elements of a tuple."""
        stages = []
        while self.is_pipe(node):
            stages.append((node.left.right.id == self.marks.splat, node.right))
            node = node.left.left
        return node, stages[::-1]

    def scoped(self, stage: ast.expr) -> tuple[ast.expr, list[str]]:
        """The stage, lowered, and its own holes, in the order of the text, as often as they stand there."""
        self.holes.append([])
        lowered = self.visit(stage)
        return lowered, [hole.id for hole in sorted(self.holes.pop(), key=lambda h: (h.lineno, h.col_offset))]

    def passed(self, value: ast.expr, stage: ast.expr, splat: bool) -> ast.expr:
        """`value |> stage`, or `value *|> stage`."""
        body, holes = self.scoped(stage)
        if not holes:
            return self.called(value, body, stage, splat)
        if not splat and len(set(holes)) > 1:
            count = f"this stage has {len(set(holes))} holes, and `|>` passes one value on"
            raise self.error(f"{count}: `*|>` passes the elements of a tuple; `$v` twice is one hole", stage)
        if not splat and self.may_replace(value, body, holes):
            return replaced(body, holes[0], value)
        moved = moves_out(body)
        if moved is not None:
            raise self.error(
                "this cannot stand in a stage: compute it before, in a statement of its own", moved
            )
        return call(self.function(holes, body, stage), [starred(value) if splat else value], stage)

    def called(self, value: ast.expr, body: ast.expr, stage: ast.expr, splat: bool) -> ast.expr:
        """`value |> body`, where `body` has no hole: a function, or an expression of functions."""
        text = self.text(stage)
        if is_value(body):
            raise self.error(f"the stage `{text}` is no function, and has no hole `$` for the value", stage)
        if splat and is_operation(body):
            raise self.error("`*|>` needs a function, or holes for the values: `*|> $a ** 2 + $b`", stage)
        if not is_plain(value) and not all(is_plain(part, callee=True) for part in functions_in(body)):
            name = fresh("_", variables(body))
            inner = self.called(at(stage, ast.Name(id=name, ctx=ast.Load())), body, stage, splat)
            return call(self.noted(function_of([name], inner, stage, 1)), [value], stage)
        if splat:
            return call(body, [starred(value)], stage)
        if is_operation(body):
            return applied(body, value, text, stage)
        function, count = power_of(body) or (body, 1)
        for _ in range(count):
            value = call(function, [value], stage)
        return value

    def may_replace(self, value: ast.expr, body: ast.expr, holes: list[str]) -> bool:
        """Whether `value` may stand where the hole stands in `body`: nothing is computed twice or in another order."""
        if isinstance(value, (ast.Name, ast.Constant)) and moves_out(body) is None:
            scopes = [node for node in ast.walk(body) if isinstance(node, SCOPES)]
            return not any(occurrences(scope, holes) for scope in scopes)
        return len(holes) == 1 and comes_first(body, holes[0], is_plain(value))

    def text(self, node: ast.expr) -> str:
        """The user's text of an expression, on one line."""
        start = self.source.offset(node.lineno, node.col_offset)
        end = self.source.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return " ".join(self.source.text[start:end].split())

    # ---- functions ----
    def function(self, holes: list[str], body: ast.expr, place: ast.AST) -> Any:
        """The function of the `holes`, each a parameter, that returns `body`.

        An anonymous hole is passed by position, a named one by its name too, unless `body` has such a variable.
        """
        used = variables(body)
        anonymous = [hole for hole in dict.fromkeys(holes) if hole.startswith(self.marks.hole)]
        names: list[str] = []
        positional = 0
        for number, hole in enumerate(dict.fromkeys(holes), start=1):
            if hole in anonymous:
                name, positional = f"_{number}" if len(anonymous) > 1 else "_", number
            else:
                name = hole.removeprefix(self.marks.named)
            name = fresh(name, used)
            used.add(name)
            names.append(name)
            for node in occurrences(body, [hole]):
                node.id = name
        made = function_of(names, body, place, positional)
        made.from_pipe = True
        return self.noted(made)

    def noted(self, node: Any) -> Any:
        """A node with a function of ours in it: its source is the statement that we are in."""
        first, last = self.statement
        place = self.statement if first <= node.lineno <= last else (node.lineno, node.end_lineno)
        self.functions[node.lineno, "<lambda>"] = place
        return node


def starred(value: ast.expr) -> Any:
    return at(value, ast.Starred(value=value, ctx=ast.Load()))


def is_or(node: Any) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)


def header(node: Any) -> tuple[int, int]:
    """The first and the last line of a statement, or of what comes before the statements in it."""
    inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.match_case))]
    if not inner:
        return node.lineno, node.end_lineno
    following = inner[0].pattern if isinstance(inner[0], ast.match_case) else inner[0]
    return node.lineno, max(node.lineno, following.lineno - 1)
