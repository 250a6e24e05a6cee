"""Every kind of key, in every mode, against numpy and a loop."""

import numpy as np
import pytest

from pycograd import Var
from pycograd.core import aval_of, looped, new_batched, new_dual, new_symbol, pullback, running
from pycograd.ops.indexing import item
from pycograd.transforms import grad, hessian, vmap

X = np.random.default_rng(0).standard_normal((4, 3, 5))
ROWS = np.array([0, 2, 2, -1])
TABLE = np.array([[0, 1], [2, -3]])
MASK = X[:, 0, 0] > 0
KEYS = [
    0, -1, np.int64(2), np.array(1), slice(None), slice(1, -1), slice(None, None, -1), slice(3, None, -2), slice(2, 2),
    ..., None, (), (1, 2), (1, 2, 3), (..., 0), (0, ...), (slice(None), 1), (slice(None), None, 0), (None, ..., None),
    (slice(1, 3), slice(None, None, -1), -1), (np.int64(1), slice(2), 0),
    ROWS, [0, 2, 2], TABLE, [], [[]], range(2), np.zeros((0, 2), int), np.uint8([1, 1]),
    (ROWS, 1), (1, TABLE), (slice(None), TABLE), (slice(None), TABLE, slice(1, 3)), (..., TABLE), (TABLE, ..., 0),
    (ROWS, slice(None), ROWS), (0, slice(None), ROWS), (ROWS, slice(None), 0), (slice(None), 0, ROWS),
    (ROWS[:, None], [0, 1]), (ROWS, None, [0, 1, 1, 2]), (None, ROWS), (slice(None), ROWS[:3], None, ROWS[:3]),
    (slice(None), [0, 1], ..., [1, 1]), (ROWS, [0, 1, 1, 2], [0, 1, 1, 2]),
    MASK, MASK.tolist(), X > 0, (MASK, 1), (MASK, slice(None), 2), (slice(None), X[0] > 0), (MASK, [0] * MASK.sum()),
    (X[:, :, 0] > 0, slice(1, 3)), True, False, np.bool_(True), np.array(False), (True, 0), (0, True),
    (True, slice(None), 0), (slice(None), True, [0, 1]), np.zeros(4, bool),
]  # fmt: skip


def name(key):
    return "".join(str(key).replace("array", "").split())[:60]


@pytest.mark.parametrize("key", KEYS, ids=name)
def test_a_key_reads_what_numpy_reads_and_its_gradient_lands_there(key):
    key = list(key) if isinstance(key, range) else key
    y, pull = pullback(lambda x: x[key], X)
    np.testing.assert_array_equal(y, X[key])
    assert aval_of(y) == aval_of(X[key])
    assert type(y) is type(X[key])
    g = np.random.default_rng(1).standard_normal(np.shape(y))
    expected = np.zeros_like(X)
    np.add.at(expected, key, g)
    np.testing.assert_allclose(pull(g)[0], expected, atol=1e-15)


@pytest.mark.parametrize("key", KEYS, ids=name)
def test_a_key_in_forward_mode_under_vmap_and_in_capture(key):
    with running("jvp") as level:
        np.testing.assert_array_equal(new_dual(X, level, 2 * X)[key].tangent, 2 * X[key])
    batch = np.stack([X, 2 * X, -X])
    with running("vmap") as level:
        y = new_batched(batch, level)[key]
        np.testing.assert_array_equal(y.value, np.stack([x[key] for x in batch]))
    with running("capture") as level:
        assert new_symbol(aval_of(X), level)[key].aval == aval_of(X[key])


@pytest.mark.parametrize("key", KEYS, ids=name)
def test_the_gradient_of_a_key_under_vmap(key):
    weights = np.random.default_rng(2).standard_normal((3, *X[key].shape))

    def slope(x, w):
        return pullback(lambda x: np.sum(w * x[key] ** 2), x)[1](1.0)[0]

    batch = np.stack([X, 2 * X, -X])
    got = vmap(slope)(batch, weights)
    np.testing.assert_allclose(got, np.stack([slope(x, w) for x, w in zip(batch, weights)]), atol=1e-14)

    def of_shared(w):
        return pullback(lambda x: w * x[key], X)[1](w)[0]

    np.testing.assert_allclose(vmap(of_shared)(weights), np.stack(list(map(of_shared, weights))), atol=1e-14)


# Keys made of an index that differs between examples.
WATCHED = {
    "i": lambda i: i,
    "i,": lambda i: (i,),
    "i,0": lambda i: (i, 0),
    "0,i": lambda i: (0, i),
    ":,i": lambda i: (slice(None), i),
    "...,i": lambda i: (..., i),
    ":,i,:": lambda i: (slice(None), i, slice(1, 3)),
    "i,:,i": lambda i: (i, slice(None), i),
    "0,:,i": lambda i: (0, slice(None), i),
    "i,:,0": lambda i: (i, slice(None), 0),
    ":,i,0": lambda i: (slice(None), i, 0),
    ":,0,i": lambda i: (slice(None), 0, i),
    "None,i": lambda i: (None, i),
    "i,None,i": lambda i: (i, None, i),
    ":,None,i": lambda i: (slice(None), None, i),
    ":,i,...,i": lambda i: (slice(None), i, ..., i),
    "...,i,i": lambda i: (..., i, i),
    "i,static": lambda i: (i, np.array([0, 1])),
    "static,i": lambda i: (np.array([[0], [1]]), i),
    ":,static,i": lambda i: (slice(None), np.array([0, 1]), i),
    "static,:,i": lambda i: (np.array([0, 1]), slice(None), i),
    "i,mask": lambda i: (i, np.array([True, False, True])),
    "mask,:,i": lambda i: (np.array([True, False, True, False]), slice(None), i),
    "True,i": lambda i: (True, i),
    "[i,i]": lambda i: [i, i],
}  # fmt: skip
INDICES = {"()": [0, 1, -1], "(2,)": [[0, 1], [2, 2], [-1, 0]], "(2,2)": [TABLE, TABLE.T, TABLE * 0]}
FORMS = [(form, shape) for form in WATCHED for shape in INDICES if form != "[i,i]" or shape == "()"]


@pytest.mark.parametrize(("form", "shape"), FORMS)
@pytest.mark.parametrize("both", [True, False], ids=["x too", "x shared"])
def test_an_index_that_differs_between_examples(form, shape, both):
    key, indices = WATCHED[form], np.array(INDICES[shape])
    batch = np.stack([X, 2 * X, -X]) if both else X
    axes = (0, 0) if both else (None, 0)
    examples = list(zip(batch if both else [X] * 3, indices))

    def read(x, i):
        return item(x, key(i))  # also of a plain x, as woven code does by np.take

    def slope(x, i):
        return pullback(lambda x: np.sum(read(x, i) ** 3), x)[1](1.0)[0]

    def curvature(x, i):
        return pullback(lambda x: np.sum(slope(x, i) ** 2), x)[1](1.0)[0]

    def forward(x, i):
        with running("jvp") as level:
            return read(new_dual(x, level, x * x), i).tangent

    for f in (read, slope, curvature, forward):
        got = vmap(f, in_axes=axes)(batch, indices)
        np.testing.assert_allclose(
            got, np.stack([f(x, i) for x, i in examples]), atol=1e-13, err_msg=f.__name__
        )

    def total(x):
        return np.sum(vmap(read, in_axes=axes)(x, indices) ** 3)

    if both:
        expected = np.stack([slope(x, i) for x, i in examples])
    else:
        expected = sum(slope(x, i) for x, i in examples)
    np.testing.assert_allclose(grad(total, argnums=0)(batch), expected, atol=1e-13)
    assert not looped & {"gather", "scatter_add", "getitem", "put"}


@pytest.mark.parametrize("form", WATCHED)
def test_a_captured_index(form):
    index = np.array([0, 2])
    with running("capture") as level:
        i = new_symbol(aval_of(index), level)
        assert new_symbol(aval_of(X), level)[WATCHED[form](i)].aval == aval_of(X[WATCHED[form](index)])


@pytest.mark.parametrize("i", [2, np.int64(1), np.array([0, 0, 1])], ids=name)
def test_the_index_of_a_value_on_a_tape_is_its_plain_number(i):
    def f(x, i):
        return np.sum(x[i] * X[i] + x[i, 0] * X[i]) + np.sum(x[:i] if np.ndim(i) == 0 else x)

    gx, gi = grad(f)(X, i)
    np.testing.assert_array_equal(gx, grad(lambda x: f(x, i), argnums=0)(X))
    assert np.all(gi == 0)


def test_repeated_indices_add_up_in_large_and_in_strided_buffers():
    x, i = np.random.default_rng(3).standard_normal((50, 40)), np.random.default_rng(4).integers(0, 50, 300)
    g = np.random.default_rng(5).standard_normal((300, 40))
    expected = np.zeros_like(x)
    np.add.at(expected, i, g)
    for a in (x, np.asfortranarray(x)):
        got = pullback(lambda x: x[i] + x[i], a)[1](g)[0]
        np.testing.assert_allclose(got, 2 * expected)


def test_second_derivatives_through_an_index():
    def f(x):
        return np.sum(x[[0, 0, 1]] ** 3) + x[1] * x[-1] ** 2

    np.testing.assert_allclose(hessian(f)(np.array([1.0, 2.0, 3.0])), [[12, 0, 0], [0, 12, 6], [0, 6, 4]])


def test_errors_of_numpy_are_numpys():
    x = Var(X)
    for key in (9, (0, 0, 0, 0), [9], np.zeros(3, bool), 1.5, "name", np.array([0.5])):
        with pytest.raises(IndexError):
            x[key]
    with pytest.raises(IndexError):
        vmap(lambda i: np.take(X, i, axis=0))(np.array([0, 9]))


def test_a_mask_that_differs_between_examples_names_where():
    with pytest.raises(TypeError, match=r"x\[x > 0\]`.*different for each example of vmap.*np.where"):
        vmap(lambda x: x[x > 0])(X)
    with pytest.raises(TypeError, match=r"different for each example of vmap.*np.where"):
        vmap(lambda x: x[:, x[0] > 0])(X)


def test_a_slice_that_differs_between_examples_names_take():
    with pytest.raises(TypeError, match=r"x\[i:\]`.*np.take\(x, start \+ np.arange\(length\)\)"):
        vmap(lambda x, i: x[i:])(X, np.arange(4))


POSITIONS = [
    lambda i: np.stack(np.unravel_index(i % 60, (4, 3, 5))),
    lambda i: np.stack(np.unravel_index(i % 60, (4, 3, 5), order="F")),
    lambda i: np.ravel_multi_index((i % 4, i % 3, i % 5), (4, 3, 5)),
    lambda i: np.ravel_multi_index((i, i), (4, 3), mode=("clip", "wrap"), order="F"),
    lambda i: sum(np.ix_(i, [1, 2])),
    lambda i: np.choose(i % 2, [X[0, 0, :3], X[1, 1, 2:]]),
    lambda i: np.take(X, i, mode="wrap"),
    lambda i: np.take(X, i, axis=1, mode="clip"),
    lambda i: np.take_along_axis(X[0, :, :3], np.stack([i, i]) % 3, 0),
]


@pytest.mark.parametrize("number", range(len(POSITIONS)))
def test_functions_of_indices_that_differ_between_examples(number):
    f, indices = POSITIONS[number], np.array([[0, 7, 2], [33, 1, 59], [4, 4, 4]])
    np.testing.assert_array_equal(vmap(f)(indices), np.stack([f(i) for i in indices]))


@pytest.mark.parametrize("f", [np.extract, np.compress, lambda c, x: x[np.ix_(c)]])
def test_selections_by_conditions_that_differ_between_examples_name_where(f):
    with pytest.raises(TypeError, match=r"different for each example of vmap.*np.where"):
        vmap(lambda x: f(x > 0, x))(X[:, 0])


def test_a_choice_out_of_range_raises_as_in_numpy():
    for f in (grad(lambda x: np.sum(np.choose([0, 2], [x, x]))), vmap(lambda x: np.choose([0, -1], [x, x]))):
        with pytest.raises(ValueError, match="invalid entry in choice array"):
            f(np.ones(2))


def test_an_index_into_a_plain_array():
    table = np.arange(10.0) ** 2
    assert grad(lambda x, i: np.sum(x * table[i]), argnums=0)(2.0, 3) == 9.0
    assert grad(lambda x, i: np.sum(x * table[i]))(2.0, np.array([3, 4]))[0] == 25.0
    np.testing.assert_array_equal(
        vmap(lambda i: np.take(table, i))(np.array([[1, 2], [3, 4]])), [[1, 4], [9, 16]]
    )
    with running("vmap") as level, pytest.raises(TypeError, match=r"table\[i\]`.*np.take\(array, index\)"):
        i = new_batched(np.arange(3), level)
        table[i]


@pytest.mark.parametrize(
    "func", [np.place, np.put, np.putmask, np.put_along_axis, np.copyto, np.fill_diagonal]
)
def test_a_leaf_made_by_hand_is_not_written(func):
    args = {np.put_along_axis: (np.zeros((1, 1), int), 0.0, 0), np.copyto: (0.0,), np.fill_diagonal: (0.0,)}
    rest = args.get(func, (np.array([[True]]), np.array([1.0])))
    with pytest.raises(TypeError, match="leaf, which cannot be written in place"):
        func(Var(np.ones((1, 1))), *rest)
