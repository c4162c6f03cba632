"""One page in plain words for a patient: the places that a clinician accepted, what is known of such marks, what to do.

Only what somebody decided is on it. Every sentence is a template in a catalogue; nothing is generated. The names of
the clinic and the patient are fields of the page that are typed in when it is printed; nothing keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from PIL import ImageDraw

from lennox.geometry import Box
from lennox.image import Image
from lennox.inference.examination import ModelIdentity
from lennox.inference.findings import Point
from lennox.report import pictures, words
from lennox.report.marks import place_numbers, soften
from lennox.report.natural_frequencies import NaturalFrequencies
from lennox.report.overlay import number_font
from lennox.report.pages import render
from lennox.report.wording import ENGLISH, Wording

LONGEST_SIDE = 1000  # of a picture, in pixels: sharp at half the width of a sheet
WHITE, BLACK = (255, 255, 255), (0, 0, 0)  # of outlines: a page is often printed without colour
# Of a page: nobody would be frightened less by the word, and nobody's judgement may be made for them.
BANNED = ("diagnosed", "healthy", "cheap", "price", "offer", "buy", "guarantee", "safe")


@dataclass(frozen=True, slots=True)
class AcceptedPlace:
    """A place on a film that a clinician accepted, or drew.

    outline : corners (row, column) in pixels of the film
    by_hand : whether the model had not marked it
    """

    outline: tuple[Point, ...]
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class PatientFilm:
    """A film with its accepted places, of which there is one at least."""

    name: str
    image: Image
    places: tuple[AcceptedPlace, ...]


def patient_page(
    films: Sequence[PatientFilm],
    model: ModelIdentity,
    tested: NaturalFrequencies | None,
    say: Wording = ENGLISH,
) -> str:
    """The page as HTML, in the language of `say`.

    films : of one patient; tested : how often the model's marks are wrong, None where nobody measured it
    """
    places = [place for film in films for place in film.places]
    firsts = accumulate((len(film.places) for film in films), initial=1)  # places are numbered over the whole page
    return render(
        "patient.html",
        say=say,
        language=say.language,
        direction=say.direction,
        films=[_film(film, first, say) for film, first in zip(films, firsts, strict=False)],
        model=model,
        unreleased=words.is_unreleased(model.release),
        tested=tested,
        count=len(places),
        by_hand=sum(place.by_hand for place in places),
        now=[
            say(
                "Brush your teeth two times each day with a toothpaste that has fluoride. One time should be at night."
            ),
            say("After you brush, spit out the foam. Do not rinse with water."),
            say("Eat and drink sweet things less often. Water is the best drink for teeth."),
            say("Ask about fluoride that the clinic can paint on your teeth."),
            say("Clean between your teeth each day."),
        ],
        ask=[
            say("Can you show me this place in my mouth?"),
            say("How deep is it? Can it stop or heal without a drill?"),
            say("What can I do, and what can you do? What if we wait?"),
            say("When should I come back, so that you can look again?"),
        ],
    )


def _film(film: PatientFilm, first: int, say: Wording) -> dict[str, Any]:
    rows, columns = film.image.rows, film.image.columns
    where = [
        say("Place {n}: {where} of the picture.", n=number, where=_where(place.outline, rows, columns, say))
        for number, place in enumerate(film.places, first)
    ]
    return {"name": words.readable(film.name), "uri": _marked(film, first), "where": where}


def _where(outline: Sequence[Point], rows: int, columns: int, say: Wording) -> str:
    """Which ninth of the picture the middle of an outline is in."""
    row = sum(corner[0] for corner in outline) / len(outline) / rows
    column = sum(corner[1] for corner in outline) / len(outline) / columns
    ninths = (
        (say("top left"), say("top, in the middle"), say("top right")),
        (say("left side"), say("middle"), say("right side")),
        (say("bottom left"), say("bottom, in the middle"), say("bottom right")),
    )
    return ninths[min(2, max(0, int(3 * row)))][min(2, max(0, int(3 * column)))]


def _marked(film: PatientFilm, first: int) -> str:
    """The film with numbered outlines, white between black, as a data URI."""
    picture = pictures.shrink(pictures.to_picture(film.image).convert("RGB"), LONGEST_SIDE)
    scale = picture.width / film.image.columns, picture.height / film.image.rows
    draw, side = ImageDraw.Draw(picture), max(picture.size)
    outlines = [[(column * scale[0], row * scale[1]) for row, column in soften(place.outline)] for place in film.places]
    width = max(2, side // 250)
    for outline in outlines:
        draw.line([*outline, outline[0]], fill=BLACK, width=3 * width, joint="curve")
    for outline in outlines:
        draw.line([*outline, outline[0]], fill=WHITE, width=width, joint="curve")
    height = max(16, side // 14)
    boxes = [_box(outline) for outline in outlines]
    for number, (row, column) in enumerate(place_numbers(boxes, picture.height, picture.width, height), first):
        draw.text(
            (column, row), str(number), WHITE, number_font(height), "ls", stroke_width=width + 1, stroke_fill=BLACK
        )
    return pictures.jpeg_uri(picture)


def _box(outline: Sequence[tuple[float, float]]) -> Box:
    columns, rows = zip(*outline, strict=True)
    return Box(min(rows), min(columns), max(rows), max(columns))
