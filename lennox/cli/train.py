"""`lennox train`, `export` and `evaluate`: how a model comes to be, and what it can do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lennox.cli.extras import needs
from lennox.cli.pairs import category_option
from lennox.cli.paths import RESULTS

if TYPE_CHECKING:
    from rich.progress import TaskID

    from lennox.training import Progress

SAY_EVERY = 25  # steps
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("recipe", type=FILE)
@click.option("--out", required=True, type=RESULTS, metavar="DIR", help="A folder for checkpoint and curves.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in DIR, if there is one.")
@needs("train", "torch", "onnx", "sklearn", "matplotlib")
def train(recipe: Path, out: Path, resume: bool) -> None:
    """Train a network as a recipe says.

    RECIPE names the data sets, which its ledger must allow for training. Leaves a checkpoint for `lennox export`.
    Needs lennox[train].

    \b
    Example:
      lennox train recipe.toml --out runs/first
    """
    if not resume and (out / "checkpoint.pt").exists():
        raise click.UsageError(f"'{out.name}' holds a checkpoint; add --resume, or name another folder.")
    from lennox.training import train as train_network

    with _reporting() as report:
        trained = train_network(recipe, out, resume=resume, report=report)
    click.echo(trained.checkpoint)


@click.command("cross-validate")
@click.argument("recipe", type=FILE)
@click.option("--out", required=True, type=RESULTS, metavar="DIR", help="A folder for the folds and the figures.")
@click.option("--fold", "folds", multiple=True, type=int, metavar="N", help="Train this one only, from 0; repeatable.")
@needs("train", "torch", "onnx", "sklearn", "matplotlib")
def cross_validate(recipe: Path, out: Path, folds: tuple[int, ...]) -> None:
    """Train a recipe once for each fold of its films, and measure each network on the films that it did not see.

    RECIPE holds out a share of the groups; 0.2 makes five folds. What was trained before in DIR is gone on with.
    Writes cross-validation.json once every fold is trained. Needs lennox[train].

    \b
    Example:
      lennox cross-validate recipe.toml --out runs/folds
    """
    from lennox.training import pool_folds, read_recipe, train_fold

    plan = read_recipe(recipe)
    for fold in folds or range(max(plan.folds, 1)):
        click.echo(f"fold {fold}, of {plan.folds}", err=True)
        with _reporting() as report:
            train_fold(plan, out, fold, report)
    click.echo(pool_folds(plan, out) or f"Not every fold is trained in '{out}': there are no figures yet.")


@click.command()
@click.argument("checkpoint", type=FILE)
@click.argument("recipe", type=FILE)
@click.option("--out", required=True, type=RESULTS, metavar="DIR", help="A folder for model.onnx and card.json.")
@needs("train", "torch", "onnx", "sklearn", "matplotlib")
def export(checkpoint: Path, recipe: Path, out: Path) -> None:
    """Make a model of a checkpoint.

    Calibrates it on the films that RECIPE held out, compares ONNX Runtime with PyTorch, and writes weights and card.
    Where CHECKPOINT is the model.onnx of a model, its networks are taken as they are: by a RECIPE with [windows], to
    read panoramics in windows; by any other, to lay films and tell lesions apart as it says. The model is unreleased.
    Needs lennox[train].

    \b
    Example:
      lennox export runs/first/checkpoint.pt recipe.toml --out my-model
    """
    from lennox.training import export as export_model
    from lennox.training.recipe import read_recipe
    from lennox.training.same_networks import export_same_networks
    from lennox.training.windowed_model import export_windowed

    def report(step: str) -> None:
        click.echo(f"{step} ...", err=True)

    if read_recipe(recipe).windows is not None:
        export_windowed(checkpoint.parent, recipe, out)
    elif checkpoint.name == "model.onnx":
        export_same_networks(checkpoint.parent, recipe, out, report=report)
    else:
        export_model(checkpoint, recipe, out, report=report)
    click.echo(out)


@click.command()
@click.argument("model")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="COCO_DIR",
    help="Films with their annotations.json.",
)
@click.option("--out", required=True, type=RESULTS, metavar="DIR", help="A folder for figures and pictures.")
@category_option
@click.option("--sheet/--no-sheet", default=True, help="Whether to leave pictures of films, best and missed.")
@needs("evaluate", "scipy", "sklearn", "matplotlib")
def evaluate(model: str, data: Path, out: Path, categories: dict[str, str], sheet: bool) -> None:
    """Measure a model on films with known lesions.

    MODEL is an installed model or a folder that holds one. Leaves evaluation.json and evaluation.html.
    Needs lennox[evaluate].

    \b
    Example:
      lennox evaluate caries-radiograph-2 --data films --out figures
    """
    from lennox.annotations.coco import read_coco
    from lennox.evaluation import evaluate as measure
    from lennox.training.ledger import shipped_ledger

    shipped_ledger().refuse(data, "evaluate")
    measure(model, read_coco(data, categories), out, sheet=sheet, progress=_films_done if sys.stderr.isatty() else None)
    click.echo(out / "evaluation.json")


@contextmanager
def _reporting() -> Iterator[Callable[[Progress], None]]:
    """A bar with the loss on a terminal, lines elsewhere; a validation is a line of its own on both."""
    if not sys.stderr.isatty():
        yield _say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]:.3f}"), TimeRemainingColumn()
    with Bar(*columns, console=Console(stderr=True)) as bar:
        stages: dict[int, TaskID] = {}  # a recipe may train others first, each with steps of its own

        def show(progress: Progress) -> None:
            if progress.step <= 1 or progress.steps not in stages:
                stages[progress.steps] = bar.add_task("", total=progress.steps, loss=progress.loss)
            bar.update(stages[progress.steps], completed=progress.step, loss=progress.loss)
            if progress.validating or progress.validation is not None:
                bar.console.print(_line(progress), highlight=False)

        yield show


def _say(progress: Progress) -> None:
    validates = progress.validating or progress.validation is not None
    if validates or progress.step == 1 or progress.step % SAY_EVERY == 0 or progress.step == progress.steps:
        click.echo(_line(progress), err=True)


def _line(progress: Progress) -> str:
    if progress.validating:
        return "step {}: validating, {} of {} held-out films and windows".format(progress.step, *progress.validating)
    if progress.validation is not None:
        return f"step {progress.step}: {_figures(progress.validation)}"
    return f"step {progress.step} of {progress.steps}, loss {progress.loss:.4f}"


def _figures(validation: Mapping[str, Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{source}: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items() if isinstance(value, float))
        for source, found in validation.items()
    )


def _films_done(done: int, films: int) -> None:
    click.echo(f"\r{done} of {films} films", nl=done == films, err=True)
