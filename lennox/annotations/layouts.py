"""Other layouts of films with marks, as COCO: YOLO boxes and polygons, and a folder a class.

YOLO: `data.yaml` (or `classes.txt`) names the classes; beside each image of a folder `images` a text file of the same
name in the folder `labels` holds a line a mark, `class x y width height` or `class x1 y1 x2 y2 ...`, in shares of the
upright image. Source: the Ultralytics documentation of its dataset formats, detection and segmentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from lennox.annotations.ages import age_band
from lennox.errors import ImageError, InputError
from lennox.image import read_image

Layout = Literal["yolo", "folders"]
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".dcm"})
MAX_LABEL_BYTES = 4 << 20
Mark = tuple[int, list[float]]


def to_coco(folder: Path, layout: Layout, name_pattern: str | None = None) -> dict[str, Any]:
    """A COCO document of the images below `folder`, for an `annotations.json` in it.

    name_pattern : a regular expression that finds in each image's path what it says of the image: its named groups
        become fields, such as `film` (who it may be of) or a feature of a policy; of `age`, in years, also `age_band`
    Raises InputError for a layout that is not there, a file that cannot be read, a mark outside its image, and a path
    in which the pattern is not found.
    """
    pattern = _compiled(name_pattern)
    names = _class_names(folder) if layout == "yolo" else []
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for path in _images(folder):
        name = path.relative_to(folder).as_posix()
        try:
            found = read_image(path)
        except ImageError as error:
            raise InputError(f"{name}: {error}") from error
        entry = {"id": len(images) + 1, "file_name": name, "height": found.rows, "width": found.columns}
        if layout == "folders":
            entry["category"] = path.parent.name
            names += [path.parent.name] * (path.parent.name not in names)
        else:
            marks = _marks(_label_file(path, folder), len(names))
            annotations += [_annotation(mark, len(annotations) + number, entry) for number, mark in enumerate(marks, 1)]
        images.append(entry | _said(pattern, name))
    if not images:
        raise InputError(f"'{folder.name}' holds no images in this layout; give the folder above them.")
    categories = [{"id": number, "name": name} for number, name in enumerate(names)]
    return {"images": images, "categories": categories, "annotations": annotations}


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    try:
        found = None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise InputError(f"the pattern is no regular expression: {error}.") from error
    if found is not None and not found.groupindex:
        raise InputError("the pattern names nothing; write groups such as (?P<film>[^_]+).")
    return found


def _said(pattern: re.Pattern[str] | None, name: str) -> dict[str, str]:
    if pattern is None:
        return {}
    found = pattern.search(name)
    if found is None:
        raise InputError(f"{name}: the pattern is not found in this path; write one that fits every image.")
    said = {key: value for key, value in found.groupdict().items() if value is not None}
    if said.get("age", "").isdecimal() and (band := age_band(int(said["age"]))):
        said.setdefault("age_band", band)
    return said


def _images(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            yield path


def _class_names(folder: Path) -> list[str]:
    import yaml

    path = folder / "data.yaml"
    if (classes := folder / "classes.txt").is_file() and not path.is_file():
        return [line.strip() for line in classes.read_text("utf-8").splitlines() if line.strip()]
    try:
        names = yaml.safe_load(path.read_text("utf-8"))["names"]
        ordered = names if isinstance(names, list) else [names[number] for number in range(len(names))]
    except OSError:
        raise InputError(
            f"'{folder.name}' holds neither data.yaml nor classes.txt, so what its classes are called is not known."
        ) from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(
            "data.yaml: it holds no `names`, a list of classes or numbers 0, 1, ... with a name."
        ) from error
    if not ordered or not all(isinstance(name, str) and name.strip() for name in ordered):
        raise InputError("data.yaml: each of its `names` must be a text.")
    return ordered


def _label_file(image: Path, folder: Path) -> Path:
    parts = list(image.relative_to(folder).parts)
    where = [number for number, part in enumerate(parts[:-1]) if part == "images"]
    if not where:
        raise InputError(f"{Path(*parts).as_posix()}: an image beside no folder `images`; YOLO keeps its images there.")
    parts[where[-1]] = "labels"
    return folder.joinpath(*parts).with_suffix(".txt")


def _marks(path: Path, classes: int) -> list[Mark]:
    """The marks of a label file; none if there is no such file, as YOLO means it."""
    if not path.is_file():
        return []
    if path.stat().st_size > MAX_LABEL_BYTES:
        raise InputError(f"{path.name}: larger than {MAX_LABEL_BYTES >> 20} MiB; it cannot be a label file.")
    marks = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            which, *values = map(float, line.split())
        except ValueError:
            raise InputError(f"{path.name}: line {number} holds something that is no number.") from None
        polygon = len(values) >= 6 and len(values) % 2 == 0
        if not which.is_integer() or not 0 <= which < classes:
            raise InputError(f"{path.name}: line {number} is of class {which:g}; there are {classes}, from 0.")
        if not (polygon or len(values) == 4) or not all(0.0 <= value <= 1.0 for value in values):
            raise InputError(
                f"{path.name}: line {number} is neither a box (4 shares of the image) nor a polygon (3 or more points)."
            )
        marks.append((int(which), values))
    return marks


def _annotation(mark: Mark, number: int, image: dict[str, Any]) -> dict[str, Any]:
    """A mark in pixels of its image; a box is cut at the image's edge, which rounding may have left it across."""
    which, values = mark
    columns, rows = image["width"], image["height"]
    entry = {"id": number, "image_id": image["id"], "category_id": which, "iscrowd": 0}
    if len(values) == 4:
        middle, centre, width, height = values
        left, right = (min(max(middle + side * width / 2, 0.0), 1.0) * columns for side in (-1, 1))
        top, bottom = (min(max(centre + side * height / 2, 0.0), 1.0) * rows for side in (-1, 1))
        return entry | {"bbox": [left, top, right - left, bottom - top]}
    points = [value * (rows if place % 2 else columns) for place, value in enumerate(values)]
    across, down = points[::2], points[1::2]
    return entry | {
        "segmentation": [points],
        "bbox": [min(across), min(down), max(across) - min(across), max(down) - min(down)],
    }
