"""Events of a desk, made by hand."""

import hashlib
from dataclasses import asdict

from PIL import Image

from lennox.card import OperatingPoint
from lennox.desk.desk import Desk
from lennox.desk.event_store import Event, NewEvent
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


CIRCUMSTANCES = {"model": asdict(MODEL), "operating_point": {"name": "balanced", "threshold": 0.5}}


def desk_with(folder, films):
    """A desk without a model on a folder: each film's file is made, read, and then decided on.

    films : name -> function of (size and time of the file, its SHA-256) that gives the film's events
    """
    rows = []
    for number, (name, decisions) in enumerate(films.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (120, 100), 10 + number).save(path)
        sha256, status = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat()
        one = examination(sha256)
        details = {"identity": "m", "stamp": f"{status.st_size}-{status.st_mtime_ns}", "record": to_record(one)}
        rows.append(NewEvent("read", details, name, sha256))
        for kind, said, window in decisions:
            circumstances = {
                "model": {
                    "name": MODEL.name,
                    "version": MODEL.version,
                    "sha256": MODEL.sha256,
                    "release": MODEL.release,
                },
                "operating_point": {"name": "balanced", "threshold": 0.5},
            }
            details = said if kind in ("shown", "undo") else said | circumstances
            rows.append(NewEvent(kind, details, name, sha256, "AB", window))
    desk = Desk(folder)
    desk.keep(*rows)
    return desk


def says(mark, verdict, window=WINDOW, **details):
    return "mark", {"mark": mark, "verdict": verdict, "seen": 0, **details}, window


IS_READ = ("film", {"is_read": True}, WINDOW)
SHOWN = ("shown", {"marks": True, "threshold": 0.5}, WINDOW)
