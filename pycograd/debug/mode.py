"""`with debug():`, in which reverse-mode runs look for what goes wrong in silence."""

import ast
import linecache
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

import numpy as np

from pycograd.core import KinkWarning, MutatedError, NonFiniteError, PromotionWarning, value_of, warn
from pycograd.core.node import INDEX, PARAMS, SAVED
from pycograd.core.saved import arrays_in, behind
from pycograd.weave.source import trees

from .causes import describe_bad, first_bad, is_number, kink_of
from .passes import bad_element
from .recording import Record, Site, Step, recording, shown

__all__ = ["debug"]

LIMIT = (
    4 << 20
)  # bytes of saved arrays that are looked at after each operation; more are looked at once, at the end


@contextmanager
def debug(
    *, nan: bool = True, mutation: bool = True, promotion: bool = True, kinks: bool = True
) -> Iterator[None]:
    """While this lasts, `grad` and its relatives check what they do; some ten times slower.

    nan        raise NonFiniteError if the output has a NaN, or a gradient a NaN or infinity, naming the operation that
               made the first
    mutation   raise MutatedError if an array that the tape saved was written to before the backward pass read it
    promotion  warn (PromotionWarning, once per line) where an operation widens a dtype: float32 to float64
    kinks      warn (KinkWarning, once per line) where an operation is at a kink, with the convention that is used
    Forward mode is not checked.

    >>> from pycograd import grad
    >>> with debug(kinks=False):
    ...     grad(lambda x: np.sum(np.sqrt(x)))(np.array([1.0, 0.0]))
    Traceback (most recent call last):
        ...
    pycograd.errors.NonFiniteError: the first infinity of the backward pass is made by sqrt at element [1], ...
    """
    told: set[Any] = set()

    def make(transform: str, level: float) -> Checked:
        return Checked(transform, level, told, nan=nan, mutation=mutation, promotion=promotion, kinks=kinks)

    with recording(make):
        yield


class Checked(Record):
    """A record that checks: `told` are the places already warned of."""

    def __init__(self, transform: str, tape: float, told: set[Any], **wanted: bool) -> None:
        super().__init__(transform, tape, Checked.check)
        self.told, self.wanted = told, wanted
        self.sums: dict[int, tuple[Any, int, Step]] = {}  # id of an array -> it, its checksum, who saved it
        self.saved: dict[int, list[int]] = {}  # node -> the checksums of what it saved
        self.changed: dict[int, tuple[Step | None, Step | None]] = {}
        self.bytes = 0

    def check(self, step: Step) -> None:
        if self.wanted["mutation"]:
            if self.bytes < LIMIT:
                self.verify(self.steps[-2] if len(self.steps) > 1 else None, step)
            arrays = list(arrays_in(step.saved))
            if step.index is not None:
                self.saved[step.index] = list(map(checksum, arrays))
            for array in arrays:
                if id(array) not in self.sums:
                    self.sums[id(array)] = array, checksum(array), step
                    self.bytes += array.nbytes
        if self.wanted["promotion"]:
            self.warn_of(step, widened(step), PromotionWarning, "promotion")
        if self.wanted["kinks"]:
            kink = kink_of(step)
            fix = "move off the kink by a small constant, or select another slope with np.where"
            self.warn_of(step, kink and f"{kink}, at {step.site}\n  fix: {fix}", KinkWarning, "kink")

    def warn_of(self, step: Step, text: str | None, kind: type[Warning], what: str) -> None:
        place = step.site and (step.site.code, step.site.line, step.name, what)
        if text and place not in self.told:
            self.told.add(place)
            warn(text, kind)

    def verify(self, before: Step | None, after: Step | None) -> None:
        """Note the arrays that were changed between two steps."""
        for i, (array, seen, _) in self.sums.items():
            if i not in self.changed and checksum(array) != seen:
                self.changed[i] = before, after

    def compare(self, nodes: dict[int, Any]) -> None:
        """Raise MutatedError if what the backward pass is about to use is not what was saved."""
        for index in sorted(nodes, reverse=True):  # the oldest first
            now = [checksum(array) for array in arrays_in((nodes[index][SAVED], nodes[index][PARAMS]))]
            if now != self.saved.get(index, now):
                step = self.by_node[index]
                changed = [a for a in arrays_in(step.saved) if id(a) in self.changed]
                array = changed[0] if changed else arrays_in(step.saved)[0]
                raise of_step(mutated(array, step, *self.changed.get(id(array), (None, None))), step)

    def backward(self, roots: Any) -> Any:
        if self.wanted["mutation"]:
            self.verify(self.steps[-1] if self.steps else None, None)
            self.compare(behind([node for node, _ in roots]))
        if self.wanted["nan"] and any(has_nan(self.by_node.get(node[INDEX])) for node, _ in roots):
            step = first_bad(self)
            if step is not None:
                raise of_step(NonFiniteError(describe_bad(step, step.output, "forward")), step)
        leaves = super().backward(roots)
        if self.wanted["nan"] and any(bad_element(g) is not None for _, g in leaves.values()):
            step = first_bad(self)
            if step is not None:
                raise of_step(NonFiniteError(describe_bad(step, step.output, "forward")), step)
            if (step := self.passes.culprit) is not None:
                raise of_step(NonFiniteError(describe_bad(step, self.passes.cotangent, "backward")), step)
        return leaves


def has_nan(step: Step | None) -> bool:
    """Whether the result of an operation has a NaN."""
    y = np.asarray(value_of(step.output)) if step is not None and is_number(step.output) else np.zeros(0)
    return bool(y.dtype.kind in "fc" and np.isnan(y).any())


def of_step(error: Exception, step: Step) -> Exception:
    """`error`, with the step at whose forward line a debugger stops."""
    error.step = step  # type: ignore[attr-defined]
    return error


# ---- mutation ------------------------------------------------------------------------------------------------------
def checksum(array: Any) -> int:
    return zlib.crc32(np.ascontiguousarray(array).view(np.uint8)) if array.dtype != object else 0


def mutated(array: Any, step: Step, before: Step | None, after: Step | None) -> MutatedError:
    place = changed_at(before, after)
    return MutatedError(
        f"an array that the tape saved was changed before the backward pass\n"
        f"  saved by {step.name} at {step.site}: {shown(array)}\n  {place}\n"
        "  fix: write into a copy, `a = a.copy()` before the write"
    )


def changed_at(before: Step | None, after: Step | None) -> str:
    """Where the write is: the statement between the two steps that stores into something, if there is one."""
    if after is None:
        first = f"after {before.site}, " if before else ""
        found = stores(before.site, None) if before and before.site else []
        return (
            f"changed at {found[0]}" if len(found) == 1 else f"changed {first}before the backward pass began"
        )
    if before and before.site and after.site and before.site.code is after.site.code:
        found = stores(before.site, after.site)
        if len(found) == 1:
            return f"changed at {found[0]}"
    return f"changed between {before.site if before else 'the start'} and {after.site}"


def stores(first: Site, last: Site | None) -> list[Site]:
    """The statements of a function that write into an array between two lines, round a loop if the last is first."""
    code = first.code
    found = [s for s in stores_of(code) if s.line >= first.line and (last is None or s.line <= last.line)]
    if not found and last is not None and last.line <= first.line:
        found = [s for s in stores_of(code) if s.line >= first.line or s.line <= last.line]
    return found


def stores_of(code: CodeType) -> list[Site]:
    text = "".join(linecache.getlines(code.co_filename))
    try:
        tree = trees[code.co_filename]() if code.co_filename in trees else ast.parse(text)
    except SyntaxError:
        return []
    found = []
    for node in ast.walk(tree):
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AugAssign)
            else []
        )
        method = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if any(isinstance(t, ast.Subscript) for t in targets) or isinstance(node, ast.AugAssign) or method:
            found.append(
                Site(code, node.lineno, " ".join((ast.get_source_segment(text, node) or "").split()))
            )
    last = max([line or 0 for _, _, line in code.co_lines()], default=code.co_firstlineno)
    return [s for s in found if code.co_firstlineno <= s.line <= last]


# ---- dtypes --------------------------------------------------------------------------------------------------------
def widened(step: Step) -> str | None:
    """The message for an operation that makes a wider dtype of floats than its narrowest operand has."""
    if step.name in ("astype", "float", "complex") or isinstance(step.output, tuple) or not step.parents:
        return None
    out = getattr(step.output, "dtype", None)
    floats = [
        x.dtype for x in step.operands if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "f"
    ]
    if out is None or out.kind != "f" or not floats or min(d.itemsize for d in floats) >= out.itemsize:
        return None
    narrow = min(floats, key=lambda d: d.itemsize)
    operands = ", ".join(
        shown(x) if np.ndim(x) else f"{type(x).__name__} {x}" for x in step.operands if is_number(x)
    )
    return (
        f"{step.name} widens {narrow} to {out}, at {step.site}\n  its operands: {operands}\n"
        f"  fix: np.{narrow}(...) of the wider one"
    )
