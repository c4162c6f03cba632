"""Several sealed tables as one audit: sites are a sample of places, and patients of two sites are never one person."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lennox.audit.audit_table import AuditTable
from lennox.audit.manifest import Manifest
from lennox.audit.read_table import TableOptions, table_from_columns
from lennox.errors import InputError
from lennox.evidence.seal import Sealed, frame_of, open_sealed
from lennox.gate.trust import Trust
from lennox.policy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

MIN_TABLES, MAX_TABLES = 2, 200
ALIKE = 0.5  # of a table's patients who answer like another site's, beyond which both are of the same people
MIN_ROWS_ALIKE = 2  # of a patient, so that likeness is no chance


def pool(paths: Sequence[Path], policy: Policy, trust: Trust) -> AuditTable:
    """One table for an audit. Raises InputError where tables do not go together, or a signer does not count here."""
    if not MIN_TABLES <= len(paths) <= MAX_TABLES:
        raise InputError(f"{len(paths)} sealed tables: {MIN_TABLES} to {MAX_TABLES} can be pooled.")
    sealed = sorted((open_sealed(path) for path in paths), key=lambda one: one.site)
    for one in sealed:
        _check_signers(one, trust)
    _check_alike(sealed, policy)
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        frames = [frame_of(one, Path(folder)) for one in sealed]
    for number, (one, frame) in enumerate(zip(sealed, frames, strict=True)):
        if policy.scope.cluster not in frame.columns:
            raise InputError(
                f"{one.path.name}: it has no column '{policy.scope.cluster}'; ask the site to seal it again."
            )
        frame[policy.scope.cluster] = [f"{number:03d}-{patient!s:>012}" for patient in frame[policy.scope.cluster]]
    _check_strangers(sealed, frames, policy)
    site = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])
    sites = tuple(one.site for one in sealed)
    first = sealed[0].predicate
    threshold = float(first["operating_point"]["threshold"])
    manifest = Manifest(tuple((f"{one.site}.evidence", one.sha256) for one in sealed))
    table = table_from_columns(
        pd.concat(frames, ignore_index=True),
        policy,
        TableOptions(threshold=threshold),
        name=f"{' + '.join(sites)} ({len(sites)} sites)",
        manifest=manifest,
    )
    of_patient = np.zeros(table.patients, np.int64)
    of_patient[table.patient] = site[table.source_row]
    return replace(
        table,
        sites=sites,
        site=of_patient,
        model={name: str(value) for name, value in first["model"].items()},
        threshold_note=f"the sealed tables, operating point '{first['operating_point']['name']}'",
        fingerprints=tuple(sorted(_fingerprints(table))),
    )


def _check_signers(one: Sealed, trust: Trust) -> None:
    problems = trust.revoked_sentences(one.signers)
    known = {key.public.identity for key in trust.keys}
    if problems:
        raise InputError(f"{one.path.name}: {problems[0]}")
    if not one.signers & known:
        raise InputError(
            f"{one.path.name}: no key that counts here has signed it; if you know the site's key, add it with "
            "`lennox trust add`."
        )


def _check_alike(sealed: Sequence[Sealed], policy: Policy) -> None:
    """Same policy, model and operating point; each site once."""
    first = sealed[0]
    for one in sealed:
        said, other = one.predicate, first.predicate
        if said["policy"]["sha256"] != policy.digest:
            raise InputError(
                f"{one.path.name}: it was sealed under another text of the policy; ask the site to seal it again."
            )
        for name, what in (
            ("model", "the answers are of another model"),
            ("operating_point", "the operating point is another"),
        ):
            if said[name] != other[name]:
                raise InputError(
                    f"{one.path.name}: {what} than in {first.path.name}; pool tables of one model at one threshold."
                )
    for names, what in (
        ([one.site.strip().casefold() for one in sealed], "site"),
        ([str(sorted(one.signers)) for one in sealed], "signer"),
        ([one.sha256 for one in sealed], "file"),
    ):
        if len(set(names)) < len(names):
            raise InputError(f"one {what} comes twice; give each site's table once, with a key of its own.")


def _check_strangers(sealed: Sequence[Sealed], frames: Sequence[pd.DataFrame], policy: Policy) -> None:
    """Refuse two tables that hold the same answers for most patients: they are of the same people."""
    known = [_signatures(frame, policy) for frame in frames]
    for b in range(len(known)):
        for a in range(b):
            shared = (known[a] & known[b]).total()
            least = min(known[a].total(), known[b].total())
            if least and shared > ALIKE * least:
                raise InputError(
                    f"{sealed[a].path.name} and {sealed[b].path.name}: {shared} of {least} patients have the same "
                    "answers in both; one patient counts at one site only."
                )


def _signatures(frame: pd.DataFrame, policy: Policy) -> Counter[str]:
    """What each patient of several rows looks like, whatever their number."""
    columns = [policy.scope.columns.get(name, name) for name in ("label", "score")]
    if not set(columns) <= set(frame.columns):
        return Counter()  # which the reading of the table refuses
    groups: dict[str, list[str]] = {}
    for patient, *values in frame[[policy.scope.cluster, *columns]].itertuples(index=False, name=None):
        groups.setdefault(str(patient), []).append(repr(values))
    return Counter(_digest(sorted(rows)) for rows in groups.values() if len(rows) >= MIN_ROWS_ALIKE)


def _fingerprints(table: AuditTable) -> set[str]:
    """By which the same people are known again in another sealing, where their numbers are others.

    Of patients only who answer like nobody else in the table: others would make different data look alike.
    """
    rows: dict[int, list[str]] = {}
    for patient, label, score in zip(table.patient.tolist(), table.label.tolist(), table.score.tolist(), strict=True):
        rows.setdefault(patient, []).append(f"{label} {score:.4f}")
    found = Counter(_digest(sorted(one))[:10] for one in rows.values())
    return {digest for digest, times in found.items() if times == 1}


def _digest(values: Any) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()
