"""`lennox release` and `lennox verify`: sign what passed, take it back, check it; `lennox policy sign`."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import click

from lennox.cli.gate_options import channel_option, trust_of, trust_option
from lennox.cli.keys import KEY_OPTION, read_keys
from lennox.files import atomic_write

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
PAGE = click.option(
    "--page", type=click.Path(path_type=Path), metavar="FILE", help="Write the answer as a page for people, too."
)


class SigningGroup(click.Group):
    """`lennox release MODEL_DIR ...` signs; `lennox release revoke` and `cosign` are commands of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `sign` first where no command is named."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["sign", *args]
        return super().parse_args(ctx, args)


@click.group(cls=SigningGroup)
def release() -> None:
    """Sign the release of a model whose audit has passed: lennox release MODEL_DIR ..., see `sign --help`.

    \b
    Example:
      lennox release models/mine --audit audits/mine --policy policy.toml --channel workshop --key auditor.pem
    """


@release.command()
@click.argument("folder", metavar="MODEL_DIR", type=FOLDER)
@click.option("--audit", "audits", multiple=True, required=True, type=click.Path(path_type=Path, exists=True),
              metavar="DIR", help="An audit.json, or its folder; once for each policy.")  # fmt: skip
@click.option("--policy", "policies", multiple=True, required=True, type=FILE, metavar="FILE",
              help="The policy of each audit, in the same order.")  # fmt: skip
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="Last day; a year or the policy's review unless given."
)
@channel_option
@KEY_OPTION
@trust_option
@PAGE
def sign(
    folder: Path,
    audits: tuple[Path, ...],
    policies: tuple[Path, ...],
    expires: datetime.datetime | None,
    channel: str,
    keys: tuple[Path, ...],
    trust_file: Path | None,
    page: Path | None,
) -> None:
    """Sign the release of MODEL_DIR for a channel.

    Refused unless the audit passed, is of these very weights at the card's operating point, and was begun after the
    policy was ratified. Nothing is written on a refusal. Several policies must all have been passed.

    \b
    Exit status: 0 signed; 2 wrong usage or a file that cannot be used; 4 refused, with the reasons.

    \b
    Example:
      lennox release sign models/mine --audit audits/mine --policy policy.toml --key auditor.pem
    """
    from lennox.errors import ReleaseRefusedError
    from lennox.release.sign import AuditEvidence
    from lennox.release.sign import release as sign_release

    if len(audits) != len(policies):
        raise click.UsageError("name one --policy for each --audit, in the same order.")
    evidence = [AuditEvidence(policy, audit) for policy, audit in zip(policies, audits, strict=True)]
    day = expires.date() if expires else None
    try:
        outcome = sign_release(folder, evidence, channel, read_keys(keys), expires=day, trust=trust_of(trust_file))
    except ReleaseRefusedError as refusal:
        _refuse(folder, channel, refusal.model, refusal.reasons, page)
    else:
        _say_signed(outcome)


@release.command()
@click.argument("folder", metavar="MODEL_DIR", type=FOLDER)
@KEY_OPTION
@trust_option
def cosign(folder: Path, keys: tuple[Path, ...], trust_file: Path | None) -> None:
    """Add signatures to a release, where a channel asks for several keys.

    \b
    Example:
      lennox release cosign models/mine --key second.pem
    """
    from lennox.release.sign import cosign as sign_also

    _say_signed(sign_also(folder, read_keys(keys), trust=trust_of(trust_file)))


@release.command()
@click.argument("folder", metavar="MODEL_DIR", type=FOLDER)
@click.option("--why", required=True, metavar="REASON", help="Shown to whoever tries to load it.")
@KEY_OPTION
@trust_option
def revoke(folder: Path, why: str, keys: tuple[Path, ...], trust_file: Path | None) -> None:
    """Take the release of MODEL_DIR back.

    Writes a signed revocation.json into it and an entry into this computer's trust file. Send the file to everybody
    who has the model: `lennox trust add revocation.json` makes it hold there.

    \b
    Example:
      lennox release revoke models/mine --why "one film was in it twice" --key auditor.pem
    """
    from lennox.gate.trust import user_file
    from lennox.release.sign import revoke as take_back

    place = take_back(folder, read_keys(keys), why, trust_file or user_file())
    click.echo(f"Revoked. {place.name} lies beside the release; send it to whoever has the model.")


@click.command()
@click.argument("model", metavar="MODEL_DIR|NAME")
@channel_option
@trust_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@PAGE
def verify(model: str, channel: str, trust_file: Path | None, form: str, page: Path | None) -> None:
    """Check a model's release without loading it.

    \b
    Exit status: 0 released for the channel; 4 not, with the reasons.

    \b
    Examples:
      lennox verify caries-radiograph-1
      lennox verify models/mine --channel clinic --format json
      lennox verify caries-radiograph-1 --channel clinic --page why-not.html
    """
    from lennox.errors import ReleaseRefusedError
    from lennox.inference.model import check_release

    try:
        checked = check_release(model, channel, trust_of(trust_file))
    except ReleaseRefusedError as refusal:
        if form == "json":
            said = {"model": refusal.model, "channel": channel, "released": False, "reasons": list(refusal.reasons)}
            click.echo(json.dumps(said))
        _refuse(model, channel, refusal.model, refusal.reasons, page, spoken=form == "text")
        return
    claim: dict[str, Any] = checked.release.predicate()
    if form == "json":
        said = {
            "model": checked.release.model, "channel": channel, "released": True, "reasons": [],
            "statement_sha256": checked.statement_sha256, "signed_by": list(checked.auditors), "release": claim,
        }  # fmt: skip
        click.echo(json.dumps(said))
    else:
        click.echo(f"{checked.release.model} {checked.release.version} is {checked.words()}.")
        files = len(checked.files.data)
        click.echo(f"Signed by {', '.join(checked.auditors)} on {claim['issued'][:10]}; {files} files checked.")
        for one in checked.release.passed:
            tries = "the first audit" if one.attempt == 1 else f"audit number {one.attempt}"
            click.echo(f"{one.title}: passed on '{one.data}', {tries} of these data.")
    if page is not None:
        from lennox.report.release_page import release_page

        atomic_write(page, release_page(checked.release.model, channel, (), checked.words()))


@click.command("sign")
@click.argument("policy", metavar="FILE", type=FILE)
@KEY_OPTION
def sign_policy(policy: Path, keys: tuple[Path, ...]) -> None:
    """Ratify a policy: sign its text as it stands, before any audit under it begins.

    \b
    Example:
      lennox policy sign policy.toml --key seat-3.pem
    """
    from lennox.release.sign import ratify

    for key in read_keys(keys):
        place = ratify(policy, key)
    count = len(place.read_bytes().splitlines())
    click.echo(f"Signed. {place.name} holds {count} signature{'' if count == 1 else 's'} of this text.")


def _say_signed(outcome: Any) -> None:
    click.echo(f"{outcome.release.model} {outcome.release.version} is {outcome.release.words()}.")
    for reason in outcome.missing:
        click.echo(f"It does not load here yet: {reason}", err=True)


def _refuse(
    model: str | Path, channel: str, name: str, reasons: tuple[str, ...], page: Path | None, *, spoken: bool = True
) -> None:
    """Say every reason, one a line; as a page too if asked for; end with status 4."""
    from lennox.errors import one_line

    if spoken:
        click.echo(f"lennox: {name} is not released for {channel}:", err=True)
        for reason in reasons:
            click.echo(f"- {one_line(reason)}", err=True)
    if page is not None:
        from lennox.report.release_page import release_page

        atomic_write(page, release_page(name, channel, reasons))
    raise click.exceptions.Exit(4)
