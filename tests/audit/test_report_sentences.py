"""Every sentence of a report rests on a datum: change the datum, and the sentence changes or says "not checked"."""

import copy
import html
import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from lennox.audit import TableOptions, audit, judge, table_from_columns
from lennox.audit.manifest import Manifest
from lennox.audit.report.audit_page import report
from lennox.audit.report.document import _policy, audit_text, document
from lennox.audit.report.names import Names
from lennox.audit.report.sheet import CATALOGUES, sheet

MANIFEST = Manifest((("cases.csv", "0" * 64),))


def made(table, policy, **options):
    read = table_from_columns(
        table,
        policy,
        TableOptions(threshold=0.5, **options),
        name="cases.csv",
        manifest=MANIFEST,
    )
    measured = audit(read, policy)
    return json.loads(audit_text(document(measured, policy, judge(measured, policy), command="lennox audit cases.csv")))


def text_of(page):
    body = re.sub(r"<style>.*?</style>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture(scope="module")
def plain(small_policy, draw_table):
    return made(draw_table(), small_policy)


def test_training_patients_are_said_to_be_apart_only_where_they_were_compared(small_policy, draw_table, plain):
    assert plain["data"]["training"] == {"checked": False, "against": []}
    assert "Whether patients of this audit were also trained on was not checked" in text_of(report(plain))
    assert "Nobody checked whether the tool had learned" in text_of(sheet(plain, CATALOGUES.wording("en")))

    listed = made(draw_table(), small_policy, training=frozenset({"x1", "x2"}))
    assert "No patient of this audit was also trained on, by a list of 2 training patients" in text_of(report(listed))
    assert "Nobody checked whether" not in text_of(sheet(listed, CATALOGUES.wording("en")))

    table = pd.DataFrame(draw_table())
    others = table[table.patient < 7].assign(patient=lambda t: t.patient + 10_000, split="train")
    split = made(pd.concat([table.assign(split="test"), others]), small_policy)
    assert "by the 7 patients of rows that the data mark as training" in text_of(report(split))

    only_test = made(table.assign(split="test"), small_policy)  # a column that marks nobody compares nothing
    assert only_test["data"]["training"]["checked"] is False


def changed(full, value, *path):
    new = copy.deepcopy(full)
    entry = new
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = value
    return new


CHANGES = {
    "confidence": (
        0.9, ("method", "confidence"), "allows, 5 %: this one was judged at 4 %",
        "allows, 10 %: this one was judged at 8 %",
    ),
    "looks": (3, ("look",), "this one was judged at 4 %", "this one was judged at 0.167 %"),
    "chance": (0.5, ("method", "chance_to_decide"), "with a chance of 80 %", "with a chance of 50 %"),
    "override": (True, ("policy", "override_allowed"), "The policy allows no override", "The policy allows overrides"),
    "monitoring": (
        45, ("policy", "monitor_every_days"), "The policy asks for no monitoring", "a look every 45 days",
    ),
    "label": (
        "two dentists", ("policy", "scope", "label"), "The policy does not say how the labels were made",
        "Labels, as the policy describes them: two dentists",
    ),
    "threshold": ("the card", ("data", "threshold_source"), "from the command (--threshold)", "from the card"),
    "excluded": ({"training rows": 9}, ("data", "excluded"), "Left out before the audit: none", "9 training rows"),
    "fairlearn": (
        0, ("crosscheck", "compared"), "values through MetricFrame", "no value of this audit could be compared",
    ),
    "command": ("", ("method", "command"), "lennox audit cases.csv", "not recorded"),
    "model": (
        {"name": "some-model", "version": "7", "sha256": "ab" * 32}, ("model",),
        "none was run: the audit is of a table", "some-model 7",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def undecided(small_policy, draw_table):
    table = pd.DataFrame(draw_table())
    return made(table[(table.group != "c") | (table.patient < 9)], small_policy)


@pytest.mark.parametrize("name", CHANGES)
def test_a_sentence_follows_its_datum(undecided, name):
    value, path, before, after = CHANGES[name]
    old = text_of(report(undecided))
    new = text_of(report(changed(undecided, value, *path)))
    assert before in old
    assert after not in old
    assert after in new
    assert before not in new


def test_methods_are_those_of_the_rows(undecided):
    other = copy.deepcopy(undecided)
    for row in other["rows"]:
        row["method"] = "a method of tomorrow"
    old, new = text_of(report(undecided)), text_of(report(other))
    assert "a worst patient added (Gaffke)" in old
    assert "a worst patient added (Gaffke)" not in new
    assert "a method of tomorrow" in new


def test_checklists_name_a_section_only_where_the_audit_answers(small_policy, draw_table, plain):
    def where(full, asks):
        return {entry["where"] for entry in full["checklists"] if asks in entry["asks"]}

    assert where(plain, "training and test data apart") == {"not answered"}
    listed = made(draw_table(), small_policy, training=frozenset({"x1"}))
    assert where(listed, "training and test data apart") == {"3"}
    assert where(plain, "deployed models are monitored") == {"not answered"}


def test_what_an_audit_cannot_know_is_said_to_be_unchecked(plain):
    text = text_of(report(plain))
    for sentence in (
        "whether they signed it is checked before a release, and was not checked here",
        "Whether it was chosen before anybody looked at these data was not checked",
        "Agreement between readers was not checked",
        "attempts on another computer, or whose ledger was not kept, are not counted",
        "Whether the model is in use, was loaded by an override or gave an alarm was not checked",
    ):
        assert sentence in text


def test_the_sheet_says_why_a_group_is_undecided_and_that_it_looks_bad(small_policy, draw_table):
    table = pd.DataFrame(draw_table(tpr=(0.95, 0.95, 0.3)))
    few = made(table[(table.group != "c") | (table.patient < 60)], small_policy)
    (row,) = [r for r in few["rows"] if r["requirement"] == "floor" and r["group"] == {"group": "c"}]
    assert row["verdict"] == "INSUFFICIENT EVIDENCE"
    text = text_of(sheet(few, CATALOGUES.wording("en")))
    wanted = few["policy"]["evidence"]["min_cases"]
    assert f"Too few with the disease: {row['cases']}, where {wanted} were asked for." in text
    assert "So far it looks worse than the limit." in text
    better = changed(few, 0.99, "rows", few["rows"].index(row), "estimate")
    alone = [r for r in better["rows"] if r["requirement"] == "floor"]
    better["rows"] = alone
    better["policy"]["requirements"] = [r for r in better["policy"]["requirements"] if r["id"] == "floor"]
    assert "So far it looks worse" not in text_of(sheet(better, CATALOGUES.wording("en")))


def test_the_names_of_a_policy_come_before_those_of_the_catalogue(small_policy):
    camera = replace(
        small_policy.features[0], name_in={"es": "cámara"}, groups_in={"es": ("de mano", "de mesa", "de teléfono")}
    )
    unknown = replace(small_policy.unknown, name_in={"es": "no quiso decirlo"})
    policy = replace(small_policy, features=(camera, *small_policy.features[1:]), unknown=unknown)
    names = Names(_policy(policy), CATALOGUES.wording("es"))
    assert names.feature(camera.name) == "cámara"
    assert [names.group(camera.name, group) for group in camera.groups] == ["de mano", "de mesa", "de teléfono"]
    assert names.group(camera.name, unknown.name) == "no quiso decirlo"
    assert names.group("sex", "female") == "mujeres"  # not declared with names: the catalogue's
    assert names.groups({}) == "todas las personas"


def test_pages_about_films_do_not_speak_of_people(small_policy):
    films = replace(small_policy, scope=replace(small_policy.scope, cluster="film"))
    assert Names(_policy(films), CATALOGUES.wording("es")).groups({}) == "todas las radiografías"
