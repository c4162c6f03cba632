"""What every command of audits begins with: whether it can run, and the policy, or every problem of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from lennox.errors import one_line

if TYPE_CHECKING:
    from lennox.policy.policy import Policy

BAD_INPUT = 2


def audited_policy(ctx: click.Context, path: Path) -> Policy:
    """The policy to audit by; what one without keys asks below the floors is said, and opens no release."""
    from lennox.policy.problems import PolicyError
    from lennox.policy.reading import read_for_audit

    try:
        policy, below = read_for_audit(path)
    except PolicyError as error:
        refuse(ctx, error.problems)
    for line in below:
        click.echo(f"warning: {one_line(line)}", err=True)
    if below:
        click.echo("warning: this policy asks too little to open a release; a PASS under it shows nothing", err=True)
    return policy


def refuse(ctx: click.Context, problems: tuple[str, ...]) -> NoReturn:
    """Print problems, a line each, and end."""
    for problem in problems:
        click.echo(one_line(problem), err=True)
    ctx.exit(BAD_INPUT)
