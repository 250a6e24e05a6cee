"""`with weights:` and the names it makes: what they stand for, where they are watched, how they come and go."""

import asyncio
import contextlib
import contextvars
import copy
import functools
import math
import pickle
import threading
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import pycograd
from pycograd import (
    ParamDict,
    Weight,
    buffer,
    checkpoint,
    errors,
    frozen,
    grad,
    jacobian,
    jvp,
    on_cpu,
    on_device,
    params,
    stop_gradient,
    tree_leaves,
    value_and_grad,
    vmap,
)

W = np.array([[1.0, -2.0], [3.0, 0.5]])
X = np.array([[0.5, 1.5], [-1.0, 2.0], [0.1, -0.3]])


@pytest.fixture
def weights():
    return params(wa=W.copy(), ba=np.array([0.1, -0.2]))


def plain(w, b, x=X):
    return np.sum(np.tanh(x @ w + b) ** 2)


def objective():
    return np.sum(np.tanh(X @ wa + ba) ** 2)  # noqa: F821


def expected():
    return value_and_grad(plain, (0, 1))(W, np.array([0.1, -0.2]))


def clean():
    return not {"wa", "ba", "wb"} & set(globals())


# ---- names ------------------------------------------------------------------------------------------------
def test_a_block_makes_names_and_takes_them_back(weights):
    with weights as same:
        assert same is weights
        assert np.array_equal(wa, W) and type(globals()["wa"]) is Weight  # noqa: F821
    assert clean()


def test_an_exception_restores_the_globals(weights):
    with pytest.raises(KeyError), weights:
        raise KeyError
    assert clean()


def test_only_parameters_at_the_top_that_python_can_spell_get_names():
    weights = params({"wa": 1.0, "block": {"wb": 2.0}, "name": "x", "a b": 3.0, "class": 4.0, 5: 6.0})
    with weights:
        assert "wa" in globals()
        assert not {"wb", "block", "a b", "class", 5} & set(globals())
    assert clean()


def test_a_name_that_exists_is_refused_and_none_is_made(weights):
    globals()["ba"] = np.zeros((2, 3))
    try:
        with pytest.raises(ValueError, match=r"'ba' of a weight already exists in the globals of test_ambient"
                           r"\.py: it is of type ndarray f64\[2,3\] at .*\n  fix: another name.*`del ba`"):  # fmt: skip
            weights.__enter__()
        assert "wa" not in globals()
    finally:
        del globals()["ba"]


def test_a_name_of_another_block_is_refused(weights):
    with (
        weights,
        pytest.raises(ValueError, match="'wa' of a weight already exists.*a weight of another block"),
    ):
        params(wa=1.0).__enter__()
    assert clean()


def test_a_block_can_be_entered_again_inside_itself(weights):
    with weights:
        with weights:
            assert np.array_equal(wa, W)  # noqa: F821
        assert np.array_equal(wa, W)  # noqa: F821
    assert clean()


def test_two_blocks_of_different_names_nest(weights):
    other = params(wb=2.0)
    with weights, other:
        assert wb == 2.0 and np.array_equal(wa, W)  # noqa: F821
    assert clean()


def test_blocks_may_be_left_in_any_order(weights):
    other = params(wb=2.0)
    weights.__enter__()
    other.__enter__()
    weights.__exit__(None, None, None)
    assert "wa" not in globals() and wb == 2.0  # noqa: F821
    other.__exit__(None, None, None)
    assert clean()


def test_an_exit_stack_enters_for_its_user(weights):
    with contextlib.ExitStack() as stack:
        stack.enter_context(weights)
        assert np.array_equal(wa, W)  # noqa: F821
    assert clean()


def test_a_name_that_the_user_gave_away_stays_his(weights):
    with weights:
        globals()["wa"] = "mine"
    assert globals().pop("wa") == "mine"
    assert clean()


def test_names_go_to_the_module_that_enters(weights):
    module = types.ModuleType("other_module")
    exec("def use(weights):\n    with weights:\n        return wa + 0, 'wa' in globals()", vars(module))
    value, named = module.use(weights)
    assert named and np.array_equal(value, W) and not hasattr(module, "wa") and clean()


def test_leaving_where_nobody_entered_is_refused(weights):
    with pytest.raises(RuntimeError, match=r"left in a thread or task that has not entered it"):
        weights.__exit__(None, None, None)


# ---- a weight is its value --------------------------------------------------------------------------------
def test_a_weight_forwards_everything(weights):
    with weights:
        assert np.array_equal(wa + 1, W + 1) and type(wa @ X.T) is np.ndarray  # noqa: F821
        assert isinstance(wa, np.ndarray) and len(wa) == 2 and wa.shape == (2, 2)  # noqa: F821
        assert np.array_equal(wa[0], W[0]) and np.array_equal(np.linalg.inv(wa), np.linalg.inv(W))  # noqa: F821
        assert np.array_equal(wa.T.copy(), W.T) and wa.tolist() == W.tolist()  # noqa: F821
        assert np.array_equal(np.add.reduce(wa, axis=1), W.sum(1)) and (wa > 0).any()  # noqa: F821
        assert wa.tobytes() == W.tobytes() and wa.flags.c_contiguous and wa.strides == (16, 8)  # noqa: F821
        assert repr(wa) == repr(W) and str(wa) == str(W) and wa.dtype == W.dtype  # noqa: F821
        assert math.floor(Weight(params(s=1.5), "s")) == 1


def test_a_weight_sees_what_is_put_into_its_parameter(weights):
    with weights:
        weights.step(ParamDict(wa=np.ones((2, 2)), ba=None), 0.5)
        assert np.array_equal(wa, W - 0.5)  # noqa: F821
        weights.ba = np.zeros(2)
        assert not np.any(ba)  # noqa: F821


def test_a_weight_made_by_hand_is_good_everywhere(weights):
    w = Weight(weights, "wa")
    assert (w.owner, w.key) == (weights, "wa") and np.array_equal(w * 2, W * 2)
    value, grads = weights.grad(lambda: np.sum(w**2))
    assert np.array_equal(grads.wa, 2 * W)


def test_a_weight_used_outside_its_block_says_so(weights):
    with weights:
        kept = wa  # noqa: F821
    with pytest.raises(
        errors.OutsideBlockError, match=r"(?s)'wa' is used outside its block at .*fix: `with weights:`"
    ):
        kept + 1
    assert repr(kept) == "<the weight 'wa', outside its block>"


# ---- gradients --------------------------------------------------------------------------------------------
def agrees(found):
    value, grads = found
    wanted, (gw, gb) = expected()
    assert np.isclose(value, wanted, rtol=1e-15) and type(grads) is ParamDict
    assert np.allclose(grads.wa, gw, rtol=1e-13) and np.allclose(grads.ba, gb, rtol=1e-13)


def test_the_gradient_of_an_objective_in_its_names(weights):
    with weights:
        agrees(weights.grad(objective))
    agrees(weights.grad(objective)), "and outside a block"
    assert clean()


def test_arguments_are_handed_on(weights):
    with weights:
        agrees(weights.grad(lambda x, *, power: np.sum(np.tanh(x @ wa + ba) ** power), X, power=2))  # noqa: F821


def test_items_attributes_and_leaves_are_watched_as_names_are(weights):
    agrees(weights.grad(lambda: plain(weights["wa"], weights.ba)))
    agrees(weights.grad(lambda: plain(weights.wa.value, weights.ba.value)))
    agrees(weights.grad(lambda: plain(*tree_leaves(weights)[::-1])))
    agrees(weights.grad(lambda: plain(**{k[0]: v for k, v in weights.items()})))


def test_any_callable_is_an_objective(weights):
    class Loss:
        def __call__(self):
            return objective()

        def method(self):
            return objective()

    with weights:
        for f in (
            Loss(),
            Loss().method,
            functools.partial(objective),
            functools.lru_cache(lambda: objective()),
        ):
            agrees(weights.grad(f))


def test_a_transform_of_other_arguments_takes_weights_for_constants(weights):
    x = X[0]
    with weights:
        f = lambda x: np.sum(np.tanh(x @ wa + ba) ** 2)  # noqa: F821
        fixed = lambda x: np.sum(np.tanh(x @ W + [0.1, -0.2]) ** 2)
        assert np.allclose(grad(f)(x)[0], grad(fixed)(x)[0])
        assert np.allclose(jvp(f, (x,), (x,)), jvp(fixed, (x,), (x,)))
        assert np.allclose(vmap(f)(X), vmap(fixed)(X))
        assert np.allclose(jacobian(lambda x: x @ wa)(x), W.T)  # noqa: F821
        assert np.allclose(grad(checkpoint(f))(x)[0], grad(fixed)(x)[0])


def test_a_transform_inside_an_objective_is_differentiated(weights):
    x = X[0]
    fixed = grad(lambda w: np.sum(grad(lambda x: np.sum(np.tanh(x @ w) ** 2))(x)[0] ** 2))(W)[0]
    with weights:
        inner = lambda x: np.sum(np.tanh(x @ wa) ** 2)  # noqa: F821
        _, grads = weights.grad(lambda: np.sum(grad(inner)(x)[0] ** 2))
        assert np.allclose(grads.wa, fixed) and not np.any(grads.ba)
        agrees(weights.grad(lambda: np.sum(vmap(lambda x: np.sum(np.tanh(x @ wa + ba) ** 2))(X))))  # noqa: F821


@pytest.mark.parametrize("depth", [1, 2])
def test_checkpoint_finds_ambient_weights(weights, depth):
    f = objective
    for _ in range(depth):
        f = checkpoint(f)
    with weights:
        agrees(weights.grad(f))
    layer = checkpoint(lambda x: np.tanh(x @ wa + ba))  # noqa: F821
    agrees(weights.grad(lambda: np.sum(layer(X) ** 2)))


def test_checkpoint_finds_ambient_weights_in_second_order(weights):
    """The second run of the inner gradient happens after it, when no weight is watched any more."""

    def length(make):
        def f(scale):
            with weights:
                _, grads = weights.grad(make(lambda: scale * objective()))
            return np.sum(grads.wa**2)

        return grad(f)(1.5)[0]

    assert np.isclose(length(checkpoint), length(lambda f: f), rtol=1e-12)
    assert np.isclose(length(checkpoint), 2 * 1.5 * np.sum(expected()[1][0] ** 2))


def test_a_weight_that_is_written_inside_an_objective(weights):
    def written():
        wa[0] = 2 * ba  # noqa: F821
        row = wa[1]  # noqa: F821
        row *= 3.0
        return np.sum(wa**2)  # noqa: F821

    value, grads = weights.grad(written)
    assert np.allclose(grads.wa, [[0, 0], [18 * 3.0, 18 * 0.5]]) and np.allclose(
        grads.ba, 8 * np.array([0.1, -0.2])
    )
    assert np.allclose(weights.wa, [[0.2, -0.4], [9.0, 1.5]]), "as plain numpy leaves it"


def test_a_copy_of_a_weight_is_a_copy(weights):
    def f():
        y = np.array(wa)  # noqa: F821
        y[0] = 0.0
        z = wa.copy()  # noqa: F821
        z[1] = 0.0
        return np.sum(y) + np.sum(wa) + np.sum(z)  # noqa: F821

    with weights:
        plainly = f()
    value, grads = weights.grad(f)
    assert value == plainly and np.array_equal(weights.wa, W)
    assert np.array_equal(grads.wa, [[2, 2], [2, 2]])


def test_an_objective_that_returns_a_weight_itself():
    value, grads = params(wa=3.0).grad(lambda: wa)  # noqa: F821
    assert value == 3.0 and grads.wa == 1.0


def test_math_functions_and_python_numbers_of_weights():
    weights = params(wa=0.5)
    value, grads = weights.grad(lambda: math.sin(wa) * float(wa))  # noqa: F821
    assert np.isclose(value, math.sin(0.5) * 0.5) and np.isclose(
        grads.wa, math.cos(0.5) * 0.5 + math.sin(0.5)
    )


def test_gradients_none_for_what_is_not_trained_and_zeros_for_what_is_not_used():
    weights = params(wa=W, held=frozen(1.0), mean=buffer(2.0), name="x", block={"b": 1.0}, unused=np.ones(3))
    value, grads = weights.grad(lambda: np.sum(wa) * weights.held * weights.mean * weights.block.b)  # noqa: F821
    assert (grads.held, grads.mean, grads.name) == (None, None, None)
    assert np.array_equal(grads.unused, np.zeros(3)) and grads.block.b == 2 * W.sum()
    assert list(grads) == list(weights)


def test_a_parameter_that_stands_in_two_places_is_one():
    weights = params(wa=W)
    weights["again"] = weights.wa
    _, grads = weights.grad(lambda: np.sum(weights.wa) + np.sum(weights.again))
    assert np.array_equal(grads.wa, 2 * np.ones((2, 2))) and np.array_equal(grads.again, grads.wa)


def test_a_smaller_dtype_computes_in_it_and_gradients_keep_theirs(weights):
    seen = []

    def f():
        seen.extend([wa.dtype, pycograd.current_dtype()])  # noqa: F821
        return np.sum(wa**2)  # noqa: F821

    value, grads = weights.grad(f, dtype="f32")
    assert seen == [np.float32, np.float32] and value.dtype == np.float32
    assert grads.wa.dtype == np.float64 and np.allclose(grads.wa, 2 * W)


def test_a_smaller_dtype_is_that_of_constants_and_complex_numbers_too():
    weights = params(wa=W, held=frozen(2.0), mean=buffer(0.5), z=1.0 + 2.0j)

    def f():
        weights.update_buffers({"mean": weights.mean + 1})
        return np.sum(weights.wa) * weights.held * weights.mean * np.abs(weights.z) ** 2

    value, grads = weights.grad(f, dtype="f32")
    assert value.dtype == np.float32 and np.isclose(value, 2.5 * 2 * 1.5 * 5)
    assert weights.mean == 1.5 and weights.mean.dtype == np.float64
    assert grads.z.dtype == np.complex128 and np.isclose(grads.z, 2 * 2.5 * 2 * 1.5 * (1 - 2j))


def test_a_gradient_inside_a_gradient_of_the_same_weights():
    weights = params(wa=2.0)

    def outer():
        _, grads = weights.grad(lambda: wa**3)  # noqa: F821
        return grads.wa * wa  # noqa: F821

    value, grads = weights.grad(outer)
    assert value == 24.0 and grads.wa == 9 * 4.0


def test_a_gradient_inside_another_transform():
    weights = params(wa=2.0)
    assert np.isclose(grad(lambda s: weights.grad(lambda: s**2 * wa**3)[1].wa)(3.0)[0], 2 * 3.0 * 12.0)  # noqa: F821
    each = vmap(lambda s: weights.grad(lambda: s * wa**3)[1].wa)(np.array([1.0, 2.0]))  # noqa: F821
    assert np.allclose(each, [12.0, 24.0])


def test_a_failing_objective_leaves_nothing_behind(weights):
    def fails():
        raise KeyError(wa.sum())  # noqa: F821

    with pytest.raises(KeyError):
        weights.grad(fails)
    assert clean()
    agrees(weights.grad(objective))


# ---- what is refused, what is warned of -------------------------------------------------------------------
def test_weights_of_another_block_are_constants_and_that_is_said(weights):
    other = params(wb=3.0)
    with weights, other:
        with pytest.warns(
            errors.OtherWeightsWarning, match=r"'wb' belongs to another block .* at .*wa"
        ) as caught:
            _, grads = weights.grad(lambda: np.sum(wa) * wb)  # noqa: F821
        assert (
            len(caught) == 1
            and caught[0].filename == __file__
            and np.array_equal(grads.wa, 3 * np.ones((2, 2)))
        )


def test_weights_of_another_block_that_are_meant_as_constants_are_silent(weights):
    other = params(wb=3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with weights, frozen(other):
            assert weights.grad(lambda: np.sum(wa) * wb)[0] == 7.5  # noqa: F821
        with weights, other:
            assert weights.grad(lambda: np.sum(wa) * stop_gradient(wb))[0] == 7.5  # noqa: F821
            outer = lambda: wb * weights.grad(lambda: np.sum(wa) * wb)[0]  # noqa: F821
            assert other.grad(outer)[1].wb == 2 * 3.0 * 2.5


def test_joined_blocks_are_both_trained(weights):
    both = params(a=weights, b=params(wb=3.0))
    _, grads = both.grad(lambda: np.sum(both.a.wa) * both.b.wb)
    assert grads.b.wb == 2.5 and np.array_equal(grads.a.wa, 3 * np.ones((2, 2)))


def test_a_global_that_hides_a_weight_is_told(weights):
    globals()["ba"] = np.zeros(2)
    try:
        with pytest.warns(
            errors.HiddenWeightWarning, match=r"(?s)'ba' is zero, and objective .*another 'ba'"
        ):
            weights.grad(objective)
        (
            agrees(weights.grad(lambda: plain(weights.wa, weights.ba))),
            "no warning where it is used by another name",
        )
    finally:
        del globals()["ba"]


@pytest.mark.parametrize(
    "given, word", [({"jit": True}, "jit=True"), ({"backend": "torch"}, "backend='torch'")]
)
def test_what_needs_a_graph_is_not_there_yet(weights, given, word):
    with pytest.raises(NotImplementedError, match=f"{word} is not there yet"):
        weights.grad(objective, **given)
    agrees(weights.grad(objective, jit=False, backend="numpy"))


def test_a_module_of_torch_is_not_there_yet(weights):
    with pytest.raises(NotImplementedError, match="to_torch_module is not there yet"):
        weights.to_torch_module(objective)


def test_placing_single_parameters_is_not_there_yet():
    for kind in (NotImplementedError, ValueError):
        with pytest.raises(kind, match="per-leaf device, 'cuda'"):
            params(wa=on_device("cuda", 1.0)).grad(lambda: 1.0 * wa)  # noqa: F821
    assert params(wa=on_cpu(2.0)).grad(lambda: 1.0 * wa)[0] == 2.0  # noqa: F821


def test_a_number_that_is_no_parameter_is_told(weights):
    weights["extra"] = np.ones(3)
    with pytest.raises(
        TypeError, match=r"weights\.extra is a bare ndarray, no parameter[\s\S]*Param\(value\)"
    ):
        weights.grad(lambda: np.sum(weights["extra"]))


def test_a_gradient_that_is_zero_for_a_function_without_slope_is_told_for_each_objective(weights):
    for f in (lambda: np.round(weights.wa).sum(), lambda: np.floor(weights.ba).sum()):
        with pytest.warns(
            errors.ZeroGradientWarning, match=r"(?s)the gradient of <lambda> \(test_ambient.*np\."
        ):
            weights.grad(f)


def test_tracebacks_show_the_users_frames_alone(weights):
    def fails():
        raise KeyError("mine")

    globals()["ba"] = 1
    try:
        for call in (
            lambda: weights.grad(fails),
            weights.__enter__,
            lambda: weights.update_buffers({"wa": 1}),
        ):
            with pytest.raises((KeyError, ValueError)) as caught:
                call()
            assert {frame.path.name for frame in caught.traceback} == {"test_ambient.py"}
    finally:
        del globals()["ba"]


# ---- threads and tasks ------------------------------------------------------------------------------------
def gradient_of_own(start, barrier=None):
    """The gradient of weights of this thread's own, under the names that all threads use."""
    weights = params(wa=start, ba=np.array([0.1, -0.2]))
    with weights:
        if barrier:
            barrier.wait()
        for _ in range(20):
            _, grads = weights.grad(objective)
            weights.step(grads, 0.1)
        return weights.wa.value


def trained(start):
    w, b = start, np.array([0.1, -0.2])
    for _ in range(20):
        gw, gb = grad(plain, (0, 1))(w, b)
        w, b = w - 0.1 * gw, b - 0.1 * gb
    return w


def test_threads_see_each_its_own_weights():
    starts = [W * k for k in (0.5, 1.0, 1.5, 2.0)]
    barrier = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda start: gradient_of_own(start, barrier), starts))
    assert all(np.allclose(w, trained(start)) for w, start in zip(found, starts, strict=True))
    assert clean()


def test_tasks_see_each_its_own_weights():
    async def train(start):
        weights = params(wa=start, ba=np.array([0.1, -0.2]))
        with weights:
            for _ in range(20):
                _, grads = weights.grad(objective)
                await asyncio.sleep(0)
                weights.step(grads, 0.1)
        return weights.wa.value

    async def both():
        return await asyncio.gather(train(W), train(2 * W))

    found = asyncio.run(both())
    assert np.allclose(found[0], trained(W)) and np.allclose(found[1], trained(2 * W)) and clean()


def test_a_thread_that_has_not_entered_says_so_instead_of_losing_a_gradient(weights):
    def in_pool():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(objective).result()

    with weights, pytest.raises(errors.OutsideBlockError, match="has not entered `with weights:`"):
        weights.grad(in_pool)


def test_a_thread_with_a_copy_of_the_context_is_part_of_the_objective(weights):
    def in_pool():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(contextvars.copy_context().run, objective).result()

    with weights:
        agrees(weights.grad(in_pool))


def test_one_thread_computes_with_plain_values_while_another_differentiates(weights):
    seen = []

    def evaluate():
        with weights:
            seen.append(type(wa.now()))  # noqa: F821

    def f():
        thread = threading.Thread(target=evaluate)
        thread.start()
        thread.join()
        return objective()

    with weights:
        agrees(weights.grad(f))
    assert seen == [np.ndarray] and clean()


# ---- what Python asks -------------------------------------------------------------------------------------
def test_a_weight_is_copied_and_pickled_as_its_value(weights):
    with weights:
        for other in (copy.copy(wa), copy.deepcopy(wa), pickle.loads(pickle.dumps(wa))):  # noqa: F821
            assert type(other) is np.ndarray and np.array_equal(other, W)
            assert not np.shares_memory(other, weights.wa.value)
    number = Weight(params(n=3.0), "n")
    assert int(number) == 3 and float(number) == 3.0 and bool(number)
    with pytest.raises(TypeError, match="integer"):
        [1, 2, 3, 4][number]


def test_in_place_operators_write_into_a_weight(weights):
    def f():
        global wa
        wa += 1.0
        wa *= np.array([1.0, 2.0])
        wa **= 2
        return np.sum(wa)

    plainly = params(wa=W.copy())
    with plainly:
        value = f()
        assert type(globals()["wa"]) is Weight
    found, grads = weights.grad(f)
    assert np.isclose(found, value) and np.array_equal(weights.wa, plainly.wa)
    assert np.allclose(grads.wa, 2 * (W + 1) * np.array([1.0, 4.0])) and clean()


def test_plain_numbers_of_a_watched_weight_are_not_given_away(weights):
    def f():
        return np.sum(np.ma.masked_array(wa))  # noqa: F821

    with pytest.raises(errors.ForeignCodeError, match="conversion to a plain array"):
        weights.grad(f)


def test_a_weight_is_an_argument_too():
    weights = params(wa=np.array([1.0, 2.0]), held=frozen(3.0))
    with weights:
        g = grad(lambda a, b, x: np.sum(a**2) * b * x)(wa, held, 2.0)  # noqa: F821
    assert np.array_equal(g[0], [12.0, 24.0]) and g[1] is None and g[2] == 15.0


def test_an_item_that_is_no_parameter_any_more_is_what_it_is(weights):
    with weights:
        dict.__setitem__(weights, "ba", "text")
        assert globals()["ba"].upper() == "TEXT"


def test_a_name_of_a_module_is_taken_too():
    """The error for `np`, which has a `dtype`, was another error."""
    with pytest.raises(ValueError, match="the name 'np' of a weight already exists .* it is of type module"):
        with params({"np": 1.0}):
            pass
