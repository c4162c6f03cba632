"""The table of an audit: one row per unit, with its patient, label, score and groups; never an identity in print."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.audit.manifest import Manifest
from lennox.gate.statement import canonical

NOT_APPLICABLE = -1  # a lesion's size on a row that is an image


@dataclass(frozen=True, slots=True)
class AuditTable:
    """Rows in an order of their own (by patient, label and score), so that no result depends on the file's.

    patient : (rows,) int64, number of each row's patient, 0..patients-1
    kind : (rows,) str, "tooth", "image", "lesion", ...: what each row is
    label : (rows,) int8, 1 diseased, 0 healthy, -1 no label
    score : (rows,) float64 in [0, 1], NaN: the model could not read it
    group : feature -> (rows,) int64: place in the feature's groups, their number for "did not say", -1 where the
        feature does not apply to this row
    counts : optional columns "lesions", "lesions_found", "false_positives", "dice", (rows,) float64, NaN: none
    threshold : the operating point; a score at or above it is a positive answer
    threshold_note : where the operating point comes from
    excluded : rows left out before the audit, by reason
    manifest : the files that the rows were read from
    fingerprints : of each patient's id and labels, by which the same data are known again in another file
    source_row : (rows,) int64 place of each row in what was read
    sites : names of the sites that the patients come from, none where it is one audit of one place
    site : (patients,) int64, the site of each patient
    training : with what patients were compared to make sure that none was also trained on; empty: not checked
    """

    name: str
    manifest: Manifest
    patient: NDArray[np.int64]
    patients: int
    kind: NDArray[np.str_]
    label: NDArray[np.int8]
    score: NDArray[np.float64]
    group: Mapping[str, NDArray[np.int64]]
    threshold: float
    threshold_note: str
    counts: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    excluded: Mapping[str, int] = field(default_factory=dict)
    training: tuple[str, ...] = ()
    not_recorded: tuple[str, ...] = ()
    model: Mapping[str, str] = field(default_factory=dict)
    fingerprints: tuple[str, ...] = ()
    source_row: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    sites: tuple[str, ...] = ()
    site: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        arrays = [self.patient, self.kind, self.label, self.score, *self.group.values(), *self.counts.values()]
        if len({len(array) for array in arrays}) != 1:
            raise ValueError("every column must have one entry per row")
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError(f"the threshold must be in [0, 1], got {self.threshold}")
        if self.sites and len(self.site) != self.patients:
            raise ValueError("every patient must have a site")
        for array in arrays:
            array.flags.writeable = False

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest; empty where the rows came from memory."""
        return self.manifest.sha256

    @property
    def content_sha256(self) -> str:
        """SHA-256 of all that a verdict can depend on: answers, labels, groups, who is whose patient, threshold."""
        digest = hashlib.sha256(repr(float(self.threshold)).encode())
        own: dict[str, NDArray[Any]] = {"patient": self.patient, "label": self.label, "score": self.score}
        if self.sites:
            own["site"] = self.site
        parts: tuple[Mapping[str, NDArray[Any]], ...] = (own, self.group, self.counts)
        for part in parts:
            for name, values in sorted(part.items()):
                digest.update(canonical([name, len(values)]))
                digest.update((np.nan_to_num(values.astype(np.float64), nan=-7.0) + 0.0).astype("<f8").tobytes())
        digest.update(canonical(self.kind.tolist()))
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.patient)

    def rows_of(self, kind: str) -> NDArray[np.bool_]:
        """Rows that are of `kind`; all of them where the table holds one kind only."""
        here = self.kind == kind
        return here if here.any() or len(set(self.kind.tolist())) > 1 else np.ones(len(self), bool)
