"""The training loop: one recipe becomes one checkpoint. Seeded, resumable, on CPU or GPU by the same code.

Every step draws its samples from a generator seeded with (recipe seed, step), so a resumed run repeats what an
uninterrupted one would have done.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lennox.annotations.film import Film
from lennox.errors import InputError
from lennox.files import atomic_write, sha256_of_file
from lennox.training.augment import Batch, crop_batch
from lennox.training.ledger import Ledger, check_files, read_ledger
from lennox.training.loss import peak_loss, segmentation_loss
from lennox.training.network import Network, channels_last
from lennox.training.recipe import Recipe, read_recipe
from lennox.training.shipped_weights import unfold
from lennox.training.sources import FilmSource, SampleSource, WindowSource, drawn_source
from lennox.training.split import require_outlines, split_set
from lennox.training.teacher import draw_canvases, soften
from lennox.training.validation import Exam, exams_of_drawn, exams_of_films, exams_of_windows, predict, score_exams

FORMAT = "lennox-checkpoint/1"
CHECKPOINT_EVERY = 200
CLIP = 2.0
VALIDATION_WINDOWS = 160
VALIDATION_BATCH = 16  # films and windows between two reports, seconds on a CPU
UNFOLDING_FILMS = 24


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step or a validation gave.

    validating : held-out films and windows that were read, and all that there are, while a validation lasts
    validation : of a source's name, its figures, once a validation is done
    """

    step: int
    steps: int
    loss: float
    validating: tuple[int, int] | None = None
    validation: dict[str, dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished run: its checkpoint, the loss of each step and the validations, (step, figures)."""

    checkpoint: Path
    losses: tuple[float, ...]
    validations: tuple[tuple[int, dict[str, dict[str, Any]]], ...]


def train(
    recipe: Path | Recipe,
    out: Path,
    *,
    resume: bool = False,
    stop_after: int | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train what a recipe says; leaves checkpoint.pt, progress.json and curves.png in `out`.

    Recipes that it starts from or learns from are trained first, each in a folder of its own within `out`, and are
    not trained again once they are finished there.

    resume : go on from the checkpoint in `out`, if there is one
    stop_after : stop before this step, as an interrupted run would
    report : called after every step and validation, and during a validation after every few films
    Raises InputError for a recipe or a data set that cannot be used so.
    """
    plan = recipe if isinstance(recipe, Recipe) else read_recipe(Path(recipe))
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    names = (*plan.schedule.start, *plan.schedule.teacher)
    stages = {name: _stage(plan, name, out / Path(name).stem, report) for name in names}
    run = _Run(plan, out, stages)
    if resume and (out / "checkpoint.pt").is_file():
        run.restore()
    last = plan.schedule.last_step if stop_after is None else min(stop_after, plan.schedule.last_step)
    while True:
        if run.owes_validation():
            run.save()  # a validation may take minutes; what was learnt so far must not depend on its end
            run.validate(report)
            run.save()
        if run.step >= last:
            break
        loss = run.advance()
        if report:
            report(Progress(run.step, plan.schedule.last_step, loss))
        if run.step == 1 or run.step % CHECKPOINT_EVERY == 0:
            run.save()
    run.save()
    return Trained(out / "checkpoint.pt", tuple(run.losses), tuple(run.validations))


def _stage(plan: Recipe, name: str, out: Path, report: Callable[[Progress], None] | None) -> Path:
    """The checkpoint called `name`, of a shipped network, or of a recipe, trained in `out` unless it was before."""
    path = plan.path(name)
    if path.suffix == ".onnx":
        return _unfolded(plan, path, out)
    if path.suffix != ".toml":
        return path
    checkpoint, recipe = out / "checkpoint.pt", read_recipe(path)
    if checkpoint.is_file():
        state = _load(checkpoint)
        if state["recipe"] == recipe.sha256 and state["step"] == recipe.schedule.last_step:
            return checkpoint
    return train(path, out, resume=True, report=report).checkpoint


def _unfolded(plan: Recipe, model: Path, out: Path) -> Path:
    """A checkpoint of the weights of a shipped network, its normalisations measured on training films."""
    checkpoint = out / "checkpoint.pt"
    digest = sha256_of_file(model) if model.is_file() else ""
    if not checkpoint.is_file() or _load(checkpoint)["recipe"] != digest:
        entry = read_ledger(plan.path(plan.data.ledger)).require(plan.data.films, "train")
        films = split_set(plan, entry)[0][:UNFOLDING_FILMS]
        images = [
            (torch.from_numpy(canvas.levels.copy()).float()[None, None] - plan.contract.mean) / plan.contract.std
            for canvas in FilmSource(films, plan.contract).canvases
        ]
        state = io.BytesIO()
        torch.save({"format": FORMAT, "recipe": digest, "step": 0, "average": unfold(model, images)}, state)
        out.mkdir(parents=True, exist_ok=True)
        atomic_write(checkpoint, state.getvalue())
    return checkpoint


class HeldOutFilms:
    """The films that a recipe keeps out of training."""

    def __init__(self, recipe: Recipe, ledger: Ledger, use: str) -> None:
        self.recipe = recipe
        self.films: list[Film] = []
        self.windows: list[Film] = []
        self.groups: dict[str, str] = {}
        for name, kept in ((recipe.data.films, self.films), (recipe.data.windows, self.windows)):
            if name:
                entry = ledger.require(name, use)
                kept += split_set(recipe, entry)[1]
                self.groups.update((film.name, entry.group_of(film.name)) for film in kept)

    def exams(self, max_windows: int | None = None) -> dict[str, list[Exam]]:
        """What is asked about them, by source; drawn films of their own where the recipe names no set."""
        contract, orientation = self.recipe.contract, self.recipe.orientation
        if self.recipe.is_drawn_only:
            drawn = exams_of_drawn(self.recipe)
            self.groups.update((exam.group, exam.group) for exam in drawn)
            return {"drawn": drawn}
        return {
            "films": exams_of_films(self.films, contract, orientation),
            "windows": exams_of_windows(self.windows, contract, max_windows, orientation),
        }


class _Run:
    def __init__(self, recipe: Recipe, out: Path, stages: Mapping[str, Path]) -> None:
        self.recipe, self.out = recipe, out
        self.ledger = read_ledger(recipe.path(recipe.data.ledger))
        self.sources, self.shares = _open_sources(
            recipe, self.ledger, [stages[name] for name in recipe.schedule.teacher]
        )
        self.step, self.losses = 0, []  # type: tuple[int, list[float]]
        self.validations: list[tuple[int, dict[str, dict[str, Any]]]] = []
        self.exams: dict[str, list[Exam]] | None = None
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(recipe.seed)
        schedule = recipe.schedule
        self.network = Network(pretrained=schedule.pretrained)
        if schedule.start:
            self.network.load_state_dict(average_weights([stages[name] for name in schedule.start]))
        if schedule.pretrained:
            self.network.freeze_first_layers()
        self.network = channels_last(self.network.to(self.device))
        encoder = [p for p in self.network.encoder.parameters() if p.requires_grad]
        inside = {id(p) for p in self.network.encoder.parameters()}
        decoder = [p for p in self.network.parameters() if id(p) not in inside]
        self.optimiser = torch.optim.AdamW(
            [{"params": encoder, "lr": 0.0}, {"params": decoder, "lr": 0.0}], weight_decay=schedule.weight_decay
        )
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}

    def advance(self) -> float:
        schedule, step = self.recipe.schedule, self.step
        random = np.random.default_rng([self.recipe.seed, step])
        batch = self._draw(random)
        warm = min(1.0, (step + 1) / max(1, schedule.warm_up))
        rate = warm * 0.5 * (1 + math.cos(math.pi * step / schedule.steps))
        for group, highest in zip(
            self.optimiser.param_groups, (schedule.encoder_rate, schedule.decoder_rate), strict=True
        ):
            group["lr"] = highest * rate
        self.network.train()
        image = batch.image.to(self.device).to(memory_format=torch.channels_last)
        lower = schedule.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=lower):
            logits = self.network(image)
        weight = 1.0 + 2.0 * schedule.small_emphasis * batch.small.to(self.device)
        target = batch.target.to(self.device)
        loss = segmentation_loss(logits, target, batch.known.to(self.device), weight)
        if schedule.peak_weight:
            loss = loss + schedule.peak_weight * peak_loss(logits[:, :1], target[:, :1])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step()
        self.step += 1
        keep = min(schedule.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if value.is_floating_point():
                    self.average[name].lerp_(value, 1 - keep)
                else:
                    self.average[name].copy_(value)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise InputError(f"the loss is {value} at step {self.step}; lower the learning rates of the recipe.")
        self.losses.append(value)
        return value

    def _draw(self, random: np.random.Generator) -> Batch:
        schedule = self.recipe.schedule
        chosen = random.choice(len(self.sources), schedule.batch, p=self.shares)
        canvases = [self.sources[int(which)].draw(random) for which in chosen]
        return crop_batch(canvases, schedule.crop, self.recipe.contract, random, self.recipe.ranges)

    def averaged(self) -> Network:
        network = channels_last(Network(pretrained=False).to(self.device))
        network.load_state_dict(self.average)
        return network

    def owes_validation(self) -> bool:
        """Whether this step is one to validate at, and was not yet: a run may have been interrupted in between."""
        every, last = self.recipe.schedule.validate_every, self.recipe.schedule.last_step
        due = bool(every and self.step) and (self.step % every == 0 or self.step == last)
        return due and all(step != self.step for step, _ in self.validations)

    def validate(self, report: Callable[[Progress], None] | None = None) -> None:
        if self.exams is None:
            self.exams = HeldOutFilms(self.recipe, self.ledger, "select").exams(VALIDATION_WINDOWS)
        network, figures, read = self.averaged(), {}, 0
        now = partial(Progress, self.step, self.recipe.schedule.last_step, self.losses[-1])
        total = sum(map(len, self.exams.values()))
        for name, exams in self.exams.items():
            maps = []
            for start in range(0, len(exams), VALIDATION_BATCH):
                if report:
                    report(now(validating=(read + start, total)))
                batch = [exam.canvas for exam in exams[start : start + VALIDATION_BATCH]]
                maps += predict(network, batch, self.recipe.contract)
            read += len(exams)
            if exams:
                figures[name] = asdict(score_exams(maps, exams)[0])
        self.validations.append((self.step, figures))
        if report:
            report(now(validation=figures))

    def save(self) -> None:
        state = io.BytesIO()
        torch.save(
            {
                "format": FORMAT, "recipe": self.recipe.sha256, "step": self.step, "network": self.network.state_dict(),
                "average": self.average, "optimiser": self.optimiser.state_dict(), "losses": self.losses,
                "validations": self.validations,
            },
            state,
        )  # fmt: skip
        atomic_write(self.out / "checkpoint.pt", state.getvalue())
        progress = {"step": self.step, "losses": self.losses, "validations": self.validations}
        atomic_write(self.out / "progress.json", json.dumps(progress))
        from lennox.training.curves import draw_curves

        draw_curves(self.losses, self.validations, self.out / "curves.png")

    def restore(self) -> None:
        state = _load(self.out / "checkpoint.pt")
        if state["recipe"] != self.recipe.sha256:
            raise InputError("the checkpoint was made by another recipe; resume with that one, or use a new folder.")
        self.step, self.losses, self.validations = state["step"], state["losses"], state["validations"]
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])


def load_weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    """The averaged weights of a checkpoint. Raises InputError if it is missing or not one."""
    weights: dict[str, torch.Tensor] = _load(checkpoint)["average"]
    return weights


def average_weights(checkpoints: Sequence[Path]) -> dict[str, torch.Tensor]:
    """The mean of the averaged weights of several checkpoints of one lineage."""
    found = [load_weights(checkpoint) for checkpoint in checkpoints]
    return {
        name: torch.stack([weights[name] for weights in found]).mean(0) if value.is_floating_point() else value
        for name, value in found[0].items()
    }


def _load(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"{path.name}: the checkpoint cannot be read ({error.strerror}).") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise InputError(f"{path.name}: not a checkpoint of this version ({FORMAT}).")
    return state


def _open_sources(recipe: Recipe, ledger: Ledger, teachers: Sequence[Path]) -> tuple[list[SampleSource], list[float]]:
    data, contract = recipe.data, recipe.contract
    sources: list[SampleSource] = []
    shares: list[float] = []
    for name, share, kind in (
        (data.films, data.film_share, FilmSource),
        (data.windows, data.window_share, partial(WindowSource, margin_lesions=data.margin_lesions)),
    ):
        if share > 0:
            entry = ledger.require(name, "train")
            check_files(recipe.path(data.root) / name, entry)
            films = require_outlines(split_set(recipe, entry)[0])
            sources.append(_softened(kind(films, contract), recipe, teachers))
            shares.append(share)
    if data.drawn_share > 0:
        sources.append(drawn_source(recipe, data.drawn_films, recipe.seed * 100_000))
        shares.append(data.drawn_share)
    return sources, [share / sum(shares) for share in shares]


def _softened(source: FilmSource | WindowSource, recipe: Recipe, checkpoints: Sequence[Path]) -> SampleSource:
    schedule = recipe.schedule
    if not checkpoints:
        return source
    teachers = []
    for checkpoint in checkpoints:
        teacher = Network(pretrained=False)
        teacher.load_state_dict(load_weights(checkpoint))
        teachers.append(channels_last(teacher.eval()))
    entire = source.canvases if isinstance(source, FilmSource) else None
    canvases = entire or draw_canvases(source, schedule.soft_windows, recipe.seed)
    return soften(canvases, teachers, schedule.soft_share, recipe.contract)
