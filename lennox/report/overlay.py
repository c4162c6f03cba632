"""A copy of the film with outlines, and a legend below it. The film's own file is never touched."""

from __future__ import annotations

import unicodedata

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from lennox.image import Image
from lennox.inference.examination import Examination
from lennox.inference.findings import Finding
from lennox.report import pictures, words
from lennox.report.marks import place_numbers, scale_bar, soften

INK = (235, 235, 235)
QUIET = (170, 170, 170)
PAPER = (20, 20, 22)
OUTLINE = (255, 208, 0)
HALO = (0, 0, 0)
WARNING = (160, 30, 20)
MIN_WIDTH = 480  # a legend needs this much to be read
# Lines and numbers of the size that they have on the page, where a film takes half of the screen.
NUMBER_SHARE, MIN_NUMBER = 1 / 30, 14
LINE_SHARE, MIN_LINE = 1 / 300, 2


def draw_overlay(image: Image, examination: Examination) -> bytes:
    """PNG of the film in its own pixels with numbered outlines, and a legend under it.

    image : the film that was examined, of the same rows and columns
    The legend says what is suspected, how likely, by which model, and whether that model is released.
    Raises ValueError if the examination is of another image or was not assessed.
    """
    return pictures.overlay_png(overlay_picture(image, examination))


def overlay_picture(image: Image, examination: Examination) -> Pillow.Image:
    """The overlay before it is a file, RGB in 8 bits; see `draw_overlay`."""
    if examination.status != "assessed":
        raise ValueError(f"there is nothing to draw on a film that is {examination.status}")
    if image.sha256 != examination.source.sha256:
        raise ValueError("the examination is of another image")
    width = max(image.columns, MIN_WIDTH)
    legend = _legend(image, examination, width, max(11, min(40, round(width / 62))))
    page = Pillow.new("RGB", (width, image.rows + legend.height), PAPER)
    left = (width - image.columns) // 2
    for top, band in pictures.bands(image):
        page.paste(band.convert("RGB"), (left, top))
    page.paste(legend, (0, image.rows))
    draw = ImageDraw.Draw(page)
    boxes = [finding.box for finding in examination.findings]
    side = max(image.columns, image.rows)
    for finding in examination.findings:
        _outline(draw, finding, left, max(MIN_LINE, round(side * LINE_SHARE)))
    height = max(MIN_NUMBER, round(side * NUMBER_SHARE))
    font, pen = number_font(height), max(2, height // 8)
    for number, (row, column) in enumerate(place_numbers(boxes, image.rows, image.columns, height), 1):
        draw.text((column + left, row), str(number), OUTLINE, font, "ls", stroke_width=pen, stroke_fill=HALO)
    return page


def _outline(draw: ImageDraw.ImageDraw, finding: Finding, left: int, width: int) -> None:
    corners = [(column + left, row) for row, column in soften(finding.outline)]
    corners.append(corners[0])
    draw.line(corners, fill=HALO, width=2 * width + 1, joint="curve")
    draw.line(corners, fill=OUTLINE, width=width, joint="curve")


def _legend(image: Image, examination: Examination, width: int, size: int) -> Pillow.Image:
    margin, step = size, round(size * 1.45)
    lines = [(line, INK) for line in result_lines(examination)]
    lines += [(line, QUIET) for line in _small_print(examination)]
    measure = ImageDraw.Draw(Pillow.new("RGB", (1, 1)))
    wrapped = [
        (part, ink) for line, ink in lines for part in _wrap(measure, line, number_font(size), width - 2 * margin)
    ]
    release = examination.model.release
    stamp = words.stamp(release) if words.is_unreleased(release) else ""
    band = _wrap(measure, stamp, number_font(size), width - 2 * margin) if stamp else []
    bar = scale_bar(image.spacing_mm, image.pixels.shape[1])
    height = 2 * margin + step * (len(wrapped) + (len(band) + 1 if band else 0) + (2 if bar else 0))
    legend = Pillow.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(legend)
    row = margin
    if band:
        draw.rectangle((0, 0, width, step * len(band) + margin // 2), fill=WARNING)
        for number, line in enumerate(band):
            draw.text((margin, margin // 3 + step * number), line, fill=(255, 255, 255), font=number_font(size))
        row += step * (len(band) + 1) - margin // 2
    for line, ink in wrapped:
        draw.text((margin, row), line, fill=ink, font=number_font(size))
        row += step
    if bar:
        length_mm, length_px = bar
        row += step // 2
        draw.rectangle((margin, row, margin + length_px, row + max(2, size // 5)), fill=INK)
        draw.text(
            (margin + length_px + size / 2, row - size / 2),
            f"{length_mm:g} mm on the film",
            fill=INK,
            font=number_font(size),
        )
    return legend


def result_lines(examination: Examination) -> list[str]:
    """What is suspected at which operating point, then a line a finding, numbered as on the film."""
    lines = [f"{words.result(examination)}. Operating point: {words.operating_point(examination)}."]
    lines += map(words.readable, examination.source.illegible)
    for number, finding in enumerate(examination.findings, 1):
        area = "" if finding.area_mm2 is None else f", {finding.area_mm2:.1f} sq mm of film"
        lines.append(f"{number}  {finding.label} suspected, probability {finding.probability:.2f}{area}")
    return lines


def _small_print(examination: Examination) -> list[str]:
    model = examination.model
    return [
        f"{model.name} {model.version} ({model.release}), weights {model.sha256[:12]}",
        "Orientation as stored in the file. A copy: the film's own file is unchanged.",
        words.notice(model.release),
    ]


def _wrap(draw: ImageDraw.ImageDraw, line: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    parts, current = [], ""
    for word in _drawable(line).split(" "):
        longer = f"{current} {word}" if current else word
        if current and draw.textlength(longer, font=font) > width:
            parts.append(current)
            current = word
        else:
            current = longer
    return [*parts, current]


def _drawable(line: str) -> str:
    """The line in the characters of Pillow's own font, which are ASCII: accents are left out, others become ?."""
    apart = unicodedata.normalize("NFKD", line)
    return (
        "".join(character for character in apart if not unicodedata.combining(character))
        .encode("ascii", "replace")
        .decode()
    )


def number_font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font, so that a picture is the same on every computer."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # Pillow's wheels all carry FreeType
    return font
