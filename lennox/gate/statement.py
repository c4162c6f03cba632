"""Signed statements: DSSE envelopes around in-toto statements, ed25519, offline.

The only door to cryptography, which signs and verifies. An envelope is read strictly: one byte form, one signature a
key, every signature valid. A key identity is the public key itself, so a signature that is not trusted here is still
verified, and no byte of the file can change unseen.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lennox.errors import InputError, ModelError
from lennox.files import sha256_of
from lennox.system.handles import open_new

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
RATIFICATION = "https://lennox/policy-ratification/v1"
RELEASE = "https://lennox/equity-gate/v1"
REVOCATION = "https://lennox/revocation/v1"
WITHDRAWAL = "https://lennox/policy-withdrawal/v1"
MAX_BYTES = 4 << 20
MAX_SUBJECTS = 1000
_DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before the 32 bytes of an ed25519 key
# The points of small order (Cremers & Jackson 2019), without the sign: for these anybody can make a signature.
_WEAK = frozenset(
    (
        "00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An ed25519 public key; `identity` is its 32 bytes in hex."""

    identity: str

    def __post_init__(self) -> None:
        if not is_sha256(self.identity):  # as long as one, and written alike
            raise ValueError("an ed25519 public key is 64 lower-case hex digits")
        raw = bytes.fromhex(self.identity)
        if (raw[:-1] + bytes([raw[-1] & 0x7F])).hex() in _WEAK:
            raise ValueError("for this ed25519 public key anybody can sign")

    @property
    def text(self) -> str:
        """The key as policies and trust files write it: base64 of its DER form."""
        return base64.b64encode(_DER + bytes.fromhex(self.identity)).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> PublicKey:
        """Read the form that `text` gives. Raises InputError."""
        try:
            der = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            der = b""
        if len(der) != len(_DER) + 32 or not der.startswith(_DER):
            raise InputError(f"'{text.strip()[:60]}' is not an ed25519 public key; `lennox keygen` prints one.")
        try:
            return cls(der[len(_DER) :].hex())
        except ValueError as error:
            raise InputError(f"'{text.strip()}' cannot count: {error}.") from error


class PrivateKey:
    """An ed25519 private key that signs; it never leaves its file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Use `PrivateKey.read` or `PrivateKey.new`."""
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes_raw().hex())

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature of a message."""
        return self._key.sign(message)

    @classmethod
    def new(cls) -> PrivateKey:
        """A fresh key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, path: Path, passphrase: str | None = None) -> PrivateKey:
        """Read a key that `write` wrote. Raises InputError; the message never holds what the file holds."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(path.read_bytes(), passphrase.encode() if passphrase else None)
        except OSError as error:
            raise InputError(f"the key '{path.name}' cannot be read: {error.strerror}.") from error
        except TypeError as error:  # cryptography's way to say that a passphrase is missing, or not wanted
            raise InputError(f"'{path.name}' needs its passphrase, or has none: {error}.") from error
        except ValueError as error:
            raise InputError(f"'{path.name}' is not a private key, or the passphrase is wrong.") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise InputError(f"'{path.name}' is not an ed25519 key; `lennox keygen` makes one.")
        return cls(key)

    def write(self, path: Path, passphrase: str | None = None) -> None:
        """Keep the key in a new file that only its owner may read. Raises InputError if the file exists."""
        import os

        from cryptography.hazmat.primitives import serialization

        lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            lock = serialization.BestAvailableEncryption(passphrase.encode())
        pem = self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = open_new(path)
        except FileExistsError as error:
            raise InputError(f"'{path.name}' exists; a key is never overwritten. Name another file.") from error
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(pem)


@dataclass(frozen=True, slots=True)
class VerifiedStatement:
    """A statement whose every signature is valid; whether its signers count is for trust to say.

    subjects : name -> SHA-256
    sha256 : of what was signed; the same whoever has signed it besides
    """

    subjects: Mapping[str, str]
    predicate: Mapping[str, Any]
    signers: frozenset[str]
    sha256: str


def canonical(value: Any) -> bytes:
    """The one byte form of plain data: keys in order, no spaces, UTF-8. Raises ValueError for a float.

    Fractions are written as text, so that a digest is the same everywhere.
    """
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def sign(
    predicate_type: str, subjects: Mapping[str, str], predicate: Mapping[str, Any], keys: Sequence[PrivateKey]
) -> bytes:
    """An envelope around the statement, signed with each key.

    subjects : name -> SHA-256. Raises InputError without a key or with one twice.
    """
    payload = canonical(
        {
            "_type": STATEMENT,
            "subject": [{"digest": {"sha256": subjects[name]}, "name": name} for name in sorted(subjects)],
            "predicateType": predicate_type,
            "predicate": dict(predicate),
        }
    )
    return _signed(payload, {}, keys)


def sign_also(envelope: bytes, predicate_type: str, keys: Sequence[PrivateKey]) -> bytes:
    """The same statement with the signatures of further keys. Raises ModelError, InputError."""
    verify(envelope, predicate_type)
    document = json.loads(envelope)
    before = {entry["keyid"]: base64.b64decode(entry["sig"]).hex() for entry in document["signatures"]}
    return _signed(base64.b64decode(document["payload"]), before, keys)


def _signed(payload: bytes, before: Mapping[str, str], keys: Sequence[PrivateKey]) -> bytes:
    signatures = dict(before)
    for key in keys:
        if key.public.identity in signatures:
            raise InputError("a key can sign once; name different keys.")
        signatures[key.public.identity] = key.sign(_pre_authentication(payload)).hex()
    if not keys:
        raise InputError("no key signs: name one.")
    return _envelope_bytes(payload, signatures)


def verify(envelope: bytes, predicate_type: str) -> VerifiedStatement:
    """The statement in an envelope. Raises ModelError unless complete, of this type, every signature valid."""
    if len(envelope) > MAX_BYTES:
        raise ModelError(f"it has {len(envelope)} bytes; a statement has {MAX_BYTES} at most")
    try:
        document = json.loads(envelope)
        payload = base64.b64decode(document["payload"], validate=True)
        signatures = {
            str(entry["keyid"]): base64.b64decode(entry["sig"], validate=True).hex() for entry in document["signatures"]
        }
        if len(signatures) != len(document["signatures"]):
            raise ModelError("one key has signed twice")
        if document["payloadType"] != PAYLOAD_TYPE or _envelope_bytes(payload, signatures) != envelope:
            raise ValueError("not an envelope of lennox")
        statement = json.loads(payload)
        if canonical(statement) != payload or statement["_type"] != STATEMENT:
            raise ValueError("not canonical")
        found = statement["predicateType"]
        subjects = {entry["name"]: entry["digest"]["sha256"] for entry in statement["subject"]}
        if not all(isinstance(name, str) for name in subjects) or not all(map(is_sha256, subjects.values())):
            raise ValueError("subjects")
        if not 0 < len(subjects) == len(statement["subject"]) <= MAX_SUBJECTS:
            raise ValueError("subjects")
        predicate = statement["predicate"]
        if not isinstance(predicate, dict):
            raise TypeError("predicate")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError("it is damaged, or not a signed statement") from error
    if found != predicate_type:
        raise ModelError(f"it is a statement of another kind ({str(found)[:80]})")
    message = _pre_authentication(payload)
    for identity, signature in signatures.items():
        if not _is_valid(identity, signature, message):
            raise ModelError("a signature does not fit what was signed")
    if not signatures:
        raise ModelError("no key has signed it")
    return VerifiedStatement(subjects, predicate, frozenset(signatures), sha256_of(payload))


def is_sha256(text: object) -> bool:
    """Whether this is 64 lower-case hex digits."""
    return isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdef")


def _pre_authentication(payload: bytes) -> bytes:
    """What a signature is over: type and payload with their lengths (DSSE 1.0, pre-authentication encoding)."""
    return b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def _envelope_bytes(payload: bytes, signatures: Mapping[str, str]) -> bytes:
    encoded = base64.b64encode(payload).decode("ascii")
    signed = [
        {"keyid": name, "sig": base64.b64encode(bytes.fromhex(signatures[name])).decode("ascii")}
        for name in sorted(signatures)
    ]
    return canonical({"payload": encoded, "payloadType": PAYLOAD_TYPE, "signatures": signed}) + b"\n"


def _is_valid(identity: str, signature: str, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(PublicKey(identity).identity))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _refuse_floats(value: Any) -> None:
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("every key must be text")
        for part in value.values():
            _refuse_floats(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _refuse_floats(part)
    elif isinstance(value, float) or not (value is None or isinstance(value, (str, int))):
        raise ValueError(f"{value!r} has no one byte form; write a number with decimals as text")
