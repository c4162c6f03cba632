"""Which terms an override of a model must meet: never fewer for a folder that was edited, moved or thinned out."""

from __future__ import annotations

import os
from pathlib import Path

from lennox.errors import ModelError
from lennox.files import sha256_of
from lennox.gate.bundle import read_once
from lennox.gate.check import STATEMENT_FILE
from lennox.gate.override import OverrideTerms
from lennox.gate.predicates import Release
from lennox.gate.rollback import remembered_terms
from lennox.gate.statement import RELEASE, verify
from lennox.gate.trust import Trust


def override_terms(folder: Path, channel: str, trust: Trust, weights: str) -> list[OverrideTerms]:
    """The terms of the trust here, of the policies in the folder, and of those that these weights were released under.

    weights : SHA-256 of the network
    A statement that does not hold, a policy that is not as the statement binds it, or one without a statement forbids.
    So does a policy that the channel asks for and the folder lacks: what it says of overrides cannot be known.
    """
    rule = trust.rule(channel)
    found = [] if rule.overrides else [OverrideTerms(f"the trust of this computer for {channel}", False)]
    bound = _bound_policies(folder)
    if bound is None:
        return [*found, OverrideTerms("a release statement (release.json) that does not hold", False)]
    for path in sorted((folder / "release").glob("*/policy.toml")):
        text, name = _text(folder, path.relative_to(folder).as_posix()), path.parent.name
        if not bound:
            found.append(OverrideTerms(f"the policy {name}, which lies there without its release,", False))
        elif name not in bound:
            found.append(OverrideTerms.of_policy(text, name))  # may make it stricter only
    for name, digest in bound.items():
        text = _text(folder, f"release/{name}/policy.toml")
        whole = sha256_of(text) == digest
        found.append(
            OverrideTerms.of_policy(text, name)
            if whole
            else OverrideTerms(f"the policy {name}, which is not as it was released,", False)
        )
    remembered = remembered_terms(weights)
    known = {*bound, *(one.source.removeprefix("the policy ") for one in remembered)}
    found += [
        OverrideTerms(f"the policy {name}, which {channel} asks for and is not in the folder,", False)
        for name in rule.policies
        if name not in known
    ]
    return list(dict.fromkeys((*found, *remembered)))


def _bound_policies(folder: Path) -> dict[str, str] | None:
    """Policies that the release statement names, with their digests; empty without one, None if it does not hold."""
    if not os.path.lexists(folder / STATEMENT_FILE):
        return {}
    try:
        release = Release.from_predicate(verify(read_once(folder, STATEMENT_FILE), RELEASE).predicate)
    except ModelError:
        return None
    return {one.policy: one.policy_sha256 for one in release.passed}


def _text(folder: Path, name: str) -> bytes:
    try:
        return read_once(folder, name)
    except ModelError:
        return b""  # what cannot be read allows nothing
