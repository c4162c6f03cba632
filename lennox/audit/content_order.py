"""An order of patients by what is in their rows, so that no draw depends on their names or on the rows' order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import AuditTable
from lennox.policy.policy import Policy

Words = NDArray[np.uint64]


def content_order(table: AuditTable, policy: Policy) -> NDArray[np.int64]:
    """(patients,) the place of each patient. Patients alike in every value are next to each other, in any order.

    Each row becomes a 64-bit word of its values and its groups' names; a patient's words are added up, so that the
    order of rows is no matter either.
    """
    kinds, kind = np.unique(table.kind, return_inverse=True)
    words = _mixed(_named(kinds.tolist())[kind])
    for name in sorted(table.group):
        names = [*policy.feature(name).groups, policy.unknown.name, "not applicable"]
        words = _mixed(words ^ _named([f"{name}={group}" for group in names])[table.group[name]])
    columns = [table.label.astype(np.float64), table.score, *(table.counts[name] for name in sorted(table.counts))]
    for values in columns:
        words = _mixed(words ^ (np.nan_to_num(values, nan=-7.0) + 0.0).view(np.uint64))
    total = np.zeros(table.patients, np.uint64)
    np.add.at(total, table.patient, words)
    place = np.empty(table.patients, np.int64)
    place[np.argsort(total, kind="stable")] = np.arange(table.patients)
    return place


def _named(names: Sequence[str]) -> Words:
    return np.array([int.from_bytes(hashlib.sha256(n.encode()).digest()[:8], "little") for n in names], np.uint64)


def _mixed(words: Words) -> Words:
    """SplitMix64's finaliser (Steele, Lea & Flood, OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        words = words + np.uint64(0x9E3779B97F4A7C15)
        words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(words ^ (words >> np.uint64(31)))
