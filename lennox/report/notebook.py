"""What a notebook shows of an image, an examination and a model: small HTML without style or script of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from lennox.image import Image
from lennox.inference.examination import Examination
from lennox.inference.model import Model
from lennox.report import pictures, words

LONGEST_SIDE = 480  # of a picture, in pixels


def html_of(shown: Image | Examination | Model) -> str:
    """The HTML of one of these; every text that comes from outside is escaped and made visible."""
    if isinstance(shown, Image):
        return _image(shown)
    return _examination(shown) if isinstance(shown, Examination) else _model(shown)


def html_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of escaped texts."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _image(image: Image) -> str:
    uri = pictures.jpeg_uri(pictures.shrink(pictures.to_picture(image), LONGEST_SIDE))
    about = f"{image.rows} rows × {image.columns} columns, {image.bits} bits{'' if image.is_grey else ', colour'}"
    if image.spacing_mm is not None:
        about += f", {image.spacing_mm[0]:.3g} mm × {image.spacing_mm[1]:.3g} mm a pixel"
    note = f" {image.note}" if image.note else ""
    name = f"{_text(image.name)}: " if image.name else ""
    return f'<figure><img src="{uri}" alt=""><figcaption>{name}{about}.{_text(note)}</figcaption></figure>'


def _examination(examination: Examination) -> str:
    parts = [f"<p><b>{_text(examination.source.name) or 'An image'}</b>: {_text(words.result(examination))}</p>"]
    parts += [f"<p>{_text(reason)}</p>" for reason in (*examination.reasons, *examination.source.illegible)]
    if examination.findings:
        rows = [
            (str(number), one.label, f"{one.probability:.2f}", *(f"{edge:.0f}" for edge in one.box.as_tuple()))
            for number, one in enumerate(examination.findings, 1)
        ]
        parts.append(html_table(("", "suspected", "probability", "top", "left", "bottom", "right"), rows))
    model = examination.model
    said = f"{model.name} {model.version} ({model.release}), operating point {words.operating_point(examination)}."
    return "".join([*parts, f"<p><small>{_text(said)} {_text(words.notice(model.release))}</small></p>"])


def _model(model: Model) -> str:
    card = model.card
    head = f"{card.name} {card.version}: looks for {', '.join(card.labels)} on {', '.join(card.kinds)} images"
    points = [
        (point.name, f"{point.threshold:.3g}", "default" if point.name == card.default_operating_point else "")
        for point in card.operating_points
    ]
    said = f"{model.release}, weights {model.sha256[:12]}. {words.notice(model.release)}"
    table = html_table(("operating point", "threshold", ""), points)
    return f"<p><b>{_text(head)}</b></p>{table}<p><small>{_text(said)}</small></p>"


def _text(text: str) -> str:
    return escape(words.readable(text))
