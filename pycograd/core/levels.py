"""Levels: who looks first at a value that several transforms watch.

Each call of a transform takes the next level, so an inner call, which starts later, outranks the outer one.  A level is
never used twice: perturbation confusion cannot happen, there is no stack, and threads need nothing.  Level 0 belongs to
`Var`s made by hand.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

__all__ = ["HAND_MADE", "clock", "levels", "live", "running"]

HAND_MADE = 0
levels = count(1)  # next() of a count is one step of C: atomic
clock = count(0, -1)  # nodes count down: creation order is a topological order, and a heap pops the newest first
live: dict[int, str] = {}  # level -> the transform that runs at it, for errors


@contextmanager
def running(transform: str) -> Iterator[int]:
    """The level of one call of `transform`, by name, while it runs."""
    level = next(levels)
    live[level] = transform
    try:
        yield level
    finally:
        del live[level]
