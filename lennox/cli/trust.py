"""`lennox trust`: whose signatures count on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lennox.cli.gate_options import trust_option

if TYPE_CHECKING:
    from lennox.gate.trust import Role, Trust


@click.group()
def trust() -> None:
    """See and change whose signatures count on this computer, for which channel.

    \b
    Example:
      lennox trust show
    """


@trust.command()
@trust_option
def show(trust_file: Path | None) -> None:
    """List the keys that count, what each channel asks, and what is refused.

    \b
    Example:
      lennox trust show
    """
    from lennox.gate.trust import Trust, user_file

    loaded = Trust.load(trust_file)
    for key in loaded.keys:
        state = " (revoked)" if key.public.identity in loaded.revoked_identities() else ""
        body = f" of {key.body}" if key.body else ""
        click.echo(
            f"{key.name}{body}: may {' and '.join(key.roles)} for {', '.join(key.channels)}{state}\n  {key.public.text}"
        )
    if not loaded.keys:
        click.echo("No key counts here: no release loads.")
    for channel in sorted({name for key in loaded.keys for name in key.channels} | set(loaded.channels)):
        rule = loaded.rule(channel)
        also = f", and a pass under {', '.join(rule.policies)}" if rule.policies else ""
        also += "" if rule.overrides else "; no override"
        click.echo(f"{channel} asks for {rule.releases} to release and {rule.ratifications} to ratify{also}.")
    for policy, version in sorted(loaded.least_versions.items()):
        click.echo(f"The policy {policy} counts from version {version} on.")
    for entry in loaded.refused:
        click.echo(f"Revoked {entry.date}: {entry.subject()}: {entry.why}")
    click.echo(f"Your own entries are kept in {trust_file or user_file()}.", err=True)


@trust.command()
@click.argument("key", metavar="PUBLIC_KEY|FILE")
@click.option("--name", metavar="NAME", help="Whose key it is.")
@click.option("--body", default="", metavar="NAME", help="The body it belongs to, if NAME is more than that.")
@click.option("--channel", "channels", multiple=True, metavar="NAME", help="What it counts for; may be repeated.")
@click.option("--role", type=click.Choice(["release", "ratify"]), help="What it may do: an auditor's, a community's.")
@trust_option
def add(
    key: str, name: str | None, body: str, channels: tuple[str, ...], role: Role | None, trust_file: Path | None
) -> None:
    """Let a public key count for a channel; or a revocation, a withdrawal, or a new version of a policy hold.

    FILE is a revocation.json, a withdrawal of a policy or of a story, or a ratified policy.toml, whose earlier
    versions then count no more.

    \b
    Examples:
      lennox trust add "$(lennox keygen --show lakeside.pem)" --name "Lakeside auditors" --channel clinic --role release
      lennox trust add revocation.json
      lennox trust add riverbend-2.toml
    """
    from lennox.gate.statement import PublicKey
    from lennox.gate.trust import Trust, TrustedKey, user_file
    from lennox.release.keys import trust_key

    loaded = Trust.load(trust_file, must_exist=False)
    if Path(key).is_file():
        click.echo(_accept(Path(key), loaded, trust_file))
        return
    if not name or not channels or not role:
        raise click.UsageError(
            "a key needs --name, whose it is, --channel, what it counts for, and --role, release or ratify."
        )
    trust_key(trust_file or user_file(), TrustedKey(name, PublicKey.from_text(key), channels, (role,), body), loaded)
    click.echo(f"{name} may {role} for {', '.join(channels)}.")


def _accept(file: Path, loaded: Trust, trust_file: Path | None) -> str:
    """Let what is in a file hold here; returns what to say."""
    from lennox.gate.predicates import Revocation
    from lennox.gate.trust import user_file
    from lennox.release.sign import accept, supersede

    if file.suffix == ".toml":
        policy = supersede(file, loaded, trust_file or user_file())
        return f"The policy {policy.id} counts from version {policy.version} on."
    found = accept(file, loaded, trust_file)
    if isinstance(found, Revocation):
        return f"The release {found.release_sha256[:12]} no longer counts here: {found.why}"
    if found.story:
        return f"The story told with '{found.story}' of the policy {found.policy} no longer counts here: {found.why}"
    return f"The policy {found.policy}, up to version {found.version}, no longer counts here: {found.why}"


@trust.command()
@click.argument("what", metavar="PUBLIC_KEY|NAME|STATEMENT_SHA256")
@click.option("--why", default="removed by the user", metavar="REASON", help="Such as 'the laptop was stolen'.")
@trust_option
def remove(what: str, why: str, trust_file: Path | None) -> None:
    """Let a key count no longer, whoever lists it, and nothing that it signed; or a release, by its statement.

    It holds on this computer whatever trust file is named later; for what came with lennox, too.

    \b
    Examples:
      lennox trust remove "Riverbend auditors" --why "the laptop was stolen"
    """
    from lennox.gate.trust import Trust
    from lennox.release.keys import refuse

    refuse(what, why, Trust.load(trust_file, must_exist=False), trust_file)
    click.echo(f"{what} counts no longer.")


@trust.command()
@click.argument("weights", metavar="SHA256")
@click.option("--why", required=True, metavar="REASON", help="What was found; it is written to the log.")
@trust_option
def resume(weights: str, why: str, trust_file: Path | None) -> None:
    """Lift the suspension that an alarm of `lennox monitor` put on a model, after somebody has looked into it.

    Watching begins anew: `lennox monitor check` counts what was recorded after today.

    \b
    Example:
      lennox trust resume 996018e8a120 --why "the new sensor was set up wrongly; corrected"
    """
    from lennox.monitoring.suspension import resume as lift

    lift(weights, why, trust_file)
    click.echo("The suspension is lifted. Watching begins anew with what is recorded after today.")
