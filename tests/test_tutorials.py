"""The tutorials run, and print what they show; the one that needs PyTorch is in tests/training."""

import json
import re
from pathlib import Path

import pytest
from tutorials import FOLDER, run_tutorial

DATA = Path(__file__).parents[2] / "shared" / "data"


def test_each_tutorial_was_run_from_the_top_and_names_no_machine():
    found = sorted(FOLDER.glob("*.ipynb"))
    assert len(found) == 4
    for path in found:
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1)), path.name
        assert not re.search(r"/tmp/|/home/|/root/|ipykernel_", path.read_text()), path.name


def test_a_first_film(monkeypatch, tmp_path):
    committed, now = run_tutorial("first-film", monkeypatch, tmp_path)
    marks = [text for text in now if re.fullmatch(r"(\w+: \d+ marks?\n)+", text)]
    assert marks
    assert set(marks) <= set(committed)
    assert "broken.png  unreadable" in now[-2] + now[-1]


@pytest.mark.films
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the survey's table beside the project")
def test_an_audit_of_real_people(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA", str(DATA))
    committed, now = run_tutorial("audit-real-people", monkeypatch, tmp_path)
    assert any(text.startswith("FAIL\n") for text in now)
    assert now == committed


def test_a_policy_by_simulation(monkeypatch, tmp_path):
    committed, now = run_tutorial("policy-by-simulation", monkeypatch, tmp_path)
    assert any("at the limit" in text for text in now)
    assert now == committed
