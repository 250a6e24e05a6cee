"""Every way to store a watched float in an array of integers, or in a plain array made outside, raises: it names the
variable and the line, and ends with a fix; and the array keeps what it held.
"""

import linecache
import operator
import re

import numpy as np
import pytest

from pycograd import checkpoint, errors, grad, jvp, unweave, vmap

sparse = pytest.importorskip("scipy.sparse")

X = np.array([0.3, -0.7, 1.1])
INTEGERS = """
k[0] = x[0]
k[-1], k[1] = x[:2]
k[1:] = x[1:]
k[x > 0] = x[0]
k[[0, 1]] = x[:2]
k[...] = x
k[:] = [x[0], 1, 2]
k[0] += x[0]
k[:] += x
k += x
k *= x
k -= 0.5 * x
np.multiply(x, 2.0, out=k)
np.sin(x, k)
np.sum(x[None], axis=0, out=k)
x.cumsum(out=k)
np.copyto(k, x)
np.copyto(k, x, casting="unsafe")
np.put(k, [0], x[0])
k.put([0], x[0])
np.place(k, [True, False, True], x)
np.putmask(k, x > 0, x)
np.put_along_axis(k, np.array([0]), x[:1], 0)
np.add.at(k, [0, 0], x[0])
k.fill(x[0])
k.flat[1] = x[1]
k.flat = x
k.real = x
k.__setitem__(0, x[0])
operator.setitem(k, 0, x[0])
operator.iadd(k, x)
""".strip().split("\n")
OUTSIDE = [re.sub(r"\bk\b", "table", line) for line in INTEGERS] + [
    "for table[0] in x: pass",
    "box.table[1] = x[0]",
]
OUTSIDE += ["box.table += x", "box.all[0][1] = x[0]", "np.fill_diagonal(box.square, x[0])"]


def made(line, before=""):
    """A woven function of `x` that runs the line."""
    text = f"def f(x, k, table, box):\n    {before}\n    {line}\n    return np.sum(x)\n"
    name = f"<stores {hash(line)}>"
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    scope = {"np": np, "operator": operator, "__name__": "stores"}
    exec(compile(text, name, "exec"), scope)
    return scope["f"]


@unweave
class Box:
    def __init__(self):
        self.table, self.square = np.zeros(3), np.zeros((3, 3))
        self.all = [self.table]


TRANSFORMS = {
    "grad": lambda f: grad(f)(X),
    "jvp": lambda f: jvp(f, (X,), (X,)),
    "vmap": lambda f: vmap(f)(np.stack([X, X])),
    "checkpoint": lambda f: grad(checkpoint(f))(X),
    "second order": lambda f: grad(lambda x: np.sum(grad(f, 0)(x)))(X),
}


@pytest.mark.parametrize("line", INTEGERS)
def test_an_array_of_integers(line):
    f = made(line, "k = np.zeros(3, int)")
    with pytest.raises(errors.IntegerStoreError) as caught:
        grad(lambda x: f(x, None, None, None))(X)
    text = str(caught.value)
    assert "a watched float64 is stored in `k`, an array of int64 at <stores" in text and "fraction" in text
    assert "it was made at" in text and "`k = np.zeros(3, int)`" in text
    assert "fix: k = np.zeros(3), where it is made" in text and text.endswith("[PG101]")


@pytest.mark.parametrize("line", ["b[0] = x[0]", "b[:] = x", "b |= x > 0", "i[1] = x[0]", "i += x"])
def test_other_arrays_that_hold_no_floats(line):
    f = made(line, "b, i = np.zeros(3, bool), np.zeros(3, np.int8)")
    call = lambda: grad(lambda x: f(x, None, None, None))(X)
    if "|=" in line:  # of booleans: nothing is lost
        call()
        return
    with pytest.raises(errors.IntegerStoreError, match="an array of (bool|int8)"):
        call()


@pytest.mark.parametrize("line", OUTSIDE)
def test_a_plain_array_made_outside(line):
    f, box = made(line), Box()
    with pytest.raises(errors.OutsideStoreError) as caught:
        grad(lambda x: f(x, None, box.table, box))(X)
    text = str(caught.value)
    name = "box.all[0]" if "all" in line else "box.square" if "square" in line else "table"
    assert f"{name}`, a plain array made outside the function at <stores" in text
    assert "pycograd.track(" in text and text.endswith("[PG102]")
    assert not box.table.any() and not box.square.any()


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("line", ["table[0] = x[0]", "table += x", "np.copyto(table, x)", "table.fill(x[1])"])
def test_in_every_transform(line, transform):
    f, box = made(line), Box()
    with pytest.raises(errors.OutsideStoreError):
        TRANSFORMS[transform](lambda x: f(x, None, box.table, box))
    g = made(line.replace("table", "k"), "k = np.zeros(3, int)")
    with pytest.raises(errors.IntegerStoreError):
        TRANSFORMS[transform](lambda x: g(x, None, None, None))


# ---- the fix, pasted where the message says ------------------------------------------------------------------------
HEAD = "import numpy as np\nimport pycograd\n"
PASTED = """
over 2: made of zeros
def f(x):
    k = np.zeros(3, int)
    k[1:] = x[1:] ** 2
    return np.sum(k * x)

over 2: made of numbers
def f(x):
    k = np.arange(3)
    k[0] = x[0] ** 2
    return np.sum(k * x)

over 3: in a dict
def f(x):
    d = {}
    d["k"] = np.ones(3, int)
    d["k"][0] = x[0] ** 2
    return np.sum(d["k"] * x)

before 3: global
K = np.zeros(3)
def f(x):
    K[:] = x ** 2
    return np.sum(K * x)

before 4: local
M = [np.ones(3)]
def f(x):
    k = M[0]
    k[0] = x[0] ** 2
    return np.sum(k * x)

before 4: closure
def g():
    k = np.zeros(3)
    def f(x):
        k[1:] = x[1:] ** 2
        return np.sum(k * x)
    return f
f = g()

before 5: attribute
class A:
    def __init__(self):
        self.k = np.ones(3)
    def f(self, x):
        self.k[0] = x[0] ** 2
        return np.sum(self.k * x)
f = A().f

before 3: part of a list
M = [np.ones(3)]
def f(x):
    M[0][0] = x[0] ** 2
    return np.sum(M[0] * x)
""".strip().split("\n\n")


def compiled(text):
    name = f"<pasted {hash(text)}>"
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    scope = {"__name__": "pasted"}
    exec(compile(text, name, "exec"), scope)
    return scope["f"]


@pytest.mark.parametrize("text", PASTED, ids=lambda text: text.partition("\n")[0])
def test_the_fix_works_where_it_is_pasted(text):
    title, _, text = text.partition("\n")
    how, line = title.partition(":")[0].split()
    line = int(line)
    with pytest.raises((errors.IntegerStoreError, errors.OutsideStoreError)) as caught:
        grad(compiled(HEAD + text))(X)
    fix = str(caught.value).partition("fix: ")[2].partition(", where it is made")[0]
    fix = fix.partition(", before the store")[0].partition(", as the first line")[0]
    lines = text.splitlines()
    indented = lines[line - 1][: -len(lines[line - 1].lstrip())] + fix
    lines[line - 1 : line if how == "over" else line - 1] = [indented]
    f = compiled(HEAD + "\n".join(lines))
    (g,) = grad(f)(X)
    steps = 1e-6 * np.eye(3)
    plain = [(f(X + h) - f(X - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(g, plain, rtol=1e-6, atol=1e-8)


def test_a_view_of_what_was_made_outside_and_what_is_no_array():
    whole = np.zeros(4)

    def through_a_view(x):
        view = whole[1:]
        view[:] = x
        return np.sum(whole)

    with pytest.raises(
        errors.OutsideStoreError, match=r"fix: own = pycograd.track\(whole\), before `view` is taken"
    ):
        grad(through_a_view)(X)

    def into_a_matrix(x):
        m = sparse.lil_matrix((3, 3))
        m[0, 0] = x[0]
        return m.sum()

    with pytest.raises(
        errors.OutsideStoreError, match=r"`m`, of lil_matrix.*\n.*\n.*\n  fix: m = np.zeros\(\(3, 3\)\)"
    ):
        grad(into_a_matrix)(X)
