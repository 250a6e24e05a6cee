"""The surface of numpy.ndarray on watched values, Python's questions about them, and lists that hold some."""

import math

import numpy as np
import pytest
from laws.row import normal

from pycograd import Var, grad
from pycograd.core import REGISTRY, Traced, new_batched, pullback, running, value_of
from pycograd.weave import woven

V, W = normal(3, 4), normal(4)


def seen(f, *xs):
    """What `f` returns for values on a tape."""
    out = []
    pullback(lambda *vs: out.append(f(*vs)) or (), *xs)
    return out[0]


def plain(y):
    if isinstance(y, (list, tuple)):
        return [plain(part) for part in y]
    return value_of(y)


METHODS = {
    "all": (), "any": (), "argmax": (1,), "argmin": (), "argsort": (0,), "argpartition": (1,), "astype": (np.float32,),
    "clip": (-0.5, 0.5), "conj": (), "conjugate": (), "copy": (), "cumprod": (1,), "cumsum": (0,), "diagonal": (1,),
    "dot": (W,), "flatten": ("F",), "item": (5,), "max": (1,), "mean": (0,), "min": (), "nonzero": (), "prod": (),
    "ravel": (), "repeat": (2, 1), "reshape": (2, 6), "round": (1,), "squeeze": (), "std": (0,), "sum": (1,),
    "swapaxes": (0, 1), "take": ([2, 0], 1), "to_device": ("cpu",), "tolist": (), "trace": (1,), "transpose": (1, 0),
    "var": (1,),
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_a_method_gives_what_the_method_of_an_array_gives(name):
    args = METHODS[name]
    ours, numpys = seen(lambda v: getattr(v, name)(*args), V), getattr(V, name)(*args)
    for a, b in zip(
        *((y if isinstance(y, (list, tuple)) else [y]) for y in (plain(ours), numpys)), strict=True
    ):
        assert type(a) is type(b)
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_methods_whose_arrays_come_first():
    assert_same(lambda v: v.compress([True, False, True], axis=0), V)
    assert_same(lambda v: v.searchsorted([0.0, 1.0]), np.sort(W))


def assert_same(f, *xs):
    np.testing.assert_array_equal(plain(seen(f, *xs)), f(*xs))


@pytest.mark.parametrize(
    "name", ["T", "mT", "real", "imag", "shape", "ndim", "size", "dtype", "itemsize", "nbytes", "strides"]
)
def test_an_attribute_is_that_of_an_array(name):
    assert np.array_equal(plain(seen(lambda v: getattr(v, name), V)), getattr(V, name))


def test_every_method_of_an_array_is_there():
    public = {name for name in dir(np.ndarray) if not name.startswith("_")}
    stubs = {"itemset", "newbyteorder", "ptp", "tostring"}  # gone since numpy 2.0, or soon after
    assert not public - stubs - set(dir(Traced)) - {"ctypes", "data"}


@pytest.mark.parametrize("name", ["resize", "setfield", "byteswap"])
def test_a_method_that_writes_in_place_says_so(name):
    with pytest.raises(
        TypeError, match=rf"\.{name}\(\) would write a watched value in place at test_methods.py:\d+"
    ):
        seen(lambda v: getattr(v, name)(0), V)


@pytest.mark.parametrize("name", ["tobytes", "tofile"])
def test_a_method_that_would_lose_the_gradient_says_so(name):
    with pytest.raises(TypeError, match=rf"(?s)\.{name}\(\) of a watched value .* would lose its gradient"):
        seen(lambda v: getattr(v, name)(), V)


def test_shapes_and_axes_may_be_several_arguments_or_one():
    for f in (
        lambda v: v.reshape(2, 6), lambda v: v.reshape((2, 6)), lambda v: v.reshape(-1), lambda v: v.transpose(),
        lambda v: v.transpose(1, 0), lambda v: v.transpose((1, 0)), lambda v: v.reshape([4, 3], order="F"),
    ):  # fmt: skip
        assert_same(f, V)


def test_reshape_and_ravel_read_the_memory_order_of_the_plain_numbers():
    fortran = np.asfortranarray(V)
    for order in "ACFK":
        assert_same(lambda v, order=order: v.ravel(order), fortran)
        assert_same(lambda v, order=order: v.T.flatten(order), V)
    assert_same(lambda v: np.reshape(v, (2, 6), order="A"), fortran)


# ---- one element, and all of them ----------------------------------------------------------------------------------
def test_item_and_tolist_stay_watched():
    y, pull = pullback(lambda v: v.item(1, 2) * v.item(3) + v.tolist()[0][1] * v.flat[2], V)
    assert [type(x) for x in seen(lambda v: [value_of(v.item(0)), value_of(v.tolist()[0][0])], V)] == [
        float,
        float,
    ]
    expected = np.zeros((3, 4))
    expected[1, 2], expected[0, 3], expected[0, 1], expected[0, 2] = V[0, 3], V[1, 2], V[0, 2], V[0, 1]
    np.testing.assert_allclose(pull(1.0)[0], expected)
    with pytest.raises(ValueError, match="array of size 1"):
        seen(lambda v: v.item(), V)


def test_iteration_gives_watched_rows():
    y, pull = pullback(lambda v: sum(i * (row * row) for i, row in enumerate(v)), V)
    np.testing.assert_allclose(y, 1 * V[1] ** 2 + 2 * V[2] ** 2)
    np.testing.assert_allclose(pull(np.ones(4))[0], 2 * V * np.arange(3)[:, None])
    a, *rest = seen(lambda v: list(v), W)
    assert value_of(a) == W[0] and len(rest) == 3
    assert [value_of(x) for x in seen(lambda v: list(reversed(v)), W)] == list(W[::-1])
    with pytest.raises(TypeError, match="iteration over a 0-d array"):
        seen(lambda v: iter(v.sum()), V)


def test_ndenumerate_gives_watched_numbers():
    y, pull = pullback(lambda v: sum(i * j * x for (i, j), x in REGISTRY[np.ndenumerate](v)), V)
    np.testing.assert_allclose(pull(1.0)[0], np.outer(np.arange(3), np.arange(4)))


def test_in_and_len_and_truth():
    assert seen(lambda v: W[1] in v and 77 not in v, W)
    assert seen(len, V) == 3
    assert seen(lambda v: bool(v[0, 0] > 0), V) == (V[0, 0] > 0)
    with pytest.raises(TypeError, match="unsized"):
        seen(lambda v: len(v.sum()), V)


def test_text_is_that_of_the_plain_numbers():
    assert seen(lambda v: f"{v[0]:.3f} {v}", W) == f"{W[0]:.3f} {W}"
    assert seen(str, W) == str(W)
    assert seen(repr, np.array([1.0, 2.0])) == "Var([1., 2.])"
    for func in (np.array2string, np.array_repr, np.array_str):
        assert seen(func, W) == func(W)
    with running("vmap") as level:
        assert np.array_str(new_batched(np.array([1.0, 2.0]), level)) == "[1. 2.]"


# ---- Python's numbers ----------------------------------------------------------------------------------------------
def test_round_floor_ceil_and_int_are_plain():
    for f in (
        lambda v: REGISTRY[round](v),
        lambda v: REGISTRY[int](v),
        math.floor,
        math.ceil,
        math.trunc,
    ):
        assert type(seen(f, 2.6)) is int
    assert seen(lambda v: round(v.item(), 1), np.array(2.66)) == 2.7
    assert [seen(f, 2.6) for f in (math.floor, math.ceil, math.trunc)] == [2, 3, 2]


def test_float_of_a_float_is_the_same_value():
    kept = []
    pullback(lambda v: kept.extend([v, REGISTRY[float](v)]) or v, 1.5)
    assert kept[0] is kept[1]
    with pytest.raises(TypeError, match="0-dimensional"):
        seen(REGISTRY[float], V)


def test_the_largest_of_a_vector_is_one_element():
    y, pull = pullback(lambda v: REGISTRY[max](v) - REGISTRY[min](v), W)
    assert y == max(W) - min(W)
    expected = np.zeros(4)
    expected[W.argmax()], expected[W.argmin()] = 1, -1
    np.testing.assert_array_equal(pull(1.0)[0], expected)
    assert value_of(seen(lambda v: REGISTRY[max](v, key=abs), W)) == max(W, key=abs)
    assert value_of(seen(lambda v: REGISTRY[max](v, 0.7), 0.5)) == 0.7


def test_an_integer_type_ends_the_gradient():
    y, pull = pullback(lambda v: v.astype(int) * v + REGISTRY[np.int64](v[0]), np.array([1.5, 2.5]))
    np.testing.assert_array_equal(pull(np.ones(2))[0], [1, 2])
    assert type(seen(lambda v: v.astype(int), V)) is np.ndarray


# ---- lists that hold watched values --------------------------------------------------------------------------------
def nodes(f, *xs):
    """How many operations the value of `f` is made of."""
    y = f(*[Var(x) for x in xs])
    found, todo = set(), [y.node]
    while todo:
        node = todo.pop()
        if node[0] not in found:
            found.add(node[0])
            todo += node[7:]
    return len(found) - len(xs)


def test_an_array_of_many_numbers_is_one_operation():
    xs = [float(i) for i in range(50)]
    assert nodes(lambda *vs: REGISTRY[np.array]([*vs, 2.0, 3]), *xs) == 1
    assert nodes(lambda *vs: REGISTRY[np.array]([vs, vs]), *xs) == 2
    assert nodes(lambda *vs: REGISTRY[sum](vs), *xs) == 1
    assert nodes(lambda *vs: REGISTRY[math.fsum](vs), *xs) == 1


def test_ragged_lists_raise():
    with pytest.raises(ValueError, match="inhomogeneous"):
        seen(lambda v: REGISTRY[np.array]([v, [v]]), 1.5)


def test_what_numpy_raises_for_shapes_is_raised():
    for f in (
        lambda v: np.concatenate([v, v[0]]), lambda v: np.concatenate([v, v[:, 1:]]), lambda v: np.stack([v, v[0]]),
        lambda v: np.concatenate([v, v], axis=2), lambda v: np.split(v, 5), lambda v: np.squeeze(v, 0),
        lambda v: np.expand_dims(v, 5), lambda v: np.moveaxis(v, (0, 1), 0), lambda v: np.rollaxis(v, 5),
        lambda v: np.pad(v, -1), lambda v: np.pad(v, 1, mode="unknown"), lambda v: np.pad(v, 1, end_values=3),
        lambda v: np.vander(v), lambda v: np.repeat(v, -1), lambda v: np.block([[v], v]), lambda v: np.dsplit(v, 2),
    ):  # fmt: skip
        with pytest.raises((ValueError, IndexError)) as numpys:
            f(V)
        with pytest.raises(numpys.type):
            seen(f, V)


def test_pad_by_a_function_has_no_rule():
    with pytest.raises(NotImplementedError, match="mode=function"):
        seen(lambda v: np.pad(v, 1, lambda *args: None), W)


# ---- questions -----------------------------------------------------------------------------------------------------
def test_types_are_those_of_the_plain_numbers():
    single = np.float32([1, 2])
    assert seen(lambda v: np.result_type(v, 2.0), single) == np.float32
    assert seen(lambda v, s: np.result_type(v, s), single, 1.5) == np.float32
    assert seen(lambda v: np.can_cast(v, np.float32), single)
    assert seen(lambda v: np.common_type(v), single) is np.float32
    assert seen(lambda v: np.min_scalar_type(v), np.float64(1.5)) == np.float16
    assert seen(lambda v: np.isfortran(v), np.asfortranarray(V))
    assert seen(lambda v: REGISTRY[np.isscalar](v), 1.5) and not seen(lambda v: REGISTRY[np.isscalar](v), V)


def test_places_of_numbers_are_plain():
    for func in (np.nonzero, np.flatnonzero, np.argwhere):
        for a, b in zip(seen(lambda v, func=func: func(v > 0), V), func(V > 0), strict=True):
            np.testing.assert_array_equal(a, b)
    assert seen(lambda v: np.may_share_memory(v, v), V) and seen(lambda v: np.shares_memory(v, v), V)


def test_places_of_numbers_that_differ_between_examples_raise():
    with running("vmap") as level, pytest.raises(TypeError, match=r"different for each example of vmap"):
        np.nonzero(new_batched(V, level))


def test_the_parts_of_np_r_can_be_watched():
    y, pull = pullback(lambda v, w: np.r_[v, 0:2, w], W, 1.5)
    np.testing.assert_array_equal(y, np.r_[W, 0:2, 1.5])
    slopes, slope = pull(np.arange(7.0))
    assert slope == 6.0
    np.testing.assert_array_equal(slopes, np.arange(4.0))


def test_a_watched_number_prints_in_every_way_of_python():
    def f(x):
        text = "%.2f"
        text %= x
        return text + " %s %d" % (x, x) + f" {x:.2f} {x}" + " {:.1f}".format(x)  # noqa: UP031, UP032

    for g in (f, woven(f)):
        assert seen(g, 1.25) == "1.25 1.25 1 1.25 1.25 1.2"


def test_what_asks_for_a_float_in_a_remainder_of_numbers_is_told():
    with pytest.raises(TypeError, match="would lose its gradient"):
        seen(lambda x: 7.0 % math.nextafter(x, 4.0), 1.25)


def test_bytes_of_an_array_of_plain_numbers_that_may_be_written():
    def f(x):
        a = np.zeros(2)
        a[0] = 2.0
        assert a.tobytes() == np.array([2.0, 0.0]).tobytes() and a.view(np.int64).dtype == np.int64
        with pytest.raises(ValueError, match="read-only"):
            a.view(np.int64)[0] = 1  # would not be seen
        a[1] = x
        with pytest.raises(TypeError, match=r"\.view\(\) of a watched value"):
            a.view(np.int64)
        return np.sum(a)

    assert grad(f)(1.0) == (1.0,)
