"""What a film's DICOM file says that may be kept: each value checked against what it can be, none taken as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lennox.annotations.ages import age_band
from lennox.image.dicom.elements import parse_elements
from lennox.image.dicom.signature import is_dicom
from lennox.report.dicom_file import tag_of

# Upper ends of the bands, in years.
# Makers of dental sensors whose name says nothing of a person; of others a code under the key is kept.
MAKERS = (
    *("acteon", "carestream", "cefla", "dentsply", "dentsply sirona", "durr", "fona", "gendex", "instrumentarium"),
    *("kavo", "kodak", "my-ray", "myray", "owandy", "planmeca", "schick", "sirona", "soredex", "trophy", "vatech"),
)  # fmt: skip
_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.1.3", "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1",
)  # fmt: skip
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_MODALITIES = ("IO", "DX", "CR", "PX", "XC")
_KEYWORDS = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "PatientAge", "StudyDate", "Manufacturer"),
    *("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality", "BurnedInAnnotation"),
    *("ImageLaterality", "Laterality", "RecognizableVisualFeatures"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FilmIdentity:
    """What a film's file says, as text; "" where it does not.

    patient : what tells patients apart; only ever used under a key
    """

    patient: str = ""
    sex: str = ""
    age_band: str = ""
    maker: str = ""
    date: str = ""
    study: str = ""
    series: str = ""
    instance: str = ""
    sop_class: str = SECONDARY_CAPTURE
    modality: str = "OT"
    laterality: str = ""
    says_burned_in: bool = False


def identity_of(film: bytes) -> FilmIdentity:
    """What the bytes of a film say. Raises ImageError for a DICOM file that cannot be parsed."""
    if not is_dicom(film):
        return FilmIdentity()
    elements = parse_elements(film, [tag_of(keyword) for keyword in _KEYWORDS]).elements
    said = {keyword: elements.text(tag_of(keyword)) for keyword in _KEYWORDS}
    side = said["ImageLaterality"] or said["Laterality"]
    return FilmIdentity(
        patient=said["PatientID"] or said["PatientName"],
        sex=said["PatientSex"] if said["PatientSex"] in ("F", "M", "O") else "",
        age_band=_age_band(said["PatientAge"], said["PatientBirthDate"], said["StudyDate"]),
        maker=said["Manufacturer"],
        date=said["StudyDate"],
        study=said["StudyInstanceUID"],
        series=said["SeriesInstanceUID"],
        instance=said["SOPInstanceUID"],
        sop_class=said["SOPClassUID"] if said["SOPClassUID"] in _CLASSES else SECONDARY_CAPTURE,
        modality=said["Modality"] if said["Modality"] in _MODALITIES else "OT",
        laterality=side if side in ("L", "R") else "",
        says_burned_in=said["BurnedInAnnotation"].upper() == "YES",
    )


def known_maker(maker: str) -> str:
    """The maker as it may be named, "" for one that is not known."""
    plain = re.sub(r"[^a-z -]", "", maker.lower().replace("ü", "u")).strip()
    return next((known for known in sorted(MAKERS, key=len, reverse=True) if plain.startswith(known)), "")


def _age_band(age: str, birth: str, day: str) -> str:
    years = None
    if re.fullmatch(r"\d{3}[YMWD]", age):
        years = int(int(age[:3]) / {"Y": 1, "M": 12, "W": 52, "D": 365}[age[3]])
    elif re.fullmatch(r"\d{8}", birth) and re.fullmatch(r"\d{8}", day):
        years = int(day[:4]) - int(birth[:4]) - (day[4:] < birth[4:])
    return "" if years is None else age_band(years)
