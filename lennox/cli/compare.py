"""`lennox audit compare`: a new model beside the one in use, on the same units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lennox.cli.audit_inputs import audited_policy, refuse
from lennox.cli.extras import needs
from lennox.cli.pairs import category_option, pairs
from lennox.cli.paths import RESULTS
from lennox.errors import InputError, one_line

if TYPE_CHECKING:
    from lennox.audit.audit_table import AuditTable
    from lennox.policy.policy import Policy

FILE = click.Path(path_type=Path)
STATUS = {"PASS": 0, "FAIL": 10, "INSUFFICIENT EVIDENCE": 11}


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--policy", "policy_file", required=True, type=FILE, help="Whose groups and metrics are compared.")
@click.option("--out", required=True, type=RESULTS, metavar="DIR", help="Where comparison.json and its pages go.")
@click.option("--max-loss", type=float, metavar="X", help="What any group may lose at most; 0.05 unless given.")
@click.option("--label", metavar="COL", help="Column of the truth, in both tables.")
@click.option("--score", metavar="COL", help="Column of the probability, in both tables.")
@click.option("--cluster", metavar="COL", help="Column of the patient; with --data, the key of images[].")
@click.option("--threshold", type=float, metavar="T", help="The operating point of both tables.")
@click.option("--column", "columns", multiple=True, callback=pairs, metavar="NAME=COL", help="As for lennox audit.")
@click.option("--not-recorded", "absent", multiple=True, metavar="FEATURE", help="A feature that nobody wrote down.")
@click.option("--data", "folders", multiple=True, type=FILE, metavar="DIR", help="OLD and NEW are models: their films.")
@click.option("--sensor", "sensors", multiple=True, callback=pairs, metavar="SET=NAME", help="As for lennox audit.")
@category_option
@needs("audit", "scipy", "pandas", "fairlearn")
def compare(
    old: str,
    new: str,
    policy_file: Path,
    out: Path,
    max_loss: float | None,
    label: str | None,
    score: str | None,
    cluster: str | None,
    threshold: float | None,
    columns: dict[str, str],
    absent: tuple[str, ...],
    folders: tuple[Path, ...],
    sensors: dict[str, str],
    categories: dict[str, str],
) -> None:
    """Say whether any group loses by a new model, against the one in use.

    OLD and NEW are tables of predictions of the same units, in one order; with --data they are models, which read the
    same films. It opens no release and is no attempt.

    \b
    Exit status: 0 no group loses more than allowed; 10 one does; 11 too little evidence; 2 bad input.

    \b
    Examples:
      lennox audit compare old.csv new.csv --policy ours.toml --out change --threshold 0.3
      lennox audit compare caries-radiograph-2 models/mine --data films --policy ours.toml --out change-on-films
    """
    from lennox.audit import TableError, TableOptions
    from lennox.audit.change import MAX_LOSS
    from lennox.audit.change import compare as compared
    from lennox.audit.report.comparison import comparison_document, write_comparison
    from lennox.audit.slices import worst_slices

    context = click.get_current_context()
    policy = audited_policy(context, policy_file)
    if (sensors or categories) and not folders:
        raise InputError("--sensor and --category are about films (--data), not about tables.")
    names = {role: name for role, name in (("label", label), ("score", score), ("cluster", cluster)) if name}
    reading = TableOptions({**columns, **names}, threshold, not_recorded=absent)
    try:
        tables = [_table(one, policy, reading, folders, sensors=sensors, categories=categories) for one in (old, new)]
    except TableError as error:
        refuse(context, error.problems)
    found = compared(tables[0], tables[1], policy, MAX_LOSS if max_loss is None else max_loss)
    written = write_comparison(comparison_document(found, worst_slices(tables[1], policy), policy), out)
    click.echo(found.verdict.value)
    for change in found.changes:
        if change.verdict.value != "PASS":
            group = ", ".join(value for _, value in change.group)
            gain = f"{change.old:.3f} -> {change.new:.3f}, gains at least {change.low:.3f}"
            click.echo(one_line(f"{change.verdict.value}: {change.metric}, {group}: {gain} ({change.reason})"))
    for path in written:
        click.echo(f"wrote {path}")
    context.exit(STATUS[found.verdict.value])


def _table(name: str, policy: Policy, reading: Any, folders: tuple[Path, ...], **options: Any) -> AuditTable:
    """What one model answered."""
    if not folders:
        from lennox.audit import read_table

        return read_table(Path(name), policy, reading)
    from lennox.audit.film_table import FilmOptions, table_from_films

    return table_from_films(folders, name, policy, FilmOptions(**options), reading)


class WithCompare(click.Command):
    """`lennox audit`, which takes a table, and `lennox audit compare`, which takes two."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args and args[0] == "compare":
            return compare.make_context(f"{info_name} compare", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)
