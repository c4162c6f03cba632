"""Whether a model may be used for something, and why not, as a page that a person can read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lennox.report.pages import render

_COMMAND = re.compile(r" \(`[^`]*`\)")  # a command in brackets is for those who type; this page is for all others


def release_page(model: str, channel: str, reasons: Sequence[str], released_as: str = "") -> str:
    """The page's text. reasons : one sentence each, none if it is released; released_as : the release, if it is"""
    plain = [_COMMAND.sub("", reason) for reason in reasons]
    return render("release.html", model=model, channel=channel, reasons=plain, released_as=released_as)
