"""Results of the benchmarks for people: every line as a table, and the promises, each with its worst line.

    python benchmarks/report.py results/<processor>.json docs/contributor/performance.md

writes the costs of a film and the promises into the page.
"""

import json
import sys
from pathlib import Path
from typing import Any

EXPLAINED = """Times are CPU time; those of folders are by the clock. The ratio is peer / ours, so above 1 we are
faster or smaller; where the target is ≤, ours / peer. First the ratio of the shortest times, then the median of the
ratios of the pairs with its [quartiles]. A target is met when both reach it."""
COSTS = {
    "one film from a cold start": "`lennox diagnose film.png`, from a cold start: CPU time",
    "cold start by the clock": "the same, by the clock",
    "cold start, peak memory": "the same, peak memory",
    "one film, model loaded": "in a program that runs already, from file to findings: CPU time",
    "network": "of that, the network",
    "network in 8 bits": "the network in 8 bits, where the processor has VNNI",
}

Document = dict[str, Any]


def table(document: Document) -> str:
    """Everything that was compared, as Markdown."""
    head = ["work", "size", "ours", "peer", "peer's", "ratio", "target", "met"]
    rows = [
        [
            line["work"],
            line["size"],
            amount(line, "ours"),
            line["peer"],
            amount(line, "theirs"),
            *judged(line),
            met([line]),
        ]
        for line in lines(document)
    ]
    return f"{conditions(document)}\n\n{EXPLAINED}\n\n{markdown(head, rows)}"


def promises(document: Document) -> str:
    """One row for each target: the size that comes closest to missing it, or misses it by most."""
    head = ["work", "beside", "size where closest", "ours", "ratio", "target", "met"]
    groups: dict[tuple[str, ...], list[Document]] = {}
    for line in lines(document):
        if line["target"]:
            groups.setdefault((line["work"], line["peer"], line["target"]), []).append(line)
    rows = []
    for (work, peer, _), group in groups.items():
        worst = min(group, key=lambda line: line["margin"])
        rows.append([work, peer, worst["size"], amount(worst, "ours"), *judged(worst), met(group)])
    return f"{conditions(document)}\n\n{markdown(head, rows)}"


def costs(document: Document) -> str:
    """What a film costs, from cold start to findings; the most of what was measured beside several peers."""
    most = {line["work"]: line for line in sorted(lines(document), key=lambda line: line["ours"])}
    rows = [[said, amount(most[work], "ours")] for work, said in COSTS.items() if work in most]
    return markdown(["one film, one thread", ""], rows)


def growth(document: Document) -> str:
    """First and last point, and the slope, of each curve of growth.py."""

    def point(curve: Document, which: int) -> str:
        return f"{curve['counts'][which]:,}: {digits(curve['ms'][which])} ms"

    rows = [
        [curve["work"], curve["unit"], point(curve, 0), point(curve, -1), f"{curve['slope']:.2f}"]
        for curve in document["curves"]
    ]
    return markdown(["work", "grows with", "from", "to", "slope"], rows)


def lines(document: Document) -> list[Document]:
    return [line for entry in document["benchmarks"] for line in entry["extra_info"].get("lines", [])]


def judged(line: Document) -> list[str]:
    ratio = digits(line["ratio_of_minima"])
    if "median_of_pair_ratios" in line:
        low, high = map(digits, line["quartiles"])
        ratio += f"; {digits(line['median_of_pair_ratios'])} [{low}, {high}]"
    return [ratio, line["target"]]


def met(group: list[Document]) -> str:
    """`margin` is how many times as good as its target a line is."""
    if any(line["margin"] is None for line in group):
        return ""
    good = sum(line["margin"] >= 1 for line in group)
    return "yes" if good == len(group) else f"**{good} of {len(group)}**" if len(group) > 1 else "**no**"


def amount(line: Document, whose: str) -> str:
    value, unit = line[whose], line["unit"]
    if unit == "ms" and value >= 1000:
        value, unit = value / 1000, "s"
    return f"{digits(value)} {unit}"


def digits(value: float) -> str:
    """Three digits that count, and no exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *rows])


def conditions(document: Document) -> str:
    machine = document["machine_info"]
    loads = [line["load"] for line in lines(document) if line["load"] is not None]
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    return (
        f"Measured on {machine['node']} ({', '.join(machine['instructions'])}), load {min(loads):g} to {max(loads):g}, "
        f"on {document['datetime'][:10]}. Kernels {machine['kernels']}, ONNX Runtime's {machine['provider']}. "
        f"Python {machine['python_version']}, {libraries}."
    )


def fill(page: Path, name: str, text: str) -> None:
    """Put a text between the lines `<!-- name -->` and `<!-- end of name -->` of a page."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = page.read_text(encoding="utf-8").partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{page} has no place for '{name}'")
    page.write_text(f"{before}{start}\n{text}\n{end}{after}", encoding="utf-8")


def main(results: str, page: str) -> None:
    document = json.loads(Path(results).read_text(encoding="utf-8"))
    fill(Path(page), "costs", costs(document))
    fill(Path(page), "measured", promises(document))


if __name__ == "__main__":
    main(*sys.argv[1:])
