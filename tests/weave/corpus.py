"""Small numeric programs in all the forms that Python gives a function, each with an input.

`protocols` says that numpy's protocols alone run it too; the others need weaving, and raise without.  `events` says why
pyccolo's events cannot run a program, where they cannot.
"""

import contextlib
import functools
import itertools
import math
import operator
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy import exp
from numpy.linalg import norm

X = np.array([0.5, -1.5, 2.0])
GLOBAL = 2.0
Pair = namedtuple("Pair", "left right")


class Program(NamedTuple):
    f: Callable[..., Any]
    x: Any
    protocols: bool
    events: str


PROGRAMS: list[Program] = []


def program(x: Any = X, *, protocols: bool = True, events: str = "") -> Callable[..., Any]:
    def add(f: Callable[..., Any]) -> Callable[..., Any]:
        PROGRAMS.append(Program(f, x, protocols, events))
        return f

    return add


def square(x):
    return x * x


def scaled(x, by=2.0, *, shift=0.0):
    return by * np.sin(x) + shift


# ---- expressions and statements ------------------------------------------------------------------------------------
@program()
def ufuncs(x):
    return np.sum(np.exp(x) * np.sin(x) + x**2)


@program()
def imported_names(x):
    return np.sum(exp(-x)) + norm(x)


@program()
def methods_of_arrays(x):
    return (x * x).sum() + x.reshape(3, 1).mean() + x.T.dot(x)


@program(protocols=False)
def plain_array_meets_watched_one(x):
    w = np.arange(3.0)
    return w.dot(x) + np.dot(w, x) + w @ x


@program()
def loop_with_augmented_assignment(x):
    total = 0.0
    for i in range(3):
        total += x[i] * np.cos(x[i])
        total *= 1.5
    return total


@program()
def data_dependent_loop(x):
    s, n = np.sum(x * x), 0
    while s > 1e-1:
        s, n = s * 0.5, n + 1
        if n > 20:
            break
    else:
        s = s * 3.0
    return s


@program()
def branches(x):
    y = x * 2 if np.sum(x) > 0 else -x
    if y[0] > 100 or not y[1] < 0:
        return np.sum(y)
    return np.sum(np.where(y > 0, y * y, np.tanh(y)))


@program()
def walrus(x):
    if (n := np.sum(np.abs(x))) > 1:
        return n * (m := np.max(x)) + m
    return n


@program()
def match_statement(x):
    match (x[0], {"scale": x[1]}):
        case (a, {"scale": b, **rest}) if not rest:
            return np.exp(a) * b
        case _:
            return a


@program()
def try_and_finally(x):
    try:
        raise ValueError(np.sum(x))
    except ValueError as error:
        y = error.args[0]
    finally:
        z = np.prod(x)
    return y * z


@contextlib.contextmanager
def weight(x):
    yield np.exp(x)


@program()
def with_statement(x):
    with weight(x) as w, contextlib.nullcontext(np.sin(x)) as v:
        return np.sum(w * v)


@program()
def unpacking(x):
    first, *rest = [np.exp(v) for v in x]
    return first * sum(rest)


# ---- functions -----------------------------------------------------------------------------------------------------
@program()
def helpers(x):
    return np.sum(scaled(square(x), shift=1.0))


@program()
def star_arguments(x):
    args, kwargs = (x, 3.0), {"shift": np.mean(x)}
    return np.sum(scaled(*args, **kwargs))


@program()
def lambdas(x):
    f, g = lambda y: np.sin(y), lambda y: np.cos(y)
    return np.sum(f(x) * g(x)) + (lambda y: y[0] * y[1])(x)


@program()
def nested_functions(x):
    scale = np.max(x)

    def outer(y):
        def inner(z):
            return z * scale

        return inner(np.exp(y)) + inner(y)

    return np.sum(outer(x))


@program()
def nonlocal_state(x):
    total = 0.0

    def add(v):
        nonlocal total
        total = total + np.exp(v)

    for v in x:
        add(v)
    return total


@program()
def recursion(x, n=4):
    return np.sum(x) if n == 0 else recursion(np.sin(x) + x, n - 1)


@program()
def local_recursion(x):
    def power(y, n):
        return 1.0 if n == 0 else y * power(y, n - 1)

    return np.sum(power(x, 3))


@program()
def functions_as_values(x):
    layers = [np.sin, square, lambda y: y + 1.0, functools.partial(scaled, by=3.0)]
    for layer in layers:
        x = layer(x)
    return np.sum(x)


def composed(*functions):
    def run(x):
        for f in functions:
            x = f(x)
        return x

    return run


@program()
def closures(x):
    return np.sum(composed(np.exp, square, scaled)(x))


def twice(f):
    @functools.wraps(f)
    def wrapper(x):
        return f(f(x))

    return wrapper


@twice
def shifted(x):
    return np.sin(x) + x


@program()
def decorators(x):
    return np.sum(shifted(x))


def terms(x):
    y = x
    for k in range(1, 5):
        yield y / math.factorial(k)
        y = y * x


@program()
def generators(x):
    return np.sum(sum(terms(x)))


def averaging():
    total, n, mean = 0.0, 0, None
    while True:
        value = yield mean
        total, n = total + np.sin(value), n + 1
        mean = total / n


@program()
def coroutine(x):
    average = averaging()
    next(average)
    return [average.send(v) for v in x][-1]


@program()
def comprehensions(x):
    squares = [v * v for v in x]
    named = {i: np.exp(v) for i, v in enumerate(squares)}
    return sum(named[i] for i in named if i != 1) + sum({0: v}[0] for v in squares)


# ---- classes -------------------------------------------------------------------------------------------------------
class Layer:
    """A layer with a private method, a class method, and a property."""

    gain = 1.5

    def __init__(self, w):
        self.w = np.tanh(w)

    def __call__(self, x):
        return self.__activate(self.w * x)

    def __activate(self, x):
        return np.tanh(x) * self.gain

    @property
    def size(self):
        return np.sum(self.w**2)

    @classmethod
    def doubled(cls, w):
        return cls(2 * w)

    @staticmethod
    def half(x):
        return x / 2


class Residual(Layer):
    def __call__(self, x):
        return super().__call__(x) + x


@dataclass
class Affine:
    w: Any
    b: float = 1.0

    def apply(self, x):
        return np.sum(np.sin(self.w) * x) + self.b

    def __add__(self, other):
        return Affine(self.w + other.w, np.exp(self.b))


LAYER = Residual(np.array([1.0, 2.0, 3.0]))


@program()
def callable_object(x):
    return np.sum(LAYER(x))


@program()
def class_made_inside(x):
    return np.sum(Layer.half(Residual(x)(x))) + Layer.doubled(x).size


@program()
def dataclasses(x):
    return (Affine(x) + Affine(np.cos(x))).apply(x)


@program()
def class_defined_inside(x):
    class Local:
        def value(self, y):
            return np.sum(np.exp(y))

    return Local().value(x)


@program()
def named_tuples(x):
    pair = Pair(x[0], x[1])
    return pair._replace(left=np.exp(pair.left)).left * pair.right


# ---- what Python calls by itself -----------------------------------------------------------------------------------
NO_EVENT = "pyccolo has an event for calls, not for what Python calls by itself"


class Gaussian:
    """Scalars with a variance: operators, properties, comparison."""

    def __init__(self, mean, variance):
        self.mean, self.variance = mean, variance

    @property
    def deviation(self):
        return math.sqrt(self.variance)

    @functools.cached_property
    def entropy(self):
        return 0.5 * math.log(2 * math.pi * math.e * self.variance)

    def __add__(self, other):
        return Gaussian(self.mean + other.mean, math.fsum([self.variance, other.variance]))

    def __mul__(self, scale):
        return Gaussian(self.mean * scale, self.variance * math.pow(scale, 2))

    __rmul__ = __mul__

    def __lt__(self, other):
        return math.exp(self.mean) < math.exp(other.mean)


class Signal:
    """A container: length, items, iteration, membership, a context."""

    def __init__(self, values):
        self.values = list(values)

    def __len__(self):
        return len(self.values)

    def __getitem__(self, i):
        return math.tanh(self.values[i])

    def __setitem__(self, i, value):
        self.values[i] = math.atan(value)

    def __iter__(self):
        for value in self.values:
            yield math.sin(value)

    def __contains__(self, value):
        return any(math.cos(v) == math.cos(value) for v in self.values)

    def __enter__(self):
        return [math.exp(v) for v in self.values]

    def __exit__(self, *error):
        return False


class Lazy:
    """Attributes that are made when they are missing."""

    def __init__(self, x):
        self.x = x

    def __getattr__(self, name):
        return math.exp(self.x) if name == "exp" else getattr(math, name)(self.x)


@program(protocols=False, events=NO_EVENT)
def operators_of_a_class(x):
    total = Gaussian(x[0], math.exp(x[1])) + 2.0 * Gaussian(x[2], math.exp(x[0]))
    total += Gaussian(x[1], 1.0) * x[2]
    return total.mean * total.deviation + total.entropy + total.entropy


@program(protocols=False, events=NO_EVENT)
def comparisons_of_a_class(x):
    ranked = sorted([Gaussian(v, 1.0) for v in x])
    least = min(Gaussian(x[0], 2.0), Gaussian(x[1], 3.0))
    return ranked[0].mean * ranked[2].mean + least.mean * least.deviation


@program(protocols=False, events=NO_EVENT)
def containers_of_a_class(x):
    signal = Signal(x)
    signal[1] = 2 * x[1]
    with signal as exponentials:
        total = sum(exponentials) + signal[0] * len(signal)
    for k, v in enumerate(signal):
        total = total + k * v
    first, *_ = signal
    return total * first if x[0] in signal else total


@program(protocols=False, events=NO_EVENT)
def computed_attributes(x):
    return Lazy(x[0]).exp * Lazy(x[1]).sin + Lazy(x[2]).sqrt


@program(protocols=False, events=NO_EVENT)
def aggregates(x):
    return (
        sum([Gaussian(v, v * v) for v in x], Gaussian(0.0, 0.0)).deviation * x[0]
        + Gaussian(x[1], 1.0).deviation
    )


# ---- what numpy's protocols do not see -----------------------------------------------------------------------------
@program(0.7, protocols=False)
def math_functions(x):
    return math.sin(x) * math.exp(x) + sqrt(x)


@program(0.7, protocols=False)
def projectile(v):
    t, height = 0.0, 0.0
    while height >= 0.0 and t < 1.0:
        t += 0.125
        height = v * math.sin(0.8) * t - 4.9 * t * t + math.hypot(v, 1.0)
    return height


@program(0.7, protocols=False)
def conversions(x):
    return float(x) * np.float64(x) + abs(x) + round(2.7)


@program(protocols=False)
def arrays_of_watched(x):
    a = np.array([x[0], x[1] * x[2], 3.0])
    return np.sum(np.asarray(a) ** 2)


@program()
def lists_of_watched(x):
    return np.sum(np.stack([x[0], x[1]])) + np.sum(np.concatenate([x, 2 * x]))


@program(protocols=False)
def map_filter_reduce(x):
    values = list(map(lambda v: math.exp(v), filter(lambda v: v > 0, x)))
    return functools.reduce(lambda a, b: a * math.sin(b), values) + sum(
        itertools.accumulate(values, operator.mul)
    )


@program(protocols=False)
def sorting_with_a_key(x):
    ranked = sorted(x, key=lambda v: math.exp(-v))
    return ranked[0] * max(x, key=lambda v: math.cos(v)) + min(x[0], x[1])


@program(protocols=False)
def numpy_calls_a_function(x):
    each = np.vectorize(lambda v: math.exp(v))(x)
    rows = np.apply_along_axis(lambda row: row * math.fsum([1.0, 2.0]), 0, x)
    return np.sum(each * rows)


@program()
def asks_for_its_type(x):
    return np.sum(np.exp(x)) if isinstance(x, np.ndarray) else 0.0 * np.sum(x)


@program()
def unused_argument(x):
    return np.sum(np.ones(3))
