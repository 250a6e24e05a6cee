"""Levels: who looks first at a value that several transforms watch.

Each call of a transform takes the next level, so an inner call, which starts later, outranks the outer one.  A level is
never used twice: perturbation confusion cannot happen, there is no stack, and threads need nothing.  Level 0 belongs to
`Var`s made by hand.
"""

from itertools import count

from .errors import hide_frames

__all__ = ["HAND_MADE", "clock", "levels", "live", "running"]

HAND_MADE = 0
levels = count(1)  # next() of a count is one step of C: atomic
clock = count(
    0, -1
)  # nodes count down: creation order is a topological order, and a heap pops the newest first
live: dict[int, str] = {}  # level -> the transform that runs at it, for errors


class running:
    """Context manager: the level of one call of `transform`, by name, while it runs."""

    __slots__ = ("level", "transform")

    def __init__(self, transform: str) -> None:
        self.transform = transform

    def __enter__(self) -> int:
        self.level = next(levels)
        live[self.level] = self.transform
        return self.level

    def __exit__(self, kind: object, error: BaseException | None, tb: object) -> None:
        del live[self.level]
        if error is not None:
            hide_frames(error)
