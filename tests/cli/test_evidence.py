"""`lennox evidence` from a desk's decisions to a pooled audit, as a clinic types it."""

import json

import pytest
from click.testing import CliRunner
from clinics import make_clinics
from desk_events import IS_READ, SHOWN, desk_with, says

from lennox.cli import cli
from lennox.desk.event_store import NewEvent
from lennox.gate.trust_file import write_trust


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def clinics(tmp_path, monkeypatch):
    made = make_clinics(tmp_path)
    write_trust(tmp_path / "trust.toml", made.trust)
    monkeypatch.setenv("LENNOX_TRUST", str(tmp_path / "trust.toml"))
    for name, key in made.keys.items():
        key.write(tmp_path / f"{name}.pem")
    return made


def test_a_desk_gives_rows_of_patients_who_agreed_and_no_names(clinics, tmp_path):
    films = {
        "ana/film.png": [SHOWN, says("1", "accept"), says("2", "reject"), IS_READ],
        "ben/film.png": [IS_READ],
        "cleo/film.png": [says("1", "reject"), IS_READ],
        "dora/film.png": [says("1", "accept")],
    }
    desk = desk_with(tmp_path / "films", films)
    for patient, agrees in (("ana", True), ("ben", True), ("cleo", False), ("dora", True)):
        features = {"sensor": "phone"} if agrees else {}
        desk.keep(NewEvent("patient", {"patient": patient, "consent": agrees, "features": features}))
    desk.close()
    out, key = tmp_path / "evidence.csv", tmp_path / "clinic.key"
    options = ("--policy", clinics.policy_file, "--out", out, "--clinic-key", key)
    done = run("evidence", "collect", tmp_path / "films", *options)
    assert done.exit_code == 0, done.output
    assert "2 films" in done.output
    assert "1 of patients who did not agree" in done.output
    assert "1 not marked as read" in done.output
    head, *rows = (line.split(",") for line in out.read_text().splitlines())
    found = {row[head.index("marks_shown")]: dict(zip(head, row, strict=True)) for row in rows}
    assert found["yes"]["label"] == "1"
    assert found["no"]["label"] == "0"
    assert {one["sensor"] for one in found.values()} == {"phone"}
    assert not any(name in out.read_text() for name in ("ana", "ben", "film.png"))
    assert oct(out.stat().st_mode)[-3:] == oct(key.stat().st_mode)[-3:] == "600"
    again = tmp_path / "again.csv"
    assert run("evidence", "collect", tmp_path / "films", *options[:3], again, *options[4:]).exit_code == 0
    assert again.read_text() == out.read_text()  # a patient is the same one under the same key


def test_check_says_what_is_open_and_how_many_more(clinics):
    few = clinics.write_table("few", patients=24)
    said = run("evidence", "check", few, "--policy", clinics.policy_file)
    assert said.exit_code == 11
    assert "24 patients" in said.output
    assert "too few: 12 of 20 patients" in said.output
    assert "more patients would decide it" in said.output
    enough = clinics.write_table("enough", patients=200)
    assert run("evidence", "check", enough, "--policy", clinics.policy_file).exit_code == 0


def test_three_clinics_seal_and_are_audited_as_one(clinics, tmp_path):
    files = []
    for number, site in enumerate(("north", "south", "west")):
        table = clinics.write_table(site, seed=number, patients=60)
        out = tmp_path / f"{site}.evidence"
        options = ("--site", site, "--consent", "may be pooled", "--key", tmp_path / f"{site}.pem", "--out", out)
        done = run("evidence", "seal", table, "--policy", clinics.policy_file, *options)
        assert done.exit_code == 0, done.output
        assert "60 patients, every group shared by 5 or more" in done.output
        files.append(out)
    done = run("audit", "--pool", *files, "--policy", clinics.policy_file, "--out", tmp_path / "audit")
    assert done.exit_code in (0, 11), done.output
    read = json.loads((tmp_path / "audit/audit.json").read_text())
    assert [site["name"] for site in read["data"]["sites"]] == ["north", "south", "west"]
    again = run("audit", "--pool", *files, "--policy", clinics.policy_file, "--verify", tmp_path / "audit/audit.json")
    assert again.exit_code == 0, again.output
    wrong = run("audit", "--pool", *files, "--policy", clinics.policy_file, "--out", tmp_path / "x", "--label", "y")
    assert wrong.exit_code == 2
    assert "sealed tables as they are" in wrong.output
