"""The JSON obeys its published schema, the pages are functions of it, and the sheet says only what it may."""

import ast
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from lennox.audit import TableOptions, audit, judge, table_from_columns
from lennox.audit.manifest import Manifest
from lennox.audit.report.audit_page import report
from lennox.audit.report.document import audit_text, document, public_copy
from lennox.audit.report.sheet import BANNED, CATALOGUES, sheet
from lennox.errors import InputError
from lennox.policy.policy import Story

ROOT = Path(__file__).parents[2]
AUDIT = ROOT / "lennox" / "audit" / "report"


MANIFEST = Manifest((("cases.csv", "0" * 64),))


def made(table, policy, **reading):
    read = table_from_columns(
        table,
        policy,
        TableOptions(**{"threshold": 0.5, **reading}),
        name="cases.csv",
        manifest=MANIFEST,
    )
    measured = audit(read, policy)
    return document(measured, policy, judge(measured, policy), command="lennox audit cases.csv")


@pytest.fixture(scope="module")
def documents(small_policy, draw_table):
    """Audits that pass, fail, stay open, and hold a group of three people."""
    table = pd.DataFrame(draw_table())
    tiny = table[(table.group != "c") | (table.patient < 9)]
    story = Story("Test person, invented", "public", "These words are made up for a test.")
    translated = replace(
        small_policy, requirements=(replace(small_policy.requirements[0], story=story), *small_policy.requirements[1:])
    )
    return {
        "pass": made(table, translated),
        "fail": made(pd.DataFrame(draw_table(tpr=(0.95, 0.95, 0.4))), small_policy),
        "open": made(tiny, small_policy),
        "unrecorded": made(table.drop(columns="group"), small_policy, not_recorded=("group",)),
    }


KINDS = ("pass", "fail", "open", "unrecorded")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("public", [False, True])
def test_the_json_obeys_its_schema(documents, kind, public):
    schema = json.loads((ROOT / "docs" / "schema" / "audit-1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    full = documents[kind]
    jsonschema.validate(json.loads(audit_text(public_copy(full) if public else full)), schema)


def test_the_json_is_canonical(documents):
    text = audit_text(documents["pass"])
    assert audit_text(json.loads(text)) == text
    assert audit_text({"b": 1 / 3, "a": [float("nan"), -0.0, True], "c": "é"}) == (
        '{\n "a": [null, 0.000000, true],\n "b": 0.333333,\n "c": "é"\n}\n'
    )
    assert text == audit_text(documents["pass"] | {})


def test_each_row_carries_what_was_promised(documents):
    for row in documents["fail"]["rows"]:
        wanted = "requirement metric criterion limit direction group patients units cases controls estimate bound n_eff"
        assert set(wanted.split()) | {"design_effect", "verdict", "reason", "needs_more_patients"} <= set(row)
        assert ("versus" in row) == (row["criterion"] != "worst-group")


def test_the_cross_check_with_fairlearn_finds_no_difference(documents):
    for kind in KINDS:
        check = documents[kind]["crosscheck"]
        assert check["compared"] > 0
        assert check["largest_difference"] == 0.0


def test_public_copies_hide_few_people_and_what_would_tell_them(documents):
    full = json.loads(audit_text(documents["open"]))
    public = json.loads(audit_text(public_copy(documents["open"])))
    assert any(group["patients"] == 3 for group in full["data"]["groups"])
    for group in public["data"]["groups"]:
        assert not any(
            isinstance(group[key], int) and 0 < group[key] < 5 for key in ("patients", "units", "cases", "controls")
        )
    hidden = [group["group"] for group in public["data"]["groups"] if group["patients"] == "<5"]
    assert len(hidden) == 2  # a second one, so that no total gives the first away
    for row in public["rows"]:
        if set(row["group"].values()) & set(hidden):
            assert row["estimate"] is None
            assert row["cases"] == "<5"
    assert public["verdict"] == full["verdict"]
    report(public)
    sheet(public, CATALOGUES.wording("en"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_has_its_sections_and_fetches_nothing(documents, kind):
    page = report(json.loads(audit_text(documents[kind])))
    assert "default-src 'none'" in page
    assert re.findall(r'<h2 id="s(\d+)">', page) == [str(n) for n in range(1, 16)]
    assert "<script" not in page
    assert "@page { size: A4" in page
    assert not re.search(r'(src|href)="(?!#)', page.replace('href="#', 'href="#'))
    assert page.count("<svg") >= 4
    assert documents[kind]["verdict"] in page


def test_texts_of_a_policy_cannot_become_markup(small_policy, draw_table):
    bad = replace(small_policy, title="<script>alert(1)</script>", title_in={})
    full = json.loads(audit_text(made(draw_table(), bad)))
    for page in (report(full), sheet(full, CATALOGUES.wording("en"))):
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def words_of(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", " ", page, flags=re.S)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_sheet_makes_no_banned_claim_and_leaves_nothing_open(documents, kind, language):
    page = sheet(json.loads(audit_text(documents[kind])), CATALOGUES.wording(language))
    text = words_of(page).casefold()
    for word in BANNED:
        assert not re.search(rf"\b{re.escape(word)}\b", text), word
    assert f'lang="{language}"' in page
    assert not re.search(r"[{}]|nan|none\b|null", text)
    assert "<script" not in page


def test_the_sheet_says_which_way_it_went(documents):
    say = CATALOGUES.wording("en")
    pages = {kind: words_of(sheet(json.loads(audit_text(documents[kind])), say)) for kind in KINDS}
    assert "This tool met every limit that was set." in pages["pass"]
    assert "in the words of Test person, invented" in pages["pass"]
    assert "This tool may NOT be used yet." in pages["fail"]
    assert "not good enough" in pages["fail"]
    assert "We cannot tell yet. This tool may NOT be used." in pages["open"]
    assert "more people" in pages["open"]
    assert "Nobody wrote down: group." in pages["unrecorded"]
    assert "Nobody has told us yet why these limits matter" in pages["fail"]


def test_the_sheet_promises_no_more_than_was_shown(documents):
    """Lower bounds are rounded down, upper ones up, and true counts are given below 100."""
    read = json.loads(audit_text(documents["pass"]))
    text = words_of(sheet(read, CATALOGUES.wording("en")))
    rows = {row["group"]["group"]: row for row in read["rows"] if row["requirement"] == "floor"}
    shown = re.findall(r"(\w) \(group\)\s+found (\d+) of 100\s+we can be sure of at least (\d+) in 100", text)
    assert shown
    for group, found, sure in shown:
        assert int(found) == round(100 * rows[group]["estimate"])
        assert int(sure) == int(100 * rows[group]["bound"])
    few = words_of(sheet(json.loads(audit_text(documents["open"])), CATALOGUES.wording("en")))
    row = next(r for r in documents["open"]["rows"] if r["requirement"] == "floor" and r["group"]["group"] == "c")
    assert f"found {round(row['estimate'] * row['cases'])} of {row['cases']}" in few


def sentences():
    trees = [
        ast.parse((AUDIT / name).read_text()) for name in ("sheet.py", "names.py", "comparison.py", "plan_page.py")
    ]
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
            yield (ast.literal_eval(node.args[0]),)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "many":
            yield (ast.literal_eval(node.args[0]), ast.literal_eval(node.args[1]))


@pytest.mark.parametrize("sentence", sorted(set(sentences())), ids=lambda s: s[0][:40])
def test_every_sentence_is_a_template_in_every_language(sentence):
    """Each has a translation with the same places, makes no banned claim, and stands in the community's template."""
    template = (AUDIT / "locale" / "community.pot").read_text()
    for form in sentence:
        assert json.dumps(form, ensure_ascii=False) in template
        assert not any(re.search(rf"\b{word}\b", form.casefold()) for word in BANNED)
        assert len(form.split()) <= 24  # short sentences
    for language in CATALOGUES.languages()[1:]:
        catalogue = CATALOGUES.wording(language).catalogue
        for number, form in enumerate(sentence):
            translated = catalogue.ngettext(*sentence, 1 + number) if len(sentence) == 2 else catalogue.gettext(form)
            assert translated != form
            assert set(re.findall(r"\{(\w+)\}", translated)) == set(re.findall(r"\{(\w+)\}", form))
            assert not any(re.search(rf"\b{word}\b", translated.casefold()) for word in BANNED)


def test_a_community_brings_its_own_language(tmp_path, documents):
    text = (AUDIT / "locale" / "es.po").read_text().replace("todavía NO se puede usar", "ama llamkachiychu")
    path = tmp_path / "qu.po"
    path.write_text(text.replace("Language: es", "Language: qu"))
    page = sheet(json.loads(audit_text(documents["fail"])), CATALOGUES.wording("qu", path))
    assert "ama llamkachiychu" in page
    with pytest.raises(InputError, match="no catalogue for 'xx'"):
        CATALOGUES.wording("xx")


@pytest.mark.parametrize("header", ["nplurals=99999999999999999999; plural=0;", 'nplu"\n"rals= 1000000; plural=0;'])
def test_a_catalogue_of_endless_plural_forms_is_refused_before_it_is_read(tmp_path, header):
    (tmp_path / "qu.po").write_text(f'msgid ""\nmsgstr ""\n"Plural-Forms: {header}\\n"\n')
    with pytest.raises(InputError, match="more than 10 plural forms"):
        CATALOGUES.wording("qu", tmp_path / "qu.po")
