"""Loading a model that no release vouches for: who, why, until when; in the log, and stamped on every output.

The policies that lie with a model may forbid it, shorten it, and add words to the stamp (`[on_override]`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from lennox import toml
from lennox.errors import InputError, one_line
from lennox.gate.predicates import now

MAX_DAYS = 30
LONGEST = 200  # letters
REMEDY = (
    f"To load it all the same, for {MAX_DAYS} days at most and with a stamp on every output: from Python "
    'load_model(..., allow_unreleased=Override(who="...", why="...", until=datetime.date(...))), on the command line '
    "--unreleased --who NAME --why REASON --until YYYY-MM-DD"
)


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody answers for using a model that is not released. until : the last day on which it counts

    Raises InputError for a field that is empty, too long or no line of text, and for a day too far away.
    """

    who: str
    why: str
    until: datetime.date

    def __post_init__(self) -> None:
        for name, text in (("who", self.who), ("why", self.why)):
            if not isinstance(text, str) or not text.strip() or len(text) > LONGEST or one_line(text) != text:
                raise InputError(f"an override says {name}, in one line of {LONGEST} letters at most.")
        if type(self.until) is not datetime.date:
            raise InputError("an override ends on a date, such as datetime.date(2026, 12, 1).")
        if self.until > now().date() + datetime.timedelta(days=MAX_DAYS):
            raise InputError(f"an override ends on {self.until}; {MAX_DAYS} days from today is the longest.")

    @property
    def over(self) -> bool:
        """Whether its last day has passed, here and in UTC: whoever says "today" must not be refused."""
        return min(now().date(), now().astimezone().date()) > self.until

    def words(self, terms: Iterable[OverrideTerms] = ()) -> str:
        """The stamp: never to be taken for a release. terms : of policies, whose own words come first"""
        said = "".join(f"{one.watermark}; " for one in terms if one.watermark)
        return f"unreleased: {said}loaded by {self.who} until {self.until}, because: {self.why}"

    def problems(self, terms: Iterable[OverrideTerms] = ()) -> list[str]:
        """Why it does not let the model in today, a sentence each. terms : of the policies that lie with the model"""
        found = [f"the override ended on {self.until}."] if self.over else []
        for one in terms:
            if not one.allowed:
                found.append(f"the policy {one.policy} allows no override.")
            elif self.until > now().date() + datetime.timedelta(days=one.most_days):
                found.append(f"the policy {one.policy} allows an override for {one.most_days} days at most.")
        return found


@dataclass(frozen=True, slots=True)
class OverrideTerms:
    """What a policy says of overrides. watermark : its words for the stamp"""

    policy: str
    allowed: bool
    most_days: int
    watermark: str


def terms_of(policy: bytes, name: str) -> OverrideTerms:
    """Read a policy's `[on_override]`; one that says nothing, or cannot be read, allows none."""
    try:
        said = toml.loads(policy.decode("utf-8"))["on_override"]
        days, watermark = said["max_days"], one_line(said.get("watermark", ""))[:LONGEST]
        return OverrideTerms(name, said["allow"] is True and type(days) is int, days, watermark)
    except (ValueError, LookupError, TypeError, AttributeError):
        return OverrideTerms(name, False, 0, "")
