"""`lennox deid`: films without whose they are."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("films", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--profile", required=True, type=click.Choice(["share", "audit"]), help="What the films are for.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE",
              help="The secret behind pseudonyms, made at the first use; ~/.config/lennox/deid.key.")  # fmt: skip
@click.option("--policy", "policy_file", type=click.Path(path_type=Path, exists=True), metavar="FILE",
              help="With audit: keep only what this policy's features need.")  # fmt: skip
@click.option("--looked-at", multiple=True, type=click.IntRange(1), metavar="NUMBER",
              help="A file of an earlier report in whose picture you saw no text; may be repeated.")  # fmt: skip
def deid(
    films: Path, out: Path, profile: str, key: Path | None, policy_file: Path | None, looked_at: tuple[int, ...]
) -> None:
    """Write FILMS, a folder or file, into the new folder OUT as films that name nobody.

    Each is written anew from its picture and a few checked values: DICOM as DICOM, others as PNG. A film in whose
    picture text may stand is held back, for you to look at. "share" keeps dates, moved by a secret number of days;
    "audit" keeps no date, and age band, sex and sensor, in films.csv too. What was done to each file is in
    deid-report.jsonl.

    \b
    Exit status: 0 all written; 1 some held back or unreadable, see the report; 2 a folder or key that cannot be used.

    \b
    Examples:
      lennox deid films given --profile share
      lennox deid films audited --profile audit --looked-at 3 --looked-at 17
    """
    from lennox.deid.deid_folder import REPORT, DeidOptions, deidentify_folder
    from lennox.deid.deidentify import FEATURES, DeidProfile
    from lennox.files import user_folder
    from lennox.report.words import count_of

    features: tuple[str, ...] = FEATURES
    if policy_file is not None:
        from lennox.policy.reading import read_lapsed

        named = {feature.name for feature in read_lapsed(policy_file).features}
        features = tuple(name for name in FEATURES if name in named or (name == "age_band" and "age" in named))
    options = DeidOptions(DeidProfile(profile), key or user_folder("config") / "deid.key", features, looked_at)
    done = [report.done for report in deidentify_folder([films], out, options)]
    said = ", ".join(f"{done.count(what)} {what}" for what in ("written", "held back", "unreadable"))
    click.echo(f"lennox: {count_of(len(done), 'file')}: {said}; see {REPORT}.", err=True)
    raise click.exceptions.Exit(0 if done.count("written") == len(done) else 1)
