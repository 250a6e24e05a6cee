"""`python -m benchmarks.as_it_stands [--only NAME ...] [--limit SECONDS] [--json PATH] [--markdown] [--list]`.

The corpus of tests/as_it_stands, unmodified, through every library: who gets how many right.

right    the value of plain numpy, and the slope of finite differences along random directions
wrong    another value or another slope, without a word
lost     the right value, but no gradient, or zero where there is one
raised   an exception
slow     no answer within the time limit
"""

import argparse
import json
import queue
import subprocess
import sys
import threading
import warnings
from collections import Counter
from importlib import metadata
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from as_it_stands.corpus import CASES  # noqa: E402
from as_it_stands.slopes import close, product, reference  # noqa: E402

from benchmarks.contenders.unmodified import PACKAGES, contender  # noqa: E402
from benchmarks.report import machine, table  # noqa: E402

OUTCOMES = ("right", "wrong", "lost", "raised", "slow")
STARTING = 120  # seconds that a worker has for its imports


def judged(way_in, case, expected):
    """(outcome, what is to say about it)."""
    value, directions, slopes = expected
    try:
        found, gradient = way_in(case)
    except Exception as error:
        lines = str(error).strip().splitlines()
        return "raised", f"{type(error).__name__}: {lines[0][:160] if lines else ''}"
    if not close(found, value, 0.0, rtol=1e-6):
        return "wrong", f"value {found!r}, not {value!r}"
    theirs = [float(product(gradient, direction)) for direction in directions]
    scale = 1e-3 * abs(value)
    if all(close(a, b, scale, rtol=1e-5) for a, b in zip(theirs, slopes)):
        return "right", ""
    if not np.any(theirs):
        return "lost", "no gradient" if all(g is None for g in gradient) else "zero gradient"
    return "wrong", f"slopes {theirs}, not {slopes}"


def work(name, start):
    """Judge the cases from `start` on, a line of JSON each: what a worker process does."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    expected = [reference(case) for case in CASES[start:]]  # before another numpy takes numpy's place
    way_in = contender(name)
    print(json.dumps("ready"), flush=True)
    for case, known in zip(CASES[start:], expected):
        print(json.dumps(judged(way_in, case, known)), flush=True)


class Worker:
    """A process that judges the cases from `start` on, and the lines that it has written."""

    def __init__(self, name, start):
        command = [sys.executable, "-m", "benchmarks.as_it_stands", "--worker", name, "--start", str(start)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def next(self, seconds):
        """The next line; None if the process has ended; queue.Empty after `seconds`."""
        return self.lines.get(timeout=seconds)

    def stop(self):
        self.process.kill()
        self.process.wait()


def results(name, limit):
    """{case: (outcome, remark)} of a contender, a fresh worker after each that hangs or dies."""
    found = []
    while len(found) < len(CASES):
        worker = Worker(name, len(found))
        try:
            if worker.next(STARTING) is None:
                raise RuntimeError(f"the worker of {name} does not start")
            while len(found) < len(CASES):
                line = worker.next(limit)
                found.append(line or ("raised", "the process died"))
                if line is None:
                    break
        except queue.Empty:
            found.append(("slow", f"more than {limit:g} s"))
        finally:
            worker.stop()
    return {case.name: tuple(line) for case, line in zip(CASES, found)}


def options():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.as_it_stands")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=PACKAGES, default=list(PACKAGES))
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for a case")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks/results/as_it_stands.json")
    parser.add_argument("--markdown", action="store_true", help="print the table as the README has it")
    parser.add_argument(
        "--list", action="store_true", help="also print the cases that are not right, and why"
    )
    parser.add_argument("--worker", choices=PACKAGES, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def installed(name):
    try:
        return metadata.version(PACKAGES[name])
    except metadata.PackageNotFoundError:
        return None


def main():
    chosen = options()
    if chosen.worker:
        return work(chosen.worker, chosen.start)
    about, judgements, notes = machine(), {}, {}
    about["versions"]["pycograd"] = about["versions"]["pycograd"] or "checkout"
    for name in chosen.only:
        if name != "ours" and installed(name) is None:
            notes[name] = "not installed"
            continue
        judgements[name] = results(name, chosen.limit)
        print(f"{name}: {dict(tally(judgements[name]))}", file=sys.stderr, flush=True)
    show(about, judgements, notes, chosen)
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": about,
        "cases": len(CASES),
        "counts": {name: tally(each) for name, each in judgements.items()},
        "judgements": judgements,
        "notes": notes,
    }
    chosen.json.write_text(json.dumps(document, indent=1) + "\n")


def tally(judgements):
    return Counter(outcome for outcome, _ in judgements.values())


def show(about, judgements, notes, chosen):
    head = [f"of {len(CASES)} functions", *OUTCOMES]
    rows = []
    for name, each in judgements.items():
        counts = tally(each)
        title = f"{PACKAGES[name]} {about['versions'].get(PACKAGES[name]) or ''}".strip()
        rows.append([title, *[str(counts[outcome]) for outcome in OUTCOMES]])
    title = (
        f"As it stands, {about['time'][:10]}, Python {about['python']}, numpy {about['versions']['numpy']}"
    )
    if chosen.markdown:
        lines = [head, ["---"] + ["--:"] * len(OUTCOMES), *rows]
        print("\n".join([title + ":", "", *["| " + " | ".join(line) + " |" for line in lines]]))
    else:
        table(title, head, rows)
    for name, note in notes.items():
        print(f"  left out: {name}: {note}")
    if chosen.list:
        for name, each in judgements.items():
            wanting = [
                f"  {case}: {outcome}: {why}" for case, (outcome, why) in each.items() if outcome != "right"
            ]
            print("\n".join([f"\n{PACKAGES[name]}", *wanting]))


if __name__ == "__main__":
    main()
