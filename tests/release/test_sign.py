import datetime
import json
import threading

import pytest
from releasing import evidence, make_workshop, sign_again, today, write_policy
from tiny_model import write_tiny_model

from lennox.errors import InputError, ModelError, ReleaseRefusedError
from lennox.files import sha256_of
from lennox.gate.behaviour import behaviour_sha256
from lennox.gate.event_log import Log
from lennox.gate.statement import RELEASE, PrivateKey, sign, verify
from lennox.gate.trust import ChannelRule, Trust, TrustedKey, read_trust
from lennox.gate.trust_file import write_trust
from lennox.inference.load import check_release, load_model
from lennox.release.sign import AuditEvidence, accept, cosign, ratify, release, revoke, signed_by


@pytest.fixture
def shop(tmp_path, monkeypatch):
    made = make_workshop(tmp_path / "shop")
    monkeypatch.setenv("LENNOX_TRUST", str(made.trust_file))
    return made


def test_an_honest_release_loads_and_names_policy_ratifier_and_channel(shop):
    outcome = shop.release()
    assert outcome.missing == ()
    model = load_model(shop.folder)
    assert model.release.startswith("released for workshop under policy test-policy 1.0.0 (")
    by = f"ratified by community (key {shop.community.public.identity[:12]})"
    assert f"of The testers, {by}; audited at operating point balanced (0.5), valid to " in model.release
    assert [record.kind for record in Log().records()] == ["release"]


def test_every_file_of_the_folder_is_a_subject(shop):
    (shop.folder / "notes.md").write_text("kept with the model")
    shop.release()
    checked = check_release(shop.folder)
    assert sorted(checked.files.data) == [
        "card.json", "model.onnx", "notes.md", "release/test-policy/audit.json", "release/test-policy/policy.toml",
        "release/test-policy/ratification.jsonl",
    ]  # fmt: skip
    assert [key.name for key in checked.auditors] == ["auditor"]
    assert checked.ratifiers["test-policy"].startswith("community (key ")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "FAIL"}, "FAIL for sensor wand (the bound is below 0.80; about 60 more patients"),
        ({"verdict": "INSUFFICIENT EVIDENCE"}, "the verdict is INSUFFICIENT EVIDENCE"),
        ({"weights": "a" * 64}, "the audit is of other weights"),
        ({"threshold": 0.4}, "the audit is at the threshold 0.4, the card's 'balanced' is 0.5"),
        ({"started": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)}, "1 signed after the audit had begun"),
        ({"policy": {"sha256": "b" * 64}}, "under another text of the policy"),
        ({"public": True}, "the public copy"),
        ({"requirements": []}, "'finds-decay' is not in it"),
        ({"rows": []}, "has no row for sensor phone"),
    ],
)
def test_an_audit_that_does_not_vouch_for_this_is_refused(shop, change, reason):
    shop.write_audit(**change)
    with pytest.raises(ReleaseRefusedError) as refusal:
        shop.release()
    assert reason in str(refusal.value)
    assert not (shop.folder / "release.json").exists()
    assert not (shop.folder / "release").exists()


def test_many_groups_that_lack_the_same_are_one_sentence(shop):
    row = json.loads(shop.audit.read_text())["rows"][0] | {"verdict": "FAIL", "reason": "too low", "bound": 0.5}
    rows = [row | {"group": {"sensor": name}} for name in "abcdef"]
    shop.write_audit(verdict="FAIL", rows=rows)
    with pytest.raises(ReleaseRefusedError) as refusal:
        shop.release()
    said = [reason for reason in refusal.value.reasons if "too low" in reason]
    assert len(said) == 1
    assert "FAIL for 6 groups (too low)" in said[0]
    assert "at least 8 of 10 decayed teeth" in said[0]


@pytest.mark.parametrize(
    "field",
    [
        {"bound": 0.79}, {"limit": 0.7}, {"verdict": "FAIL"}, {"bound": None}, {"bound": float("nan")},
        {"gated": False}, {"patients": 19},
        {"contributing_patients": 19}, {"cases": 24}, {"group": {"sensor": "phone"}}, {"versus": {}},
        {"estimate": 0.0}, {"estimate": None}, {"estimate": 1.2}, {"bound": 0.96}, {"bound": 0.93},
        {"denominator": 30}, {"contributing_patients": 150}, {"cases": 401}, {"metric": "fpr"}, {"estimate": 0.9512},
        {"bootstrap_bound": 0.7},
    ],
)  # fmt: skip
def test_a_pass_that_its_rows_do_not_show_is_refused(shop, field):
    document = json.loads(shop.audit.read_text())
    document["rows"][1] |= field
    shop.audit.write_text(json.dumps(document))
    with pytest.raises(ReleaseRefusedError, match="says PASS and is not consistent"):
        shop.release()


@pytest.mark.parametrize(
    "change",
    [
        {"attempt": float("inf")}, {"rows": [1]}, {"rows": None}, {"requirements": [[]]}, {"model": "x"}, {"data": {}},
        {"started": 5}, {"started": "soon"}, {"format": "lennox-audit/2"},
    ],
)  # fmt: skip
def test_an_audit_that_is_none_is_said(shop, change):
    document = json.loads(shop.audit.read_text()) | change
    shop.audit.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"audit\.json: not an audit that this version reads"):
        shop.release()
    shop.audit.write_text("[" * 100_000)
    with pytest.raises(InputError, match=r"audit\.json: not an audit that this version reads"):
        shop.release()


@pytest.mark.parametrize("counts", [{"cases": -1}, {"patients": 30.5}, {"units": True}, {"denominator": "200"}])
def test_counts_that_are_none_are_refused(shop, counts):
    document = json.loads(shop.audit.read_text())
    document["rows"][1] |= counts
    shop.audit.write_text(json.dumps(document))
    with pytest.raises(InputError, match="counts must be whole numbers"):
        shop.release()


@pytest.mark.parametrize(
    ("started", "said"),
    [
        (datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC), "which is still to come"),
        (datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), "before its policy"),
    ],
)
def test_an_audit_of_an_impossible_day_is_refused_and_does_not_load(shop, started, said):
    shop.release()
    shop.write_audit(started=started)
    with pytest.raises(ReleaseRefusedError, match=said):
        shop.release()


@pytest.mark.parametrize(
    ("share", "said"),
    [(None, "does not say how many"), (0.2, "no row for sensor did not say"), (0.5, "too many are 'did not say'")],
)
def test_those_who_did_not_say_are_a_group_that_an_audit_must_show(shop, share, said):
    document = json.loads(shop.audit.read_text())
    document["data"]["unknown_share"] = {} if share is None else {"sensor": share}
    shop.audit.write_text(json.dumps(document))
    with pytest.raises(ReleaseRefusedError, match=said):
        shop.release()


VIEW = """
[[feature]]
name   = "view"
source = "record"
groups = ["left", "right"]

[[intersection]]
features = ["sensor", "view"]
mode = "{mode}"
"""


@pytest.mark.parametrize("mode", ["gate", "gate-if-enough"])
def test_crossed_groups_that_the_policy_gates_must_have_rows(tmp_path, mode):
    made = make_workshop(tmp_path, more=VIEW.format(mode=mode))
    text = made.policy.read_text().replace('over      = ["sensor"]', 'over      = ["sensor", "view"]')
    made.policy.write_text(text)
    ratify(made.policy, made.community)
    made.write_audit()
    document = json.loads(made.audit.read_text())
    row = document["rows"][0]
    document["rows"] += [row | {"group": {"view": side}} for side in ("left", "right")]
    document["data"] |= {"unknown_share": {"sensor": 0.0, "view": 0.0}, "patients": 400}
    document["data"]["let_go"] = [{"features": ["sensor", "view"], "patients": 0, "of": 200}]
    document["evidence"].append(evidence(["view"], [{"view": side} for side in ("left", "right")]))
    made.audit.write_text(json.dumps(document))
    with pytest.raises(ReleaseRefusedError, match="no row for 4 of the groups of sensor and view"):
        made.release(trust=made.trust())
    cells = [{"sensor": sensor, "view": side} for sensor in ("phone", "wand") for side in ("left", "right")]
    document["rows"] += [row | {"group": cell} for cell in cells]
    document["evidence"].append(evidence(["sensor", "view"], cells))
    made.audit.write_text(json.dumps(document))
    assert made.release(trust=made.trust()).missing == ()


def test_a_card_that_changed_since_the_audit_in_what_it_answers_by_is_refused(shop):
    """Its mean, its labels, its kinds; not a sentence of it."""
    whole = (shop.folder / "card.json").read_text()
    shop.release()
    changes = [("input", "mean", 140.0), ("lesions", "region_share", 0.9), ("intended_use", "familiarity_limit", 1e9),
               ("intended_use", "kinds", ["bitewing", "other"])]  # fmt: skip
    for section, name, value in changes:
        card = json.loads(whole)
        card[section][name] = value
        (shop.folder / "card.json").write_text(json.dumps(card))
        with pytest.raises(ReleaseRefusedError, match="the card has changed since the audit"):
            shop.release()
    (shop.folder / "card.json").write_text(json.dumps(json.loads(whole) | {"limits": ["another sentence"]}))
    assert shop.release().missing == ()


def test_a_card_changed_after_the_audit_does_not_load_though_its_auditor_signs_it(shop):
    shop.release()
    card = json.loads((shop.folder / "card.json").read_text())
    card["input"]["mean"] = 140.0
    (shop.folder / "card.json").write_text(json.dumps(card))
    sign_again(shop)
    with pytest.raises(ReleaseRefusedError, match="the card has changed since the audit"):
        load_model(shop.folder)


@pytest.mark.parametrize("change", ["2020", "2099", "x"])
def test_an_audit_that_releases_nothing_loads_nothing_though_its_auditor_signs_it(shop, change):
    shop.release()
    path = shop.folder / "release/test-policy/audit.json"
    document = json.loads(path.read_text())
    if change != "x":
        document["started"] = f"{change}-01-01T00:00:00.000000Z"
    path.write_text("x" if change == "x" else json.dumps(document))
    sign_again(shop)
    with pytest.raises(ReleaseRefusedError, match="policy test-policy: "):
        load_model(shop.folder)


def test_an_audit_without_its_beginning_is_refused(shop):
    document = json.loads(shop.audit.read_text())
    del document["started"]
    shop.audit.write_text(json.dumps(document))
    with pytest.raises(ReleaseRefusedError, match="does not say when it began"):
        shop.release()


def test_a_policy_nobody_signed_or_that_was_changed_after_is_refused(shop):
    write_policy(shop.policy, body="Somebody else")
    shop.write_audit()
    with pytest.raises(ReleaseRefusedError, match="the ratification is of another text"):
        shop.release()
    (shop.place / "policy.ratification.jsonl").unlink()
    with pytest.raises(ReleaseRefusedError, match="nobody has signed it"):
        shop.release()


def test_an_expired_policy_is_refused(shop):
    write_policy(shop.policy, days_left=-1)
    with pytest.raises(InputError, match="expired on"):
        shop.release()


def test_the_policy_s_own_keys_must_have_signed_k_of_n(tmp_path):
    keys = [PrivateKey.new() for _ in range(3)]
    shop = make_workshop(tmp_path, keys=keys, required=2)
    ratify(shop.policy, keys[0])
    shop.write_audit()
    with pytest.raises(
        ReleaseRefusedError, match="1 of the policy's own keys ratified it before the audit; it asks for 2"
    ):
        shop.release(trust=shop.trust())
    with pytest.raises(InputError, match="has signed"):
        ratify(shop.policy, keys[0])
    assert signed_by(shop.policy) == (1, 2)
    ratify(shop.policy, PrivateKey.new())  # of nobody whom the policy lists
    assert signed_by(shop.policy) == (1, 2)
    ratify(shop.policy, keys[1])
    assert signed_by(shop.policy) == (2, 2)
    with pytest.raises(ReleaseRefusedError, match="asks for 2"):  # the second one signed after the audit
        shop.release(trust=shop.trust())
    shop.write_audit()
    assert shop.release(trust=shop.trust()).missing == ()
    shop.policy.write_text(shop.policy.read_text() + "\n# changed after\n")
    assert signed_by(shop.policy) == (0, 2)


def test_the_release_lasts_until_the_policy_s_review_or_a_year_or_as_asked(tmp_path):
    shop = make_workshop(tmp_path / "a", days_left=100)
    assert shop.release(trust=shop.trust()).release.expires == today(100)
    assert shop.release(trust=shop.trust(), expires=today(9)).release.expires == today(9)
    long = make_workshop(tmp_path / "b", days_left=3000)
    assert long.release(trust=long.trust()).release.expires == today(365)
    with pytest.raises(ReleaseRefusedError, match="would have expired"):
        shop.release(trust=shop.trust(), expires=today(-1))


def test_a_channel_may_ask_for_several_auditors_and_policies(shop):
    second = PrivateKey.new()
    trust = read_trust(shop.trust_file)
    text = shop.trust_file.read_text() + '\n[channel.workshop]\nreleases = 2\nratifications = 1\npolicies = ["other"]\n'
    shop.trust_file.write_text(text)
    outcome = shop.release()
    assert len(outcome.missing) == 2
    assert "1 of the 1 keys that signed may release for the channel workshop here; 2 must" in outcome.missing[0]
    assert "also asks for a pass under the policy other" in outcome.missing[1]

    other = write_policy(shop.place / "other.toml", identity="other")
    ratify(other, shop.community)
    shop.write_audit()
    document = json.loads(shop.audit.read_text())
    import hashlib

    document["policy"]["sha256"] = hashlib.sha256(other.read_bytes()).hexdigest()
    (shop.place / "other.json").write_text(json.dumps(document))
    evidence = [AuditEvidence(shop.policy, shop.audit), AuditEvidence(other, shop.place / "other.json")]
    outcome = release(shop.folder, evidence, "workshop", [shop.auditor])
    assert len(outcome.missing) == 1
    named = TrustedKey("second", second.public, ("workshop",), ("release",))
    now = read_trust(shop.trust_file)
    write_trust(shop.trust_file, Trust((*trust.keys, named), now.channels))
    assert cosign(shop.folder, [second]).missing == ()
    assert " and policy other 1.0.0 (" in load_model(shop.folder).release


def test_without_a_key_or_with_one_twice_nothing_is_signed(shop):
    with pytest.raises(InputError, match="a key can sign once"):
        shop.release(keys=[shop.auditor, shop.auditor])
    with pytest.raises(InputError, match="no key signs"):
        release(shop.folder, [AuditEvidence(shop.policy, shop.audit)], "workshop", [])
    with pytest.raises(ReleaseRefusedError, match="no policy and audit"):
        release(shop.folder, [], "workshop", [shop.auditor])


def test_a_revoked_release_does_not_load_even_when_the_file_is_taken_away(shop, tmp_path, monkeypatch):
    shop.release()
    place = revoke(shop.folder, [shop.auditor], "a film was found twice", shop.trust_file)
    with pytest.raises(ReleaseRefusedError, match=r"was revoked on .*: a film was found twice"):
        load_model(shop.folder)
    kept = place.read_bytes()
    place.unlink()
    with pytest.raises(ReleaseRefusedError, match="was revoked on"):
        load_model(shop.folder)

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # a computer that has not heard of it yet
    elsewhere = tmp_path / "elsewhere.toml"
    write_trust(elsewhere, Trust(read_trust(shop.trust_file).keys))
    monkeypatch.setenv("LENNOX_TRUST", str(elsewhere))
    load_model(shop.folder)
    place.write_bytes(kept)
    with pytest.raises(ReleaseRefusedError, match="was revoked on"):
        load_model(shop.folder)
    accept(place, Trust.load(), elsewhere)
    place.unlink()
    with pytest.raises(ReleaseRefusedError, match="was revoked on"):
        load_model(shop.folder)


def test_a_revocation_by_a_stranger_is_not_accepted(shop):
    shop.release()
    own = shop.place / "own.toml"
    place = revoke(shop.folder, [PrivateKey.new()], "out of spite", own)
    with pytest.raises(ReleaseRefusedError, match="by nobody who is trusted"):
        load_model(shop.folder)
    with pytest.raises(InputError, match="none of the keys"):
        accept(place, shop.trust(), shop.trust_file)


GAP = """
[[requirement]]
id        = "no-group-left-behind"
metric    = "tpr"
criterion = "between-groups"
direction = "at-most"
limit     = 0.10
over      = ["sensor"]
plain     = "Between any two groups, the share of decayed teeth found may differ by 10 in 100 at most."
"""


def test_what_the_real_audit_writes_is_what_a_release_reads(tmp_path, monkeypatch):
    """From a table of predictions through `lennox.audit` to a signed release; a comparison left out is seen."""
    from dataclasses import replace

    import numpy as np
    import pandas as pd

    from lennox.audit import audit, judge, read_policy, read_table
    from lennox.audit.report.document import audit_text, document
    from lennox.inference.load import load_candidate

    shop = make_workshop(tmp_path / "shop", more=GAP)
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    count = 400
    ill = np.tile([1, 0], count // 2)
    frame = pd.DataFrame(
        {
            "patient_id": np.arange(count), "label": ill, "score": np.where(ill == 1, 0.9, 0.1),
            "sensor": np.repeat(["phone", "wand"], count // 2),
        }
    )  # fmt: skip
    frame.to_csv(shop.place / "cases.csv", index=False)
    policy = read_policy(shop.policy)
    table = read_table(shop.place / "cases.csv", policy)
    model = load_candidate(shop.folder, "test")
    table = replace(table, model={"sha256": model.sha256, "behaviour_sha256": behaviour_sha256(model.card)})
    measured = audit(table, policy)
    shop.audit.write_text(audit_text(document(measured, policy, judge(measured, policy))))
    assert shop.release().missing == ()
    load_model(shop.folder)
    written = json.loads(shop.audit.read_text())
    written["rows"] = [row for row in written["rows"] if row.get("versus") != {"sensor": "phone"}]
    shop.audit.write_text(json.dumps(written))
    with pytest.raises(
        ReleaseRefusedError, match="'no-group-left-behind' has no row for sensor wand against sensor phone"
    ):
        shop.release()


def asks_for_two(shop):
    """A second auditor, and a channel that asks for both."""
    second = PrivateKey.new()
    trust = shop.trust()
    key = TrustedKey("second", second.public, ("workshop",), ("release",))
    write_trust(shop.trust_file, Trust((*trust.keys, key), {"workshop": ChannelRule(2, 1)}))
    return second


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model.onnx", "model.onnx is not the file that was released"),
        ("release/test-policy/audit.json", "audit.json is not the file that was released"),
    ],
)
def test_nobody_cosigns_what_was_altered_since(shop, name, said):
    second = asks_for_two(shop)
    shop.release()
    (shop.folder / name).write_bytes((shop.folder / name).read_bytes() + b" ")
    before = (shop.folder / "release.json").read_bytes()
    with pytest.raises(ReleaseRefusedError, match=said):
        cosign(shop.folder, [second])
    assert (shop.folder / "release.json").read_bytes() == before


def test_nobody_cosigns_a_release_that_no_audit_stands_behind(shop):
    """What a single dishonest auditor signs, the second one does not sign unseen."""
    second = asks_for_two(shop)
    shop.release()
    signed = verify((shop.folder / "release.json").read_bytes(), RELEASE)
    place = shop.folder / "release/test-policy/audit.json"
    document = json.loads(place.read_text())
    document["rows"][0]["bound"] = 0.2
    place.write_text(json.dumps(document))
    predicate = json.loads(json.dumps(dict(signed.predicate)))
    predicate["policies"][0]["audit"]["sha256"] = sha256_of(place.read_bytes())
    subjects = dict(signed.subjects) | {"release/test-policy/audit.json": sha256_of(place.read_bytes())}
    (shop.folder / "release.json").write_bytes(sign(RELEASE, subjects, predicate, [shop.auditor]))
    with pytest.raises(ReleaseRefusedError, match=r"the bound 0\.2 does not clear"):
        cosign(shop.folder, [second])


def test_what_is_signed_is_what_was_audited_whoever_writes_meanwhile(shop, tmp_path):
    good = (shop.folder / "model.onnx").read_bytes()
    evil = (write_tiny_model(tmp_path / "evil", distance=99.0) / "model.onnx").read_bytes()
    stop = threading.Event()

    def write():
        while not stop.is_set():
            for data in (evil, good):
                (tmp_path / "draft").write_bytes(data)
                (tmp_path / "draft").replace(shop.folder / "model.onnx")

    writer = threading.Thread(target=write)
    writer.start()
    signed = refused = 0
    try:
        for _ in range(40):
            try:
                shop.release()
            except ModelError:
                refused += 1
                continue
            statement = verify((shop.folder / "release.json").read_bytes(), RELEASE)
            assert statement.subjects["model.onnx"] == sha256_of(good)
            signed += 1
    finally:
        stop.set()
        writer.join()
    assert refused  # the writer was seen


@pytest.mark.parametrize("why", ["", "x" * 1001])
def test_a_revocation_says_why(shop, why):
    shop.release()
    with pytest.raises(InputError, match="a revocation says why"):
        revoke(shop.folder, [shop.auditor], why, shop.trust_file)
    assert not (shop.folder / "revocation.json").exists()
