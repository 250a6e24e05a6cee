"""What all tests share: tests/ is on the path, and the exemptions from the laws are printed, with their reasons."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def pytest_terminal_summary(terminalreporter):
    """Print which rows of the table of laws are exempt from a law, and why."""
    failed = terminalreporter.stats.get("xfailed", [])
    exempt = [report for report in failed if "test_laws.py" in report.nodeid]
    reasons = {}
    for report in exempt:
        name = report.nodeid.split("[", 1)[1][:-1]
        reasons.setdefault(report.wasxfail.removeprefix("reason: "), []).append(name)
    if exempt:
        terminalreporter.section(f"{len(exempt)} exemptions from the laws, {len(reasons)} reasons")
    for reason, names in sorted(reasons.items()):
        terminalreporter.write_line(f"{reason}: {len(names)}")
        terminalreporter.write_line(f"    {'  '.join(names)}")
