"""Marking: the user's text made Python, token by token, so that Python's own parser knows what belongs to what.

    x |> f($, $v)          x |pipe| f(hole_0, named_v)
    t *|> f                t |splat| f
    |> X |> f              thunk |pipe| X |pipe| f
    f .** n                f **compose** n
    params{ ... }          block_0, its statements marked one by one

So a pipe binds as `|` does: looser than arithmetic, tighter than comparisons, from left to right.  The names have a
prefix that the text has nowhere.  What they mean is the business of `lowering.py`.
"""

import keyword
from typing import NamedTuple

from .positions import Edit, Marked, Text
from .tokens import Token, significant, tokens_of

__all__ = ["ONLY", "UNCLOSED", "Block", "Marks", "mark"]

COMPARISONS = frozenset(["<", ">", "<=", ">=", "==", "!="])
LOOSER = frozenset(
    [",", ";", ":", "=", ":=", "->"] + [f"{op}=" for op in "+ - * / // % @ & | ^ << >> **".split()]
)
UNCLOSED = "'{' was never closed"
VALUES = frozenset(["True", "False", "None"])
OPERANDS = frozenset(["name", "number", "string", "close", "hole"])
ONLY = (
    "only assignments `name = value` may stand in params{...}, on lines of their own or with `;` between them"
)


class Block(NamedTuple):
    """A `params{...}`: its assignments, and where it stands in the user's text."""

    statements: list[Marked]
    start: int
    end: int


class Marks:
    """The names that stand for what is not Python, and the blocks and texts behind those that are numbered."""

    def __init__(self, text: str) -> None:
        prefix = "__pg_"
        while prefix in text:
            prefix += "_"
        self.prefix = prefix
        self.pipe, self.splat, self.thunk, self.compose = [
            prefix + word for word in ("pipe", "splat", "thunk", "compose")
        ]
        self.hole, self.named = prefix + "hole_", prefix + "named_"
        self.block, self.printed = prefix + "block_", prefix + "text_"
        self.blocks: dict[str, Block] = {}
        self.texts: dict[str, str] = {}
        self.count = 0

    def number(self, kind: str) -> str:
        """A new name of that kind."""
        self.count += 1
        return f"{kind}{self.count}_"


class Level:
    """What a bracket has seen since the last token that binds more loosely than a comparison."""

    def __init__(self, edits: int) -> None:
        self.edits = edits  # how many edits come before the bracket
        self.piped = self.compared = False

    def reset(self) -> None:
        self.piped = self.compared = False


def mark(source: Text, marks: Marks) -> Marked | None:
    """The text with its marks; None if there is nothing to mark."""
    tokens = tokens_of(source.text)
    if not any(t.kind in ("pipe", "hole", "compose") or t.text == "params" for t in tokens):
        return None
    edits = Region(source, tokens, marks).edits_of(0, len(tokens))
    return Marked(source, 0, len(source.text), edits) if edits else None


class Region:
    """Some tokens that are parsed together: those of the whole text, or of one statement of a block."""

    def __init__(self, source: Text, tokens: list[Token], marks: Marks, whole: bool = True) -> None:
        self.source, self.tokens, self.marks, self.whole = source, tokens, marks, whole
        self.edits: list[Edit] = []
        self.levels = [Level(0)]
        self.before: Token | None = None  # the last token that says anything
        self.line_start: Token | None = None  # the first one of the logical line
        self.line_ended = False

    def edits_of(self, index: int, end: int) -> list[Edit]:
        """The edits of `tokens[index:end]`."""
        while index < end:
            token = self.tokens[index]
            if token.kind == "newline":
                self.line_ended = self.line_ended or (len(self.levels) == 1 and self.before is not None)
            elif token.kind != "comment":
                if token.kind != "pipe" and self.line_ended and self.whole:
                    self.new_line()
                self.line_start = self.line_start or token
                index = self.token(index, token)
                self.before, self.line_ended = self.tokens[index], False
            index += 1
        return self.edits

    def new_line(self) -> None:
        self.line_start = None
        self.levels[-1].reset()

    def token(self, index: int, token: Token) -> int:
        """Take in one token, or the block that it starts; the index of the last one taken in."""
        kind, level = token.kind, self.levels[-1]
        if kind == "pipe":
            self.pipe(token, level)
        elif kind == "hole":
            self.hole(token, token.text[1:])
        elif kind == "compose":
            self.edit(token, f" **{self.marks.compose}** ")
        elif kind == "open":
            self.levels.append(Level(len(self.edits)))
        elif kind == "close":
            if len(self.levels) > 1:
                self.levels.pop()
        elif kind == "debug":
            self.debug(token, level)
        elif kind == "op":
            self.operator(token, level)
        elif kind == "name":
            opening = block_opening(self.tokens, index, not self.whole or len(self.levels) > 1)
            if opening is not None and not (self.before and self.before.text in (".", "def", "class")):
                return self.block(index, opening)
            if is_keyword(token):
                level.reset()
        return index

    def edit(self, token: Token, new: str) -> None:
        self.edits.append(Edit(token.start, token.end, new))

    def named(self, start: int, end: int, name: str) -> None:
        """Put a name in the place of a piece of the text, apart from what touches it."""
        before, after = self.source.text[start - 1 : start], self.source.text[end : end + 1]
        self.edits.append(Edit(start, end, " " * joins(before) + name + " " * joins(after)))

    def operator(self, token: Token, level: Level) -> None:
        if token.text in LOOSER:
            level.reset()
        elif token.text in COMPARISONS:
            level.compared = level.compared or not self.in_shift(token)
        elif token.text == "|" and level.piped:
            raise self.error("`|` after a pipe: put the pipe, or the stage, in parentheses", token)

    def in_shift(self, token: Token) -> bool:
        """Whether the `>` is half of `>>`."""
        around = self.source.text[token.start - 1 : token.start], self.source.text[token.end : token.end + 1]
        return ">" in around and token.text[0] == ">"

    def hole(self, token: Token, name: str) -> None:
        if keyword.iskeyword(name):
            raise self.error(f"`${name}`: {name} is a keyword, and names no hole", token)
        self.named(
            token.start, token.end, self.marks.named + name if name else self.marks.number(self.marks.hole)
        )

    # ---- pipes ----
    def pipe(self, token: Token, level: Level) -> None:
        if token.text == "**|>":
            raise self.error(
                "`**|>` is no pipe: `|>` passes one value on, `*|>` the elements of a tuple", token
            )
        if self.starts_expression():
            if token.text == "*|>":
                raise self.error("`*|>` needs a value on its left", token)
            if self.line_ended:
                self.new_line()
                self.line_start = token
            self.edit(token, f"{self.marks.thunk} |{self.marks.pipe}| ")
        else:
            if level.compared:
                raise self.error(
                    "a comparison before `|>`: put it in parentheses, `(x > 0) |> f`, `x |> ($ > 0) |> f`",
                    token,
                )
            start = self.gap(token) if self.line_ended else token.start
            mark = self.marks.splat if token.text == "*|>" else self.marks.pipe
            self.edits.append(Edit(start, token.end, f" |{mark}| "))
        level.piped = True

    def starts_expression(self) -> bool:
        """Whether nothing stands on the left of the token at which we are."""
        before = self.before
        if before is None or (self.line_ended and before.text in (":", ";")):
            return True
        return (before.kind not in OPERANDS and before.text != "...") or is_keyword(before)

    def gap(self, token: Token) -> int:
        """Where the statement ends that the pipe at the start of a line goes on with."""
        assert self.before and self.line_start
        column, least = self.source.place(token.start)[1], self.source.place(self.line_start.start)[1]
        if self.whole and column < least:
            raise self.error(
                "a line that starts with a pipe goes on with the line above: indent it as deep", token
            )
        return self.before.end

    # ---- f-strings ----
    def debug(self, token: Token, level: Level) -> None:
        """The `=` of a field `{x |> f = }`: what it prints is the user's text, not ours."""
        if len(self.edits) == level.edits:
            return
        name = self.marks.number(self.marks.printed)
        self.marks.texts[name] = token.text
        opening = token.end - len(token.text)
        self.edits.insert(level.edits, Edit(opening - 1, opening, name + "{"))
        plain = self.source.text[token.end : token.end + 1] == "}"
        self.edit(token, "!r" if plain else "")

    # ---- blocks ----
    def block(self, index: int, opening: int) -> int:
        """Mark the block that starts at `index`; the index of its last token."""
        start, close = self.tokens[index], closing(self.tokens, opening)
        if close is None:
            raise self.error(UNCLOSED, self.tokens[opening])
        statements = [self.statement(a, b) for a, b in statements_of(self.tokens, opening + 1, close)]
        name = self.marks.number(self.marks.block)
        end = self.tokens[close].end
        self.marks.blocks[name] = Block(statements, start.start, end)
        self.named(start.start, end, name)
        return close

    def statement(self, first: int, last: int) -> Marked:
        """The assignment `tokens[first:last]`, marked; what is none is an error here, or when it is parsed."""
        start, end = self.tokens[first].start, self.tokens[last - 1].end
        depth = lambdas = assigned = 0
        for token in self.tokens[first:last]:
            depth += (token.kind == "open") - (token.kind == "close")
            if not depth and token.text == "," and not lambdas:
                raise self.error("no commas between the assignments of params{...}: newlines, or `;`", token)
            lambdas += not depth and (token.text == "lambda") - (token.text == ":" and lambdas > 0)
            assigned += not depth and token.text == "="
        if not assigned or is_keyword(self.tokens[first]):
            text = " ".join(self.source.text[start:end].split())
            raise self.source.error(f"{ONLY}; not `{text}`", start, end)
        edits = Region(self.source, self.tokens, self.marks, whole=False).edits_of(first, last)
        return Marked(self.source, start, end, edits)

    def error(self, message: str, token: Token) -> SyntaxError:
        return self.source.error(message, token.start, token.end)


def joins(character: str) -> bool:
    """Whether a name and this would be one word."""
    return character == "$" or f"_{character}".isidentifier() and character != ""


def is_keyword(token: Token) -> bool:
    return token.kind == "name" and keyword.iskeyword(token.text) and token.text not in VALUES


# ---- blocks ----------------------------------------------------------------------------------------------------------
def block_opening(tokens: list[Token], index: int, in_brackets: bool) -> int | None:
    """The index of the bracket of the `params{` or `params<` at `index`; None if it is something else."""
    if tokens[index].text != "params" or tokens[index].kind != "name":
        return None
    opening = significant(tokens, index + 1) if in_brackets else index + 1
    if opening >= len(tokens):
        return None
    if tokens[opening].text == "{" and tokens[opening].kind == "open":
        return opening
    if tokens[opening].text != "<":
        return None
    first = significant(tokens, opening + 1)
    texts = [token.text for token in tokens[first : significant(tokens, first + 1) + 1]]
    assigns = texts and tokens[first].kind == "name" and texts[-1] == "="  # so it is no comparison
    return opening if (assigns or texts[:1] == [">"]) and closing(tokens, opening) is not None else None


def closing(tokens: list[Token], opening: int) -> int | None:
    """The index of the token that closes the bracket at `opening`; None if nothing does."""
    angle, depth, index = tokens[opening].text == "<", 0, opening + 1
    while index < len(tokens):
        token = tokens[index]
        inner = block_opening(tokens, index, True) if token.text == "params" else None
        if inner is not None and tokens[inner].text == "<":
            found = closing(tokens, inner)
            if found is None:
                return None
            index = found + 1
            continue
        if not depth and (token.text == ">" if angle else token.kind == "close"):
            return index if angle or token.text == "}" else None
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0:
            return None
        index += 1
    return None


def statements_of(tokens: list[Token], index: int, end: int) -> list[tuple[int, int]]:
    """Where the statements between two indices start and end: at newlines and `;` that are in no bracket."""
    found: list[tuple[int, int]] = []
    first, last, depth = None, index, 0
    while index < end:
        token = tokens[index]
        inner = block_opening(tokens, index, True)
        after = significant(tokens, index)
        goes_on = after < end and tokens[after].kind == "pipe"
        if not depth and (token.text == ";" or (token.kind == "newline" and not goes_on)):
            if first is not None:
                found.append((first, last))
            first = None
        elif token.kind not in ("comment", "newline"):
            first = index if first is None else first
            if inner is not None:
                index = closing(tokens, inner) or end - 1
                token = tokens[index]
                depth += token.kind == "close"  # its opening was passed over
            depth += (token.kind == "open") - (token.kind == "close")
            last = index + 1
        index += 1
    return found if first is None else [*found, (first, last)]
