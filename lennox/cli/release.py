"""`lennox release` and `lennox verify`: sign what passed, take it back, check it; `lennox policy sign`."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lennox.cli.gate_options import channel_option, trust_of, trust_option
from lennox.cli.keys import KEY_OPTION, read_keys
from lennox.files import atomic_write

if TYPE_CHECKING:
    from lennox.errors import ReleaseRefusedError
    from lennox.release.sign import SigningResult

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
        signed = sign_release(folder, evidence, channel, read_keys(keys), expires=day, trust=trust_of(trust_file))
    except ReleaseRefusedError as refusal:
        _refuse(folder, channel, refusal, page)
    else:
        _show_signed(signed)


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

    _show_signed(sign_also(folder, read_keys(keys), trust=trust_of(trust_file)))


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
    from lennox.release.sign import revoke as take_back

    path = take_back(folder, read_keys(keys), why, trust_file)
    click.echo(f"Revoked. {path.name} lies beside the release; send it to whoever has the model.")


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
      lennox verify caries-radiograph-2
      lennox verify models/mine --channel clinic --format json
      lennox verify caries-radiograph-2 --channel clinic --page why-not.html
    """
    from lennox.errors import ReleaseRefusedError
    from lennox.inference.load import check_release

    try:
        checked = check_release(model, channel, trust_of(trust_file))
    except ReleaseRefusedError as refusal:
        if form == "json":
            document = {"model": refusal.model, "channel": channel, "released": False}
            click.echo(json.dumps(document | {"reasons": list(refusal.reasons)}))
        _refuse(model, channel, refusal, page, text=form == "text")
        return
    auditors = [key.name for key in checked.auditors]
    if form == "json":
        document = {
            "model": checked.release.model, "channel": channel, "released": True, "reasons": [],
            "statement_sha256": checked.statement_sha256, "signed_by": auditors, "independence": checked.independence(),
            "release": checked.release.predicate(),
        }  # fmt: skip
        click.echo(json.dumps(document))
    else:
        click.echo(f"{checked.release.model} {checked.release.version} is {checked.summary()}.")
        files = len(checked.files.data)
        click.echo(f"Signed by {', '.join(auditors)} on {checked.release.issued.date()}; {files} files checked.")
        click.echo(checked.independence())
        for one in checked.release.passed:
            click.echo(f"{one.title}: passed on '{one.data}', {one.attempts()}.")
    if page is not None:
        from lennox.report.release_page import release_page

        atomic_write(page, release_page(checked.release.model, channel, (), checked.summary()))


@click.command("sign")
@click.argument("policy", metavar="FILE", type=FILE)
@KEY_OPTION
def sign_policy(policy: Path, keys: tuple[Path, ...]) -> None:
    """Ratify a policy: sign its text as it stands, before any audit under it begins.

    \b
    Example:
      lennox policy sign policy.toml --key seat-3.pem
    """
    from lennox.release.sign import is_listed, ratify, signed_by
    from lennox.report.words import count_of

    for key in read_keys(keys):
        path = ratify(policy, key)
        if not is_listed(policy, key.public):
            click.echo(f"{policy.name} does not list this key: the signature counts for none of its own.", err=True)
    count = len(path.read_bytes().splitlines())
    own, required = signed_by(policy)
    click.echo(
        f"Signed. {path.name} holds {count_of(count, 'signature')} of this text"
        + (f", {own} of them by the policy's own keys; it asks for {required}." if required else ".")
    )
    if not required:
        click.echo(
            f"{policy.name} asks for none by keys of its own: this one counts where its key is trusted to ratify. "
            "To ask for some, add [[ratification.key]] and sign again."
        )


@click.command("withdraw")
@click.argument("policy", metavar="FILE", type=FILE)
@click.option("--story", default="", metavar="ID", help="Only the story told with this requirement; the limit stays.")
@click.option("--why", required=True, metavar="REASON", help="Shown to whoever tries to load a model under it.")
@KEY_OPTION
@trust_option
def withdraw_policy(policy: Path, story: str, why: str, keys: tuple[Path, ...], trust_file: Path | None) -> None:
    """Take a policy back, up to this version, or a story that was told with one of its limits.

    Writes a signed statement beside FILE and an entry into this computer's trust file: at the next load no release
    under the policy, or under a text that still tells the story, counts. Send the statement to everybody who has such
    a model: `lennox trust add` makes it hold there.

    \b
    Examples:
      lennox policy withdraw policy.toml --why "we were not asked about the new sensors" --key seat-3.pem
      lennox policy withdraw policy.toml --story finds-decay --why "R. T. wishes it" --key seat-3.pem
    """
    from lennox.release.sign import withdraw

    path = withdraw(policy, read_keys(keys), why, story, trust_file)
    click.echo(f"Withdrawn. Send {path.name} to whoever has a model that was released under it.")


def _show_signed(signed: SigningResult) -> None:
    click.echo(f"{signed.release.model} {signed.release.version} is {signed.release.summary()}.")
    for one in signed.release.passed:
        click.echo(f"{one.title}: {one.attempts()}.")
    for reason in signed.missing:
        click.echo(f"It does not load here yet: {reason}", err=True)


def _refuse(
    model: str | Path, channel: str, refusal: ReleaseRefusedError, page: Path | None, *, text: bool = True
) -> None:
    """Give every reason, one a line; as a page too if asked for; end with status 4."""
    from lennox.errors import one_line

    if text:
        click.echo(f"lennox: {refusal.model} is not released for {channel}:", err=True)
        for reason in refusal.reasons:
            click.echo(f"- {one_line(reason)}", err=True)
    if page is not None:
        from lennox.report.release_page import release_page

        atomic_write(page, release_page(refusal.model, channel, refusal.reasons))
    raise click.exceptions.Exit(4)
