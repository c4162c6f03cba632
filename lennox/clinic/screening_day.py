"""The sum of a day: how many films and patients, what was decided, and who is to be seen how soon.

Counts and a list, no rate of disease: marks of a model are no examination, and the number of decayed, missing and
filled teeth (DMFT) cannot be had from films on which a model marks suspected caries alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lennox.clinic.reviewed_films import ReviewedFilm
from lennox.clinic.urgency import NO_RULE, PatientCounts, Urgency
from lennox.report import words
from lennox.report.charts import bars
from lennox.report.pages import render
from lennox.report.spreadsheet import csv_line
from lennox.report.wording import ENGLISH, Wording

COLUMNS = (
    "urgency", "patient", "films", "not_assessed", "nothing_decided", "accepted_places", "marks_without_decision",
    "films_with_accepted_places",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Referral:
    """A patient with the rule that applies, and the films to look at."""

    urgency: str
    patient: str
    counts: PatientCounts
    films: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScreeningDay:
    """films, referrals : of the day, the second in the order of the rules, then of the number of places"""

    films: tuple[ReviewedFilm, ...]
    referrals: tuple[Referral, ...]
    urgencies: tuple[Urgency, ...]


def summarise(films: Sequence[ReviewedFilm], urgencies: Sequence[Urgency] = ()) -> ScreeningDay:
    """Add up a day, patient by patient. urgencies : the clinic's rules, of which the first that applies counts"""
    by_patient: dict[str, list[ReviewedFilm]] = {}
    for film in films:
        by_patient.setdefault(film.patient, []).append(film)
    order = [*(rule.name for rule in urgencies), NO_RULE]
    referrals = [_referral(patient, of, urgencies) for patient, of in by_patient.items()]
    referrals.sort(key=lambda one: (order.index(one.urgency), -one.counts.places, -one.counts.open_marks, one.patient))
    return ScreeningDay(tuple(films), tuple(referrals), tuple(urgencies))


def day_page(day: ScreeningDay, say: Wording = ENGLISH) -> str:
    """The day as a page that needs nothing else."""
    groups = Counter(words.group_of(film.examination) for film in day.films)
    places = [place for film in day.films for place in film.accepted]
    decided = [
        (say("accepted"), sum(not place.by_hand for place in places)),
        (say("rejected"), sum(film.rejected for film in day.films)),
        (say("not decided"), sum(film.open_marks for film in day.films)),
        (say("drawn by hand"), sum(place.by_hand for place in places)),
    ]
    said = [
        (say("a suspected lesion"), groups["suspected"]),
        (say("none at the operating point"), groups["none"]),
        (say("no result"), groups["refused"]),
    ]
    plots = [
        bars(said, title=say("Films by what the model said")),
        bars(decided, title=say("Marks by what people decided")),
    ]
    if day.urgencies:
        urgent = Counter(one.urgency for one in day.referrals)
        plots.append(bars([(rule.name, urgent[rule.name]) for rule in day.urgencies], title=say("Patients by urgency")))
    refused = [film for film in day.films if film.examination.status != "assessed"]
    first = day.films[0].examination
    return render(
        "summary.html",
        model=first.model,
        unreleased=words.is_unreleased(first.model.release),
        notice=words.notice(first.model.release, say),
        say=say,
        language=say.language,
        direction=say.direction,
        patients=len(day.referrals),
        films=len(day.films),
        unread=sum(not film.is_reviewed for film in day.films),
        models=len({film.examination.model for film in day.films}),
        plots=plots,
        rules=[(rule.name, _conditions(rule, say)) for rule in day.urgencies],
        rows=[_cells(one, say) for one in day.referrals],
        refused=[(film.name, " ".join(film.examination.reasons)) for film in refused],
    )


def day_lines(day: ScreeningDay) -> Iterator[str]:
    """The list as lines of a table, a patient each, header first."""
    yield csv_line(COLUMNS)
    for one in day.referrals:
        yield csv_line(_cells(one))


def _referral(patient: str, films: Sequence[ReviewedFilm], urgencies: Sequence[Urgency]) -> Referral:
    counts = PatientCounts(
        films=len(films),
        not_assessed=sum(film.examination.status != "assessed" for film in films),
        unread=sum(not film.is_reviewed for film in films),
        places=sum(len(film.accepted) for film in films),
        open_marks=sum(film.open_marks for film in films),
    )
    urgency = next((rule.name for rule in urgencies if rule.applies(counts)), NO_RULE)
    return Referral(urgency, patient, counts, tuple(film.name for film in films if film.accepted))


def _cells(one: Referral, say: Wording = ENGLISH) -> tuple[str | int, ...]:
    counts = one.counts
    numbers = (counts.films, counts.not_assessed, counts.unread, counts.places, counts.open_marks)
    return say.name(one.urgency) if one.urgency == NO_RULE else one.urgency, one.patient, *numbers, " ".join(one.films)


def _conditions(rule: Urgency, say: Wording) -> str:
    named = {
        "min_places": say("accepted places"), "min_open_marks": say("marks without a decision"),
        "min_not_assessed": say("films without a result"), "min_unread": say("films about which nothing was decided"),
    }  # fmt: skip
    return ", ".join(
        say("at least {n} {what}", n=value, what=text) for name, text in named.items() if (value := getattr(rule, name))
    )
