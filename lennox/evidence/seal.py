"""A sealed table: packed, signed, and naming nobody. `lennox-evidence/1`, a ZIP archive of two files.

`table.parquet` has a number for each patient that is drawn anew at each sealing, labels, scores, and the groups of the
policy. `statement.dsse.json` is a signed statement (the form of a release) with the table's digest, the site, the
model, its operating point, the policy, and what was merged or held back.
"""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lennox.audit.audit_table import AuditTable
from lennox.audit.table_file import read_file
from lennox.errors import InputError, ModelError, has_visible_text
from lennox.evidence.anonymity import Groups, anonymous
from lennox.files import atomic_write, sha256_of
from lennox.gate.predicates import now, threshold_text
from lennox.gate.statement import PrivateKey, VerifiedStatement, is_sha256, sign, verify
from lennox.policy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

CONSENT, MODEL = "consent", "model_sha256"  # columns of what a desk collected
FORMAT = "lennox-evidence/1"
PREDICATE = "https://lennox/evidence/v1"
TABLE, STATEMENT = "table.parquet", "statement.dsse.json"
MAX_BYTES = 256 << 20
MIN_K = 2
DECIMALS = 4  # of a score: more would tell films apart


@dataclass(frozen=True, slots=True)
class Origin:
    """Where evidence comes from. model : name, version, sha256 and behaviour_sha256, as an audit has them

    consent : what the patients agreed to, in words
    """

    site: str
    model: Mapping[str, str]
    operating_point: str
    consent: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed table as read. sha256 : of the file; predicate : what was signed about it"""

    path: Path
    sha256: str
    table: bytes
    predicate: Mapping[str, Any]
    signers: frozenset[str]

    @property
    def site(self) -> str:
        """The name that the site signed with."""
        return str(self.predicate["site"])


@dataclass(frozen=True, slots=True)
class Agreed:
    """The rows of patients who agreed. refused : patients who did not; model_sha256, operating_point : of all rows"""

    frame: pd.DataFrame
    refused: int
    model_sha256: str
    operating_point: str


def agreed(path: Path, policy: Policy) -> Agreed:
    """Read a table that says who agreed. Raises TableError for no table, InputError where nobody says so or did."""
    frame = read_file(path)
    lacking = [name for name in (CONSENT, MODEL, policy.scope.cluster) if name not in frame.columns]
    if lacking:
        raise InputError(
            f"{path.name}: no column '{lacking[0]}'; evidence says for every row whose it is ({policy.scope.cluster}), "
            f"whether the patient agreed ({CONSENT}: yes), and which model answered ({MODEL})."
        )
    said = frame[CONSENT].astype(str).str.strip().str.casefold() == "yes"
    refusing = frame[policy.scope.cluster].isin(frame.loc[~said, policy.scope.cluster])  # one film is the whole patient
    kept = frame[~refusing]
    if not len(kept):
        raise InputError(f"{path.name}: no patient agreed ({CONSENT}: yes); nothing may leave the clinic.")
    models = sorted(set(kept[MODEL].astype(str)))
    points = sorted(set(kept["operating_point"].astype(str))) if "operating_point" in kept.columns else ["not named"]
    if len(models) > 1 or len(points) > 1:
        raise InputError(
            f"{path.name}: answers of {len(models)} models at {len(points)} operating points; an audit is of one."
        )
    refused = int(frame.loc[refusing, policy.scope.cluster].nunique())
    return Agreed(kept, refused, models[0], points[0])


def seal(
    table: AuditTable, policy: Policy, origin: Origin, keys: Sequence[PrivateKey], k: int
) -> tuple[bytes, dict[str, Any]]:
    """The bytes of the sealed file, and what is signed about it.

    Raises InputError for a k below 2, a site without a name, no consent, or where nobody can be in it.
    """
    if k < MIN_K:
        raise InputError(f"k = {k} hides nobody; ask for {MIN_K} or more, 5 unless you know why.")
    if not has_visible_text(origin.site) or not has_visible_text(origin.consent):
        raise InputError("a sealed table names its site, and says what its patients agreed to (--consent).")
    if not is_sha256(origin.model.get("sha256", "")):
        raise InputError("the evidence does not say which model answered; name it with --model.")
    frame, counts = _frame(table, policy, k)
    data = _parquet(frame)
    predicate = {
        "format": FORMAT,
        "site": origin.site,
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.digest},
        "model": dict(origin.model),
        "operating_point": {"name": origin.operating_point, "threshold": threshold_text(table.threshold)},
        "consent": origin.consent,
        "created": now().date().isoformat(),
        "k": k,
        **counts,
    }
    envelope = sign(PREDICATE, {TABLE: sha256_of(data)}, predicate, keys)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in ((TABLE, data), (STATEMENT, envelope)):
            archive.writestr(zipfile.ZipInfo(name), content)  # of no date
    return packed.getvalue(), predicate


def write_sealed(path: Path, data: bytes) -> None:
    """Write a sealed file, which must not exist. Raises InputError."""
    if path.exists():
        raise InputError(f"'{path.name}' exists; name a new file.")
    atomic_write(path, data)


def open_sealed(path: Path) -> Sealed:
    """Read and verify a sealed file; whether its signers count is for trust to say. Raises InputError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path.name}: larger than {MAX_BYTES >> 20} MB; evidence is smaller.")
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if [one.filename for one in entries] != [TABLE, STATEMENT] or any(one.compress_type for one in entries):
                raise ValueError("other files than a sealed table has")
            table, envelope = archive.read(TABLE), archive.read(STATEMENT)
        statement = verify(envelope, PREDICATE)
        _check(statement, table)
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror}); name a sealed table.") from error
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        NotImplementedError,
        ModelError,
    ) as error:
        raise InputError(
            f"{path.name}: not a sealed table that this version reads ({error}); ask the site again."
        ) from error
    return Sealed(path, sha256_of(data), table, statement.predicate, statement.signers)


def frame_of(sealed: Sealed, folder: Path) -> pd.DataFrame:
    """The columns of a sealed table. folder : where it can be put for a moment. Raises TableError."""
    path = folder / f"{sealed.sha256}.parquet"
    path.write_bytes(sealed.table)
    return read_file(path)


def _check(statement: VerifiedStatement, table: bytes) -> None:
    said = statement.predicate
    if said["format"] != FORMAT:
        raise ValueError(f"its format is '{said['format']!s:.40}'")
    if dict(statement.subjects) != {TABLE: sha256_of(table)}:
        raise ValueError("the table is not the one that was signed")
    texts = (said["site"], said["consent"], said["operating_point"]["name"], said["operating_point"]["threshold"])
    if not all(isinstance(text, str) and has_visible_text(text) for text in texts):
        raise ValueError("a text is missing")
    if not (is_sha256(said["policy"]["sha256"]) and is_sha256(said["model"]["sha256"])):
        raise ValueError("a digest is missing")
    float(said["operating_point"]["threshold"])


def _frame(table: AuditTable, policy: Policy, k: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What may leave, and how many were merged and held back."""
    import pandas as pd

    features = sorted(table.group)
    patients: list[dict[str, Groups]] = []
    names = {name: np.array((*policy.feature(name).groups, policy.unknown.name, ""), object) for name in features}
    texts = {name: names[name][table.group[name]] for name in features}
    order = np.argsort(table.patient, kind="stable")
    ends = np.searchsorted(table.patient[order], np.arange(table.patients + 1))
    for number in range(table.patients):
        rows = order[ends[number] : ends[number + 1]]
        patients.append({name: frozenset(texts[name][rows].tolist()) for name in features})
    found = anonymous(patients, k)
    keep = ~np.isin(table.patient, np.array(sorted(found.held_back), np.int64))
    if not keep.any():
        raise InputError(f"no {k} patients share their groups; collect more before sealing.")
    drawn = np.array(secrets.SystemRandom().sample(range(table.patients), table.patients))
    columns: dict[str, Any] = {policy.scope.cluster: drawn[table.patient]}
    for name in features:
        gone = np.array([name in found.left_out.get(patient, ()) for patient in range(table.patients)])
        values = np.where(gone[table.patient] & (texts[name] != ""), policy.unknown.name, texts[name])
        columns[policy.scope.columns.get(name, name)] = values.astype(str)
    rounded = table.score.round(DECIMALS)
    columns[policy.scope.columns.get("score", "score")] = np.where(  # an answer stays on its side of the threshold
        (rounded >= table.threshold) == (table.score >= table.threshold), rounded, table.score
    )
    label = np.where(table.label < 0, "", table.label.astype(str))
    columns[policy.scope.columns.get("label", "label")] = label
    if len(set(table.kind.tolist())) > 1:
        columns[policy.scope.columns.get("unit", "unit")] = table.kind.astype(str)
    columns |= {policy.scope.columns.get(name, name): values for name, values in table.counts.items()}
    frame = pd.DataFrame(columns)[keep].sort_values(policy.scope.cluster, kind="stable").reset_index(drop=True)
    left_out = found.by_feature()
    people = int(table.patients - len(found.held_back))
    return frame, {"rows": len(frame), "patients": people, "merged": left_out, "held_back": len(found.held_back)}


def _parquet(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False)
    return stream.getvalue()
