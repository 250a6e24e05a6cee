"""Tab completion of what only our notation has: names of a block that is being typed, and attributes after a hole.

IPython completes the rest by itself, inside blocks and after pipes too.
"""

import re
from typing import Any

import numpy as np

from .tokens import Token, tokens_of

__all__ = ["completions", "matcher_of"]

WORD = re.compile(r"(?<![\w.$])[^\W\d]\w*$")
AFTER_HOLE = re.compile(r"\$(?:[^\W\d]\w*)?\.(\w*)$")


def matcher_of(completion: type | None) -> Any:
    """A matcher of IPython's, in its API of version 2.

    completion  IPython's class of one completion, which it has from 8.6 on
    """

    def pycograd_matcher(context: Any) -> Any:
        if completion is None:
            return []  # before, a matcher does not see the cell
        lines = context.full_text.split("\n")
        line, column = context.cursor_line, context.cursor_position
        found = completions("\n".join([*lines[:line], lines[line][:column]]), context.token)
        return {"completions": [completion(text=each, type="instance") for each in found]}

    pycograd_matcher.matcher_api_version = 2  # type: ignore[attr-defined]
    return pycograd_matcher


def completions(text: str, token: str) -> list[str]:
    """What may stand in the place of `token`, with which the cell `text` ends.

    >>> completions("params{ weight = np.zeros(3); bias = wei", "wei")
    ['weight']
    """
    hole = AFTER_HOLE.search(text)
    if hole:
        names = [name for name in dir(np.ndarray) if name.startswith(hole[1])]
        return [f".{name}" for name in names if hole[1].startswith("_") or not name.startswith("_")]
    word = WORD.search(text)
    if not word:
        return []
    before = token[: len(token) - len(word[0])]
    return [
        before + name for name in names_of(tokens_of(text)) if name.startswith(word[0]) and name != word[0]
    ]


def names_of(tokens: list[Token]) -> list[str]:
    """The names that the blocks in a cell assign."""
    found: dict[str, None] = {}
    inside: list[int] = []  # how deep in brackets the statements of each open block are
    depth, first = 0, True
    tokens = [token for token in tokens if token.kind != "comment"]
    for last, token, following in zip([None, *tokens], tokens, [*tokens[1:], None]):
        if token.kind == "open":
            depth += 1
            if token.text == "{" and last and last.text == "params":
                inside.append(depth)
                first = True
                continue
        elif token.kind == "close":
            depth -= 1
            inside = [level for level in inside if level <= depth]
        elif inside and depth == inside[-1]:
            if first and token.kind == "name" and following and following.text == "=":
                found[token.text] = None
            first = token.text == ";" or token.kind == "newline"
            continue
        first = False
    return list(found)
