"""Codes as data, without a library: what is found and what was done. For DICOM, `codes` makes them highdicom's."""

from __future__ import annotations

from typing import Any, NamedTuple

from lennox.tooth_names import TOOTH_CODES

SCT_SYSTEM = "http://snomed.info/sct"


class Code(NamedTuple):
    """A concept of SNOMED CT: its number, and its name as DICOM PS3.16 or SNOMED CT prints it."""

    value: str
    meaning: str

    def fhir(self) -> dict[str, str]:
        """As a Coding of FHIR."""
        return {"system": SCT_SYSTEM, "code": self.value, "display": self.meaning}


CARIES = Code("80967001", "Dental caries")
RADIOGRAPHY_OF_TEETH = Code("22891007", "Radiography of teeth")


def body_site(teeth: tuple[str, ...]) -> dict[str, Any]:
    """Teeth as `bodySite` of FHIR, none for none: one tooth by its code, several in words, as codings are synonyms."""
    if not teeth:
        return {}
    text = f"{'tooth' if len(teeth) == 1 else 'teeth'} {', '.join(teeth)} (FDI)"
    code = TOOTH_CODES[teeth[0]]
    coding = {"coding": [Code(code.sct, code.meaning).fhir()]} if len(teeth) == 1 else {}
    return {"bodySite": {**coding, "text": text}}
