"""Levels: who looks first at a value that several transforms watch.

Each call of a transform takes the next level, so an inner call, which starts later, outranks the outer one.  A level is
never used twice: perturbation confusion cannot happen, there is no stack, and threads need nothing.  Level 0 belongs to
`Var`s made by hand.
"""

from itertools import count
from threading import get_ident

from .catalogue import ForeignCodeError, LostGradientError, OutsideStoreError
from .errors import Coded, hide_frames, is_ours, is_users

__all__ = ["HAND_MADE", "clock", "innermost", "levels", "live", "running", "walls"]

HAND_MADE = 0
LOST = (ForeignCodeError, LostGradientError, OutsideStoreError)
levels = count(1)  # next() of a count is one step of C: atomic
clock = count(
    0, -1
)  # nodes count down: creation order is a topological order, and a heap pops the newest first
live: dict[int, str] = {}  # level -> the transform that runs at it, for errors
# Level, thread and clock at the start of each running transform that cannot honour a store into an older
# array: vmap, which
# stands for a loop, and what runs twice.
walls: list[tuple[int, int, int]] = []
SEALED = frozenset(["vmap", "checkpoint", "capture"])


def innermost() -> tuple[int, int]:
    """The level of the innermost wall of this thread, and the clock when it was built; zeros if there is none."""
    me = get_ident()
    for level, thread, began in reversed(walls):
        if thread == me:
            return level, began
    return 0, 0


class running:
    """Context manager: the level of one call of `transform`, by name, while it runs."""

    __slots__ = ("level", "transform", "wall")

    def __init__(self, transform: str) -> None:
        self.transform = transform

    def __enter__(self) -> int:
        self.level = next(levels)
        live[self.level] = self.transform
        if self.transform in SEALED:
            self.wall = (self.level, get_ident(), next(clock))
            walls.append(self.wall)
        return self.level

    def __exit__(self, kind: object, error: BaseException | None, tb: object) -> None:
        del live[self.level]
        if self.transform in SEALED:
            walls.remove(self.wall)
        if error is None:
            return
        if replaced(error):
            raise error.__cause__ from None  # type: ignore[misc]
        hide_frames(error)


def replaced(error: BaseException) -> bool:
    """Whether `error` is what numpy, code of C or a library raised in the place of an error of ours."""
    if isinstance(error, (ValueError, SystemError)) and isinstance(error.__cause__, LOST):
        return True
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    library = last is not None and not is_ours(last.tb_frame.f_code) and not is_users(last.tb_frame.f_code)
    return library and isinstance(error.__cause__, Coded) and not isinstance(error, Coded)
