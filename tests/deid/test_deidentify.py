"""Names planted in every place of a file where text can be: none is in what comes out, and the picture is the same."""

import csv
import io
import json

import numpy as np
import pydicom
import pytest
from click.testing import CliRunner
from film_files import data_set, write_dicom
from marked_films import STUDY
from PIL import Image as Raster
from PIL import ImageDraw, ImageFont, PngImagePlugin
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset

import lennox
from lennox.cli import cli
from lennox.deid.deidentify import DeidProfile, HeldBackError, deidentify
from lennox.deid.pseudonyms import Pseudonyms
from lennox.phantom import draw_film
from lennox.phantom.film_set import encode_png

pytestmark = pytest.mark.filterwarnings("ignore:.*value.*:UserWarning")  # of what is planted
KEY = Pseudonyms(b"k" * 32)
MARK = "PLANTED"
TEXTS = {"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UT", "UR", "CS"}
PIXELS = draw_film(3).pixels.astype(np.uint8)
NEEDED = ("PhotometricInterpretation", "Modality", "PatientSex", "SpecificCharacterSet")


def planted_film(pixels=PIXELS, **values):
    """A film with a name in every text element of the standard, sequences, private groups, overlay, icon, preamble."""
    film = data_set(pixels, **(STUDY | values))
    for tag, (vr, *_rest) in DicomDictionary.items():
        text = f"{MARK}^{tag:08X}"[: 16 if vr in ("SH", "AE", "CS") else 40]
        if tag >> 16 > 2 and vr in TEXTS and tag not in film and DicomDictionary[tag][4] not in NEEDED:
            film.add_new(tag, vr, text)
    inner = Dataset()
    inner.PatientName, inner.TextValue, inner.OtherPatientIDs = f"{MARK}^INNER", MARK, MARK
    outer = Dataset()
    outer.PatientComments, outer.ContentSequence = MARK, [inner]
    film.ReferencedImageSequence = film.RequestAttributesSequence = film.IconImageSequence = [outer]
    block = film.private_block(0x0029, f"{MARK} MAKER", create=True)
    block.add_new(1, "LT", MARK)
    block.add_new(2, "UN", MARK.encode())
    film.add_new(0x60003000, "OB", MARK.encode() + b"\0")
    film.add_new(0xFFFCFFFC, "OB", MARK.encode() + b"\0")
    film.PatientBirthDate, film.PatientSex = "20110203", "F"
    data = bytearray(write_dicom(film))
    data[: len(MARK)] = MARK.encode()  # the preamble
    assert data.count(MARK.encode()) > 900
    return bytes(data)


@pytest.fixture(scope="module")
def planted():
    return planted_film()


@pytest.mark.parametrize("profile", DeidProfile)
def test_no_planted_name_comes_out_and_the_picture_is_the_same(planted, profile):
    made = deidentify(planted, profile, KEY, looked_at=True)
    assert PIXELS.max() > 200  # no black picture, which any would equal
    before_pixels, _, after_pixels = made.data.partition(PIXELS.tobytes())  # in which two letters may come by chance
    assert len(after_pixels) < 2
    for name in (MARK, "Roe", "Jane", "7-11", "20110203", "20261120", "091500", "A9", "1.2.3.", "Doe"):
        assert name.encode() not in before_pixels, name
    assert made.data[:128] == b"\0" * 128
    before, after = lennox.read_image(planted), lennox.read_image(made.data)
    assert np.array_equal(before.pixels, after.pixels)
    assert before.spacing_mm == after.spacing_mm
    read = pydicom.dcmread(io.BytesIO(made.data))
    assert read.PatientIdentityRemoved == "YES"
    assert not any(element.VR == "SQ" or element.tag.is_private for element in read)


def test_the_standards_own_table_finds_nothing_that_was_left(planted):
    """PS3.15 2026c, as dicom-anonymizer has it: each element it wants changed is absent, empty or a value of ours."""
    selector = pytest.importorskip("dicomanonymizer.dicomfields_selector", reason="needs dicom-anonymizer")
    table = selector.dicom_anonymization_database_selector("dicomfields_2026c")
    old = pydicom.dcmread(io.BytesIO(planted))
    new = pydicom.dcmread(io.BytesIO(deidentify(planted, DeidProfile.SHARE, KEY, looked_at=True).data))
    checked = 0
    for tag in (tag for tag in table["ALL_TAGS"] if len(tag) == 2 and tag in new and new[tag].value):
        assert tag not in old or new[tag].value != old[tag].value, new[tag]
        checked += 1
    assert checked >= 5


def test_films_of_a_patient_stay_together_under_one_key_and_apart_under_another():
    first, second = planted_film(), planted_film(PIXELS[::-1].copy(), SOPInstanceUID="1.2.3.5", StudyDate="20261127")
    one, two, other = (deidentify(film, DeidProfile.SHARE, key, looked_at=True) for film, key in
                       ((first, KEY), (second, KEY), (first, Pseudonyms(b"x" * 32))))  # fmt: skip
    a, b, c = (pydicom.dcmread(io.BytesIO(made.data)) for made in (one, two, other))
    assert (a.PatientID, a.StudyInstanceUID) == (b.PatientID, b.StudyInstanceUID)
    assert a.SOPInstanceUID != b.SOPInstanceUID
    assert int(b.StudyDate) != int(a.StudyDate) > 20230000
    days = [pydicom.valuerep.DA(day) for day in (a.StudyDate, b.StudyDate)]
    assert (days[1] - days[0]).days == 7  # the distance of two visits is kept
    assert a.StudyDate < "20261120"
    assert c.PatientID != a.PatientID
    assert c.StudyInstanceUID != a.StudyInstanceUID
    assert deidentify(first, DeidProfile.SHARE, KEY, looked_at=True) == one


def test_an_audit_gets_age_band_sex_and_sensor_and_no_date():
    known = deidentify(planted_film(Manufacturer="Carestream Health"), DeidProfile.AUDIT, KEY, looked_at=True)
    assert known.features == {"age_band": "13-17", "sex": "F", "sensor": "carestream"}
    read = pydicom.dcmread(io.BytesIO(known.data))
    assert (read.PatientAge, read.PatientSex, read.StudyDate) == ("013Y", "F", "")
    unknown = deidentify(planted_film(), DeidProfile.AUDIT, KEY, looked_at=True).features["sensor"]
    assert unknown.startswith("sensor-")
    shared = pydicom.dcmread(io.BytesIO(deidentify(planted_film(), DeidProfile.SHARE, KEY, looked_at=True).data))
    assert "PatientAge" not in shared
    assert shared.PatientSex == ""


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_pictures_lose_exif_gps_xmp_and_comments(form):
    exif = Raster.Exif()
    exif[0x010E] = exif[0x013B] = MARK
    exif.get_ifd(0x8825)[29] = MARK
    picture, out = Raster.fromarray(PIXELS), io.BytesIO()
    options = {"exif": exif, "comment": MARK} if form in ("JPEG",) else {"exif": exif}
    if form == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Author", MARK)
    else:
        options["xmp"] = f"<x:xmpmeta>{MARK}</x:xmpmeta>".encode()
    picture.save(out, form, **options)
    film = out.getvalue() + MARK.encode()
    assert film.count(MARK.encode()) >= 2
    made = deidentify(film, DeidProfile.SHARE, KEY, looked_at=True)
    assert made.name.endswith(".png")
    assert MARK.encode() not in made.data
    assert not Raster.open(io.BytesIO(made.data)).info
    assert np.array_equal(lennox.read_image(film).pixels, lennox.read_image(made.data).pixels)


@pytest.mark.parametrize("size", [10, 14, 24, 40])
@pytest.mark.parametrize("level", [255, 0])
def test_a_name_in_the_picture_holds_the_film_back(size, level):
    picture = Raster.fromarray(PIXELS)
    box = (20, 20, 20 + 14 * size, 26 + size)
    ImageDraw.Draw(picture).rectangle(box, fill=255 - level)
    ImageDraw.Draw(picture).text((24, 22), "ROE JANE 1999-02-03", fill=level, font=ImageFont.load_default(size))
    film = write_dicom(data_set(np.asarray(picture), **STUDY))
    with pytest.raises(HeldBackError, match="Text may stand") as held:
        deidentify(film, DeidProfile.SHARE, KEY)
    assert any(one.top < 30 + size and one.left < box[2] for one in held.value.boxes)
    assert deidentify(film, DeidProfile.SHARE, KEY, looked_at=True).data


def test_films_without_text_pass_and_a_file_that_says_it_has_some_does_not():
    assert deidentify(write_dicom(data_set(PIXELS, **STUDY)), DeidProfile.SHARE, KEY).data
    with pytest.raises(HeldBackError, match="says that text"):
        deidentify(write_dicom(data_set(PIXELS, **STUDY, BurnedInAnnotation="YES")), DeidProfile.SHARE, KEY)


def test_a_folder_becomes_another_with_a_report_that_names_no_file(tmp_path, planted):
    films = tmp_path / "Roe Jane"
    films.mkdir()
    (films / "PLANTED 1.dcm").write_bytes(write_dicom(data_set(PIXELS, **STUDY)))
    (films / "PLANTED 2.dcm").write_bytes(
        write_dicom(data_set(PIXELS[:, ::-1].copy(), BurnedInAnnotation="YES", **STUDY))
    )
    (films / "PLANTED 3.png").write_bytes(b"no picture")
    key, out = tmp_path / "key", tmp_path / "out"
    command = ["deid", str(films), str(out), "--profile", "audit", "--key", str(key)]
    result = CliRunner().invoke(cli, command)
    assert (result.exit_code, result.stderr.count("1 written, 1 held back, 1 unreadable")) == (1, 1), result.output
    reports = [json.loads(line) for line in (out / "deid-report.jsonl").read_text().splitlines()]
    assert [one["done"] for one in reports] == ["written", "held back", "unreadable"]
    rows = list(csv.DictReader(io.StringIO((out / "films.csv").read_text())))
    assert [(row["film"], row["age_band"], row["sex"]) for row in rows] == [(reports[0]["film"], "13-17", "F")]
    for path in out.iterdir():
        data = path.read_bytes()
        assert not any(name in data for name in (b"PLANTED", b"Roe", b"7-11")), path
        assert path.stat().st_mode & 0o077 == 0
    assert key.stat().st_mode & 0o077 == 0
    again = CliRunner().invoke(cli, [*command[:2], str(tmp_path / "more"), *command[3:], "--looked-at", "2"])
    assert "2 written, 0 held back" in again.stderr
    for refused in (command, [*command[:2], str(tmp_path / "new"), *command[3:-1], str(tmp_path / "new/key")]):
        assert CliRunner().invoke(cli, refused).exit_code == 2


def test_the_key_is_made_at_the_first_use_and_used_again(tmp_path, own_home):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "film.png").write_bytes(encode_png(draw_film(3, rows=300, columns=400).pixels))
    names = []
    for out in ("once", "again"):
        given = [str(tmp_path / "in"), str(tmp_path / out), "--profile", "share", "--looked-at", "1"]
        told = CliRunner().invoke(cli, ["deid", *given])
        assert told.exit_code == 0, told.output
        names.append([path.name for path in (tmp_path / out).glob("*.png")])
    assert names[0] == names[1] != []
    (key,) = own_home.rglob("deid.key")
    assert key.stat().st_mode & 0o77 == 0
    key.write_text("short")
    told = CliRunner().invoke(cli, ["deid", str(tmp_path / "in"), str(tmp_path / "third"), "--profile", "share"])
    assert told.exit_code == 2
    assert "deid.key" in told.output


def test_a_film_of_any_size_that_is_held_back_stands_in_the_report(tmp_path):
    (tmp_path / "in").mkdir()
    shown = draw_film(3, rows=600, columns=900).pixels
    picture = Raster.fromarray(shown)
    font = ImageFont.load_default(size=24)
    ImageDraw.Draw(picture).text((120, 40), "DOE JANE 1970-01-02 0123456789", fill=255, font=font, stroke_width=1)
    picture.save(tmp_path / "in" / "film.png")
    told = CliRunner().invoke(cli, ["deid", str(tmp_path / "in"), str(tmp_path / "out"), "--profile", "share"])
    assert told.exit_code == 1, told.output
    (line,) = (tmp_path / "out" / "deid-report.jsonl").read_text().splitlines()
    assert json.loads(line)["done"] == "held back"
    assert json.loads(line)["boxes"]
