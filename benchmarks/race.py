"""The race: a worker process per contender, round-robin, results compared with hand-written numpy first.

The ratio of a contender is the median, over rounds, of its time over that of hand-written numpy in the same
round: what slows the machine for a while slows both.
"""

import importlib
import math
from contextlib import ExitStack
from multiprocessing import get_context
from statistics import median
from time import perf_counter
from typing import NamedTuple

import numpy as np

from benchmarks.workloads import CONTENDERS, WORKLOADS

RTOL = 1e-8
ROUND_SECONDS = 0.05  # what a contender's turn lasts, if a call is shorter
CALL_LIMIT = 20.0  # a contender that takes longer is timed by its one call


class Result(NamedTuple):
    """One workload: seconds a call, the multiple of hand-written numpy, and why some have neither."""

    seconds: dict
    ratio: dict
    notes: dict


# ---- in the worker ---------------------------------------------------------------------------------------
def work(pipe, contender, workload):
    """The worker: prepare one contender on one workload, then time as many calls as each message asks for."""
    try:
        library = importlib.import_module(f"benchmarks.contenders.{contender}")
        program = importlib.import_module(f"benchmarks.programs.{workload.program}")
        prepare = getattr(library, workload.kind, None)
        if prepare is None:
            raise NotImplementedError(f"it has no {workload.kind}")
        call = prepare(program, program.inputs(*workload.size))
        results = [np.array(x) for x in call()]
    except (
        Exception
    ) as error:  # whatever a library raises, it is a line in the notes and not the end of the race
        pipe.send((f"{type(error).__name__}: {error}".splitlines()[0], None))
        return
    pipe.send((None, results))
    while calls := pipe.recv():
        pipe.send(seconds_of(call, calls))


def seconds_of(call, calls):
    start = perf_counter()
    for _ in range(calls):
        call()
    return (perf_counter() - start) / calls


# ---- in the parent ---------------------------------------------------------------------------------------
class Worker:
    """A contender on a workload in a process of its own; `note` says why it does not race."""

    def __init__(self, contender, workload):
        self.pipe, theirs = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(
            target=work, args=(theirs, contender, workload), daemon=True
        )
        self.process.start()
        theirs.close()
        self.calls = 1
        try:
            self.note, self.results = self.pipe.recv()
        except EOFError:
            self.note, self.results = "its process died", None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.note is None:
            self.pipe.send(0)
        self.process.join()

    def seconds(self):
        self.pipe.send(self.calls)
        return self.pipe.recv()

    def calibrate(self):
        once = self.seconds()
        self.calls = max(1, min(10_000, math.ceil(ROUND_SECONDS / once)))
        return once


def disagreement(results, by_hand, rtol):
    """Why the results are not those of hand-written numpy, or None."""
    if len(results) != len(by_hand):
        return f"{len(results)} results, {len(by_hand)} by hand"
    for i, (x, y) in enumerate(zip(results, by_hand)):
        if x.shape != y.shape:
            return f"result {i} has shape {x.shape}, by hand {y.shape}"
        error = np.max(np.abs(x - y)) / (np.max(np.abs(y)) + 1e-300)
        if not error <= rtol:
            return f"result {i} is off by {error:.1e}"
    return None


def race(workload, contenders=CONTENDERS, rounds=7):
    """The Result of one workload; the first contender is the measure of all."""
    rtol = getattr(importlib.import_module(f"benchmarks.programs.{workload.program}"), "RTOL", RTOL)
    notes, racers, times = {}, {}, {}
    with ExitStack() as stack:
        for name in contenders:
            worker = stack.enter_context(Worker(name, workload))
            note = worker.note
            if note is None and racers:
                note = disagreement(worker.results, racers[contenders[0]].results, rtol)
            if note is None:
                racers[name] = worker
            elif not racers:
                raise RuntimeError(f"{workload.name}: {name} failed: {note}")
            else:
                notes[name] = note
        slow = {name for name, worker in racers.items() if worker.calibrate() > CALL_LIMIT}
        for turn in range(rounds):
            for name, worker in racers.items():
                if turn == 0 or name not in slow:
                    times.setdefault(name, []).append(worker.seconds())
    base = times[contenders[0]]
    ratio = {name: median(t / b for t, b in zip(series, base)) for name, series in times.items()}
    return Result({name: median(series) for name, series in times.items()}, ratio, notes)


def races(names, contenders=CONTENDERS, rounds=7):
    """(workload, Result) of each named workload, as they finish."""
    for name in names:
        yield WORKLOADS[name], race(WORKLOADS[name], contenders, rounds)
