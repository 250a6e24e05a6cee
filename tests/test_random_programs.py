"""Random shapes, axes, indices and compositions: the laws hold for what nobody thought of writing as a row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import (
    array_shapes,
    basic_indices,
    broadcastable_shapes,
    mutually_broadcastable_shapes,
)
from laws import harness
from laws.case import Case
from laws.row import distinct, normal, positive, row

LAWS = (
    harness.value,
    harness.reverse,
    harness.forward,
    harness.second,
    harness.vmap,
    harness.vmap_gradient,
    harness.capture,
)
trial = settings(max_examples=40, deadline=None, derandomize=True, database=None)
shapes = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
full_shapes = array_shapes(min_dims=1, max_dims=3, max_side=4)


def obeys(func, *inputs, call=None, **params):
    """Every law, for one random call; numpy itself may refuse it."""
    with np.errstate(all="ignore"):
        try:
            case = Case(row(func, *inputs, call=call, **params))
        except (ValueError, IndexError, TypeError):
            return
        for law in LAWS:
            law(case)


def axes_of(draw, shape, many=True):
    """None, an axis, or some of them."""
    one = st.integers(-len(shape), len(shape) - 1) if shape else st.none()
    some = st.lists(st.integers(0, len(shape) - 1), unique=True).map(tuple) if many and shape else st.none()
    return draw(st.one_of(st.none(), one, some))


@trial
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_reductions_over_random_axes(data):
    shape = data.draw(shapes)
    func = data.draw(st.sampled_from([np.sum, np.prod, np.mean, np.max, np.min, np.ptp, np.var]))
    obeys(func, distinct(*shape), axis=axes_of(data.draw, shape), keepdims=data.draw(st.booleans()))


@trial
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_scans_and_orders_along_random_axes(data):
    shape = data.draw(shapes)
    func = data.draw(st.sampled_from([np.cumsum, np.cumprod, np.sort, np.argsort, np.flip]))
    obeys(func, distinct(*shape), axis=axes_of(data.draw, shape, many=False))


@trial
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_operands_that_broadcast(data):
    a, b = data.draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes
    func = data.draw(
        st.sampled_from([np.add, np.multiply, np.divide, np.power, np.maximum, np.hypot, np.logaddexp])
    )
    obeys(func, positive(*a), 0.3 + positive(*b))


@trial
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_basic_indices(data):
    shape = data.draw(full_shapes)
    key = data.draw(basic_indices(shape, allow_newaxis=True, max_dims=5))
    obeys(np.take, normal(*shape), call=lambda x: x[key])


@trial
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_advanced_indices(data):
    shape = data.draw(full_shapes)
    index = data.draw(array_shapes(max_dims=2, max_side=3))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    basic = st.sampled_from([slice(None), 0, slice(None, None, -1)])
    keys = [rng.integers(-n, n, index) if data.draw(st.booleans()) else data.draw(basic) for n in shape]
    key = tuple(keys) if data.draw(st.booleans()) else rng.random(shape) > 0.5
    obeys(np.take, normal(*shape), call=lambda x: x[key])


@trial
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_movements(data):
    shape = data.draw(full_shapes)
    order = data.draw(st.permutations(range(len(shape))))
    wide = data.draw(broadcastable_shapes(shape, min_dims=len(shape), max_dims=4, max_side=3))
    call = data.draw(
        st.sampled_from(
            [
                lambda x: np.transpose(x, order),
                lambda x: np.reshape(np.transpose(x, order), (-1, shape[0])),
                lambda x: np.broadcast_to(x, wide),
                lambda x: np.moveaxis(x, order[0], -1),
                lambda x: np.expand_dims(x, order[-1]),
                lambda x: np.concatenate([x, 2 * x], axis=order[0]),
                lambda x: np.stack([x, np.sin(x)], axis=-1),
                lambda x: np.roll(x, 2, axis=order[0]),
                lambda x: np.repeat(x, 2, axis=order[0]),
                lambda x: np.pad(x, 1),
            ]
        )
    )
    obeys(np.transpose, normal(*shape), call=call)


@trial
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_products_of_random_ranks(data):
    lead = data.draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    n, k, m = (data.draw(st.integers(0, 3)) for _ in range(3))
    a = data.draw(st.sampled_from([(k,), (n, k), (*lead[0], n, k)]))
    b = data.draw(st.sampled_from([(k,), (k, m), (*lead[1], k, m)]))
    func = data.draw(st.sampled_from([np.matmul, np.dot]))
    obeys(func, normal(*a), normal(*b))


STEPS = [
    np.sin,
    np.tanh,
    lambda x: x * x + 0.1,
    lambda x: x / (1 + x * x),
    lambda x: np.sum(x, axis=0, keepdims=True) + x,
    lambda x: np.where(x > 0.1, np.sqrt(np.abs(x) + 0.5), 0.3 * x),
    lambda x: x[::-1] + 0.5 * x,
    lambda x: np.cumsum(x, axis=-1) * 0.3,
    lambda x: x.T @ x,
    lambda x: np.concatenate([x, np.exp(-x * x)]),
    lambda x: x - np.mean(x),
    lambda x: np.reshape(x, (-1, 2)),
    lambda x: np.logaddexp(x, 0.0),
]


@trial
@given(st.lists(st.sampled_from(STEPS), min_size=2, max_size=5))
@pytest.mark.filterwarnings("ignore")
def test_random_compositions(steps):
    def program(x):
        for step in steps:
            x = step(x)
        return x

    obeys(np.sin, normal(4, 2), call=program, tolerance=1e-5)
