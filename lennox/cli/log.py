"""`lennox log`: what was released, loaded with an override, audited or alarmed on this computer."""

from __future__ import annotations

import json

import click


@click.group()
def log() -> None:
    """See and check the local record of releases, overrides, audits and alarms.

    \b
    Example:
      lennox log show
    """


@log.command()
@click.option(
    "--kind", metavar="KIND", help="release, revoke, withdraw, load, override, candidate, audit, alarm or resume."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def show(kind: str | None, as_json: bool) -> None:
    """List the records, the oldest first, and the head to note elsewhere.

    \b
    Example:
      lennox log show --kind override
    """
    from lennox.errors import one_line
    from lennox.gate.event_log import KINDS, Log

    if kind is not None and kind not in KINDS:
        raise click.UsageError(f"there is no kind '{kind}'; choose one of: {', '.join(KINDS)}.")
    kept = Log()
    for record in kept.records(*([kind] if kind else [])):
        if as_json:
            fields = ("number", "time", "kind", "details", "previous", "hash")
            click.echo(json.dumps({name: getattr(record, name) for name in fields}))
        else:
            said = ", ".join(f"{name} {_short(value)}" for name, value in record.details.items() if value != "")
            click.echo(one_line(f"{record.number}  {record.time[:19]}  {record.kind}: {said}"))
    click.echo(f"Head: {kept.head()}", err=True)


@log.command()
@click.option("--head", metavar="HEAD", help="What `lennox log show` printed at an earlier time.")
def verify(head: str | None) -> None:
    """Check that no record was edited, removed or replaced.

    \b
    Exit status: 0 whole; 1 not, with what is wrong.

    \b
    Example:
      lennox log verify
    """
    from lennox.gate.event_log import Log

    kept = Log()
    found = kept.problems(head)
    for problem in found:
        click.echo(f"lennox: {problem}", err=True)
    if found:
        raise click.exceptions.Exit(1)
    click.echo(f"The log is whole: {len(kept.records())} records.")


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{text[:12]}…" if len(text) == 64 and " " not in text else text
