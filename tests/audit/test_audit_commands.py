"""`lennox audit` and `lennox policy` from end to end: files, exit statuses, every problem at once."""

import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from lennox.cli import cli

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[2]
EXAMPLE = DATA / "example-riverbend.toml"
NO_CALIBRATION = (DATA / "small.toml").read_text().split('[[requirement]]\nid = "auc"')[0]


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(NO_CALIBRATION)
    return path


def save(table, path):
    pd.DataFrame(table).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("third", "status", "word"), [(0.92, 0, "PASS"), (0.4, 10, "FAIL"), (0.76, 11, "INSUFFICIENT EVIDENCE")]
)
def test_the_three_answers_and_their_files(tmp_path, policy, draw_table, third, status, word):
    table = save(draw_table(tpr=(0.92, 0.92, third)), tmp_path / "cases.csv")
    result = run("audit", table, "--policy", policy, "--out", tmp_path / "out", "--threshold", "0.5", "--public")
    assert result.exit_code == status, result.output
    assert result.output.splitlines()[0] == word
    not_met = [
        line for line in result.output.splitlines()[1:] if line.startswith(("FAIL: ", "INSUFFICIENT EVIDENCE: "))
    ]
    assert bool(not_met) == (word != "PASS")
    if word != "PASS":  # which limit, in the policy's words, and for whom
        assert any(line.startswith(f"{word}: ") and "group: c" in line for line in not_met), not_met
    names = {"audit.json", "audit.html", "community.en.html", "community.es.html"}
    assert names < {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {path.name for path in (tmp_path / "out" / "public").iterdir()}
    document = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert document["verdict"] == word
    assert str(tmp_path) not in (tmp_path / "out" / "audit.json").read_text()  # a folder may name a person


def test_attempts_on_the_same_data_are_counted(tmp_path, policy, draw_table):
    table = save(draw_table(), tmp_path / "cases.csv")
    for attempt in (1, 2):
        run("audit", table, "--policy", policy, "--out", tmp_path / "out", "--threshold", "0.5")
        document = json.loads((tmp_path / "out" / "audit.json").read_text())
        assert document["attempt"] == attempt
        assert len(document["history"]) == attempt - 1
    (tmp_path / "out" / "history.jsonl").write_text("rubbish\n")
    assert run("audit", table, "--policy", policy, "--out", tmp_path / "out", "--threshold", "0.5").exit_code == 2


def test_columns_are_mapped(tmp_path, policy, draw_table):
    table = pd.DataFrame(draw_table()).rename(
        columns={"patient": "SEQN", "group": "Age group", "label": "truth", "score": "p"}
    )
    table = save(table, tmp_path / "cases.csv")
    options = [
        "--label",
        "truth",
        "--score",
        "p",
        "--cluster",
        "SEQN",
        "--column",
        "group=Age group",
        "--threshold",
        "0.5",
    ]
    assert run("audit", table, "--policy", policy, "--out", tmp_path / "out", *options).exit_code == 0


def test_bad_input_is_exit_2_and_nothing_is_written(tmp_path, policy, draw_table):
    table = draw_table()
    table["group"] = table["group"].astype(object)
    table["group"][3] = "phone"
    table["score"][5] = 7.0
    path = save(table, tmp_path / "cases.csv")
    result = run("audit", path, "--policy", policy, "--out", tmp_path / "out", "--threshold", "0.5")
    assert result.exit_code == 2
    assert "row 4: 'phone' is not a group of 'group'" in result.stderr
    assert "row 6: '7.0' in 'score'" in result.stderr
    assert not (tmp_path / "out").exists()
    assert run("audit", "--policy", policy, "--out", tmp_path / "out").exit_code == 2
    assert run("audit", path, "--policy", policy, "--out", tmp_path / "o", "--column", "group").exit_code == 2


@pytest.mark.parametrize("option", ["--sensor=set=x", "--category=x=caries", "--operating-point=x"])
def test_options_that_a_table_would_not_heed_are_refused(tmp_path, policy, draw_table, option):
    path = save(draw_table(), tmp_path / "t.csv")
    result = run("audit", path, "--policy", policy, "--out", tmp_path / "out", "--threshold", "0.5", option)
    assert result.exit_code == 2
    assert "about films (--data), not about a TABLE" in result.stderr


def test_a_refused_policy_is_exit_2_with_every_problem(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(
        EXAMPLE.read_text().replace("limit     = 0.10", "limit = 10").replace("gate    = true", "gate = false")
    )
    for arguments in (("policy", "check", path), ("audit", path, "--policy", path, "--out", tmp_path / "out")):
        result = run(*arguments)
        assert result.exit_code == 2
        lines = result.stderr.splitlines()
        assert len(lines) == 2
        assert all(line.startswith("policy.toml: ") for line in lines)


def test_check_accepts_and_says_what_a_release_still_needs():
    result = run("policy", "check", DATA / "small.toml")
    assert result.exit_code == 0
    assert "a release needs the community's keys" in result.output
    assert "no reason is recorded yet" in result.output


def test_check_names_what_no_page_would_translate(tmp_path):
    path = tmp_path / "ours.toml"
    text = (DATA / "small.toml").read_text().replace('name = "group"', 'name = "kitchen"')
    path.write_text(text.replace('over = ["group"', 'over = ["kitchen"') + "\n[on_insufficient]\ncollect = true\n")
    text = path.read_text().replace('groups = ["a", "b", "c"]', 'name_in = { es = "cocina" }\ngroups = ["a", "b", "c"]')
    path.write_text(text)
    found = run("policy", "check", path)
    assert found.exit_code == 0, found.output
    assert "feature[kitchen].groups_in is missing, so that the sheet would not translate 'a', 'b', 'c'" in found.output
    assert "feature[kitchen].name_in" not in found.output
    path.write_text(text.replace('es = "cocina" }', 'es = "cocina" }\ngroups_in = { es = ["x", "y", "z"] }'))
    assert "'a', 'b', 'c'" not in run("policy", "check", path).output


def test_the_template_is_refused_until_it_is_filled_in(tmp_path):
    path = tmp_path / "ours.toml"
    assert run("policy", "new", path).exit_code == 0
    assert run("policy", "new", path).exit_code == 2  # never overwritten
    refused = run("policy", "check", path)
    assert refused.exit_code == 2
    assert "no date: a policy nobody has ratified" in refused.stderr
    text = path.read_text()
    for old, new in (
        ('title   = ""', 'title = "Ours"'),
        ('body        = ""', 'body = "us"'),
        ("# date        = 2026-01-31", "date = 2026-10-01"),
        ("# next_review = 2027-01-31", "next_review = 2099-01-31"),
        ('groups = ["", ""]', 'groups = ["one", "two"]'),
        ('plain     = ""', 'plain = "8 of 10."'),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    accepted = run("policy", "check", path)
    assert accepted.exit_code == 0, accepted.stderr
    uncommented = [line for line in text.splitlines() if "words" in line and not line.lstrip().startswith("#")]
    assert uncommented == []  # no invented testimony


def test_the_page_of_a_plan_is_in_spanish(tmp_path):
    out, example = tmp_path / "plan.html", ROOT / "docs" / "community" / "example.toml"
    assert run("policy", "plan", example, "--truth", "0.9", "--out", out, "--language", "es").exit_code == 0
    page = out.read_text()
    assert '<html lang="es"' in page
    assert "Lo que cuesta cada límite" in page
    assert "A toda edad, la herramienta debe encontrar" in page
    assert not re.search(
        r"\b(the|people|with|patients|version|chance)\b", re.sub(r"<(style|head).*?</\1>", "", page, flags=re.S)
    )
    assert run("policy", "plan", example, "--language", "xx").exit_code == 2


def test_plan_prints_what_limits_cost_and_draws_it(tmp_path):
    out = tmp_path / "plan.html"
    result = run(
        "policy",
        "plan",
        DATA / "small.toml",
        "--truth",
        "0.9",
        "--icc",
        "0.3",
        "--cases-per-patient",
        "4",
        "--out",
        out,
    )
    assert result.exit_code == 0, result.output
    assert "design effect 1.90" in result.output
    assert "All at once" in result.output
    assert "Not planned" not in result.output
    assert out.read_text().count("<svg") == 5
    words, figures = out.read_text().split("The figures</h2>")  # plain words first, figures behind
    assert "If the tool truly gets 90 of 100 right in every group" in words
    assert "ICC" not in words
    assert "ICC 0.3" in figures
    assert "If the tool truly flags 10 of 100 healthy ones in every group" in words
    assert not re.search(r"truly gets (10|15) of 100 right", words)
    assert run("policy", "plan", DATA / "small.toml", "--truth", "9").exit_code == 2
    assert run("policy", "plan", DATA / "small.toml", "--truth", "x").exit_code == 2


def test_diff_names_what_is_looser_and_the_version(tmp_path):
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(EXAMPLE.read_text())
    new.write_text(
        EXAMPLE.read_text()
        .replace("limit     = 0.10", "limit = 0.15")
        .replace("differ by 10 in 100", "differ by 15 in 100")
        .replace("min_cases       = 100", "min_cases = 200")
    )
    result = run("policy", "diff", old, new)
    assert result.exit_code == 2
    assert "looser: requirement[no-group-left-behind].limit: limit went from 0.10 to 0.15" in result.output
    assert "tighter: evidence.min_cases: min_cases went from 100 to 200" in result.output
    assert "that is version 3.0.0 and needs a new ratification" in result.stderr
    new.write_text(
        EXAMPLE.read_text()
        .replace("limit     = 0.10", "limit = 0.08")
        .replace("by 10 in", "by 8 in")
        .replace('"2.1.0"', '"2.2.0"')
    )
    assert run("policy", "diff", old, new).exit_code == 0
    assert run("policy", "diff", old, old).exit_code == 0


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fairlearn", None)
    result = run("policy", "plan", EXAMPLE)
    assert result.exit_code == 2
    assert "pip install 'lennox[audit]'" in result.stderr
    assert run("policy", "new").exit_code == 0  # writing and checking a policy needs none of it
    assert run("policy", "check", DATA / "small.toml").exit_code == 0
