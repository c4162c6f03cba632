"""The page on which a group writes its policy: one file, without a network, in one language."""

from __future__ import annotations

import json

from lennox.audit.workshop import CONFIDENCE, MIN_PATIENTS, MIN_UNITS, WorkshopTable
from lennox.report.pages import render
from lennox.report.wording import WORKSHOP, Wording


def workshop_page(table: WorkshopTable, say: Wording) -> str:
    """The page. Its script computes chances from `table` and writes policy.toml."""
    plan = {"limits": table.limits, "sizes": table.sizes, "least": table.least}
    evidence = {"confidence": CONFIDENCE, "min_patients": MIN_PATIENTS, "min_units": MIN_UNITS}
    return render(
        "workshop.html",
        scripts=("workshop.js",),
        language=say.language,
        direction=say.direction,
        say=say,
        plan=json.dumps(plan),
        evidence=json.dumps(evidence),
        languages=WORKSHOP.languages(),
    )
