"""The README's Python runs as it stands, top to bottom, in one process and without a warning."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def python_of(text):
    """The text with everything but its ```python blocks blanked, so that line numbers stay those of the README."""
    inside, lines = False, []
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            line = ""
        lines.append(line if inside else "")
    return "\n".join(lines) + "\n"


def test_the_python_of_the_readme_runs(tmp_path):
    script = tmp_path / "readme.py"
    script.write_text(python_of(README.read_text(encoding="utf-8")), encoding="utf-8")
    command = [sys.executable, *["-P"] * sys.flags.safe_path, "-W", "error", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    says = re.findall(r"^print\(.*\)  +# (.*)$", script.read_text(encoding="utf-8"), re.M)
    assert len(says) == 8 and done.stdout.splitlines() == says


def test_the_readme_installs_from_the_checkout_never_by_name():
    installs = re.findall(r"pip install ([^\n`&]+)", README.read_text(encoding="utf-8"))
    assert installs and all(re.search(r"'?\.(\[|'|$|\s)", what) for what in installs), installs
