"""explain: one report of a gradient, the user's source annotated per line."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np

from pycograd.core import UnusedArgumentWarning, UnwovenWarning, aval_of, ones, tree_flatten, value_of, warn
from pycograd.core.errors import file_name
from pycograd.core.node import INDEX
from pycograd.transforms.arguments import Selection, is_differentiable
from pycograd.transforms.edge import at_the_edge, described, name_of, names_of_leaves
from pycograd.transforms.recording import Recording
from pycograd.transforms.reverse import check_scalar
from pycograd.weave import unwoven_reason

from .causes import as_list, describe_bad, ends_of, first_bad, kink_of, reached_from
from .page import as_html, as_text, source_line
from .recording import TEXT, End, Record, Step, bytes_of, recorded

__all__ = ["Report", "explain", "print_saved", "why_zero"]


@dataclass
class Line:
    """What the operations of one line did: their largest cotangent, the bytes kept, seconds, and notes."""

    slope: float | None = None
    kept: int = 0
    forward: float = 0.0
    backward: float = 0.0
    operations: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


@dataclass
class Report:
    """What `explain` found; `print` shows it as text, Jupyter as a table with colours.

    lines     code object -> line number -> `Line`
    arguments label -> (gradient's largest element, what is said of it)
    """

    name: str
    value: Any
    lines: dict[CodeType, dict[int, Line]]
    arguments: dict[str, tuple[float, str]]
    notes: list[str]
    seconds: tuple[float, float]

    def __str__(self) -> str:
        return as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html(self)

    @property
    def kept(self) -> int:
        """The bytes that the backward pass keeps, arguments aside."""
        return sum(line.kept for lines in self.lines.values() for line in lines.values())


@at_the_edge
def explain(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Report:
    """A report of the gradient of the scalar function `f` at these arguments, line by line of its source.

    For each line: the derivative of the output in what the line computes (the largest element), the bytes that the
    backward pass keeps, the time forward and backward, and notes: where a gradient ends and by what, kinks and their
    convention, the first NaN or infinity and the usual fix.  For each argument: its gradient, and why if it is zero.
    `f` runs once, in a recording mode some ten times slower than `grad`.
    Warns (UnusedArgumentWarning) of arguments that are not used.

    >>> report = explain(lambda x, n: np.sum(x ** 2) + round(n), np.ones(3), 0.7)
    >>> print(report.arguments["argument n"][1])
    zero: the gradient ends at round(n)
    """
    run, roots = run_of(f, args, kwargs)
    start = time.perf_counter()
    gradients = run.gradients(roots)
    back = time.perf_counter() - start
    record: Record = run.record
    reached = reached_from(record, [n[INDEX] for n in run.inputs])
    names = zip(names_of_leaves(f, args), tree_flatten(args, whole=True)[0], strict=True)
    labels = [name for name, x in names if is_differentiable(x)]
    arguments = {
        label: verdict(record, reached, n[INDEX], g)
        for label, n, g in zip(labels, run.inputs, gradients, strict=True)
    }
    unused = [label for label, (_, said) in arguments.items() if said.startswith("not used")]
    for label in unused:
        warn(f"{label} of {name_of(f)} is not used\n  fix: leave it out of argnums", UnusedArgumentWarning)
    report = Report(
        described(f), value_of(run.value_of(run.out)), lines_of(record, run.selection.leaves, f), arguments, [],
        (sum(s.seconds for s in record.steps), back),
    )  # fmt: skip
    reason = unwoven_reason(f)
    if reason and "has no source" in reason:
        text = (
            f"{name_of(f)} runs unwoven: {reason}; its numpy calls are differentiated, while math functions, float() "
            "and np.array([x, y]) of watched values raise"
        )
        report.notes.append(text)
        warn(f"{text}\n  fix: put the function in a file", UnwovenWarning)
    report.notes += [message for _, message in causes(record)]
    return report


def run_of(f: Any, args: Any, kwargs: Any) -> tuple[Recording, list[Any]]:
    """A recorded run of the scalar function `f`, and what its backward pass starts from."""
    run = recorded(f, Selection(f, None, args, kwargs))
    value, node = run.value_of(run.out), run.node_of(run.out)
    check_scalar(f, value)
    return run, [(node, ones(aval_of(value)))] if node else []


def verdict(record: Record, reached: dict[int, set[int]], index: int, g: Any) -> tuple[float, str]:
    """The largest element of a gradient, and what there is to say of it."""
    size = largest(g)
    if size != 0:
        return size, ""
    ends = [said_of(end) for end in ends_of(record, reached, index)]
    if index in record.passes.cotangents:
        steps = vanishing(record, reached, index)
        vanished = (
            f"it vanishes in {', '.join(steps)}, where the slopes are 0 or cancel" if steps else "it cancels"
        )
        return size, f"zero: {' and '.join(['the gradient ends at ' + e for e in ends] or [vanished])}"
    if ends:
        return size, f"zero: the gradient ends at {', '.join(ends)}"
    used = any(index in s.parents for s in record.steps)
    return size, "zero: no way from it leads to the output" if used else "not used: its gradient is zeros"


def vanishing(record: Record, reached: dict[int, set[int]], index: int) -> list[str]:
    """The operations that have a cotangent, and hand none on towards the input `index`; each expression once."""
    cs = record.passes.cotangents
    found = []
    for step in record.steps:
        if step.site is None or step.index not in cs or not largest_of(cs[step.index]):
            continue
        towards = [i for i in step.parents if i == index or index in reached.get(i, ())]
        if towards and not any(largest_of(cs[i]) for i in towards if i in cs):
            found.append(f"{step.site.text or step.name}")
    return list(dict.fromkeys(found))


def largest_of(c: Any) -> float:
    """The largest element of a cotangent, which has parts where the operation has several outputs."""
    return max([largest(v) for v in c if v is not None], default=0.0) if isinstance(c, tuple) else largest(c)


def said_of(end: End) -> str:
    text = end.site.text if end.site else ""
    return f"{text or end.what}"


def largest(g: Any) -> float:
    a = np.abs(np.asarray(value_of(g)))
    return (
        float(np.max(a, initial=0.0))
        if a.dtype.kind in "fiu"
        else float(np.max(a.astype(float), initial=0.0))
    )


def lines_of(record: Record, inputs: list[Any], f: Any) -> dict[CodeType, dict[int, Line]]:
    """What the steps of `record` did, by code object, that of `f` first, and line."""
    found: dict[CodeType, dict[int, Line]] = {}

    def line_at(site: Any) -> Line:
        return found.setdefault(site.code, {}).setdefault(site.line, Line())

    inner = parts_of_lines(record)
    counted = set(bytes_of(tuple(inputs)))
    for step in record.steps:
        if step.site is None:
            continue
        line = line_at(step.site)
        line.operations += 1
        line.forward += step.seconds
        line.backward += step.back
        fresh = {i: n for i, n in bytes_of(step.saved).items() if i not in counted}
        counted |= set(fresh)
        line.kept += sum(fresh.values())
        slope = None if id(step) in inner else slope_of(record, step)
        if slope is not None:
            line.slope = max(slope, line.slope or 0.0) if slope == slope else slope
        kink = kink_of(step)
        if kink:
            line.note(f"kink: {kink}")
    for end in record.ends:
        if end.site is not None and end.what != TEXT:
            line_at(end.site).note(f"the gradient ends at {said_of(end)}")
    for step, message in causes(record):
        line_at(step.site).note(message.partition("\n")[0])
    own = getattr(f, "__code__", None)
    first = own and (own.co_filename, own.co_firstlineno)
    return dict(
        sorted(found.items(), key=lambda item: (item[0].co_filename, item[0].co_firstlineno) != first)
    )


def parts_of_lines(record: Record) -> set[int]:
    """The ids of the steps whose result is a part of a larger expression on the same line."""
    inner = set()
    for step in record.steps:
        for i in step.parents:
            part = record.by_node.get(i)
            if part and part.site and step.site and part.site[:2] == step.site[:2]:
                if part.site.text != step.site.text and part.site.text in step.site.text:
                    inner.add(id(part))
    return inner


def slope_of(record: Record, step: Step) -> float | None:
    """The largest element of d output / d what the step made; None if the output does not depend on it."""
    cs = record.passes.cotangents
    if len(as_list(step)) == 1:
        return largest(cs[step.index]) if step.index in cs else None
    mine = [largest(cs[i]) for i, s in record.by_node.items() if s is step and i in cs and i != step.index]
    return max(mine, default=None)


def causes(record: Record) -> list[tuple[Step, str]]:
    """The first NaN or infinity, of the forward pass or, if all is well there, of the backward pass, in words."""
    found = []
    step = first_bad(record)
    if step is not None and step.site is not None:
        found.append((step, describe_bad(step, step.output, "forward")))
    culprit = record.passes.culprit
    if not found and culprit is not None and culprit.site is not None:
        found.append((culprit, describe_bad(culprit, record.passes.cotangent, "backward")))
    return found


# ---- why_zero, print_saved -----------------------------------------------------------------------------------------
@at_the_edge
def why_zero(f: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Why gradients of `f` at these arguments are zero: a line for each argument whose gradient is.

    >>> print(why_zero(lambda x, y: x * np.floor(y), 2.0, 3.5))
    argument y: zero: the gradient ends at np.floor(y)
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedArgumentWarning)
        report = explain(f, *args, **kwargs)
    lines = [f"{label}: {said}" for label, (_, said) in report.arguments.items() if said]
    return "\n".join(lines) or f"no gradient of {report.name} is zero"


@at_the_edge
def print_saved(f: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Print the bytes that the backward pass of `f` keeps, by source line, largest first; arguments aside.

    >>> def loss(x):
    ...     y = np.tanh(x)
    ...     return np.sum(y + x)
    >>> print_saved(loss, np.ones(1000))
           8,000 bytes  ...
    """
    run, _ = run_of(f, args, kwargs)
    lines = lines_of(run.record, run.selection.leaves, f)
    rows = [
        (line.kept, f"{file_name(code)}:{number}", source_line(code, number))
        for code, of_code in lines.items()
        for number, line in of_code.items()
        if line.kept
    ]
    for kept, place, text in sorted(rows, key=lambda row: -row[0]):
        print(f"{kept:>12,} bytes  {place}  {text}")
    print(f"{sum(row[0] for row in rows):>12,} bytes  in all")
