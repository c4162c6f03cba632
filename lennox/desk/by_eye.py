"""Films that no model reads here: what a file holds is noted, so that a person can read it by eye and be kept."""

from __future__ import annotations

from lennox.card import OperatingPoint
from lennox.desk.event_store import NewEvent
from lennox.desk.film_index import DeskFilm
from lennox.errors import ImageError
from lennox.files import sha256_of_file
from lennox.inference.examination import Examination, ModelIdentity, SourceFile

IDENTITY = "by eye"
NO_MODEL = ModelIdentity("none", "", "", "no model")
_POINT = OperatingPoint("none", 1.0)
REASON = "No model has read this film; it is read by eye."


def look(film: DeskFilm) -> NewEvent:
    """The event that says what a film is, without any mark. Raises OSError if the file is gone."""
    from lennox.image import read_image
    from lennox.report import to_record

    sha256 = sha256_of_file(film.path)
    try:
        image = read_image(film.path)
        rows, columns = image.pixels.shape[:2]
        source = SourceFile(film.name, sha256, rows, columns, image.bits, None, image.spacing_mm, image.note or None)
        seen = Examination(source, NO_MODEL, _POINT, "not assessable", (REASON,))
    except (ImageError, MemoryError) as error:
        reason = str(error) or "There is not enough memory to show this film."
        seen = Examination(SourceFile(film.name, sha256), NO_MODEL, _POINT, "unreadable", (reason,))
    return NewEvent("read", {"record": to_record(seen), "identity": IDENTITY, "stamp": film.stamp}, film.name, sha256)
