"""Loading a model that no release vouches for: who, why, until when; in the log, and stamped on every output."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from lennox.claims import now
from lennox.errors import InputError

MOST_DAYS = 30
LONGEST = 200  # letters
WAY_OUT = (
    f"To load it all the same, for {MOST_DAYS} days at most and with a stamp on every output: from Python "
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
            if not isinstance(text, str) or not text.strip() or len(text) > LONGEST or not text.isprintable():
                raise InputError(f"an override says {name}, in one line of {LONGEST} letters at most.")
        if type(self.until) is not datetime.date:
            raise InputError("an override ends on a date, such as datetime.date(2026, 12, 1).")
        if self.until > now().date() + datetime.timedelta(days=MOST_DAYS):
            raise InputError(f"an override ends on {self.until}; {MOST_DAYS} days from today is the longest.")

    @property
    def over(self) -> bool:
        """Whether its last day has passed, here and in UTC: whoever says "today" must not be refused."""
        return min(now().date(), now().astimezone().date()) > self.until

    def words(self) -> str:
        """The stamp: never to be taken for a release."""
        return f"unreleased: loaded by {self.who} until {self.until}, because: {self.why}"
