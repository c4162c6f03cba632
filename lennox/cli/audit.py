"""`lennox audit` and `lennox policy`: a table or a model, a community's policy, and a verdict."""

from __future__ import annotations

import datetime
import json
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lennox.cli.audit_inputs import audited_policy, refuse
from lennox.cli.compare import WithCompare
from lennox.cli.extras import needs
from lennox.cli.pairs import category_option, pairs
from lennox.cli.paths import RESULTS
from lennox.cli.release import sign_policy, withdraw_policy
from lennox.errors import InputError, one_line
from lennox.files import atomic_write

if TYPE_CHECKING:
    from lennox.audit.audit_table import AuditTable
    from lennox.policy.policy import Policy

PASS, FAIL, INSUFFICIENT = 0, 10, 11
EXIT = {"PASS": PASS, "FAIL": FAIL, "INSUFFICIENT EVIDENCE": INSUFFICIENT}
FILE = click.Path(path_type=Path)


def _numbers(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """`0.85,0.9` as numbers."""
    if value is None:
        return None
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter(f"'{value}' is not a list of numbers, such as 0.85,0.9.") from error


def _policy(ctx: click.Context, path: Path, *, draft: bool = False) -> Policy:
    """The policy at `path`; every problem on a line of its own and exit 2 if it is refused."""
    from lennox.policy.problems import PolicyError
    from lennox.policy.reading import read_draft, read_policy

    try:
        return read_draft(path) if draft else read_policy(path)
    except PolicyError as error:
        refuse(ctx, error.problems)


@click.command(cls=WithCompare)
@click.argument("tables", nargs=-1, metavar="[TABLE]", type=FILE)
@click.option("--pool", "is_pool", is_flag=True, help="The tables are sealed evidence of several sites.")
@click.option("--policy", "policy_file", required=True, type=FILE, help="The policy to judge by.")
@click.option("--out", type=RESULTS, metavar="DIR", help="Where the reports are written.")
@click.option(
    "--verify", "recorded", type=FILE, metavar="AUDIT.json", help="Run this audit again and compare; writes nothing."
)
@click.option("--label", metavar="COL", help="Column of the truth: 1 diseased, 0 healthy.")
@click.option("--score", metavar="COL", help="Column of the model's probability.")
@click.option("--cluster", metavar="COL", help="Column of the patient; with --data, the key of images[].")
@click.option("--threshold", type=float, metavar="T", help="The operating point, frozen before the audit.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    callback=pairs,
    metavar="NAME=COL",
    help="Column of a feature or role; with --data, the key of images[] of a feature.",
)
@click.option("--not-recorded", "absent", multiple=True, metavar="FEATURE", help="A feature that nobody wrote down.")
@click.option(
    "--training",
    type=FILE,
    help="What the model was trained on: a list of patients (or films), or a CSV with the patient's column.",
)
@click.option("--model", metavar="NAME|DIR", help="Audit this model on films instead of a table.")
@click.option(
    "--data",
    "folders",
    multiple=True,
    type=FILE,
    metavar="DIR",
    help="With --model: a COCO set of films; may be repeated.",
)
@click.option(
    "--sensor",
    "sensors",
    multiple=True,
    callback=pairs,
    metavar="SET=NAME",
    help="With --data: the sensor of a set, by its folder's name.",
)
@category_option
@click.option(
    "--operating-point", metavar="NAME", help="With --model: a threshold of the card; its default unless given."
)
@click.option(
    "--catalogue", "catalogues", multiple=True, type=FILE, metavar="FILE.po", help="The sheet in another language."
)
@click.option("--public", is_flag=True, help="Also write DIR/public with counts of 1 to 4 hidden.")
@click.pass_context
@needs("audit", "scipy", "pandas", "fairlearn")
def audit(
    ctx: click.Context,
    tables: tuple[Path, ...],
    is_pool: bool,
    policy_file: Path,
    out: Path | None,
    recorded: Path | None,
    label: str | None,
    score: str | None,
    cluster: str | None,
    threshold: float | None,
    columns: dict[str, str],
    absent: tuple[str, ...],
    training: Path | None,
    model: str | None,
    folders: tuple[Path, ...],
    sensors: dict[str, str],
    categories: dict[str, str],
    operating_point: str | None,
    catalogues: tuple[Path, ...],
    public: bool,
) -> None:
    """Judge a table of predictions, or a model on films, by a community's policy.

    TABLE is a CSV or Parquet table, one row per tooth, film or person. Writes DIR/audit.json, DIR/audit.html and
    DIR/community.LANGUAGE.html. With --verify, an audit that somebody else made is run again and compared.
    With --pool, several sealed tables (`lennox evidence seal`) are audited as one, each site a cluster of its patients.
    `lennox audit compare OLD NEW` sets a new model beside the one in use.

    \b
    Exit status: 0 PASS; 10 FAIL; 11 INSUFFICIENT EVIDENCE; 2 bad input, and nothing was audited.
    With --verify: 0 the audit is what these data and this model give; 1 it is not, with what differs.

    \b
    Examples:
      lennox audit predictions.csv --policy ours.toml --out audits/table --threshold 0.3
      lennox audit --model caries-radiograph-2 --data films --policy ours.toml --out audits/films
      lennox audit --model caries-radiograph-2 --data films --policy ours.toml --verify audits/films/audit.json
      lennox audit --pool north.evidence south.evidence --policy ours.toml --out audits/pooled
    """
    from lennox.audit import TableError, TableOptions, read_table
    from lennox.audit.read_table import training_patients
    from lennox.audit.report.rows import not_met
    from lennox.audit.report.write import write_audit

    if (out is None) == (recorded is None):
        raise InputError("give --out, where the reports go, or --verify, an audit to run again.")
    policy = audited_policy(ctx, policy_file)
    table = tables[0] if tables else None
    if (table is None) == (model is None) or (model is None) != (not folders) or (len(tables) > 1 and not is_pool):
        raise InputError("give either a TABLE of predictions, or --model with --data; see lennox audit --help.")
    if is_pool and (label or score or cluster or columns or absent or training or threshold is not None):
        raise InputError("--pool takes sealed tables as they are; leave options about columns and training out.")
    if table is not None and (sensors or categories or operating_point):
        raise InputError("--sensor, --category and --operating-point are about films (--data), not about a TABLE.")
    names = {role: name for role, name in (("label", label), ("score", score), ("cluster", cluster)) if name}
    started = datetime.datetime.now(datetime.UTC)  # a policy must have been ratified before
    try:
        known = training_patients(training, cluster or policy.scope.cluster) if training else frozenset()
        reading = TableOptions({**columns, **names}, threshold, known, absent)
        if is_pool:
            from lennox.evidence.pool import pool
            from lennox.gate.trust import Trust

            audited = pool(tables, policy, Trust.load())
        elif table is not None:
            audited = read_table(table, policy, reading)
        else:
            from lennox.audit.film_table import FilmOptions, table_from_films

            options = FilmOptions(sensors, operating_point, categories)
            audited = table_from_films(folders, model or "", policy, options, reading)
        if out is None:
            assert recorded is not None  # one of the two is given
            _verify(recorded, audited, policy)
            return
        verdict, written = write_audit(
            audited, policy, out, catalogues=catalogues, public=public, command=_command(), started=started
        )
    except TableError as error:
        refuse(ctx, error.problems)
    click.echo(verdict)
    for line in not_met(json.loads(written[0].read_text("utf-8"))):
        click.echo(one_line(line))
    for path in written:
        click.echo(f"wrote {path}")
    ctx.exit(EXIT[verdict])


def _verify(recorded: Path, audited: AuditTable, policy: Policy) -> None:
    """Compare; end with status 1 if anything differs."""
    from lennox.audit.verify import differences

    found = differences(recorded, audited, policy)
    for line in found:
        click.echo(one_line(f"{recorded.name}: {line}"), err=True)
    if found:
        raise click.exceptions.Exit(1)
    click.echo(f"{recorded.name} is what these data give: the same verdict, rows and figures.")


def _command() -> str:
    """The command as typed, without folders, which may name people."""
    import sys

    parts = [Path(part).name if "/" in part and not part.startswith("--") else part for part in sys.argv[1:]]
    return "lennox " + " ".join(f"'{part}'" if " " in part else part for part in parts)


@click.group()
def policy() -> None:
    """Write, check, cost and compare equity policies.

    \b
    Example:
      lennox policy new ours.toml
    """


@policy.command()
@click.argument("file", type=FILE)
@click.pass_context
def check(ctx: click.Context, file: Path) -> None:
    """Check a policy: accepted, or every problem at once and exit status 2.

    \b
    Example:
      lennox policy check ours.toml
    """
    from lennox.gate.check import policy_problems
    from lennox.gate.trust import Trust
    from lennox.release.sign import signed_by
    from lennox.report.words import count_of

    read = _policy(ctx, file)
    counts = (
        count_of(len(read.requirements), "requirement"),
        count_of(len(read.gated_features()), "feature"),
        count_of(sum(len(feature.groups) for feature in read.gated_features()), "group"),
    )
    click.echo(f"{file.name}: accepted: {read.title}, version {read.version}")
    click.echo("{} over {} with {}".format(*counts))
    click.echo(f"sha256:{read.digest}")
    if not read.ratification.keys:
        click.echo("no keys: enough for an audit; a release needs the community's keys")
    else:
        own, required = signed_by(file)
        click.echo(f"signed by {own} of its {count_of(len(read.ratification.keys), 'key')}; it asks for {required}")
    for problem in policy_problems(read, Trust.load()):
        click.echo(f"it opens nothing on this computer: {problem}")
    for line in _untranslated(read):
        click.echo(line)
    untold = [requirement.id for requirement in read.requirements if requirement.story is None]
    if untold:
        click.echo(f"no reason is recorded yet for: {', '.join(untold)}")


def _untranslated(policy: Policy) -> Iterator[str]:
    """A line for each language that the policy speaks and the sheet would not speak throughout."""
    from lennox.policy.translations import languages, missing
    from lennox.report.wording import COMMUNITY

    for language in languages(policy):
        shipped = language in COMMUNITY.languages()
        known = COMMUNITY.knows(language) if shipped else lambda name: False
        lacking = list(missing(policy, language, known))
        for key in dict.fromkeys(key for key, _ in lacking):
            texts = ", ".join(f"'{text}'" for where, text in lacking if where == key)
            yield one_line(f"{language}: {key} is missing, so that the sheet would not translate {texts}")
        if not lacking:
            yield f"{language}: every text is translated" + ("" if shipped else "; the sheet needs --catalogue")


@policy.command()
@click.argument("file", required=False, type=FILE)
def new(file: Path | None) -> None:
    """Print a commented template, or write it to FILE, which must not exist.

    \b
    Example:
      lennox policy new ours.toml
    """
    import lennox.policy

    template = Path(lennox.policy.__file__).with_name("template.toml").read_text(encoding="utf-8")
    if file is None:
        click.echo(template, nl=False)
        return
    if file.exists():
        raise InputError(f"{file.name} exists; name a new file.")
    atomic_write(file, template)
    click.echo(f"wrote {file}")


@policy.command()
@click.argument("file", type=FILE)
@click.option(
    "--truth", callback=_numbers, metavar="A,B", help="True shares of right answers; 0.85,0.9,0.95 unless given."
)
@click.option("--icc", type=float, metavar="X", help="Correlation of one patient's units (ICC); 0.3 unless given.")
@click.option(
    "--cases-per-patient", "per_patient", type=float, metavar="N", help="Units each patient brings; 1 unless given."
)
@click.option("--out", type=FILE, metavar="FILE.html", help="Also write a page with the plots.")
@click.option("--language", metavar="CODE", default="en", show_default=True, help="Of the page.")
@click.pass_context
@needs("audit", "scipy", "pandas", "fairlearn")
def plan(
    ctx: click.Context,
    file: Path,
    truth: tuple[float, ...] | None,
    icc: float | None,
    per_patient: float | None,
    out: Path | None,
    language: str,
) -> None:
    """Say what each limit costs in patients, and the chance that a model of a given quality passes.

    FILE may be a draft that nobody has ratified.

    \b
    Example:
      lennox policy plan ours.toml --truth 0.85,0.9 --icc 0.3 --cases-per-patient 4 --out plan.html
    """
    from lennox.audit.plan import Assumptions
    from lennox.audit.plan import plan as make
    from lennox.audit.report.plan_page import plan_page, plan_text
    from lennox.report.wording import COMMUNITY

    say = COMMUNITY.wording(language)
    given = {"truths": truth, "icc": icc, "per_patient": per_patient}
    read = _policy(ctx, file, draft=True)
    made = make(read, Assumptions(**{key: value for key, value in given.items() if value is not None}))  # type: ignore[arg-type]
    click.echo(plan_text(made, read))
    if out is not None:
        atomic_write(out, plan_page(made, read, say))
        click.echo(f"wrote {out}")


@policy.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.pass_context
def diff(ctx: click.Context, old: Path, new: Path) -> None:
    """Say what is tighter and what is looser in NEW, and which version that demands.

    Exit status 2 if NEW's version or ratification does not allow it.

    \b
    Example:
      lennox policy diff ours-1.toml ours-2.toml
    """
    from lennox.policy.diff import compare, demanded_version, version_problem
    from lennox.policy.reading import read_lapsed

    before, after = read_lapsed(old), _policy(ctx, new)
    changes = compare(before, after)
    for change in changes:
        click.echo(f"{change.kind}: {change.path}: {change.text}")
    if not changes:
        click.echo("nothing that protects anybody changed")
    click.echo(
        f"{before.version} -> {after.version}; these changes demand {demanded_version(before, changes)} or higher"
    )
    problems = version_problem(before, after, changes)
    if problems:
        refuse(ctx, tuple(f"{new.name}: version: {line}" for line in problems))


@policy.command()
@click.argument("file", type=FILE)
@click.option("--language", metavar="CODE", default="en", show_default=True, help="Of the page and of the policy.")
@click.option("--no-browser", is_flag=True, help="Write the page only.")
@needs("audit", "scipy", "pandas", "fairlearn")
def workshop(file: Path, language: str, no_browser: bool) -> None:
    """Write the page on which a group makes its policy, and open it.

    FILE is one HTML file that works without a network and can be mailed. People choose whom a tool must not fail, drag
    limits and see what they mean in people, compare two wishes, vote, and save a policy that `policy check` reads.

    \b
    Example:
      lennox policy workshop workshop.html --language es
    """
    from lennox.audit.report.workshop_page import workshop_page
    from lennox.audit.workshop import workshop_table
    from lennox.report.wording import WORKSHOP

    if file.exists():
        raise InputError(f"{file.name} exists; name a new file.")
    atomic_write(file, workshop_page(workshop_table(), WORKSHOP.wording(language)))
    click.echo(f"wrote {file}")
    if not no_browser:
        webbrowser.open(file.resolve().as_uri())


policy.add_command(sign_policy)
policy.add_command(withdraw_policy)


@policy.command()
@click.option("--repetitions", type=click.IntRange(50, 100_000), metavar="N", help="Of each cell; 2000 unless given.")
@click.option("--out", type=FILE, metavar="FILE.md", help="Write the table there instead of printing it.")
@needs("audit", "scipy", "pandas", "fairlearn")
def simulate(repetitions: int | None, out: Path | None) -> None:
    """Run the gate on simulated models whose truth is known: false passes, coverage, false failures.

    \b
    Example:
      lennox policy simulate --repetitions 50 --out gate-validation.md
    """
    from lennox.audit.simulation import Size, validation_report

    text = validation_report(Size() if repetitions is None else Size(repetitions))
    if out is None:
        click.echo(text)
    else:
        atomic_write(out, text)
        click.echo(f"wrote {out} ({datetime.datetime.now(datetime.UTC).date()})")
