"""The one-page sheet for the people concerned: plain words, true counts or counts of 100, no statistics.

A pure function of the audit's JSON document. Every sentence is a template; nothing is generated. It says which limits
were met, on whom, against which labels, and never that a tool is fair or safe.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lennox.audit.report.markup import CLASSES, SIGNS, page, text
from lennox.audit.report.sections_evidence import ordered
from lennox.audit.report.wording import Wording

Document = Mapping[str, Any]
Entry = Mapping[str, Any]

ROWS_ON_A_PAGE = 14  # of groups, over all limits
PAIRS_A_LIMIT = 2
BANNED = ("fair", "unbiased", "safe", "no bias", "bias-free", "justo", "seguro", "imparcial", "sin sesgo")
_MANY = 5000

_STYLE = """
body { max-width: 50rem; font-size: 16px; line-height: 1.35; padding: 1.2rem; }
.banner { margin: .5rem 0; padding: .6rem 1rem; }
.banner strong { font-size: 1.6rem; }
h2 { margin: .9rem 0 .1rem; font-size: 1.05rem; border: 0; }
h2 .verdict { font-size: .9rem; }
table { margin: .1rem 0 .2rem; font-size: .92rem; }
td { padding: .14rem .4rem; }
td:nth-child(1) { width: 27%; }
td:nth-child(2) { width: 20%; }
td:nth-child(3) { width: 24%; }
td:nth-child(4) { width: 29%; }
p { margin: .2rem 0; }
blockquote { font-size: .93rem; margin: .2rem 0; padding: .3rem .8rem; }
.foot { border-top: 2px solid var(--line); margin-top: .8rem; padding-top: .3rem; font-size: .95rem; }
ul { margin: .1rem 0 .1rem 1.2rem; padding: 0; }
@page { size: A4; margin: 8mm; }
@media print {
  html { font-size: 11px; }
  body { font-size: 1rem; max-width: none; padding: 0; line-height: 1.25; }
  table { font-size: .95rem; }
  h2 { margin-top: .6rem; }
}
"""


def sheet(document: Document, say: Wording) -> str:
    """The sheet as HTML, in the language of `say`."""
    policy = document["policy"]
    title = policy["title_in"].get(say.language, policy["title"])
    body = [f'<p class="quiet">{text(title)} · {text(document["date"])}</p>', _banner(document, say)]
    body.append(f"<p>{text(_whom(document, say))}</p>")
    if any(part > policy["unknown"]["max_share"] for part in document["data"]["unknown_share"].values()):
        silent = say("Too many people did not say which group they are in. Nothing can be judged until more do.")
        if _by_films(document):
            silent = say(
                "For too many films nobody knows which group they are in. Nothing can be judged until more is known."
            )
        body.append(f"<p><strong>{text(silent)}</strong></p>")
    told = False
    share = max(2, ROWS_ON_A_PAGE // max(len(policy["requirements"]), 1))
    for requirement in policy["requirements"]:
        body += _limit(requirement, document, say, share)
        told = told or requirement["story"] is not None
    if not told:
        body.append(
            f"<p>{text(say('Nobody has told us yet why these limits matter to them. Your words belong here.'))}</p>"
        )
    body.append(_foot(document, say))
    return page(_headline(document["verdict"], say), body, language=say.language, extra_style=_STYLE)


def _headline(verdict: str, say: Wording) -> str:
    return {
        "PASS": say("This tool met every limit that was set."),
        "FAIL": say("This tool may NOT be used yet."),
        "INSUFFICIENT EVIDENCE": say("We cannot tell yet. This tool may NOT be used."),
    }[verdict]


def _banner(document: Document, say: Wording) -> str:
    verdict = document["verdict"]
    why = {
        "PASS": say("In every group we looked at, we can be sure enough."),
        "FAIL": say("In at least one group it does worse than the limit, and that is not chance."),
        "INSUFFICIENT EVIDENCE": say("We looked at too few people to be sure. That is not the same as a good result."),
    }[verdict]
    sign = SIGNS[verdict]
    head = f"<strong>{sign} {text(_headline(verdict, say))}</strong>"
    return f'<div class="banner {CLASSES[verdict]}">{head}<p>{text(why)}</p></div>'


def _whom(document: Document, say: Wording) -> str:
    patients = document["data"]["patients"]
    name = document["model"].get("name")
    told = say("We checked the tool “{name}”.", name=name) + " " if name else ""
    if _by_films(document):
        return told + say.many("It was tried on {n} set of films.", "It was tried on {n} sets of films.", patients)
    return told + say.many("It was tried on {n} person.", "It was tried on {n} people.", patients)


def _by_films(document: Document) -> bool:
    """Whether nobody knows which films are of one person, so that people cannot be counted."""
    return bool(document["policy"]["scope"]["cluster"] == "film")


def _limit(requirement: Entry, document: Document, say: Wording, share: int) -> list[str]:
    rows = ordered([row for row in document["rows"] if row["requirement"] == requirement["id"] and row["gated"]])
    open_rows = [row for row in rows if row["verdict"] != "PASS"]
    if requirement["criterion"] != "worst-group":
        open_rows = _one_way(open_rows)
        share = min(share, PAIRS_A_LIMIT)
    shown = open_rows[:share] or rows[: 2 if requirement["criterion"] == "worst-group" else 1]
    plain = requirement["plain_in"].get(say.language, requirement["plain"])
    judged = next(entry["verdict"] for entry in document["requirements"] if entry["id"] == requirement["id"])
    body = [f"<h2>{text(say('What was asked:'))} {text(plain)} {_pill(judged, say)}</h2>", "<table><tbody>"]
    for row in shown:
        cells = (_name(row, say), *_numbers(row, say), _answer(row, document, say))
        first, *others = cells
        body.append(f"<tr><td>{text(first)}</td>" + "".join(f"<td>{part}</td>" for part in others) + "</tr>")
    body.append("</tbody></table>")
    rest = [row for row in rows if row not in shown]
    if requirement["criterion"] != "worst-group":
        rest = _one_way(rest, known=shown)
    passed, undecided = sum(row["verdict"] == "PASS" for row in rest), sum(row["verdict"] != "PASS" for row in rest)
    lines = []
    if requirement["criterion"] == "worst-group":
        if passed:
            lines.append(say.many("{n} other group: good.", "{n} other groups: good.", passed))
        if undecided:
            lines.append(
                say.many("{n} other group: not shown to be good.", "{n} other groups: not shown to be good.", undecided)
            )
    else:
        if passed:
            lines.append(say.many("{n} other comparison: good.", "{n} other comparisons: good.", passed))
        if undecided:
            lines.append(
                say.many(
                    "{n} other comparison: not shown to be good.",
                    "{n} other comparisons: not shown to be good.",
                    undecided,
                )
            )
    if lines:
        body.append(f'<p class="quiet">{text(" ".join(lines))}</p>')
    return body + _story(requirement["story"], say)


def _one_way(rows: list[Entry], known: list[Entry] | None = None) -> list[Entry]:
    """Each pair once, the way round that is nearer to trouble (rows are in that order)."""
    seen = {_pair(row) for row in known or []}
    kept = []
    for row in rows:
        if _pair(row) not in seen:
            kept.append(row)
            seen.add(_pair(row))
    return kept


def _pair(row: Entry) -> frozenset[str]:
    return frozenset((str(sorted(row["group"].items())), str(sorted(row.get("versus", {}).items()))))


def _name(row: Entry, say: Wording) -> str:
    one = ", ".join(row["group"].values()) or say("everybody")
    if "versus" not in row:
        return f"{one} ({', '.join(row['group']).replace('_', ' ')})"
    return say("{one}, beside {other}", one=one, other=", ".join(row["versus"].values()) or say("everybody"))


def _numbers(row: Entry, say: Wording) -> tuple[str, str]:
    """What was seen, and what we can be sure of; both escaped."""
    estimate, bound = row["estimate"], row["bound"]
    if row["patients"] == "<5" or (estimate is None and isinstance(row["patients"], int) and row["patients"] > 0):
        return text(say("too few people to print") if row["patients"] == "<5" else say("nobody to count")), ""
    if estimate is None:
        return text(say("nobody here")), ""
    if "versus" in row:
        one, other = row["group_estimate"], row["versus_estimate"]
        if one is not None and other is not None:
            seen = say("{a} of 100, against {b} of 100", a=round(100 * one), b=round(100 * other))
        else:
            seen = say("{n} in 100 apart", n=round(100 * abs(estimate)))
        apart = bound is not None and bound > 0
        return text(seen), text(say("could be {n} in 100 apart", n=math.ceil(100 * bound - 1e-9))) if apart else ""
    return text(_seen(row, say)), text(_sure(row, say))


def _seen(row: Entry, say: Wording) -> str:
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
    words = {
        "fpr": say("false alarm for {k} of {n}", k=seen, n=base),
        "readable_rate": say("could read {k} of {n}", k=seen, n=base),
        "auc": say("right order {k} times of {n}", k=seen, n=base),
        "brier": say("off by {k} of {n}", k=seen, n=base),
        "dice": say("outlines match to {k} of {n}", k=seen, n=base),
    }
    return words.get(metric, say("found {k} of {n}", k=seen, n=base))


def _sure(row: Entry, say: Wording) -> str:
    bound, metric = row["bound"], row["metric"]
    if bound is None or metric.startswith("calibration"):
        return ""
    if row["direction"] == "at-least":
        return say("we can be sure of at least {n} in 100", n=math.floor(100 * bound + 1e-9))
    return say("could be as many as {n} in 100", n=math.ceil(100 * bound - 1e-9))


def _answer(row: Entry, document: Document, say: Wording) -> str:
    answer = _pill(row["verdict"], say)
    if row["verdict"] != "INSUFFICIENT EVIDENCE":
        return answer
    return f"{answer} <small>{text(_needs(row['needs_more_patients'], document, say))}</small>"


def _pill(verdict: str, say: Wording) -> str:
    word = {"PASS": say("good"), "FAIL": say("not good enough")}.get(verdict, say("we cannot tell yet"))
    return f'<span class="verdict {CLASSES[verdict]}">{SIGNS[verdict]} {text(word)}</span>'


def _needs(number: int | str | None, document: Document, say: Wording) -> str:
    if number == "<5":  # a public copy: the number would tell how few there were
        return ""
    if not isinstance(number, int):
        return say("nobody knows how many more it would take")
    if number > _MANY:
        return say("it lies right at the limit: thousands more would be needed")
    about = number if number < 20 else math.ceil(number / 10) * 10
    if _by_films(document):
        return say.many("needs about {n} more set of films", "needs about {n} more sets of films", about)
    return say.many("needs about {n} more person", "needs about {n} more people", about)


def _tried(attempt: int, say: Wording) -> str:
    return say.many(
        "The tool has been tried on these people {n} time.",
        "The tool has been tried on these people {n} times.",
        attempt,
    )


def _story(story: Entry | None, say: Wording) -> list[str]:
    if story is None:
        return []
    if "withdrawn" in story:
        return [f"<p>{text(say('The person who told why has taken their story back. The limit stays.'))}</p>"]
    head = say("Why this matters, in the words of {teller}:", teller=story["teller"])
    return [f"<blockquote>{text(head)} “{text(story['words'])}”</blockquote>"]


def _foot(document: Document, say: Wording) -> str:
    verdict, adopted = document["verdict"], document["policy"]["ratification"]
    happens = {
        "PASS": say(
            "What happens now: the people who set the limits may release it. Until they sign, it stays locked."
        ),
        "FAIL": say("What happens now: it stays locked."),
        "INSUFFICIENT EVIDENCE": say("What happens now: it stays locked until more people have been seen."),
    }[verdict]
    who = ", ".join(document["policy"]["notify"]) or say("whoever gave you this page")
    unknown = [
        say("We compared the tool with what other people saw. If they missed decay, this page cannot know."),
        say("It says nothing about places and people that were not looked at."),
    ]
    if document["data"]["not_recorded"]:
        names = ", ".join(name.replace("_", " ") for name in document["data"]["not_recorded"])
        unknown.append(
            say("Nobody wrote down: {names}. So we cannot say how the tool works for these groups.", names=names)
        )
    if document["attempt"] > 1:
        unknown.append(_tried(document["attempt"], say))
    items = "".join(f"<li>{text(line)}</li>" for line in unknown)
    asked = say("Who set the limits: {body}, {date}.", body=adopted["body"], date=adopted["date"])
    ask = say("Who to ask: {who}.", who=who)
    return (
        f'<div class="foot"><p><strong>{text(happens)}</strong></p><p>{text(asked)} {text(ask)}</p>'
        f"<p>{text(say('What we do not know:'))}</p><ul>{items}</ul></div>"
    )
