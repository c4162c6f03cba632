"""The tables of these pages that hold figures, written anew from card, records and plan: `python docs/tables.py`.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; a test compares them all.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lennox.audit.plan import Assumptions, Plan, plan
from lennox.policy.policy import Policy
from lennox.policy.reading import read_draft

DOCS = Path(__file__).parent
ROOT = DOCS.parent
CARD = ROOT / "models" / "caries-radiograph-2" / "card.json"
RECORDS = ROOT / "audits" / "records"
TABLE = re.compile(r"<!-- table: ([a-z-]+) -->\n(.*?)<!-- end -->", re.DOTALL)


def operating_points() -> Iterable[Sequence[str]]:
    """What each operating point costs, on the films of another origin."""
    yield ("operating point", "of 100 lesions, marked", "false marks on 100 films", "of 100 films with caries, marked",
           "of 100 films without, left alone")  # fmt: skip
    for point in json.loads(CARD.read_text())["figures"]["periapical-external"]["operating_points"]:
        shares = ("lesion_sensitivity", "false_positives_a_film", "film_sensitivity", "film_specificity")
        yield (f"*{point['name']}*, {point['threshold']:.3f}", *(_of_100(point[share]) for share in shares))


def right_marks() -> Iterable[Sequence[str]]:
    """How many of 100 films with a mark have caries, by how common caries is."""
    common = ("0.05", "0.2", "0.5")
    yield ("operating point", *(f"where {100 * float(share):.0f} of 100 films have caries" for share in common))
    for point in json.loads(CARD.read_text())["figures"]["periapical-external"]["operating_points"]:
        yield (f"*{point['name']}*", *(f"{100 * point[f'ppv_at_prevalence_{share}']:.0f}" for share in common))


def look_alikes() -> Iterable[Sequence[str]]:
    """Drawn films without caries that were marked all the same."""
    yield ("drawn with", "films", "*sensitive*", "*balanced*", "*specific*")
    for row in json.loads(CARD.read_text())["robustness"][0]["challenge"]:
        shares = (row[f"films_marked_{name}"] for name in ("sensitive", "balanced", "specific"))
        films = row["drawn_films"]
        name = "nothing of the kind" if row["artefact"] == "none" else row["artefact"]
        yield (name, str(films), *(f"{share * films:.0f}" for share in shares))


def records() -> Iterable[Sequence[str]]:
    """Every audit of record."""
    yield ("record", "policy", "patients", "attempt", "look", "verdict")
    for path in sorted(RECORDS.glob("**/audit.json")):
        audit, name = json.loads(path.read_text()), path.parent.relative_to(RECORDS)
        link, policy = f"[{name}](../../audits/records/{name}/audit.html)", audit["policy"]
        counts = (f"{audit['data']['patients']:,}", str(audit["attempt"]), str(audit["look"]))
        yield (link, f"{policy['id']} {policy['version']}", *counts, audit["verdict"])


def plan_en() -> Iterable[Sequence[str]]:
    """What the limits of the example cost."""
    yield ("limit", "if the tool gets 85 of 100 right", "if it gets 90 of 100 right")
    yield from _plan("en")


def plan_es() -> Iterable[Sequence[str]]:
    """The same in Spanish."""
    yield ("límite", "si la herramienta acierta 85 de cada 100", "si acierta 90 de cada 100")
    yield from _plan("es")


TABLES: dict[str, Callable[[], Iterable[Sequence[str]]]] = {
    "operating-points": operating_points,
    "right-marks": right_marks,
    "look-alikes": look_alikes,
    "records": records,
    "plan": plan_en,
    "plan-es": plan_es,
}


def written(name: str) -> str:
    """A table in Markdown."""
    head, *rows = TABLES[name]()
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def pages() -> Iterable[Path]:
    """The pages that hold such tables."""
    return (page for page in sorted(DOCS.rglob("*.md")) if TABLE.search(page.read_text()))


def main() -> None:
    """Write every table anew."""
    for page in pages():
        text = TABLE.sub(lambda found: f"<!-- table: {found[1]} -->\n{written(found[1])}<!-- end -->", page.read_text())
        page.write_text(text)


def _of_100(figure: dict[str, Any]) -> str:
    low, high = figure["interval"]
    return f"{100 * figure['value']:.0f} ({100 * low:.0f} to {100 * high:.0f})"


@cache
def _made() -> tuple[Policy, Plan]:
    policy = read_draft(DOCS / "community" / "example.toml")
    return policy, plan(policy, Assumptions(truths=(0.85, 0.9), icc=0.0))


def _plan(language: str) -> Iterable[Sequence[str]]:
    policy, made = _made()
    for requirement in policy.requirements:
        costs = [cost.patients_80 for cost in made.costs if cost.requirement == requirement.id]
        yield requirement.sentence(language), *("–" if cost is None else str(cost) for cost in costs)


if __name__ == "__main__":
    main()
