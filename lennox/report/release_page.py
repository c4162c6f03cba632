"""Whether a model may be used for something, and why not, as a page that a person can read."""

from __future__ import annotations

from collections.abc import Sequence

import jinja2

import lennox


def release_page(model: str, channel: str, reasons: Sequence[str], words: str = "") -> str:
    """The page's text. reasons : one sentence each, none if it is released; words : the release, if it is"""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lennox.report"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    template = environment.get_template("release.html")
    return template.render(model=model, channel=channel, reasons=list(reasons), words=words, version=lennox.__version__)
