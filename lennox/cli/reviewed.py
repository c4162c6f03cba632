"""What was decided, from wherever it was: what `lennox patient` and `lennox summary` begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lennox.clinic.reviewed_films import ReviewedFilm


def reviewed(folder: Path, decisions: Path | None) -> list[ReviewedFilm]:
    """The films of a desk's folder, or of a folder of results; raises InputError as their readers do."""
    from lennox.desk.event_store import FILE_NAME

    if decisions is None and (folder / FILE_NAME).is_file():
        from lennox.desk.desk import Desk
        from lennox.desk.reviewed import reviewed_films
        from lennox.errors import InputError

        desk = Desk(folder)
        try:
            found = reviewed_films(desk)
        finally:
            desk.close()
        if not found:
            raise InputError(f"no film of '{folder.name}' was read at the desk yet; open it with `lennox desk`.")
        return found
    from lennox.clinic.reviewed_films import read_results

    return read_results(folder, decisions)
