"""The scanner finds the tokens of Python that the standard library finds, and ours, and gives up on nothing."""

import io
import json
import random
import string
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycograd.notebook.tokens import tokens_of

FILES = sorted(Path(json.__file__).parent.parent.glob("[a-z]*.py"))
KINDS = (tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.COMMENT, tokenize.OP)
MIDDLE = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")}


def expected(text):
    """Offset and text of each token by the standard library, but for those in f-strings."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    inside = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        name = tokenize.tok_name[token.type]
        inside += (name == "FSTRING_START") - (name == "FSTRING_END")
        prefix = token.string.split(token.string[-1:] or " ", 1)[0].lower()
        if inside or token.type in MIDDLE or (token.type == tokenize.STRING and "f" in prefix):
            continue
        if token.type in KINDS and not token.string.startswith(">>"):
            yield starts[token.start[0] - 1] + token.start[1], token.string


@pytest.mark.parametrize("path", random.Random(0).sample(FILES, 12), ids=lambda p: p.name)
def test_the_standard_library_has_the_tokens_that_tokenize_finds_and_none_of_ours(path):
    text = path.read_text(encoding="utf-8")
    found = tokens_of(text)
    assert not {t.kind for t in found} & {"pipe", "hole", "compose"}
    assert set(expected(text)) <= {(t.start, t.text) for t in found}


def kinds(text):
    return [(t.kind, t.text) for t in tokens_of(text)]


def test_our_tokens():
    assert kinds("x|>f") == [("name", "x"), ("pipe", "|>"), ("name", "f")]
    assert kinds("t *|> $ + $v2") == [
        ("name", "t"), ("pipe", "*|>"), ("hole", "$"), ("op", "+"), ("hole", "$v2"),
    ]  # fmt: skip
    assert kinds("f .** n") == [("name", "f"), ("compose", ".**"), ("name", "n")]


@pytest.mark.parametrize(
    "text", ["2.**3", "...**2", "x |= y", "a >> b", "1_0.5e-3j", "0x1F", "a->b", "x: int|None", "'$|>'"]
)
def test_python_has_none_of_them(text):
    assert not {kind for kind, _ in kinds(text)} & {"pipe", "hole", "compose"}


@pytest.mark.parametrize(
    "text",
    [
        "'$ |> f'",
        '"""a\n$ |> f\n"""',
        "# x |> $",
        "b'|>'",
        r"'\'|>'",
        r"r'\'|>'",
        "f'$ |> {{x |> y}}'",
        r"f'\N{DOLLAR SIGN}|>'",
    ],
)
def test_strings_and_comments_are_text(text):
    assert {kind for kind, _ in kinds(text)} <= {"string", "comment"}


def test_fields_of_f_strings_are_code():
    assert [t for k, t in kinds("f'{x |> f!r:>{n |> g}} $'") if k in ("pipe", "hole")] == ["|>", "|>"]
    assert ("pipe", "|>") in kinds(r"f'\{x |> f}'") and ("pipe", "|>") in kinds("rf'\\{x |> f}'")
    assert [t for k, t in kinds("f'{x |> f = }'") if k == "debug"] == ["x |> f = "]


@given(st.text(alphabet=string.printable + "äπ$|>{}'\"", max_size=60))
def test_any_text_is_scanned_and_nothing_is_made_up(text):
    at = 0
    for token in tokens_of(text):
        start = token.start if token.kind != "debug" else token.end
        assert token.start >= at - (token.kind == "debug") and start <= token.end
        assert token.kind == "debug" or text[token.start : token.end] == token.text
        at = token.end
