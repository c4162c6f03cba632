"""From a desk's decisions to a table for an audit: one row a film, of patients who agreed, and coarse groups only.

The label is what a person decided on the whole film, the score the model's highest candidate. A film whose reader saw
the model's marks before deciding is marked as such (`marks_shown`): its label is not independent of the model.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lennox.desk.decided_films import DecidedFilm, decided_films
from lennox.desk.desk import Desk, patient_of
from lennox.desk.outputs import unfit
from lennox.errors import InputError
from lennox.policy.policy import Policy
from lennox.report.spreadsheet import csv_line

COLUMNS = ("label", "score", "threshold", "operating_point", "model_sha256", "marks_shown", "consent")


@dataclass(frozen=True, slots=True)
class Collected:
    """lines : of the CSV, header first; films : in it; left_out : why others are not"""

    lines: tuple[str, ...]
    films: int
    left_out: Counter[str]


def collect(desk: Desk, policy: Policy, key: bytes) -> Collected:
    """The films of patients who agreed. key : of the clinic, with which patients are hashed

    Raises InputError where the policy judges other units than images, or no film can be used.
    """
    if policy.scope.unit != "image":
        raise InputError(
            f"the policy judges each {policy.scope.unit}, and a desk decides on films; take a policy whose scope.unit "
            "is image."
        )
    left_out: Counter[str] = Counter()
    rows = list(_rows(desk, policy, key, left_out))
    if not rows:
        why = "; ".join(f"{number} {reason}" for reason, number in left_out.items()) or "it has none"
        raise InputError(f"no film of this folder can be evidence: {why}.")
    names = (policy.scope.cluster, *(feature.name for feature in policy.features), *COLUMNS)
    return Collected((csv_line(names), *(csv_line(row) for row in sorted(rows))), len(rows), left_out)


def _rows(desk: Desk, policy: Policy, key: bytes, left_out: Counter[str]) -> Iterator[tuple[str, ...]]:
    for film in decided_films(desk):
        consent = desk.patients.get(patient_of(film.name, film.state))
        why = unfit(film)
        if consent is None or not consent.details["consent"]:
            left_out["of patients who did not agree, or were not asked"] += 1
        elif why:
            left_out[why] += 1
        elif film.is_by_eye:
            left_out["read by eye, without a model"] += 1
        else:
            yield _row(film, policy, key)


def _row(film: DecidedFilm, policy: Policy, key: bytes) -> tuple[str, ...]:
    read = film.state.read
    assert read is not None  # what is fit was read
    point, model = read.details["operating_point"], read.details["model"]
    is_ill = any(mark.verdict != "reject" for mark in film.marks)
    scores = [finding.probability for finding in film.examination.findings]
    score = f"{max(scores, default=0.0):.6f}" if film.examination.status == "assessed" else ""
    groups = [film.features.get(feature.name, "") for feature in policy.features]
    for feature, group in zip(policy.features, groups, strict=True):
        if group and group not in feature.groups:
            raise InputError(f"'{group:.40}' is no group of '{feature.name}'; note it again at the desk.")
    said = (f"{float(point['threshold']):.6f}", str(point["name"]), str(model["sha256"]))
    shown = "yes" if film.state.was_shown else "no"
    return hashed(patient_of(film.name, film.state), key), *groups, str(int(is_ill)), score, *said, shown, "yes"


def hashed(patient: str, key: bytes) -> str:
    """A patient under the clinic's key (HMAC-SHA-256): the same in every folder, and nothing without the key."""
    return hmac.digest(key, patient.strip().encode("utf-8", "surrogatepass"), "sha256").hex()[:32]
