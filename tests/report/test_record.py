import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lennox.card import OperatingPoint
from lennox.errors import InputError
from lennox.geometry import Box
from lennox.inference.examination import Examination, ModelIdentity, SourceFile
from lennox.inference.findings import Finding
from lennox.report import from_record, to_json, to_record

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/examination-1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_valid_and_strict():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def closed(part):
        if isinstance(part, dict):
            assert part.get("type") != "object" or part["additionalProperties"] is False, part
            for inner in part.values():
                closed(inner)

    closed(SCHEMA)


def test_every_status_follows_the_schema(examination):
    VALIDATOR.validate(json.loads(to_json(examination)))


def test_a_record_by_hand(make):
    record = to_record(make("suspected"))
    assert list(record) == [
        "schema", "source", "model", "status", "reasons", "operating_point", "probability", "findings", "notice",
        "software",
    ]  # fmt: skip
    assert record["schema"] == "lennox.examination/1"
    assert record["source"] == {
        "name": "film.png", "sha256": "cd" * 32, "rows": 40, "columns": 60, "bits": 16, "kind": "periapical",
        "spacing_mm": [0.1, 0.1],
    }  # fmt: skip
    assert record["operating_point"] == {"name": "balanced", "threshold": 0.31}
    assert record["findings"][0] == {
        "label": "caries", "probability": 0.83, "box": [10.0, 20.0, 20.0, 35.0], "centre": [15.0, 27.5],
        "outline": [[10.0, 20.0], [10.0, 35.0], [20.0, 35.0], [20.0, 20.0]], "area_px": 150.0, "area_mm2": 1.5,
    }  # fmt: skip
    assert "unreleased" in record["notice"]


def test_a_record_leads_back_to_its_examination(examination):
    assert from_record(json.loads(to_json(examination))) == examination


def test_any_name_gives_one_line_of_ascii_that_follows_the_schema(make, hostile_name):
    line = to_json(make("none", hostile_name))
    assert line.isascii()
    assert line.isprintable()
    VALIDATOR.validate(json.loads(line))


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.update(extra=1),
        lambda record: record.update(status="healthy"),
        lambda record: record.update(probability=None),
        lambda record: record.update(reasons=["Why."]),
        lambda record: record["source"].update(rows=None),
        lambda record: record["source"].update(path="/patients/film.png"),
        lambda record: record["findings"][0].update(probability=1.1),
        lambda record: record["findings"][0].pop("outline"),
        lambda record: record["operating_point"].update(threshold=0),
    ],
)
def test_a_wrong_record_breaks_the_schema(make, change):
    record = json.loads(to_json(make("suspected")))
    change(record)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(record)


@pytest.mark.parametrize("broken", [{}, {"schema": "other/1"}, {"schema": "lennox.examination/1"}, [], None, "text"])
def test_what_is_no_record_is_refused_in_a_sentence(broken):
    with pytest.raises(InputError, match="assess the film again"):
        from_record(broken)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_damaged_part_is_refused_or_read_but_never_a_traceback(part):
    base = {
        "schema": "lennox.examination/1", "source": part, "model": part, "status": part, "reasons": part,
        "operating_point": part, "probability": part, "findings": part,
    }  # fmt: skip
    with pytest.raises(InputError):
        from_record(base)


share = st.floats(1e-4, 1.0)
place = st.floats(0, 4000).map(lambda value: round(value, 3))


@st.composite
def any_finding(draw):
    top, left = draw(place), draw(place)
    bottom, right = top + draw(st.floats(0.5, 500)), left + draw(st.floats(0.5, 500))
    outline = ((top, left), (top, right), (bottom, right), (bottom, left))
    area = draw(st.none() | st.floats(0.01, 1e3))
    return Finding(
        "caries", draw(share), Box(top, left, bottom, right), (top, left), outline, draw(st.floats(1, 1e6)), area
    )


@given(
    st.text(max_size=40),
    st.lists(any_finding(), max_size=4),
    share,
    st.none() | st.tuples(st.floats(1e-3, 1.0), st.floats(1e-3, 1.0)),
)
def test_any_examination_follows_the_schema_and_comes_back(name, findings, threshold, spacing_mm):
    source = SourceFile(name, "0" * 64, 4000, 4000, 12, "bitewing", spacing_mm)
    model = ModelIdentity("m", "1", "f" * 64, "unreleased")
    examination = Examination(
        source, model, OperatingPoint("custom", threshold), "assessed", (), threshold, tuple(findings)
    )
    record = json.loads(to_json(examination))
    VALIDATOR.validate(record)
    assert to_record(from_record(record)) == record


def test_what_reading_did_to_the_pixels_is_said(make):
    made = make("suspected")
    noted = replace(made, source=replace(made.source, note="The file's pixels are not square."))
    record = to_record(noted)
    VALIDATOR.validate(record)
    assert record["source"]["note"] == "The file's pixels are not square."
    assert from_record(record) == noted
    assert "note" not in to_record(made)["source"]
