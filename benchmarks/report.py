"""Results of the benchmarks for people: every line as a table, and the promises, each with its worst line.

    python benchmarks/report.py results/<processor>.json docs/performance.md

writes the promises into the page, between the lines `<!-- measured -->` and `<!-- end of measured -->`.
"""

import json
import sys
from pathlib import Path
from typing import Any

START, END = "<!-- measured -->\n", "<!-- end of measured -->\n"
EXPLAINED = """Times are CPU time. The ratio is peer / ours, so above 1 we are faster or smaller; where the target is ≤, ours /
peer. First the ratio of the shortest times, then the median of the ratios of the pairs with its [quartiles]. A target
is met when both reach it."""
RULE = "| --- | --- | --- | --- | --- | --- | --- | --- |\n"

Document = dict[str, Any]


def table(document: Document) -> str:
    """Everything that was compared, as Markdown."""
    head = "| work | size | ours | peer | peer's | ratio | target | met |\n" + RULE
    rows = [
        [line["work"], line["size"], amount(line, "ours"), line["peer"], amount(line, "theirs"), *judged(line)]
        for line in lines(document)
    ]
    return f"{conditions(document)}\n\n{EXPLAINED}\n\n{head}{markdown(rows)}"


def promises(document: Document) -> str:
    """One row for each work and peer with a target: the line that comes closest to missing it, or misses it by most."""
    head = "| work | beside | sizes | worst of them | ours | ratio | target | met |\n" + RULE
    groups: dict[tuple[str, ...], list[Document]] = {}
    for line in lines(document):
        if line["target"]:
            groups.setdefault((line["work"], line["peer"], line["target"]), []).append(line)
    rows = []
    for (work, peer, _), group in groups.items():
        worst = min(group, key=margin)
        rows.append([work, peer, str(len(group)), worst["size"], amount(worst, "ours"), *judged(worst)])
    return f"{conditions(document)}\n\n{head}{markdown(rows)}"


def lines(document: Document) -> list[Document]:
    return [line for entry in document["benchmarks"] for line in entry["extra_info"].get("lines", [])]


def margin(line: Document) -> float:
    """How far above its target a line is, as a factor; a target on ours compares sizes."""
    number = float(line["target"].split()[-1 - line["target"].startswith("ours")].lstrip("≥≤"))
    if line["target"].startswith("ours"):
        return number / line["ours"]
    if line["target"].startswith("≤"):
        return number / max(line["ratio_of_minima"], line["median_of_pair_ratios"])
    return min(line["ratio_of_minima"], line["median_of_pair_ratios"]) / number


def judged(line: Document) -> list[str]:
    ratio = digits(line["ratio_of_minima"])
    if "median_of_pair_ratios" in line:
        low, high = map(digits, line["quartiles"])
        ratio += f"; {digits(line['median_of_pair_ratios'])} [{low}, {high}]"
    return [ratio, line["target"], {True: "yes", False: "**no**", None: ""}[line["met"]]]


def amount(line: Document, whose: str) -> str:
    value, unit = line[whose], line["unit"]
    if unit == "ms" and value >= 1000:
        value, unit = value / 1000, "s"
    return f"{digits(value)} {unit}"


def digits(value: float) -> str:
    """Three digits that count, and no exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def markdown(rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def conditions(document: Document) -> str:
    machine = document["machine_info"]
    loads = [line["load"] for line in lines(document) if line["load"] is not None]
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    return (
        f"Measured on {machine['node']} ({', '.join(machine['instructions'])}), load {min(loads):g} to {max(loads):g}, "
        f"on {document['datetime'][:10]}. Kernels {machine['kernels']}, ONNX Runtime's {machine['provider']}. "
        f"Python {machine['python_version']}, {libraries}."
    )


def main(results: str, page: str) -> None:
    place = Path(page)
    before, _, rest = place.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    text = promises(json.loads(Path(results).read_text(encoding="utf-8")))
    place.write_text(f"{before}{START}{text}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
