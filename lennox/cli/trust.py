"""`lennox trust`: whose signatures count on this computer."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import click

from lennox.cli.gate_options import trust_option


@click.group()
def trust() -> None:
    """See and change whose signatures count on this computer, for which channel."""


@trust.command()
@trust_option
def show(trust_file: Path | None) -> None:
    """List the keys that count, what each channel asks, and what was revoked.

    \b
    Example:
      lennox trust show
    """
    from lennox.gate.trust import Trust, user_file

    loaded = Trust.load(trust_file)
    for key in loaded.keys:
        state = " (revoked)" if key.public.identity in loaded.revoked_identities() else ""
        click.echo(
            f"{key.name}: may {' and '.join(key.roles)} for {', '.join(key.channels)}{state}\n  {key.public.text}"
        )
    if not loaded.keys:
        click.echo("No key counts here: no release loads.")
    for channel in sorted({name for key in loaded.keys for name in key.channels} | set(loaded.channels)):
        rule = loaded.rule(channel)
        also = f", and a pass under {', '.join(rule.policies)}" if rule.policies else ""
        click.echo(f"{channel} asks for {rule.releases} to release and {rule.ratifications} to ratify{also}.")
    for entry in loaded.revoked:
        what = f"key {entry.key.text}" if entry.key else f"release {entry.statement}"
        if entry.weights:
            what = f"suspended for {entry.channel}: weights {entry.weights}"
        click.echo(f"Revoked {entry.date}: {what}: {entry.why}")
    click.echo(f"Your own entries are kept in {trust_file or user_file()}.", err=True)


@trust.command()
@click.argument("key", metavar="PUBLIC_KEY|REVOCATION_FILE")
@click.option("--name", metavar="NAME", help="Whose key it is.")
@click.option("--channel", "channels", multiple=True, metavar="NAME", help="What it counts for; may be repeated.")
@click.option("--role", "roles", multiple=True, type=click.Choice(["release", "ratify"]), help="Both unless given.")
@trust_option
def add(key: str, name: str | None, channels: tuple[str, ...], roles: tuple[str, ...], trust_file: Path | None) -> None:
    """Let a public key count for a channel, or a revocation.json hold.

    \b
    Examples:
      lennox trust add MCowBQYDK2VwAyEA... --name "Riverbend auditors" --channel clinic --role release
      lennox trust add revocation.json
    """
    from lennox.errors import InputError
    from lennox.gate.predicates import is_channel
    from lennox.gate.statement import PublicKey
    from lennox.gate.trust import ROLES, Trust, TrustedKey, read_trust, user_file, write_trust

    place = trust_file or user_file()
    if Path(key).is_file():
        from lennox.release.sign import accept_revocation

        claim = accept_revocation(Path(key), place, Trust.load(trust_file))
        click.echo(f"The release {claim.release_sha256[:12]} no longer counts here: {claim.why}")
        return
    if not name or not channels:
        raise click.UsageError("a key needs --name, whose it is, and --channel, what it counts for.")
    if not all(map(is_channel, channels)):
        raise InputError("channels have names such as workshop or clinic.")
    own = read_trust(place) if place.is_file() else Trust()
    added = TrustedKey(name, PublicKey.from_text(key), channels, roles or ROLES)
    if any(one.public == added.public for one in own.keys):
        raise InputError("this key is listed already; change its entry in the trust file.")
    if added.public.identity in own.joined(Trust.shipped()).revoked_identities():
        raise InputError("this key was revoked and can count no more; its owner makes a new one with `lennox keygen`.")
    write_trust(place, replace(own, keys=(*own.keys, added)))
    click.echo(f"{name} may {' and '.join(added.roles)} for {', '.join(channels)}.")


@trust.command()
@click.argument("key", metavar="PUBLIC_KEY|NAME")
@click.option("--why", default="removed by the user", metavar="REASON", help="Such as 'the laptop was stolen'.")
@trust_option
def remove(key: str, why: str, trust_file: Path | None) -> None:
    """Let a key count no longer, whoever lists it, and nothing that it signed: keys that came with lennox, too.

    \b
    Example:
      lennox trust remove "Riverbend auditors" --why "the laptop was stolen"
    """
    from lennox.gate.predicates import now
    from lennox.gate.statement import PublicKey
    from lennox.gate.trust import RevocationEntry, Trust, read_trust, user_file, write_trust

    place = trust_file or user_file()
    named = [one.public for one in Trust.load(trust_file).keys if one.name == key]
    publics = named or [PublicKey.from_text(key)]
    own = read_trust(place) if place.is_file() else Trust()
    today: datetime.date = now().date()
    gone = tuple(RevocationEntry(today, why, public) for public in dict.fromkeys(publics))
    kept = tuple(one for one in own.keys if one.public not in publics)
    write_trust(place, replace(own, keys=kept, revoked=(*own.revoked, *gone)))
    click.echo(f"{key} counts no longer.")


@trust.command()
@click.argument("weights", metavar="SHA256")
@click.option("--why", required=True, metavar="REASON", help="What was found; it is written to the log.")
@trust_option
def resume(weights: str, why: str, trust_file: Path | None) -> None:
    """Lift the suspension that an alarm of `lennox monitor` put on a model, after somebody has looked into it.

    Watching begins anew: `lennox monitor check` counts what was recorded after today.

    \b
    Example:
      lennox trust resume 996018e8a120 --why "the new sensor was set up wrongly; mended"
    """
    from lennox.gate.trust import user_file
    from lennox.monitoring.suspension import resume as lift

    lift(weights, why, trust_file or user_file())
    click.echo("The suspension is lifted. Watching begins anew with what is recorded after today.")
