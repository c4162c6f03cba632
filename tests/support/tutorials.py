"""The tutorials of docs/tutorials, run as their readers run them."""

import os
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "tutorials"


def run_tutorial(name, monkeypatch, tmp_path):
    """Run a notebook in its folder, with a home of its own; the texts that it printed when committed, and now."""
    nbformat = pytest.importorskip("nbformat", reason="tutorials are run with nbclient")
    nbclient = pytest.importorskip("nbclient", reason="tutorials are run with nbclient")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # `!lennox`
    for variable in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "IPYTHONDIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    book = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    committed = texts(book)
    nbclient.NotebookClient(book, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    return committed, texts(book)


def texts(book):
    """What each cell prints, and the plain text of its value."""
    outputs = (cell.get("outputs", ()) for cell in book.cells)
    return [
        "".join(one.get("text") or one.get("data", {}).get("text/plain", "") for one in shown).replace("\r\n", "\n")
        for shown in outputs
    ]
