"""What false marks and missed lesions look like, and three operating points, on drawn films alone: `make pictures`.

The films are the first, by seed, on which the model that ships does so.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw

from lennox.image import Image
from lennox.inference.examination import Examination, diagnose
from lennox.inference.load import load_candidate
from lennox.inference.model import Model
from lennox.phantom import Phantom, draw_film
from lennox.report.overlay import number_font

HERE = Path(__file__).parent
WIDTH, EDGE, LINE, SEEDS = 460, 12, 34, 200
MARK, TRUTH = (255, 176, 0), (64, 200, 255)  # told apart by people who do not see red or green, too
LOOKALIKES = ("radiolucent composite", "cervical burn-out", "overlapping contacts")


def main() -> None:
    """Find the films, outline what was marked and what is there, and write the picture."""
    model = load_candidate("caries-radiograph-2", "a picture for the documentation")
    panels = [
        _panel(*_first(model, _lookalikes(name), marked=True), f"no caries, marked; drawn with {name}")
        for name in LOOKALIKES
    ]
    for depth in ("E2", "D1", "D2"):
        panels.append(_panel(*_first(model, _carious(depth), marked=False), f"caries of depth {depth}, not marked"))
    _write("false-marks.png", [panels[:3], panels[3:]])
    _write("operating-points.png", [_three_points(model)])


def _three_points(model: Model) -> list[Pillow.Image]:
    """A film on which every step to a higher operating point loses marks, and the highest still has one."""
    names = [point.name for point in model.card.operating_points]
    for film in (draw_film(seed, lesions=["D3", "D2"], artefacts=[LOOKALIKES[0]]) for seed in range(SEEDS)):
        image = Image.from_array(film.pixels)
        read = [diagnose(image, model, operating_point=name) for name in names]
        marks = [len(examination.findings) for examination in read]
        if read[0].status == "assessed" and marks[0] > marks[1] > marks[2] > 0:
            return [_panel(film, one, f"{name}: {n} marked") for one, name, n in zip(read, names, marks, strict=True)]
    raise SystemExit("no such film among the seeds")


def _write(name: str, rows: Sequence[Sequence[Pillow.Image]]) -> None:
    heights = [max(panel.height for panel in row) for row in rows]
    sheet = Pillow.new("RGB", (3 * WIDTH + 4 * EDGE, sum(heights) + (len(rows) + 1) * EDGE), "white")
    top = EDGE
    for row, height in zip(rows, heights, strict=True):
        for index, panel in enumerate(row):
            sheet.paste(panel, (EDGE + index * (WIDTH + EDGE), top))
        top += height + EDGE
    colours = Pillow.new("P", (1, 1))
    colours.putpalette([*(grey for grey in range(0, 256, 5) for _ in range(3)), *MARK, *TRUTH])
    stream = io.BytesIO()
    sheet.quantize(palette=colours, dither=Pillow.Dither.NONE).save(stream, "PNG", optimize=True)
    (HERE / name).write_bytes(stream.getvalue())


def _lookalikes(name: str) -> Iterator[Phantom]:
    return (draw_film(seed, lesions=0, artefacts=[name]) for seed in range(SEEDS))


def _carious(depth: str) -> Iterator[Phantom]:
    films = (draw_film(seed, lesions=[depth]) for seed in range(SEEDS))
    return (film for film in films if film.lesions)


def _first(model: Model, films: Iterator[Phantom], *, marked: bool) -> tuple[Phantom, Examination]:
    """The first film that is assessed and has marks, or has none."""
    for film in films:
        examination = diagnose(Image.from_array(film.pixels), model)
        if examination.status == "assessed" and bool(examination.findings) is marked:
            return film, examination
    raise SystemExit("no such film among the seeds")


def _panel(film: Phantom, examination: Examination, caption: str) -> Pillow.Image:
    rows, columns = film.pixels.shape
    scale = WIDTH / columns
    picture = Pillow.fromarray(film.pixels).convert("RGB").resize((WIDTH, round(rows * scale)))
    draw = ImageDraw.Draw(picture)
    for finding in examination.findings:
        corners = [(column * scale, row * scale) for row, column in finding.outline]
        draw.line([*corners, corners[0]], fill=MARK, width=3)
    for lesion in film.lesions:
        top, left, bottom, right = (scale * edge for edge in lesion.box.as_tuple())
        draw.rectangle((left - 4, top - 4, right + 4, bottom + 4), outline=TRUTH, width=2)
    framed = Pillow.new("RGB", (WIDTH, picture.height + LINE), "white")
    framed.paste(picture)
    ImageDraw.Draw(framed).text((2, picture.height + 6), caption, fill="black", font=number_font(18))
    return framed


if __name__ == "__main__":
    main()
