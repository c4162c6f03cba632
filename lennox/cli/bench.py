"""`lennox bench`: how fast this computer reads films."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from lennox import __version__

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from lennox.bench.measurements import Bench, Figures, ProfileName


@click.command()
@click.option("--model", metavar="NAME|DIR", help="An installed model, see `lennox models`, or a folder with one.")
@click.option(
    "--profile",
    type=click.Choice(["this-pc", "low-cost"]),
    default="this-pc",
    show_default=True,
    help="This PC as it is, or held to what a cheap one has.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def bench(model: str | None, profile: ProfileName, form: str) -> None:
    """How fast is this PC? The first film, further films, folders of them, and the memory that takes.

    Takes half a minute. Draws its own films and reads no others; leaves nothing behind and sends nothing anywhere. The
    JSON says nothing about whose PC it is, so it can be passed on.

    --profile low-cost holds lennox to one processor and 512 MiB of memory, and says which of these the system enforced.
    Older instructions, a slower clock, cache and disk are not emulated.

    \b
    Examples:
      lennox bench
      lennox bench --profile low-cost
      lennox bench --format json > this-pc.json
    """
    from rich.console import Console

    from lennox.bench.bench_record import to_record
    from lennox.bench.measurements import measure

    with Console(stderr=True).status("Measuring…") as status:
        found = measure(model, profile, progress=lambda step: status.update(f"Measuring: {step}…"))
    if form == "json":
        click.echo(json.dumps(to_record(found), indent=2))
    else:
        show_bench(found, Console())
    sys.stdout.flush()


def show_bench(found: Bench, console: Console) -> None:
    """Print the verdict, then the figures, then what they depend on."""
    from rich.table import Table
    from rich.text import Text

    from lennox.bench.bench_record import not_enforced, verdict, warnings
    from lennox.report.words import readable

    console.print(Text(verdict(found.figures), "bold"))
    console.print(_table(found.figures))
    for limit in not_enforced(found.figures):
        console.print(Text(f"Not enforced: {limit.name}; {limit.how}.", "bold magenta"))
    console.print()
    for warning in warnings(found):
        console.print(Text(warning, "bold yellow"), end="\n\n")
    conditions = Table.grid(padding=(0, 2))
    for name, text in _conditions(found):
        conditions.add_row(Text(name, "dim"), Text(readable(text)))
    console.print(conditions)


def _table(figures: Figures) -> Table:
    from rich.table import Table

    from lennox.bench.bench_record import two_digits

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("", "median", "lowest", "highest", "times"):
        table.add_column(title, justify="right" if title else "left")
    rows = [
        ("the first film, starting lennox for it", " s", figures.cold_start_s),
        ("each further film, one thread", " s", figures.film_s),
        *(
            (f"films a minute, {threads} thread{'s' if threads > 1 else ''}", "", rate)
            for threads, rate in figures.films_a_minute
        ),
    ]
    for name, unit, spread in rows:
        values = (spread.median, spread.low, spread.high)
        table.add_row(name, *(two_digits(value) + unit for value in values), str(spread.count))
    for name, peak in (("one film", figures.peak_one_film_mib), ("a folder", figures.peak_folder_mib)):
        table.add_row(f"most memory for {name}", "not measured" if peak is None else f"{peak:.0f} MiB")
    return table


def _conditions(found: Bench) -> list[tuple[str, str]]:
    """What the figures depend on, a line each."""
    computer, figures = found.computer, found.figures
    instructions = (
        "unknown" if computer.instructions is None else " ".join(computer.instructions) or "none that matter here"
    )
    lines = [
        ("processor", f"{computer.processor}, {computer.processors} usable, {computer.architecture}"),
        ("instructions", instructions),
        ("clock governor", computer.governor or "not known how it is set"),
        ("memory", f"{computer.memory_mib / 1024:.1f} GiB, {computer.system}"),
        ("other programs", f"{found.others:.0%} of this PC while it was measured"),
        ("kernels", figures.kernels),
        ("network by", f"ONNX Runtime, {figures.provider}"),
        (
            "versions",
            ", ".join(f"{name} {version}" for name, version in {"lennox": __version__, **found.versions}.items()),
        ),
        ("films", f"drawn, {found.film[0]} x {found.film[1]} pixels, {found.film[2]} bits"),
        ("model", f"{found.model.name} {found.model.version}, {found.model.release}"),
    ]
    lines += [("limited to", f"{limit.name}: {limit.how}") for limit in figures.limits if limit.enforced]
    if found.profile.not_emulated:
        lines.append(("not emulated", ", ".join(found.profile.not_emulated) + ": a cheap PC is slower still"))
    return lines
