"""The findings of one film as DICOM objects that archives and viewers take, each beside the film they refer to.

Segmentation (binary, and fractional: the mask times the probability of the whole finding), Comprehensive SR by template
TID 1500, softcopy presentation state, and the marked copy as an encapsulated PDF (PS3.3; PS3.16). Everything is a
suspicion of a model that nobody has confirmed: SRs are unverified.

The same film and answer give the same UIDs. The date of an object is that of the film; where its file says none, it is
today's, which is then part of the UIDs: objects alike in name are alike in every byte.
"""

from __future__ import annotations

import datetime
import io
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

import highdicom as hd
import numpy as np
from highdicom import pr, seg, sr
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

import lennox
from lennox.annotations.shapes import Shape
from lennox.errors import ImageError
from lennox.image import Image, read_image
from lennox.inference.examination import Examination
from lennox.inference.findings import Finding
from lennox.interop import codes
from lennox.interop.confirmation import Confirmation, reported_marks
from lennox.interop.source_image import SourceImage, source_image
from lennox.report import words
from lennox.report.dicom_file import element_of, file_bytes, said_of, tag_of, text_value, uid_of
from lennox.report.overlay import overlay_picture, result_lines

ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
MAKER = "lennox"
SERIAL_NUMBER = "0"  # software has none, and the standard asks for one
_HIGHEST = "The highest probability on the film, at any threshold:"
_DATES = ("SeriesDate", "ContentDate", "InstanceCreationDate", "PresentationCreationDate")
_PATIENT_AND_STUDY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName", "SpecificCharacterSet"),
)


class DicomObject(StrEnum):
    """What `lennox diagnose --dicom` writes."""

    SEG = "seg"
    SR = "sr"
    GSPS = "gsps"
    CAPTURE = "capture"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class _Answer:
    """One film's answer, on its way into an object."""

    image: Image
    examination: Examination
    source: SourceImage
    date: str
    time: str
    confirmation: Confirmation | None = None

    def uid(self, *parts: str) -> str:
        """A UID of this answer."""
        model, point = self.examination.model, self.examination.operating_point
        made_of = (self.source.dataset.SOPInstanceUID, model.sha256, model.release, point.name, repr(point.threshold))
        return uid_of(
            *parts,
            *made_of,
            repr(self.examination.findings),
            *self.examination.source.teeth,
            lennox.__version__,
            self.date,
            self.time,
        )

    @property
    def series(self) -> dict[str, Any]:
        """What every object of highdicom says of its series and maker."""
        return {"manufacturer": MAKER, "instance_number": 1}

    @property
    def device(self) -> dict[str, Any]:
        """What made it, for objects that ask for the equipment."""
        model = self.examination.model
        return {
            **self.series,
            "manufacturer_model_name": _ascii(model.name, 64),
            "software_versions": f"lennox {lennox.__version__}",
            "device_serial_number": SERIAL_NUMBER,
        }

    @property
    def algorithm(self) -> dict[str, Any]:
        model = self.examination.model
        return {"name": _ascii(f"lennox {model.name}", 64), "version": _ascii(f"{model.version} ({model.release})", 64)}

    def parameters(self) -> dict[str, str]:
        """With what the model was run, in words that a reader of the object can check."""
        examination = self.examination
        return {
            "operating point": _ascii(words.operating_point(examination), 64),
            "weights SHA-256": examination.model.sha256,
            "lennox": lennox.__version__,
        }

    def tracking(self, number: int) -> str:
        """The same for one finding in every object."""
        return self.uid("finding", str(number))


def draw_objects(
    film: bytes,
    examination: Examination,
    kinds: Iterable[DicomObject | str],
    *,
    frame: int | None = None,
    image: Image | None = None,
    confirmation: Confirmation | None = None,
) -> dict[str, bytes]:
    """DICOM files of an assessed film: {ending of the file's name: bytes}, such as "sr.dcm".

    film : the bytes of the file that was examined; frame : which image of it, as for `read_image`
    image : what `read_image` gave, where it is at hand: a large film need not be decoded twice
    confirmation : what a person decided; an SR is then verified, and lists that instead of what the model suspects
    kinds : of `DicomObject`; a segmentation is left out where nothing is suspected, since it cannot be empty
    "source.dcm" comes with them where the film's own file cannot be referred to; see `source_image`.
    Raises ImageError if the file cannot be read or is another one, ValueError if it was not assessed.
    """
    if examination.status != "assessed":
        raise ValueError(f"only an assessed film has findings to write, not one that is {examination.status}")
    image = image or read_image(film, frame=frame)
    if image.sha256 != examination.source.sha256:
        raise ImageError("The film is not the one that was assessed. Assess it again.")
    source = source_image(film, image, frame or 0)
    today = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d")
    answer = _Answer(image, examination, source, source.date or today, source.time or "000000", confirmation)
    found: dict[str, bytes] = {}
    for kind in map(DicomObject, dict.fromkeys(kinds)):
        found |= _WRITERS[kind](answer, film, frame)
    if source.file is not None and any(not name.startswith(("capture", "pdf")) for name in found):
        found["source.dcm"] = source.file
    return found


def _capture(answer: _Answer, film: bytes, frame: int | None) -> dict[str, bytes]:
    from lennox.report.dicom_capture import capture_of

    return {"capture.dcm": capture_of(answer.image, answer.examination, said_of(film), frame or 0)}


def _segmentation(answer: _Answer, film: bytes, frame: int | None) -> dict[str, bytes]:
    findings = answer.examination.findings
    if not findings:
        return {}
    masks = np.empty((1, answer.image.rows, answer.image.columns, len(findings)), np.uint8)
    for number, finding in enumerate(findings):
        masks[0, ..., number] = _mask(finding, answer.image)
    algorithm = hd.AlgorithmIdentificationSequence(
        family=codes.ALGORITHM, source=MAKER, parameters=answer.parameters(), **answer.algorithm
    )
    segments = [
        seg.SegmentDescription(
            number,
            _ascii(f"{finding.label} suspected {number}", 64),
            codes.ABNORMALITY,
            codes.finding_code(finding.label),
            seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm,
            tracking_uid=answer.tracking(number),
            tracking_id=_finding_name(number, finding),
        )
        for number, finding in enumerate(findings, 1)
    ]
    kinds = {"seg": seg.SegmentationTypeValues.BINARY, "seg-fractional": seg.SegmentationTypeValues.FRACTIONAL}
    written = {}
    for name, kind in kinds.items():
        made = seg.Segmentation(
            [answer.source.dataset],
            masks,
            kind,
            segments,
            answer.uid(name, "series"),
            9901,
            answer.uid(name),
            content_label="SUSPECTED",
            content_description="suspected findings, not a diagnosis",
            **answer.device,
        )
        if kind is seg.SegmentationTypeValues.FRACTIONAL:
            made.PixelData = _weighted(made, [finding.probability for finding in findings])
        dimension = answer.uid(name, "dimensions")  # highdicom draws one at random
        made.DimensionOrganizationSequence[0].DimensionOrganizationUID = dimension
        for item in made.DimensionIndexSequence:
            item.DimensionOrganizationUID = dimension
        written[f"{name}.dcm"] = _bytes(made, answer)
    return written


def _structured_report(answer: _Answer, film: bytes, frame: int | None) -> dict[str, bytes]:
    examination, source = answer.examination, answer.source.dataset
    parameters = [f"{name}: {value}" for name, value in answer.parameters().items()]
    algorithm = sr.AlgorithmIdentification(parameters=parameters, **answer.algorithm)
    reference = (source.SOPClassUID, source.SOPInstanceUID)
    # The film as a whole comes first, so that an answer without findings is one, too. It is no finding: no code of one.
    groups: list[Any] = [
        sr.MeasurementsAndQualitativeEvaluations(
            sr.TrackingIdentifier(answer.tracking(0), _ascii(f"{_summary(answer)} {_HIGHEST}", 1024)),
            algorithm_id=algorithm,
            measurements=[_certainty(examination.probability or 0.0)],
            source_images=[sr.SourceImageForMeasurementGroup(*reference)],
            finding_sites=[sr.FindingSite(codes.tooth(tooth)) for tooth in examination.source.teeth] or None,
        )
    ]
    for mark in reported_marks(examination, answer.confirmation):
        measurements = [] if mark.probability is None else [_certainty(mark.probability)]
        if mark.area_mm2 is not None:
            measurements.append(sr.Measurement(codes.AREA, round(mark.area_mm2, 2), codes.MM2))
        what = "suspected" if answer.confirmation is None else "confirmed"
        groups.append(
            sr.PlanarROIMeasurementsAndQualitativeEvaluations(
                sr.TrackingIdentifier(answer.tracking(mark.number), _ascii(f"{mark.label} {what} {mark.number}", 64)),
                referenced_region=sr.ImageRegion(
                    sr.GraphicTypeValues.POLYLINE, _closed(mark.outline), sr.SourceImageForRegion(*reference)
                ),
                finding_type=codes.finding_code(mark.label),
                algorithm_id=None if mark.probability is None else algorithm,
                measurements=measurements or None,
                finding_sites=[sr.FindingSite(codes.tooth(mark.tooth))] if mark.tooth else None,
            )
        )
    device = sr.DeviceObserverIdentifyingAttributes(
        uid_of("device", MAKER, lennox.__version__),
        name=MAKER,
        manufacturer_name=MAKER,
        model_name=_ascii(examination.model.name, 64),
    )
    report = sr.MeasurementReport(
        sr.ObservationContext(observer_device_context=sr.ObserverContext(codes.DEVICE, device)),
        codes.PROCEDURE,
        groups,
        title=codes.REPORT,
    )
    made = sr.ComprehensiveSR(
        [source],
        report[0],
        answer.uid("sr", "series"),
        9902,
        answer.uid("sr"),
        is_complete=True,
        **_verification(answer.confirmation),
        **answer.series,
    )
    for item in made.get("VerifyingObserverSequence", []):
        item.VerificationDateTime = re.sub(r"\D", "", answer.confirmation.time if answer.confirmation else "")[:14]
    return {"sr.dcm": _bytes(made, answer)}


def _summary(answer: _Answer) -> str:
    confirmation = answer.confirmation
    if confirmation is None:
        return result_lines(answer.examination)[0]
    return f"Read by {confirmation.who}: {words.count_of(len(confirmation.marks), 'lesion')} confirmed or drawn."


def _verification(confirmation: Confirmation | None) -> dict[str, Any]:
    """Who verified a report; the standard asks for an organization, and nobody said one."""
    if confirmation is None:
        return {}
    name = _ascii(confirmation.who, 63).replace("^", " ").replace("=", " ")
    observer = {"verifying_observer_name": f"{name}^"}  # a family name alone, as PS3.5 6.2.1.2 asks it to be written
    return {"is_verified": True, **observer, "verifying_organization": "not said"}


def _presentation_state(answer: _Answer, film: bytes, frame: int | None) -> dict[str, bytes]:
    examination, source = answer.examination, answer.source.dataset
    layer = pr.GraphicLayer("SUSPECTED", 1, "suspected findings, not a diagnosis")
    shapes, texts = [], []
    for number, finding in enumerate(examination.findings, 1):
        name: dict[str, Any] = {"tracking_id": _finding_name(number, finding), "tracking_uid": answer.tracking(number)}
        shapes.append(pr.GraphicObject(hd.pr.GraphicTypeValues.POLYLINE, _closed(finding.outline), "PIXEL", **name))
        corner = (max(1.0, finding.box.right), max(1.0, finding.box.top))
        text = _ascii(f"{number} {finding.label} suspected, {finding.probability:.2f}", 1024)
        texts.append(pr.TextObject(text, "PIXEL", anchor_point=corner, anchor_point_visible=False, **name))
    stamp = [words.UNRELEASED_STAMP] if words.is_unreleased(examination.model.release) else []
    lines = _ascii("\n".join([*stamp, result_lines(examination)[0]]), 1024).replace("\n", "\r\n")
    texts.append(pr.TextObject(lines, "PIXEL", anchor_point=(1.0, 1.0), anchor_point_visible=False))
    annotation = pr.GraphicAnnotation([source], layer, graphic_objects=shapes or None, text_objects=texts)
    state = pr.GrayscaleSoftcopyPresentationState if answer.image.is_grey else pr.ColorSoftcopyPresentationState
    colour: dict[str, Any] = {} if answer.image.is_grey else {"icc_profile": _srgb()}
    made = state(
        [source],
        answer.uid("gsps", "series"),
        9903,
        answer.uid("gsps"),
        content_label="SUSPECTED",
        content_description="suspected findings, not a diagnosis",
        graphic_annotations=[annotation],
        graphic_layers=[layer],
        **colour,
        **answer.device,
    )
    return {"gsps.dcm": _bytes(made, answer)}


def _pdf(answer: _Answer, film: bytes, frame: int | None) -> dict[str, bytes]:
    picture = io.BytesIO()
    made = time.strptime(answer.date + answer.time, "%Y%m%d%H%M%S")
    overlay_picture(answer.image, answer.examination).save(
        picture, "PDF", resolution=150, creationDate=made, modDate=made, title="Suspected findings, not a diagnosis"
    )
    copied, document = answer.source.copied, picture.getvalue()
    text = {
        "DocumentTitle": "Suspected findings, not a diagnosis",
        "SeriesDescription": "lennox: suspected findings, not a diagnosis",
        "Manufacturer": MAKER,
        "ManufacturerModelName": answer.examination.model.name,
        "SoftwareVersions": f"lennox {lennox.__version__}",
    }
    character_set = copied.get("SpecificCharacterSet", b"")
    elements: dict[str, Any] = {
        **{keyword: value for keyword, value in copied.items() if keyword not in ("PatientOrientation", "Laterality")},
        "InstanceNumber": b"1",
        "StudyInstanceUID": str(answer.source.dataset.StudyInstanceUID),
        "SeriesInstanceUID": answer.uid("pdf", "series"),
        "SOPInstanceUID": answer.uid("pdf"),
        "SOPClassUID": ENCAPSULATED_PDF,
        "SeriesNumber": 9904,
        "Modality": "DOC",
        "ConversionType": "WSD",
        "ContentDate": answer.date,
        "ContentTime": answer.time,
        "AcquisitionDateTime": "",
        "BurnedInAnnotation": "YES",
        "ConceptNameCodeSequence": [],
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "EncapsulatedDocumentLength": len(document),
        "EncapsulatedDocument": document,
        **{keyword: text_value(keyword, value, character_set) for keyword, value in text.items()},
    }
    for keyword in ("ImageLaterality", "LossyImageCompression", "LossyImageCompressionRatio"):
        elements.pop(keyword, None)
    return {"pdf.dcm": file_bytes(elements)}


_WRITERS: Mapping[DicomObject, Callable[[_Answer, bytes, int | None], dict[str, bytes]]] = {
    DicomObject.SEG: _segmentation,
    DicomObject.SR: _structured_report,
    DicomObject.GSPS: _presentation_state,
    DicomObject.CAPTURE: _capture,
    DicomObject.PDF: _pdf,
}


def _bytes(made: Dataset, answer: _Answer) -> bytes:
    """The file of an object of highdicom, dated as the film, with patient and study as the film's file says."""
    for keyword in _DATES:
        if keyword in made:
            setattr(made, keyword, answer.date)
            setattr(made, keyword.replace("Date", "Time"), answer.time)
    for item in made.get("ContributingEquipmentSequence", []):  # highdicom names itself there
        item.ContributionDateTime = answer.date + answer.time
    if words.is_unreleased(answer.examination.model.release) and "SegmentSequence" in made:
        made.SeriesDescription = f"lennox, {words.UNRELEASED_STAMP}"
    for keyword in _PATIENT_AND_STUDY:
        made.pop(tag_of(keyword), None)
    # by the objects' own modules: General Image, General Series
    wanted = {"PatientOrientation"} if "SegmentSequence" in made else {"Laterality"}
    wanted |= {"PatientAge", "IssuerOfPatientID"} & set(answer.source.copied)
    for keyword in {*_PATIENT_AND_STUDY, *wanted}:
        value = answer.source.copied.get(keyword, b"")
        if keyword != "SpecificCharacterSet" or value:
            element = element_of(keyword, value)
            assert isinstance(element, RawDataElement)
            made._dict[Tag(tag_of(keyword))] = element  # as bytes: pydicom would refuse what dental software writes
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _weighted(made: seg.Segmentation, probabilities: Sequence[float]) -> bytes:
    """The pixels of a fractional segmentation of masks, one frame a segment, times the probability of each.

    Here and not before: a film of 49 million pixels as floats is 196 megabytes a finding.
    """
    size = made.Rows * made.Columns
    frames = np.frombuffer(made.PixelData, np.uint8).copy()
    for number, probability in enumerate(probabilities):
        frame = frames[number * size : (number + 1) * size]
        frame[frame > 0] = round(probability * made.MaximumFractionalValue)
    return frames.tobytes()


def _mask(finding: Finding, image: Image) -> np.ndarray:
    """(rows, columns) bool: pixels whose centre lies in the outline; at least the one at its centre."""
    box = finding.box  # nothing lies outside, and films are large
    rows, columns = (
        np.arange(int(low), min(int(high) + 1, size), dtype=np.float64)
        for low, high, size in ((box.top, box.bottom, image.rows), (box.left, box.right, image.columns))
    )
    mask = np.zeros((image.rows, image.columns), bool)
    mask[np.ix_(rows.astype(int), columns.astype(int))] = Shape.outlined(np.array(finding.outline)).cover(
        rows + 0.5, columns + 0.5
    )
    if not mask.any():
        mask[min(int(finding.centre[0]), image.rows - 1), min(int(finding.centre[1]), image.columns - 1)] = True
    return mask


def _closed(outline: Sequence[tuple[float, float]]) -> np.ndarray:
    """(points, 2) float: the outline as DICOM wants it, (column, row), its first corner again at the end."""
    corners: np.ndarray = np.array([*outline, outline[0]], np.float64)
    return corners[:, ::-1]


def _srgb() -> bytes:
    """The ICC profile of sRGB that comes with highdicom: of the class that DICOM asks for, which Pillow's is not."""
    return (resources.files("highdicom") / "_icc_profiles/sRGB_v4_ICC_preference.icc").read_bytes()


def _certainty(probability: float) -> sr.Measurement:
    return sr.Measurement(codes.CERTAINTY, round(100.0 * probability, 1), codes.PERCENT)


def _finding_name(number: int, finding: Finding) -> str:
    return _ascii(f"{finding.label} suspected {number}", 64)


def _ascii(text: str, longest: int) -> str:
    """Text that every character set shares; a backslash would begin a second value."""
    return text.replace("\\", "/").encode("ascii", "xmlcharrefreplace").decode("ascii")[:longest]
