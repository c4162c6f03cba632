"""A plan as text for the terminal, and as a page with its plot for the table around which a limit is decided."""

from __future__ import annotations

from lennox.audit.plan import PATIENTS, Cost, Plan
from lennox.policy.metrics import METRICS
from lennox.policy.policy import Policy, Requirement
from lennox.report.charts import chances as plot
from lennox.report.pages import render


def plan_text(plan: Plan, policy: Policy) -> str:
    """The plan as lines of text, one table a requirement."""
    lines = [*_assumed(plan), ""]
    for requirement in policy.requirements:
        costs = [cost for cost in plan.costs if cost.requirement == requirement.id]
        if not costs:
            continue
        lines += [f"{requirement.id}: {requirement.plain}", f"  {_groups(costs[0])}"]
        heads = ["true rate", "80 %", "90 %", *(str(n) for n in PATIENTS)]
        lines.append("  " + "".join(f"{head:>10}" for head in heads))
        for cost in costs:
            cells = [f"{cost.truth:g}", _needed(cost.patients_80), _needed(cost.patients_90)]
            cells += [f"{100 * cost.chances[n]:.0f} %" for n in PATIENTS]
            lines.append("  " + "".join(f"{cell:>10}" for cell in cells))
        lines.append("")
    lines.append("All at once")
    lines.append("  " + "".join(f"{head:>10}" for head in ("true rate", *(str(n) for n in PATIENTS))))
    for truth, chances in plan.joint.items():
        cells = [f"{truth:g}", *(f"{100 * chances[n]:.0f} %" for n in PATIENTS)]
        lines.append("  " + "".join(f"{cell:>10}" for cell in cells))
    if plan.skipped:
        lines.append(f"Not planned: {', '.join(plan.skipped)}.")
    return "\n".join(lines)


def plan_page(plan: Plan, policy: Policy) -> str:
    """The plan as one HTML page with a plot a requirement."""
    who, shown = "sets of films" if policy.scope.cluster == "film" else "people", []
    for requirement in policy.requirements:
        costs = [cost for cost in plan.costs if cost.requirement == requirement.id]
        if not costs:
            continue
        series = [(f"true rate {cost.truth:g}", [(float(n), cost.chances[n]) for n in PATIENTS]) for cost in costs]
        shown.append({
            "plain": requirement.plain,
            "in_words": list(dict.fromkeys(_in_words(cost, requirement, who) for cost in costs)),
            "groups": _groups(costs[0]),
            "chart": plot(series, across="patients in every group", up="chance to pass", title=requirement.plain),
            "rows": [
                [
                    f"{cost.truth:g}", _needed(cost.patients_80), _needed(cost.patients_90),
                    *(f"{100 * cost.chances[n]:.0f} %" for n in PATIENTS),
                ]
                for cost in costs
            ],
        })  # fmt: skip
    heads = ["true rate", "patients for 80 %", "for 90 %", *(f"with {n}" for n in PATIENTS)]
    joint = [[f"{truth:g}", *(f"{100 * row[n]:.0f} %" for n in PATIENTS)] for truth, row in plan.joint.items()]
    joint_heads = ["true rate", *(f"with {n}" for n in PATIENTS)]
    return render(
        "plan.html", policy=policy, who=who, assumed=_assumed(plan), shown=shown, heads=heads, skipped=plan.skipped,
        joint=joint, joint_heads=joint_heads,
    )  # fmt: skip


def _assumed(plan: Plan) -> list[str]:
    """What the numbers rest on."""
    said = plan.assumptions
    return [
        "Patients that every group must bring for a limit to be shown, if the model truly has the rate on the left in "
        "every group; then the chance that it passes with so many patients in every group.",
        f"Assumed: {said.per_patient:g} diseased (or healthy) units a patient, ICC {said.icc:g}, "
        f"design effect {said.design_effect:.2f}; groups equal in size and made of different people.",
        "A true rate counts right answers: diseased found, healthy left alone, films read; areas and Dice have that "
        "value, false marks and squared errors are half of what is allowed, and calibration is perfect. Each chance is "
        "simulated through the gate's own bounds, for a first look at the data: the same audit again is no new look, "
        "another model, operating point or policy on the same data is, at an eighth of the first one's level.",
    ]


def _in_words(cost: Cost, requirement: Requirement, who: str) -> str:
    """What one true rate costs, for people who do not read tables."""
    right = f"If the tool truly gets {100 * cost.truth:.0f} of 100 right in every group"
    if METRICS[requirement.metric].family != "proportion":
        right = "If the tool is as good in every group as the figures below assume"
    if cost.patients_80 is None:
        return f"{right}, it does not pass, however many {who} there are."
    return f"{right}, each group needs about {cost.patients_80} {who} for it to pass 4 times out of 5."


def _groups(cost: Cost) -> str:
    return f"{sum(cost.groups)} groups ({' + '.join(str(n) for n in cost.groups)}), all at once"


def _needed(patients: int | None) -> str:
    return "never" if patients is None else str(patients)
