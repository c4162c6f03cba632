"""The nouns of a set of films: a film with what was marked on it, and the set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lennox.annotations.matching import Truth
from lennox.annotations.shapes import Shape
from lennox.errors import InputError

MAX_OVERHANG = 0.05  # of a side, by which a mark may be drawn beyond the image's edge
MAX_STRETCH = 0.02  # by which the two directions may be scaled apart, beyond a pixel of rounding


@dataclass(frozen=True, slots=True)
class Film:
    """One image of a set, with what its annotators marked.

    path : the image file
    name : of the group of films that may come from one mouth; the file's where the set names none
    rows, columns : as the annotations count them; None where they do not say: then they count the file's pixels
    truth : what is known of caries
    others : every other mark, (category in lower case, shape)
    fields : the image's entry in the COCO file
    """

    path: Path
    name: str
    rows: int | None
    columns: int | None
    truth: Truth
    others: tuple[tuple[str, Shape], ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)

    def on_image(self, rows: int, columns: int) -> Film:
        """The film with its marks in the pixels of its file, which has (rows, columns) of them.

        Raises InputError where the annotations' size cannot be the file's, scaled alike in both directions (width and
        height exchanged, say, or a file turned since), or where a mark does not lie on the image.
        """
        down, across = rows / (self.rows or rows), columns / (self.columns or columns)
        rounding = 1.0 / min(rows, columns, self.rows or rows, self.columns or columns)
        if abs(down / across - 1.0) > MAX_STRETCH + rounding:
            raise InputError(
                f"'{self.path.name}' has {rows} rows and {columns} columns, and its annotations count {self.rows} and "
                f"{self.columns}: marks would be stretched. Correct width and height, or restore the file."
            )
        film = self
        if (down, across) != (1.0, 1.0):
            film = self._moved(lambda shape: shape.moved(lambda points: points * [down, across]))
        for shape in (*film.truth.lesions, *film.truth.regions):
            (row, column), box = shape.centre, shape.box
            above, beside = MAX_OVERHANG * rows + 2, MAX_OVERHANG * columns + 2
            inside = min(box.top, rows - box.bottom) >= -above and min(box.left, columns - box.right) >= -beside
            if not inside:
                raise InputError(
                    f"'{self.path.name}': a mark of caries lies or reaches outside the image, around row {row:.6g}, "
                    f"column {column:.6g} of {rows} x {columns}; COCO writes [x, y, width, height] in pixels."
                )
        return replace(film, rows=rows, columns=columns)

    def _moved(self, rule: Any) -> Film:
        truth = Truth(self.truth.carious, tuple(map(rule, self.truth.lesions)), tuple(map(rule, self.truth.regions)))
        return replace(self, truth=truth, others=tuple((name, rule(shape)) for name, shape in self.others))


@dataclass(frozen=True, slots=True)
class CocoSet:
    """A set of films. sha256 : of the annotation file"""

    name: str
    films: tuple[Film, ...]
    sha256: str

    @property
    def is_outlined(self) -> bool:
        """Whether lesions are marked one by one on any film; else only films are labelled."""
        return any(film.truth.lesions for film in self.films)

    @property
    def outlines(self) -> str:
        """How lesions are marked: "polygons", "boxes" or "none"."""
        drawn = [shape for film in self.films for shape in film.truth.lesions]
        return "none" if not drawn else "polygons" if all(shape.polygons for shape in drawn) else "boxes"

    def require_files(self) -> None:
        """Raise InputError unless every image is there."""
        missing = [film.path.name for film in self.films if not film.path.is_file()]
        if missing:
            raise InputError(
                f"{len(missing)} of {len(self.films)} images of '{self.name}' are missing, such as '{missing[0]}'; "
                "complete the set."
            )
