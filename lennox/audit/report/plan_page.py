"""A plan as text for the terminal, and as a page with its plot for the table around which a limit is decided."""

from __future__ import annotations

from collections.abc import Sequence

from lennox.audit.plan import PATIENTS, Cost, Plan
from lennox.policy.metrics import METRICS
from lennox.policy.policy import Policy, Requirement
from lennox.report.charts import chances as plot
from lennox.report.pages import render
from lennox.report.wording import ENGLISH, Wording


def plan_text(plan: Plan, policy: Policy) -> str:
    """The plan as lines of text, one table a requirement."""
    lines = [*_assumed(plan, ENGLISH), ""]
    for requirement in policy.requirements:
        costs = _costs(plan, requirement)
        if not costs:
            continue
        lines += [f"{requirement.id}: {requirement.plain}", f"  {_groups(costs[0], ENGLISH)}"]
        heads = ["true rate", "80 %", "90 %", *(str(n) for n in PATIENTS)]
        lines.append("  " + "".join(f"{head:>10}" for head in heads))
        for cost in costs:
            lines.append("  " + "".join(f"{cell:>10}" for cell in _cells(cost, ENGLISH)))
        lines.append("")
    lines.append("All at once")
    lines.append("  " + "".join(f"{head:>10}" for head in ("true rate", *(str(n) for n in PATIENTS))))
    for truth, chances in plan.joint.items():
        cells = [f"{truth:g}", *(f"{100 * chances[n]:.0f} %" for n in PATIENTS)]
        lines.append("  " + "".join(f"{cell:>10}" for cell in cells))
    if plan.skipped:
        lines.append(f"Not planned: {', '.join(plan.skipped)}.")
    return "\n".join(lines)


def plan_page(plan: Plan, policy: Policy, say: Wording = ENGLISH) -> str:
    """The plan as one HTML page with a plot a requirement, in the language of `say`."""
    films, shown = policy.scope.cluster == "film", []
    for requirement in policy.requirements:
        costs = _costs(plan, requirement)
        if not costs:
            continue
        plain = requirement.sentence(say.language)
        series = [
            (say("true rate {rate}", rate=f"{cost.truth:g}"), [(float(n), cost.chances[n]) for n in PATIENTS])
            for cost in costs
        ]
        axes = {"across": say("patients in every group"), "up": say("chance to pass")}
        shown.append({
            "plain": plain,
            "in_words": list(dict.fromkeys(_in_words(cost, requirement, films, say) for cost in costs)),
            "groups": _groups(costs[0], say),
            "chart": plot(series, **axes, title=plain),
            "rows": [_cells(cost, say) for cost in costs],
        })  # fmt: skip
    joint = [[f"{truth:g}", *(f"{100 * row[n]:.0f} %" for n in PATIENTS)] for truth, row in plan.joint.items()]
    sizes = [say("with {n}", n=n) for n in PATIENTS]
    return render(
        "plan.html",
        language=say.language,
        direction=say.direction,
        title=policy.title_in.get(say.language, policy.title),
        policy=policy,
        labels=_labels(films, say),
        assumed=_assumed(plan, say),
        shown=shown,
        heads=[say("true rate"), say("patients for 80 %"), say("for 90 %"), *sizes],
        skipped=say("Not planned: {which}.", which=", ".join(plan.skipped)) if plan.skipped else "",
        joint=joint,
        joint_heads=[say("true rate"), *sizes],
    )


def _labels(films: bool, say: Wording) -> dict[str, str]:
    enough, each = (
        (
            say("A limit is shown to be met only if there are enough sets of films."),
            say("Below stands how many sets of films each group needs, if the tool is truly as good as said."),
        )
        if films
        else (
            say("A limit is shown to be met only if there are enough people."),
            say("Below stands how many people each group needs, if the tool is truly as good as said."),
        )
    )
    fewer = say("With fewer, the answer will often be “we cannot tell yet”, even for a good tool.")
    return {
        "title": say("What each limit costs"),
        "version": say("version"),
        "introduction": f"{enough} {each} {fewer}",
        "figures": say("The figures"),
        "caption": say("how many for a chance of 80 % and 90 %, and the chance with so many"),
        "joint": say("All limits at once: the chance with so many in every group"),
    }


def _assumed(plan: Plan, say: Wording) -> list[str]:
    """What the numbers rest on."""
    said = plan.assumptions
    return [
        " ".join((
            say("The numbers say how many patients every group must bring for a limit to be shown."),
            say("They hold if the model truly has the rate on the left in every group."),
            say("After that comes the chance that it passes with so many patients in every group."),
        )),
        " ".join((
            say(
                "Assumed: {units} diseased (or healthy) units a patient, ICC {icc}, design effect {effect}.",
                units=f"{said.per_patient:g}", icc=f"{said.icc:g}", effect=f"{said.design_effect:.2f}",
            ),
            say("Groups are equal in size and made of different people."),
        )),
        " ".join((
            say("A true rate counts right answers: diseased found, healthy left alone, films read."),
            say("Areas and Dice have that value; false marks and squared errors are half of what is allowed."),
            say("Calibration is taken to be perfect."),
            say("Each chance is simulated through the gate's own bounds, for a first look at the data."),
            say("The same audit again is no new look."),
            say(
                "Another model, operating point or policy on the same data is a new look, at an eighth of the first "
                "one's level."
            ),
        )),
    ]  # fmt: skip


def _in_words(cost: Cost, requirement: Requirement, films: bool, say: Wording) -> str:
    """What one true rate costs, for people who do not read tables."""
    right = say("If the tool truly gets {n} of 100 right in every group:", n=f"{100 * cost.truth:.0f}")
    if requirement.metric == "fpr":
        right = say("If the tool truly flags {n} of 100 healthy ones in every group:", n=f"{100 * cost.truth:.0f}")
    if METRICS[requirement.metric].family != "proportion":
        right = say("If the tool is as good in every group as the figures below assume:")
    if cost.patients_80 is None and films:
        return f"{right} {say('it does not pass, however many sets of films there are.')}"
    if cost.patients_80 is None:
        return f"{right} {say('it does not pass, however many people there are.')}"
    if films:
        needs = say("each group needs about {n} sets of films for it to pass 4 times out of 5.", n=cost.patients_80)
    else:
        needs = say("each group needs about {n} people for it to pass 4 times out of 5.", n=cost.patients_80)
    return f"{right} {needs}"


def _costs(plan: Plan, requirement: Requirement) -> Sequence[Cost]:
    return [cost for cost in plan.costs if cost.requirement == requirement.id]


def _cells(cost: Cost, say: Wording) -> list[str]:
    needed = [say("never") if n is None else str(n) for n in (cost.patients_80, cost.patients_90)]
    return [f"{cost.truth:g}", *needed, *(f"{100 * cost.chances[n]:.0f} %" for n in PATIENTS)]


def _groups(cost: Cost, say: Wording) -> str:
    return say("{n} groups ({sizes}), all at once", n=sum(cost.groups), sizes=" + ".join(str(n) for n in cost.groups))
