"""What is not the notation is a SyntaxError, at the user's own text and line; nothing is dropped."""

import traceback

import pytest

from pycograd.notebook import lower
from pycograd.notebook.sources import compiled

# text, with « » around what the error points at: words of its message
ERRORS = {
    "«$» + 1": "`$` outside a pipe",
    "f(«$v»)": "`$v` outside a pipe",
    "x |> f\ny = 3 |> «$ + $»": "this stage has 2 holes, and `|>` passes one value on",
    "y = 3 |> «f($a, $b)»": "this stage has 2 holes",
    "(|> «$» |> f)": "takes no argument",
    "x = («*|>» f)": r"`*|>` needs a value on its left",
    "x «**|>» f": "`**|>` is no pipe",
    "x |> f «|» g": "`|` after a pipe",
    "x |> $ > 0 «|>» f": "a comparison before `|>`",
    "x > 0 «|>» f": "a comparison before `|>`",
    "f = «$ |> np.tanh > 0»": "a comparison stage needs parentheses",
    "x |> «3»": "the stage `3` is no function, and has no hole",
    "x |> «[f,   g]»": "the stage `[f, g]` is no function",
    "x |> «2 ** 3»": "the stage `2 ** 3` is no function",
    "x *|> «f + g»": "`*|>` needs a function, or holes",
    "x |> «$if»": "if is a keyword, and names no hole",
    "(«$» := 3 |> f)": "outside a pipe",
    "3 |> [0 for «$» in x]": "cannot be assigned to",
    "«params{ w = 1 }» = x": "`params{...}` cannot be assigned to",
    "for «params{ w = 1 }» in x: pass": "`params{...}` cannot be assigned to",
    "x |> g(«$a=1»)": "`$a` cannot stand here",
    "«def $f(): pass»": "`$f` cannot stand here",
    "x |> «w.$a»": "`$a` cannot stand here",
    "u() |> f((«y := 3»), $)": "this cannot stand in a stage",
    "2 ** «|>» x |> f": "put this pipe in parentheses",
    "if c:\n    x = 1\n«|>» f": "goes on with the line above: indent it as deep",
    "x |> f(«(»": "'(' was never closed",
    "x |> «)»": "unmatched ')'",
    "x |> lambda v: v": "invalid syntax",
    "y = x |>\nf": "invalid syntax",
    "y = (x |> f\nz = 3 +": "",
    "m = params«{» w = 1.0\n": "'{' was never closed",
    "m = params{ «w» }": "only assignments `name = value` may stand in params{...}",
    "m = params{ w = 1.0«,» b = 2.0 }": "no commas between the assignments",
    "m = params{ w = 1.0«,» }": "no commas between the assignments",
    "m = params{ a«,» b = 1.0, 2.0 }": "no commas between the assignments",
    "m = params{\n  «'w': 1.0»\n}": "not `'w': 1.0`",
    "m = params{\n  w = 1.0\n  «for i in range(3)»\n}": "not `for i in range(3)`",
    "m = params{\n  «import numpy»\n  w = 1.0 }": "not `import numpy`",
    "m = params{ w = 1.0; «print(w)» }": "not `print(w)`",
    "m = params{ w = 1.0; «w += 1» }": "not `w += 1`",
    "m = params{ «w: float = 1.0» }": "not `w: float = 1.0`",
    "m = params{ «w[0] = 1.0» }": "not `w[0] = 1.0`",
    "m = params{ «w.x = 1.0» }": "not `w.x = 1.0`",
    "m = params{ «def f(): x = 1» }": "not `def f(): x = 1`",
    "m = params{ w = 1.0\n b = 2.0 + }": "invalid syntax",
    "m = params{ a = params{ «1» } }": "not `1`",
    "[k for k in «params{ w = 1.0 }»]": "in the `in` of a comprehension",
    "params< w = 1.0«,» b = 2.0>": "no commas",
    "é = 'ü'; ä |> f |> «3»": "the stage `3`",
    "x |> f «f»": "invalid syntax",
    "f'{«$»}'": "outside a pipe",
    "m = params{ a = «yield» }": r"this cannot stand in params{...}",
    "async def f():\n    m = params{ b = (c := 1.0) + «await g()» }": r"this cannot stand in params{...}",
}  # fmt: skip


@pytest.mark.parametrize("marked", ERRORS)
def test_an_error_points_at_the_text(marked):
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(SyntaxError) as caught:
        compiled(text, "cell.py")
    error = caught.value
    assert ERRORS[marked] in error.msg and error.filename == "cell.py"
    if "«" not in marked or not ERRORS[marked]:
        return
    before = marked.split("«")[0]
    assert error.lineno == before.count("\n") + 1
    column = len(before.rpartition("\n")[2]) + 1
    if "f'" not in marked:  # before Python 3.12 the fields of an f-string have no places
        assert error.offset == column
    length = len(marked.split("«")[1].split("»")[0])
    if error.end_offset and error.end_lineno == error.lineno and "f'" not in marked and length > 1:
        assert error.end_offset == column + length
    shown = "".join(traceback.format_exception_only(error))
    assert text.split("\n")[error.lineno - 1].strip() in shown and "__pg" not in shown


def test_what_compiling_finds_is_at_the_users_line_too():
    with pytest.raises(SyntaxError) as caught:
        compiled("x = (3\n  |> f)\nreturn x |> f", "cell.py")
    assert caught.value.lineno == 3 and caught.value.offset == 1
    with pytest.raises(SyntaxError) as caught:
        compiled("x = 1 |> f\nf = $ |> await g($)", "cell.py")
    assert caught.value.lineno == 2 and caught.value.offset == 10


def test_it_is_raised_where_the_user_can_see_it():
    with pytest.raises(SyntaxError) as caught:
        lower("x |> 3")
    assert [f.name for f in traceback.extract_tb(caught.value.__traceback__)][1:] == ["lower"]
