"""Somebody else runs an audit again; the same data under other names or in other files are the same data."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from lennox.cli import cli

NO_CALIBRATION = (Path(__file__).parent / "data" / "small.toml").read_text().split('[[requirement]]\nid = "auc"')[0]


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(NO_CALIBRATION)
    return path


@pytest.fixture
def table(tmp_path, draw_table):
    path = tmp_path / "cases.csv"
    pd.DataFrame(draw_table()).to_csv(path, index=False)
    return path


def audited(table, policy, out):
    result = run("audit", table, "--policy", policy, "--out", out, "--threshold", "0.5")
    assert result.exit_code in (0, 10, 11), result.output
    return out / "audit.json"


def verified(table, policy, recorded):
    return run("audit", table, "--policy", policy, "--verify", recorded, "--threshold", "0.5")


def test_an_honest_audit_is_what_its_data_give_and_nothing_is_written(tmp_path, table, policy):
    recorded = audited(table, policy, tmp_path / "out")
    before = sorted(tmp_path.rglob("*"))
    result = verified(table, policy, recorded)
    assert result.exit_code == 0, result.output
    assert "the same verdict, rows and figures" in result.stdout
    assert sorted(tmp_path.rglob("*")) == before
    audited(table, policy, tmp_path / "again")
    assert json.loads((tmp_path / "again/audit.json").read_text())["attempt"] == 2  # to verify was no attempt


def test_a_public_copy_is_verified_without_the_counts_that_it_hides(tmp_path, table, policy):
    frame = pd.read_csv(table)
    frame[frame["patient"] < 33].to_csv(table, index=False)
    result = run("audit", table, "--policy", policy, "--out", tmp_path / "out", "--threshold", "0.5", "--public")
    assert result.exit_code in (0, 10, 11), result.output
    recorded = tmp_path / "out" / "public" / "audit.json"
    assert '"<5"' in recorded.read_text()
    assert verified(table, policy, recorded).exit_code == 0
    document = json.loads(recorded.read_text())
    document["rows"][0]["verdict"] = "PASS"
    recorded.write_text(json.dumps(document))
    assert "rows[1].verdict" in verified(table, policy, recorded).stderr


@pytest.mark.parametrize("change", ["verdict", "bound", "count", "row", "data", "policy"])
def test_an_audit_that_says_otherwise_is_seen(tmp_path, table, policy, change):
    recorded = audited(table, policy, tmp_path / "out")
    document = json.loads(recorded.read_text())
    row = document["rows"][0]
    if change == "verdict":
        document["verdict"] = "PASS" if document["verdict"] != "PASS" else "FAIL"
    elif change == "bound":
        row["bound"] += 1e-5
    elif change == "count":
        row["cases"] += 1
    elif change == "row":
        del document["rows"][0]
    elif change == "data":
        frame = pd.read_csv(table)
        frame.iloc[:-1].to_csv(table, index=False)
    else:
        policy.write_text(policy.read_text() + "\n")
    recorded.write_text(json.dumps(document))
    result = verified(table, policy, recorded)
    assert result.exit_code == 1
    assert "audit.json: " in result.stderr


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"attempt": 0, "policy": {"sha256": "x"}}'])
def test_what_is_no_audit_is_said(tmp_path, table, policy, content):
    (tmp_path / "audit.json").write_text(content)
    result = verified(table, policy, tmp_path / "audit.json")
    assert result.exit_code == 2
    assert "not an audit that this version reads" in result.stderr


def test_one_of_out_and_verify_is_given(tmp_path, table, policy):
    assert "give --out" in run("audit", table, "--policy", policy).stderr


def another_file(frame, path):
    with path.open("w") as stream:
        stream.write(frame.to_csv(index=False) + "\n")  # one blank line more


def another_order(frame, path):
    frame.sample(frac=1, random_state=1).to_csv(path, index=False)


def one_row_less(frame, path):
    frame.iloc[1:].to_csv(path, index=False)


def other_scores(frame, path):
    """As another model gives them."""
    frame.assign(score=np.random.default_rng(1).random(len(frame))).to_csv(path, index=False)


def half_of_the_patients(frame, path):
    patients = frame.iloc[:, 0].unique()
    frame[frame.iloc[:, 0].isin(patients[: len(patients) * 2 // 3])].to_csv(path, index=False)


@pytest.mark.parametrize("change", [another_file, another_order, one_row_less, other_scores, half_of_the_patients])
def test_the_same_patients_in_another_file_folder_or_log_are_the_same_data(
    tmp_path, table, policy, monkeypatch, change
):
    audited(table, policy, tmp_path / "first")
    change(pd.read_csv(table), tmp_path / "other.csv")
    monkeypatch.setenv("LENNOX_LOG", str(tmp_path / "another log.sqlite"))
    document = json.loads(audited(tmp_path / "other.csv", policy, tmp_path / "second").read_text())
    assert document["attempt"] == 2
    assert len(document["history"]) == 1


def test_other_patients_are_other_data(tmp_path, table, policy):
    audited(table, policy, tmp_path / "first")
    frame = pd.read_csv(table)
    frame[frame.columns[0]] = "another-" + frame[frame.columns[0]].astype(str)
    frame.to_csv(tmp_path / "other.csv", index=False)
    assert json.loads(audited(tmp_path / "other.csv", policy, tmp_path / "second").read_text())["attempt"] == 1


def test_no_patient_s_fingerprint_is_in_what_travels(tmp_path, table, policy):
    from lennox.gate.event_log import Log

    out = tmp_path / "out"
    audited(table, policy, out)
    marks = Log().records("audit")[0].details["patients"]
    assert marks
    text = "".join(path.read_text() for path in out.iterdir())
    assert not any(mark in text for mark in marks)
