"""A sealed table names nobody, and any change in it is found."""

import base64
import io
import json
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from clinics import sealed

from lennox.audit import TableOptions, table_from_columns
from lennox.errors import InputError
from lennox.evidence.seal import Origin, agreed, frame_of, open_sealed, seal, write_sealed
from lennox.policy.problems import TableError

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"


@pytest.mark.parametrize("k", [5, 30])
def test_the_statement_of_a_sealed_table_follows_the_published_schema(clinics, k):
    path, said, _ = sealed(clinics, patients=58, k=k)  # 29 a sensor: with k = 30 the sensor is left out
    envelope = json.loads(zipfile.ZipFile(path).read("statement.dsse.json"))
    jsonschema.validate(envelope, json.loads((SCHEMAS / "envelope-1.json").read_text()))
    statement, schema = json.loads(base64.b64decode(envelope["payload"])), SCHEMAS / "evidence-1.json"
    jsonschema.validate(statement, json.loads(schema.read_text()))
    assert (said["merged"] == {}) is (k == 5)
    statement["predicate"]["patient_names"] = ["Ana"]
    with pytest.raises(jsonschema.ValidationError, match="patient_names"):
        jsonschema.validate(statement, json.loads(schema.read_text()))


def test_no_identity_leaves(clinics):
    path, said, read = sealed(clinics)
    opened = open_sealed(path)
    assert not [word for word in (b"Ana", b"Quispe", b"p12") if word in path.read_bytes()]
    frame = frame_of(opened, clinics.folder)
    assert set(frame.columns) == {"patient_id", "sensor", "label", "score"}
    assert sorted(set(frame["patient_id"])) == list(range(80))
    assert (np.sort(frame["score"]) == np.sort(read.score.round(4))).mean() > 0.99
    assert list(frame["score"]) != list(read.score.round(4))  # in the order of the numbers, which are drawn
    assert said["patients"] == 80


def test_the_numbers_of_patients_are_drawn_anew_at_each_sealing(clinics, tmp_path):
    path, _, read = sealed(clinics)
    origin = Origin("north", {"sha256": "ef" * 32}, "balanced", "may be pooled")
    again, _ = seal(read, clinics.policy, origin, [clinics.keys["north"]], 5)
    other = tmp_path / "again.evidence"
    write_sealed(other, again)
    first, second = (frame_of(open_sealed(one), tmp_path) for one in (path, other))
    assert list(first["score"]) != list(second["score"])
    assert sorted(first["score"]) == sorted(second["score"])


def test_every_answer_stays_on_its_side_of_the_threshold(clinics):
    policy = clinics.policy
    scores = np.array([0.49999999, 0.5, 0.50000001, 0.12345678] * 5)
    columns = {"patient_id": np.arange(20), "sensor": ["phone"] * 20, "label": [1, 0] * 10, "score": scores}
    read = table_from_columns(columns, policy, TableOptions(threshold=0.5), name="edge")
    data, _ = seal(read, policy, Origin("n", {"sha256": "ef" * 32}, "p", "agreed"), [clinics.keys["north"]], 5)
    write_sealed(clinics.folder / "edge.evidence", data)
    left = frame_of(open_sealed(clinics.folder / "edge.evidence"), clinics.folder)["score"]
    assert (left >= 0.5).sum() == (scores >= 0.5).sum() == 10


def test_rare_groups_are_merged_and_it_is_said(clinics):
    path = clinics.write_table("north", patients=20)
    frame = pd.read_csv(path)
    frame.loc[frame["patient_id"].isin(["p0", "p2"]), "sensor"] = "phone"
    rare = frame["sensor"].eq("wand") & ~frame["patient_id"].isin(["p4", "p6", "p8"])
    frame[~rare].to_csv(path, index=False)
    found = agreed(path, clinics.policy)
    read = table_from_columns(found.frame, clinics.policy, TableOptions(), name="north")
    origin = Origin("north", {"sha256": "ef" * 32}, "p", "agreed")
    _, said = seal(read, clinics.policy, origin, [clinics.keys["north"]], 5)
    assert said["held_back"] == 3  # three wands: fewer than five share even nothing
    assert said["patients"] == read.patients - 3


def test_who_did_not_agree_stays(clinics):
    path = clinics.write_table("north")
    frame = pd.read_csv(path)
    frame.loc[3, "consent"] = "no"  # one of two films of p1
    frame.to_csv(path, index=False)
    found = agreed(path, clinics.policy)
    assert found.refused == 1
    assert "p1" not in set(found.frame["patient_id"])
    frame["consent"] = "no"
    frame.to_csv(path, index=False)
    with pytest.raises(InputError, match="no patient agreed"):
        agreed(path, clinics.policy)
    frame.drop(columns="consent").to_csv(path, index=False)
    with pytest.raises(InputError, match="no column 'consent'"):
        agreed(path, clinics.policy)


@pytest.mark.parametrize("change", ["table", "statement", "third file", "compressed", "cut"])
def test_a_file_that_was_touched_is_refused(clinics, change):
    path, _, _ = sealed(clinics)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    if change == "table":
        files["table.parquet"] = files["table.parquet"].replace(b"PAR1", b"PAR2", 1)
    if change == "statement":
        files["statement.dsse.json"] = files["statement.dsse.json"].replace(b"a", b"b", 1)
    if change == "third file":
        files["more"] = b"x"
    packed = io.BytesIO()
    with zipfile.ZipFile(
        packed, "w", zipfile.ZIP_DEFLATED if change == "compressed" else zipfile.ZIP_STORED
    ) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    path.write_bytes(packed.getvalue()[:-40] if change == "cut" else packed.getvalue())
    with pytest.raises(InputError, match="not a sealed table"):
        open_sealed(path)


@pytest.mark.parametrize(
    ("origin", "k", "why"),
    [
        (Origin("north", {"sha256": "ef" * 32}, "p", "agreed"), 1, "hides nobody"),
        (Origin("north", {"sha256": "ef" * 32}, "p", " "), 5, "what its patients agreed to"),
        (Origin("north", {}, "p", "agreed"), 5, "which model answered"),
        (Origin("north", {"sha256": "ef" * 32}, "p", "agreed"), 200, "no 200 patients share"),
    ],
)
def test_what_cannot_be_sealed(clinics, origin, k, why):
    found = agreed(clinics.write_table("north"), clinics.policy)
    read = table_from_columns(found.frame, clinics.policy, TableOptions(), name="north")
    with pytest.raises(InputError, match=why):
        seal(read, clinics.policy, origin, [clinics.keys["north"]], k)


def test_a_table_of_two_models_is_none(clinics):
    path = clinics.write_table("north")
    path.write_text(path.read_text().replace("ef" * 32, "ab" * 32, 3))
    with pytest.raises(InputError, match="answers of 2 models"):
        agreed(path, clinics.policy)
    with pytest.raises(TableError, match="cannot be read"):
        agreed(clinics.folder / "none.csv", clinics.policy)
