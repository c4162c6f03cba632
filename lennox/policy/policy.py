"""A community's equity policy: what a model must show, about whom, before it may be used.

The file is TOML, `lennox-equity-policy/1`; `docs/community/policies.md` explains every key. A `Policy` that exists is
valid: it came through the rules of `reading.py` and `rules.py`, or it was refused with every reason at once.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lennox.policy.metrics import Criterion, Direction, MetricName

FORMAT = "lennox-equity-policy/1"
Unit = Literal["tooth", "surface", "lesion", "image", "patient"]
Source = Literal["record", "self-report", "derived"]
Mode = Literal["gate", "gate-if-enough", "report"]
Interval = Literal["cluster", "cluster-bootstrap"]
Method = Literal["vote", "consensus", "delegated"]
OnInsufficient = Literal["refuse", "limited"]
OnAlarm = Literal["suspend", "notify"]
Role = Literal[
    "label",
    "score",
    "cluster",
    "threshold",
    "unit",
    "modality",
    "split",
    "lesions",
    "lesions_found",
    "false_positives",
    "dice",
]  # of a column of a table, beside the features


@dataclass(frozen=True, slots=True)
class Story:
    """Why somebody asked for a limit, in their own words, kept only with their consent."""

    teller: str
    consent: str
    words: str
    recorded: datetime.date | None = None
    audio: str | None = None
    audio_sha256: str | None = None
    withdrawn: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One limit.

    low, high : the limit; low is None for "at-most", high is None for "at-least"
    over : features whose groups it protects
    plain : the limit as a sentence, in the policy's language; `plain_in` has it in others
    """

    id: str
    metric: MetricName
    criterion: Criterion
    direction: Direction
    low: float | None
    high: float | None
    over: tuple[str, ...]
    plain: str
    plain_in: Mapping[str, str] = field(default_factory=dict)
    story: Story | None = None

    @property
    def is_gap(self) -> bool:
        """Whether groups are compared with each other or with everybody, and not each with the limit."""
        return self.criterion != "worst-group"

    @property
    def limit(self) -> float | tuple[float, float]:
        """The limit as the policy wrote it: one number, or (low, high)."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        one = self.low if self.low is not None else self.high
        assert one is not None  # by construction: the rules refuse a requirement without a limit
        return one

    def sentence(self, language: str) -> str:
        """The limit in plain words, in `language` where the policy has it, else in the policy's own."""
        return self.plain_in.get(language, self.plain)


@dataclass(frozen=True, slots=True)
class Feature:
    """A property by which people or films are grouped; groups are declared here, never read from the data.

    name_in : language -> the name as people read it; groups_in : language -> the groups' names, in their order
    fixed : a person has one value only, so two are an error
    level : "lesion" where it describes lesions and not films or people, else None
    """

    name: str
    source: Source
    groups: tuple[str, ...]
    why: str = ""
    instrument: str = ""
    consent: str = ""
    fixed: bool = False
    level: Literal["lesion"] | None = None
    name_in: Mapping[str, str] = field(default_factory=dict)
    groups_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intersection:
    """Features to be crossed. max_let_go_share : people in cells that `gate-if-enough` exempts, of all people."""

    features: tuple[str, ...]
    mode: Mode
    max_let_go_share: float = 0.5


@dataclass(frozen=True, slots=True)
class RatificationRules:
    """Who adopted the policy, when and how, and when it lapses."""

    body: str
    date: datetime.date
    method: Method
    next_review: datetime.date
    votes: Mapping[str, int] = field(default_factory=dict)
    seats: tuple[tuple[str, int], ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    signatures_required: int = 0
    minutes: str | None = None
    minutes_sha256: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is audited. columns : role or feature -> column of the table, where their names differ."""

    unit: Unit
    cluster: str
    task: str = ""
    modality: tuple[str, ...] = ()
    label: str = ""
    threshold_source: str = ""
    threshold: float | None = None
    matching: str = "centre-in-outline"
    population: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MinimumEvidence:
    """How much evidence is asked for, and how bounds are drawn. confidence : one-sided, for each limit."""

    confidence: float
    interval: Interval
    min_patients: int
    min_cases: int
    min_controls: int
    resamples: int = 2000
    seed: int = 20260914
    max_missing_labels: float = 0.05

    @property
    def alpha(self) -> float:
        """Chance of error on the side that matters, one minus the confidence."""
        return round(1.0 - self.confidence, 12)


@dataclass(frozen=True, slots=True)
class Unknown:
    """What people who did not say are called. written_as : other spellings of it in the data; name_in : by language."""

    name: str
    max_share: float = 0.30
    written_as: tuple[str, ...] = ()
    name_in: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a verdict does, and how a released model is watched."""

    on_insufficient: OnInsufficient = "refuse"
    notify: tuple[str, ...] = ()
    override_allowed: bool = False
    override_max_days: int = 0
    watermark: str = ""
    monitor_every_days: int | None = None
    monitor_features: tuple[str, ...] = ()
    on_alarm: OnAlarm = "suspend"


@dataclass(frozen=True, slots=True)
class Policy:
    """A valid policy. digest : SHA-256 (lower-case hex) of the file's bytes."""

    id: str
    version: str
    title: str
    language: str
    ratification: RatificationRules
    scope: Scope
    evidence: MinimumEvidence
    unknown: Unknown
    features: tuple[Feature, ...]
    intersections: tuple[Intersection, ...]
    requirements: tuple[Requirement, ...]
    consequences: Consequences
    digest: str
    file: str
    supersedes: str | None = None
    title_in: Mapping[str, str] = field(default_factory=dict)

    def feature(self, name: str) -> Feature:
        """The declared feature called `name`. Raises KeyError."""
        for feature in self.features:
            if feature.name == name:
                return feature
        raise KeyError(name)

    def requirement(self, identity: str) -> Requirement:
        """The requirement called `identity`. Raises KeyError."""
        for requirement in self.requirements:
            if requirement.id == identity:
                return requirement
        raise KeyError(identity)

    def gated_features(self) -> tuple[Feature, ...]:
        """Features that some requirement protects, in the policy's order."""
        wanted = {name for requirement in self.requirements for name in requirement.over}
        return tuple(feature for feature in self.features if feature.name in wanted)
