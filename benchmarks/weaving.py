"""What weaving adds to code on plain arrays: microseconds per call, as Python compiled it and woven.

Each function makes one kind of call a thousand times; the time of the empty loop is part of both.
"""

import functools
import math
from collections.abc import Callable
from timeit import repeat
from typing import Any

import numpy as np

from pycograd.weave import woven

N = range(1000)
SMALL, LARGE, SCALAR, EXP = np.ones(4), np.ones(10_000), 0.5, [np.exp]


def helper(x: Any) -> Any:
    return x


def woven_helper(x: Any) -> Any:
    return x if x is not None else math.nan + float(x)


class Model:
    def __init__(self, x: Any = 0.0) -> None:
        self.x = x if x is not None else float(x)

    def method(self, x: Any) -> Any:
        return x

    def woven_method(self, x: Any) -> Any:
        return x if x is not None else float(x)

    def __call__(self, x: Any) -> Any:
        return x if x is not None else float(x)


MODEL = Model()
HELPERS, PARTIAL = [woven_helper], functools.partial(helper)


def ufunc(x: Any) -> None:
    for _ in N:
        np.exp(x)


def binary_ufunc(x: Any) -> None:
    for _ in N:
        np.add(x, 1.0)


def reduction(x: Any) -> None:
    for _ in N:
        np.sum(x)


def reduction_with_keyword(x: Any) -> None:
    for _ in N:
        np.sum(x, axis=0)


def array_method(x: Any) -> None:
    for _ in N:
        x.sum(axis=0)


def method_of_expression(x: Any) -> None:
    for _ in N:
        (+x).sum()


def math_function(x: Any) -> None:
    for _ in N:
        math.sin(x)


def builtin_float(x: Any) -> None:
    for _ in N:
        float(x)


def builtin_len(x: Any) -> None:
    for _ in N:
        len(x)


def list_method(x: Any) -> None:
    out: list[Any] = []
    for _ in N:
        out.append(x)


def is_instance(x: Any) -> None:
    for _ in N:
        isinstance(x, np.ndarray)


def global_function(x: Any) -> None:
    for _ in N:
        helper(x)


def inner_function(x: Any) -> None:
    def inner(y: Any) -> Any:
        return y

    for _ in N:
        inner(x)


def function_argument(x: Any, f: Any = helper) -> None:
    for _ in N:
        f(x)


def user_method(x: Any) -> None:
    for _ in N:
        MODEL.method(x)


def method_that_weaving_changes(x: Any) -> None:
    for _ in N:
        MODEL.woven_method(x)


def callable_object(x: Any) -> None:
    for _ in N:
        MODEL(x)


def constructor(x: Any) -> None:
    for _ in N:
        Model(x)


def function_argument_that_weaving_changes(x: Any, f: Any = woven_helper) -> None:
    for _ in N:
        f(x)


def closure_argument(x: Any) -> None:
    def run(f: Any) -> None:
        for _ in N:
            f(x)

    run(lambda y: y if y is not None else x + float(y))


def method_argument(x: Any, f: Any = MODEL.method) -> None:
    for _ in N:
        f(x)


def class_argument(x: Any, f: Any = Model) -> None:
    for _ in N:
        f(x)


def partial_argument(x: Any, f: Any = PARTIAL) -> None:
    for _ in N:
        f(x)


def builtin_argument(x: Any, f: Any = len) -> None:
    for _ in N:
        f(x)


def math_argument(x: Any, f: Any = math.sin) -> None:
    for _ in N:
        f(x)


def function_from_a_list(x: Any) -> None:
    for _ in N:
        HELPERS[0](x)


def closure_from_a_list(x: Any) -> None:
    scale = x
    fs = [lambda y: y if y is not None else scale + float(y)]
    for _ in N:
        fs[0](x)


def ufunc_from_a_list(x: Any) -> None:
    for _ in N:
        EXP[0](x)


def store(x: Any) -> None:
    for _ in N:
        x[0] = 1.0


def store_of_a_slice(x: Any) -> None:
    for _ in N:
        x[1:3] = 1.0


def augmented_store(x: Any) -> None:
    for _ in N:
        x[0] += 1.0


def store_in_a_list(x: Any) -> None:
    items = [x]
    for _ in N:
        items[0] = x


def augmented_array(x: Any) -> None:
    for _ in N:
        x += 1.0


def augmented_number(x: Any) -> None:
    total = 0.0
    for _ in N:
        total += x


def method_in_place(x: Any) -> None:
    for _ in N:
        x.fill(1.0)


def out_keyword(x: Any) -> None:
    for _ in N:
        np.add(x, 1.0, out=x)


CASES: list[tuple[Callable[..., None], Any]] = [
    (ufunc, SMALL),
    (ufunc, LARGE),
    (binary_ufunc, SMALL),
    (reduction, SMALL),
    (reduction_with_keyword, SMALL),
    (array_method, SMALL),
    (method_of_expression, SMALL),
    (math_function, SCALAR),
    (builtin_float, SCALAR),
    (builtin_len, SMALL),
    (list_method, SMALL),
    (is_instance, SMALL),
    (global_function, SMALL),
    (inner_function, SMALL),
    (function_argument, SMALL),
    (function_argument_that_weaving_changes, SMALL),
    (closure_argument, SMALL),
    (method_argument, SMALL),
    (class_argument, SMALL),
    (partial_argument, SMALL),
    (builtin_argument, SMALL),
    (math_argument, SCALAR),
    (callable_object, SMALL),
    (constructor, SMALL),
    (user_method, SMALL),
    (method_that_weaving_changes, SMALL),
    (function_from_a_list, SMALL),
    (closure_from_a_list, SMALL),
    (ufunc_from_a_list, SMALL),
    (store, SMALL),
    (store_of_a_slice, SMALL),
    (augmented_store, SMALL),
    (store_in_a_list, SMALL),
    (augmented_array, SMALL),
    (augmented_number, SCALAR),
    (method_in_place, SMALL),
    (out_keyword, SMALL),
]


def rows(rounds: int = 15) -> list[tuple[str, float, float]]:
    """For each kind of call its name, and the microseconds that it takes as it is and woven: minima, interleaved."""
    found = []
    for f, x in CASES:
        g = woven(f)
        times: tuple[list[float], list[float]] = [], []
        for _ in range(rounds):
            for which, run in zip(times, (f, g)):
                which += repeat(lambda run=run, x=x: run(x), number=1, repeat=1 if x is LARGE else 5)
        size = f" of {x.size}" if isinstance(x, np.ndarray) and f is ufunc else ""
        found.append((f.__name__.replace("_", " ") + size, min(times[0]) * 1e3, min(times[1]) * 1e3))
    return found
