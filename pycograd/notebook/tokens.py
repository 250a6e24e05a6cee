"""The tokens of a cell, in the user's own text: Python's, and `|>` `*|>` `$v` `.**` among them.

A scanner of our own, and not the standard library's `tokenize`: that one changes with the Python version (an f-string
is one token before 3.12, many since), and gives up where a cell is not finished, which completion needs.  Nothing is
ever refused here: a text that is no Python comes out as tokens too, and Python's own parser says what is wrong with it.
"""

import re
from typing import NamedTuple

__all__ = ["Token", "significant", "tokens_of"]

PREFIX = r"(?i:[rbuft]|br|rb|fr|rf|tr|rt)?"
CODE = re.compile(
    rf"""
    (?P<space>   [ \t\f]+ | \\\n )
  | (?P<comment> \#[^\n]* )
  | (?P<newline> \n )
  | (?P<string>  {PREFIX} (?: \"\"\" | ''' | " | ' ) )
  | (?P<number>  0[xXoObB]\w+ | (?: \d[\d_]*\.?[\d_]* | \.\d[\d_]* ) (?: [eE][+-]?\d[\d_]* )? [jJ]? )
  | (?P<name>    [^\W\d]\w* )
  | (?P<pipe>    \*{{0,2}}\|> )
  | (?P<hole>    \$ (?: [^\W\d]\w* )? )
  | (?P<compose> \.\*\* )
  | (?P<open>    [(\[{{] )
  | (?P<close>   [)\]}}] )
  | (?P<op>      \.\.\. | (?: \*\* | // | << | [-+*/%@&|^<>=!:] )= | \*\* | // | << | -> | . )
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPES = re.compile(r"\\(?:N\{[^}]*\}|[^{])|\{\{|\}\}")  # what in the text of an f-string opens no field
RAW_ESCAPES = re.compile(r"\\[^{]|\{\{|\}\}")


class Token(NamedTuple):
    """One token: `text[start:end]` of the cell.

    kind  name, number, string, op, open, close, newline, comment, pipe, hole or compose; a field of an f-string is an
          `open`, the tokens in it and a `close`, between two pieces of kind `string`; the `=` of `{x = }` is a `debug`,
          with the spaces after it, and its `text` is all that the field prints; `>>` is two, which may close two blocks
    """

    kind: str
    start: int
    end: int
    text: str


def tokens_of(text: str) -> list[Token]:
    """All tokens of `text`, whose lines end in newlines, spaces left out.

    >>> [token.text for token in tokens_of("x |> f($v)")]
    ['x', '|>', 'f', '(', '$v', ')']
    """
    scanner = Scanner(text)
    scanner.code()
    return scanner.found


def significant(tokens: list[Token], index: int, skipped: tuple[str, ...] = ("comment", "newline")) -> int:
    """The index of the first token from `index` on that is of no kind in `skipped`."""
    while index < len(tokens) and tokens[index].kind in skipped:
        index += 1
    return index


class Scanner:
    """Reads `text` once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found: list[Token] = []

    def add(self, kind: str, end: int) -> None:
        if end > self.at:
            self.found.append(Token(kind, self.at, end, self.text[self.at : end]))
        self.at = end

    def code(self, field: bool = False) -> None:
        """Tokens up to the end; of a field of an f-string, up to what ends its expression."""
        depth, first = 0, len(self.found)
        while self.at < len(self.text):
            match = CODE.match(self.text, self.at)
            assert match, "the last alternative matches everything"
            kind, end = match.lastgroup, match.end()
            if field and not depth and (match[0] in "}:" or match[0] == "!" or match[0][0] == ":"):
                self.debug(first)
                return
            if kind == "space":
                self.at = end
            elif kind == "string":
                self.string(match[0])
            else:
                depth += (kind == "open") - (kind == "close")
                self.add(str(kind), end)

    def debug(self, first: int) -> None:
        """The tokens of a field are found: is it `{x = }`, which prints its own text?"""
        if len(self.found) > first and self.found[-1].text == "=":
            field = self.found[first - 1].end
            self.found[-1] = Token("debug", self.found[-1].start, self.at, self.text[field : self.at])

    # ---- strings ----
    def string(self, opening: str) -> None:
        """A string that starts with `opening`: its prefix and quotes."""
        quotes = opening.lstrip("rRbBuUfFtT")
        prefix = opening[: -len(quotes)].lower()
        start, self.at = self.at, self.at + len(opening)
        if "f" in prefix or "t" in prefix:
            self.formatted(start, quotes, "r" in prefix)
            return
        end = self.closing(quotes)
        self.at = start
        self.add("string", end)

    def closing(self, quotes: str) -> int:
        """Where the string ends that is open at `at`."""
        at = self.at
        while at < len(self.text):
            if self.text.startswith(quotes, at):
                return at + len(quotes)
            if self.text[at] == "\n" and len(quotes) == 1:
                return at  # never closed
            at += 2 if self.text[at] == "\\" else 1
        return len(self.text)

    def formatted(self, start: int, quotes: str, raw: bool) -> None:
        """The rest of an f-string whose first piece starts at `start`: pieces of text, and fields between them."""
        at, self.at = self.at, start
        while at < len(self.text):
            escape = (RAW_ESCAPES if raw else ESCAPES).match(self.text, at)
            if self.text.startswith(quotes, at):
                at += len(quotes)
                break
            if escape:
                at = escape.end()
            elif self.text[at] == "{":
                self.add("string", at)
                self.field(quotes, raw)
                at = self.at
            elif self.text[at] == "\n" and len(quotes) == 1:
                break
            else:
                at += 1
        self.add("string", min(at, len(self.text)))

    def field(self, quotes: str, raw: bool) -> None:
        """A field, at whose `{` we are: an expression, a conversion, a format that may have fields itself."""
        self.add("open", self.at + 1)
        self.code(field=True)
        at = self.at
        while at < len(self.text) and self.text[at] != "}":
            if self.text.startswith(quotes, at) or (self.text[at] == "\n" and len(quotes) == 1):
                self.add("string", at)
                return  # never closed
            if self.text[at] == "{":
                self.add("string", at)
                self.field(quotes, raw)
                at = self.at
            else:
                at += 1
        self.add("string", at)
        self.add("close", min(at + 1, len(self.text)))
