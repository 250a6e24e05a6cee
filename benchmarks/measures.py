"""What is measured of pycograd alone: cost per operation as the tape grows, memory, import and first call.

A measure is a function rounds -> list of `Row`; each runs in a process of its own, for none to see
another's heap.
"""

import gc
import importlib
import os
import subprocess
import sys
import tracemalloc
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from benchmarks.programs import chain, memory
from benchmarks.race import race
from benchmarks.workloads import WORKLOADS

MIB = 2**20
SIZES = (10**2, 10**3, 10**4, 10**5, 10**6)


class Row(NamedTuple):
    """A measured number and the limit it must not pass, if it has one."""

    name: str
    value: float
    unit: str
    limit: float | None = None


def per_op_rows(contender, seconds, limits=(None, None)):
    """The cost per operation at each size, and how flat it is: `limits` are for up to 1e5 and for 1e6."""
    rows = [Row(f"{contender}: cost per op at {n:.0e} ops", 1e6 * s / n, "us") for n, s in seconds.items()]
    cost = {n: s / n for n, s in seconds.items()}
    low = min(c for n, c in cost.items() if n <= 10**5)
    high = max(c for n, c in cost.items() if n <= 10**5)
    rows.append(Row(f"{contender}: highest over lowest cost per op, up to 1e5", high / low, "x", limits[0]))
    if 10**6 in cost:
        rows.append(
            Row(f"{contender}: cost per op at 1e6 over the lowest", cost[10**6] / low, "x", limits[1])
        )
    return rows


def growing(pipe, n):
    """In a process of its own, whose heap only tapes of `n` operations have seen: seconds a call, when asked."""
    ours = importlib.import_module("benchmarks.contenders.ours")
    call = ours.gradient(chain, chain.inputs(n // chain.OPS_PER_BLOCK))
    call()
    repeats = max(1, 20_000 // n)
    while pipe.recv():
        start = perf_counter()
        for _ in range(repeats):
            call()
        pipe.send((perf_counter() - start) / repeats)


def growth(rounds, sizes=SIZES):
    """Cost per op of the chain at every size, minima over rounds; each round visits all sizes."""
    pipes, seconds = {}, {}
    for n in sizes:
        pipes[n], theirs = get_context("spawn").Pipe()
        get_context("spawn").Process(target=growing, args=(theirs, n), daemon=True).start()
        seconds[n] = float("inf")
    for _ in range(rounds):
        for n, pipe in pipes.items():
            pipe.send(True)
            seconds[n] = min(seconds[n], pipe.recv())
    for pipe in pipes.values():
        pipe.send(False)
    return per_op_rows("ours", seconds, (1.2, 1.6))


def peak(f):
    """The peak memory in MiB that a gradient of `f` takes beyond its arguments and its result."""
    pycograd = importlib.import_module("pycograd")
    x, a = memory.inputs()
    value_and_grad = pycograd.value_and_grad(f, argnums=0)
    value_and_grad(x, a)
    gc.collect()
    tracemalloc.start()
    value_and_grad(x, a)
    high = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return high / MIB


def footprint(rounds):
    """Peak memory of a gradient; `tracemalloc` counts exactly, so one round is enough."""
    return [
        Row("peak of 100 additions and subtractions on 1 MiB", peak(memory.sums), "MiB", 8),
        Row("peak of 100 tanh, mul, exp, sub on 1 MiB", peak(memory.mixed), "MiB"),
    ]


def start_up(rounds):
    """Import beyond numpy's own and the first gradient, each the median over fresh processes."""
    script = Path(__file__).parent / "programs" / "first_call.py"
    times = []
    with (
        TemporaryDirectory() as bytecode
    ):  # as on a second start: the bytecode is there, whatever the settings here
        env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONPYCACHEPREFIX": bytecode}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(rounds + 1):
            done = subprocess.run(
                [sys.executable, script], check=True, stdout=subprocess.PIPE, text=True, env=env
            )
            times.append([float(x) for x in done.stdout.split()])
    imports, firsts = zip(*times[1:])  # the first process wrote the bytecode
    return [
        Row("import pycograd, beyond numpy's", 1e3 * median(imports), "ms", 100),
        Row("first value_and_grad call", 1e3 * median(firsts), "ms", 3),
    ]


def general(rounds):
    """What an operation costs beyond hand-written numpy: of the general path over the common one."""
    beyond = {}
    for name in ("chain", "general"):
        result = race(WORKLOADS[name], ("hand", "ours"), rounds)
        beyond[name] = (result.seconds["ours"] - result.seconds["hand"]) / 1000
    return [
        Row("elementwise op, beyond hand-written", 1e6 * beyond["chain"], "us"),
        Row("matmul, index, reshape, sum, add, beyond hand-written", 1e6 * beyond["general"], "us"),
        Row("the general path over the common", beyond["general"] / beyond["chain"], "x", 1.5),
    ]


def weaving(rounds):
    """What weaving adds to code on plain arrays: microseconds a call site, or a factor where the array is large."""
    rows = []
    for name, plain, woven in importlib.import_module("benchmarks.weaving").rows(rounds):
        large = name.endswith("of 10000")
        value, unit, limit = (woven / plain, "x", 1.02) if large else (woven - plain, "us", 0.07)
        rows.append(Row(f"weaving a call: {name}", value, unit, limit))
    return rows


def pipes(rounds):
    """What a stage of a pipe costs over the call that it makes; who the function is, may have to be asked."""
    return [
        Row(f"a stage of a pipe: {name}", value, "us", 0.05 if promised else None)
        for name, value, promised in importlib.import_module("benchmarks.pipes").rows(rounds)
    ]


MEASURES = {
    "growth": growth,
    "general-path": general,
    "weaving": weaving,
    "pipes": pipes,
    "memory": footprint,
    "start-up": start_up,
}


def send(pipe, name, rounds):
    """In the process of a measure: its rows, or why there are none."""
    try:
        pipe.send((MEASURES[name](rounds), None))
    except Exception as error:  # a line in the notes, and the other measures go on
        pipe.send(([], f"{type(error).__name__}: {error}"))


def measure(name, rounds):
    """(rows, note) of the measure `name`, taken in a fresh process."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=send, args=(theirs, name, rounds))
    process.start()
    theirs.close()
    rows, note = ours.recv()
    process.join()
    return rows, note
