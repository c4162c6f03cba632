"""What makes a requirement valid; one that nothing could fail, or nothing could meet, is refused (R13 to R18, R22)."""

from __future__ import annotations

import math
from typing import Any

from lennox.policy.metrics import METRICS, REFUSED_METRICS, Criterion, Direction, Metric
from lennox.policy.problems import Problems
from lennox.policy.schema import check_choice, entry_path, shown


def check_requirements(values: dict[str, Any], problems: Problems) -> None:
    """Add every breach of the rules about requirements to `problems`."""
    requirements = values.get("requirement", [])
    if not requirements:
        # R20
        problems.add("requirement", "a policy with no requirement passes everything; refused, write at least one")
    seen: dict[str, int] = {}
    for index, requirement in enumerate(requirements):
        path = entry_path("requirement", index, requirement)
        identity = requirement.get("id")
        if identity is not None and identity in seen:
            problems.add(f"{path}.id", f"id used twice ('{identity}'); each requirement needs its own")
        seen.setdefault(identity, index)
        metric = _metric(requirement, path, problems)
        _criterion(requirement, metric, path, problems)
        if "limit" in requirement:
            numbers = _limit(requirement, metric, path, problems)
            if numbers and metric:
                _can_be_met(requirement, metric, numbers, values.get("evidence", {}), path, problems)
        _over(requirement, metric, values, path, problems)
        if "plain" in requirement and not requirement["plain"].strip():
            problems.add(f"{path}.plain", "is empty; write the limit as a sentence that everybody understands")
    _contradictions(requirements, problems)


def _metric(requirement: dict[str, Any], path: str, problems: Problems) -> Metric | None:
    """R17: a metric that does not punish finding disease where it is."""
    name = requirement.get("metric")
    if name is None or name in METRICS:
        return METRICS[name] if name else None
    why = REFUSED_METRICS.get(name.casefold().replace("-", "_"))
    problems.add(
        f"{path}.metric", f"'{name}': {why}" if why else f"'{name}' is not a metric; write one of {', '.join(METRICS)}"
    )
    return None


def _criterion(requirement: dict[str, Any], metric: Metric | None, path: str, problems: Problems) -> None:
    """R15: a direction that the criterion and the metric have."""
    criterion, direction = requirement.get("criterion"), requirement.get("direction")
    check_choice(criterion, Criterion, f"{path}.criterion", "a criterion", problems)
    check_choice(direction, Direction, f"{path}.direction", "a direction", problems)
    if problems.about(f"{path}.criterion") or problems.about(f"{path}.direction"):
        return
    if criterion in ("between-groups", "to-overall") and direction not in (None, "at-most"):
        problems.add(f"{path}.direction", f"a gap can only be 'at-most', not '{direction}'")
    elif criterion == "worst-group" and metric and direction and metric.better not in ("between", direction):
        problems.add(
            f"{path}.direction", f"'{metric.name}' of a group can only be '{metric.better}', not '{direction}'"
        )


def _limit(requirement: dict[str, Any], metric: Metric | None, path: str, problems: Problems) -> list[float] | None:
    """R13, R14 and R22: finite numbers, inside the metric's values, low below high."""
    limit, direction, path = requirement["limit"], requirement.get("direction"), f"{path}.limit"
    if direction == "between":
        if not isinstance(limit, list) or len(limit) != 2:
            problems.add(path, f"{shown(limit)}: 'between' needs [low, high]; write two numbers in brackets")
            return None
    elif isinstance(limit, list):
        problems.add(path, f"{limit} is two-sided; write one number, or direction = 'between'")
        return None
    numbers = limit if isinstance(limit, list) else [limit]
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
            problems.add(path, f"{shown(number)} is not a finite number; write one")
            return None
    if direction == "between" and not numbers[0] < numbers[1]:
        problems.add(path, f"{numbers}: 'between' needs [low, high] with low below high")
        return None
    gap = requirement.get("criterion") in ("between-groups", "to-overall")
    if metric is not None and not gap:
        outside = [number for number in numbers if not metric.low <= number <= metric.high]
    elif metric is not None:
        outside = [number for number in numbers if number < 0 or (metric.is_rate and number > 1)]
    else:
        outside = []
    for number in outside:
        high = "1" if metric and metric.is_rate else "any"
        hint = (
            f" (write {number / 100:.2f}, not {number:g})"
            if metric and metric.is_rate and 1 < number <= 100
            else "; write a number inside"
        )
        problems.add(path, f"{number:g} is outside 0..{high}{hint}" if high == "1" else f"{number:g} is below 0{hint}")
    if gap and numbers == [0]:
        problems.add(path, "a gap of exactly 0 can never be shown with finite data; write the largest gap you accept")
        return None
    return None if outside else [float(number) for number in numbers]


def _can_be_met(
    requirement: dict[str, Any],
    metric: Metric,
    numbers: list[float],
    evidence: dict[str, Any],
    path: str,
    problems: Problems,
) -> None:
    """R18 and its mirror: a limit that a perfect record cannot reach, or that no record can miss."""
    if not metric.is_rate or requirement.get("direction") == "between":
        return
    limit, floor = numbers[0], requirement.get("direction") == "at-least"
    if limit == (0.0 if floor else 1.0):
        problems.add(f"{path}.limit", f"{limit:g} can never be missed and so protects nobody; write a limit that can")
    if (
        requirement.get("criterion") != "worst-group"
        or metric.evidence not in ("cases", "controls")
        or metric.family != "proportion"
    ):
        return
    confidence = evidence.get("confidence")
    key = "min_cases" if metric.evidence == "cases" else "min_controls"
    if not isinstance(confidence, float) or not 0.8 <= confidence < 1.0 or key not in evidence:
        return
    if limit == (1.0 if floor else 0.0):
        problems.add(f"{path}.limit", f"cannot be met: no finite record has a bound of exactly {limit:g}")
        return
    share = limit if floor else 1.0 - limit
    needed = math.ceil(round(math.log(1.0 - confidence) / math.log(share), 9)) if share > 0 else 1
    if evidence[key] < needed:
        side = f"a lower bound under {limit:g}" if floor else f"an upper bound over {limit:g}"
        problems.add(
            f"{path}.limit",
            f"cannot be met: with {key} = {evidence[key]} even a perfect record has {side} (needs {needed}); "
            f"write {key} = {needed} or more",
        )


def _over(
    requirement: dict[str, Any], metric: Metric | None, values: dict[str, Any], path: str, problems: Problems
) -> None:
    """R16: somebody is protected, by a feature that is declared."""
    if "over" not in requirement:
        return
    declared = {feature.get("name"): feature for feature in values.get("feature", [])}
    if not requirement["over"]:
        problems.add(f"{path}.over", "says nothing about whom it protects; name at least one feature")
    for name in dict.fromkeys(requirement["over"]):
        if name not in declared:
            problems.add(f"{path}.over", f"'{name}' is not a declared feature; declare it or leave it out")
        elif metric and metric.level != "lesion" and declared[name].get("level") == "lesion":
            problems.add(
                f"{path}.over",
                f"'{name}' describes lesions, and '{metric.name}' does not count them; write 'lesion_sensitivity'",
            )
        if requirement["over"].count(name) > 1:
            problems.add(f"{path}.over", f"'{name}' is named twice; keep one")


def _contradictions(requirements: list[dict[str, Any]], problems: Problems) -> None:
    """R22: one limit for one thing."""
    for index, later in enumerate(requirements):
        for earlier in requirements[:index]:
            same = all(later.get(key) == earlier.get(key) for key in ("metric", "criterion", "direction"))
            shared = set(later.get("over", [])) & set(earlier.get("over", []))
            if same and shared and "limit" in later and "limit" in earlier and later["limit"] != earlier["limit"]:
                limit = earlier["limit"]
                written = f"{limit:.2f}" if isinstance(limit, (int, float)) else str(limit)
                problems.add(
                    f"{entry_path('requirement', index, later)}.limit",
                    f"contradicts '{earlier.get('id')}' ({written}); keep one",
                )
