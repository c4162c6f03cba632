"""Events of a desk, made by hand."""

from lennox.card import OperatingPoint
from lennox.desk.event_store import Event
from lennox.geometry import Box
from lennox.inference.examination import Examination, ModelIdentity, SourceFile
from lennox.inference.findings import Finding
from lennox.report import to_record

WINDOW, OTHER_WINDOW = "window 1", "window 2"
FILM, SHA256 = "ana/film.png", "ab" * 32
MODEL = ModelIdentity("tiny", "0.0.1", "ef" * 32, "unreleased")


def finding(probability, top):
    corners = ((top, 10.0), (top, 30.0), (top + 20, 30.0), (top + 20, 10.0))
    return Finding("caries", probability, Box(top, 10, top + 20, 30), (top + 10, 20.0), corners, 400.0, None)


def examination(sha256=SHA256, status="assessed"):
    """Two candidates, one above and one below 0.5, on a film of 100 x 120 pixels."""
    source = SourceFile(FILM, sha256, 100, 120, 8, "periapical")
    point = OperatingPoint("custom", 0.01)
    if status != "assessed":
        return Examination(source, MODEL, point, status, ("It is too dark. Take it again.",))
    return Examination(source, MODEL, point, "assessed", (), 0.8, (finding(0.8, 10.0), finding(0.3, 50.0)))


def event(number, kind, details, *, window=WINDOW, who="AB", sha256=SHA256, film=FILM):
    return Event(number, f"2026-11-28T10:00:{number:02}.000000Z", kind, film, sha256, who, window, details)


def read(number, sha256=SHA256, status="assessed", film=FILM):
    record = to_record(examination(sha256, status))
    return event(number, "read", {"record": record, "identity": "m", "stamp": "1-1"}, who="", sha256=sha256, film=film)


def decided(number, mark, verdict, *, window=WINDOW, seen=0, film=FILM, **details):
    return event(number, "mark", {"mark": mark, "verdict": verdict, "seen": seen, **details}, window=window, film=film)
