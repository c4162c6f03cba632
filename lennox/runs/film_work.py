"""What is done with one film, from its bytes to all its files: the same on this computer and on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from lennox.card import OperatingPoint
from lennox.errors import ImageError
from lennox.files import sha256_of
from lennox.image import Image, read_image
from lennox.image.read import content_of
from lennox.inference.examination import Examination, choose_point, diagnose, unreadable
from lennox.inference.model import Model
from lennox.runs.films import FoundFilm
from lennox.runs.results import bundle_name, object_name, overlay_name


class Format(StrEnum):
    """How all examinations of a run are written."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How each film is read; None: as the model's card says, and the only image of a file.

    threshold, operating_point, frame, explain : see `lennox.diagnose_many`
    teeth : FDI numbers of the teeth that somebody says every film shows, instead of what its file says
    """

    threshold: float | None = None
    operating_point: str | None = None
    frame: int | None = None
    teeth: tuple[str, ...] = ()
    explain: bool = False

    @property
    def suffix(self) -> str:
        """What `find_films` is to add to names, so that frames of one file are kept apart."""
        return "" if self.frame is None else f".frame-{self.frame}"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a folder of results is to hold beside a record a film.

    format : of the one file with all examinations; overlay : a drawn copy of each assessed film
    dicom : DICOM objects of each assessed film, see `lennox.interop.dicom_objects`; "capture" is its drawn copy
    fhir : a FHIR Bundle of every film, also of one that was not assessed; fhir_study : names a DICOM film's study
    resume : go on with an earlier run; language : of pages
    """

    format: Format = Format.JSON
    overlay: bool = False
    dicom: tuple[str, ...] = ()
    fhir: bool = False
    fhir_study: bool = False
    resume: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True)
class FilmFiles:
    """A film's examination and the files that go with it, {path below the results: bytes}."""

    examination: Examination
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class FilmWork:
    """A model and what is asked of it. outputs : None for the examination alone"""

    model: Model
    reading: ReadOptions
    outputs: Outputs | None = None

    @property
    def point(self) -> OperatingPoint:
        """Raises InputError for an impossible threshold or an unknown operating point."""
        return choose_point(self.model, self.reading.threshold, self.reading.operating_point)

    def __call__(self, film: FoundFilm, data: bytes | None = None) -> FilmFiles:
        """Read, assess and draw a film. data : its bytes, where its path means nothing"""
        reading = self.reading
        try:
            image = read_image(film.path if data is None else data, frame=reading.frame)
            image = replace(image, teeth=reading.teeth) if reading.teeth else image
            examination = diagnose(
                image,
                self.model,
                threshold=reading.threshold,
                operating_point=reading.operating_point,
                explain=reading.explain,
            )
            examination = _named(film, examination)
            files = {} if examination.status != "assessed" else self._drawn(film, image, examination, data)
            study = self._study(film, image, data)
        except (ImageError, MemoryError) as error:  # one film costs one film, its pictures included
            return self.refused(film, error)
        return self._with_bundle(film, examination, files, study)

    def refused(self, film: FoundFilm, error: ImageError | MemoryError) -> FilmFiles:
        """What is said of a film that could not be read."""
        return self._with_bundle(film, _named(film, unreadable(film.path, self.model, self.point, error)), {})

    def _drawn(self, film: FoundFilm, image: Image, examination: Examination, data: bytes | None) -> dict[str, bytes]:
        """The pictures that were asked for. Raises ImageError if the film went away or changed meanwhile."""
        outputs, files = self.outputs, dict[str, bytes]()
        if outputs is not None and outputs.overlay:
            from lennox.report.overlay import draw_overlay

            files[overlay_name(film.name)] = draw_overlay(image, examination)
        if outputs is not None and outputs.dicom:
            data = _same_content(film, image, data)
            for ending, written in self._objects(data, image, examination, outputs.dicom).items():
                files[object_name(film.name, ending)] = written
        return files

    def _objects(self, film: bytes, image: Image, examination: Examination, kinds: Sequence[str]) -> dict[str, bytes]:
        """The DICOM objects of a film; a capture alone needs no highdicom, and no pixels of the file a second time."""
        frame = self.reading.frame
        if tuple(kinds) == ("capture",):
            from lennox.report.dicom_capture import capture_of
            from lennox.report.dicom_file import said_of

            return {"capture.dcm": capture_of(image, examination, said_of(film), frame or 0)}
        from lennox.interop.dicom_objects import draw_objects

        return draw_objects(film, examination, kinds, frame=frame, image=image)

    def _study(self, film: FoundFilm, image: Image, data: bytes | None) -> str | None:
        """The study that a DICOM film's file names, where a Bundle is to refer to it."""
        if self.outputs is None or not self.outputs.fhir_study:
            return None
        from lennox.report.dicom_file import said_of

        return said_of(_same_content(film, image, data)).get("StudyInstanceUID", b"").decode("ascii") or None

    def _with_bundle(
        self, film: FoundFilm, examination: Examination, files: dict[str, bytes], study: str | None = None
    ) -> FilmFiles:
        if self.outputs is not None and self.outputs.fhir:
            from lennox.interop.fhir import to_bundle_json

            files[bundle_name(film.name)] = to_bundle_json(examination, study_uid=study).encode("ascii") + b"\n"
        return FilmFiles(examination, files)


def files_of(film: FoundFilm, outputs: Outputs, examination: Examination) -> list[str]:
    """The files that belong to a film beside its record; a segmentation only where something is suspected."""
    bundle = [bundle_name(film.name)] * outputs.fhir
    if examination.status != "assessed":
        return bundle
    kinds = [kind for kind in outputs.dicom if kind != "seg" or examination.findings]
    return (
        bundle + [overlay_name(film.name)] * outputs.overlay + [object_name(film.name, f"{kind}.dcm") for kind in kinds]
    )


def _same_content(film: FoundFilm, image: Image, data: bytes | None) -> bytes:
    """The bytes of the file that the image was read from. Raises ImageError if they are no longer there."""
    try:
        data = content_of(film.path)[0] if data is None else data
    except ImageError:
        raise ImageError("The film went away while it was assessed. Assess it again.") from None
    if sha256_of(data) != image.sha256:
        raise ImageError("The film is not the one that was assessed. Assess it again.")
    return data


def _named(film: FoundFilm, examination: Examination) -> Examination:
    """Films of many patients often have the same file name: each is named by its path below the folder."""
    return replace(examination, source=replace(examination.source, name=Path(film.name).as_posix()))
