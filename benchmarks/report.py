"""The tables, on the terminal and as JSON, and the judgement of `--check`."""

import json
import platform
import sys
from datetime import UTC, datetime
from importlib import metadata

from benchmarks.workloads import CONTENDERS, WORKLOADS

try:
    from rich.console import Console
    from rich.table import Table
except ModuleNotFoundError:
    Table = None

PACKAGES = ("numpy", "pycograd", "pyccolo", "scipy", "autograd", "mygrad", "torch", "jax")
MUST = ("chain", "projectile")  # the targets that are promises; the others are where we want to be
# How much slower than ours each must be on the chain: the factors of one measured run, on that run's machine.
LEAD_ON_CHAIN = {"hips": 13 / 2.5, "mygrad": 21 / 2.5, "torch": 6.8 / 2.5}


def table(title, head, rows):
    """Print a table, by rich where it is installed."""
    if Table is None:
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        print(f"\n{title}")
        for row in [head, *rows]:
            print(
                "  ".join(
                    cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))
                )
            )
        return
    out = Table(title=title, title_justify="left", title_style="bold")
    for i, name in enumerate(head):
        out.add_column(name, justify="left" if i == 0 else "right", no_wrap=True)
    for row in rows:
        out.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 140).print(out)


def number(x):
    return "-" if x is None else f"{x:.3g}" if x < 1000 else f"{x:.0f}"


def race_table(results):
    """One line a workload: ours and the peers as multiples of hand-written numpy."""
    names = [c for c in CONTENDERS if any(c in r.ratio for r in results.values())]
    head = ["multiples of hand-written numpy", "hand, ms", *names[1:], "target"]
    rows = []
    for name, r in results.items():
        cells = [number(r.ratio.get(c)) for c in names[1:]]
        rows.append(
            [WORKLOADS[name].title, number(1e3 * r.seconds["hand"]), *cells, number(WORKLOADS[name].target)]
        )
    table("Gradients, eager", head, rows)
    for name, r in results.items():
        for contender, note in r.notes.items():
            print(f"  left out: {contender} on {name}: {note}")


def measure_table(rows, notes):
    table(
        "pycograd alone",
        ["", "measured", "limit"],
        [[r.name, f"{number(r.value)} {r.unit}", number(r.limit)] for r in rows],
    )
    for name, note in notes.items():
        print(f"  left out: {name}: {note}")


def misses(results, rows):
    """A sentence for each number that was promised and not reached."""
    out = []
    for name, r in results.items():
        ours, target = r.ratio.get("ours"), WORKLOADS[name].target
        if ours is None:
            out.append(f"{name}: no result of ours: {r.notes.get('ours')}")
        elif name in MUST and ours > target:
            out.append(f"{name}: {ours:.2f} x hand-written numpy, promised {target}")
    chain = results["chain"].ratio if "chain" in results else {}
    for peer, factor in LEAD_ON_CHAIN.items():
        if peer in chain and "ours" in chain and chain[peer] / chain["ours"] < factor:
            out.append(
                f"chain: {chain[peer] / chain['ours']:.1f} times as fast as {peer}, promised {factor:.1f}"
            )
    return out + [
        f"{r.name}: {r.value:.3g} {r.unit}, promised {r.limit}" for r in rows if r.limit and r.value > r.limit
    ]


def machine():
    """What the numbers were measured on."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }


def write_json(path, results, rows, notes):
    document = {
        "machine": machine(),
        "workloads": {name: r._asdict() for name, r in results.items()},
        "measures": [r._asdict() for r in rows],
        "notes": notes,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
