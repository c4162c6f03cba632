"""What decisions become is read by those who take it further: pycocotools, the audit, the monitor, a spreadsheet."""

import csv
import io
import json

import numpy as np
import pytest
from desk_events import IS_READ, MODEL, OTHER_WINDOW, SHOWN, desk_with, says
from pycocotools.coco import COCO

from lennox.annotations.coco import read_coco
from lennox.desk.decided_films import decided_films
from lennox.desk.event_store import NewEvent
from lennox.desk.outputs import summary, table_lines, use_lines, write_coco
from lennox.errors import InputError
from lennox.monitoring.use_record import read_use

TRIANGLE = [[10, 10], [10, 40], [30, 40]]
SQUARE = [[50, 50], [50, 70], [70, 70], [70, 50]]
FILMS = {
    "ana/film.png": [SHOWN, says("1", "accept", tooth="16", depth="RA2", note="=1+1"), says("2", "reject"), IS_READ],
    "ben/film.png": [SHOWN, says("1", "edit", outline=TRIANGLE), says(None, "missed", outline=SQUARE), IS_READ],
    "cleo.png": [SHOWN, says("1", "reject"), IS_READ],
    "dan.png": [IS_READ],
    "open.png": [SHOWN, IS_READ],
    "differs.png": [says("1", "accept"), says("1", "reject", OTHER_WINDOW), IS_READ],
    "unread.png": [says("1", "accept")],
    "low.png": [SHOWN, says("1", "accept"), says("2", "accept"), IS_READ],
}


@pytest.fixture
def desk(tmp_path):
    return desk_with(tmp_path / "films", FILMS)


def test_a_coco_set_holds_what_people_said_and_where_it_came_from(desk, tmp_path):
    counts = write_coco(decided_films(desk), tmp_path / "out")
    assert counts["films"] == 5
    assert summary(counts) == (
        "1 with decisions that differ; 1 with suggestions that were left open; 1 not marked as read"
    )
    document = json.loads((tmp_path / "out/annotations.json").read_text())
    assert sorted(one["provenance"] for one in document["annotations"]) == [
        "added",
        "edited",
        "model",
        "model",
        "model",
    ]
    assert [one["tooth_fdi"] for one in document["annotations"] if "tooth_fdi" in one] == ["16"]
    loaded = COCO(str(tmp_path / "out/annotations.json"))
    assert len(loaded.getAnnIds()) == 5
    (drawn,) = [one for one in loaded.loadAnns(loaded.getAnnIds()) if one["provenance"] == "added"]
    assert drawn["bbox"] == [50, 50, 20, 20]
    assert loaded.annToMask(drawn).sum() == pytest.approx(400, rel=0.1)


def test_the_set_is_read_as_truth_with_a_healthy_film_and_one_mouth_a_patient(desk, tmp_path):
    write_coco(decided_films(desk), tmp_path / "out")
    coco = read_coco(tmp_path / "out")
    coco.require_files()
    assert sorted(len(film.truth.lesions) for film in coco.films) == [0, 0, 1, 2, 2]
    assert sum(film.truth.carious for film in coco.films) == 3
    text = (tmp_path / "out/annotations.json").read_text()
    assert not any(name in text for name in ("ana", "ben", "cleo"))
    assert len({film.name for film in coco.films}) == 5


def test_a_patient_has_one_pseudonym_at_each_export_and_another_in_another_folder(desk, tmp_path):
    first = {film.name: film.patient for film in decided_films(desk)}
    assert first == {film.name: film.patient for film in decided_films(desk)}
    other = desk_with(tmp_path / "other", {"ana/film.png": [IS_READ]})
    assert next(decided_films(other)).patient != first["ana/film.png"]


def test_a_film_that_lies_there_twice_is_exported_once(tmp_path):
    folder = tmp_path / "films"
    desk = desk_with(folder, {"a.png": [IS_READ]})
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    (event,) = [one for one in desk.store.since(0) if one.kind == "read"]
    status = (folder / "b.png").stat()
    stamp = f"{status.st_size}-{status.st_mtime_ns}"
    desk.keep(NewEvent("read", {**event.details, "stamp": stamp}, "b.png", event.sha256))
    (film,) = decided_films(desk)
    assert (film.name, film.copies) == ("a.png", 1)


def test_the_monitor_reads_the_records_and_counts_only_marks_of_the_operating_point(desk, tmp_path):
    (tmp_path / "use.csv").write_text("".join(use_lines(decided_films(desk))))
    by_film = {film.state.sha256: film.name for film in decided_films(desk)}
    found = {}
    for one in read_use(tmp_path / "use.csv"):
        assert one.model == MODEL.sha256
        found.setdefault(by_film[one.film], []).append(one.decision)
    assert found == {
        "ana/film.png": ["accept"],  # the second candidate lies below the operating point
        "ben/film.png": ["edit", "missed"],
        "cleo.png": ["reject"],
        "differs.png": ["reject"],
        "unread.png": ["accept"],
        "low.png": ["accept", "missed"],
    }


def test_features_are_written_for_patients_who_agreed_alone(desk, tmp_path):
    for patient, consent in (("ana", True), ("ben", False)):
        features = {"age_band": "18+"} if consent else {}
        desk.keep(NewEvent("patient", {"patient": patient, "consent": consent, "features": features}, who="AB"))
    rows = list(csv.DictReader(io.StringIO("".join(use_lines(decided_films(desk))))))
    assert sorted({row["age_band"] for row in rows}) == ["", "18+"]
    desk.keep(NewEvent("patient", {"patient": "ana", "consent": False, "features": {}}, who="AB"))
    assert "age_band" not in next(iter(use_lines(decided_films(desk))))


def test_the_table_is_one_row_a_mark_and_runs_no_formula(desk):
    rows = list(csv.DictReader(io.StringIO("".join(table_lines(decided_films(desk))))))
    ana = [row for row in rows if row["film"] == "ana/film.png"]
    assert [(row["mark"], row["verdict"], row["tooth_fdi"]) for row in ana] == [
        ("1", "accept", "16"),
        ("2", "reject", ""),
    ]
    assert ana[0]["note"] == "'=1+1"
    assert np.allclose([float(ana[0][edge]) for edge in ("top", "left", "bottom", "right")], [10, 10, 30, 30])
    assert [row["verdict"] for row in rows if row["film"] == "dan.png"] == [""]


def test_nothing_to_export_and_a_folder_in_use_are_said(tmp_path):
    desk = desk_with(tmp_path / "films", {"a.png": []})
    with pytest.raises(InputError, match="not marked as read"):
        write_coco(decided_films(desk), tmp_path / "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").touch()
    with pytest.raises(InputError, match="not an empty folder"):
        write_coco(decided_films(desk), tmp_path / "full")
