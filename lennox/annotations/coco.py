"""Read a COCO set: films, and the outlines, masks or boxes of what was marked on them.

Beyond plain COCO: `images[].film` groups films that may come from one mouth; an image may carry its label itself
(`caries`, `carious`, `label`, `class`, `category` or `category_id`), and an annotation without a box says only that
the whole image shows its category. Whatever could be read in two ways is refused, with what was found.
"""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.annotations.categories import Meaning, Meanings, plain_name
from lennox.annotations.film import CocoSet, Film
from lennox.annotations.matching import Truth
from lennox.annotations.shapes import Shape
from lennox.errors import InputError, LeftOutWarning
from lennox.files import sha256_of
from lennox.geometry import Box
from lennox.image.limits import MAX_PIXELS

LABEL_FIELDS = ("caries", "carious", "label", "class", "category", "category_id")
MAX_BYTES = 64 << 20  # as Python holds it, a document takes up to fifteen times as much
MAX_MASK_PIXELS = 1_000_000_000  # of all boxes around masks: some 30 seconds of work
_ANSWERS: Mapping[str, Meaning] = {  # of the fields "caries" and "carious"; a number elsewhere may count categories
    **dict.fromkeys(("1", "1.0", "true", "yes"), "caries"),
    **dict.fromkeys(("0", "0.0", "false", "no"), "healthy"),
}  # fmt: skip
_SHOWN = 8


def read_coco(folder: Path, categories: Mapping[str, str] | None = None) -> CocoSet:
    """Read `annotations.json` in `folder`, or its only JSON file.

    categories : what names of the set mean, "caries", "healthy" or "other", where lennox does not know them
    Raises InputError if the file is missing, not COCO, contradicts itself, or names categories that nobody explained.
    """
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
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
        if content is None:
            raise InputError(f"{path.name}: larger than {MAX_BYTES >> 20} MiB, the most that is read; divide the set.")
        document = json.loads(content, parse_constant=_refuse_constant, object_pairs_hook=_each_key_once)
        return _Reader(folder, document, Meanings(categories)).read(path, sha256_of(content))
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror}).") from error
    except RecursionError:
        raise InputError(f"{path.name}: not a valid COCO file (it is nested too deeply).") from None
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
        raise InputError(f"{path.name}: not a valid COCO file ({reason}).") from error


class _EmptyMarkError(ValueError):
    """A mark that covers nothing. Of caries it refuses the set: a lesion would be lost."""


class _Reader:
    """The entries of one document, read into films."""

    def __init__(self, folder: Path, document: Any, meanings: Meanings) -> None:
        if not isinstance(document, dict):
            raise ValueError("it is no object with images and annotations")
        self.folder, self.document, self.meanings = folder, document, meanings
        self.categories: dict[str, str] = {}
        self.mask_pixels = 0
        self.empty: list[str] = []  # films with a mark of something else than caries that covers nothing
        for entry in _objects(document, "categories"):
            name, key = entry["name"], _key(entry["id"])
            if not isinstance(name, str):
                raise ValueError(f"the name of category {key} is {name!r}, no text")
            if self.categories.setdefault(key, name) != name:
                raise ValueError(f"category id {key} is there twice, as '{self.categories[key]}' and '{name}'")
        self.says_caries = any(meanings.of(name) == "caries" for name in self.categories.values())
        meanings.unknown.clear()  # a category that nothing is marked with does no harm

    def read(self, path: Path, sha256: str) -> CocoSet:
        images = _by_id(_objects(self.document, "images"))
        if not images:
            raise ValueError("it lists no images")
        marks: dict[str, list[tuple[str, Mapping[str, Any]]]] = {key: [] for key in images}
        for entry in _objects(self.document, "annotations"):
            image, category = _key(entry["image_id"]), _key(entry["category_id"])
            if image not in marks:
                raise ValueError(f"an annotation is of image {image}, which is not listed")
            if category not in self.categories:
                raise ValueError(f"an annotation is of category {category}, which is not listed")
            marks[image].append((self.categories[category], entry))
        films = tuple(self._film(entry, marks[key]) for key, entry in images.items())
        if self.meanings.unknown:
            names = ", ".join(f"'{name}'" for name in list(self.meanings.unknown)[:_SHOWN])
            raise InputError(
                f"{path.name}: whether these are caries is not known: {names}. Say what each means, such as "
                f"--category '{next(iter(self.meanings.unknown))}=caries' (or =healthy, or =other)."
            )
        if not self.says_caries:
            names = ", ".join(f"'{name}'" for name in list(self.categories.values())[:_SHOWN]) or "none"
            raise InputError(
                f"{path.name}: it says of no film whether it shows caries: its categories are {names}, and no image "
                "carries a label. Add them, or say which category is caries, such as --category 'NAME=caries'."
            )
        if self.empty:
            warnings.warn(
                f"{path.name}: {len(self.empty)} marks of something else than caries cover nothing and were left "
                f"out, such as on '{self.empty[0]}'.",
                LeftOutWarning,
                stacklevel=3,
            )
        names_seen: dict[Path, None] = {}
        for film in films:
            if film.path in names_seen:
                raise ValueError(f"the file '{film.path.name}' is listed twice")
            names_seen[film.path] = None
        return CocoSet(self.folder.resolve().name, films, sha256)

    def _film(self, image: Mapping[str, Any], marks: list[tuple[str, Mapping[str, Any]]]) -> Film:
        path = self._path(image["file_name"])
        rows, columns = _size(image, "height", path), _size(image, "width", path)
        if (rows is None) != (columns is None):
            raise ValueError(f"'{path.name}' has only one of width and height")
        said = self._labels(image, path)
        if not said and "annotations" not in self.document:
            raise ValueError(f"it holds no annotations, and '{path.name}' carries no label")
        found: dict[tuple[bool, str, bool, Box], Shape] = {}  # what and where: a mark that is written twice is one
        for name, entry in marks:
            meaning = self.meanings.of(name)
            try:
                shape = _shape_of(entry, path, rows, columns)
            except _EmptyMarkError:
                if meaning != "other":
                    raise
                self.empty.append(path.name)
                continue
            if shape is not None and isinstance(entry.get("segmentation"), dict):
                self.mask_pixels += math.ceil(shape.box.bottom - shape.box.top) * math.ceil(
                    shape.box.right - shape.box.left
                )
                if self.mask_pixels > MAX_MASK_PIXELS:
                    raise ValueError(
                        f"its masks cover more than {MAX_MASK_PIXELS:,} pixels; write outlines as polygons"
                    )
            if shape is None:
                said.add(meaning)
                continue
            caries = meaning == "caries"
            region = caries and (_is_set(entry, "iscrowd") or _is_set(entry, "ignore"))
            key = caries, "" if caries else plain_name(name), region, shape.box
            if key not in found or shape.polygons:
                found[key] = shape
        lesions = [shape for (caries, _, region, _), shape in found.items() if caries and not region]
        regions = [shape for (_, _, region, _), shape in found.items() if region]
        others = [(name, shape) for (caries, name, _, _), shape in found.items() if not caries]
        marked = bool(lesions or regions)
        if "healthy" in said and ("caries" in said or marked):
            raise ValueError(f"'{path.name}' is labelled free of caries, and caries is marked on it")
        truth = Truth(marked or "caries" in said, tuple(lesions), tuple(regions))
        group = image["file_name"] if image.get("film") in (None, "") else _key(image["film"])
        return Film(path, group, rows, columns, truth, tuple(others), image)

    def _path(self, name: Any) -> Path:
        if not isinstance(name, str) or not name:
            raise ValueError(f"file_name must be a text, found {name!r}")
        inside = PurePosixPath(name.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts or "\0" in name:
            raise ValueError(f"file_name must lead to a file in the set's own folder, found {name!r}")
        return self.folder / inside

    def _labels(self, image: Mapping[str, Any], path: Path) -> set[Meaning]:
        """What an image says of itself."""
        said: set[Meaning] = set()
        for name in LABEL_FIELDS:
            value = image.get(name)
            if name == "category_id" and value is not None:
                if _key(value) not in self.categories:
                    raise ValueError(f"'{path.name}' is of category {value}, which is not listed")
                value = self.categories[_key(value)]
            if value is None or value == "":
                continue
            answer = _ANSWERS.get(str(value).strip().casefold()) if name in ("caries", "carious") else None
            said.add(answer or self.meanings.of(str(value)))
            self.says_caries = True
        return said


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):  # the last would count, and the marks of the first be lost
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key '{name[:40]}' is there twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it holds {name}, which is no number")


def _objects(document: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    entries = document.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"'{key}' must be a list of objects")
    return iter(entries)


def _by_id(images: Iterator[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for image in images:
        key = _key(image["id"])
        if key in found:
            raise ValueError(f"image id {key} is there twice: which film a mark is on cannot be told")
        found[key] = image
    return found


def _key(value: Any) -> str:
    """An id as a text: 1, 1.0 and "1" are the same."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"an id must be a number or a text, found {value!r}")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _number(value: Any, what: str) -> float:
    """A finite number, also where it is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{what} must be a number, found {value!r}")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{what} must be a number, found {str(value)[:40]!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"{what} must be finite, found {value!r}")
    return number


def _size(image: Mapping[str, Any], key: str, path: Path) -> int | None:
    if image.get(key) is None:
        return None
    size = _number(image[key], f"{key} of '{path.name}'")
    if size == 0:  # what some programs write for "not known"
        return None
    if not (1 <= size <= 1 << 20 and size.is_integer()):
        raise ValueError(f"{key} of '{path.name}' must be a whole number of pixels, found {image[key]!r}")
    return int(size)


def _is_set(entry: Mapping[str, Any], name: str) -> bool:
    return bool(_number(int(value) if isinstance(value := entry.get(name) or 0, bool) else value, name))


def _shape_of(entry: Mapping[str, Any], path: Path, rows: int | None, columns: int | None) -> Shape | None:
    """The shape of an annotation: its outline, else its mask, else its box; None without any."""
    what = f"a mark on '{path.name}'"
    segmentation, box = entry.get("segmentation") or [], entry.get("bbox") or []
    try:
        if isinstance(segmentation, dict):
            mask, corner = _mask(segmentation, rows, columns)
            return _checked(Shape.of_mask(mask).moved(lambda points: points + corner), what)
        if not (isinstance(segmentation, list) and isinstance(box, list)):
            raise ValueError("segmentation and bbox must be lists")
        if segmentation and not isinstance(segmentation[0], list):
            segmentation = [segmentation]  # one polygon, not wrapped
        rings = [[_number(value, "a corner") for value in ring] for ring in segmentation if ring]
        if any(len(ring) % 2 or len(ring) < 6 for ring in rings):
            raise ValueError("a polygon has three corners at least, x and y each")
        if rings:  # COCO writes x, y
            corners = [np.array(ring).reshape(-1, 2)[:, ::-1].copy() for ring in rings]
            if not np.ptp(np.concatenate(corners), axis=0).all():
                raise _EmptyMarkError("its corners lie on one line")
            return _checked(Shape.outlined(*corners), what)
        if not box:
            return None
        left, top, width, height = (_number(value, "a box") for value in box)
        if 0.0 in (width, height):
            raise _EmptyMarkError("its box has no area")
        return _checked(Shape(Box(top, left, top + height, left + width)), what)
    except _EmptyMarkError as error:
        raise _EmptyMarkError(f"{what} cannot be used: {error}") from error
    except ValueError as error:
        raise ValueError(f"{what} cannot be used: {error}") from error


def _checked(shape: Shape, what: str) -> Shape:
    if shape.area < 1.0:
        raise _EmptyMarkError("it covers less than one pixel; COCO counts in pixels")
    return shape


def _mask(
    segmentation: Mapping[str, Any], rows: int | None, columns: int | None
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """The part of a mask of run lengths that holds what is set, and where its first row and column lie.

    COCO counts down the columns.
    """
    high, wide = (int(_number(value, "size of a mask")) for value in segmentation["size"])
    if min(high, wide) < 1 or high * wide > MAX_PIXELS:
        raise ValueError(f"its mask has {high} x {wide} pixels; at most {MAX_PIXELS} are read")
    if rows is not None and (high, wide) != (rows, columns):
        raise ValueError(f"its mask has {high} rows and {wide} columns, the image {rows} and {columns}")
    counts = segmentation["counts"]
    if isinstance(counts, str):
        counts = _run_lengths(counts)
    runs = np.array([_number(value, "a run of a mask") for value in counts], np.float64)
    if len(runs) == 0 or (runs < 0).any() or (runs % 1).any() or runs.sum() != high * wide:
        raise ValueError(f"the runs of its mask do not make {high} x {wide} pixels")
    ends = np.cumsum(runs).astype(np.int64)
    starts, ends = ends[:-1:2], ends[1::2]
    starts, ends = starts[starts < ends], ends[starts < ends]
    if not len(starts):
        raise ValueError("nothing is set in its mask")
    left, right = int(starts[0] // high), int((ends[-1] - 1) // high) + 1
    changes = np.zeros((right - left) * high + 1, np.int8)
    np.add.at(changes, starts - left * high, 1)
    np.add.at(changes, ends - left * high, -1)
    mask = np.cumsum(changes[:-1], dtype=np.int8).reshape(right - left, high).T.astype(bool)
    filled = np.flatnonzero(mask.any(axis=1))
    return mask[filled[0] : filled[-1] + 1], np.array([filled[0], left], np.float64)


def _run_lengths(text: str) -> list[int]:
    """The run lengths of COCO's compressed text: six bits a character, five of them the number's, from its low end.

    From the third on each is the difference to the last but one (pycocotools, `rleFrString`).
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 40:
            raise ValueError("the text of its mask is damaged")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs
