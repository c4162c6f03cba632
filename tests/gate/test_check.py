"""Hostile folders: whatever a stranger writes into them, the gate answers with sentences and lets nothing in."""

import base64
import datetime
import json
import os
import shutil

import pytest

from lennox.errors import ModelError, ReleaseRefusedError
from lennox.files import sha256_of
from lennox.gate.check import MAX_FILE_REASONS, NotReleasedError, check
from lennox.gate.override import Override
from lennox.gate.predicates import Ratification, now, time_text
from lennox.gate.statement import RATIFICATION, RELEASE, PrivateKey, canonical, sign, sign_also, verify
from lennox.gate.trust import Trust, own_file, read_trust
from lennox.gate.trust_file import write_trust
from lennox.inference.load import load_candidate, load_model
from lennox.release.sign import accept, revoke

POLICY, SIGNATURES = "release/test-policy/policy.toml", "release/test-policy/ratification.jsonl"
AUDIT = "release/test-policy/audit.json"


@pytest.fixture
def folder(released, tmp_path):
    return shutil.copytree(released.folder, tmp_path / "tiny")


def reasons(folder, trust):
    """Why the folder is refused: sentences of one line each, and nothing but sentences."""
    with pytest.raises(NotReleasedError) as refused:
        check(folder, "workshop", trust)
    for reason in refused.value.reasons:
        assert reason.isprintable()
        assert reason.endswith(".")
        assert len(reason) < 500
    return refused.value.reasons


def write(folder, key, files=(), **changes):
    """Write files, an audit of them, and a statement that binds it all; changes : of its policy's entry"""
    for name, data in dict(files).items():
        (folder / name).write_bytes(data)
    audit = json.loads((folder / AUDIT).read_text()) | {"started": time_text(now() + datetime.timedelta(hours=1))}
    audit["policy"]["sha256"] = sha256_of((folder / POLICY).read_bytes())
    (folder / AUDIT).write_text(json.dumps(audit))
    signed = verify((folder / "release.json").read_bytes(), RELEASE)
    subjects = {name: sha256_of((folder / name).read_bytes()) for name in signed.subjects}
    predicate = json.loads(json.dumps(dict(signed.predicate)))
    entry = predicate["policies"][0]
    entry["policy"] |= {"sha256": subjects[POLICY], "ratification_sha256": subjects[SIGNATURES]}
    entry["audit"] |= {"sha256": subjects[AUDIT], "started": audit["started"]}
    for part in entry.values():
        part |= {name: value for name, value in changes.items() if name in part}
    (folder / "release.json").write_bytes(sign(RELEASE, subjects, predicate, [key]))


def ratification(text, key, **changes):
    claim = Ratification("test-policy", "1.0.0", sha256_of(text), "The testers", now())
    return sign(RATIFICATION, {"policy.toml": sha256_of(text)}, claim.predicate() | changes, [key])


def test_a_revocation_holds_whoever_signs_the_release_besides(released, folder, tmp_path, monkeypatch):
    """Else a stranger's signature would make another file of it, which nobody has revoked."""
    here, there = tmp_path / "here.toml", tmp_path / "there.toml"
    for place in (here, there):
        write_trust(place, read_trust(released.trust_file))
    message = revoke(folder, [released.auditor], "a film was in it twice", here)
    accept(message, Trust.load(there), there)
    accept(message, Trust.load(there), there)
    assert len(read_trust(there).refused) == 1
    before = (folder / "release.json").read_bytes()
    (folder / "release.json").write_bytes(sign_also(before, RELEASE, [PrivateKey.new()]))
    assert any("was revoked on" in reason for reason in reasons(folder, released.trust()))  # by the file beside it
    message.unlink()
    for place in (here, there):
        assert reasons(folder, Trust.load(place))[0].startswith("the release was revoked on")
    own_file().unlink()  # as on another computer
    check(folder, "workshop", released.trust())  # a stranger's signature alone changes nothing


REQUIRED = "\n[ratification.signatures]\nrequired = {}\n"


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize(
    "more",
    [
        REQUIRED.format("nan"), REQUIRED.format("inf"), REQUIRED.format('"x"'), REQUIRED.format("[1]"),
        REQUIRED.format("true"), REQUIRED.format("-1"), REQUIRED.format("9" * 99), "\n[ratification.key]\nid = 1\n",
        "\n[[ratification.key]]\npublic = 5\n", f"\na = {'[' * 5000}", f"\na = {'{b = ' * 3000}", "\n\0",
    ],
)  # fmt: skip
def test_a_policy_with_hostile_text_is_refused_in_sentences(released, folder, more, trusted):
    """Even ratified and released by keys that count."""
    text = (folder / POLICY).read_bytes() + more.encode()
    stranger = PrivateKey.new()
    keys = (released.auditor, released.community) if trusted else (stranger, stranger)
    write(folder, keys[0], {POLICY: text, SIGNATURES: ratification(text, keys[1])})
    assert any("the policy's own keys ratified it" in reason for reason in reasons(folder, released.trust()))


@pytest.mark.parametrize(
    "change",
    [
        {"ratified_by": []}, {"ratified_by": {}}, {"ratified_by": ""}, {"ratified_by": 5}, {"signed": 5},
        {"signed": "soon"}, {"policy": []}, {"policy": {"id": "test-policy", "version": [1], "sha256": "a" * 64}},
    ],
)  # fmt: skip
def test_a_ratification_with_hostile_values_is_refused_in_sentences(released, folder, change):
    text = (folder / POLICY).read_bytes()
    write(folder, PrivateKey.new(), {SIGNATURES: ratification(text, PrivateKey.new(), **change)})
    assert any("its ratification does not hold" in reason for reason in reasons(folder, released.trust()))


@pytest.mark.parametrize("which", ["subject", "claim"])
def test_a_ratification_of_another_text_is_refused(released, folder, which):
    """By its subject or by what it says, though everybody who counts has signed it."""
    text, other = (folder / POLICY).read_bytes(), b"another text"
    claim = Ratification("test-policy", "1.0.0", sha256_of(other if which == "claim" else text), "The testers", now())
    subject = {"policy.toml": sha256_of(other if which == "subject" else text)}
    line = sign(RATIFICATION, subject, claim.predicate(), [released.community])
    write(folder, released.auditor, {SIGNATURES: line})
    assert "the ratification is of another text of the policy" in reasons(folder, released.trust())[0]


@pytest.mark.parametrize("name", ["sha256", "ratification_sha256"])
def test_a_release_binds_its_policy_s_files(released, folder, name):
    write(folder, released.auditor, **{name: "0" * 64})
    assert "the statement does not bind it, its ratification and its audit" in reasons(folder, released.trust())[0]


def test_a_release_of_another_policy_than_was_ratified_is_refused(released, folder):
    write(folder, released.auditor, version="2.0.0")
    assert "names another policy, version or body" in reasons(folder, released.trust())[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"name": "tiny"', '"name": "another"'), ('"version": "0.0.1"', '"version": "0.0.2"'),
        ('"threshold": 0.5', '"threshold": 0.500002'), ('point": "balanced"', 'point": "sensitive"'),
    ],
)  # fmt: skip
def test_a_release_is_of_its_card_s_model_version_and_operating_point(released, folder, old, new):
    text = (folder / "card.json").read_text()
    assert old in text
    write(folder, released.auditor, {"card.json": text.replace(old, new).encode()})
    assert "its card is of another model, version or operating point" in reasons(folder, released.trust())[0]


@pytest.mark.parametrize(
    "change", [{"title": 5}, {"title": ""}, {"version": None}, {"name": []}, {"attempt": True}, {"attempt": 0}]
)
def test_a_statement_with_values_of_another_kind_is_no_release(released, folder, change):
    write(folder, released.auditor, **change)
    assert "not a release that this version of lennox understands" in reasons(folder, released.trust())[0]


def test_a_release_names_the_key_that_ratified_in_one_line(released, folder):
    """What a policy says of its body is no evidence: the key is, under the name it has here."""
    summary = check(folder, "workshop", released.trust()).summary()
    assert f"of The testers, ratified by community (key {released.community.public.identity[:12]})" in summary
    assert summary.isprintable()


@pytest.mark.parametrize("change", [{"title": "two\nlines"}, {"title": "\x1b[2J"}, {"ratified_by": "Somebody real"}])
def test_a_release_that_names_its_policy_otherwise_than_the_text_does_is_refused(released, folder, change):
    write(folder, released.auditor, **change)
    assert any("names another policy, version" in reason for reason in reasons(folder, released.trust()))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": 1e999', "null", "5", '{"format": "lennox-model-card/1"}'])
def test_a_hostile_card_is_refused_in_sentences(released, folder, text):
    write(folder, released.auditor, {"card.json": text.encode()})
    assert "card.json: " in reasons(folder, released.trust())[0]
    with pytest.raises(ModelError, match=r"card\.json: "):
        load_candidate(folder, "test")
    with pytest.raises(ModelError, match=r"card\.json: "):
        load_model(folder, trust=released.trust(), allow_unreleased=Override("a", "b", now().date()))


def test_a_number_that_no_float_can_hold_is_refused(released, folder):
    text = (folder / "card.json").read_bytes().replace(b'"threshold": 0.5', b'"threshold": 1' + b"0" * 400)
    write(folder, released.auditor, {"card.json": text})
    assert "not a valid model card" in reasons(folder, released.trust())[0]


@pytest.mark.parametrize("name", ["model.onnx", "card.json", "release.json", POLICY])
def test_a_file_larger_than_any_memory_is_not_read(released, folder, name):
    with (folder / name).open("r+b") as stream:
        stream.truncate(1 << 40)  # sparse: it takes no place on the disk
    assert any("MiB is the most it may have" in reason for reason in reasons(folder, released.trust()))


@pytest.mark.parametrize("name", ["two\nlines", "\x1b[2Jclear", "\u202etxt.exe", "a" * 255, "\udcff"])
def test_names_of_files_that_were_added_are_said_in_one_line(released, folder, name):
    (folder / os.fsencode(name).decode("utf-8", "surrogateescape")).write_bytes(b"")
    assert "is not part of the release; remove it" in reasons(folder, released.trust())[0]


def test_a_statement_of_many_files_gives_few_sentences(released, folder):
    signed = verify((folder / "release.json").read_bytes(), RELEASE)
    subjects = dict(signed.subjects) | {f"file{number}": "0" * 64 for number in range(900)}
    (folder / "release.json").write_bytes(sign(RELEASE, subjects, signed.predicate, [PrivateKey.new()]))
    found = reasons(folder, released.trust())
    assert len(found) == MAX_FILE_REASONS + 2
    assert "895 more of its files" in found[MAX_FILE_REASONS]
    subjects |= {f"more{number}": "0" * 64 for number in range(100)}
    (folder / "release.json").write_bytes(sign(RELEASE, subjects, signed.predicate, [PrivateKey.new()]))
    assert "does not hold" in reasons(folder, released.trust())[0]


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\0" * 99, b"null\n", b"[]\n", b"[" * 100_000, b'{"payload":' * 50_000, b'{"payload":NaN}\n',
        b'{"payload":' + b"1" * 5000 + b"}\n", b'"' + b"a" * (4 << 20) + b'"\n',
    ],
)  # fmt: skip
def test_what_is_no_statement_is_said(released, folder, text):
    (folder / "release.json").write_bytes(text)
    assert reasons(folder, released.trust())[0].startswith("its release statement (release.json) does not hold: it ")


def test_other_spellings_of_the_signed_text(released, folder):
    """Keys in another order, twice or more of them, in another base64 or encoding: one form, or refused."""
    whole = (folder / "release.json").read_bytes()
    document = json.loads(whole)
    payload = json.loads(base64.b64decode(document["payload"]))
    spellings = [
        whole.replace(b'{"payload":', b'{"payload":"","payload":', 1), whole.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + whole, whole.replace(b"application", b"\\u0061pplication"), whole[:-1] + b"\r\n",
        json.dumps(dict(reversed(document.items())), separators=(",", ":")).encode() + b"\n",
    ]  # fmt: skip
    for text in (json.dumps(payload), json.dumps(payload, sort_keys=True), canonical(payload).decode() + "\n"):
        with_text = document | {"payload": base64.b64encode(text.encode()).decode()}
        spellings.append(canonical(with_text) + b"\n")
    for spelling in spellings:
        (folder / "release.json").write_bytes(spelling)
        reasons(folder, released.trust())


def test_a_model_nobody_has_released_is_refused_in_words_for_a_clinician(released, folder):
    (folder / "release.json").unlink()
    (said,) = reasons(folder, released.trust())
    assert "it must not decide about a patient" in said
    assert "`lennox models NAME`" in said
    assert "docs/" not in said  # of which nothing is installed
    with pytest.raises(ReleaseRefusedError, match=r"tiny is not released: nobody has signed a release of it"):
        load_model(folder)
