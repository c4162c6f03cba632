"""A panoramic goes every way that a film goes: page, overlay, capture, report, FHIR, the desk."""

import json
from pathlib import Path

import jsonschema
import pydicom
import pytest
from desk_process import UNRELEASED, DeskProcess
from drawn_panoramic import panoramic_like
from PIL import Image as Raster
from tiny_model import write_windowed

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/examination-1.json").read_text())


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_windowed(tmp_path_factory.mktemp("models") / "windowed")


@pytest.fixture
def panoramic(tmp_path):
    """One panoramic with two bright spots, whose front teeth lie behind the spine."""
    pixels = panoramic_like(spine=1.4)
    pixels[250:275, 300:325] = pixels[255:280, 690:715] = 255
    folder = tmp_path / "films"
    folder.mkdir()
    Raster.fromarray(pixels).save(folder / "pano.png")
    return folder


def test_every_output_of_a_panoramic(invoke, model, panoramic, tmp_path):
    out = tmp_path / "out"
    options = ("--model", model, *UNRELEASED, "--format", "html", "--overlay", "--dicom", "--out", out)
    result = invoke("diagnose", panoramic, *options)
    assert result.exit_code == 0, result.output
    options = ("--model", model, *UNRELEASED, "--dicom=sr,seg,gsps", "--out", tmp_path / "o")
    objects = invoke("diagnose", panoramic, *options)
    assert objects.exit_code == 0, objects.output
    (record_file,) = (tmp_path / "o").glob("*.jsonl")
    record = json.loads(record_file.read_text())
    jsonschema.validate(record, SCHEMA, jsonschema.Draft202012Validator)
    assert record["source"]["kind"] == "panoramic"
    assert len(record["findings"]) >= 2
    (said,) = record["source"]["illegible"]
    assert said in (out / "report.html").read_text()
    (overlay,) = (out / "overlays").iterdir()
    assert Raster.open(overlay).width >= 1000
    (capture,) = (out / "captures").iterdir()
    assert pydicom.dcmread(capture).Columns >= 1000
    written = {pydicom.dcmread(path).Modality for path in (tmp_path / "o").rglob("*.dcm")}
    assert {"PR", "SEG", "SR"} <= written


def test_the_desk_reads_a_panoramic(model, panoramic, tmp_path):
    desk = DeskProcess(panoramic, str(model), tmp_path / "home", *UNRELEASED)
    try:
        row = desk.films()["pano.png"]
        assert row["status"] == "assessed"
        assert row["marks"] >= 2
        assert "behind the shadow of the spine" in " ".join(row["reasons"])
    finally:
        desk.kill()
