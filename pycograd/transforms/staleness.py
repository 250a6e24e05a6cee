"""Watched values of an earlier call: what came of one that was kept (in a global, a cache) and used again."""

from collections.abc import Callable, Iterable
from typing import Any

from pycograd.core import PLAIN, Batched, Dual, StaleValueError, Traced, Var, live
from pycograd.core.levels import HAND_MADE
from pycograd.core.node import PRIM

from .arguments import Selection
from .edge import described
from .recorder import stale

__all__ = ["check_live", "ended"]


def check_live(
    f: Callable[..., Any], selection: Selection | Callable[[], Selection], values: Iterable[Any]
) -> None:
    """Raise StaleValueError if a transform that has ended watches one of `values`, what `f` gave.

    selection  the arguments of `f`, or a function that makes them, to find the line
    """
    for value in values:
        if type(value) not in PLAIN and isinstance(value, Traced):
            y = ended(value)
            if y is not None:
                raise stale_error(f, selection if isinstance(selection, Selection) else selection(), y)


def ended(y: Any) -> Any:
    """What a transform that has ended watches, among all that the value `y` is made of; None if nothing is."""
    while isinstance(y, Traced):
        if type(y) in (Var, Dual, Batched) and y.level != HAND_MADE and y.level not in live:
            return y
        if type(y) is Dual and (found := ended(y.tangent)) is not None:
            return found
        y = y.value
    return None


def stale_error(f: Callable[..., Any], selection: Selection, y: Any) -> StaleValueError:
    made = f"{y.node[PRIM].name} made it" if type(y) is Var and y.node[PRIM] else "it was an argument"
    return StaleValueError(
        "\n  ".join(
            [
                f"{described(f)} used a watched value that was kept from an earlier call",
                *[said for said in [find(f, selection) for find in stale] if said],
                f"what came of it is {y.aval} ({made})",
                "fix: keep pycograd.value_of(x) in place of x",
            ]
        )
    )
