"""Why a gradient is zero, NaN or a matter of convention: kinks, fixes for singularities, and what ends a gradient."""

from typing import Any

import numpy as np

from pycograd.core import value_of

from .passes import bad_element
from .recording import TEXT, End, Record, Step, shown

__all__ = ["describe_bad", "ends_of", "first_bad", "kink_of", "reached_from"]

AT_ZERO = "at 0, where the slope is taken as 0"
TIES = "at a tie, which shares the gradient equally"
HALVES = "at a tie, where each operand gets half of the gradient"


def zero_in(x: Any) -> bool:
    return bool(np.any(np.asarray(x) == 0))


def tied(step: Step) -> bool:
    """Whether the largest (or smallest) element along the axes of a reduction is there more than once."""
    if isinstance(step.output, tuple) or np.size(step.output) == 0:
        return False
    x, axis = np.asarray(step.operands[0]), step.params.get("axis")
    y = step.output if step.params.get("keepdims") or axis is None else np.expand_dims(step.output, axis)
    return bool(np.any(np.sum(x == y, axis=axis) > 1))


# operation -> (whether this call is at its kink, what was used there)
KINKS = {
    "sqrt": (lambda s: zero_in(s.operands[0]), "at 0, where the slope is inf (0 where its cotangent is 0)"),
    "cbrt": (lambda s: zero_in(s.operands[0]), "at 0, where the slope is inf (0 where its cotangent is 0)"),
    "absolute": (lambda s: zero_in(s.operands[0]), AT_ZERO),
    "fabs": (lambda s: zero_in(s.operands[0]), AT_ZERO),
    "norm": (lambda s: zero_in(s.output), "of a zero vector, where the slope is taken as 0"),
    "hypot": (lambda s: zero_in(s.output), "at the origin, where the slope is taken as 0"),
    "std": (lambda s: zero_in(s.output), "of equal numbers, where the slope is taken as 0"),
    "maximum": (lambda s: zero_in(np.subtract(*s.operands[:2])), HALVES),
    "minimum": (lambda s: zero_in(np.subtract(*s.operands[:2])), HALVES),
    "max": (tied, TIES),
    "min": (tied, TIES),
}


def kink_of(step: Step) -> str | None:
    """The convention that was used, if the operation of `step` was at a kink."""
    kink = KINKS.get(step.name)
    if kink is None or step.index is None:
        return None
    with np.errstate(all="ignore"):
        return f"{step.name} {kink[1]}" if kink[0](step) else None


# ---- NaN and infinity ----------------------------------------------------------------------------------------------
FIXES = {
    "sqrt": "np.sqrt(x + 1e-12), or np.sqrt(np.where(x > 0, x, 1.0)) inside the np.where that selects it",
    "cbrt": "np.cbrt(x + 1e-12)",
    "log": "np.log(np.maximum(x, 1e-12)), or np.log1p(x - 1) near 1",
    "log1p": "np.log1p(np.maximum(x, -1 + 1e-12))",
    "divide": "a / np.where(b == 0, 1.0, b), selected by np.where",
    "reciprocal": "1 / np.where(x == 0, 1.0, x), selected by np.where",
    "exp": "np.exp(x - np.max(x)), or np.exp(np.minimum(x, 700))",
    "power": "np.where(x > 0, x, 1.0) ** p, selected by np.where",
    "arcsin": "np.arcsin(np.clip(x, -1 + 1e-12, 1 - 1e-12))",
    "arccos": "np.arccos(np.clip(x, -1 + 1e-12, 1 - 1e-12))",
    "inv": "np.linalg.solve(a + 1e-9 * np.eye(n), b)",
}
OTHERWISE = (
    "keep the operand away from where the operation has no finite slope: np.where(safe, x, 1.0) before it"
)


def first_bad(record: Record) -> Step | None:
    """The first operation of the forward pass that made a NaN or infinity of finite operands."""
    for step in record.steps:
        if (
            step.index is not None
            and any(bad_element(v) is not None for v in as_outputs(step.output))
            and not any(bad_element(x) is not None for x in step.operands if is_number(x))
        ):
            return step
    return None


def as_outputs(y: Any) -> tuple[Any, ...]:
    return tuple(v for v in (y if isinstance(y, (tuple, list)) else (y,)) if is_number(v))


def is_number(x: Any) -> bool:
    return isinstance(x, (int, float, complex, np.ndarray, np.generic))


def describe_bad(step: Step, made: Any, when: str) -> str:
    """The message for the first NaN or infinity `made` by `step` in the `when` pass."""
    index = bad_element(made)
    value = np.asarray(value_of(made[0] if isinstance(made, tuple) else made))[index or ()]
    at = f" at element {list(index)}" if index else ""
    inputs = ", ".join([at_element(x, index) for x in step.operands if is_number(x)])
    return (
        f"the first {'NaN' if np.isnan(value) else 'infinity'} of the {when} pass is made by {step.name}{at}, "
        f"at {step.site}\n  its input there: {inputs}\n  fix: {FIXES.get(step.name, OTHERWISE)}"
    )


def at_element(x: Any, index: tuple[int, ...] | None) -> str:
    """The operand at the element, if it has that element; else the whole of it, in short."""
    if index and np.ndim(x) == len(index) and all(i < n for i, n in zip(index, np.shape(x))):
        return f"{np.asarray(x)[index]:.6g}"
    return shown(x)


OFTEN = 12  # times that a search by comparisons compares, at the least


# ---- gradients that end --------------------------------------------------------------------------------------------
def reached_from(record: Record, inputs: list[int]) -> dict[int, set[int]]:
    """For the index of each node: which of the inputs (node indices) its value depends on."""
    reached: dict[int, set[int]] = {i: {i} for i in inputs}
    for step in record.steps:
        sources: set[int] = set().union(*[reached.get(p, set()) for p in step.parents])
        for index in (
            [i for i, s in record.by_node.items() if s is step] if len(as_list(step)) > 1 else [step.index]
        ):
            if index is not None:
                reached[index] = sources
    return reached


def as_list(step: Step) -> Any:
    return step.output if isinstance(step.output, (tuple, list)) else [step.output]


def ends_of(record: Record, reached: dict[int, set[int]], source: int) -> list[End]:
    """The places where a gradient of the input `source` ends, each once; where it is made a text, if that is all."""
    found = {}
    for end in record.ends:
        if source in reached.get(end.index or 0, ()):
            found.setdefault((end.site, end.what), end)
    return [end for end in found.values() if end.what != TEXT] or list(found.values())
