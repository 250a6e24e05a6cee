"""What all tests share: tests/ is on the path, and the exemptions from the laws are printed, with their reasons."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def pytest_terminal_summary(terminalreporter):
    """Print which rows of the table of laws are exempt from a law, and why."""
    exempt = [
        report for report in terminalreporter.stats.get("xfailed", []) if "test_laws.py" in report.nodeid
    ]
    if exempt:
        terminalreporter.section(f"{len(exempt)} exemptions from the laws")
        for report in exempt:
            terminalreporter.write_line(
                f"{report.nodeid.split('::')[-1]}: {report.wasxfail.removeprefix('reason: ')}"
            )
