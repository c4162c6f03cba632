"""What a table of evidence lacks before it can answer: rows, groups, and how many more patients would decide each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lennox.audit.audit_table import AuditTable
from lennox.audit.judge import Judgement, Verdict, cell_text, judge
from lennox.audit.measure import audit
from lennox.policy.policy import Policy

MAX_SHOWN = 20  # groups of one requirement


def lacking_rows(table: AuditTable, policy: Policy) -> Iterator[str]:
    """What rows lack, a line each: labels, answers, groups."""
    rows = len(table)
    for count, what in (
        (int((table.label < 0).sum()), "have no label"),
        (
            int((~np.isfinite(table.score)).sum()),
            "have no score: the model could not read them, which counts against it",
        ),
    ):
        if count:
            yield f"{count} of {rows} rows {what}"
    for feature in policy.gated_features():
        silent = table.group[feature.name] == len(feature.groups)
        if silent.any():
            people, rows_of = len(np.unique(table.patient[silent])), int(silent.sum())
            said = f"patients are '{policy.unknown.name}' in {rows_of} rows"
            yield f"{feature.name}: {people} of {table.patients} {said}"


def open_groups(table: AuditTable, policy: Policy) -> tuple[Judgement, list[str]]:
    """The judgement on what is there so far, and a line for each group that is still open."""
    judgement = judge(audit(table, policy), policy)
    lines = []
    for requirement in policy.requirements:
        rows = [
            row
            for row in judgement.rows
            if row.requirement.id == requirement.id and row.measurement.gated and row.verdict is Verdict.INSUFFICIENT
        ]
        rows.sort(key=lambda row: -(row.needs_more_patients or 1 << 30))
        for row in rows[:MAX_SHOWN]:
            more = row.needs_more_patients
            wanted = (
                f"about {more} more patients would decide it" if more else "no number of patients is known to decide it"
            )
            lines.append(f"{requirement.id}: {cell_text(row.measurement)}: {row.reason}; {wanted}")
        if len(rows) > MAX_SHOWN:
            lines.append(f"{requirement.id}: {len(rows) - MAX_SHOWN} more")
    return judgement, lines
