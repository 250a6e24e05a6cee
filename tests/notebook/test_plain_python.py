"""What has nothing of the notation in it is never touched."""

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycograd.notebook import lower

FILES = sorted(Path(json.__file__).parent.parent.glob("[a-z]*.py"))


@pytest.mark.parametrize("path", FILES[::3], ids=lambda p: p.name)
def test_files_of_python_are_left_as_they_are(path):
    assert lower(path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize(
    "text",
    [
        "x = 'a |> $b .** params{c}'",
        "# x |> $\nparams = {1: 2}",
        "params\n{1: 2}",
        "params < w, b > (1)",
        "mask = params < 3",
        "x: params < w = 3 > 2",
        "x: params < w = 3, 4 > 2",
        "f'{params<w=}'",
        "f'$ {{x |> y}} {z}'",
        "2.**3, ...**2, 2. ** 3",
        "def f(params): return params",
        "params.w, params['w'], params(w=1)",
        "a | b, a |(b), x >> 1, x > 1",
        "get_ipython().run_line_magic('timeit', '$ |> f')",
        "\tx = 1 \\\n + 2\r\n",
        "this is not Python at all",
        "",
    ],
)
def test_what_looks_like_the_notation_and_is_not(text):
    assert lower(text) is None


PIECES = st.sampled_from(
    "x y params w 1 2.5 ( ) [ ] { } | > < = == >= >> |= . .. ... ** * , ; : + - @ not in if else lambda for 'a|>b' "
    "f'{x}' f'{x:>3}' f'{x=}' '' \"$\" #$ |>".replace("|> f", "").split()[:-1]
    + [" ", "\n", "\n    ", "\\\n"]
)


@settings(max_examples=200)
@given(st.lists(PIECES, max_size=14).map(" ".join))
def test_any_python_is_left_as_it_is(text):
    try:
        ast.parse(text)
    except SyntaxError:
        return
    assert lower(text) is None
