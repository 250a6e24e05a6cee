"""Threads, asyncio and processes: gradients in them, and in a function that uses them; pickling."""

import asyncio
import contextlib
import copy
import math
import multiprocessing
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed

import numpy as np
import pytest

from pycograd import grad, jacobian, jvp, value_and_grad, vmap
from pycograd.weave import woven

from .test_kinds import E5, slope
from .test_places import made


def helper(x):
    return math.exp(x)


def loss(x, scale=1.0):
    return scale * math.exp(x) * float(x)


class Model:
    def __init__(self, w):
        self.w = w

    def __call__(self, x):
        return self.w * math.exp(x)

    def method(self, x):
        return self.w * math.sin(x)

    @property
    def rate(self):
        return math.exp(self.w)


def with_property(w):
    return Model(w).rate


# ---- inside the function ---------------------------------------------------------------------------------------------
def append(out, x):
    out.append(math.exp(x))


def test_threads_inside_the_function():
    def by_thread(x):
        out = []
        threads = [threading.Thread(target=append, args=(out, k * x)) for k in (1, 2)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        return sum(out)

    def by_map(x):
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(helper, [x, 2 * x]))

    def by_submit(x):
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(f, x) for f in (helper, Model(2.0), Model(2.0).method)]
            return sum(f.result() for f in as_completed(futures))

    assert slope(by_thread) == slope(by_map) == pytest.approx(E5 + 2 * math.e)
    assert slope(by_submit) == pytest.approx(3 * E5 + 2 * math.cos(0.5))


async def step(x):
    await asyncio.sleep(0)
    return math.exp(x)


@contextlib.asynccontextmanager
async def scope(x):
    await asyncio.sleep(0)
    yield math.exp(x)


class Resource:
    def __init__(self, x):
        self.x = x

    async def __aenter__(self):
        return math.exp(self.x)

    async def __aexit__(self, *error):
        return False

    def __aiter__(self):
        self.n = 0
        return self

    async def __anext__(self):
        if self.n == 2:
            raise StopAsyncIteration
        self.n += 1
        return math.exp(self.x * self.n)

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return math.exp(self.x)


def test_asyncio_inside_the_function():
    async def series(x):
        for k in range(3):
            await asyncio.sleep(0)
            got = yield math.exp(k * x)
            assert got is None

    async def gathered(x):
        return sum(await asyncio.gather(step(x), step(2 * x)))

    async def tasks(x):
        async with asyncio.TaskGroup() as group:
            a, b = group.create_task(step(x)), group.create_task(step(2 * x))
        return a.result() + b.result()

    async def generated(x):
        total = sum([v async for v in series(x)])
        async for v in series(x):
            total = total + v
        return total / 2

    async def managed(x):
        async with scope(x) as a, Resource(x) as b:
            return a + b

    async def of_classes(x):
        return await Resource(x) + sum([v async for v in Resource(x)])

    async def in_a_thread(x):
        loop = asyncio.get_running_loop()
        return await asyncio.to_thread(helper, x) + await loop.run_in_executor(None, helper, x)

    two, e = E5 + 2 * math.e, math.e
    for f, expected in (
        (gathered, two),
        (tasks, two),
        (generated, two),
        (managed, 2 * E5),
        (of_classes, 2 * E5 + 2 * e),
        (in_a_thread, 2 * E5),
    ):
        assert slope(lambda x, f=f: asyncio.run(f(x))) == pytest.approx(expected)


# ---- gradients in threads and tasks ----------------------------------------------------------------------------------
def test_eight_gradients_at_once():
    async def gradient(x):
        value, (g,) = value_and_grad(with_tasks)(x)
        await asyncio.sleep(0)
        return g - grad(loss)(x)[0], value

    def with_tasks(x):
        return loss(x, 2.0) - loss(x)

    async def main():
        return await asyncio.gather(*[gradient(0.1 * k) for k in range(8)])

    found = asyncio.run(main())
    assert [g for g, _ in found] == pytest.approx([0.0] * 8, abs=1e-12)
    assert [value for _, value in found] == [loss(0.1 * k) for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        gradients = list(pool.map(grad(loss, 0), [0.1 * k for k in range(200)]))
    assert gradients == [grad(loss, 0)(0.1 * k) for k in range(200)]


def test_async_function_is_run_by_its_event_loop():
    f = woven(step)
    assert asyncio.iscoroutinefunction(f)
    assert asyncio.run(f(0.5)) == E5


def test_threads_meet_classes_while_others_weave():
    """Each thread makes classes with new properties, so that what the others wove is woven again."""
    errors = []
    text = """
        class Local:
            def __init__(self, x):
                self.x = x
            @property
            def {name}(self):
                return math.exp(self.x)
        def f(x):
            return Local(x).{name}
        """

    def work(i):
        try:
            for k in range(5):
                assert grad(made(text.format(name=f"rate_{i}_{k}")), 0)(0.5) == pytest.approx(E5)
                assert grad(with_property, 0)(0.5) == pytest.approx(E5)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not errors


# ---- processes -------------------------------------------------------------------------------------------------------
def gradient_at(x):
    return value_and_grad(loss)(x), grad(with_property)(x), grad(Model(2.0))(x)


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes(method):
    context = multiprocessing.get_context(method)
    woven(loss)(1.0)  # before a fork
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        xs = [0.1, 0.5]
        assert list(pool.map(gradient_at, xs)) == [gradient_at(x) for x in xs]
        assert list(pool.map(grad(loss), xs)) == [grad(loss)(x) for x in xs]
        assert list(pool.map(grad(Model(3.0).method), xs)) == [grad(Model(3.0).method)(x) for x in xs]


def test_pickled_transforms_and_models():
    pair = np.array([0.5, 1.0])
    for transform, x in (
        (grad(loss), 0.5),
        (value_and_grad(loss, 0), 0.5),
        (grad(Model(2.0)), 0.5),
        (grad(Model(2.0).method), 0.5),
        (jacobian(helper), 0.5),
        (vmap(grad(loss, 0)), pair),
        (grad(grad(loss, 0)), 0.5),
    ):
        for again in (pickle.loads(pickle.dumps(transform)), copy.deepcopy(transform)):
            np.testing.assert_array_equal(tuple_of(again(x)), tuple_of(transform(x)))
    assert pickle.loads(pickle.dumps(woven(loss).__wrapped__)) is loss


def tuple_of(x):
    return np.array([*x] if isinstance(x, tuple) else [x])


def test_tangents_in_a_thread_of_a_running_gradient():
    """The levels of transforms need no stack: an inner one may run in another thread than the outer."""

    def f(x):
        with ThreadPoolExecutor(1) as pool:
            _, tangent = pool.submit(lambda: jvp(loss, (x,), (1.0,))).result()
        return tangent

    assert grad(f, 0)(0.5) == pytest.approx(grad(grad(loss, 0), 0)(0.5))
