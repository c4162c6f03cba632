"""How a command ends when the world does something wrong: one line on stderr and an exit status, never a traceback."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from lennox.errors import LeftOutWarning, LennoxError, ReleaseRefusedError, one_line
from lennox.lazy import missing_extra

BROKEN_PIPE = 141  # what a shell reports for a program that a closed pipe ended
_WARN = warnings.showwarning
INTERRUPTED = 130  # by Ctrl-C
# What may be done about a model that is not released.
OVERRIDE = "--unreleased --who NAME --why REASON --until today"
UNUSABLE = 2  # a file or folder that cannot be used


class CommandError(click.ClickException):
    """One line for people, one of advice if there is something to do, and an exit status."""

    def __init__(self, message: str, exit_status: int, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice
        self.exit_code = exit_status  # type: ignore[misc]  # click reads it from the instance, too

    def show(self, file: object = None) -> None:
        """Write the line to stderr."""
        click.echo(f"lennox: {one_line(self.message)}", err=True)
        if self.advice:
            click.echo(self.advice, err=True)


@contextmanager
def handled_errors() -> Iterator[None]:
    """Turn what the world does wrong into a `CommandError`, and a closed pipe or Ctrl-C into their exit status."""
    if sys.stdout is None:  # Python's way to say that it was closed by whoever started the program
        raise CommandError("standard output is closed; send it somewhere, to a file or to nowhere.", UNUSABLE)
    as_before, warnings.showwarning = warnings.showwarning, _say_warning
    try:
        yield
        sys.stdout.flush()
    except ReleaseRefusedError as error:
        advice = f"To try it, stamped on every output, add: {OVERRIDE}" if error.remedy else ""
        raise CommandError(error.refusal, error.exit_status, advice) from error
    except LennoxError as error:
        raise CommandError(str(error), error.exit_status) from error
    except KeyboardInterrupt:
        click.echo("lennox: stopped.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _drop_stdout()
        raise click.exceptions.Exit(BROKEN_PIPE) from None
    except ModuleNotFoundError as error:
        said = missing_extra(error)
        if said is error:
            raise
        raise CommandError(str(said), UNUSABLE) from error
    except OSError as error:
        _drop_stdout()
        raise CommandError(_sentence(error), UNUSABLE) from error
    finally:
        warnings.showwarning = as_before


def _say_warning(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    """What was left out, in one line; what libraries warn of, as Python says it."""
    if issubclass(category, LeftOutWarning):
        click.echo(f"lennox: {one_line(str(message))}", err=True)
    else:
        _WARN(message, category, *where, **more)


def _sentence(error: OSError) -> str:
    name = f"'{Path(os.fsdecode(error.filename)).name}'" if isinstance(error.filename, (str, bytes)) else "the output"
    return f"{name} cannot be used: {error.strerror or error}. Check that it is there, its permissions and free space."


def _drop_stdout() -> None:
    """Send what is still buffered nowhere, so that the interpreter does not fail on it again while it ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # stdout is closed, or no file at all
        pass
