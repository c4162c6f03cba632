"""Teeth in the three ways clinics name them, and their codes. A tooth is kept by its FDI number (ISO 3950).

Universal: 1 to 32 from the upper right third molar round to the lower right one, A to T for primary teeth. Palmer, as
it is typed: the quadrant (UR, UL, LL, LR) and the tooth counted from the midline, 1 to 8, A to E for primary teeth.
None is ever guessed: an output names a tooth where a person or the film's file did.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, get_args

from lennox.errors import InputError

Notation = Literal["FDI", "Universal", "Palmer"]
NOTATIONS: tuple[Notation, ...] = get_args(Notation)
_QUADRANTS = ("UR", "UL", "LL", "LR")  # FDI quadrants 1 to 4, and 5 to 8 for primary teeth
SURFACES = ("mesial", "distal", "occlusal or incisal", "buccal", "lingual or palatal", "root")
EXAMPLES = {"FDI": "16 or 55", "Universal": "3 or A", "Palmer": "UR6 or URE"}


def _names() -> dict[Notation, dict[str, str]]:
    """Notation -> name as typed, in upper case -> FDI."""
    fdi, universal, palmer = {}, {}, {}
    for quadrant, name in enumerate(_QUADRANTS):
        for primary, count in ((False, 8), (True, 5)):
            for tooth in range(1, count + 1):
                number = f"{quadrant + 1 + 4 * primary}{tooth}"
                outwards = quadrant in (1, 3)  # counted from the midline; the others towards it
                place = quadrant * count + (tooth if outwards else count + 1 - tooth)
                fdi[number] = number
                palmer[name + ("ABCDE"[tooth - 1] if primary else str(tooth))] = number
                universal["ABCDEFGHIJKLMNOPQRST"[place - 1] if primary else str(place)] = number
    return {"FDI": fdi, "Universal": universal, "Palmer": palmer}


FDI_BY_NAME = _names()
_BY_FDI = {notation: {fdi: name for name, fdi in names.items()} for notation, names in FDI_BY_NAME.items()}


def to_fdi(tooth: str, notation: Notation) -> str:
    """The FDI number of a tooth as typed. Raises InputError if the notation has no such tooth."""
    found = FDI_BY_NAME[notation].get(tooth.strip().upper().replace(" ", ""))
    if found is None:
        raise InputError(
            f"'{tooth.strip()}' is no tooth in {notation} notation; write one such as {EXAMPLES[notation]}."
        )
    return found


def from_fdi(fdi: str, notation: Notation) -> str:
    """A tooth as the clinic names it."""
    return _BY_FDI[notation][fdi]


class ToothCode(NamedTuple):
    """A tooth in DICOM and FHIR.

    sct : its number in SNOMED CT; srt : its older one in DICOM files of before 2020, "-" where it had none
    """

    sct: str
    srt: str
    meaning: str


# FDI, SNOMED CT, SNOMED-RT, meaning: DICOM PS3.16 2024, CID 4018 (permanent) and CID 4019 (deciduous), as pydicom has
# them; the older numbers by its table of both.
_CODES = """
11 422653006 T-54282 Permanent maxillary right central incisor tooth
12 424877001 T-54272 Permanent maxillary right lateral incisor tooth
13 860767006 - Permanent maxillary right canine tooth
14 57826002 T-54250 Permanent maxillary right first premolar tooth
15 36492000 T-54240 Permanent maxillary right second premolar tooth
16 865995000 - Permanent maxillary right first molar tooth
17 863902006 - Permanent maxillary right second molar tooth
18 68085002 T-54210 Permanent maxillary right third molar tooth
21 424399000 T-54292 Permanent maxillary left central incisor tooth
22 423185002 T-54302 Permanent maxillary left lateral incisor tooth
23 860780009 - Permanent maxillary left canine tooth
24 61897005 T-54320 Permanent maxillary left first premolar tooth
25 23226009 T-54330 Permanent maxillary left second premolar tooth
26 865988009 - Permanent maxillary left first molar tooth
27 863901004 - Permanent maxillary left second molar tooth
28 87704003 T-54360 Permanent maxillary left third molar tooth
31 425106001 T-54442 Mandibular left central incisor tooth
32 423331005 T-54432 Mandibular left lateral tooth
33 860782001 - Mandibular left canine tooth
34 2400006 T-54410 Mandibular left first premolar tooth
35 24573005 T-54400 Mandibular left second premolar tooth
36 866006002 - Mandibular left first molar tooth
37 863898000 - Mandibular left second molar tooth
38 74344005 T-54370 Mandibular left third molar tooth
41 424575004 T-54452 Mandibular right central incisor tooth
42 423937004 T-54462 Mandibular right lateral incisor tooth
43 860785004 - Mandibular right canine tooth
44 80140008 T-54480 Mandibular right first premolar tooth
45 8873007 T-54490 Mandibular right second premolar tooth
46 866005003 - Mandibular right first molar tooth
47 863899008 - Mandibular right second molar tooth
48 38994002 T-54520 Mandibular right third molar tooth
51 88824007 T-54610 Deciduous maxillary right central incisor tooth
52 65624003 T-54620 Deciduous maxillary right lateral incisor tooth
53 30618001 T-54630 Deciduous maxillary right canine tooth
54 17505006 T-54640 Deciduous maxillary right first molar tooth
55 27855007 T-54650 Deciduous maxillary right second molar tooth
61 51678005 T-54660 Deciduous maxillary left central incisor tooth
62 43622005 T-54670 Deciduous maxillary left lateral incisor tooth
63 73937000 T-54680 Deciduous maxillary left canine tooth
64 45234009 T-54690 Deciduous maxillary left first molar tooth
65 51943008 T-54700 Deciduous maxillary left second molar tooth
71 89552004 T-54760 Deciduous mandibular left central incisor tooth
72 14770005 T-54770 Deciduous mandibular left lateral incisor tooth
73 43281008 T-54780 Deciduous mandibular left canine tooth
74 38896004 T-54790 Deciduous mandibular left first molar tooth
75 49330006 T-54800 Deciduous mandibular left second molar tooth
81 67834006 T-54710 Deciduous mandibular right central incisor tooth
82 22445006 T-54720 Deciduous mandibular right lateral incisor tooth
83 6062009 T-54730 Deciduous mandibular right canine tooth
84 58646007 T-54740 Deciduous mandibular right first molar tooth
85 61868007 T-54750 Deciduous mandibular right second molar tooth
"""
TOOTH_CODES = {row[:2]: ToothCode(*row[3:].split(" ", 2)) for row in _CODES.strip().splitlines()}
_BY_CODE = {code: fdi for fdi, tooth in TOOTH_CODES.items() for code in (tooth.sct, tooth.srt) if code != "-"}
# From the patient's right to the left, as a film of one jaw shows them.
_ARCHES = tuple(
    tuple(f"{right}{tooth}" for tooth in range(last, 0, -1)) + tuple(f"{left}{tooth}" for tooth in range(1, last + 1))
    for right, left, last in ((1, 2, 8), (4, 3, 8), (5, 6, 5), (8, 7, 5))
)


def tooth_of_code(code: str) -> str | None:
    """The FDI number of a code of SNOMED CT or SNOMED-RT; None for what is no single tooth."""
    return _BY_CODE.get(code)


def parse_region(text: str) -> tuple[str, ...]:
    """The teeth that somebody says a film shows, as FDI numbers: "16-18", "13-23", "16,46", "UR6-UR8".

    Numbers are FDI, letters and a digit are Palmer; a range runs along one jaw, across the midline too.
    Raises InputError for anything else.
    """
    teeth: list[str] = []
    for part in text.split(","):
        ends = [to_fdi(end, "FDI" if re.fullmatch(r"\s*\d+\s*", end) else "Palmer") for end in part.split("-")]
        arch = next((arch for arch in _ARCHES if all(end in arch for end in ends)), None)
        if arch is None or len(ends) > 2:
            raise InputError(
                f"'{part.strip()}' is no range of teeth; write two teeth of one jaw and dentition, such as 16-18."
            )
        first, last = sorted((arch.index(ends[0]), arch.index(ends[-1])))
        teeth += arch[first : last + 1]
    return tuple(dict.fromkeys(teeth))
