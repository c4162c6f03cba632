"""Whether those who may adopt a policy have adopted it, before the audit under it began."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from lennox import toml
from lennox.errors import InputError, ModelError
from lennox.files import sha256_of
from lennox.gate.predicates import Ratification
from lennox.gate.statement import RATIFICATION, PublicKey, verify
from lennox.gate.trust import Trust, TrustedKey


@dataclass(frozen=True, slots=True)
class Ratified:
    """What was found. keys : those that count here; problems : why that does not suffice, a sentence each"""

    claim: Ratification | None
    keys: tuple[TrustedKey, ...]
    problems: tuple[str, ...]


def ratified(policy: bytes, envelopes: bytes, channel: str, trust: Trust, audit_started: datetime.datetime) -> Ratified:
    """Who ratified a policy, and whether that suffices for a channel.

    envelopes : one a line, each signed before the audit began, or it does not count
    """
    claims: list[Ratification] = []
    signers: set[str] = set()
    late, found = 0, list[str]()
    for line in envelopes.splitlines(keepends=True):
        try:
            signed = verify(line, RATIFICATION)
            claim = Ratification.from_predicate(signed.predicate)
        except ModelError as error:
            return Ratified(None, (), (f"its ratification does not hold: {error}.",))
        if claim.sha256 != sha256_of(policy) or signed.subjects != {"policy.toml": sha256_of(policy)}:
            return Ratified(None, (), ("the ratification is of another text of the policy.",))
        found += trust.revoked_sentences(signed.signers)
        claims.append(claim)
        if claim.signed > audit_started:
            late += 1
        else:
            signers |= signed.signers
    if len({(claim.policy, claim.version, claim.body) for claim in claims}) != 1:
        return Ratified(None, (), ("nobody has ratified it, or not all the same.",))
    after = f" ({late} signed after the audit had begun)" if late else ""
    own, required = _own_keys(policy)
    have = len((signers & own) - trust.revoked_identities())
    if have < required:
        found.append(f"{have} of the policy's own keys ratified it before the audit{after}; it asks for {required}.")
    counted, wanted = trust.counted(signers, channel, "ratify"), trust.rule(channel).ratifications
    if len(counted) < wanted:
        found.append(
            f"{len(counted)} of the keys that ratified it before the audit{after} may ratify for the channel {channel} "
            f"here; {wanted} must."
        )
    return Ratified(claims[0], counted, tuple(found))


def _own_keys(policy: bytes) -> tuple[frozenset[str], int]:
    """The keys that a policy lists for its own ratification, and how many must sign."""
    try:
        adopted = toml.loads(policy.decode("utf-8"))["ratification"]
        keys = frozenset(PublicKey.from_text(entry["public"]).identity for entry in adopted.get("key", []))
        required = adopted.get("signatures", {}).get("required", len(keys) and 1)
        if type(required) is not int or required < 0:
            raise ValueError("required")
    except (ValueError, LookupError, TypeError, AttributeError, InputError):
        return frozenset(), 1  # nobody's keys: it cannot be ratified
    return keys, required
