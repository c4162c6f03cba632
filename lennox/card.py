"""What a model is, as data beside its weights: input contract, operating points, intended use, figures, ledger.

A card is a JSON file, `lennox-model-card/1`. This module reads the fields that the program acts on and checks each
of them; the rest (data, figures, robustness) is kept as it stands in `document` for the page that shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lennox._core.settings import IntensitySettings
from lennox.errors import InputError, ModelError

FORMAT = "lennox-model-card/1"


@dataclass(frozen=True, slots=True)
class InputContract(IntensitySettings):
    """How an image becomes the network's input: intensities, and the canvas; training and inference use the same one.

    rows, columns : size of the canvas, in pixels
    """

    rows: int
    columns: int

    def __post_init__(self) -> None:
        IntensitySettings.__post_init__(self)  # not super(): `slots` makes another class of this one
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
class ModelCard:
    """A model's card, valid or absent.

    labels : what each plane of the network's output suspects
    kinds : the kinds of image the model may be used on; see `lennox.inference.quality`
    familiarity_limit : highest distance from the training films at which the model may answer, None: no limit
    region_share : a lesion is the connected part above this share of its peak probability
    files : SHA-256 (lower-case hex) of each file of the model, by name
    document : the whole card
    """

    name: str
    version: str
    labels: tuple[str, ...]
    contract: InputContract
    operating_points: tuple[OperatingPoint, ...]
    default_operating_point: str
    kinds: tuple[str, ...]
    familiarity_limit: float | None
    region_share: float
    files: Mapping[str, str]
    document: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("a model must name at least one label")
        names = [point.name for point in self.operating_points]
        if len(set(names)) != len(names) or self.default_operating_point not in names:
            raise ValueError(f"'{self.default_operating_point}' must be one of the distinct operating points {names}")
        if "model.onnx" not in self.files:
            raise ValueError("'files' must give the SHA-256 of model.onnx")
        if not 0.0 < self.region_share < 1.0:
            raise ValueError(f"region_share must be between 0 and 1, got {self.region_share}")

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
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise ValueError(f"format is '{document['format']}', this version reads '{FORMAT}'")
            lesions, intended, files = document["lesions"], document["intended_use"], document["files"]
            limit = intended["familiarity_limit"]
            return cls(
                name=str(document["name"]),
                version=str(document["version"]),
                labels=tuple(map(str, document["labels"])),
                contract=InputContract(**document["input"]),
                operating_points=tuple(
                    OperatingPoint(str(point["name"]), float(point["threshold"]))
                    for point in document["operating_points"]
                ),
                default_operating_point=str(document["default_operating_point"]),
                kinds=tuple(map(str, intended["kinds"])),
                familiarity_limit=None if limit is None else float(limit),
                region_share=float(lesions["region_share"]),
                files={str(name): str(entry["sha256"]) for name, entry in files.items()},
                document=document,
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
