"""What the four kinds of statement say: a policy was ratified or withdrawn, a model released, a release revoked.

Each reads its own predicate and refuses one that lacks a field, has one too many, or holds an impossible value.
Published as docs/schema/release-1.json, ratification-1.json, withdrawal-1.json and revocation-1.json.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from lennox.errors import ModelError, has_visible_text, one_line
from lennox.gate.statement import is_sha256

_CHANNEL = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
MAX_CHARACTERS = 1000  # of a title, a body, a reason
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class PassedPolicy:
    """A policy, and the audit that passed under it.

    body : who ratified the policy
    policy_sha256, ratification_sha256, audit_sha256 : of the files under release/<policy>/
    attempt : how many times the data had been audited, this time included
    look : how many of those were not repeats of one before; 0 in a release of a version that did not say
    data, data_sha256 : what was audited
    """

    policy: str
    version: str
    title: str
    body: str
    policy_sha256: str
    ratification_sha256: str
    audit_sha256: str
    audit_started: datetime.datetime
    attempt: int
    data: str
    data_sha256: str
    look: int = 0

    def __post_init__(self) -> None:
        _refuse_unless(_CHANNEL.fullmatch(self.policy), "a policy's id")
        digests = (self.policy_sha256, self.ratification_sha256, self.audit_sha256, self.data_sha256)
        _refuse_unless(all(map(is_sha256, digests)), "its digests")
        _refuse_unless(type(self.attempt) is int and self.attempt >= 1, "the attempt")
        _refuse_unless(type(self.look) is int and self.look >= 0, "the look")
        _refuse_unless(_are_texts(self.version, self.title, self.body, self.data), "its texts")

    @property
    def folder(self) -> str:
        """Where the policy's files lie in the model's folder."""
        return f"release/{self.policy}"

    def attempts(self) -> str:
        """How often the data were audited, as far as can be known, in words."""
        known = "the first audit" if self.attempt == 1 else f"audit number {self.attempt}"
        new = f" (look {self.look}: repeats do not count)" if self.attempt > 1 and self.look else ""
        return f"{known} of these data that the auditor's log knows{new}; audits elsewhere cannot be known"

    def expected(self) -> dict[str, str]:
        """The three files that stand for this policy, with their digests."""
        return {
            f"{self.folder}/policy.toml": self.policy_sha256,
            f"{self.folder}/ratification.jsonl": self.ratification_sha256,
            f"{self.folder}/audit.json": self.audit_sha256,
        }


@dataclass(frozen=True, slots=True)
class Release:
    """The release of a model for a channel.

    point, threshold : the operating point that was audited; the threshold as text with six decimals
    maker : who made the model, as its card says; empty if it does not
    expires : the last day on which it counts
    """

    channel: str
    model: str
    version: str
    maker: str
    point: str
    threshold: str
    passed: tuple[PassedPolicy, ...]
    tools: Mapping[str, str]
    issued: datetime.datetime
    expires: datetime.date

    def __post_init__(self) -> None:
        _refuse_unless(is_channel(self.channel), "the channel")
        _refuse_unless(self.passed and len({one.policy for one in self.passed}) == len(self.passed), "its policies")
        _refuse_unless(re.fullmatch(r"[01]\.\d{6}", self.threshold), "the threshold")
        _refuse_unless(_are_texts(self.model, self.version, self.point, *self.tools.values()), "its texts")
        _refuse_unless(self.maker == "" or _are_texts(self.maker), "its maker")

    def predicate(self) -> dict[str, Any]:
        """The form that is signed."""
        return {
            "channel": self.channel,
            "model": {"name": self.model, "version": self.version, "maker": self.maker},
            "operating_point": {"name": self.point, "threshold": self.threshold},
            "verdict": "PASS",
            "policies": [
                {
                    "policy": {
                        "id": one.policy,
                        "version": one.version,
                        "title": one.title,
                        "ratified_by": one.body,
                        "sha256": one.policy_sha256,
                        "ratification_sha256": one.ratification_sha256,
                    },
                    "audit": {
                        "sha256": one.audit_sha256,
                        "started": time_text(one.audit_started),
                        "attempt": one.attempt,
                        **({"look": one.look} if one.look else {}),
                        "verdict": "PASS",
                    },
                    "data": {"name": one.data, "sha256": one.data_sha256},
                }
                for one in self.passed
            ],
            "tools": dict(self.tools),
            "issued": time_text(self.issued),
            "expires": self.expires.isoformat(),
        }

    @classmethod
    def from_predicate(cls, predicate: Mapping[str, Any]) -> Release:
        """Read what `predicate` gives. Raises ModelError."""

        def read(model: Mapping[str, Any], point: Mapping[str, Any]) -> Release:
            return cls(
                channel=predicate["channel"],
                model=model["name"],
                version=model["version"],
                maker=model["maker"],
                point=point["name"],
                threshold=point["threshold"],
                passed=tuple(_passed(entry) for entry in predicate["policies"]),
                tools=predicate["tools"],
                issued=read_time(predicate["issued"]),
                expires=datetime.date.fromisoformat(predicate["expires"]),
            )

        return _same(lambda: read(predicate["model"], predicate["operating_point"]), predicate, "release")

    def summary(self, ratifiers: Mapping[str, str] | None = None) -> str:
        """The release in one line: channel, policies and who ratified them, operating point, last day.

        ratifiers : by policy, whose keys ratified it; who the policy's own text says it was is not evidence
        """
        by = {policy: f", ratified by {names}" for policy, names in (ratifiers or {}).items()}
        under = " and ".join(
            f"policy {one.policy} {one.version} ({one.policy_sha256[:12]}) of {one.body}{by.get(one.policy, '')}"
            for one in self.passed
        )
        return one_line(
            f"released for {self.channel} under {under}; audited at operating point "
            f"{self.point} ({float(self.threshold):.3g}), valid to {self.expires}"
        )


@dataclass(frozen=True, slots=True)
class Ratification:
    """Somebody who may adopt policies has adopted one."""

    policy: str
    version: str
    sha256: str
    body: str
    signed: datetime.datetime

    def __post_init__(self) -> None:
        _refuse_unless(_are_texts(self.policy, self.version, self.body) and is_sha256(self.sha256), "its texts")

    def predicate(self) -> dict[str, Any]:
        """The form that is signed."""
        return {
            "policy": {"id": self.policy, "version": self.version, "sha256": self.sha256},
            "ratified_by": self.body,
            "signed": time_text(self.signed),
        }

    @classmethod
    def from_predicate(cls, predicate: Mapping[str, Any]) -> Ratification:
        """Read what `predicate` gives. Raises ModelError."""

        def read(policy: Mapping[str, Any]) -> Ratification:
            body, signed = predicate["ratified_by"], read_time(predicate["signed"])
            return cls(policy["id"], policy["version"], policy["sha256"], body, signed)

        return _same(lambda: read(predicate["policy"]), predicate, "ratification")


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A community takes back a policy, up to a version, or the story that was told with a requirement of it.

    version, story : one of them is given, the other empty
    """

    policy: str
    version: str
    story: str
    why: str
    signed: datetime.datetime

    def __post_init__(self) -> None:
        _refuse_unless(is_channel(self.policy) and _are_texts(self.version or self.story, self.why), "its texts")
        _refuse_unless(bool(self.version) != bool(self.story), "a version and a story")

    def predicate(self) -> dict[str, Any]:
        """The form that is signed."""
        policy = {"id": self.policy, "version": self.version, "story": self.story}
        return {"policy": policy, "why": self.why, "signed": time_text(self.signed)}

    @classmethod
    def from_predicate(cls, predicate: Mapping[str, Any]) -> Withdrawal:
        """Read what `predicate` gives. Raises ModelError."""

        def read(policy: Mapping[str, Any]) -> Withdrawal:
            why, signed = predicate["why"], read_time(predicate["signed"])
            return cls(policy["id"], policy["version"], policy["story"], why, signed)

        return _same(lambda: read(predicate["policy"]), predicate, "withdrawal")


@dataclass(frozen=True, slots=True)
class Revocation:
    """A release that was taken back. release_sha256 : of the statement in its release.json, without signatures

    channel : of the release; who may release for another one does not revoke it
    """

    release_sha256: str
    channel: str
    why: str
    signed: datetime.datetime

    def __post_init__(self) -> None:
        texts = _are_texts(self.why) and is_sha256(self.release_sha256) and is_channel(self.channel)
        _refuse_unless(texts, "its texts")

    def predicate(self) -> dict[str, Any]:
        """The form that is signed."""
        release = {"release_sha256": self.release_sha256, "channel": self.channel}
        return {**release, "why": self.why, "signed": time_text(self.signed)}

    @classmethod
    def from_predicate(cls, predicate: Mapping[str, Any]) -> Revocation:
        """Read what `predicate` gives. Raises ModelError."""

        def read() -> Revocation:
            release, channel = predicate["release_sha256"], predicate["channel"]
            return cls(release, channel, predicate["why"], read_time(predicate["signed"]))

        return _same(read, predicate, "revocation")


class _Predicate(Protocol):
    def predicate(self) -> dict[str, Any]: ...


_P = TypeVar("_P", bound=_Predicate)


def _same(read: Callable[[], _P], predicate: Mapping[str, Any], kind: str) -> _P:
    """What was read, if it would be written as it was. Raises ModelError: a field too few, too many or impossible."""
    try:
        found = read()
        if found.predicate() != predicate:
            raise ValueError("more or other fields")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"it is not a {kind} that this version of lennox understands") from error
    return found


def is_channel(name: object) -> bool:
    """Whether this can be a channel's name, such as workshop or clinic."""
    return isinstance(name, str) and _CHANNEL.fullmatch(name) is not None


def threshold_text(threshold: float) -> str:
    """A threshold as statements write it."""
    return f"{threshold:.6f}"


def now() -> datetime.datetime:
    """This moment, UTC."""
    return datetime.datetime.now(datetime.UTC)


def local_now() -> datetime.datetime:
    """This moment in the zone of this computer; UTC where TZ names an offset that there cannot be."""
    try:
        return now().astimezone()
    except (ValueError, OverflowError, OSError):
        return now()


def time_text(time: datetime.datetime) -> str:
    """A moment as statements and the log write it, to the microsecond, UTC."""
    return time.astimezone(datetime.UTC).strftime(_TIME)


def read_time(text: str) -> datetime.datetime:
    """Read what `time_text` gives. Raises ValueError or TypeError."""
    time = datetime.datetime.fromisoformat(text[:-1]).replace(tzinfo=datetime.UTC)  # `strptime` would take 4 ms
    if time_text(time) != text:
        raise ValueError(f"'{text}' is not a time such as 2026-12-01T09:30:00.000000Z")
    return time


def _passed(entry: Mapping[str, Any]) -> PassedPolicy:
    policy, audit, data = entry["policy"], entry["audit"], entry["data"]
    return PassedPolicy(
        policy=policy["id"],
        version=policy["version"],
        title=policy["title"],
        body=policy["ratified_by"],
        policy_sha256=policy["sha256"],
        ratification_sha256=policy["ratification_sha256"],
        audit_sha256=audit["sha256"],
        audit_started=read_time(audit["started"]),
        attempt=audit["attempt"],
        data=data["name"],
        data_sha256=data["sha256"],
        look=audit.get("look", 0),
    )


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) and 0 < len(value) <= MAX_CHARACTERS for value in values) and all(
        has_visible_text(one_line(str(value))) for value in values
    )


def _refuse_unless(holds: object, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} cannot be")
