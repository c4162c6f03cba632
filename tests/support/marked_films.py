"""Examinations with marks, of films that are made here: what other systems get of them is tested in tests/interop."""

import hashlib
import io

import numpy as np
from film_files import data_set, write_dicom
from PIL import Image as Raster

from lennox.card import OperatingPoint
from lennox.geometry import Box
from lennox.inference.examination import Examination, ModelIdentity, SourceFile
from lennox.inference.findings import Finding

PIXELS = np.random.default_rng(5).integers(0, 255, (120, 160), np.uint8)
STUDY = {
    "PatientID": "7-11", "PatientName": "Roe^Jane", "PatientBirthDate": "20110203", "PatientSex": "F",
    "StudyInstanceUID": "1.2.3.1", "SeriesInstanceUID": "1.2.3.2", "StudyDate": "20261120", "StudyTime": "091500",
    "StudyID": "S1", "AccessionNumber": "A9", "ReferringPhysicianName": "Doe^Jo",
}  # fmt: skip
MODEL = ModelIdentity("caries-radiograph-1", "0.1.0", "ab" * 32, "unreleased: loaded by Zoë until 2026-11-30")
MARKS = (
    Finding("caries", 0.83, Box(20, 30, 40, 60), (30, 45), ((20, 30), (20, 60), (40, 60), (40, 30)), 600, 6.0),
    Finding("caries", 0.41, Box(30, 50, 50, 90), (40, 70), ((30, 50), (30, 90), (50, 70)), 400, None),
)


def png(samples=PIXELS):
    out = io.BytesIO()
    Raster.fromarray(samples).save(out, "PNG")
    return out.getvalue()


def film_file(**values):
    return write_dicom(data_set(PIXELS, **(STUDY | values)))


def examined(film, findings=MARKS):
    source = SourceFile("a.dcm", hashlib.sha256(film).hexdigest(), 120, 160, 8, "periapical", None)
    point = OperatingPoint("balanced", 0.31)
    return Examination(source, MODEL, point, "assessed", (), findings[0].probability if findings else 0.1, findings)
