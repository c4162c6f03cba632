"""A comparison of two models as one JSON document, `lennox-comparison/1`, and as a page in each language made of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lennox.audit.change import Comparison, GroupChange
from lennox.audit.report.document import audit_text
from lennox.audit.report.sheet import CATALOGUES
from lennox.audit.slices import WorstSlice
from lennox.errors import InputError
from lennox.files import atomic_write
from lennox.gate.looks import METHOD
from lennox.gate.predicates import now
from lennox.policy.metrics import METRICS
from lennox.policy.policy import Policy
from lennox.report.pages import render
from lennox.report.wording import Wording

FORMAT = "lennox-comparison/1"


def comparison_document(comparison: Comparison, slices: list[WorstSlice], policy: Policy) -> dict[str, Any]:
    """Everything about a comparison as plain values."""
    tables = {
        name: {"name": table.name, "sha256": table.digest, "threshold": table.threshold, "model": dict(table.model)}
        for name, table in (("old", comparison.old), ("new", comparison.new))
    }
    return {
        "format": FORMAT,
        "verdict": comparison.verdict.value,
        "date": now().date(),
        "max_loss": comparison.max_loss,
        "policy": {"id": policy.id, "version": policy.version, "title": policy.title, "sha256": policy.digest},
        **tables,
        "changes": [_change(change) for change in comparison.changes],
        "worst_slices": [dataclasses.asdict(one) | {"group": dict(one.group)} for one in slices],
        "method": {"version": METHOD, "confidence": policy.evidence.confidence},
    }


def write_comparison(document: Mapping[str, Any], out: Path) -> list[Path]:
    """Write comparison.json and a page in each language that lennox brings. Raises InputError for no such folder."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out.name}: cannot be a folder ({error.strerror}); name another") from error
    files = {"comparison.json": audit_text(document)}
    read = json.loads(files["comparison.json"])
    for language in CATALOGUES.languages():
        files[f"comparison.{language}.html"] = comparison_page(read, CATALOGUES.wording(language))
    for name, text in files.items():
        atomic_write(out / name, text)
    return [out / name for name in files]


def comparison_page(document: Mapping[str, Any], say: Wording) -> str:
    """The page in one language."""
    headlines = {
        "PASS": say("No group loses more than that."),
        "FAIL": say("At least one group loses more than that."),
        "INSUFFICIENT EVIDENCE": say("We cannot tell yet."),
    }
    metrics = dict.fromkeys(change["metric"] for change in document["changes"])
    return render(
        "comparison.html",
        document=document,
        language=say.language,
        title=say("What a new model takes away"),
        headline=headlines[document["verdict"]],
        asked=say(
            "The new model ({new}) may lose at most {n} of 100 in any group, against the one in use ({old}).",
            new=_name(document["new"]), old=_name(document["old"]), n=f"{100 * document['max_loss']:g}",
        ),
        note=say("Both answered on the same units, and each is compared with itself. This page opens no release."),
        pills={"PASS": say("good"), "FAIL": say("not good enough"), "INSUFFICIENT EVIDENCE": say("we cannot tell yet")},
        heads=(
            say("Group"), say("People"), say("In use"), say("New"), say("Gain"), say("Gains at least"), say("Answer"),
        ),
        tables=[
            (say.name(METRICS[one].words), [_row(row, say) for row in document["changes"] if row["metric"] == one])
            for one in metrics
        ],
        slices_head=say("Where the new model is worst"),
        slices_note=say("A search over recorded groups and pairs of them; it decides nothing."),
        slices=[_slice(one, say) for one in document["worst_slices"]],
    )  # fmt: skip


def _change(change: GroupChange) -> dict[str, Any]:
    people = change.people
    return {
        "metric": change.metric, "group": dict(change.group), "patients": people.patients, "units": people.units,
        "cases": people.n_positive, "controls": people.n_negative, "old": change.old, "new": change.new,
        "gain": change.gain, "gain_low": change.low, "gain_high": change.high, "verdict": change.verdict.value,
        "reason": change.reason,
    }  # fmt: skip


def _row(row: Mapping[str, Any], say: Wording) -> dict[str, Any]:
    values = [_number(row[name], row["metric"]) for name in ("old", "new")]
    gains = [_number(row[name], row["metric"], signed=True) for name in ("gain", "gain_low")]
    name = ", ".join(say.name(value) for value in row["group"].values())
    return {"cells": [name, row["patients"], *values, *gains], "verdict": row["verdict"]}


def _slice(one: Mapping[str, Any], say: Wording) -> str:
    found = say(
        "{metric}: {name} ({patients} people) has {value}, all together {everybody}.",
        metric=say.name(METRICS[one["metric"]].words), name=", ".join(map(say.name, one["group"].values())),
        patients=one["patients"], value=_number(one["value"], one["metric"]),
        everybody=_number(one["everybody"], one["metric"]),
    )  # fmt: skip
    chance = say(
        "If groups were dealt out by chance, the worst of {slices} would be about {usual} behind.",
        slices=one["slices"], usual=_number(one["chance_shortfall"], one["metric"]),
    )  # fmt: skip
    often = say("One as bad as this comes in {often} of 100 such deals.", often=f"{100 * one['p_value']:.1f}")
    return f"{found} {chance} {often}"


def _number(value: float | None, metric: Any, *, signed: bool = False) -> str:
    if value is None or value != value:
        return "–"
    sign = "+" if signed else ""
    text = f"{100 * value:{sign}.1f} %" if METRICS[metric].is_rate else f"{value:{sign}.2f}"
    return text.replace("-", "−")


def _name(table: Mapping[str, Any]) -> str:
    model = table["model"]
    return f"{model['name']} {model.get('version', '')}".strip() if model.get("name") else str(table["name"])
