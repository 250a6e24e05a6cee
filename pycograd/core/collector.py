"""Python's cyclic garbage collector, held back while a tape grows.

A tape has no cycles: what nobody needs of it is freed at once, and none of it is ever the collector's.  All the same
its full collections visit every node, again and again as the tape grows, which costs a tape of a million operations
half of its time.  So while a transform records, a full collection comes after a hundred times as many allocations as
the user's setting says; the young generations are collected as ever.  The setting comes back with the last transform
that records, unless the user has made another one meanwhile.
"""

import gc
import os
from threading import Lock

__all__ = ["held_back"]

LONGER = 100
recording = [0]  # how many transforms record now, in all threads
settings: list[tuple[int, int, int]] = [(0, 0, 0), (0, 0, 0)]  # the user's, and ours in its place
one_at_a_time = Lock()


class HeldBack:
    """Context manager: full collections are held back while it, or another one, lasts."""

    def __enter__(self) -> None:
        with one_at_a_time:
            recording[0] += 1
            if recording[0] == 1:
                young, middle, old = settings[0] = gc.get_threshold()
                settings[1] = young, middle, old * LONGER
                gc.set_threshold(*settings[1])

    def __exit__(self, *_: object) -> None:
        with one_at_a_time:
            recording[0] -= 1
            if recording[0] == 0 and gc.get_threshold() == settings[1]:
                gc.set_threshold(*settings[0])


held_back = HeldBack()


def start_anew() -> None:
    """In a process that was forked while another thread recorded: nobody does here."""
    global one_at_a_time
    one_at_a_time = Lock()
    if recording[0] and gc.get_threshold() == settings[1]:
        gc.set_threshold(*settings[0])
    recording[0] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=start_anew)
