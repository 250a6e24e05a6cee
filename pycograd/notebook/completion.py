"""Tab completion of what only our notation has: names of blocks that are being typed or entered, attributes of holes
and of weights.

IPython completes the rest by itself, inside blocks and after pipes too.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from pycograd.nn import ParamDict

from .tokens import Token, tokens_of

__all__ = ["completions", "matcher_of"]

WORD = re.compile(r"(?<![\w.$])[^\W\d]\w*$")
AFTER_HOLE = re.compile(r"\$(?:[^\W\d]\w*)?()\.(\w*)$")
AFTER_NAME = re.compile(r"(?<![\w.$])([^\W\d]\w*)\.(\w*)$")


def matcher_of(completion: type | None, variables: Mapping[str, Any]) -> Any:
    """A matcher of IPython's, in its API of version 2.

    completion  IPython's class of one completion, which it has from 8.6 on
    variables   those of the user
    """

    def pycograd_matcher(context: Any) -> Any:
        if completion is None:
            return []  # before, a matcher does not see the cell
        lines = context.full_text.split("\n")
        line, column = context.cursor_line, context.cursor_position
        found = completions("\n".join([*lines[:line], lines[line][:column]]), context.token, variables)
        return {"completions": [completion(text=each, type="instance") for each in found]}

    pycograd_matcher.matcher_api_version = 2  # type: ignore[attr-defined]
    return pycograd_matcher


def completions(text: str, token: str, variables: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """What may stand in the place of `token`, with which the cell `text` ends.

    variables  those of the user: the weights among them that a `with` enters complete by their names

    >>> completions("params{ weight = np.zeros(3); bias = wei", "wei")
    ['weight']
    """
    tokens = tokens_of(text)
    known = dict.fromkeys([*names_of(tokens), *entered(tokens, variables)])
    array = AFTER_HOLE.search(text) or AFTER_NAME.search(text)
    if array and (array[1] in known or not array[1]):
        names = [name for name in dir(np.ndarray) if name.startswith(array[2])]
        return [f".{name}" for name in names if array[2].startswith("_") or not name.startswith("_")]
    word = WORD.search(text)
    if not word:
        return []
    before = token[: len(token) - len(word[0])]
    return [before + name for name in known if name.startswith(word[0]) and name != word[0]]


def entered(tokens: list[Token], variables: Mapping[str, Any]) -> list[str]:
    """The names of the weights that the cell enters: `with weights:`, `with a, b:`."""
    found: list[str] = []
    for token, following in zip(tokens, tokens[1:]):
        owner = variables.get(following.text)
        if token.text in ("with", ",") and isinstance(owner, ParamDict):
            found += owner._names()
    return found


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
