"""Plans: what weaving made of a code object, once; and from a plan, for each closure, the woven function.

A woven function shares the closure cells, globals, defaults and name of the function that it stands for, and has a few
cells more.  Plans are kept by the id of the code (equal code objects of two files are two), with the code itself, and
only as many as `LIMIT`, so that code made at run time does not pile up.
"""

from collections.abc import Callable
from threading import RLock
from types import CellType, CodeType, FunctionType

from .selection import is_woven, observers
from .source import NoSource, nested, quiet

__all__ = ["Plan", "Plans"]

LIMIT = 4096
one_at_a_time = RLock()  # `quiet` changes the filters of all threads, and must put back those it found
SIMPLE = frozenset([int, float, complex, bool, str, bytes, type(None), tuple])
Weaver = Callable[[CodeType, FunctionType], tuple[CodeType, dict[str, CellType]] | None]


class Plan:
    """What to run for the functions of one code object.

    code     what Python compiled
    woven    the code to run in its place; None leaves the functions as they are, for `reason`
    cells    those that `woven` has beside the function's own, which stand together from `first` on
    single   the woven function, if all functions of this code are alike
    alone    whether the functions are left alone by choice
    inside   whether they are woven with the function around them
    """

    __slots__ = ("alone", "cells", "code", "first", "inside", "qualname", "reason", "single", "woven")

    def __init__(self, code: CodeType, reason: str = "") -> None:
        self.code, self.reason, self.alone, self.inside = code, reason, False, False
        self.woven: CodeType | None = None
        self.single: FunctionType | None = None

    def fill(self, woven: CodeType, helpers: dict[str, CellType]) -> None:
        free = self.code.co_freevars
        self.first = sum(name < "__pg_" for name in free)
        names = sorted(helpers)
        if woven.co_freevars != (*free[: self.first], *names, *free[self.first :]):
            raise NoSource(
                f"{self.code.co_name} uses the names of its closure in a way that weaving does not know"
            )
        self.qualname = woven.co_qualname
        self.woven, self.cells = woven, tuple([helpers[name] for name in names])

    def function(self, f: FunctionType) -> FunctionType:
        """What runs in place of `f`."""
        if self.woven is None:
            return f
        closure, single = f.__closure__, self.single
        if single is not None and f.__defaults__ is f.__kwdefaults__ is None:
            if f.__globals__ is single.__globals__:
                return single
        if closure:
            first = self.first
            cells = closure[:first] + self.cells + closure[first:] if first else self.cells + closure
        else:
            cells = self.cells
        woven = FunctionType(self.woven, f.__globals__, f.__name__, f.__defaults__, cells)
        if f.__kwdefaults__:
            woven.__kwdefaults__ = f.__kwdefaults__
        if f.__qualname__ is not self.qualname:
            woven.__qualname__ = f.__qualname__
        if closure is None:  # a closure's is made for one call: a dict more would be a third of its cost
            woven.__wrapped__ = f  # type: ignore[attr-defined]
            if f.__defaults__ is f.__kwdefaults__ is None:
                self.single = woven
        return woven


class Plans:
    """The plans of one way of weaving.

    weaver  (code, function) -> the code to run and its cells; None to change nothing
    """

    weaver: Weaver  # set by the tracer

    def __init__(self) -> None:
        self.by_code: dict[int, Plan] = {}
        observers.append(self.by_code.clear)

    def plan(self, f: FunctionType) -> Plan:
        """The plan of `f`, made when it is first asked for."""
        return self.by_code.get(id(f.__code__)) or self.make(f)

    def make(self, f: FunctionType) -> Plan:
        code = f.__code__
        plan = Plan(code)
        if not is_woven(f):
            plan.alone = True
            plan.reason = f"{f.__module__} is left alone; pycograd.weave({f.__module__}) weaves it"
        else:
            try:
                with one_at_a_time, quiet():
                    found = self.weaver(code, f)
                if found:
                    plan.fill(*found)
                    self.keep_inner(plan.woven)
            except (NoSource, SyntaxError, ValueError, RecursionError) as error:
                plan.woven, plan.reason = None, str(error)
        self.keep(plan)
        return plan

    def keep_inner(self, code: CodeType) -> None:
        """What is defined inside woven code is woven already."""
        for inner in nested(code):
            plan = Plan(inner, "woven with the function around it")
            plan.inside = True
            self.keep(plan)
            self.keep_inner(inner)

    def keep(self, plan: Plan) -> None:
        if len(self.by_code) >= LIMIT:
            for oldest in list(self.by_code)[: LIMIT // 4]:
                self.by_code.pop(oldest, None)
        self.by_code[id(plan.code)] = plan
