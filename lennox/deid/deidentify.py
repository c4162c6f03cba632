"""One film without whose it is: a new file of the picture as it was read and of listed values, by PS3.15 Annex E.

Nothing is removed from the file, as a list of what to remove is never complete: the new file is written from nothing.
So private elements, sequences, overlays, icons, comments in compressed streams, EXIF, GPS, XMP, preamble, what stands
after the picture and every text of the old file stay behind. What is read again is the same picture.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from PIL import Image as Raster

import lennox
from lennox.deid.burned_in import text_boxes
from lennox.deid.identity import SECONDARY_CAPTURE, FilmIdentity, identity_of, known_maker
from lennox.deid.pseudonyms import Pseudonyms
from lennox.errors import ImageError
from lennox.files import sha256_of
from lennox.geometry import Box
from lennox.image import Image, read_image
from lennox.image.dicom.signature import is_dicom
from lennox.report.dicom_file import file_bytes

METHOD = "lennox: written anew from picture and listed values"
FEATURES = ("age_band", "sex", "sensor")  # of which a policy may speak


class DeidProfile(StrEnum):
    """What a film is for: somebody else's eyes or training, or an audit of whom a model fails."""

    SHARE = "share"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class NamelessFilm:
    """A film that names nobody.

    name : of its file; data : its bytes
    patient : the same for the films of one patient; features : what an audit may group by, "" where not said
    """

    name: str
    data: bytes
    patient: str
    features: dict[str, str]


class HeldBackError(ImageError):
    """A person must look at this film first; `boxes` are where text may stand."""

    def __init__(self, message: str, boxes: tuple[Box, ...] = ()) -> None:
        super().__init__(message)
        self.boxes = boxes


def deidentify(
    film: bytes, profile: DeidProfile, pseudonyms: Pseudonyms, *, patient: str = "", looked_at: bool = False
) -> NamelessFilm:
    """A film's new file.

    patient : whose it is, where the file does not say, such as the folder it lies in
    looked_at : a person has seen that no text stands in the picture
    Raises HeldBackError for a picture in which text may stand, ImageError for one that cannot be read.
    """
    image, said = read_image(film), identity_of(film)
    if not looked_at:
        if said.says_burned_in:
            raise HeldBackError("Its file says that text stands in the picture. Look at it.")
        boxes = text_boxes(image)
        if boxes:
            raise HeldBackError("Text may stand in the picture. Look at it.", tuple(boxes))
    who = pseudonyms.code("patient", said.patient or patient or sha256_of(film))
    name = pseudonyms.code("film", sha256_of(film), 24)
    maker = said.maker and (known_maker(said.maker) or f"sensor-{pseudonyms.code('maker', said.maker, 6)}")
    features = dict(zip(FEATURES, (said.age_band, said.sex, maker), strict=True))
    if is_dicom(film):
        return NamelessFilm(f"{name}.dcm", _dicom(image, said, profile, pseudonyms, who, features), who, features)
    return NamelessFilm(f"{name}.png", _png(image), who, features)


def _png(image: Image) -> bytes:
    out = io.BytesIO()
    Raster.fromarray(image.pixels).save(out, "PNG")
    return out.getvalue()


def _dicom(
    image: Image, said: FilmIdentity, profile: DeidProfile, pseudonyms: Pseudonyms, who: str, features: dict[str, str]
) -> bytes:
    bits, grey = image.pixels.itemsize * 8, image.is_grey
    shared = profile is DeidProfile.SHARE
    date = pseudonyms.date(said.date, who) if shared else ""
    spacing = [] if image.spacing_mm is None else [f"{step:.6g}" for step in image.spacing_mm]
    identifiers = {
        keyword: pseudonyms.uid(f"{keyword} {uid or image.sha256}")
        for keyword, uid in (
            ("StudyInstanceUID", said.study), ("SeriesInstanceUID", said.series), ("SOPInstanceUID", said.instance),
        )
    }  # fmt: skip
    kept: dict[str, Any] = {"Manufacturer": features["sensor"], "PatientSex": "" if shared else features["sex"]}
    if not shared and features["age_band"]:
        kept["PatientAge"] = f"{int(features['age_band'].rstrip('+').split('-')[0]):03}Y"  # the lower end of the band
    elements: dict[str, Any] = {
        **identifiers,
        **kept,
        "SOPClassUID": said.sop_class if grey else SECONDARY_CAPTURE,
        "Modality": said.modality,
        "PatientID": who,
        "PatientName": who,
        "PatientBirthDate": "",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": METHOD,
        "LongitudinalTemporalInformationModified": "MODIFIED" if date else "REMOVED",
        "StudyDate": date,
        "StudyTime": "",
        "StudyID": "",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "InstanceNumber": "1",
        "SeriesNumber": "1",
        "ImageType": ["DERIVED", "PRIMARY"],
        "ConversionType": "WSD",
        "ImageLaterality": said.laterality,
        "BurnedInAnnotation": "NO",
        "SoftwareVersions": f"lennox {lennox.__version__}",
        "SamplesPerPixel": 1 if grey else 3,
        "PhotometricInterpretation": "MONOCHROME2" if grey else "RGB",
        **({} if grey else {"PlanarConfiguration": 0}),
        "Rows": image.rows,
        "Columns": image.columns,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        **({"ImagerPixelSpacing": spacing} if spacing else {}),
        "PixelData": image.pixels.tobytes() + b"\0" * (image.pixels.nbytes % 2),
    }
    return file_bytes(elements)
