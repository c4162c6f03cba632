"""A page as PDF, by WeasyPrint: fields stay fields, so that names can be typed in when it is printed."""

from __future__ import annotations

import logging

from lennox.errors import InputError


def to_pdf(page: str) -> bytes:
    """PDF of a page that needs nothing else.

    Raises InputError if WeasyPrint is not installed, or the libraries of the system that it needs.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:  # OSError: Pango is missing
        raise InputError(
            "a PDF needs WeasyPrint and Pango: run pip install 'lennox[pdf]', and install Pango (Debian: "
            "apt install libpango-1.0-0 libpangoft2-1.0-0); or print the page from a browser."
        ) from error
    from weasyprint.urls import URLFetcher

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # what it says of a style that only screens need
    inside = URLFetcher(allowed_protocols=("data",), allow_redirects=False)  # a page loads nothing
    document: bytes = HTML(string=page, url_fetcher=inside).write_pdf(pdf_forms=True)
    return document
