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
class RatificationCheck:
    """What was found.

    signers : identities of all keys whose signature came in time, trusted or not
    keys : those that count here
    problems : why that does not suffice, a sentence each
    """

    ratification: Ratification | None
    signers: frozenset[str]
    keys: tuple[TrustedKey, ...]
    problems: tuple[str, ...]


def check_ratification(
    policy: bytes, envelopes: bytes, channel: str, trust: Trust, audit_started: datetime.datetime
) -> RatificationCheck:
    """Who ratified a policy, and whether that suffices for a channel.

    envelopes : one a line, each signed before the audit began, or it does not count
    """
    ratifications: list[Ratification] = []
    signers: set[str] = set()
    late, found = 0, list[str]()
    for line in envelopes.splitlines(keepends=True):
        try:
            statement = verify(line, RATIFICATION)
            ratification = Ratification.from_predicate(statement.predicate)
        except ModelError as error:
            return _refused(f"its ratification does not hold: {error}.")
        if ratification.sha256 != sha256_of(policy) or statement.subjects != {"policy.toml": sha256_of(policy)}:
            return _refused("the ratification is of another text of the policy.")
        found += trust.revoked_sentences(statement.signers)
        ratifications.append(ratification)
        if ratification.signed > audit_started:
            late += 1
        else:
            signers |= statement.signers
    if len({(one.policy, one.version, one.body) for one in ratifications}) != 1:
        return _refused("no key has ratified it, or not all the same policy.")
    after = f" ({late} signed after the audit had begun)" if late else ""
    own, required = own_keys(policy)
    have = len((signers & own) - trust.revoked_identities())
    if have < required:
        found.append(f"{have} of the policy's own keys ratified it before the audit{after}; it asks for {required}.")
    trusted, wanted = trust.trusted(signers, channel, "ratify"), trust.rule(channel).ratifications
    if len(trusted) < wanted:
        found.append(
            f"{len(trusted)} of the keys that ratified it before the audit{after} may ratify for the channel {channel} "
            f"here; {wanted} must."
        )
    return RatificationCheck(ratifications[0], frozenset(signers), trusted, tuple(found))


def own_keys(policy: bytes) -> tuple[frozenset[str], int]:
    """The keys that a policy lists for its own ratification, and how many must sign."""
    try:
        adopted = toml.loads(policy.decode("utf-8"))["ratification"]
        keys = frozenset(PublicKey.from_text(entry["public"]).identity for entry in adopted.get("key", []))
        required = adopted.get("signatures", {}).get("required", len(keys) and 1)
        if type(required) is not int or required < 0:
            raise ValueError("required")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, InputError):
        return frozenset(), 1  # no keys: it cannot be ratified
    return keys, required


def _refused(problem: str) -> RatificationCheck:
    return RatificationCheck(None, frozenset(), (), (problem,))
