"""Loading a model that no release vouches for: who, why, until; in the log, and stamped on every output.

The policies under which a model was released may forbid it, shorten it, and add words to the stamp (`[on_override]`);
so may the trust of this computer, for a whole channel. What cannot be read, or is not what was signed, forbids it: a
folder that was edited is never easier to load than an honest one.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from lennox import toml
from lennox.errors import InputError, has_visible_text, one_line
from lennox.gate.predicates import local_now, now

MAX_DAYS = 30
MAX_CHARACTERS = 200
REMEDY = (
    f"To load it all the same, for {MAX_DAYS} days at most and with a stamp on every output: "
    'load_model(..., allow_unreleased=Override(who="...", why="...", until=datetime.date(...)))'
)


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody answers for using a model that is not released. until : the last day on which it counts

    Raises InputError for a field without a letter or digit, one that is too long or no line of text, and for a day
    too far away.
    """

    who: str
    why: str
    until: datetime.date

    def __post_init__(self) -> None:
        for name, text in (("who", self.who), ("why", self.why)):
            if not has_visible_text(text) or len(text) > MAX_CHARACTERS:
                raise InputError(
                    f"{name} is '{one_line(text)[:MAX_CHARACTERS]}'; an override needs one line for it, with a letter "
                    f"or a digit and of {MAX_CHARACTERS} characters at most."
                )
        if type(self.until) is not datetime.date:
            raise InputError("an override ends on a date, such as datetime.date(2026, 12, 1).")
        if self.until > now().date() + datetime.timedelta(days=MAX_DAYS):
            raise InputError(f"an override ends on {self.until}; {MAX_DAYS} days from today is the longest.")

    @property
    def over(self) -> bool:
        """Whether its last day has passed, here and in UTC: whoever says "today" must not be refused."""
        return min(now().date(), local_now().date()) > self.until

    def stamp(self, terms: Iterable[OverrideTerms] = ()) -> str:
        """What every output says: never to be taken for a release. terms : of policies, whose words come first"""
        marks = "".join(f"{one.watermark}; " for one in terms if one.watermark)
        return f"unreleased: {marks}loaded by {self.who} until {self.until}, because: {self.why}"

    def problems(self, terms: Iterable[OverrideTerms] = ()) -> list[str]:
        """Why it does not let the model in today, a sentence each. terms : of the policies that count"""
        found = [f"the override ended on {self.until}."] if self.over else []
        for one in terms:
            if not one.allowed:
                found.append(f"{one.source} allows no override.")
            elif self.until > now().date() + datetime.timedelta(days=one.max_days):
                found.append(f"{one.source} allows an override for {one.max_days} days at most.")
        return found


@dataclass(frozen=True, slots=True)
class OverrideTerms:
    """What a policy, or the trust of this computer, says of overrides.

    source : who says so, such as "the policy clinic"; watermark : its words for the stamp
    """

    source: str
    allowed: bool
    max_days: int = 0
    watermark: str = ""

    @classmethod
    def of_policy(cls, policy: bytes, name: str) -> OverrideTerms:
        """Read a policy's `[on_override]`; one that says nothing, or cannot be read, allows none."""
        source = f"the policy {one_line(name)}"
        try:
            table = toml.loads(policy.decode("utf-8"))["on_override"]
            days, watermark = table["max_days"], one_line(table.get("watermark", ""))[:MAX_CHARACTERS]
            return cls(source, table["allow"] is True and type(days) is int, days, watermark)
        except (ValueError, LookupError, TypeError, AttributeError):
            return cls(source, False)
