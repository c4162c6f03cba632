"""The one-page sheet for the people concerned: plain words, true counts or counts of 100, no statistics.

A pure function of the audit's JSON document. Every sentence is a template in a catalogue; nothing is generated. It
says which limits were met, on whom, against which labels, and never that a tool is fair or safe.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lennox.audit.report.names import Names
from lennox.audit.report.rows import Document, Row, gated_rows, limits, verdict_of
from lennox.policy.metrics import METRICS
from lennox.report.pages import render
from lennox.report.wording import COMMUNITY, Wording

CATALOGUES = COMMUNITY
ROWS_ON_A_PAGE = 14  # of groups, over all limits
PAIRS_A_LIMIT = 2
BANNED = ("fair", "unbiased", "safe", "no bias", "bias-free", "justo", "seguro", "imparcial", "sin sesgo")
_MANY = 5000

Requirement = Mapping[str, Any]


def sheet(document: Document, say: Wording) -> str:
    """The sheet as HTML, in the language of `say`."""
    policy = document["policy"]
    share = max(2, ROWS_ON_A_PAGE // max(len(policy["requirements"]), 1))
    return render(
        "sheet.html",
        language=say.language,
        direction=say.direction,
        document=document,
        title=policy["title_in"].get(say.language, policy["title"]),
        headline=_headline(document["verdict"], say),
        because=_because(document, say),
        tried_on=_tried_on(document, say),
        unsaid=_unsaid(document, say),
        limits=[_limit(requirement, document, say, share) for requirement in policy["requirements"]],
        next_step=_next_step(document, say),
        set_by=say("Who set the limits: {body}, {date}.", **_adopted(document)),
        ask=say("Who to ask: {who}.", who=", ".join(policy["notify"]) or say("whoever gave you this page")),
        unknown=_unknown(document, say),
        labels={
            "asked": say("What was asked:"),
            "unknown": say("What we do not know:"),
            "withdrawn": say("The person who told why has taken their story back. The limit stays."),
            "no_story": say("Nobody has told us yet why these limits matter to them. Your words belong here."),
            "pills": {
                "PASS": say("good"),
                "FAIL": say("not good enough"),
                "INSUFFICIENT EVIDENCE": say("we cannot tell yet"),
            },
        },
    )


def _headline(verdict: str, say: Wording) -> str:
    return {
        "PASS": say("This tool met every limit that was set."),
        "FAIL": say("This tool may NOT be used yet."),
        "INSUFFICIENT EVIDENCE": say("We cannot tell yet. This tool may NOT be used."),
    }[verdict]


def _because(document: Document, say: Wording) -> str:
    """One sentence on the verdict, from the rows that decide it."""
    if document["verdict"] == "PASS":
        return say("In every group we looked at, we can be sure enough.")
    rows = [row for row in document["rows"] if row["gated"] and row["verdict"] == document["verdict"]]
    if document["verdict"] == "FAIL":
        if any("versus" not in row for row in rows):
            return say("In at least one group it does worse than the limit, and that is not chance.")
        return say("Between at least two groups it differs by more than the limit, and that is not chance.")
    reasons = {_why_open(row, document, say)[0] for row in rows}
    if "too few" in reasons and by_films(document):
        return say("We looked at too few films to be sure. That is not the same as a good result.")
    if "too few" in reasons:
        return say("We looked at too few people to be sure. That is not the same as a good result.")
    if "not known" in reasons:
        return say("Too little is known about those we looked at. That is not the same as a good result.")
    return say("What we saw does not settle it. That is not the same as a good result.")


def _tried_on(document: Document, say: Wording) -> str:
    patients, name = document["data"]["patients"], document["model"].get("name")
    checked = say("We checked the tool “{name}”.", name=name) + " " if name else ""
    if by_films(document):
        return checked + say.many("It was tried on {n} set of films.", "It was tried on {n} sets of films.", patients)
    return (
        checked
        + say.many("It was tried on {n} person.", "It was tried on {n} people.", patients)
        + _places(document, say)
    )


def _places(document: Document, say: Wording) -> str:
    sites = [site["name"] for site in document["data"].get("sites", ())]
    if not sites:
        return ""
    named = say.many(
        "It comes from {n} place: {names}.", "It comes from {n} places: {names}.", len(sites), names=", ".join(sites)
    )
    return f" {named}"


def by_films(document: Document) -> bool:
    """Whether it is unknown which films are of one person, so that people cannot be counted."""
    return bool(document["policy"]["scope"]["cluster"] == "film")


def _unsaid(document: Document, say: Wording) -> str:
    allowed = document["policy"]["unknown"]["max_share"]
    if not any(part > allowed for part in document["data"]["unknown_share"].values()):
        return ""
    if by_films(document):
        return say("For too many films the group is not known. Nothing can be judged until more is known.")
    return say("Too many people did not say which group they are in. Nothing can be judged until more do.")


def _limit(requirement: Requirement, document: Document, say: Wording, share: int) -> dict[str, Any]:
    """A limit with the rows nearest to trouble, and how many others there are."""
    rows = gated_rows(document, requirement["id"])
    still_open = [row for row in rows if row["verdict"] != "PASS"]
    pairs = requirement["criterion"] != "worst-group"
    if pairs:
        still_open, share = _one_way(still_open), min(share, PAIRS_A_LIMIT)
    shown = still_open[:share] or rows[: 1 if pairs else 2]
    rest = [row for row in rows if row not in shown]
    if pairs:
        rest = _one_way(rest, known=shown)
    story = requirement["story"]
    return {
        "plain": requirement["plain_in"].get(say.language, requirement["plain"]),
        "verdict": verdict_of(document, requirement["id"]),
        "rows": [_shown(row, document, say) for row in shown],
        "rest": _rest(rest, pairs, say),
        "story": story,
        "story_head": say("Why this matters, in the words of {teller}:", teller=(story or {}).get("teller", "")),
    }


def _shown(row: Row, document: Document, say: Wording) -> dict[str, Any]:
    seen, sure = _numbers(row, document, say)
    undecided = row["verdict"] == "INSUFFICIENT EVIDENCE" and row["patients"] != "<5"
    notes = _notes(row, document, say) if undecided else []
    return {"name": _name(row, document, say), "seen": seen, "sure": sure, "verdict": row["verdict"], "notes": notes}


def _rest(rows: Sequence[Row], pairs: bool, say: Wording) -> str:
    passed = sum(row["verdict"] == "PASS" for row in rows)
    undecided = len(rows) - passed
    lines = []
    if pairs and passed:
        lines.append(say.many("{n} other comparison: good.", "{n} other comparisons: good.", passed))
    elif passed:
        lines.append(say.many("{n} other group: good.", "{n} other groups: good.", passed))
    if pairs and undecided:
        lines.append(
            say.many(
                "{n} other comparison: not shown to be good.", "{n} other comparisons: not shown to be good.", undecided
            )
        )
    elif undecided:
        lines.append(
            say.many("{n} other group: not shown to be good.", "{n} other groups: not shown to be good.", undecided)
        )
    return " ".join(lines)


def _one_way(rows: Sequence[Row], known: Sequence[Row] = ()) -> list[Row]:
    """Each pair once, the way round that is nearer to trouble (rows are in that order)."""
    seen = {_pair(row) for row in known}
    kept = []
    for row in rows:
        if _pair(row) not in seen:
            kept.append(row)
            seen.add(_pair(row))
    return kept


def _pair(row: Row) -> frozenset[str]:
    return frozenset((str(sorted(row["group"].items())), str(sorted(row.get("versus", {}).items()))))


def _name(row: Row, document: Document, say: Wording) -> str:
    names = Names(document["policy"], say)
    one = names.groups(row["group"])
    if "versus" not in row:
        return f"{one} ({names.features(row['group'])})"
    return say("{one}, beside {other}", one=one, other=names.groups(row["versus"]))


def _nothing(row: Row, films: bool, say: Wording) -> str:
    if films:
        return say("no film to count") if row["patients"] else say("no films here")
    return say("nobody to count") if row["patients"] else say("nobody here")


def _numbers(row: Row, document: Document, say: Wording) -> tuple[str, str]:
    """What was seen, and what we can be sure of."""
    estimate, bound = row["estimate"], row["bound"]
    if row["patients"] == "<5":
        return say("too few to print"), ""
    if estimate is None:
        return _nothing(row, by_films(document), say), ""
    if "versus" not in row:
        return _seen(row, say), _sure(row, say)
    one, other = row["group_estimate"], row["versus_estimate"]
    if one is not None and other is not None:
        seen = say("{a} of 100, against {b} of 100", a=round(100 * one), b=round(100 * other))
    else:
        seen = say("{n} in 100 apart", n=round(100 * abs(estimate)))
    apart = bound is not None and bound > 0
    return seen, say("could be {n} in 100 apart", n=math.ceil(100 * bound - 1e-9)) if apart else ""


def _seen(row: Row, say: Wording) -> str:
    metric, estimate, count = row["metric"], row["estimate"], row["denominator"]
    if metric == "false_positives_per_image":
        return say("{n} false marks on 100 films", n=round(100 * estimate))
    if metric in ("calibration_slope", "calibration_intercept"):
        sharp = estimate if metric == "calibration_slope" else 1.0 + estimate
        if 0.8 <= sharp <= 1.25:
            return say("its numbers are about right")
        return say("its numbers are too bold") if sharp < 0.8 else say("its numbers are too timid")
    base = 100 if not isinstance(count, int) or count >= 100 or metric in ("auc", "brier", "dice") else count
    seen = round(base * estimate)
    return {
        "tpr": say("found {k} of {n}", k=seen, n=base),
        "lesion_sensitivity": say("found {k} of {n}", k=seen, n=base),
        "fpr": say("false alarm for {k} of {n}", k=seen, n=base),
        "readable_rate": say("could read {k} of {n}", k=seen, n=base),
        "auc": say("right order {k} times of {n}", k=seen, n=base),
        "brier": say("off by {k} of {n}", k=seen, n=base),
        "dice": say("outlines match to {k} of {n}", k=seen, n=base),
    }[metric]


def _sure(row: Row, say: Wording) -> str:
    bound, metric = row["bound"], row["metric"]
    if bound is None or metric.startswith("calibration"):
        return ""
    if row["direction"] == "at-least":
        return say("we can be sure of at least {n} in 100", n=math.floor(100 * bound + 1e-9))
    return say("could be as many as {n} in 100", n=math.ceil(100 * bound - 1e-9))


def _notes(row: Row, document: Document, say: Wording) -> list[str]:
    """Why an undecided row is undecided, whether it looks bad so far, and what would decide it."""
    notes = [_why_open(row, document, say)[1]]
    low, high = limits(row)
    estimate = row["estimate"]
    if estimate is not None and ((low is not None and estimate < low) or (high is not None and estimate > high)):
        notes.append(say("So far it looks worse than the limit."))
    return [*notes, _needs(row["needs_more_patients"], document, say)]


def _why_open(row: Row, document: Document, say: Wording) -> tuple[str, str]:
    """Why a row is undecided: "too few", "not known" or "not settled", and the same as a sentence."""
    if row["reason"].startswith("too few"):
        return "too few", _too_few(row, document, say)
    if "did not say" in row["reason"] or row["reason"].startswith("too many are"):
        return "not known", say("For too many, the group is not known.")
    if "labels" in row["reason"]:
        return "not known", say("For too many, the right answer is not known.")
    if row["estimate"] is None:
        return "too few", say("There is nothing to count here.")
    return "not settled", say("These numbers could be chance.")


def _too_few(row: Row, document: Document, say: Wording) -> str:
    """Which number the policy asked for, and how many there were; in a comparison, of the smaller group."""
    need, other = document["policy"]["evidence"], row.get("versus_counts") or {}
    evidence = METRICS[row["metric"]].evidence

    def have(key: str) -> int | None:
        found = [counts[key] for counts in (row, other) if key in counts]
        return None if any(not isinstance(count, int) for count in found) else min(found)

    ill, well, people = have("cases"), have("controls"), have("patients")
    if evidence in ("cases", "both") and ill is not None and ill < need["min_cases"]:
        return say("Too few with the disease: {have}, where {want} were asked for.", have=ill, want=need["min_cases"])
    if evidence in ("controls", "both") and well is not None and well < need["min_controls"]:
        return say(
            "Too few without the disease: {have}, where {want} were asked for.", have=well, want=need["min_controls"]
        )
    if people is not None and people < need["min_patients"] and not by_films(document):
        return say("Too few people: {have}, where {want} were asked for.", have=people, want=need["min_patients"])
    return say("Too few films to judge.") if by_films(document) else say("Too few people to judge.")


def _needs(number: int | str | None, document: Document, say: Wording) -> str:
    if number == "<5":  # a public copy: the number would tell how few there were
        return ""
    if not isinstance(number, int):
        return say("It is not known how many more it would take.")
    if number > _MANY:
        return say("It lies right at the limit: thousands more would be needed.")
    about = number if number < 20 else math.ceil(number / 10) * 10
    if by_films(document):
        return say.many("Needs about {n} more set of films.", "Needs about {n} more sets of films.", about)
    return say.many("Needs about {n} more person.", "Needs about {n} more people.", about)


def _next_step(document: Document, say: Wording) -> str:
    if document["verdict"] == "PASS":
        return say("What happens now: the people who set the limits may release it. Until they sign, it stays locked.")
    if document["verdict"] == "FAIL":
        return say("What happens now: it stays locked.")
    if by_films(document):
        return say("What happens now: it stays locked until more films have been seen.")
    return say("What happens now: it stays locked until more people have been seen.")


def _adopted(document: Document) -> dict[str, str]:
    adopted = document["policy"]["ratification"]
    return {"body": adopted["body"], "date": adopted["date"]}


def _unknown(document: Document, say: Wording) -> list[str]:
    """What the audit cannot know, or did not check."""
    data = document["data"]
    lines = [
        say("We compared the tool with the answers that came with the data. Where those are wrong, we cannot know."),
        say("It says nothing about places and people that were not looked at."),
    ]
    if not data["training"]["checked"]:
        lines.append(
            say("Nobody checked whether the tool had learned from these same films.")
            if by_films(document)
            else say("Nobody checked whether the tool had learned from these same people.")
        )
    if data["not_recorded"]:
        names = Names(document["policy"], say).features(data["not_recorded"])
        lines.append(
            say("Nobody wrote down: {names}. So we cannot say how the tool works for these groups.", names=names)
        )
    if document["attempt"] > 1:
        lines.append(
            say.many(
                "We know of {n} time that the tool was tried on this data. Tries elsewhere are not counted.",
                "We know of {n} times that the tool was tried on this data. Tries elsewhere are not counted.",
                document["attempt"],
            )
        )
    return lines
