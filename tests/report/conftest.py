"""Examinations of every status, made by hand, and a card with figures."""

import json

import numpy as np
import pytest

from lennox.card import ModelCard, OperatingPoint
from lennox.geometry import Box
from lennox.image import Image
from lennox.inference.examination import Examination, ModelIdentity, SourceFile
from lennox.inference.findings import Finding

MODEL = ModelIdentity("caries-radiograph-1", "1.0.0", "ab" * 32, "unreleased")
POINT = OperatingPoint("balanced", 0.31)
CARD = {
    "format": "lennox-model-card/1",
    "name": "caries-radiograph-1",
    "version": "1.0.0",
    "labels": ["caries"],
    "input": {
        "rows": 64, "columns": 64, "low_percentile": 0.5, "high_percentile": 99.5,
        "clip_limit": 0.0, "tiles": 8, "mean": 0.0, "std": 255.0,
    },
    "lesions": {"region_share": 0.7},
    "operating_points": [
        {"name": "balanced", "threshold": 0.31, "sensitivity": {"value": 0.54, "low": 0.46, "high": 0.63}},
        {"name": "sensitive", "threshold": 0.12, "sensitivity": {"value": 0.71, "low": 0.6, "high": 0.8}},
    ],
    "default_operating_point": "balanced",
    "intended_use": {"kinds": ["periapical"], "familiarity_limit": None, "cannot_see": ["caries under fillings"]},
    "figures": {
        "drawn <b>films</b>": {
            "films": 143, "films_with_caries": 40, "lesions": 90,
            "operating_points": [
                {
                    "name": "balanced", "threshold": 0.31,
                    "lesion_sensitivity": {"value": 0.54, "interval": [0.46, 0.63]},
                    "false_positives_a_film": {"value": 0.8, "interval": [0.6, 1.0]},
                },
            ],
        },
    },
    "files": {"model.onnx": {"sha256": "ab" * 32}},
}  # fmt: skip


@pytest.fixture(scope="session")
def card():
    return ModelCard.from_json(json.dumps(CARD))


@pytest.fixture(scope="session")
def image():
    """A film of 40 x 60 pixels, 0.1 mm each."""
    pixels = np.arange(2400, dtype=np.uint16).reshape(40, 60) * 20
    return Image(pixels, 16, name="film.png", sha256="cd" * 32, spacing_mm=(0.1, 0.1))


def finding(probability=0.83, top=10.0, left=20.0, bottom=20.0, right=35.0):
    outline = ((top, left), (top, right), (bottom, right), (bottom, left))
    area = (bottom - top) * (right - left)
    centre = ((top + bottom) / 2, (left + right) / 2)
    return Finding("caries", probability, Box(top, left, bottom, right), centre, outline, area, area * 0.01)


@pytest.fixture
def make():
    """Make an examination of a status, with a name if need be."""

    def examination(status, name="film.png"):
        read = SourceFile(name, "cd" * 32, 40, 60, 16, "periapical", (0.1, 0.1))
        if status == "suspected":
            return Examination(
                read, MODEL, POINT, "assessed", (), 0.83, (finding(), finding(0.4, 22.0, 2.0, 30.0, 9.0))
            )
        if status == "none":
            return Examination(read, MODEL, POINT, "assessed", (), 0.12)
        if status == "not assessable":
            photograph = SourceFile(name, "cd" * 32, 40, 60, 8, "photograph")
            return Examination(photograph, MODEL, POINT, status, ("This looks like a photograph.", "Use a film."))
        return Examination(SourceFile(name), MODEL, POINT, "unreadable", ("The file is empty. Export it again.",))

    return examination


HOSTILE = [
    "a film.png",
    "quote\"s' and &.png",
    "<script>alert(1)</script>.png",
    "two\nlines.png",
    "terminal\x1b[31mcode.png",
    "Zahnröntgen-Ω-歯.png",
    "-leading.png",
    "=cmd|'/c calc'!A1.png",
    "not-utf8-\udcff.png",
    "right\u202eto-left.png",
]


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def hostile_name(request):
    return request.param


STATUSES = ["suspected", "none", "not assessable", "unreadable"]


@pytest.fixture(params=STATUSES)
def examination(request, make):
    return make(request.param)


@pytest.fixture
def examinations(make):
    return [make(status) for status in STATUSES]
