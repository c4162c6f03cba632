"""How soon a clinic wants to see whom: its own rules, read from a small TOML file, the first that holds counts.

    [[urgency]]
    name = "this week"
    min_places = 3          # accepted places of the patient

    [[urgency]]
    name = "film again"
    min_not_assessed = 1    # films without a result

lennox brings no such rules: how urgent a place is, a film does not say.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from lennox import toml
from lennox.errors import InputError, one_line

NO_RULE = "no rule applies"
MAX_RULES, MAX_NAME = 20, 60


@dataclass(frozen=True, slots=True)
class PatientCounts:
    """What there is of a patient, added up over films.

    films : how many; not_assessed : of them, without a result; unread : about which nobody decided anything
    places : accepted or drawn; open_marks : of the model, about which nobody decided
    """

    films: int
    not_assessed: int
    unread: int
    places: int
    open_marks: int


@dataclass(frozen=True, slots=True)
class Urgency:
    """A rule: a name, and the least counts that it takes, all of them."""

    name: str
    min_places: int = 0
    min_open_marks: int = 0
    min_not_assessed: int = 0
    min_unread: int = 0

    def applies(self, counts: PatientCounts) -> bool:
        """Whether every count is reached."""
        return (
            counts.places >= self.min_places
            and counts.open_marks >= self.min_open_marks
            and counts.not_assessed >= self.min_not_assessed
            and counts.unread >= self.min_unread
        )


CONDITIONS = tuple(field.name for field in fields(Urgency))[1:]


def read_urgencies(path: Path) -> tuple[Urgency, ...]:
    """The rules of a file, in its order. Raises InputError, naming the rule, for anything else than such rules."""
    try:
        document = toml.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is no TOML that can be read: {one_line(str(error))}.") from error
    rules = document.get("urgency")
    if set(document) != {"urgency"} or not isinstance(rules, list) or not 1 <= len(rules) <= MAX_RULES:
        raise InputError(f"{path.name} must hold 1 to {MAX_RULES} rules, each under [[urgency]], and nothing else.")
    found = [_rule(entry, f"{path.name}, rule {number}") for number, entry in enumerate(rules, 1)]
    names = [rule.name for rule in found]
    if len(set(names)) != len(names) or NO_RULE in names:
        raise InputError(f"{path.name}: each rule needs a name of its own, and none is called '{NO_RULE}'.")
    return tuple(found)


def _rule(entry: object, where: str) -> Urgency:
    if not isinstance(entry, dict):
        raise InputError(f"{where} is not a table with a name and conditions.")
    unknown = set(entry) - {"name", *CONDITIONS}
    if unknown:
        raise InputError(f"{where}: there is no '{min(unknown):.40}'; a rule has a name and {', '.join(CONDITIONS)}.")
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise InputError(f"{where}: give it a name of 1 to {MAX_NAME} characters.")
    numbers = {key: entry[key] for key in CONDITIONS if key in entry}
    if not numbers:
        raise InputError(f"{where} ('{name}') has no condition; give one of {', '.join(CONDITIONS)}.")
    for key, value in numbers.items():
        if type(value) is not int or value < 1:
            raise InputError(f"{where}: {key} must be a whole number from 1 on, not {str(value)!r:.40}.")
    return Urgency(name.strip(), **numbers)
