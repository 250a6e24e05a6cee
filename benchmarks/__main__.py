"""`python -m benchmarks [NAME ...] [--rounds N] [--quick] [--json PATH] [--check] [--only CONTENDER ...]`."""

import argparse
import sys
from pathlib import Path

from benchmarks.measures import MEASURES, measure
from benchmarks.race import races
from benchmarks.report import measure_table, misses, race_table, write_json
from benchmarks.workloads import CONTENDERS, WORKLOADS


def options():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [*WORKLOADS, *MEASURES]
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="what to run, all by default: " + " ".join(names)
    )
    parser.add_argument("--rounds", type=int, help="rounds of the race, 7 by default (3 with --quick)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: minutes, and rougher numbers")
    parser.add_argument("--json", type=Path, metavar="PATH", default=Path("benchmarks/results/latest.json"))
    parser.add_argument("--check", action="store_true", help="exit non-zero if a promised number is missed")
    parser.add_argument(
        "--only", nargs="+", metavar="CONTENDER", choices=CONTENDERS[1:], help="race only these"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(names):
        parser.error(f"unknown: {' '.join(sorted(unknown))}; there are: {' '.join(names)}")
    chosen.names = chosen.names or names
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 7)
    return chosen


def main():
    chosen = options()
    contenders = ("hand", *(chosen.only or CONTENDERS[1:]))
    results, rows, notes = {}, [], {}
    for workload, result in races([n for n in chosen.names if n in WORKLOADS], contenders, chosen.rounds):
        results[workload.name] = result
        print(
            f"{workload.name}: ours {result.ratio.get('ours', float('nan')):.3g} x",
            file=sys.stderr,
            flush=True,
        )
    for name in chosen.names:
        if name in MEASURES:
            found, note = measure(name, chosen.rounds)
            rows += found
            notes |= {name: note} if note else {}
            print(f"{name}: done", file=sys.stderr, flush=True)
    if results:
        race_table(results)
    if rows or notes:
        measure_table(rows, notes)
    write_json(chosen.json, results, rows, notes)
    missed = misses(results, rows) + [f"{name}: {note}" for name, note in notes.items()]
    if chosen.check:
        print("\n".join(["", "missed:", *missed] if missed else ["", "every promised number is reached"]))
    return 1 if chosen.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
