import hashlib
import io
import shutil
import struct
import subprocess
import warnings
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from film_files import BIG_ENDIAN, IMPLICIT, data_set, write_dicom
from PIL import Image as Raster
from pydicom.uid import UID

import lennox
from lennox.errors import ImageError
from lennox.report import words
from lennox.report.dicom_capture import draw_capture
from lennox.report.overlay import draw_overlay

UNRELEASED = "unreleased: loaded by Zoë until 2026-11-30, because: a course"
RELEASED = "released for workshop under policy school 1.0.0 (The school board)"
STUDY = {
    "PatientID": "7-11", "PatientBirthDate": "20110203", "PatientSex": "F", "StudyInstanceUID": "1.2.3.1",
    "SeriesInstanceUID": "1.2.3.2", "StudyDate": "20261120", "StudyTime": "0915", "StudyID": "S1",
    "AccessionNumber": "A9", "ReferringPhysicianName": "Doe^Jo", "InstanceNumber": 4, "PatientOrientation": ["A", "F"],
    "ImageLaterality": "R", "LossyImageCompression": "00", "StudyDescription": "check-up", "PatientAge": "015Y",
}  # fmt: skip
PIXELS = np.random.default_rng(5).integers(0, 255, (40, 60), np.uint8)


@pytest.fixture
def examine(make):
    """An examination of a file's bytes, with marks or without, by a model of a release."""

    def examined(film, status="suspected", release=UNRELEASED):
        one = make(status, name="Roe^Jane 1999.dcm")
        source = replace(one.source, sha256=hashlib.sha256(film).hexdigest())
        return replace(one, source=source, model=replace(one.model, release=release))

    return examined


def png(samples=PIXELS):
    out = io.BytesIO()
    Raster.fromarray(samples).save(out, "PNG")
    return out.getvalue()


def film_file(**values):
    return write_dicom(data_set(PIXELS, **(STUDY | values)))


def element(group, number, vr, value):
    """An element as it lies in a capture."""
    value += b" " * (len(value) % 2)
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def opened(capture):
    return pydicom.dcmread(io.BytesIO(capture))


@pytest.mark.parametrize("release", [UNRELEASED, RELEASED])
@pytest.mark.parametrize("status", ["suspected", "none"])
@pytest.mark.parametrize("film", [png(), film_file()], ids=["png", "dicom"])
def test_the_pixels_are_those_of_the_overlay(examine, film, status, release):
    examination = examine(film, status, release)
    capture = opened(draw_capture(film, examination))
    overlay = np.asarray(Raster.open(io.BytesIO(draw_overlay(lennox.read_image(film), examination))))
    np.testing.assert_array_equal(capture.pixel_array, overlay)


@pytest.mark.parametrize("film", [png(), film_file()], ids=["png", "dicom"])
def test_the_header_says_what_the_pixels_say(examine, film):
    capture = opened(draw_capture(film, examine(film)))
    assert capture.ImageType == ["DERIVED", "SECONDARY"]
    assert (capture.Modality, capture.BurnedInAnnotation, capture.ContentQualification) == ("OT", "YES", "RESEARCH")
    assert capture.SeriesDescription == "lennox, UNRELEASED MODEL: suspected findings, not a diagnosis"
    comments = capture.ImageComments.splitlines()
    assert comments[0] == words.stamp(UNRELEASED)
    assert comments[1] == words.notice(UNRELEASED)
    assert comments[2].startswith("Caries suspected: 2 places")
    assert comments[3].startswith("1  caries suspected, probability 0.83")
    for told in (UNRELEASED, "ab" * 32, hashlib.sha256(film).hexdigest(), f"lennox {lennox.__version__}"):
        assert told in capture.DerivationDescription
    assert (capture.Manufacturer, capture.ManufacturerModelName) == ("lennox", "caries-radiograph-1")


def test_a_released_model_is_named_with_its_release_and_not_stamped(examine):
    film = film_file()
    capture = opened(draw_capture(film, examine(film, release=RELEASED)))
    assert capture.SeriesDescription == "lennox: suspected findings, not a diagnosis"
    assert RELEASED in capture.DerivationDescription
    assert "UNRELEASED" not in capture.ImageComments.upper()
    assert "ContentQualification" not in capture


def test_it_joins_patient_and_study_of_the_film(examine):
    film = film_file()
    capture = opened(draw_capture(film, examine(film)))
    for keyword, value in STUDY.items():
        if keyword != "SeriesInstanceUID":  # a series holds one kind of object
            assert capture[keyword].value == value, keyword
    assert capture.PatientName == "Drawn^Film"
    assert capture.SeriesInstanceUID != STUDY["SeriesInstanceUID"]
    (source,) = capture.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == "1.2.3.4"
    assert "ReferencedFrameNumber" not in source


def test_only_what_is_listed_is_copied(examine):
    made = data_set(
        PIXELS, **STUDY, InstitutionName="Secret Street", PatientComments="secret", OtherPatientIDs="secret"
    )
    made.private_block(0x0009, "VENDOR", create=True).add_new(1, "LO", "secret")
    made.private_block(0x0011, "VENDOR", create=True).add_new(1, "LO", "secret")
    item = pydicom.Dataset()
    item.PatientID = "secret"
    made.OtherPatientIDsSequence = [item]
    film = write_dicom(made)
    capture = draw_capture(film, examine(film))
    assert b"secret" not in capture.lower()
    assert not [element.tag for element in opened(capture).iterall() if element.tag.is_private]


def test_without_a_patient_it_is_a_study_of_its_own_and_no_path_leaks(examine):
    films = [png(), png(PIXELS[::-1])]
    captures = [draw_capture(film, examine(film)) for film in films]
    for capture in captures:
        assert b"Roe" not in capture
        assert b"1999" not in capture
        found = opened(capture)
        assert (found.PatientName, found.PatientID, found.StudyDate, found.Laterality) == ("", "", "", "")
        assert "SourceImageSequence" not in found
    first, second = map(opened, captures)
    assert first.StudyInstanceUID != second.StudyInstanceUID


@pytest.mark.parametrize("film", [png(), film_file()], ids=["png", "dicom"])
def test_a_repeat_is_the_same_file_and_anything_else_has_its_own_uid(examine, film):
    one = examine(film)
    others = [
        one,
        examine(film, "none"),
        examine(film, release=RELEASED),
        examine(film, release=UNRELEASED + "!"),
        replace(one, operating_point=replace(one.operating_point, threshold=0.3)),
        replace(one, operating_point=replace(one.operating_point, threshold=0.3000001)),
        replace(one, findings=(replace(one.findings[0], probability=0.8300001), one.findings[1])),
    ]
    captures = [draw_capture(film, other) for other in others]
    assert captures[0] == draw_capture(film, one)
    found = {}
    for capture in captures:
        data = opened(capture)
        found.setdefault(data.SOPInstanceUID, set()).add(capture)
        assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            assert UID(data[keyword].value).is_valid
    assert all(len(same) == 1 for same in found.values()), "one UID, two contents"
    assert len(found) >= 5  # the last differs in nothing that is shown


def test_films_of_one_series_give_captures_of_one_series(examine):
    films = [film_file(InstanceNumber=number) for number in (1, 2)]
    first, second = (opened(draw_capture(film, examine(film))) for film in films)
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)
    assert first.SOPInstanceUID != second.SOPInstanceUID


def test_a_frame_of_several(examine):
    made = data_set(PIXELS, **STUDY, NumberOfFrames=3)
    made["PixelData"].value = np.stack([PIXELS, PIXELS[::-1], PIXELS[:, ::-1]]).tobytes()
    film = write_dicom(made)
    with pytest.raises(ImageError, match="holds 3 frames"):
        draw_capture(film, examine(film))
    captures = [opened(draw_capture(film, examine(film, "none"), frame=frame)) for frame in range(3)]
    assert [one.SourceImageSequence[0].ReferencedFrameNumber for one in captures] == [1, 2, 3]
    assert len({one.SOPInstanceUID for one in captures}) == 3
    left = (captures[1].Columns - 60) // 2
    np.testing.assert_array_equal(captures[1].pixel_array[:40, left : left + 60, 0], PIXELS[::-1])


@pytest.mark.parametrize(
    ("declared", "name", "codec"),
    [
        (b"ISO_IR 100", "Müller^Änne".encode("latin-1"), "latin-1"),
        (b"ISO_IR 192", "Łódź^歯".encode(), "utf-8"),
        (b"ISO_IR 144", "Люкceмбypг".encode("iso8859_5"), "ascii"),
        (b"GB18030", "Wang^小东".encode("gb18030"), "ascii"),
        (b"\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "ascii"),
        (b"ISO_IR 999", b"M\xfcller", "ascii"),
        (b"iso-8859-1", b"M\xfcller", "ascii"),
        (b"", b"\xcf\xe5\xf2\xf0\xee\xe2", "ascii"),
    ],
    ids=["latin", "utf-8", "cyrillic", "chinese", "japanese", "unknown", "misspelt", "undeclared"],
)
@pytest.mark.parametrize("syntax", [IMPLICIT, BIG_ENDIAN], ids=["implicit", "big-endian"])
def test_names_stay_as_they_are_written(examine, declared, name, codec, syntax):
    values = {"PatientName": "N" * len(name), "SpecificCharacterSet": "ISO 2022 IR 100"}  # pydicom writes not all sets
    film = write_dicom(data_set(PIXELS, **STUDY | values), syntax)
    film = film.replace(b"N" * len(name), name).replace(b"ISO 2022 IR 100 ", declared.ljust(16))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        capture = draw_capture(film, examine(film))
    assert element(0x10, 0x10, b"PN", name) in capture
    assert (element(8, 5, b"CS", declared) in capture) == bool(declared)
    who = "Zo&#235;" if codec == "ascii" else "Zoë"
    assert f"UNRELEASED MODEL: loaded by {who} until".encode(codec) in capture


def test_untidy_values_are_copied_and_none_is_fatal(examine):
    untidy = {"StudyDate": "2026.11.2", "PatientSex": "FEMALE", "PatientID": "", "AccessionNumber": "x" * 40}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        film = film_file(**untidy, SOPInstanceUID="1.02.3", PatientName="^^")
        found = opened(draw_capture(film, examine(film)))
        assert {keyword: found[keyword].value for keyword in untidy} == untidy
    assert "SourceImageSequence" not in found


@pytest.mark.parametrize(("written", "kept"), [("1.2.03", True), ("", False), ("a study", False)])
def test_a_study_is_joined_wherever_its_uid_can_be_one(examine, written, kept):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        film = film_file(StudyInstanceUID=written)
        found = opened(draw_capture(film, examine(film)))
        assert (found.StudyInstanceUID == written) is kept


def test_every_kind_of_dicom_that_is_read_can_be_captured(examine, encodings):
    for name, film in encodings.items():
        if name.startswith("dicom"):
            capture = opened(draw_capture(film, examine(film, "none")))
            assert capture.PatientName == "Drawn^Film", name
            assert capture.pixel_array.shape[2] == 3


@pytest.mark.parametrize("status", ["not assessable", "unreadable"])
def test_nothing_is_captured_without_a_result(examine, status):
    with pytest.raises(ValueError, match="nothing to draw"):
        draw_capture(png(), examine(png(), status))


def test_another_film_is_refused(examine):
    with pytest.raises(ImageError, match="not the one that was assessed"):
        draw_capture(png(PIXELS[::-1]), examine(png()))


def test_a_capture_is_not_read_as_a_film(examine):
    with pytest.raises(ImageError, match="not a film"):
        lennox.read_image(draw_capture(png(), examine(png())))


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy, of Debian's dicom3tools")
@pytest.mark.parametrize("film", [png(), film_file(), film_file(ImageLaterality="")], ids=["png", "dicom", "no side"])
@pytest.mark.parametrize("release", [UNRELEASED, RELEASED])
def test_an_independent_judge_finds_no_error(examine, tmp_path, film, release):
    (tmp_path / "capture.dcm").write_bytes(draw_capture(film, examine(film, release=release)))
    judged = subprocess.run(["dciodvfy", tmp_path / "capture.dcm"], capture_output=True, text=True, check=False)
    assert "SCImage" in judged.stderr
    assert "Error" not in judged.stderr + judged.stdout
