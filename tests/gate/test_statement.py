import base64
import json
import os
import stat
from pathlib import Path

import jsonschema
import pytest
from releasing import make_workshop

from lennox.errors import InputError, ModelError
from lennox.gate.predicates import Ratification, Release, read_time, time_text
from lennox.gate.statement import RATIFICATION, RELEASE, PrivateKey, PublicKey, canonical, sign, sign_also, verify
from lennox.release.sign import revoke

ROOT = Path(__file__).parents[2]
SUBJECT = {"model.onnx": "a" * 64}


def test_what_is_signed_is_what_is_read():
    keys = [PrivateKey.new(), PrivateKey.new()]
    envelope = sign(RELEASE, SUBJECT, {"said": "ja, natürlich"}, keys)
    signed = verify(envelope, RELEASE)
    assert signed.predicate == {"said": "ja, natürlich"}
    assert signed.subjects == SUBJECT
    assert signed.signers == {key.public.identity for key in keys}


def test_signatures_can_be_added_one_by_one():
    first, second = PrivateKey.new(), PrivateKey.new()
    envelope = sign_also(sign(RELEASE, SUBJECT, {}, [first]), RELEASE, [second])
    assert verify(envelope, RELEASE).signers == {first.public.identity, second.public.identity}
    with pytest.raises(InputError, match="a key can sign once"):
        sign_also(envelope, RELEASE, [first])


def test_the_payload_is_what_dsse_says():
    """DSSE's own pre-authentication encoding, checked with cryptography alone."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = PrivateKey.new()
    document = json.loads(sign(RELEASE, SUBJECT, {}, [key]))
    payload = base64.b64decode(document["payload"])
    kind = document["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public.identity))
    public.verify(base64.b64decode(document["signatures"][0]["sig"]), message)
    assert json.loads(payload)["_type"] == "https://in-toto.io/Statement/v1"


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}, {1: "a"}, {"a": object()}])
def test_values_without_one_byte_form_are_refused(value):
    with pytest.raises(ValueError, match=r"one byte form|must be text"):
        canonical(value)


def test_canonical_is_sorted_tight_and_utf8():
    assert canonical({"b": [1, True, None], "a": "é"}) == '{"a":"é","b":[1,true,null]}'.encode()


@pytest.mark.parametrize(
    "garbage", [b"", b"{}", b"[]", b"null", b"\xff", b'{"payload":1}', b"[" * 100_000, b" " * (5 << 20)]
)
def test_garbage_is_one_sentence(garbage):
    with pytest.raises(ModelError):
        verify(garbage, RELEASE)


def test_a_payload_with_a_key_twice_is_refused():
    """Readers differ on which of two equal keys counts."""
    key = PrivateKey.new()
    document = json.loads(sign(RELEASE, SUBJECT, {"channel": "clinic"}, [key]))
    payload = base64.b64decode(document["payload"]).replace(b'"channel":', b'"channel":"workshop","channel":')
    kind = document["payloadType"].encode()
    signature = key.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
    document["payload"] = base64.b64encode(payload).decode()
    document["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    with pytest.raises(ModelError, match="damaged"):
        verify(canonical(document) + b"\n", RELEASE)


def test_public_keys_are_written_as_in_policies():
    text = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="  # the one of the example policy
    assert PublicKey.from_text(text).text == text
    for wrong in ("", "abc", text[:-4], text.replace("MCow", "MCox"), "é"):
        with pytest.raises(InputError, match="not an ed25519 public key"):
            PublicKey.from_text(wrong)


def test_private_keys_stay_with_their_owner(tmp_path):
    key, place = PrivateKey.new(), tmp_path / "keys" / "auditor.pem"
    key.write(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert PrivateKey.read(place).public == key.public
    with pytest.raises(InputError, match="never overwritten"):
        PrivateKey.new().write(place)
    key.write(tmp_path / "locked.pem", "a secret")
    assert PrivateKey.read(tmp_path / "locked.pem", "a secret").public == key.public
    for passphrase in (None, "another"):
        with pytest.raises(InputError, match="passphrase") as refused:
            PrivateKey.read(tmp_path / "locked.pem", passphrase)
        assert "PRIVATE" not in str(refused.value)
    (tmp_path / "x.pem").write_text("not a key")
    for name in ("x.pem", "nowhere.pem"):
        with pytest.raises(InputError):
            PrivateKey.read(tmp_path / name)


def test_a_key_of_another_kind_is_refused(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "other.pem").write_bytes(pem)
    with pytest.raises(InputError, match="not an ed25519 key"):
        PrivateKey.read(tmp_path / "other.pem")


def test_times_are_to_the_microsecond_and_utc():
    text = "2026-11-23T06:31:05.000120Z"
    assert time_text(read_time(text)) == text


@pytest.fixture
def shop(tmp_path, monkeypatch):
    made = make_workshop(tmp_path)
    monkeypatch.setenv("LENNOX_TRUST", str(made.trust_file))
    made.release()
    return made


def schema(name):
    return json.loads((ROOT / "docs" / "schema" / f"{name}.json").read_text())


def test_statements_follow_the_published_schemas(shop):
    revocation = revoke(shop.folder, [shop.auditor], "a test", shop.trust_file)
    written = {
        "release-1": shop.folder / "release.json",
        "ratification-1": shop.folder / "release/test-policy/ratification.jsonl",
        "revocation-1": revocation,
    }
    for name, place in written.items():
        document = json.loads(place.read_bytes())
        jsonschema.validate(document, schema("envelope-1"))
        jsonschema.validate(json.loads(base64.b64decode(document["payload"])), schema(name))


def test_claims_survive_the_way_there_and_back(shop):
    signed = verify((shop.folder / "release.json").read_bytes(), RELEASE)
    assert Release.from_predicate(signed.predicate).predicate() == signed.predicate
    line = (shop.folder / "release/test-policy/ratification.jsonl").read_bytes()
    claim = Ratification.from_predicate(verify(line, RATIFICATION).predicate)
    assert claim.body == "The testers"
    with pytest.raises(ModelError):
        Ratification.from_predicate({**claim.predicate(), "more": 1})


def test_no_private_key_lies_in_the_project():
    """By content: whatever the file is called."""
    begins = b"-----BEGIN " + b"PRIVATE KEY"
    locked = b"-----BEGIN " + b"ENCRYPTED PRIVATE KEY"
    for where, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in (".git", ".venv", "build", "node_modules", "__pycache__")]
        for name in names:
            path = Path(where) / name
            if path.is_file() and path.stat().st_size < 1 << 20:
                data = path.read_bytes()
                assert begins not in data, path
                assert locked not in data, path


@pytest.mark.parametrize("sign_bit", [0x00, 0x80])
@pytest.mark.parametrize(
    "weak",
    [
        "00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ],
)  # fmt: skip
def test_keys_for_which_anybody_can_sign_are_none(weak, sign_bit):
    """Points of small order: with the first two, the same signature fits every text."""
    raw = bytearray.fromhex(weak)
    raw[-1] |= sign_bit
    with pytest.raises(ValueError, match="anybody can sign"):
        PublicKey(raw.hex())
    text = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + raw).decode()
    with pytest.raises(InputError, match="cannot count"):
        PublicKey.from_text(text)


def test_a_signature_of_everything_by_a_weak_key_is_refused():
    subject = [{"digest": {"sha256": "a" * 64}, "name": "x"}]
    statement = {"_type": "https://in-toto.io/Statement/v1", "subject": subject}
    payload = canonical(statement | {"predicateType": RELEASE, "predicate": {}})
    identity = "01" + "00" * 31
    signature = base64.b64encode(bytes.fromhex(identity) + bytes(32)).decode()
    envelope = {
        "payload": base64.b64encode(payload).decode(), "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"keyid": identity, "sig": signature}],
    }  # fmt: skip
    with pytest.raises(ModelError, match="a signature does not fit"):
        verify(canonical(envelope) + b"\n", RELEASE)
