"""What tests of runs share: see tests/support/film_runs.py."""

import json

import pytest
from film_runs import drawn, films, invoke, tiny, write_films

__all__ = ["drawn", "films", "invoke", "tiny", "write_films"]


@pytest.fixture
def results(invoke, films, tmp_path):
    """The results of reading three films of two patients, a broken one and one in colour."""
    for patient, names in (("ana", ("0.png", "1.png")), ("ben", ("2.png", "3.png", "4.png"))):
        (films / patient).mkdir()
        for name in names:
            (films / name).rename(films / patient / name)
    invoke("diagnose", films, "-r", "--threshold", "0.2", "--out", tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture
def records(results):
    """The records by name."""
    found = [json.loads(line) for line in (results / "examinations.jsonl").read_text().splitlines()]
    return {record["source"]["name"]: record for record in found}


@pytest.fixture
def decide(results, records):
    """Write decisions: (film, mark, decision) each; returns their file."""

    def write(*rows):
        lines = ["time,patient,film,model,status,mark,decision"]
        for film, mark, decision in rows:
            digest = records[film]["source"]["sha256"] if film in records else film
            lines.append(f"2026-11-28,,{digest},{'ab' * 32},assessed,{mark},{decision}")
        (results / "decisions.csv").write_text("\n".join(lines) + "\n")
        return results / "decisions.csv"

    return write
