"""What a model is, as data beside its weights: input contract, operating points, intended use, figures, ledger.

A card is a JSON file, `lennox-model-card/1`. This module reads the fields that the program acts on and checks each
of them. The rest (data, figures, robustness) is kept in `document` for the page that shows it; its figures are checked
too, so that a card which cannot be shown is refused before any image is read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from lennox._core.settings import IntensitySettings
from lennox.errors import InputError, ModelError

FORMAT = "lennox-model-card/1"
MAX_BYTES = 8 << 20
MAX_DEPTH = 32
SHA256 = re.compile("[0-9a-f]{64}")
FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
ImageKind = Literal["periapical", "bitewing", "panoramic", "photograph", "other"]
IMAGE_KINDS: tuple[ImageKind, ...] = get_args(ImageKind)
Orientation = Literal["as given", "own", "own by rank"]
Colour = Literal["brightness", "balanced"]
# Of an operating point: what the program shows as a number.
POINT_FIGURES = ("lesion_sensitivity", "false_positives_a_film", "film_sensitivity", "film_specificity")


@dataclass(frozen=True, slots=True)
class InputContract(IntensitySettings):
    """How an image becomes the network's input: intensities, and the canvas; training and inference use the same one.

    rows, columns : size of the canvas, in pixels
    colour : how colours become one level: their brightness, or that in neutral light ("balanced", for photographs)
    """

    rows: int
    columns: int
    colour: Colour = "brightness"

    def __post_init__(self) -> None:
        IntensitySettings.__post_init__(self)  # not super(): `slots` makes another class of this one
        if self.colour not in get_args(Colour):
            raise ValueError(f"colour must be one of {get_args(Colour)}, got {self.colour!r:.40}")
        if min(self.rows, self.columns) < 32 or max(self.rows, self.columns) > 4096:
            raise ValueError(f"the canvas must be 32 to 4096 pixels a side, got {self.rows} x {self.columns}")


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A named threshold on the probability of a finding."""

    name: str
    threshold: float

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            raise ValueError(f"the threshold of '{self.name}' must be in (0, 1], got {self.threshold}")


@dataclass(frozen=True, slots=True)
class KindCard:
    """What a card says of the network that judges what kind an image is.

    file : its name in the model's folder
    kinds : what each of its outputs stands for
    accept : lowest probability, of the kinds that the model is made for together, at which an image may be read
    tell : lowest probability of another kind at which the image is said to be of it; below, it cannot be told
    """

    file: str
    kinds: tuple[ImageKind, ...]
    accept: float
    tell: float

    def __post_init__(self) -> None:
        if len(set(self.kinds)) != len(self.kinds) or not set(self.kinds) <= set(IMAGE_KINDS):
            raise ValueError(f"the kinds of the kind network must be distinct, of {', '.join(IMAGE_KINDS)}")
        if not (0.0 < self.accept < 1.0 and 0.0 < self.tell < 1.0):
            raise ValueError(f"accept and tell must be between 0 and 1, got {self.accept} and {self.tell}")


@dataclass(frozen=True, slots=True)
class WindowGrid:
    """How an image is read in overlapping square windows, as a panoramic is: each at the scale of an intraoral film.

    Everything is a share of the image without its blank border.

    side : of a window, share of the width
    rows, columns : (first, last) share of the height and of the width that the windows cover together
    down, across : how many windows lie one above another, and side by side
    """

    side: float
    rows: tuple[float, float]
    columns: tuple[float, float]
    down: int
    across: int

    def __post_init__(self) -> None:
        if not 0.0 < self.side <= 1.0 or not 1 <= min(self.down, self.across) <= max(self.down, self.across) <= 32:
            raise ValueError(f"windows need a side above 0 and up to 1, and 1 to 32 of them each way: {self}")
        if not all(0.0 <= first < last <= 1.0 for first, last in (self.rows, self.columns)):
            raise ValueError(f"windows must cover (first, last) shares within 0..1: {self}")
        if self.columns[1] - self.columns[0] > self.side * self.across:
            raise ValueError(f"{self.across} windows of {self.side} leave gaps between them: {self}")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's card, valid or absent.

    labels : what each plane of the network's output suspects
    kinds : the kinds of image the model may be used on
    familiarity_limit : highest distance from the training images at which the model may answer, None: no limit
    region_share : a lesion is the connected part above this share of its peak probability
    saddle_share : two peaks are two lesions where every way between them falls below this share of the lower one; None:
        what is connected above `region_share` of the higher one is one lesion
    files : SHA-256 (lower-case hex) of each file of the model, by name
    document : the whole card
    orientation : whether an image is read as it lies, or laid as its own brightness says ("own"), so that turned and
        mirrored copies get the same answer; "own by rank" does not depend on exposure, or on a blank border, either
    kind_network : what judges the kind of an image beside the rules of `lennox.inference.quality`; None: nothing
    windows : how an image is read in windows; None: entire
    weights_of : name of the model in the folder beside this one that holds the files which this one's lacks; a release
        needs them all in one folder
    """

    name: str
    version: str
    labels: tuple[str, ...]
    contract: InputContract
    operating_points: tuple[OperatingPoint, ...]
    default_operating_point: str
    kinds: tuple[ImageKind, ...]
    familiarity_limit: float | None
    region_share: float
    files: Mapping[str, str]
    document: Mapping[str, Any]
    orientation: Orientation = "as given"
    kind_network: KindCard | None = None
    windows: WindowGrid | None = None
    weights_of: str | None = None
    saddle_share: float | None = None

    def __post_init__(self) -> None:
        if not self.labels or len(set(self.labels)) != len(self.labels):
            raise ValueError("a model must name at least one label, and none twice")
        names = [point.name for point in self.operating_points]
        if len(set(names)) != len(names) or self.default_operating_point not in names:
            raise ValueError(f"'{self.default_operating_point}' must be one of the distinct operating points {names}")
        if not self.kinds or not set(self.kinds) <= set(IMAGE_KINDS):
            raise ValueError(f"kinds must be among {', '.join(IMAGE_KINDS)}, got {list(self.kinds)}")
        if self.familiarity_limit is not None and not math.isfinite(self.familiarity_limit):
            raise ValueError(f"familiarity_limit must be finite or null, got {self.familiarity_limit}")
        if "model.onnx" not in self.files or not all(map(SHA256.fullmatch, self.files.values())):
            raise ValueError("'files' must give the SHA-256 of model.onnx and of every other file, in lower-case hex")
        if self.orientation not in get_args(Orientation):
            raise ValueError(f"orientation must be one of {get_args(Orientation)}, got {self.orientation!r:.40}")
        if self.kind_network is not None and self.kind_network.file not in self.files:
            raise ValueError(f"'files' must give the SHA-256 of '{self.kind_network.file}', the kind network")
        if self.kind_network is not None and not set(self.kinds) <= set(self.kind_network.kinds):
            raise ValueError("the kind network must know the kinds that the model is made for")
        if self.windows is not None and self.contract.rows != self.contract.columns:
            raise ValueError("a model that reads square windows needs a square input")
        if self.weights_of is not None and not FOLDER_NAME.fullmatch(self.weights_of):
            raise ValueError(f"weights_of must be the name of a model, got {self.weights_of!r:.80}")
        if not 0.0 < self.region_share < 1.0:
            raise ValueError(f"region_share must be between 0 and 1, got {self.region_share}")
        if self.saddle_share is not None and not self.region_share <= self.saddle_share <= 1.0:
            raise ValueError(f"saddle_share must be at least region_share and at most 1, got {self.saddle_share}")

    def operating_point(self, name: str | None = None) -> OperatingPoint:
        """The operating point called `name`, or the default one. Raises InputError for a name the card lacks."""
        wanted = name or self.default_operating_point
        for point in self.operating_points:
            if point.name == wanted:
                return point
        known = ", ".join(point.name for point in self.operating_points)
        raise InputError(f"{self.name} has no operating point '{wanted}'; choose one of: {known}.")

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "card.json") -> ModelCard:
        """Read a card. Raises ModelError, naming the field, if it is not a valid `lennox-model-card/1`."""
        try:
            if len(text) > MAX_BYTES:
                raise ValueError(f"it has {len(text)} bytes, at most {MAX_BYTES} are read")
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise ValueError(f"format is '{document['format']}', this version reads '{FORMAT}'")
            _check_values(document, 0)
            lesions, intended, files = document["lesions"], document["intended_use"], document["files"]
            points = _objects("operating_points", document["operating_points"])
            _check_figures(document.get("figures", {}), points)
            limit = intended["familiarity_limit"]
            return cls(
                name=_text("name", document["name"]),
                version=_text("version", document["version"]),
                labels=_texts("labels", document["labels"]),
                contract=InputContract(**document["input"]),
                operating_points=tuple(
                    OperatingPoint(_text("name", point["name"]), _number("threshold", point["threshold"]))
                    for point in points
                ),
                default_operating_point=_text("default_operating_point", document["default_operating_point"]),
                kinds=_texts("kinds", intended["kinds"]),  # type: ignore[arg-type]  # checked in __post_init__
                familiarity_limit=None if limit is None else _number("familiarity_limit", limit),
                region_share=_number("region_share", lesions["region_share"]),
                files={name: _text("sha256", entry["sha256"]) for name, entry in files.items()},
                document=document,
                orientation=document.get("orientation", "as given"),
                kind_network=_kind_card(document.get("kind_network")),
                windows=_window_grid(document.get("windows")),
                weights_of=_text("weights_of", document["weights_of"]) if "weights_of" in document else None,
                saddle_share=_number("saddle_share", lesions["saddle_share"]) if "saddle_share" in lesions else None,
            )
        except KeyError as error:
            raise ModelError(f"{where}: the card lacks {error}; a card must follow {FORMAT}.") from error
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ModelError(f"{where}: not a valid model card: {error}.") from error

    @classmethod
    def read(cls, path: Path) -> ModelCard:
        """Read the card at `path`. Raises ModelError if it is missing or invalid."""
        try:
            return cls.from_json(path.read_bytes(), path.name)
        except OSError as error:
            raise ModelError(f"{path.name}: cannot be read ({error.strerror}); a model folder needs one.") from error


def _kind_card(entry: dict[str, Any] | None) -> KindCard | None:
    if entry is None:
        return None
    return KindCard(
        _text("file", entry["file"]),
        _texts("kinds", entry["kinds"]),  # type: ignore[arg-type]  # checked in __post_init__
        _number("accept", entry["accept"]),
        _number("tell", entry["tell"]),
    )


def _window_grid(entry: dict[str, Any] | None) -> WindowGrid | None:
    if entry is None:
        return None
    ends: dict[str, tuple[float, float]] = {}
    for name in ("rows", "columns"):
        first, last = entry[name]
        ends[name] = _number(name, first), _number(name, last)
    counts: dict[str, int] = {name: int(_number(name, entry[name])) for name in ("down", "across")}
    return WindowGrid(_number("side", entry["side"]), ends["rows"], ends["columns"], counts["down"], counts["across"])


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be text that is not empty, got {value!r:.80}")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list of texts, got {value!r:.80}")
    return tuple(_text(name, item) for item in value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number, got {value!r:.80}")
    return float(value)


def _objects(name: str, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"{name} must be a list of objects, got {value!r:.80}")
    return value


def _check_values(value: Any, depth: int) -> None:
    """Every number finite, nothing nested too deep, every figure (an object with a `value`) one that can be shown."""
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"every number must be finite, got {value}")
    if isinstance(value, dict):
        if "value" in value:
            _check_figure("value", value, required=False)
        for part in value.values():
            _check_values(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check_values(part, depth + 1)


def _check_figure(name: str, figure: Any, *, required: bool) -> None:
    """A number, or an object of a number and the two ends of its interval; unless `required` each may be null."""
    numbers = [figure]
    if isinstance(figure, dict):
        interval = figure.get("interval")
        if interval is None:
            interval = [figure[end] for end in ("low", "high", "lower", "upper") if end in figure]
        if not isinstance(interval, list) or len(interval) not in ((2,) if required else (0, 2)):
            raise ValueError(f"{name} must be a number, or an object of value and interval, got {figure!r:.80}")
        numbers = [figure.get("value"), *interval]
    for number in numbers:
        if required or number is not None:
            _number(name, number)


def _check_figures(figures: Any, points: list[dict[str, Any]]) -> None:
    """Of the sets that the model was tested on: what was measured at each operating point."""
    if not isinstance(figures, dict):
        raise ValueError(f"figures must be an object of data sets, got {figures!r:.80}")
    tested = [entry for entry in figures.values() if isinstance(entry, dict)]
    for entry in tested:
        points = [*points, *_objects("operating_points", entry.get("operating_points", []))]
    for point in points:
        for name in POINT_FIGURES:
            if name in point:
                _check_figure(name, point[name], required=True)
