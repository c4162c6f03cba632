"""`lennox monitor`: what clinicians said of a model's answers, against the limits of its policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lennox.cli.gate_options import channel_option, trust_option

if TYPE_CHECKING:
    from lennox.monitoring.monitor import UseReport
    from lennox.policy.policy import Policy

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
ALARM = 10  # as for an audit that failed


@click.group()
def monitor() -> None:
    """Watch a released model in use.

    \b
    Example:
      lennox monitor check use.csv --policy policy.toml
    """


@monitor.command()
@click.argument("records", metavar="EXAMINATIONS.jsonl", type=FILE)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.csv", help="A new file.")
@click.option("--feature", "features", multiple=True, metavar="NAME", help="A column for each feature of the policy.")
def form(records: Path, out: Path, features: tuple[str, ...]) -> None:
    """Write a form for clinicians: one row a mark, to say accept, edit or reject; add rows for what was missed.

    \b
    Example:
      lennox monitor form results/examinations.jsonl --out use.csv --feature sensor
    """
    from lennox.gate.predicates import now
    from lennox.monitoring.use_record import write_form

    with records.open(encoding="utf-8") as lines:
        count = write_form(lines, out, features, now().date())
    click.echo(f"{out.name}: {count} rows to fill in.")


@monitor.command()
@click.argument("use", metavar="USE.csv|USE.sqlite", type=FILE)
@click.option("--policy", "policy_file", required=True, type=FILE, metavar="FILE", help="The policy of the release.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@channel_option
@trust_option
def check(use: Path, policy_file: Path, as_json: bool, channel: str, trust_file: Path | None) -> None:
    """Say whether the model still keeps the policy's limits; on an alarm, suspend it for the channel here.

    \b
    Exit status: 0 no alarm; 10 an alarm: the model no longer loads for the channel on this computer until
    somebody has looked into it and runs `lennox trust resume`. A policy with on_alarm = "notify" suspends nothing.

    \b
    Example:
      lennox monitor check use.csv --policy policy.toml
    """
    from lennox.monitoring import use_check as checking
    from lennox.monitoring.use_record import read_use
    from lennox.policy.reading import read_lapsed

    policy = read_lapsed(policy_file)
    found = checking.check(read_use(use), policy, channel, trust_file)
    if found.since is not None:
        click.echo(f"Counted from the day after {found.since}, when the model was resumed.", err=True)
    if found.report is None:
        click.echo("Nothing recorded since then, so nothing known.", err=True)
        return
    if as_json:
        click.echo(json.dumps(_plain(found.report)))
    else:
        _print(found.report, policy)
    if found.suspended:
        click.echo(f"lennox: the model is suspended for {channel} on this computer.", err=True)
    elif found.has_alarm:
        whom = ", ".join(found.notify)
        click.echo(f"lennox: the policy asks to notify {whom}; the model is not suspended.", err=True)
    if found.has_alarm:
        raise click.exceptions.Exit(ALARM)


def _print(report: UseReport, policy: Policy) -> None:
    from lennox.monitoring.use_check import state_of

    silent = []
    for one in report.watched:
        state = state_of(one, policy)
        if state == "nothing recorded":
            silent.append(f"{one.requirement}, {one.feature} {one.group}")
        else:
            click.echo(f"{f'ALARM on {one.alarm_on}' if state == 'alarm' else state}: {one.sentence()}")
    if silent:
        click.echo(f"Nothing recorded yet, so nothing known: {'; '.join(silent)}")
    for signal in report.signals:
        if signal.notable:
            click.echo(
                f"To look into: {signal.month}, {signal.feature} {signal.group}: {signal.measure} "
                f"{signal.rate:.3f} of {signal.films} films, {signal.at_first:.3f} at first"
            )
    if report.unwatched:
        click.echo(f"Not watched in use, only in audits: {', '.join(report.unwatched)}")


def _plain(found: object) -> object:
    import datetime
    import math
    from dataclasses import fields, is_dataclass

    if is_dataclass(found):
        return {field.name: _plain(getattr(found, field.name)) for field in fields(found)}
    if isinstance(found, (list, tuple)):
        return [_plain(part) for part in found]
    if isinstance(found, datetime.date):
        return found.isoformat()
    return None if isinstance(found, float) and not math.isfinite(found) else found
