"""A second run of a function that is the same as the first: the same closure, the same random numbers."""

from collections.abc import Callable, Iterator
from functools import partial
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from pycograd.core import Traced

__all__ = ["generators", "replayed", "snapshot"]

NOT_WALKED = (np.ndarray, np.generic, Traced, ModuleType, type, str, bytes, int, float, complex)


def snapshot(f: Any) -> Any:
    """`f` with the variables that it closes over as they are now: a loop may rebind them before the second run."""
    if isinstance(f, MethodType):
        return MethodType(snapshot(f.__func__), f.__self__)
    if type(f) is partial:
        return partial(snapshot(f.func), *f.args, **f.keywords)
    if not isinstance(f, FunctionType) or not f.__closure__:
        return f
    g = FunctionType(
        f.__code__, f.__globals__, f.__name__, f.__defaults__, tuple(map(cell_now, f.__closure__))
    )
    g.__kwdefaults__, g.__qualname__, g.__module__ = f.__kwdefaults__, f.__qualname__, f.__module__
    g.__dict__.update(f.__dict__)
    return g


def cell_now(cell: CellType) -> CellType:
    try:
        return CellType(cell.cell_contents)
    except ValueError:  # still empty: the variable is assigned later, and then for both
        return cell


# ---- random numbers ------------------------------------------------------------------------------------------------
def replayed(roots: Any, run: Callable[[], Any]) -> Callable[[], Any]:
    """`run`, with every generator of random numbers that `roots` reach in the state that it has now."""
    before = [(bits, bits.state) for bits in bit_generators(roots)]

    def again() -> Any:
        now = [(bits, bits.state) for bits, _ in before]
        restore(before)
        try:
            return run()
        finally:
            restore(now)

    return again


def restore(states: list[tuple[Any, Any]]) -> None:
    for bits, state in states:
        bits.state = state


def bit_generators(roots: Any) -> list[Any]:
    """The bit generators behind the generators that `roots` reach, each once."""
    found = {}
    for generator in generators(roots):
        modern = isinstance(generator, np.random.Generator)
        bits = generator.bit_generator if modern else generator._bit_generator  # type: ignore[union-attr]
        found[id(bits)] = bits
    return list(found.values())


def generators(root: Any) -> Iterator[Any]:
    """The generators that `root` reaches: in containers, attributes, closures, defaults, and globals that are read."""
    waiting, seen = [root], set()
    while waiting:
        x = waiting.pop()
        if isinstance(x, (np.random.Generator, np.random.RandomState)):
            yield x
        if id(x) in seen or isinstance(x, NOT_WALKED) or x is None:
            continue
        seen.add(id(x))
        waiting += list(inside(x))


def inside(x: Any) -> Iterator[Any]:
    """The objects that `x` holds, if it is a container, a function, or an object with attributes."""
    if isinstance(x, FunctionType):
        yield from of_function(x)
    elif isinstance(x, MethodType):
        yield from (x.__func__, x.__self__)
    elif isinstance(x, partial):
        yield from (x.func, x.args, x.keywords)
    elif isinstance(x, BuiltinFunctionType):  # `draw = rng.normal`
        yield x.__self__
    elif isinstance(x, dict):
        yield from x.values()
    elif isinstance(x, (list, tuple, set, frozenset)):
        yield from x
    yield from getattr(x, "__dict__", {}).values()
    yield from (getattr(x, name, None) for name in getattr(type(x), "__slots__", ()) if isinstance(name, str))


def of_function(f: FunctionType) -> Iterator[Any]:
    for cell in f.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue
    yield from f.__defaults__ or ()
    yield from (f.__kwdefaults__ or {}).values()
    names = set(names_in(f.__code__))
    if "random" in names:  # `np.random.normal`: its state is large, so it is taken only where it may be used
        yield np.random.normal.__self__  # numpy's own generator
    for name in names:
        value = f.__globals__.get(name)
        if isinstance(value, ModuleType):  # `settings.rng`: the attribute is among the names too
            yield from (vars(value).get(n) for n in names if not is_library(value))
        elif hasattr(value, "__self__") or not (callable(value) and is_library(value)):
            yield value


def names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from names_in(const)


LIBRARIES = ("numpy", "scipy", "pycograd", "builtins")


def is_library(x: Any) -> bool:
    """Whether `x` is a module or function of a library, which holds no generator of the user's."""
    module = x.__name__ if isinstance(x, ModuleType) else getattr(x, "__module__", None) or ""
    return module.partition(".")[0] in LIBRARIES
