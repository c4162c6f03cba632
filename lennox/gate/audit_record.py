"""An audit.json as evidence for a release: whether it is complete, passed, and is of this model under this policy.

Nothing is taken on its word that can be looked up: the verdict must follow from its rows, the rows must be those that
the policy asks for and say what the patients add up to, at the level that its look at the data has left, each bound
must clear the policy's own limit, dates must be possible.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lennox.card import ModelCard
from lennox.errors import InputError
from lennox.files import sha256_of
from lennox.gate.audit_rows import MAX_COUNT, PASS, AuditRows, group_text, people_of
from lennox.gate.behaviour import behaviour_sha256
from lennox.gate.looks import METHOD, look_number
from lennox.gate.predicates import read_time, threshold_text
from lennox.gate.recount import read_recounts, wrong_bounds
from lennox.gate.statement import canonical, is_sha256
from lennox.policy.policy import Policy, Requirement
from lennox.statistics.spending import spent

FORMAT = "lennox-audit/1"
MAX_NAMED = 4  # groups in one sentence of a refusal; of comparisons, one
MAX_DIGITS = 18  # of a whole number
CLOCKS_MAY_DIFFER = datetime.timedelta(days=1)
ROW_FIELDS = (
    "requirement", "metric", "criterion", "direction", "verdict", "gated", "limit", "estimate", "bound",
    "bootstrap_bound",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """The fields of an audit.json that a release rests on. started : None if it does not say

    behaviour_sha256 : of all in the model's folder that can change an answer, see `behaviour`
    files : name and SHA-256 of each that was audited, as the manifest lists them
    look, look_sha256, history : which look it was (`looks`), at what, and after which audits; 0 if it does not say
    sites : names of the sites that were pooled, none of an audit of one place
    method : of which version of the gate's method it is
    """

    verdict: str
    model_sha256: str
    behaviour_sha256: str
    policy_sha256: str
    data: str
    data_sha256: str
    files: tuple[tuple[str, str], ...]
    threshold: float
    attempt: int
    look: int
    look_sha256: str
    history: tuple[Mapping[str, Any], ...]
    method: str
    started: datetime.datetime | None
    public: bool
    requirements: Mapping[str, str]
    people: AuditRows
    sites: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Mapping[str, Any], ...]:
        """One for each requirement and group, or pair of groups."""
        return self.people.rows


def parse_audit(data: bytes, name: str = "audit.json") -> AuditRecord:
    """The audit that the bytes hold. Raises InputError."""
    try:
        document = json.loads(data, parse_int=_int64)
        if document["format"] != FORMAT:
            raise ValueError(f"its format is '{document['format']}', this version reads '{FORMAT}'")
        about, model = document["data"], document["model"]
        recounts = read_recounts(document.get("evidence", ()))
        read = AuditRecord(
            verdict=str(document["verdict"]),
            model_sha256=str(model.get("sha256", "")),
            behaviour_sha256=str(model.get("behaviour_sha256", "")),
            policy_sha256=str(document["policy"]["sha256"]),
            data=str(about["name"]),
            data_sha256=str(about["sha256"]),
            files=tuple((str(entry["name"]), str(entry["sha256"])) for entry in about.get("manifest", ())),
            threshold=float(about["threshold"]),
            attempt=_count(document["attempt"]),
            look=_count(document.get("look", 0)),
            look_sha256=str(document.get("look_sha256", "")),
            history=tuple(_entries(document["history"])),
            method=str(document.get("method", {}).get("version", "")),
            started=read_time(document["started"]) if "started" in document else None,
            public=bool(document.get("public", False)),
            requirements={str(entry["id"]): str(entry["verdict"]) for entry in document["requirements"]},
            people=AuditRows(
                tuple(document["rows"]),
                _count(about["patients"]),
                {str(name): float(share) for name, share in about["unknown_share"].items()},
                tuple(about["let_go"]),
                recounts,
            ),
            sites=tuple(str(site["name"]) for site in about.get("sites", ())),
        )
        for row in read.rows:
            _ = row["group"].items(), *(row[name] for name in ROW_FIELDS)
            if type(row["gated"]) is not bool or not isinstance(row["verdict"], str):
                raise TypeError("whether a row counts, and its verdict, must be said")
            if not read.public:  # where counts are hidden
                people_of(row)
        for entry in read.people.let_go:
            _ = entry["features"], int(entry["patients"]), int(entry["of"])
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, InputError) as error:
        raise InputError(f"{name}: not an audit that this version reads ({error}); run the audit again.") from error
    return read


def _entries(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise TypeError("its history is no list of audits")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError(f"{value!r:.20} is no count")
    return value


def _int64(digits: str) -> int:
    if len(digits) > MAX_DIGITS:  # no float holds those of 400 digits, and what is compared here are floats, too
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def audit_problems(audit: AuditRecord, policy: Policy, card: ModelCard, moment: datetime.datetime) -> list[str]:
    """Why the audit does not release this model under this policy, a sentence each; none if it does.

    moment : when that is asked; an audit that began later did not happen
    """
    found = _identity_problems(audit, policy, card) + _history_problems(audit, policy, moment)
    if found:
        return found
    found = [sentence for requirement in policy.requirements if (sentence := _shortfall(audit, requirement))]
    if audit.verdict != PASS:
        return [f"the verdict is {audit.verdict}.", *found]
    found += audit.people.unknown_problems(policy)
    alpha = spent(policy.evidence.alpha, audit.look)
    if any(one.sites != len(audit.sites) for one in audit.people.recounts):
        found.append(f"it names {len(audit.sites)} sites, and its patients come from another number of them.")
    if wrong_bounds(audit.people.recounts, alpha):
        found.append(f"a bound is not the one that its patients' counts show at look {audit.look}.")
    people = audit.people.at_level(alpha)
    for requirement in policy.requirements:
        if audit.requirements.get(requirement.id) != PASS:
            found.append(f"'{requirement.id}' is {audit.requirements.get(requirement.id, 'not in it')}.")
        else:
            found += people.problems(requirement, policy)
    return [f"the audit says PASS and is not consistent: {problem}" for problem in found]


def _identity_problems(audit: AuditRecord, policy: Policy, card: ModelCard) -> list[str]:
    """Whether it is of this policy, this model and its operating point, and says of which data."""
    found = []
    if audit.policy_sha256 != policy.digest:
        found.append("the audit was made under another text of the policy.")
    if audit.model_sha256 != card.files["model.onnx"]:
        found.append(f"the audit is of other weights ({audit.model_sha256[:12] or 'it does not say which'}).")
    elif audit.behaviour_sha256 != behaviour_sha256(card):
        found.append(
            "the card has changed since the audit in a part that changes answers (input, labels, operating points, "
            "kinds, familiarity limit or region share)."
            if audit.behaviour_sha256
            else "the audit does not say how the model was set up; run it again, on the model's folder."
        )
    point = card.operating_point()
    if threshold_text(audit.threshold) != threshold_text(point.threshold):
        found.append(
            f"the audit is at the threshold {audit.threshold:g}, the card's '{point.name}' is {point.threshold:g}."
        )
    if audit.public:
        found.append("this is the public copy, where small counts are hidden; name the full audit.")
    manifest = canonical([{"name": name, "sha256": sha256} for name, sha256 in audit.files])
    if sha256_of(manifest) != audit.data_sha256 or not all(is_sha256(sha256) for _, sha256 in audit.files):
        found.append("the audit does not say which data it is of.")
    return found


def _history_problems(audit: AuditRecord, policy: Policy, moment: datetime.datetime) -> list[str]:
    if audit.started is None:
        return ["the audit does not say when it began; run it again with this version."]
    if audit.started > moment + CLOCKS_MAY_DIFFER:
        return [f"the audit is dated {audit.started:%Y-%m-%d}, which is still to come."]
    if audit.started.date() < policy.ratification.date:
        return [f"the audit is dated {audit.started:%Y-%m-%d}, before its policy ({policy.ratification.date})."]
    if audit.method != METHOD:
        return ["the audit was made by another version of the gate's method; run it again with this one."]
    if not is_sha256(audit.look_sha256):
        return ["the audit does not say what it looked at; run it again with this version."]
    if audit.attempt != len(audit.history) + 1:
        return [f"the audit says that it was attempt {audit.attempt}, and lists {len(audit.history)} before it."]
    if not look_number(audit.history, audit.look_sha256) <= audit.look:
        return [f"the audit says that it was look {audit.look}, and lists more before it."]
    return []


def _shortfall(audit: AuditRecord, requirement: Requirement) -> str:
    """What a requirement lacks, in one sentence, each reason once: a policy may have hundreds of rows."""
    alike: dict[tuple[str, str, bool], list[Mapping[str, Any]]] = {}
    for row in audit.rows:
        if row["requirement"] == requirement.id and row["gated"] and row["verdict"] != PASS:
            reason = str(row.get("reason") or "").rstrip(".")
            alike.setdefault((row["verdict"], reason, bool(row.get("versus"))), []).append(row)
    parts = []
    for (verdict, reason, pair), rows in alike.items():
        more = rows[0].get("needs_more_patients") if len(rows) == 1 and not pair else None
        why = [part for part in (reason, more and f"about {more} more patients would decide it") if part]
        parts.append(f"{verdict} for {_named(rows, pair=pair)}" + (f" ({'; '.join(why)})" if why else ""))
    return f"\u201c{requirement.plain}\u201d {', '.join(parts)}." if parts else ""


def _named(rows: Sequence[Mapping[str, Any]], *, pair: bool) -> str:
    """The groups or comparisons that rows are of; only their number if they are many."""
    if len(rows) > (1 if pair else MAX_NAMED):
        return f"{len(rows)} {'pairs of groups, compared with each other' if pair else 'groups'}"
    against = [f" against {group_text(row['versus'])}" if pair else "" for row in rows]
    return "; ".join(f"{group_text(row['group'])}{other}" for row, other in zip(rows, against, strict=True))
