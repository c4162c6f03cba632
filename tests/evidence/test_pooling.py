"""Several clinics as one audit: sites stay apart, and what does not go together is refused."""

import json
from dataclasses import replace

import pytest
from clinics import make_clinics, sealed
from releasing import make_workshop

from lennox.audit import Verdict, audit, judge
from lennox.audit.report.audit_page import report
from lennox.audit.report.document import audit_text, document
from lennox.audit.report.sheet import CATALOGUES, sheet
from lennox.card import ModelCard
from lennox.errors import InputError, ModelError
from lennox.evidence.pool import pool
from lennox.gate.audit_record import parse_audit
from lennox.gate.behaviour import behaviour_sha256
from lennox.gate.trust import Trust
from lennox.inference.load import check_release
from lennox.release.sign import AuditEvidence, release

SITES = ("east", "north", "south", "west")


def pooled(clinics, **options):
    paths = [sealed(clinics, site, seed=number, **options)[0] for number, site in enumerate(SITES)]
    return paths, pool(paths, clinics.policy, clinics.trust)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four clinics, pooled once: the table, its audit, and what was written."""
    clinics = make_clinics(tmp_path_factory.mktemp("clinics"))
    paths, table = pooled(clinics)
    measured = audit(table, clinics.policy)
    judgement = judge(measured, clinics.policy)
    read = json.loads(audit_text(document(measured, clinics.policy, judgement)))
    return clinics, paths, table, judgement, read


def test_patients_of_two_sites_are_never_one(made):
    _, _, table, _, _ = made
    assert table.sites == SITES
    assert table.patients == 4 * 80  # every clinic has a p0
    assert [int((table.site == number).sum()) for number in range(4)] == [80] * 4


def test_sites_cost_certainty_and_each_shows_its_own(made):
    clinics, _, table, judgement, read = made
    one_place = judge(audit(replace(table, sites=(), site=table.site[:0]), clinics.policy), clinics.policy)
    for row, other in zip(judgement.rows, one_place.rows, strict=True):
        assert row.measurement.evidence.estimate == other.measurement.evidence.estimate
        assert row.bound < other.bound - 0.01
    for row in read["rows"]:
        assert [site["site"] for site in row["sites"]] == list(SITES)
        assert sum(site["patients"] for site in row["sites"]) == row["patients"]
        assert all(site["low"] < site["estimate"] <= site["high"] for site in row["sites"])
        assert all(left["patients"] == row["patients"] - 40 for left in row["without"])
        assert row["heterogeneity"]["df"] == 3
    assert [site["name"] for site in read["data"]["sites"]] == list(SITES)


def test_pages_name_the_sites(made):
    _, _, _, _, read = made
    page = report(read)
    assert "Sites" in page
    assert all(page.count(site) > 2 for site in SITES)
    for language, sentence in (("en", "It comes from 4 places: east, north, south, west."), ("es", "4 lugares")):
        assert sentence in sheet(read, CATALOGUES.wording(language))


def test_the_audit_can_be_counted_again_and_edits_are_found(made):
    clinics, _, _, judgement, read = made
    policy = clinics.policy
    assert judgement.verdict is Verdict.PASS
    requirement = policy.requirements[0]

    def problems(changed):
        record = parse_audit(json.dumps(changed).encode())
        return record.people.at_level(0.04).problems(requirement, policy)

    assert problems(read) == []
    narrower = json.loads(json.dumps(read))
    narrower["rows"][0]["bound"] += 0.02
    assert "give the bound" in problems(narrower)[0]
    moved = json.loads(json.dumps(read))
    moved["evidence"][0]["sites"] = [number % 2 for number in range(len(moved["evidence"][0]["sites"]))]
    assert "give the bound" in problems(moved)[0]
    merged = json.loads(json.dumps(read))
    del merged["evidence"][0]["sites"]
    assert "give the bound" in problems(merged)[0]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"model": "ab" * 32}, "the answers are of another model"),
        ({"threshold": 0.4}, "the operating point is another"),
    ],
)
def test_tables_of_another_model_or_threshold_refuse(clinics, options, why):
    one, _, _ = sealed(clinics, "north")
    other, _, _ = sealed(clinics, "south", seed=2, **options)
    with pytest.raises(InputError, match=why):
        pool([one, other], clinics.policy, clinics.trust)


def test_another_policy_refuses(clinics):
    paths = [sealed(clinics, site, seed=number)[0] for number, site in enumerate(SITES[:2])]
    text = clinics.policy_file.read_text()
    clinics.policy_file.write_text(text.replace("A policy for tests", "Another"))
    with pytest.raises(InputError, match="under another text of the policy"):
        pool(paths, clinics.policy, clinics.trust)


def test_a_key_that_nobody_knows_or_that_was_revoked_refuses(clinics):
    paths = [sealed(clinics, site, seed=number)[0] for number, site in enumerate(SITES[:2])]
    strangers = Trust(tuple(key for key in clinics.trust.keys if key.name != "north"))
    with pytest.raises(InputError, match=r"north\.evidence: no key that counts here"):
        pool(paths, clinics.policy, strangers)


def test_the_same_patients_at_two_sites_refuse(clinics):
    one, _, _ = sealed(clinics, "north", seed=7)
    other, _, _ = sealed(clinics, "south", seed=7)  # other numbers, another key, the same answers
    with pytest.raises(InputError, match="have the same answers in both"):
        pool([one, other], clinics.policy, clinics.trust)
    with pytest.raises(InputError, match="one site comes twice"):
        pool([one, one], clinics.policy, clinics.trust)
    with pytest.raises(InputError, match="2 to 200 can be pooled"):
        pool([one], clinics.policy, clinics.trust)


def test_a_pooled_audit_opens_a_release_that_names_the_sites(tmp_path, monkeypatch, clinics):
    shop = make_workshop(tmp_path / "shop")
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    card = ModelCard.read(shop.folder / "card.json")
    clinics.policy_file.write_text(shop.policy.read_text())
    _, table = pooled(clinics, model=card.files["model.onnx"])
    identity = {"sha256": card.files["model.onnx"], "behaviour_sha256": behaviour_sha256(card)}
    measured = audit(replace(table, model=identity), clinics.policy)
    judgement = judge(measured, clinics.policy)
    shop.audit.write_text(audit_text(document(measured, clinics.policy, judgement)))
    made = release(shop.folder, [AuditEvidence(shop.policy, shop.audit)], "workshop", [shop.auditor])
    assert made.missing == ()
    assert made.release.passed[0].data == "east + north + south + west (4 sites)"
    assert check_release(shop.folder).release.passed[0].data == made.release.passed[0].data
    cheated = json.loads(shop.audit.read_text())
    del cheated["data"]["sites"]
    shop.audit.write_text(json.dumps(cheated))
    with pytest.raises((InputError, ModelError), match="names 0 sites"):
        release(shop.folder, [AuditEvidence(shop.policy, shop.audit)], "workshop", [shop.auditor])
