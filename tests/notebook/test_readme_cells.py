"""The cells of the README run as they stand, top to bottom, in a kernel of Jupyter's."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

README = Path(__file__).resolve().parents[2] / "README.md"
# what the kernel's own libraries warn of is not ours: the cells run in another process
pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_cells_of_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    cells = re.findall(r"^```ipython\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)
    assert len(cells) == 3 and cells[1].startswith("%load_ext pycograd\nwith params{\n")
    checks = "import inspect\nassert inspect.getsource(obj).strip().startswith('obj     = |> X')\nvalue |> print($)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (*cells, checks)])
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert not [output.text for output in outputs if "Warning" in output.get("text", "")]
    said = "".join(output.text for output in outputs if output.get("name") == "stdout")
    assert "trainable params: 99  (total: 99)" in said and float(said.split()[-1]) < 1.0


def test_an_error_in_a_cell_is_shown_at_its_line(tmp_path):
    piped = "def f(v):\n    return (v\n        |> abs\n        |> len)\nx = 3\nx |> f"
    cells = ["import pycograd\n%load_ext pycograd", piped]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    resources = {"metadata": {"path": str(tmp_path)}}
    client = nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources)
    with pytest.raises(nbclient.exceptions.CellExecutionError) as caught:
        client.execute()
    shown = re.sub(r"\x1b\[[0-9;]*m", "", str(caught.value))
    assert re.search(r"-> 6 x \|> f", shown) and re.search(r"-> 4 +\|> len\)", shown)
    assert "pycograd/notebook" not in shown
