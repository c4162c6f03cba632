"""The codes that objects carry, as data, each from the concept dictionary of DICOM (PS3.16) that pydicom ships."""

from __future__ import annotations

from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes

from lennox.interop import coding
from lennox.tooth_names import TOOTH_CODES

FINDINGS = {"caries": CodedConcept(coding.CARIES.value, "SCT", coding.CARIES.meaning)}  # not in the dictionary
ABNORMALITY = codes.SCT.MorphologicallyAbnormalStructure
CERTAINTY = codes.DCM.CertaintyOfFinding
ALGORITHM = codes.DCM.ArtificialIntelligence
PROCEDURE = codes.SCT.RadiographyOfTeeth
PERCENT = codes.UCUM.Percent
AREA, MM2 = codes.SCT.Area, codes.UCUM.SquareMillimeter
REPORT = codes.DCM.ImagingMeasurementReport
DEVICE = codes.DCM.Device


def finding_code(label: str) -> CodedConcept:
    """The concept of a model's label; a label without one gets a code of lennox's own, named as the card names it."""
    return FINDINGS.get(label) or CodedConcept(label.upper().replace(" ", "_")[:16], "99LENNOX", label[:64])


def tooth(fdi: str) -> CodedConcept:
    """The concept of a tooth."""
    return CodedConcept(TOOTH_CODES[fdi].sct, "SCT", TOOTH_CODES[fdi].meaning)
