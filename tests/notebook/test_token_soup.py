"""Any text is lowered, or is a SyntaxError at a place that it has: an unfinished or a broken cell never breaks more."""

import warnings

from hypothesis import given, settings
from hypothesis import strategies as st

from pycograd.notebook import lower
from pycograd.notebook.completion import completions

WORDS = (
    "x y params params{ params< w = 1.0 2 ( ) [ ] { } | > < == >= >> ... .** ** * , ; : := + - @ -x not in if else "
    "lambda for while def class with as import return yield await async 'a|>b' f'{ } \" ''' f'{x}' f'{x|>y=}' # $ $v "
    "$w |> *|> **|> |> $ |> f $ |> (x |> ) params{ w = } params{w=1} f( ä \\ None .w $. $if"
).split(" ")
PIECES = st.sampled_from([*WORDS, " ", "\n", "\n    ", "\n  ", "\\\n", "\t", "\r\n", "\x0c"])
CELL = """\
with params{
    w1 = 0.3 * rng.normal((2, 16)); b1 = np.zeros(16)  # a comment with |> and $
    w2 = params< a = frozen[1.0]; _t = f"{a |> np.sum = }" >
} as weights:
    logits  = $ |> $ @ w1 + b1 |> relu ** 2 |> f($v, g(h(), $v))
    both    = $a * $b |> np.sum
    obj     = |> X |> (np.tanh > 0) \\
      |> cross_entropy($, Y)
      |> np.tanh .** 3
    print(f"{(3, 4) *|> $ + $:>{1 |> len}}", [x |> f for x in xs if x |> ($ > 0)])
"""
soup = st.lists(PIECES, max_size=18).flatmap(lambda p: st.sampled_from([" ".join(p), "".join(p)]))
places = st.integers(0, len(CELL))
damaged = st.tuples(places, st.integers(0, 6), PIECES).map(
    lambda d: CELL[: d[0]] + d[2] + CELL[d[0] + d[1] :]
)
texts = st.one_of(soup, damaged)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_it_is_lowered_or_a_syntax_error_in_the_text(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `3(x)` and its like, of which Python warns
        try:
            lowered = lower(text, "cell.py")
            if lowered is not None:
                compile(lowered.tree, "cell.py", "exec")
        except SyntaxError as error:
            assert text != CELL
            lines = text.replace("\r\n", "\n").split("\n")
            assert error.lineno is None or 1 <= error.lineno <= len(lines)
            assert "__pg_" not in str(error.msg)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_it_is_completed(text):
    assert all(isinstance(name, str) for name in completions(text, text[-3:]))
