"""Every way to store a watched float in an array of integers, or in a plain array made outside, raises: it names the
variable and the line, and ends with a fix; and the array keeps what it held.
"""

import linecache
import operator
import re

import numpy as np
import pytest

from pycograd import checkpoint, errors, grad, jvp, unweave, vmap

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
    assert "fix: k = np.zeros(n)" in text and text.endswith("[PG101]")


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
