"""Read a COCO set: films, and the outlines or boxes of what was marked on them.

Beyond plain COCO: `images[].film` groups films that may come from one mouth; an image may carry its label itself
(`caries`, `label`, `category` or `category_id`), and an annotation without a box says only that the whole image shows
the category. No box of caries at all in the set makes it a set of image-level labels.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lennox.annotations.shapes import Shape
from lennox.errors import InputError
from lennox.geometry import Box

CARIES = ("caries", "carious", "decay", "cavity")
HEALTHY = ("healthy", "normal", "none", "null", "no caries", "caries-free", "sound", "negative", "0", "false", "")


@dataclass(frozen=True, slots=True)
class Film:
    """One film of a set, with what its annotators marked.

    path : the image file
    name : the source's own name of the film, the file's where there is none
    rows, columns : as the annotations count them
    caries : the carious lesions; empty for an image-level set
    others : every other mark, (category, shape)
    carious : whether the film shows caries, by its marks or its image-level label
    """

    path: Path
    name: str
    rows: int
    columns: int
    caries: tuple[Shape, ...]
    others: tuple[tuple[str, Shape], ...]
    carious: bool


@dataclass(frozen=True, slots=True)
class CocoSet:
    """A set of films; `outlined` is False when only whole films are labelled."""

    name: str
    films: tuple[Film, ...]
    outlined: bool
    outlines: str  # "polygons" or "boxes" or "none"


def read_coco(folder: Path) -> CocoSet:
    """Read `annotations.json` in `folder`. Raises InputError if it is missing or not COCO."""
    path = folder / "annotations.json"
    if not path.is_file():
        found = sorted(folder.glob("*.json"))
        if len(found) != 1:
            raise InputError(
                f"'{folder.name}' holds no annotations.json; give a folder with a COCO file of that name "
                "beside its images."
            )
        path = found[0]
    try:
        document = json.loads(path.read_bytes())
        return _read(folder, document)
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror}).") from error
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise InputError(f"{path.name}: not a valid COCO file ({type(error).__name__}: {error}).") from error


def _read(folder: Path, document: Mapping[str, Any]) -> CocoSet:
    categories = {entry["id"]: str(entry["name"]).strip().lower() for entry in document.get("categories", [])}
    marks: dict[Any, list[tuple[str, Shape | None]]] = {}
    for entry in document.get("annotations", []):
        shape = _shape_of(entry)
        marks.setdefault(entry["image_id"], []).append((categories.get(entry["category_id"], "caries"), shape))
    films = []
    for image in document["images"]:
        own = marks.get(image["id"], [])
        caries = tuple(shape for name, shape in own if name in CARIES and shape is not None)
        others = tuple((name, shape) for name, shape in own if name not in CARIES and shape is not None)
        labelled = any(name in CARIES for name, _ in own) or _image_label(image, categories)
        films.append(
            Film(
                folder / str(image["file_name"]), str(image.get("film", image["file_name"])),
                int(image.get("height", 0)), int(image.get("width", 0)), caries, others, bool(labelled),
            )
        )  # fmt: skip
    if not films:
        raise ValueError("it lists no images")
    drawn = [shape for film in films for shape in film.caries]
    kind = "none" if not drawn else "polygons" if all(shape.polygons for shape in drawn) else "boxes"
    return CocoSet(folder.resolve().name, tuple(films), bool(drawn), kind)


def _shape_of(entry: Mapping[str, Any]) -> Shape | None:
    segmentation = entry.get("segmentation") or []
    polygons = tuple(
        np.asarray(ring, np.float64).reshape(-1, 2)[:, ::-1].copy()  # COCO writes x, y
        for ring in (segmentation if isinstance(segmentation, list) else [])
        if len(ring) >= 6
    )
    box = entry.get("bbox") or []
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        left, top, width, height = map(float, box)
        return Shape(Box(top, left, top + height, left + width), polygons)
    if polygons:
        corners = np.concatenate(polygons)
        (top, left), (bottom, right) = corners.min(0), corners.max(0)
        return Shape(Box(float(top), float(left), float(bottom), float(right)), polygons)
    return None


def _image_label(image: Mapping[str, Any], categories: Mapping[Any, str]) -> bool:
    for field in ("caries", "carious", "label", "category", "category_id", "class"):
        if field in image:
            value = image[field]
            if isinstance(value, bool):
                return value
            if field == "category_id":
                value = categories.get(value, value)
            elif isinstance(value, int | float):
                return bool(value)
            text = str(value).strip().lower()
            return text not in HEALTHY
    return False
