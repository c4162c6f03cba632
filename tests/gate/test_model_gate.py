"""Nothing but an honest release loads: flips, cuts, swaps, renames, links, replays, confused keys, a busy writer."""

import base64
import json
import os
import pickle
import random
import shutil
import threading

import numpy as np
import pytest
from releasing import make_workshop, today
from tiny_model import write_tiny_model

from lennox.errors import InputError, ModelError, ReleaseRefusedError
from lennox.files import sha256_of
from lennox.gate.bundle import is_plain
from lennox.gate.check import check
from lennox.gate.event_log import Log
from lennox.gate.override import Override
from lennox.gate.statement import RATIFICATION, RELEASE, PrivateKey, canonical, sign, verify
from lennox.gate.trust import Trust, TrustedKey
from lennox.gate.trust_file import write_trust
from lennox.geometry import Placement
from lennox.inference.load import load_candidate, load_model
from lennox.inference.prepare import Prepared

FILES = (
    "model.onnx", "card.json", "release.json", "release/test-policy/policy.toml",
    "release/test-policy/ratification.jsonl", "release/test-policy/audit.json",
)  # fmt: skip


@pytest.fixture
def folder(released, tmp_path, monkeypatch):
    monkeypatch.setenv("LENNOX_TRUST", str(released.trust_file))
    return shutil.copytree(released.folder, tmp_path / "tiny")


def refusal(folder, **options):
    with pytest.raises(ReleaseRefusedError) as refused:
        load_model(folder, **options)
    assert refused.value.exit_status == 4
    return str(refused.value)


def holds(folder, trust):
    """Whether the gate lets it pass; without ONNX Runtime, so that thousands can be tried."""
    try:
        check(folder, "workshop", trust)
    except ModelError:
        return False
    return True


def test_the_honest_release_loads_again_and_again(folder):
    assert load_model(folder).release.startswith("released for workshop")
    assert load_model(folder, channel="workshop", threads=2).threads == 2
    assert [record.kind for record in Log().records()] == ["load"]


@pytest.mark.parametrize("name", FILES)
def test_a_flip_anywhere_in_any_file_is_refused(released, folder, name):
    trust, random_ = released.trust(), random.Random(7)
    whole = (folder / name).read_bytes()
    chosen = {0, 1, len(whole) - 2, len(whole) - 1, *random_.sample(range(len(whole)), min(300, len(whole)))}
    places = range(len(whole)) if len(whole) < 700 else sorted(chosen)
    for place in places:
        altered = bytearray(whole)
        altered[place] ^= 1 << random_.randrange(8)
        (folder / name).write_bytes(altered)
        assert not holds(folder, trust), f"byte {place} of {name}"
    (folder / name).write_bytes(whole)
    assert holds(folder, trust)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_each_bit_of_each_byte(released, folder, name):
    trust = released.trust()
    whole = (folder / name).read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            altered = bytearray(whole)
            altered[place] ^= 1 << bit
            (folder / name).write_bytes(altered)
            assert not holds(folder, trust), f"byte {place} of {name}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_lengthened_emptied_renamed_or_gone_is_refused(released, folder, name):
    trust = released.trust()
    whole = (folder / name).read_bytes()
    for altered in (whole[:-1], whole[: len(whole) // 2], b"", whole + b"\n", whole + b" ", whole + whole):
        (folder / name).write_bytes(altered)
        assert not holds(folder, trust), len(altered)
    (folder / name).write_bytes(whole)
    (folder / name).rename(folder / "other.bin")
    assert not holds(folder, trust)
    (folder / "other.bin").unlink()
    assert not holds(folder, trust)
    assert "is not released" in refusal(folder)


def test_files_swapped_added_or_linked_are_refused(released, folder):
    trust = released.trust()
    for one in FILES:
        for other in FILES[: FILES.index(one)]:
            a, b = (folder / one).read_bytes(), (folder / other).read_bytes()
            (folder / one).write_bytes(b)
            (folder / other).write_bytes(a)
            assert not holds(folder, trust), (one, other)
            (folder / one).write_bytes(a)
            (folder / other).write_bytes(b)
    (folder / "extra.txt").write_text("not of the release")
    assert "extra.txt is not part of the release" in refusal(folder)
    (folder / "extra.txt").unlink()
    for name in FILES:
        (folder / name).rename(folder.parent / "kept")
        (folder / name).symlink_to(folder.parent / "kept")
        assert "is a link" in refusal(folder)
        (folder / name).unlink()
        (folder.parent / "kept").rename(folder / name)
    assert holds(folder, trust)
    (folder / "model.onnx").unlink()
    os.mkfifo(folder / "model.onnx")  # must not wait for a writer
    assert "model.onnx is not" in refusal(folder) or "is not a file" in refusal(folder)


def test_a_linked_folder_within_is_refused(folder):
    shutil.move(folder / "release", folder.parent / "elsewhere")
    (folder / "release").symlink_to(folder.parent / "elsewhere")
    assert "'release' is a link" in refusal(folder)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../b", "a\\b", "c:x", "", ".", "./a", "a//b", "a/", "a\0b"])
def test_names_that_leave_the_folder_are_refused(released, folder, name):
    assert not is_plain(name)
    signed = verify((folder / "release.json").read_bytes(), RELEASE)
    envelope = sign(RELEASE, dict(signed.subjects) | {name: "0" * 64}, signed.predicate, [released.auditor])
    (folder / "release.json").write_bytes(envelope)
    assert not holds(folder, released.trust())


def resign(released, folder, keys=None, subjects=None, kind=RELEASE, **changes):
    """Replace the statement by one that says something else."""
    signed = verify((folder / "release.json").read_bytes(), RELEASE)
    found = sign(kind, subjects or signed.subjects, dict(signed.predicate) | changes, keys or [released.auditor])
    (folder / "release.json").write_bytes(found)


def test_keys_that_do_not_count(released, folder, tmp_path, monkeypatch):
    resign(released, folder, [PrivateKey.new()])
    assert "0 of the 1 keys that signed may release for the channel workshop here; 1 must" in refusal(folder)
    resign(released, folder, [released.community])  # it may ratify, not release
    assert "0 of the 1 keys" in refusal(folder)
    resign(released, folder)
    write_trust(
        tmp_path / "clinic.toml",
        Trust(tuple(TrustedKey(key.name, key.public, ("clinic",), key.roles) for key in released.trust().keys)),
    )
    monkeypatch.setenv("LENNOX_TRUST", str(tmp_path / "clinic.toml"))
    text = refusal(folder)
    assert "0 of the 1 keys that signed may release" in text
    assert "0 of the keys that ratified it" in text


def test_a_channel_is_not_another_and_a_time_is_over(released, folder):
    assert "released for the channel workshop, not for clinic" in refusal(folder, channel="clinic")
    resign(released, folder, channel="clinic")
    assert "released for the channel clinic, not for workshop" in refusal(folder)
    resign(released, folder, channel="workshop", expires=str(today(-1)))
    assert f"the release expired on {today(-1)}" in refusal(folder)
    resign(released, folder, expires=str(today(5)), issued="2099-01-01T00:00:00.000000Z")
    assert "still to come" in refusal(folder)


@pytest.mark.parametrize(
    "change",
    [{"verdict": "FAIL"}, {"more": "x"}, {"policies": []}, {"expires": "soon"}, {"channel": "W"}, {"model": "tiny"}],
)
def test_a_statement_that_says_something_else_is_refused(released, folder, change):
    resign(released, folder, **change)
    assert "not a release that this version of lennox understands" in refusal(folder)


def test_statements_of_another_kind_are_not_releases(released, folder):
    resign(released, folder, kind=RATIFICATION)
    assert "a statement of another kind" in refusal(folder)
    line = (folder / "release/test-policy/ratification.jsonl").read_bytes()
    (folder / "release.json").write_bytes(line)
    assert "a statement of another kind" in refusal(folder)


def test_duplicate_signatures_count_once(released, folder, tmp_path, monkeypatch):
    trust = released.trust()
    auditor = trust.keys[0]
    twice = (auditor, TrustedKey("the same under another name", auditor.public, ("workshop",), ("release",)))
    text = "\n[channel.workshop]\nreleases = 2\nratifications = 1\npolicies = []\n"
    place = tmp_path / "two.toml"
    write_trust(place, Trust((*twice, trust.keys[1])))
    place.write_text(place.read_text() + text)
    monkeypatch.setenv("LENNOX_TRUST", str(place))
    assert "1 of the 1 keys that signed may release for the channel workshop here; 2 must" in refusal(folder)

    document = json.loads((folder / "release.json").read_bytes())
    document["signatures"] *= 2
    (folder / "release.json").write_bytes(canonical(document) + b"\n")
    assert "one key has signed twice" in refusal(folder)
    document["signatures"][1] = dict(document["signatures"][1], keyid=PrivateKey.new().public.identity)
    (folder / "release.json").write_bytes(canonical(document) + b"\n")
    assert "does not hold" in refusal(folder)


def test_a_signature_under_another_key_s_name_is_refused(released, folder):
    stranger = PrivateKey.new()
    resign(released, folder, [stranger])
    document = json.loads((folder / "release.json").read_bytes())
    document["signatures"][0]["keyid"] = released.auditor.public.identity
    (folder / "release.json").write_bytes(canonical(document) + b"\n")
    assert "a signature does not fit" in refusal(folder)


def test_another_spelling_of_the_same_envelope_is_refused(released, folder):
    trust, whole = released.trust(), (folder / "release.json").read_bytes()
    document = json.loads(whole)
    spaced = json.dumps(document, sort_keys=True).encode() + b"\n"
    upper = dict(document, signatures=[dict(document["signatures"][0], keyid=released.auditor.public.identity.upper())])
    payload = base64.b64encode(base64.b64decode(document["payload"]) + b" ").decode()
    for altered in (spaced, canonical(document), canonical(upper) + b"\n", canonical(dict(document, payload=payload))):
        (folder / "release.json").write_bytes(altered)
        assert not holds(folder, trust)


def test_an_envelope_of_ours_is_one_for_securesystemslib(released):
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    identity = released.auditor.public.identity
    envelope = Envelope.from_dict(json.loads((released.folder / "release.json").read_bytes()))
    key = SSlibKey(identity, "ed25519", "ed25519", {"public": identity})
    assert set(envelope.verify([key], 1)) == {identity}


def test_revoked_keys_and_suspended_weights(released, folder, tmp_path, monkeypatch):
    trust = released.trust()
    place = tmp_path / "trust.toml"
    monkeypatch.setenv("LENNOX_TRUST", str(place))
    for key, of in ((released.auditor, "release"), (released.community, "ratify")):
        write_trust(place, trust)
        place.write_text(
            place.read_text() + f'\n[[revoked]]\ndate = 2026-01-02\nwhy = "stolen"\nkey = "{key.public.text}"\n'
        )
        text = refusal(folder)
        assert "a key that signed was revoked on 2026-01-02: stolen" in text, of
    write_trust(place, trust)
    weights = sha256_of((folder / "model.onnx").read_bytes())
    entry = '\n[[revoked]]\ndate = 2026-01-02\nwhy = "an alarm"\nweights = "{}"\nchannel = "{}"\n'
    place.write_text(place.read_text() + entry.format(weights, "clinic"))
    load_model(folder)
    place.write_text(place.read_text() + entry.format(weights, "workshop"))
    assert "suspended for workshop on this computer on 2026-01-02: an alarm" in refusal(folder)


def test_an_older_release_put_back_is_refused(tmp_path, monkeypatch):
    shop = make_workshop(tmp_path)
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    shop.release()
    load_model(shop.folder)
    shutil.copytree(shop.folder, tmp_path / "old")
    shop.release()
    load_model(shop.folder)
    shutil.rmtree(shop.folder)
    shutil.copytree(tmp_path / "old", shop.folder)  # everything, not only the statement
    assert "was replaced by one of" in refusal(shop.folder)
    assert "was replaced by one of" in refusal(tmp_path / "old")  # whatever folder it lies in


def test_a_writer_in_a_loop_never_gets_its_own_bytes_loaded(released, folder, tmp_path):
    """Time of check, time of use: what loads answers like the honest model, whatever the file holds meanwhile."""
    good = (folder / "model.onnx").read_bytes()
    evil = (write_tiny_model(tmp_path / "evil", distance=99.0) / "model.onnx").read_bytes()
    assert len(evil) == len(good)
    stop = threading.Event()

    def write():
        while not stop.is_set():
            for data in (evil, good):
                with (folder / "model.onnx").open("r+b") as stream:
                    stream.write(data)
                draft = tmp_path / "draft"
                draft.write_bytes(data)
                draft.replace(folder / "model.onnx")

    writer = threading.Thread(target=write)
    writer.start()
    prepared = Prepared(np.full((1, 1, 64, 64), 0.5, np.float32), Placement.letterbox(64, 64, 64, 64))
    loaded = refused = 0
    try:
        for _ in range(150):
            try:
                assert load_model(folder).predict(prepared).distance == 1.0
                loaded += 1
            except ReleaseRefusedError:
                refused += 1
    finally:
        stop.set()
        writer.join()
    assert refused  # the writer was seen
    (folder / "model.onnx").write_bytes(good)
    assert load_model(folder).predict(prepared).distance == 1.0


def test_without_a_release_the_error_says_how_to_override(tmp_path):
    folder = write_tiny_model(tmp_path / "tiny")
    with pytest.raises(ReleaseRefusedError) as refused:
        load_model(folder)
    text = str(refused.value)
    assert "tiny is not released: nobody has signed a release of it (release.json)" in text
    assert 'allow_unreleased=Override(who="...", why="...", until=datetime.date(...))' in text
    assert "\n" not in text
    assert str(pickle.loads(pickle.dumps(refused.value))) == text


def test_an_override_loads_is_logged_and_stamped(tmp_path):
    folder = write_tiny_model(tmp_path / "tiny")
    override = Override("R. Test", "to see it", today(3))
    model = load_model(folder, allow_unreleased=override)
    assert model.release == f"unreleased: loaded by R. Test until {today(3)}, because: to see it"
    record = Log().records("override")[0]
    assert (record.details["who"], record.details["why"], record.details["until"]) == (
        "R. Test", "to see it", str(today(3)),
    )  # fmt: skip
    assert record.details["weights"] == model.sha256
    assert "nobody has signed a release" in record.details["reasons"][0]
    there = pickle.loads(pickle.dumps(model))
    assert there.release == model.release
    assert len(Log().records()) == 1  # another process of the same run is not another decision


def test_a_released_model_needs_no_override(folder):
    model = load_model(folder, allow_unreleased=Override("R. Test", "to be sure", today(1)))
    assert model.release.startswith("released for workshop")
    assert not Log().records("override")


@pytest.mark.parametrize(
    "fields", [("", "b", 1), ("a", " ", 1), ("a", "b\nc", 1), ("a", "b", 31), ("a" * 201, "b", 1), ("a\x1b", "b", 1)]
)
def test_an_override_is_whole_or_refused(fields):
    who, why, days = fields
    with pytest.raises(InputError, match="an override"):
        Override(who, why, today(days))


def test_an_override_that_has_ended_or_cannot_be_logged_does_not_load(tmp_path, monkeypatch):
    folder = write_tiny_model(tmp_path / "tiny")
    assert "the override ended on" in refusal(folder, allow_unreleased=Override("a", "b", today(-2)))
    monkeypatch.setenv("LENNOX_LOG", str(folder / "model.onnx" / "log"))
    assert "an override must be written down" in refusal(folder, allow_unreleased=Override("a", "b", today(1)))


def test_an_override_does_not_load_altered_weights(folder):
    data = bytearray((folder / "model.onnx").read_bytes())
    data[-1] ^= 1
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(ModelError, match="its card says"):
        load_model(folder, allow_unreleased=Override("a", "b", today(1)))


def test_a_released_model_travels_to_another_process_and_is_checked_there(folder):
    model = load_model(folder)
    packed = pickle.dumps(model)
    assert pickle.loads(packed).release == model.release
    (folder / "card.json").write_text("{}")
    with pytest.raises(ReleaseRefusedError):
        pickle.loads(packed)


@pytest.mark.parametrize("name", ["model.onnx", "card.json"])
def test_a_link_is_not_followed_with_an_override_either(folder, tmp_path, name):
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=f"'{name}' is a link"):
        load_model(folder, allow_unreleased=Override("a", "b", today(1)))


def without_a_home(monkeypatch):
    """A container that runs under a number: no HOME, and no such user."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)


def test_a_user_without_a_home_loads_releases_and_has_no_overrides(released, folder, tmp_path, monkeypatch):
    without_a_home(monkeypatch)
    assert load_model(folder).release.startswith("released for workshop")
    monkeypatch.delenv("LENNOX_TRUST")
    assert "0 of the 1 keys that signed" in refusal(folder)  # what came with lennox counts, and nothing else
    override = Override("a", "b", today(1))
    assert "LENNOX_LOG names a file for it" in refusal(folder, allow_unreleased=override)
    monkeypatch.setenv("LENNOX_LOG", str(tmp_path / "log.sqlite"))
    assert load_model(folder, allow_unreleased=override).release.startswith("unreleased")


@pytest.mark.parametrize("place", ["/proc/nowhere/log", "/dev/full", "/dev/null"])
def test_where_no_log_can_be_kept_releases_load_and_overrides_do_not(folder, monkeypatch, place):
    monkeypatch.setenv("LENNOX_LOG", place)
    assert load_model(folder).release.startswith("released for workshop")
    text = refusal(folder, channel="clinic", allow_unreleased=Override("a", "b", today(1)))
    assert "an override must be written down" in text


def test_a_candidate_is_unreleased_even_beside_its_release(folder):
    assert load_candidate(folder, "test").release == "unreleased"
