"""Floors of decency: the least that a policy may ask of a model, of evidence and of its own words (R35 to R39).

What is looser protects nobody, whoever ratified it. The numbers are argued in `docs/community/policies.md`.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from lennox.policy.metrics import METRICS, Metric, MetricName
from lennox.policy.policy import Policy
from lennox.policy.problems import Problems
from lennox.policy.schema import entry_path, shown


@dataclass(frozen=True, slots=True)
class Floor:
    """low, high : the loosest limit in the worst-served group, on either side; gap : the widest between groups."""

    low: float | None
    high: float | None
    gap: float


FLOORS: dict[MetricName, Floor] = {
    "tpr": Floor(0.20, None, 0.50),
    "lesion_sensitivity": Floor(0.20, None, 0.50),
    "fpr": Floor(None, 0.50, 0.50),
    "readable_rate": Floor(0.50, None, 0.50),
    "false_positives_per_image": Floor(None, 5.0, 3.0),
    "auc": Floor(0.60, None, 0.25),
    "brier": Floor(None, 0.25, 0.20),
    "dice": Floor(0.20, None, 0.50),
    "calibration_slope": Floor(0.25, 4.0, 1.0),
    "calibration_intercept": Floor(-2.0, 2.0, 1.0),
}
CLINIC: dict[MetricName, Floor] = {
    **FLOORS,
    "tpr": Floor(0.50, None, 0.20),
    "lesion_sensitivity": Floor(0.50, None, 0.20),
    "fpr": Floor(None, 0.25, 0.20),
    "readable_rate": Floor(0.75, None, 0.20),
    "false_positives_per_image": Floor(None, 2.0, 1.0),
    "auc": Floor(0.75, None, 0.15),
    "calibration_slope": Floor(0.5, 2.0, 0.5),
}
MIN_PATIENTS = 10
MAX_MISSING_LABELS, MAX_UNKNOWN, MAX_LET_GO = 0.20, 0.50, 0.50

_NO_GROUP = frozenset(
    """everybody, everyone, anybody, anyone, nobody, no one, all, any, overall, total, everything, nothing, people,
    all people, patients, all patients, the rest""".replace("\n    ", " ").split(", ")
)
_ROWS = frozenset(
    """row, rows, rowid, row_id, row_number, rownumber, index, idx, line, line_number, record, record_id, unnamed: 0,
    tooth, tooth_id, surface, lesion, lesion_id""".replace("\n    ", " ").split(", ")
)
# Characters of other scripts, and figures, that look like Latin ones.
_LOOKS_LIKE = str.maketrans(
    "аеорсухѕіјԁһԛԝвкмнтгαορνυικτχ" + "01|",
    "aeopcyxsijdhqwbkmhtraopvuiktx" + "oll",
)
_FRACTION = re.compile(r"(\d+(?:[.,]\d+)?)[^\d.;:!?]{1,40}?\b(10|100|1000)\b")
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:%|per ?cent\b|por ciento\b)")
_COUNTED = ("tpr", "fpr", "lesion_sensitivity", "readable_rate", "false_positives_per_image")
_ED25519 = bytes.fromhex("302a300506032b6570032100")  # before the 32 bytes of a public key (RFC 8410)


def check_floors(values: dict[str, Any], problems: Problems) -> None:
    """Add to `problems` what asks for less than may be asked."""
    _evidence(values, problems)
    _names(values, problems)
    for index, requirement in enumerate(values.get("requirement", [])):
        path, metric = entry_path("requirement", index, requirement), METRICS.get(requirement.get("metric", ""))
        limit = requirement.get("limit")
        numbers = limit if isinstance(limit, list) else [limit]
        if metric is None or "limit" not in requirement or problems.about(f"{path}.limit"):
            continue  # R13, R14 or R17 has said what is wrong
        direction = requirement.get("direction")
        low = numbers[0] if direction in ("at-least", "between") else None
        high = numbers[-1] if direction in ("at-most", "between") else None
        gap = requirement.get("criterion") in ("between-groups", "to-overall")
        if too_loose := _below(metric, FLOORS[metric.name], low, high, gap=gap):
            problems.add(f"{path}.limit", too_loose)
        for key, sentence in {"plain": requirement.get("plain", ""), **requirement.get("plain_in", {})}.items():
            where = f"{path}.plain" if key == "plain" else f"{path}.plain_in.{key}"
            _sentence(sentence, metric, numbers, where, problems)
    for entry in values.get("ratification", {}).get("key", []):
        if "public" in entry and not _is_key(entry["public"]):
            problems.add(
                "ratification.key",
                f"{shown(entry['public'][:60])} is not an ed25519 public key; `lennox keygen` prints one",
            )


def below_channel(policy: Policy, channel: str) -> list[str]:
    """What a policy asks less than its channel demands, a sentence each; `clinic` has floors of its own (R35)."""
    found = []
    for requirement in policy.requirements if channel == "clinic" else ():
        metric = METRICS[requirement.metric]
        too_loose = _below(metric, CLINIC[metric.name], requirement.low, requirement.high, gap=requirement.is_gap)
        if too_loose:
            found.append(f"for {channel}, '{requirement.id}': {too_loose}.")
    return found


def _below(metric: Metric, floor: Floor, low: float | None, high: float | None, *, gap: bool) -> str:
    """R35: why a limit is too loose to protect anybody; empty if it is not."""
    if gap:
        if high is not None and high > floor.gap:
            return f"a gap of {high:g} in '{metric.name}' protects nobody; write {floor.gap:g} or less"
        return ""
    if low is not None and floor.low is not None and low < floor.low:
        return f"'{metric.name}' of {low:g} protects nobody; write {floor.low:g} or more"
    if high is not None and floor.high is not None and high > floor.high:
        return f"'{metric.name}' of {high:g} protects nobody; write {floor.high:g} or less"
    return ""


def _evidence(values: dict[str, Any], problems: Problems) -> None:
    """R36: enough people, and not too many of whom nothing is known."""
    evidence = values.get("evidence", {})
    if 2 <= evidence.get("min_patients", MIN_PATIENTS) < MIN_PATIENTS:
        problems.add(
            "evidence.min_patients",
            f"{evidence['min_patients']} patients are no group that can be judged; write {MIN_PATIENTS} or more",
        )
    shares = [
        ("evidence.max_missing_labels", evidence.get("max_missing_labels"), MAX_MISSING_LABELS),
        ("unknown.max_share", values.get("unknown", {}).get("max_share"), MAX_UNKNOWN),
        *(
            (f"intersection[{index + 1}].max_let_go_share", entry.get("max_let_go_share"), MAX_LET_GO)
            for index, entry in enumerate(values.get("intersection", []))
            if entry.get("mode") == "gate-if-enough"
        ),
    ]
    for path, share, most in shares:
        if share is not None and most < share <= 1.0:
            problems.add(path, f"with {share:g} of them left out, anybody may be; write {most:g} or less")
    cluster = values.get("scope", {}).get("cluster", "").strip().casefold()
    if cluster in _ROWS:
        problems.add("scope.cluster", f"'{cluster}' numbers rows and not people; name the column of the patient")


def _names(values: dict[str, Any], problems: Problems) -> None:
    """R37: groups that are groups, and that a reader can tell apart."""
    features = values.get("feature", [])
    _look_alike([str(feature.get("name", "")) for feature in features], "feature", problems)
    for index, feature in enumerate(features):
        path = f"{entry_path('feature', index, feature)}.groups"
        groups = feature.get("groups", [])
        for group in groups:
            if group.strip().casefold() in _NO_GROUP:
                problems.add(path, f"'{group}' is no group of people; name who they are")
        _look_alike([*groups, values.get("unknown", {}).get("name", "")], path, problems)


def _look_alike(names: list[str], path: str, problems: Problems) -> None:
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(_skeleton(name), name)
        if first.strip().casefold() != name.strip().casefold():  # R12 has a sentence for equal ones
            problems.add(path, f"'{first}' and '{name}' look alike; write names that a reader can tell apart")


def _skeleton(name: str) -> str:
    """What a reader sees of a name: without invisible characters, accents composed, look-alikes as Latin letters."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    plain = "".join(character for character in plain if unicodedata.category(character) not in ("Cf", "Cc"))
    return "".join(plain.split()).translate(_LOOKS_LIKE)


def _sentence(sentence: str, metric: Metric, numbers: list[float], path: str, problems: Problems) -> None:
    """R38: the shares that a plain sentence names are those of its limit."""
    if metric.name not in _COUNTED or not sentence.strip():
        return
    shares = [float(a.replace(",", ".")) / float(b) for a, b in _FRACTION.findall(sentence)]
    shares += [float(percent.replace(",", ".")) / 100.0 for percent in _PERCENT.findall(sentence)]
    number = numbers[0]
    others = (number, 1.0 - number) if metric.is_rate else (number,)
    if not shares:
        problems.add(path, f"names no share; say it in figures, such as '{100 * number:g} of 100'")
    for share in shares:
        if all(abs(share - other) > 0.0051 for other in others):
            problems.add(path, f"says {100 * share:g} of 100, the limit {100 * number:g} of 100; make them agree")
            return


def _is_key(text: str) -> bool:
    """R39: a key that can sign."""
    try:
        der = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(der) == len(_ED25519) + 32 and der.startswith(_ED25519)
