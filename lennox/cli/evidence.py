"""`lennox evidence`: what a clinic can bring to an audit, checked and sealed so that it names nobody."""

from __future__ import annotations

from pathlib import Path

import click

from lennox.cli.audit_inputs import audited_policy, refuse
from lennox.cli.desk import opened_desk
from lennox.cli.extras import needs
from lennox.cli.keys import KEY_OPTION, read_keys
from lennox.cli.pairs import pairs
from lennox.errors import InputError, one_line
from lennox.files import atomic_write, secret_key, user_folder

FILE = click.Path(path_type=Path)
POLICY = click.option("--policy", "policy_file", required=True, type=FILE, help="The policy that it is evidence for.")
COLUMN = click.option(
    "--column", "columns", multiple=True, callback=pairs, metavar="NAME=COL", help="Column of a feature or role."
)
THRESHOLD = click.option("--threshold", type=float, metavar="T", help="The operating point; the table's unless given.")


@click.group()
def evidence() -> None:
    """Collect, check and seal evidence of a clinic, to be pooled with that of others by `lennox audit --pool`.

    \b
    Example:
      lennox evidence check evidence.csv --policy ours.toml
    """


@evidence.command()
@click.argument("folder", type=FILE)
@POLICY
@click.option("--out", required=True, type=FILE, metavar="FILE.csv", help="The table; it stays in the clinic.")
@click.option(
    "--clinic-key", type=FILE, metavar="FILE", help="What patients are hashed with; ~/.config/lennox/evidence.key."
)
@click.pass_context
def collect(ctx: click.Context, folder: Path, policy_file: Path, out: Path, clinic_key: Path | None) -> None:
    """Make a table for an audit from a desk's decisions, one row a film, of patients who agreed.

    Patients are written as a hash under the clinic's key, which is made at the first use and never leaves; groups are
    those of the policy that were noted with consent, never dates or ages. Whether the reader saw the model's marks
    stands in `marks_shown`: such labels are not independent of the model.

    \b
    Example:
      lennox evidence collect films --policy ours.toml --out evidence.csv
    """
    from lennox.evidence import collect as collecting

    policy = audited_policy(ctx, policy_file)
    key = secret_key(clinic_key or user_folder("config") / "evidence.key")
    with opened_desk(folder) as desk:
        found = collecting.collect(desk, policy, key)
    atomic_write(out, "".join(found.lines), private=True)
    click.echo(f"{out.name}: {found.films} films; it stays in the clinic, see `lennox evidence seal`")
    for reason, count in found.left_out.items():
        click.echo(f"left out: {count} {reason}")


@evidence.command()
@click.argument("table", type=FILE)
@POLICY
@COLUMN
@THRESHOLD
@click.pass_context
@needs("audit", "scipy", "pandas", "fairlearn")
def check(ctx: click.Context, table: Path, policy_file: Path, columns: dict[str, str], threshold: float | None) -> None:
    """Say what rows lack, which groups are still too few, and how many more patients would decide each.

    It is no audit: nothing is written down, and it is no look. The numbers suppose that rates stay as they are.

    \b
    Exit status: 0 every group could be decided; 11 some could not; 2 not a table of the policy.

    \b
    Example:
      lennox evidence check evidence.csv --policy ours.toml
    """
    from lennox.audit import TableError, TableOptions, Verdict, read_table
    from lennox.evidence.lacking import lacking_rows, open_groups

    policy = audited_policy(ctx, policy_file)
    try:
        read = read_table(table, policy, TableOptions(columns, threshold))
    except TableError as error:
        refuse(ctx, error.problems)
    judgement, lines = open_groups(read, policy)
    click.echo(f"{table.name}: {len(read)} rows of {read.patients} patients")
    for line in (*lacking_rows(read, policy), *lines):
        click.echo(one_line(line))
    if not lines:
        click.echo("every group can be decided by what is here")
    ctx.exit(11 if judgement.verdict is Verdict.INSUFFICIENT or lines else 0)


@evidence.command()
@click.argument("table", type=FILE)
@POLICY
@click.option("--site", required=True, metavar="NAME", help="How the site calls itself; printed in every audit.")
@click.option("--consent", required=True, metavar="TEXT", help="What the patients agreed to, in words.")
@click.option("--model", metavar="NAME|DIR", help="The model that answered; without it no release can rest on this.")
@click.option("--k", type=int, default=5, show_default=True, help="Least people who share their groups.")
@click.option("--out", required=True, type=FILE, metavar="FILE.evidence")
@COLUMN
@THRESHOLD
@KEY_OPTION
@click.pass_context
@needs("audit", "scipy", "pandas", "fairlearn")
def seal(
    ctx: click.Context,
    table: Path,
    policy_file: Path,
    site: str,
    consent: str,
    model: str | None,
    k: int,
    out: Path,
    columns: dict[str, str],
    threshold: float | None,
    keys: tuple[Path, ...],
) -> None:
    """Pack and sign a table so that it can leave the clinic: no identities, and no group of fewer than k people.

    Only labels, scores and the policy's groups leave, under numbers drawn for this file. Patients without
    `consent: yes` stay, and so does whoever could be told by their groups; groups are left out where that is enough.

    \b
    Example:
      lennox evidence seal evidence.csv --policy ours.toml --site North --consent pooled --key n.pem --out n.evidence
    """
    from lennox.audit import TableError, TableOptions, table_from_columns
    from lennox.evidence.seal import Origin, agreed, write_sealed
    from lennox.evidence.seal import seal as make

    policy = audited_policy(ctx, policy_file)
    try:
        found = agreed(table, policy)
        read = table_from_columns(found.frame, policy, TableOptions(columns, threshold), name=table.name)
    except TableError as error:
        refuse(ctx, error.problems)
    origin = Origin(site, _identity(model, found.model_sha256), found.operating_point, consent)
    data, said = make(read, policy, origin, read_keys(keys), k)
    write_sealed(out, data)
    click.echo(f"wrote {out}: {said['rows']} rows of {said['patients']} patients, every group shared by {k} or more")
    if found.refused:
        click.echo(f"{found.refused} patients did not agree and stay in the clinic")
    if said["held_back"]:
        click.echo(f"{said['held_back']} patients are held back: fewer than {k} are like them")
    for feature, count in said["merged"].items():
        click.echo(f"{feature}: left out for {count} patients, who now count as '{policy.unknown.name}'")


def _identity(model: str | None, answered: str) -> dict[str, str]:
    """The model as an audit names it. Raises InputError if another one answered."""
    if model is None:
        return {"sha256": answered}
    from lennox.card import ModelCard
    from lennox.gate.behaviour import behaviour_sha256
    from lennox.inference.load import find_model

    card = ModelCard.read(find_model(model) / "card.json")
    weights = card.files["model.onnx"]
    if weights != answered:
        raise InputError(f"the table's answers are of another model ({answered[:12]}) than '{card.name}'.")
    return {
        "name": card.name, "version": card.version, "sha256": weights, "behaviour_sha256": behaviour_sha256(card),
    }  # fmt: skip
