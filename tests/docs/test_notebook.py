"""The notebook in `docs/` runs to its end, on small models, from where people start it."""

import os
from pathlib import Path

import pytest
from trained_project import write_models, write_photos

ROOT = Path(__file__).parents[2]


@pytest.mark.extra
def test_the_notebook_runs_from_its_first_cell_to_its_last(tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    write_models(tmp_path, classes=["even", "odd"])
    for name in ("even", "odd"):
        write_photos(tmp_path / "data/raw/digits" / name, 301, seed=len(name))
    (tmp_path / "docs").mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(ROOT / "docs/using.ipynb", as_version=4)

    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path / "docs")}}).execute()

    printed = "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", ())
    )
    assert "['even', 'odd']" in printed
    assert "{3: 'no such file'}" in printed
    assert printed.endswith("np.True_")
    assert "(3, 8, 8, 3) uint8 (3, 1)" in printed
