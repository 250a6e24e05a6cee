"""What cannot be honoured raises, naming the variable, the line and the way out; and what is left behind is plain."""

import numpy as np
import pytest

from pycograd import Var, checkpoint, grad, track, value_and_grad, vjp, vmap
from pycograd.core import Buffer
from pycograd.weave import weaving

OUTSIDE = np.zeros(3)
X = np.arange(1.0, 7.0)


def raises(f, *words, kind=TypeError):
    with pytest.raises(kind) as caught:
        grad(f)(X.copy())
    for word in words:
        assert word in str(caught.value)


def test_a_plain_array_made_outside():
    def stored(x):
        OUTSIDE[0] = x[0]
        return np.sum(OUTSIDE)

    def out(x):
        np.multiply(x[:3], 2.0, out=OUTSIDE)
        return np.sum(OUTSIDE)

    def at(x):
        np.add.at(OUTSIDE, [0, 1], x[:2])
        return np.sum(OUTSIDE)

    def augmented(x):
        table = OUTSIDE
        table += x[:3]
        return np.sum(table)

    def writer(x):
        np.fill_diagonal(np.broadcast_to(OUTSIDE, (3, 3)), x[0])
        return x[0]

    for f, name in (
        (stored, "`OUTSIDE`"),
        (out, "`OUTSIDE`"),
        (at, "`OUTSIDE`"),
        (augmented, "`table`"),
        (writer, "plain array"),
    ):
        raises(f, name, "test_errors.py", "made outside the function")
    assert not OUTSIDE.any()


def test_its_fix_works():
    def f(x):
        table = track(OUTSIDE)
        table[0] = x[0] ** 2
        np.multiply(x[1:3], 2.0, out=table[1:])
        return np.sum(table)

    with weaving(False):
        (g,) = grad(f)(X)
    np.testing.assert_allclose(g, [2.0, 2.0, 2.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(grad(f)(X)[0], g)
    np.testing.assert_allclose(vmap(f)(np.stack([X, 2 * X])), [1.0 + 4 + 6, 4.0 + 8 + 12])
    assert not OUTSIDE.any() and track(OUTSIDE) is OUTSIDE

    def without(x):
        OUTSIDE[0] = x[0]

    raises(
        without, "`OUTSIDE = np.zeros(3)`", "fix: OUTSIDE = np.zeros(3), as the first line of without [PG102]"
    )


def test_an_array_of_integers():
    def f(x):
        k = np.zeros(2, int)
        k[0] = x[0] * 2.7
        return np.sum(k * x[:2])

    raises(f, "array of int64", "fraction", "fix: k = np.zeros(2), where it is made", "test_errors.py")

    def augmented(x):
        k = np.zeros(6, int)
        k += x
        return np.sum(k * x)

    raises(augmented, "same_kind")


def test_numpys_own_errors():
    def read_only(x):
        np.broadcast_to(x * 1.0, (2, 6))[0, 0] = 1.0
        return np.sum(x)

    def wrong_shape(x):
        y = np.zeros(3)
        y[:] = x
        return np.sum(y)

    def beyond(x):
        y = np.zeros(3)
        y[3] = x[0]
        return np.sum(y)

    def number(x):
        s = x[0]
        s[0] = 1.0
        return s

    raises(read_only, "read-only", kind=ValueError)
    raises(wrong_shape, "(6,)", kind=ValueError)
    raises(beyond, "out of bounds", kind=IndexError)
    raises(number, "does not support item assignment")


def test_arrays_older_than_vmap_and_checkpoint():
    def loop(x):
        total = np.zeros(2)

        def per_example(row):
            total[0] += row[0]
            return row[0]

        return np.sum(vmap(per_example)(np.reshape(x, (3, 2))))

    def twice(x):
        log = np.zeros(2)

        def part(y):
            log[0] = y[0]
            return np.sum(y * y)

        return checkpoint(part)(x) + log[0]

    def result(x):
        y = x * 2

        def per_example(row):
            y[0] = row[0]
            return row[0]

        return np.sum(vmap(per_example)(np.reshape(x, (3, 2))))

    raises(loop, "made before vmap began", "test_errors.py")
    raises(result, "made before vmap began")
    raises(twice, "made before checkpoint began")


def test_an_inner_gradient_writes_into_an_outer_array():
    def f(x):
        log = np.zeros(3)

        def inner(y):
            log[0] = y[0] * x[1]
            log[1:] = y[:2] * y[1:3]
            return np.sum(log * log) * y[0]

        g = grad(inner, 0)(x * 1.0)
        return np.sum(np.sin(g)) + np.sum(log * log)

    def value(x):  # woven, as the inner gradient writes into an array of the outer function
        return value_and_grad(f)(x)[0]

    x, v = X * 0.1, np.ones(6)
    h = 1e-6
    slope = (value(x + h * v) - value(x - h * v)) / (2 * h)
    np.testing.assert_allclose(grad(f, 0)(x) @ v, slope, rtol=1e-7)


def test_a_leaf_made_by_hand():
    x = Var(np.ones(3))
    with pytest.raises(TypeError, match="leaf.*write to a copy"):
        x[0] = 1.0
    y = x * 2
    y[0] = 0.0
    np.sum(y).backward()
    np.testing.assert_array_equal(x.grad, [0, 2, 2])


def test_what_is_left_behind_is_plain():
    kept = {}

    def f(x):
        kept["log"] = np.zeros(3)
        kept["log"][0] = x[0] * 2
        kept["row"] = kept["log"][:1]
        kept["out"] = x * 2
        kept["out"][0] = 0
        return kept["log"]

    y, _ = vjp(f, X.copy())
    assert type(y) is np.ndarray
    np.testing.assert_array_equal(np.asarray(kept["log"]), [2, 0, 0])
    kept["row"][0] = 9.0
    assert kept["log"][0] == 9.0 and y[0] == 2.0
    np.testing.assert_array_equal(np.asarray(kept["out"])[:2], [0, 4])


def test_births_that_are_only_read_stay_plain():
    kinds = []

    def f(x):
        a = np.ones(3)
        b = np.linspace(0, 1, 3)[1:]
        c = np.zeros(3)
        c[0] = x[0]
        for i in np.arange(2):
            kinds.append(type(i))
        kinds.extend([np.sin(a), c])
        return np.sum(np.sin(a) * x[:3]) + np.sum(b * x[:2]) + np.sum(c)

    value_and_grad(f)(X.copy())
    *numbers, plain, written = kinds
    assert numbers == [np.int64, np.int64]
    assert type(plain) is np.ndarray
    assert type(written) is Buffer


def test_stores_are_in_place_until_a_read_is_kept():
    memory = []

    def f(x):
        out = np.zeros(1000)
        for i in range(50):
            out[i] = x[i % 6] * out[i - 1]
            memory.append(id(out.storage.value.value))
        s = np.sum(out * out)
        for i in range(50):
            out[i] = x[i % 6]
            memory.append(id(out.storage.value.value))
        return s + np.sum(out)

    grad(f)(X.copy())
    assert len(set(memory[:50])) == len(set(memory[50:])) == 1 and memory[49] != memory[50]


def test_parts_of_complex_arrays():
    def complex_into_a_part(x):
        z = x * 1j
        z.real[0] = x[0] * 1j
        return np.sum(np.abs(z))

    def imaginary_part_of_a_real_array(x):
        y = x * 1.0
        y.imag = x
        return np.sum(y)

    def part_of_a_number(x):
        x[0].real = 1.0
        return x[0]

    raises(complex_into_a_part, "complex number is stored in the real or imaginary part")
    raises(imaginary_part_of_a_real_array, "does not have imaginary part to set")
    raises(part_of_a_number, "not writable", kind=AttributeError)


def test_views_as_another_dtype():
    def same(x):
        y = x * 1.0
        z = y.view()
        z[0] = 5.0
        return np.sum(y * y.view(np.float64)) + z[0]

    value, (g,) = value_and_grad(same)(X.copy())
    np.testing.assert_allclose(g, [0.0, *2 * X[1:]])
    assert value == same(X.copy())
    raises(
        lambda x: np.sum((x * 1j).view(float)),
        ".view(float64)",
        "test_errors.py",
        "np.stack([z.real, z.imag]",
    )
    raises(lambda x: np.sum(np.abs(x.view(complex))), ".view(complex128)", "x[..., ::2] + 1j * x[..., 1::2]")
    raises(lambda x: np.sum(x.view(int)), ".view() of a watched value")
