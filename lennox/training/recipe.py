"""A recipe: everything that makes one model, in one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from lennox import toml
from lennox.card import InputContract
from lennox.errors import InputError
from lennox.files import sha256_of

FORMAT = "lennox-recipe/1"


@dataclass(frozen=True, slots=True)
class DataPlan:
    """Where samples come from.

    root : folder of the data sets, relative to the recipe
    ledger : the data ledger, relative to the recipe
    films, windows : names of sets whose films are used entire, and of panoramic sets used in windows; "" for none
    film_share, window_share, drawn_share : how often each source is drawn; they are divided by their sum
    drawn_films : how many drawn films are made
    holdout_share, holdout_seed : the part of the groups kept for selection and calibration; never trained on
    categories : what categories of the sets mean, "caries", "healthy" or "other", where lennox does not know them
    """

    root: str
    ledger: str
    films: str
    windows: str
    film_share: float
    window_share: float
    drawn_share: float
    drawn_films: int
    holdout_share: float = 0.2
    holdout_seed: int = 1
    categories: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shares = (self.film_share, self.window_share, self.drawn_share)
        if min(shares) < 0 or sum(shares) <= 0:
            raise ValueError(f"the shares of the sources must be positive, got {shares}")
        if not 0.0 <= self.holdout_share < 1.0:
            raise ValueError(f"holdout_share must be in [0, 1), got {self.holdout_share}")
        for share, name, what in ((self.film_share, self.films, "films"), (self.window_share, self.windows, "windows")):
            if share > 0 and not name:
                raise ValueError(f"{what} have a share, but no set is named")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast it learns.

    steps, batch, crop : optimiser steps, crops a step, side of a crop in pixels of the canvas
    stop : step at which it ends, though its rates are those of a run of `steps`; 0 for the last
    decoder_rate, encoder_rate : highest learning rates, after `warm_up` steps; cosine to nothing at the end
    average : decay of the moving average of the weights, which is what is validated and kept
    validate_every : steps between validations on the held-out films; 0 for none
    precision : "bfloat16" or "float32"
    pretrained : whether to begin with ImageNet weights
    start : what to continue from, recipes or checkpoints, relative to this one; the weights of several are averaged
    small_emphasis : how much more, at most twice this, a cell of a small lesion counts than one of a usual lesion
    soft_share : share of the target that comes from soft labels of `teacher`; 0 without
    teacher : recipes or checkpoints, relative to this one, whose mean over four mirrorings gives soft labels
    soft_windows : windows of panoramic films that are given soft labels; with a teacher, only these are drawn from
    """

    steps: int
    stop: int = 0
    batch: int = 8
    crop: int = 256
    decoder_rate: float = 2e-3
    encoder_rate: float = 6e-4
    weight_decay: float = 0.02
    warm_up: int = 25
    average: float = 0.998
    validate_every: int = 400
    precision: str = "bfloat16"
    pretrained: bool = True
    start: tuple[str, ...] = ()
    small_emphasis: float = 0.0
    soft_share: float = 0.0
    teacher: tuple[str, ...] = ()
    soft_windows: int = 800

    def __post_init__(self) -> None:
        if self.steps < 0 or min(self.batch, self.crop) < 1 or self.crop % 32:
            raise ValueError("steps must not be negative, batch be positive and crop a multiple of 32")
        if not 0 <= self.stop <= self.steps:
            raise ValueError(f"stop must be within 0..{self.steps}, got {self.stop}")
        if self.precision not in ("bfloat16", "float32"):
            raise ValueError(f"precision must be bfloat16 or float32, got '{self.precision}'")

    @property
    def last_step(self) -> int:
        """The step at which it ends."""
        return self.stop or self.steps


@dataclass(frozen=True, slots=True)
class Recipe:
    """One model to be: its name, seed, input, data and schedule.

    folder : of the recipe file; paths in it are relative to this
    sha256 : of the recipe file
    """

    name: str
    version: str
    seed: int
    contract: InputContract
    data: DataPlan
    schedule: Schedule
    folder: Path
    sha256: str

    def path(self, relative: str) -> Path:
        """A path of the recipe, resolved."""
        return (self.folder / relative).resolve()


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises InputError, naming the field, if it is missing or not a valid `lennox-recipe/1`."""
    try:
        content = path.read_bytes()
        document = toml.loads(content.decode())
        if document["format"] != FORMAT:
            raise ValueError(f"format is '{document['format']}', this version reads '{FORMAT}'")
        schedule = dict(document["schedule"])
        for several in ("start", "teacher"):
            schedule[several] = tuple(schedule.get(several, ()))
        return Recipe(
            str(document["name"]), str(document["version"]), int(document["seed"]),
            _filled(InputContract, document["input"]), _filled(DataPlan, document["data"]),
            _filled(Schedule, schedule), path.resolve().parent, sha256_of(content),
        )  # fmt: skip
    except OSError as error:
        raise InputError(f"{path.name}: the recipe cannot be read ({error.strerror}).") from error
    except KeyError as error:
        raise InputError(f"{path.name}: the recipe lacks {error}.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path.name}: not a valid recipe: {error}.") from error


def _filled(kind: type, table: dict[str, Any]) -> Any:
    known = {entry.name for entry in fields(kind)}
    if unknown := set(table) - known:
        raise ValueError(f"{kind.__name__} knows no {sorted(unknown)}; it knows {sorted(known)}")
    return kind(**table)
