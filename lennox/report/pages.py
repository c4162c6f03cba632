"""Every page that lennox writes is rendered here: one environment, one escaping, one style, one content policy.

The only door to Jinja2. All templates extend `base.html`. Text is escaped by Jinja2, and before that made visible:
terminal codes and direction marks in a name or a file's metadata become U+FFFD. The content security policy of a page
allows the page's own style and script by their digests, pictures in data URIs, and nothing else.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

import lennox
from lennox.files import sha256_of
from lennox.report.words import readable

LIBRARY = "openseadragon.min.js"
READING_SCRIPTS = (  # in the order in which they need one another
    LIBRARY, "wording.js", "viewer.js", "drawing.js", "panel.js", "film_list.js", "beside.js", "deciding.js",
    "reading.js", "keys.js",
)  # fmt: skip
READING_STYLES = ("style.css", "reading.css")
VERDICT_CLASSES = {"PASS": "pass", "FAIL": "fail", "INSUFFICIENT EVIDENCE": "open"}
VERDICT_SIGNS = {"PASS": "✔", "FAIL": "✘", "INSUFFICIENT EVIDENCE": "?"}


def render(template: str, **values: Any) -> str:
    """A page as text. template : a file of `lennox/report/templates`; values : what it names."""
    return "".join(stream(template, **values))


def stream(
    template: str, *, scripts: Sequence[str] = (), styles: Sequence[str] = ("style.css",), **values: Any
) -> Iterator[str]:
    """A page in parts, in order, so that a long one is never in memory as one text. scripts, styles : see `asset`"""
    style, code = ("\n".join(map(asset, names)) for names in (styles, scripts))
    policy = [
        "default-src 'none'",
        "img-src data:",
        f"style-src-elem 'sha256-{_digest(style)}'",
        "style-src-attr 'unsafe-inline'",  # numbers that lennox computes, such as a film's proportions
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if code:
        policy.append(f"script-src 'sha256-{_digest(code)}'")
    found = _environment().get_template(template)
    return found.generate(
        values, version=lennox.__version__, content_policy="; ".join(policy), style=style, script=code
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lennox.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "assets": None,
        "sentences": "",
        "verdict_classes": VERDICT_CLASSES,
        "verdict_signs": VERDICT_SIGNS,
    }
    return environment


def _visible(value: Any) -> Any:
    """What is about to be written into a page; texts without what could hide or reorder them."""
    if not isinstance(value, str) or hasattr(value, "__html__") or value.isprintable():
        return value
    return "\n".join(map(readable, value.split("\n")))


@cache
def asset(name: str) -> str:
    """A script or style of `templates`, or else of `viewer`; a library's script with its licence before it."""
    folder = files("lennox.report")
    own = folder.joinpath("templates", name)
    text = (own if own.is_file() else folder.joinpath("viewer", name)).read_text("utf-8")
    if name == LIBRARY:
        licence = folder.joinpath("viewer", "openseadragon.LICENSE.txt").read_text("utf-8")
        return f"/*\n{licence}*/\n{text}"
    return text


def _digest(text: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256_of(text.encode()))).decode("ascii")
