import io
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from marked_films import MODEL, PIXELS, examined, film_file, png
from PIL import Image as Raster

import lennox
from lennox.card import OperatingPoint
from lennox.errors import ImageError
from lennox.inference.examination import Examination, SourceFile

pytest.importorskip("highdicom", reason="needs highdicom, of lennox[interop]")
from lennox.interop.dicom_objects import DicomObject, draw_objects

ALL = tuple(DicomObject)


def opened(data):
    return pydicom.dcmread(io.BytesIO(data))


FILMS = {"png": png(), "colour": png(np.dstack([PIXELS, PIXELS // 2, PIXELS])), "dicom": film_file(),
         "windowed": film_file(WindowCenter=100, WindowWidth=80, RescaleSlope=1, RescaleIntercept=0)}  # fmt: skip


@pytest.mark.parametrize("film", FILMS.values(), ids=FILMS)
def test_two_runs_write_the_same_bytes(film):
    first, second = (draw_objects(film, examined(film), ALL) for _ in range(2))
    assert first == second
    assert {"seg.dcm", "seg-fractional.dcm", "sr.dcm", "gsps.dcm", "capture.dcm", "pdf.dcm"} <= set(first)


@pytest.mark.parametrize("film", FILMS.values(), ids=FILMS)
def test_objects_refer_to_the_film_itself_or_to_the_copy_that_comes_with_them(film):
    made = {name: opened(data) for name, data in draw_objects(film, examined(film), ALL).items()}
    is_dicom = film[128:132] == b"DICM"
    source = opened(film) if is_dicom else made["source.dcm"]
    assert ("source.dcm" in made) != is_dicom
    assert made["sr.dcm"].CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0] \
        .ReferencedSOPSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID  # fmt: skip
    for name in ("seg.dcm", "seg-fractional.dcm", "gsps.dcm"):
        assert str(source.SOPInstanceUID) in str(made[name]), name
    assert len({one.StudyInstanceUID for one in made.values()}) == 1
    assert len({one.SOPInstanceUID for one in made.values()}) == len(made)
    if is_dicom:
        assert {one.StudyInstanceUID for one in made.values()} == {"1.2.3.1"}


def test_patient_and_study_are_copied_as_the_film_has_them_whatever_it_has():
    for patient, identity in (("Roe^Jane", "7-11"), ("Zoë Müller\\of=x^y^z" * 6, "x" * 90)):
        film = film_file(PatientName=patient, PatientID=identity, SpecificCharacterSet="ISO_IR 100")
        for name, data in draw_objects(film, examined(film), ALL).items():
            for keyword in ("PatientName", "PatientID", "StudyID", "AccessionNumber", "PatientBirthDate"):
                assert str(opened(data)[keyword].value) == str(opened(film)[keyword].value), (name, keyword)


def test_segments_are_the_outlines_and_the_fraction_is_the_probability():
    film = film_file()
    made = draw_objects(film, examined(film), ["seg"])
    binary, fractional = (opened(made[name]) for name in ("seg.dcm", "seg-fractional.dcm"))
    masks = binary.pixel_array
    assert masks.shape == (2, 120, 160)
    assert np.array_equal(np.argwhere(masks[0]).min(0), (20, 30))
    assert masks[0].sum() == 20 * 30  # a rectangle between pixel edges
    levels = fractional.pixel_array
    assert np.unique(levels[0]).tolist() == [0, round(0.83 * 255)]
    assert (levels > 0).tolist() == (masks > 0).tolist()
    assert binary.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeValue == "80967001"
    assert "0.31" in binary.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters


def test_the_report_says_what_where_and_how_sure_and_that_nobody_has_confirmed_it():
    film = film_file()
    report = opened(draw_objects(film, examined(film), ["sr"])["sr.dcm"])
    text = "\n".join(str(item.get("TextValue", "")) + str(item) for item in _walk(report) if "ValueType" in item)
    assert report.VerificationFlag == "UNVERIFIED"
    found = [item for item in _walk(report) if item.get("ValueType") == "CODE" and "80967001" in str(item)]
    assert len(found) == 2  # the film as a whole is no finding
    assert [float(value) for value in _numbers(report, "111012")] == [83.0, 83.0, 41.0]
    assert [float(value) for value in _numbers(report, "42798000")] == [6.0]
    corners = [item.GraphicData for item in _walk(report) if "GraphicData" in item]
    assert corners[0] == [30, 20, 60, 20, 60, 40, 30, 40, 30, 20]  # column, row; closed
    assert "unreleased" in text
    assert "caries-radiograph-1" in text


def _walk(item):
    yield item
    for child in item.get("ContentSequence", []):
        yield from _walk(child)


def _numbers(report, code):
    for item in _walk(report):
        if item.get("ValueType") == "NUM" and item.ConceptNameCodeSequence[0].CodeValue == code:
            yield item.MeasuredValueSequence[0].NumericValue


def test_a_film_without_a_finding_has_a_report_and_no_segmentation():
    film = film_file()
    made = draw_objects(film, examined(film, ()), ALL)
    assert set(made) == {"sr.dcm", "gsps.dcm", "capture.dcm", "pdf.dcm"}
    report = opened(made["sr.dcm"])
    assert [float(value) for value in _numbers(report, "111012")] == [10.0]
    assert "80967001" not in str(report)
    assert any("No lesion suspected" in str(item.get("TextValue", "")) for item in _walk(report))


def test_a_finding_has_one_tracking_identifier_in_all_objects():
    film = film_file()
    made = {name: opened(data) for name, data in draw_objects(film, examined(film), ALL).items()}
    tracked = [segment.TrackingUID for segment in made["seg.dcm"].SegmentSequence]
    assert len(set(tracked)) == 2
    for name in ("seg-fractional.dcm", "sr.dcm", "gsps.dcm"):
        assert all(str(uid) in str(made[name]) for uid in tracked), name


def test_teeth_that_somebody_named_are_sites_of_the_film_and_of_no_finding():
    film = film_file()
    one = examined(film)
    report = opened(draw_objects(film, replace(one, source=replace(one.source, teeth=("16", "17"))), ["sr"])["sr.dcm"])
    sites = [item for item in _walk(report) if "ConceptCodeSequence" in item
             and item.ConceptNameCodeSequence[0].CodeValue == "363698007"]  # fmt: skip
    assert [site.ConceptCodeSequence[0].CodeValue for site in sites] == ["865995000", "863902006"]
    groups = [item for item in _walk(report) if sites[0] in item.get("ContentSequence", [])]
    assert len(groups) == 1
    assert "No finding" not in str(groups[0])
    assert "80967001" not in str(groups[0])


def test_the_copy_holds_the_picture_as_it_was_read():
    film = film_file(PixelAspectRatio=[2, 1])
    image = lennox.read_image(film)
    assert image.note
    one = examined(film, ())
    made = draw_objects(film, replace(one, source=replace(one.source, rows=image.rows)), ["sr"])
    assert np.array_equal(opened(made["source.dcm"]).pixel_array, image.pixels)
    assert "Patient" not in opened(made["source.dcm"]).DerivationDescription
    assert opened(made["source.dcm"]).PatientID == "7-11"


def test_only_assessed_films_and_the_same_film():
    film = png()
    with pytest.raises(ImageError, match="not the one"):
        draw_objects(png(PIXELS[::-1]), examined(film), ["sr"])
    refused = Examination(SourceFile("a"), MODEL, OperatingPoint("balanced", 0.31), "unreadable", ("Empty.",))
    with pytest.raises(ValueError, match="only an assessed film"):
        draw_objects(film, refused, ["sr"])


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy, of Debian's dicom3tools")
@pytest.mark.parametrize("film", FILMS.values(), ids=FILMS)
def test_an_independent_judge_finds_no_error(tmp_path, film):
    for name, data in draw_objects(film, examined(film), ALL).items():
        (tmp_path / name).write_bytes(data)
        judged = subprocess.run(["dciodvfy", tmp_path / name], capture_output=True, text=True, check=False)
        assert "Error" not in judged.stderr + judged.stdout, name


@pytest.mark.skipif(shutil.which("dsrdump") is None, reason="needs dsrdump and dcm2pnm, of Debian's dcmtk")
def test_dcmtk_reads_the_report_and_draws_the_presentation_state(tmp_path):
    film = FILMS["windowed"]
    (tmp_path / "film.dcm").write_bytes(film)
    for name, data in draw_objects(film, examined(film), ["sr", "gsps"]).items():
        (tmp_path / name).write_bytes(data)
    said = subprocess.run(["dsrdump", tmp_path / "sr.dcm"], capture_output=True, text=True, check=False)
    assert said.returncode == 0
    assert '"Dental caries"' in said.stdout
    assert "Certainty of Finding" in said.stdout
    drawn = subprocess.run(
        ["dcmp2pgm", tmp_path / "film.dcm", tmp_path / "out.pgm", "-p", tmp_path / "gsps.dcm"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert drawn.returncode == 0, drawn.stderr
    windowed = np.asarray(Raster.open(tmp_path / "out.pgm"))
    assert windowed.shape == PIXELS.shape
    assert windowed[PIXELS < 55].max() <= 5  # the film's own window is kept
