"""A recipe: everything that makes one model, in one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from lennox import toml
from lennox.card import InputContract, Orientation, WindowGrid
from lennox.errors import InputError
from lennox.files import sha256_of

FORMAT = "lennox-recipe/1"
# Operating points of a card: false positives an image, at most, on held-out films and windows together.
POINTS = {"sensitive": 1.0, "balanced": 0.5, "specific": 0.2}
REGION_SHARE = 0.3  # of the peak of a calibrated map, which is steeper than the network's own: where a lesion ends
MadeFor = Literal["periapical", "photograph"]


@dataclass(frozen=True, slots=True)
class DataPlan:
    """Where samples come from.

    ledger : the data ledger, relative to the recipe
    root : folder of the data sets, relative to the recipe
    films, windows : names of sets whose films are used entire, and of panoramic sets used in windows; "" for none
    film_share, window_share, drawn_share : how often each source is drawn; they are divided by their sum
    drawn_films : how many drawn films are made
    drawn_mimics : share of the drawn films that show what looks like caries and is none
    margin_lesions : share of the windows in which a lesion is drawn at the margin of a real restoration
    holdout_share, holdout_seed : the part of the groups kept for selection and calibration; never trained on
    holdout_fold : which of the parts of that share, from 0
    categories : what categories of the sets mean, "caries", "healthy" or "other", where lennox does not know them
    """

    ledger: str
    root: str = "."
    films: str = ""
    windows: str = ""
    film_share: float = 0.0
    window_share: float = 0.0
    drawn_share: float = 0.0
    drawn_films: int = 0
    drawn_mimics: float = 0.25
    margin_lesions: float = 0.0
    holdout_share: float = 0.2
    holdout_seed: int = 1
    holdout_fold: int = 0
    categories: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shares = (self.film_share, self.window_share, self.drawn_share)
        if min(shares) < 0 or sum(shares) <= 0:
            raise ValueError(f"the shares of the sources must be positive, got {shares}")
        if not (0.0 <= self.drawn_mimics <= 1.0 and 0.0 <= self.margin_lesions <= 1.0):
            raise ValueError("drawn_mimics and margin_lesions are shares, from 0 to 1")
        if not 0.0 <= self.holdout_share < 1.0:
            raise ValueError(f"holdout_share must be in [0, 1), got {self.holdout_share}")
        if self.holdout_fold < 0 or (self.holdout_fold + 1) * self.holdout_share > 1.0 + 1e-9:
            raise ValueError(f"there is no part {self.holdout_fold} of a share of {self.holdout_share}")
        if self.drawn_share > 0 and self.drawn_films < 1:
            raise ValueError("drawn films have a share, but drawn_films is not at least 1")
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
    start : what to continue from, recipes, checkpoints or shipped networks (model.onnx), relative to this one; the
        weights of several are averaged
    small_emphasis : how much more, at most twice this, a cell of a small lesion counts than one of a usual lesion
    peak_weight : of the loss on the peaks of lesions and of the highest false ones; 0 without
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
    peak_weight: float = 0.0
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
class Ranges:
    """How far each change of a crop may go; shares are probabilities.

    near_lesion : share of the crops of a canvas with lesions that lie about one of them
    scale : canvas pixels of the crop per canvas pixel of the source, log-uniform
    turn_degrees, quarter_turns : a turn either way, and the share turned by a quarter besides; at 0.5, with the
        mirrorings, all eight turns and mirrorings are equally frequent
    blur_px, noise, ramp, brightness : at most, levels from 0 to 1
    cut_outs : patches off the lesions that are blanked, at most
    jpeg : share that is compressed
    """

    near_lesion: float = 0.7
    scale: tuple[float, float] = (0.5, 1.2)
    aspect: float = 0.25
    shear: float = 0.08
    turn_degrees: float = 20.0
    quarter_turns: float = 0.15
    gamma: float = 0.5
    contrast: tuple[float, float] = (0.7, 1.35)
    brightness: float = 0.12
    noise: float = 0.06
    blur_px: float = 1.4
    ramp: float = 0.15
    cut_outs: int = 2
    jpeg: float = 0.25


@dataclass(frozen=True, slots=True)
class KindPlan:
    """How the network that judges the kind of an image is taught, when the model is exported.

    views : pictures made and disguised to learn from; 0 for no such network
    epochs : how often each is shown
    members : networks taught with seeds of their own, whose mean is shipped as one
    drawn : drawn films of each kind that they are made of
    """

    views: int = 0
    epochs: int = 20
    members: int = 1
    drawn: int = 200

    def __post_init__(self) -> None:
        if min(self.views, self.drawn) < 0 or min(self.epochs, self.members) < 1:
            raise ValueError("views and drawn must not be negative, and epochs and members at least 1")


@dataclass(frozen=True, slots=True)
class LesionRule:
    """How the model tells lesions apart on its map.

    saddle_share : see `ModelCard`; 0 for none
    """

    saddle_share: float = 0.0

    def __post_init__(self) -> None:
        if self.saddle_share and not REGION_SHARE <= self.saddle_share <= 1.0:
            raise ValueError(f"saddle_share must be 0, or from {REGION_SHARE} to 1, got {self.saddle_share}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One model to be: its name, seed, input, data, schedule and how far crops are changed.

    orientation : how the model that is made lays an image, see `ModelCard`
    operating_point : the one that is used unless another is asked for, of `POINTS`
    made_for : the kind of image that `films` are and the model is for
    windows : how the model reads an image in windows; None: entire
    folder : of the recipe file; paths in it are relative to this
    sha256 : of the recipe file
    """

    name: str
    version: str
    seed: int
    contract: InputContract
    data: DataPlan
    schedule: Schedule
    ranges: Ranges
    kind: KindPlan
    orientation: Orientation
    operating_point: str
    folder: Path
    sha256: str
    windows: WindowGrid | None = None
    made_for: MadeFor = "periapical"
    lesions: LesionRule = LesionRule()

    def __post_init__(self) -> None:
        if self.made_for not in get_args(MadeFor):
            raise ValueError(f"made_for must be one of {get_args(MadeFor)}, got {self.made_for!r:.40}")
        if self.orientation not in get_args(Orientation):
            raise ValueError(f"orientation must be one of {get_args(Orientation)}, got {self.orientation!r:.40}")
        if self.operating_point not in POINTS:
            raise ValueError(f"operating_point must be one of {tuple(POINTS)}, got {self.operating_point!r:.40}")
        if self.kind.views and not (self.data.films and self.data.windows):
            raise ValueError("the kind network is taught from films and panoramics; name both sets, or give no [kind]")

    @property
    def is_drawn_only(self) -> bool:
        """Whether it names no set: everything that it learns from, and is measured on, is drawn."""
        return not (self.data.films or self.data.windows)

    @property
    def folds(self) -> int:
        """In how many parts of the held-out share the groups can be parted; 0 if nothing is held out."""
        return round(1 / self.data.holdout_share) if self.data.holdout_share else 0

    def in_fold(self, fold: int) -> Recipe:
        """The same recipe with another part of the groups held out. Raises InputError if there is no such part."""
        try:
            data = replace(self.data, holdout_fold=fold)
        except ValueError as error:
            raise InputError(f"{error}; folds are counted from 0.") from error
        return replace(self, data=data, sha256=sha256_of(f"{self.sha256} fold {fold}".encode()))

    def path(self, relative: str) -> Path:
        """A path of the recipe, resolved."""
        return (self.folder / relative).resolve()


TABLES: Mapping[str, type] = {
    "input": InputContract, "data": DataPlan, "schedule": Schedule, "augment": Ranges, "kind": KindPlan,
    "windows": WindowGrid, "lesions": LesionRule,
}  # fmt: skip
# Keys outside the tables, with what they are where they are not given.
TOP_KEYS = {
    "format": MISSING, "name": MISSING, "version": MISSING, "seed": MISSING,
    "orientation": "as given", "operating_point": "balanced", "made_for": "periapical",
}  # fmt: skip


def recipe_keys() -> dict[str, Any]:
    """Every key that a recipe may have, "table.key" in a table, with its default; `dataclasses.MISSING` without one."""
    keys: dict[str, Any] = dict(TOP_KEYS)
    for table, kind in TABLES.items():
        for entry in fields(kind):
            factory = entry.default_factory
            keys[f"{table}.{entry.name}"] = entry.default if factory is MISSING else factory()
    return keys


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises InputError, naming the field, if it is missing or not a valid `lennox-recipe/1`."""
    try:
        content = path.read_bytes()
        document = toml.loads(content.decode())
        if document["format"] != FORMAT:
            raise ValueError(f"format is '{document['format']}', this version reads '{FORMAT}'")
        if unknown := set(document) - {*TOP_KEYS, *TABLES}:
            raise ValueError(f"it knows no {sorted(unknown)}; it knows {sorted({*TOP_KEYS, *TABLES})}")
        return Recipe(
            str(document["name"]), str(document["version"]), int(document["seed"]),
            _filled(InputContract, document["input"]), _filled(DataPlan, document["data"]),
            _filled(Schedule, document["schedule"]), _filled(Ranges, document.get("augment", {})),
            _filled(KindPlan, document.get("kind", {})), document.get("orientation", TOP_KEYS["orientation"]),
            str(document.get("operating_point", TOP_KEYS["operating_point"])),
            path.resolve().parent, sha256_of(content),
            _filled(WindowGrid, document["windows"]) if "windows" in document else None,
            document.get("made_for", TOP_KEYS["made_for"]), _filled(LesionRule, document.get("lesions", {})),
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
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in table.items()})
