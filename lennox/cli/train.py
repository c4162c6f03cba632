"""`lennox train` and `lennox evaluate`: how a model comes to be, and what it can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lennox.errors import InputError

if TYPE_CHECKING:
    from lennox.training.loop import Progress

SAY_EVERY = 25  # steps


@contextmanager
def _extra(name: str, purpose: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "lennox":
            raise
        raise InputError(
            f"{purpose} needs {error.name}, which is not installed; run: python -m pip install 'lennox[{name}]'"
        ) from error


@click.command()
@click.argument("recipe", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Checkpoint and curves.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in DIR, if there is one.")
def train(recipe: Path, out: Path, resume: bool) -> None:
    """Train a network as a recipe says.

    RECIPE names the data sets, which the ledger beside it must allow for training. Needs lennox[train].

    \b
    Example:
      lennox train recipe.toml --out runs/first
    """
    if not resume and (out / "checkpoint.pt").exists():
        raise click.UsageError(f"'{out.name}' holds a checkpoint; add --resume, or name another folder.")
    with _extra("train", "training"):
        from lennox.training import train as train_network

        trained = train_network(recipe, out, resume=resume, report=_reporter())
    click.echo(str(trained.checkpoint))


@click.command()
@click.argument("model")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="COCO_DIR",
    help="Films with annotations.json.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Figures and curves.")
def evaluate(model: str, data: Path, out: Path) -> None:
    """Measure a model on films with known lesions.

    MODEL is an installed model or a folder that holds one. Needs lennox[train].

    \b
    Example:
      lennox evaluate caries-radiograph-1 --data films --out figures
    """
    with _extra("train", "evaluating"):
        from lennox.training import evaluate as measure

        measure(model, data, out)
    click.echo(str(out))


def _reporter() -> Callable[[Progress], None]:
    def say(progress: Progress) -> None:
        if progress.validation is not None:
            click.echo(f"step {progress.step}: {_figures(progress.validation)}", err=True)
        elif progress.step % SAY_EVERY == 0 or progress.step == progress.steps:
            click.echo(f"step {progress.step} of {progress.steps}, loss {progress.loss:.4f}", err=True)

    return say


def _figures(validation: dict[str, dict[str, object]]) -> str:
    return "; ".join(
        f"{source}: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items() if isinstance(value, float))
        for source, found in validation.items()
    )
