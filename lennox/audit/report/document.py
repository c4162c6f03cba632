"""The audit as one canonical JSON document, `lennox-audit/1`; every other report is a function of it.

Canonical: keys in order, floats with six decimals, undefined numbers null, UTF-8, one newline at the end.
The schema is published as `docs/schema/audit-1.json`.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import json
import math
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from lennox.audit.audit_table import AuditTable
from lennox.audit.crosscheck import crosscheck
from lennox.audit.evidence import GapEvidence
from lennox.audit.judge import CHANCE, Judgement, Row
from lennox.audit.measure import Audit
from lennox.audit.patient_counts import MetricCounts
from lennox.audit.report.checklists import checklists
from lennox.audit.report.descriptives import group_table, reliability, sweep
from lennox.audit.site_results import SiteResults, site_results
from lennox.gate.looks import METHOD, look_sha256
from lennox.gate.predicates import now, time_text
from lennox.policy.policy import Policy, Requirement, Story
from lennox.statistics.spending import spent

FORMAT = "lennox-audit/1"
MASKED = "<5"
_PACKAGES = ("lennox", "numpy", "scipy", "pandas", "fairlearn")


def document(
    audit: Audit,
    policy: Policy,
    judgement: Judgement,
    *,
    command: str = "",
    started: datetime.datetime | None = None,
) -> dict[str, Any]:
    """Everything about an audit as plain values. started : when its data were opened; now unless given"""
    table = audit.table
    rows = [_row(row) for row in judgement.rows]
    for row, found in zip(rows, site_results(audit, policy), strict=False):
        row |= _over_sites(found)
    made: dict[str, Any] = {
        "format": FORMAT,
        "verdict": judgement.verdict.value,
        "date": now().date(),
        "started": time_text(started or now()),  # a policy must have been ratified before
        "attempt": audit.attempt,
        "look": audit.look,
        "look_sha256": look_sha256(table.content_sha256, policy.digest),
        "history": [dict(entry) for entry in audit.history],
        "model": dict(table.model),
        "policy": _policy(policy),
        "data": {
            "name": table.name,
            "sha256": table.digest,
            "manifest": table.manifest.document,
            "rows": len(table),
            "patients": table.patients,
            "threshold": table.threshold,
            "threshold_source": table.threshold_note,
            "excluded": dict(table.excluded),
            "training": {"checked": bool(table.training), "against": list(table.training)},
            "not_recorded": list(table.not_recorded),
            "unknown_share": dict(audit.unknown_share),
            "let_go": [{"features": list(f), "patients": gone, "of": of} for f, gone, of in audit.exempted],
            "groups": group_table(table, policy),
            **({"sites": [dict(site) for site in _sites(table)]} if table.sites else {}),
        },
        "requirements": [{"id": name, "verdict": verdict.value} for name, verdict in judgement.by_requirement.items()],
        "rows": rows,
        "evidence": [_counts(counts, spent(policy.evidence.alpha, audit.look)) for counts in audit.counts],
        "thresholds": sweep(table, policy),
        "reliability": reliability(table, policy),
        "crosscheck": crosscheck(table, policy),
        "method": {
            "version": METHOD,
            "confidence": policy.evidence.confidence,
            "interval": policy.evidence.interval,
            "chance_to_decide": CHANCE,
            "resamples": policy.evidence.resamples,
            "seed": policy.evidence.seed,
            "command": command,
            "python": platform.python_version(),
            "versions": {name: _version(name) for name in _PACKAGES},
        },
    }
    return made | {"checklists": checklists(made)}


def audit_text(value: Any) -> str:
    """A document as its one text; the same values give the same bytes everywhere."""
    return _text(value, 0) + "\n"


def public_copy(full: Mapping[str, Any]) -> dict[str, Any]:
    """The document with counts of 1 to 4 people or units hidden, and what would give them away.

    Where one group of a feature is hidden, the next smallest is hidden too, so that no total tells the first.
    """
    public = copy.deepcopy(dict(full))
    public["public"] = True
    public.pop("evidence", None)
    groups = public["data"]["groups"]
    for feature in dict.fromkeys(group["feature"] for group in groups):
        _mask([group for group in groups if group["feature"] == feature], ("patients", "units", "cases", "controls"))
        _mask([group for group in groups if group["feature"] == feature], ("unreadable", "unlabelled"), second=False)
    hidden = {
        (g["feature"], g["group"]) for g in groups if MASKED in (g["patients"], g["units"], g["cases"], g["controls"])
    }
    for row in public["rows"]:
        names = {*row["group"].items(), *row.get("versus", {}).items()}
        small = any(0 < row[key] < 5 for key in ("patients", "contributing_patients", "units", "cases", "controls"))
        if small or names & hidden or any(0 < n < 5 for n in row.get("versus_counts", {}).values()):
            _hide(row)
        for entry in (*row.get("sites", ()), *row.get("without", ())):
            if 0 < entry["patients"] < 5:
                entry |= {"patients": MASKED, "estimate": None, "low": None, "high": None}
    for entry in public["thresholds"]:
        if (entry["feature"], entry["group"]) in hidden:
            entry.update({"cases": MASKED, "controls": MASKED, "tpr": [], "fpr": [], "thresholds": []})
    for entry in public["reliability"]:
        if (entry["feature"], entry["group"]) in hidden:
            entry.update({"units": [], "mean_score": [], "share_diseased": []})
        else:
            tiny = [0 < n < 5 for n in entry["units"]]
            entry["units"] = [MASKED if few else n for n, few in zip(entry["units"], tiny, strict=True)]
            for key in ("mean_score", "share_diseased"):
                entry[key] = [None if few else v for v, few in zip(entry[key], tiny, strict=True)]
    return public


def _mask(groups: list[dict[str, Any]], keys: tuple[str, ...], *, second: bool = True) -> None:
    for key in keys:
        small = [group for group in groups if 0 < group[key] < 5]
        others = sorted((group for group in groups if group[key] >= 5), key=lambda group: int(group[key]))
        if second and len(small) == 1 and others:
            small.append(others[0])
        for group in small:
            group[key] = MASKED


def _hide(row: dict[str, Any]) -> None:
    for key in ("patients", "contributing_patients", "units", "cases", "controls", "denominator", "unreadable"):
        row[key] = MASKED
    for key in (
        "estimate",
        "bound",
        "opposite_bound",
        "adjusted_bound",
        "bootstrap_bound",
        "n_eff",
        "design_effect",
        "icc",
    ):
        row[key] = None
    row["needs_more_patients"] = None if row["needs_more_patients"] is None else MASKED
    row["reason"] = "too few people to print" if row["verdict"] == "INSUFFICIENT EVIDENCE" else row["reason"]
    for key in ("versus_counts", "group_estimate", "versus_estimate"):
        if key in row:
            row[key] = None
    for key in ("sites", "without", "heterogeneity"):
        row.pop(key, None)


def _policy(policy: Policy) -> dict[str, Any]:
    adopted, evidence = policy.ratification, policy.evidence
    return {
        "id": policy.id,
        "version": policy.version,
        "title": policy.title,
        "title_in": dict(policy.title_in),
        "language": policy.language,
        "sha256": policy.digest,
        "file": policy.file,
        "ratification": {
            "body": adopted.body,
            "date": adopted.date,
            "method": adopted.method,
            "next_review": adopted.next_review,
            "votes": dict(adopted.votes),
            "seats": [{"role": role, "count": count} for role, count in adopted.seats],
            "note": adopted.note,
        },
        "scope": {
            "task": policy.scope.task,
            "cluster": policy.scope.cluster,
            "unit": policy.scope.unit,
            "modality": list(policy.scope.modality),
            "label": policy.scope.label,
            "matching": policy.scope.matching,
            "population": policy.scope.population,
        },
        "evidence": {
            "min_patients": evidence.min_patients,
            "min_cases": evidence.min_cases,
            "min_controls": evidence.min_controls,
            "max_missing_labels": evidence.max_missing_labels,
        },
        "unknown": {
            "name": policy.unknown.name,
            "name_in": dict(policy.unknown.name_in),
            "max_share": policy.unknown.max_share,
        },
        "features": [
            {
                "name": f.name,
                "name_in": dict(f.name_in),
                "source": f.source,
                "groups": list(f.groups),
                "groups_in": {code: list(names) for code, names in f.groups_in.items()},
                "why": f.why,
                "instrument": f.instrument,
            }
            for f in policy.features
        ],
        "intersections": [{"features": list(cross.features), "mode": cross.mode} for cross in policy.intersections],
        "requirements": [_requirement(requirement) for requirement in policy.requirements],
        "notify": list(policy.consequences.notify),
        "monitor_every_days": policy.consequences.monitor_every_days,
        "override_allowed": policy.consequences.override_allowed,
    }


def _requirement(requirement: Requirement) -> dict[str, Any]:
    return {
        "id": requirement.id,
        "metric": requirement.metric,
        "criterion": requirement.criterion,
        "direction": requirement.direction,
        "limit": requirement.limit,
        "over": list(requirement.over),
        "plain": requirement.plain,
        "plain_in": dict(requirement.plain_in),
        "story": _story(requirement.story),
    }


def _story(story: Story | None) -> dict[str, Any] | None:
    if story is None:
        return None
    if story.withdrawn is not None:
        return {"withdrawn": story.withdrawn}
    return {"teller": story.teller, "words": story.words, "consent": story.consent, "audio": story.audio}


def _row(row: Row) -> dict[str, Any]:
    cell, requirement, people = row.measurement, row.requirement, row.measurement.people
    evidence = cell.evidence
    entry: dict[str, Any] = {
        "requirement": requirement.id,
        "metric": requirement.metric,
        "criterion": requirement.criterion,
        "limit": requirement.limit,
        "direction": requirement.direction,
        "group": dict(cell.group),
        "patients": people.patients,
        "contributing_patients": people.contributing,
        "units": people.units,
        "cases": people.n_positive,
        "controls": people.n_negative,
        "unreadable": people.unreadable,
        "denominator": people.denominator,
        "estimate": evidence.estimate if evidence else None,
        "bound": row.bound,
        "opposite_bound": row.opposite_bound,
        "adjusted_bound": row.adjusted_bound,
        "bootstrap_bound": row.second_bound,
        "n_eff": evidence.n_eff if evidence else None,
        "design_effect": evidence.design_effect if evidence else None,
        "icc": evidence.icc if evidence else None,
        "method": evidence.method if evidence else "none",
        "verdict": row.verdict.value,
        "reason": row.reason,
        "needs_more_patients": row.needs_more_patients,
        "gated": cell.gated,
        "note": cell.note,
    }
    if cell.versus is not None and cell.versus_people is not None:
        entry["versus"] = dict(cell.versus)
        pair = (evidence.a, evidence.b) if isinstance(evidence, GapEvidence) else None
        entry["group_estimate"] = pair[0].estimate if pair else None
        entry["versus_estimate"] = pair[1].estimate if pair else None
        entry["versus_counts"] = {
            "patients": cell.versus_people.patients,
            "cases": cell.versus_people.n_positive,
            "controls": cell.versus_people.n_negative,
        }
    return entry


def _counts(counts: MetricCounts, alpha: float) -> dict[str, Any]:
    """What each patient adds to a metric, and the bounds of each group, part by part."""
    cells = []
    for name, evidence in counts.cells:
        low = [part.lower(alpha) for part in evidence.low.parts()] if evidence else []
        high = [-part.lower(alpha) for part in evidence.high.parts()] if evidence else []
        cells.append({"group": dict(name), "low": low, "high": high})
    made: dict[str, Any] = {"metric": counts.metric, "features": list(counts.features), "cells": cells}
    return made | {"patients": counts.patients} | ({"sites": counts.sites} if counts.sites else {})


def _sites(table: AuditTable) -> list[dict[str, Any]]:
    patients = np.bincount(table.site, minlength=len(table.sites))
    rows = np.bincount(table.site[table.patient], minlength=len(table.sites))
    return [
        {"name": name, "patients": int(patients[number]), "rows": int(rows[number])}
        for number, name in enumerate(table.sites)
    ]


def _over_sites(found: SiteResults) -> dict[str, Any]:
    """What sites show one by one, and without each."""
    test = {"q": found.q, "df": found.freedom, "p_value": found.p_value, "i_squared": found.i_squared}
    sites = [dataclasses.asdict(one) for one in found.alone]
    return {"sites": sites, "without": [dataclasses.asdict(one) for one in found.without], "heterogeneity": test}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _text(value: Any, depth: int) -> str:
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        inner = ",\n".join(f"{' ' * (depth + 1)}{json.dumps(k)}: {_text(value[k], depth + 1)}" for k in sorted(value))
        return "{\n" + inner + "\n" + " " * depth + "}"
    if isinstance(value, (list, tuple)):
        if all(isinstance(entry, (int, float, str)) or entry is None for entry in value):
            return "[" + ", ".join(_text(entry, depth) for entry in value) + "]"
        inner = ",\n".join(" " * (depth + 1) + _text(entry, depth + 1) for entry in value)
        return "[\n" + inner + "\n" + " " * depth + "]"
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime.date):
        return json.dumps(value.isoformat())
    if isinstance(value, float):
        fixed = f"{value:.6f}" if math.isfinite(value) else "null"
        return "0.000000" if fixed == "-0.000000" else fixed
    return str(int(value))
