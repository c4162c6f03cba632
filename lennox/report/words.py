"""The sentences that people read, written once: careful words, the same in every format."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from lennox.errors import JOINERS
from lennox.report.wording import ENGLISH, Wording

if TYPE_CHECKING:
    from lennox.inference.examination import Examination, SourceFile
    from lennox.inference.findings import Finding

UNRELEASED = "unreleased"
RESTORATION = 0.5  # probability of a filling or crown at a mark from which it is said
NEAR_EDGE = 0.02  # of the image's longer side: a mark as near to an edge may be of something that is cut off

NO_LESION = "No lesion suspected at this operating point"
NOTICE = (
    "Suspected findings, for a clinician to confirm or reject; not a diagnosis. "
    f"'{NO_LESION}' does not mean that there is no caries."
)
UNRELEASED_NOTICE = (
    "The model is unreleased: no release that counts here vouches for it, so it must not decide about a patient."
)
UNRELEASED_STAMP = "UNRELEASED MODEL"


def notice(release: str, say: Wording = ENGLISH) -> str:
    """What every record and page says beside the result."""
    return f"{say(NOTICE)} {say(UNRELEASED_NOTICE)}" if is_unreleased(release) else say(NOTICE)


def is_unreleased(release: str) -> bool:
    """Whether nobody's release vouches for the model; an override says who loads it, and is no release."""
    return release.startswith(UNRELEASED)


def stamp(release: str) -> str:
    """What stands across an overlay and a page of an unreleased model: that, and by whose override it was loaded."""
    said = release.removeprefix(UNRELEASED).lstrip(": ")
    return f"{UNRELEASED_STAMP}: {said}" if said else UNRELEASED_STAMP


def as_text(name: str) -> str:
    """A file name as text that any encoder takes: bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def readable(name: str) -> str:
    """A file name as one visible line: breaks, terminal codes and direction marks become U+FFFD, any space a space."""
    return (
        name if name.isprintable() and name.isascii() else "".join(_visible(character) for character in as_text(name))
    )


def _visible(character: str) -> str:
    if character.isprintable() or character in JOINERS:
        return character
    return " " if unicodedata.category(character) == "Zs" else "\ufffd"


def count_of(number: int, noun: str) -> str:
    """'1 film', '2 films'."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def result(examination: Examination, say: Wording = ENGLISH) -> str:
    """The answer in one short sentence; the three statuses never look alike."""
    if examination.status == "not assessable":
        return say("Not assessable")
    if examination.status == "unreadable":
        return say("Unreadable")
    if not examination.findings:
        return say(NO_LESION)
    labels = ", ".join(say.name(label) for label in sorted({finding.label for finding in examination.findings}))
    places = len(examination.findings)
    return say.many(
        "{labels} suspected: {n} place", "{labels} suspected: {n} places", places, labels=labels.capitalize()
    )


def operating_point(examination: Examination) -> str:
    """'balanced (0.31 and above)'."""
    point = examination.operating_point
    return f"{point.name} ({point.threshold:.3g} and above)"


def doubts(finding: Finding, source: SourceFile, say: Wording = ENGLISH) -> list[str]:
    """What a mark may owe to something else than caries, a sentence each; the figures are in the record."""
    explanation = finding.explanation
    if explanation is None:
        return []
    found = []
    if explanation.restoration is not None and explanation.restoration >= RESTORATION:
        found.append(say("A filling or crown seems to lie here; its edge can look like caries."))
    if explanation.edge_distance_px <= NEAR_EDGE * max(source.rows or 1, source.columns or 1):
        found.append(say("The mark lies at the edge of the film, where teeth are cut off."))
    if explanation.turned is not None:
        low, high = (f"{value:.2f}" for value in explanation.turned)
        found.append(say("Turned and mirrored, the same film gives it {low} to {high}.", low=low, high=high))
    return found


def group_of(examination: Examination) -> str:
    """'suspected', 'none' or 'refused': the three answers that must never look alike."""
    if examination.status != "assessed":
        return "refused"
    return "suspected" if examination.findings else "none"
