"""The `lennox` command: parse, one library call, print. Commands are imported when they are used."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Any

import click

import lennox
from lennox.cli.ending import INTERRUPTED, handled_errors

COMMANDS = {
    "diagnose": "lennox.cli.diagnose:diagnose",
    "desk": "lennox.cli.desk:desk",
    "watch": "lennox.cli.watch:watch",
    "pacs": "lennox.cli.pacs:pacs",
    "deid": "lennox.cli.deid:deid",
    "patient": "lennox.cli.patient:patient",
    "summary": "lennox.cli.summary:summary",
    "models": "lennox.cli.models:models",
    "phantom": "lennox.cli.phantom:phantom",
    "bench": "lennox.cli.bench:bench",
    "train": "lennox.cli.train:train",
    "cross-validate": "lennox.cli.train:cross_validate",
    "export": "lennox.cli.train:export",
    "coco": "lennox.cli.coco:coco",
    "evaluate": "lennox.cli.train:evaluate",
    "audit": "lennox.cli.audit:audit",
    "policy": "lennox.cli.audit:policy",
    "evidence": "lennox.cli.evidence:evidence",
    "adopt": "lennox.cli.adopt:adopt",
    "release": "lennox.cli.release:release",
    "verify": "lennox.cli.release:verify",
    "trust": "lennox.cli.trust:trust",
    "keygen": "lennox.cli.keys:keygen",
    "log": "lennox.cli.log:log",
    "monitor": "lennox.cli.monitor:monitor",
    "completion": "lennox.cli.completion:completion",
    "man": "lennox.cli.man:man",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command, or the list of all, is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        with handled_errors():
            return super().invoke(ctx)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(lennox.__version__, "-V", "--version", message="lennox %(version)s")
def cli() -> None:
    """Read dental films on this computer and mark suspected caries, for a clinician to confirm or reject.

    Not a diagnosis. Nothing is sent anywhere.

    \b
    Exit status: 0 all went well; 1 some image could not be read or assessed;
    2 wrong usage, or a file or folder that cannot be used; 4 model missing or refused;
    10 an audit failed, 11 its evidence is not enough.

    \b
    Examples, to begin with; `lennox COMMAND --help` has those of each command:
      lennox phantom --out films
      lennox diagnose films --out results --format html --unreleased --who "your name" --why "to try it" --until today
    """


def main() -> None:
    """Run the command line; never returns."""
    gc.set_threshold(20_000)  # imports leave no garbage, which Python would look for every 700 objects
    try:
        cli(prog_name="lennox")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            os._exit(INTERRUPTED)  # without waiting for workers, which may have a slow film
        raise
    finally:
        gc.freeze()  # nor does the end of the interpreter
    sys.exit(0)
