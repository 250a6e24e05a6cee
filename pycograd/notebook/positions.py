"""Positions: between offsets in the user's text, lines and columns as Python counts them, and the text that is parsed.

What is parsed is the user's text with some pieces replaced (`marking.py`).  Every node of its syntax tree, and every
SyntaxError, is brought back to where the user wrote it.
"""

import ast
import sys
from bisect import bisect_right
from typing import Any, NamedTuple

__all__ = ["Edit", "Marked", "Text", "relocate"]

FIELDS_HAVE_PLACES = sys.version_info >= (3, 12)  # before, the places of nodes in f-strings are often wrong


class Text:
    """A text and its lines: offsets in characters, and columns in characters or, as syntax trees have them, bytes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0]
        for line in text.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.ascii = text.isascii()

    def line(self, number: int) -> str:
        """The line of that number, counted from 1, without its newline."""
        return self.text[self.starts[number - 1] : self.starts[number] - 1]

    def offset(self, line: int, column: int) -> int:
        """The offset of a place in a syntax tree."""
        line = min(line, len(self.starts) - 1)
        if not self.ascii:
            column = len(self.line(line).encode()[:column].decode(errors="ignore"))
        return min(self.starts[line - 1] + column, len(self.text))

    def place(self, offset: int) -> tuple[int, int]:
        """The line, and the column in characters, of an offset."""
        line = min(bisect_right(self.starts, offset), len(self.starts) - 1)
        return line, offset - self.starts[line - 1]

    def node_place(self, offset: int) -> tuple[int, int]:
        """The line, and the column in bytes, of an offset."""
        line, column = self.place(offset)
        return line, column if self.ascii else len(self.line(line)[:column].encode())

    def error(self, message: str, start: int, end: int) -> SyntaxError:
        """A SyntaxError about `text[start:end]`; whoever knows the name of the file adds that."""
        (line, column), (end_line, end_column) = self.place(start), self.place(end)
        return SyntaxError(message, (None, line, column + 1, self.line(line), end_line, end_column + 1))


class Edit(NamedTuple):
    """A piece of the user's text, `start` to `end`, and what stands in its place."""

    start: int
    end: int
    new: str


class Marked:
    """A piece of the user's text with edits: what is parsed in its place.

    source  the user's text
    start, end  the piece
    edits   from left to right
    """

    def __init__(self, source: Text, start: int, end: int, edits: list[Edit]) -> None:
        self.source = source
        pieces, at, size = [], start, 0
        self.places: list[
            tuple[int, int, int, int]
        ] = []  # of each edit: in what is parsed, in the user's text
        for edit in edits:
            pieces += [source.text[at : edit.start], edit.new]
            size += edit.start - at
            self.places.append((size, size + len(edit.new), edit.start, edit.end))
            at, size = edit.end, size + len(edit.new)
        self.start = start
        self.parsed = Text("".join([*pieces, source.text[at:end]]))
        self.begins = [place[0] for place in self.places]

    def origin(self, offset: int, ends: bool = False) -> int:
        """The user's offset for an offset in the text that is parsed, where something starts, or where it `ends`."""
        index = bisect_right(self.begins, offset - ends) - 1
        if index < 0:
            return self.start + offset
        _, new_end, start, end = self.places[index]
        if offset < new_end or (ends and offset == new_end):
            return end if ends else start
        return end + offset - new_end

    def error(self, error: SyntaxError) -> SyntaxError:
        """Python's complaint about the text that is parsed, about the user's text."""
        if error.lineno is None:
            return error
        start = self.origin_of(error.lineno, error.offset)
        end = start
        if error.end_lineno and error.end_offset and error.end_offset > 0:
            end = max(start, self.origin_of(error.end_lineno, error.end_offset, ends=True))
        found = self.source.error(error.msg, start, end)
        return type(error)(found.msg, found.args[1])

    def origin_of(self, line: int, column: int | None, ends: bool = False) -> int:
        """The same for a line and a column in characters, counted from 1, as a SyntaxError has them."""
        line = min(max(line, 1), len(self.parsed.starts) - 1)
        offset = self.parsed.starts[line - 1] + max((column or 1) - 1, 0)
        return min(self.origin(min(offset, len(self.parsed.text)), ends), len(self.source.text))


def relocate(tree: Any, marked: Marked) -> Any:
    """`tree`, parsed from `marked`, with the places of the user's text."""
    waiting: list[tuple[Any, Any]] = [(tree, None)]
    while waiting:
        node, inside = waiting.pop()
        if inside is not None:
            if hasattr(node, "lineno"):
                ast.copy_location(node, inside)
        elif getattr(node, "lineno", None) is not None:
            start = marked.origin(marked.parsed.offset(node.lineno, node.col_offset))
            end = marked.origin(marked.parsed.offset(node.end_lineno, node.end_col_offset), ends=True)
            node.lineno, node.col_offset = marked.source.node_place(start)
            node.end_lineno, node.end_col_offset = marked.source.node_place(max(start, end))
            if isinstance(node, ast.JoinedStr) and not FIELDS_HAVE_PLACES:
                inside = node
        waiting += [(child, inside) for child in ast.iter_child_nodes(node)]
    return tree
