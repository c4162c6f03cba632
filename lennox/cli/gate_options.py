"""The options by which a command says what a model is for, whose word counts, and who answers for an unreleased one."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lennox.gate.override import Override
    from lennox.gate.trust import Trust
    from lennox.inference.model import Model

channel_option = click.option(
    "--channel", default="workshop", show_default=True, metavar="NAME", help="What the model is to be used for."
)
trust_option = click.option(
    "--trust", "trust_file", type=click.Path(path_type=Path), metavar="FILE",
    help="Whose signatures count, this file alone; see `lennox trust show`.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a model is to pass the gate, as the user said."""

    channel: str
    trust_file: Path | None
    unreleased: bool
    who: str | None
    why: str | None
    until: str | None

    def load(self, name: str | Path | None, threads: int = 1) -> Model:
        """Load the model, or be told why not."""
        from lennox.inference.load import load_model

        trust = trust_of(self.trust_file)
        return load_model(name, channel=self.channel, threads=threads, allow_unreleased=self.override(), trust=trust)

    def override(self) -> Override | None:
        """Who answers for a model that is not released, if somebody does. Raises InputError, ValueError for the day."""
        from lennox.gate.override import Override

        return Override(self.who or "", self.why or "", _day(self.until or "")) if self.unreleased else None


def trust_of(path: Path | None) -> Trust | None:
    """The trust that `--trust` names; None: `Trust.load()`."""
    from lennox.gate.trust import Trust

    return None if path is None else Trust.load(path)


def with_load_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as one `load_options`."""

    @channel_option
    @trust_option
    @click.option("--unreleased", is_flag=True, help="Load it though no release vouches for it; needs the next three.")
    @click.option("--who", metavar="NAME", help="With --unreleased: who answers for it.")
    @click.option("--why", metavar="REASON", help="With --unreleased: what for.")
    @click.option("--until", metavar="DAY", help="With --unreleased: last day, such as 2026-12-01, or today.")
    @functools.wraps(command)
    def with_options(
        *arguments: Any,
        channel: str,
        trust_file: Path | None,
        unreleased: bool,
        who: str | None,
        why: str | None,
        until: str | None,
        **options: Any,
    ) -> Any:
        load_options = LoadOptions(channel, trust_file, unreleased, who, why, until)
        _complete(load_options)
        return command(*arguments, load_options=load_options, **options)

    return with_options


def _complete(load_options: LoadOptions) -> None:
    said = {"--who": load_options.who, "--why": load_options.why, "--until": load_options.until}
    if load_options.unreleased:
        missing = [option for option, value in said.items() if not value]
        if missing:
            raise click.UsageError(f"--unreleased also needs {' and '.join(missing)}.")
        try:
            load_options.override()
        except ValueError:
            wanted = f"--until is a day such as 2026-12-01, or today, not '{load_options.until}'."
            raise click.UsageError(wanted) from None
    elif any(said.values()):
        raise click.UsageError(f"{' and '.join(o for o, v in said.items() if v)} go with --unreleased.")


def _day(text: str) -> datetime.date:
    """A day as people type it. Raises ValueError."""
    from lennox.gate.predicates import local_now

    return local_now().date() if text == "today" else datetime.date.fromisoformat(text)
