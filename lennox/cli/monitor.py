"""`lennox monitor`: what clinicians said of a model's answers, against the limits of its policy."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lennox.cli.gate_options import channel_option, trust_option

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
ALARM = 10  # as for an audit that failed


@click.group()
def monitor() -> None:
    """Watch a released model in use."""


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
    from lennox.gate.trust import user_file
    from lennox.monitoring.monitor import monitor as watch
    from lennox.monitoring.suspension import note_alarm, resumed_on, suspend
    from lennox.monitoring.use_record import read_use
    from lennox.policy.reading import read_lapsed

    policy, decisions = read_lapsed(policy_file), read_use(use)
    since = resumed_on(decisions[-1].model, channel)
    if since is not None:
        decisions = tuple(one for one in decisions if one.day > since)
        click.echo(f"Counted from the day after {since}, when the model was resumed.", err=True)
    if not decisions:
        click.echo("Nothing recorded since then, so nothing known.", err=True)
        return
    found = watch(decisions, policy)
    if as_json:
        click.echo(json.dumps(_plain(found)))
    else:
        for one in found.watched:
            if one.visits:
                few = one.visits < policy.evidence.min_patients
                state = f"ALARM on {one.alarm_on}" if one.alarm_on else "too few to tell" if few else "no alarm"
                click.echo(f"{state}: {one.sentence()}")
        silent = [f"{one.requirement}, {one.feature} {one.group}" for one in found.watched if not one.visits]
        if silent:
            click.echo(f"Nothing recorded yet, so nothing known: {'; '.join(silent)}")
        for signal in found.signals:
            if signal.notable:
                click.echo(
                    f"To look into: {signal.month}, {signal.feature} {signal.group}: {signal.measure} "
                    f"{signal.rate:.3f} of {signal.films} films, {signal.at_first:.3f} at first"
                )
        if found.unwatched:
            click.echo(f"Not watched in use, only in audits: {', '.join(found.unwatched)}")
    if found.alarms:
        note_alarm(found, channel)
        if policy.consequences.on_alarm == "suspend":
            suspend(found, channel, trust_file or user_file())
            click.echo(f"lennox: the model is suspended for {channel} on this computer.", err=True)
        else:
            whom = ", ".join(policy.consequences.notify) or policy.ratification.body
            click.echo(f"lennox: the policy asks to notify {whom}; the model is not suspended.", err=True)
        raise click.exceptions.Exit(ALARM)


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
