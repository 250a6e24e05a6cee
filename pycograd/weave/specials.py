"""Special methods: the functions of the user that Python calls by itself, for an operator, an attribute, a `with`.

A call is woven where it stands in the text.  `a + b`, `model.area` or `for row in table` is no call, so it is rewritten
only where a live class of the user has such a method, a property or a descriptor of that name: `defined` knows which.
All live classes are looked through when a transform meets a function for the first time (a third of a millisecond
with numpy alone).  A function that was woven before its classes were there is woven again.
"""

import dis
import functools
import linecache
import sys
import weakref
from collections.abc import Iterable, Iterator
from threading import RLock
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from pycograd.core import PLAIN, Batched, Buffer, Dual, Symbol, Var

from .selection import EXAMPLES, NEVER, chosen, is_user_file, is_woven, modules, observers, tell

__all__ = [
    "ATTRIBUTE",
    "COMPARISONS",
    "OPERATORS",
    "active",
    "keep_ordinary",
    "known",
    "look",
    "look_at_imports",
    "ordinary",
    "special",
    "user_function",
]

# Classes whose methods and operators are numpy's, Python's or ours.
known = {*PLAIN, Var, Buffer, Dual, Batched, Symbol, str, bytes, list, tuple, dict, set, frozenset, np.dtype}

OPERATORS = "add sub mul matmul truediv floordiv mod pow lshift rshift and xor or".split()
COMPARISONS = {
    "lt": "gt",
    "le": "ge",
    "gt": "lt",
    "ge": "le",
    "eq": "eq",
    "ne": "ne",
}  # and the reflected ones
SYNTAX = frozenset(
    [f"__{prefix}{operator}__" for operator in [*OPERATORS, "divmod"] for prefix in ("", "r", "i")]
    + [f"__{name}__" for name in COMPARISONS]
    + "__neg__ __pos__ __invert__ __abs__ __round__ __float__ __int__ __complex__ __bool__ __len__".split()
    + "__contains__ __getitem__ __setitem__ __delitem__ __iter__ __next__ __reversed__".split()
    + "__str__ __repr__ __format__ __enter__ __exit__ __aenter__ __aexit__ __aiter__ __anext__ __await__".split()
    + "__getattr__ __getattribute__ __setattr__ __delattr__".split()
)
ANY_ATTRIBUTE = SYNTAX & {"__getattr__", "__getattribute__", "__setattr__", "__delattr__"}
PASSIVE = frozenset(
    [FunctionType, classmethod, staticmethod, str, int, float, bool, tuple, list, dict, type, type(None)]
)
ATTRIBUTE = "an attribute"  # stands in `defined` for all names of computed attributes
HARMLESS = ("LOAD_", "STORE_", "RETURN_", "RESUME", "CACHE", "COPY_FREE_VARS", "NOP", "POP_TOP")
LIMIT = 4096

Reads = frozenset[str]  # names that a function reads which does nothing else; empty if it does more
Entry = tuple[weakref.ref[type], int, dict[str, Reads]]  # with the number of attributes that the class had
defined: set[str] = set()  # special methods and computed attributes that live classes of the user have
asked: set[str] = set()  # those that woven text would use, if there were any
ordinary_local: weakref.WeakSet[type] = weakref.WeakSet()  # the same for classes of functions
ordinary: set[type] = set()  # classes without any: Python's own way serves their values
imported = [0]  # how many modules there were then
entries: dict[int, Entry] = {}  # what the classes of the user have, by their ids
youngest: dict[int, weakref.ref[type]] = {}  # the last class below one
looking = RLock()
libraries: dict[str, bool] = {}  # name of a module -> whether its classes need no look


def active(names: set[str]) -> bool:
    """Whether a class of the user has one of the special methods or computed attributes `names`."""
    asked.update(names)
    return not defined.isdisjoint(names)


def look() -> None:
    """Look through all live classes; what was woven is woven again if it uses what is new."""
    with looking:
        imported[-1] = len(sys.modules)
        known_before = [entry[0]() for entry in list(entries.values())]
        fresh = [*chosen, *(cls for cls in fresh_classes() if not is_library(cls))]
        kept = {id(cls): entry_of(cls) for cls in (*known_before, *fresh) if cls is not None}
        names = names_in(kept)
        new = names - defined
        defined.update(names)
        defined.intersection_update(names)  # never without a name that stays: other threads weave
        if not new.isdisjoint(asked) or not new.isdisjoint(ANY_ATTRIBUTE):
            tell()
        if new:
            start_ordinary()
        entries.clear()
        entries.update(kept)


def look_at_imports() -> None:
    """`look`, if modules were imported since the last time."""
    if len(sys.modules) != imported[-1]:
        look()


def names_in(kept: dict[int, Entry]) -> set[str]:
    """All names; of functions that only read attributes, those that read one of the others."""
    reads = [(name, read) for _, _, specials in kept.values() for name, read in specials.items()]
    names = {name for name, read in reads if not read}
    while more := {name for name, read in reads if not read.isdisjoint(names)} - names:
        names |= more
    return names | {ATTRIBUTE} if names - SYNTAX else names


def forget() -> None:
    """Nothing is known any more of classes, as when another package is to be woven."""
    for table in (entries, libraries, youngest):
        table.clear()
    start_ordinary()


def start_ordinary() -> None:
    ordinary.clear()
    ordinary_local.clear()
    ordinary.update(known, (range, slice, type, type(None), type(Ellipsis), FunctionType))


start_ordinary()
observers.append(forget)


# ---- all classes -----------------------------------------------------------------------------------------------------
def fresh_classes() -> Iterator[type]:
    """The live classes that there were not the last time, and some that there were."""
    subclasses = type.__subclasses__
    waiting: list[type] = [object]
    met = set()
    for cls in waiting:
        below = subclasses(cls)
        if below and id(cls) not in met:
            met.add(id(cls))
            waiting += below
            known = youngest.get(id(cls))
            newest = known and known()
            if newest is not below[-1]:
                youngest[id(cls)] = weakref.ref(below[-1])
                for fresh in reversed(below):  # Python keeps them in the order in which they were made
                    if fresh is newest:
                        break
                    yield fresh


def is_library(cls: type) -> bool:
    """Whether `cls` is of a module whose classes are left alone."""
    module = cls.__module__
    if type(module) is not str:
        return True
    known = libraries.get(module)
    if known is None:
        package = module.partition(".")[0]
        of_its_own = module == "__main__" or module.startswith(EXAMPLES)
        if of_its_own or any(name.partition(".")[0] == package for name in modules):
            known = is_library_module(module)
        else:
            known = libraries.get(package)
            if known is None:
                known = libraries[package] = is_library_module(package)
        libraries[module] = known
    return known


def is_library_module(name: str) -> bool:
    part = name
    while part:
        if part in modules:
            return not modules[part]
        if part == EXAMPLES:
            return False
        part = part.rpartition(".")[0]
    package = name.partition(".")[0]
    if package in NEVER or (package in sys.stdlib_module_names and package != "__main__"):
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is not None and not is_user_file(file)


# ---- one class -------------------------------------------------------------------------------------------------------
def entry_of(cls: type) -> Entry:
    """The attributes of the user's class `cls` that run functions without being called, and what those only read."""
    entry, size = entries.get(id(cls)), len(vars(cls))
    if entry is None or entry[0]() is not cls or entry[1] != size:
        if len(entries) >= LIMIT:
            entries.clear()
        entry = entries[id(cls)] = weakref.ref(cls), size, dict(specials_of(cls))
    return entry


def specials_of(cls: type) -> Iterator[tuple[str, Reads]]:
    for name, value in list(vars(cls).items()):
        functions = [value] if type(value) is FunctionType and name in SYNTAX else functions_behind(value)
        reads = [
            attributes_read(f.__code__) for f in functions if type(f) is FunctionType and can_be_woven(f)
        ]
        if None in reads:
            yield name, Reads()
        elif any(reads):
            yield name, Reads().union(*reads)


def can_be_woven(function: FunctionType) -> bool:
    """Whether the function is the user's, and has a source: a dataclass' comparisons have none."""
    file = function.__code__.co_filename
    return is_woven(function) and (not file.startswith("<") or file in linecache.cache)


def functions_behind(value: Any) -> Iterable[Any]:
    """The functions that reading, writing or deleting the attribute `value` of a class runs."""
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, functools.cached_property):
        return (value.func,)
    kind = type(value)
    return (
        ()
        if kind in PASSIVE
        else [getattr(kind, name, None) for name in ("__get__", "__set__", "__delete__")]
    )


def attributes_read(code: CodeType) -> Reads | None:
    """The names in a function that only moves values, such as `return self._x`; None if it does more."""
    simple = all(dis.opname[operation].startswith(HARMLESS) for operation in code.co_code[::2])
    return Reads(code.co_names) if simple else None


def special(kind: type, name: str) -> Any:
    """What the class `kind` has under that name, as Python looks special methods up; None if nothing."""
    for base in kind.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


def user_function(kind: type, name: str) -> FunctionType | None:
    """The special method of `kind`, if it is a function of the user."""
    value = special(kind, name)
    return value if type(value) is FunctionType and is_woven(value) else None


def keep_ordinary(kind: type) -> bool:
    """Whether no class of the user among the bases of `kind` has anything special; then it is kept as ordinary."""
    if kind in ordinary_local:
        return True
    for base in kind.__mro__:
        if base in chosen or not is_library(base):
            if any(not reads or not reads.isdisjoint(defined) for reads in entry_of(base)[2].values()):
                return False
    if len(ordinary) >= LIMIT:
        start_ordinary()
    if "<locals>" in kind.__qualname__:  # of those there may be many, which are not to be kept alive
        ordinary_local.add(kind)
    else:
        ordinary.add(kind)
    return True
