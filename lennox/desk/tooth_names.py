"""Teeth in the three ways clinics name them. A tooth is kept by its FDI number (ISO 3950); none is ever guessed.

Universal: 1 to 32 from the upper right third molar round to the lower right one, A to T for primary teeth. Palmer, as
it is typed: the quadrant (UR, UL, LL, LR) and the tooth counted from the midline, 1 to 8, A to E for primary teeth.
"""

from __future__ import annotations

from typing import Literal, get_args

from lennox.errors import InputError

Notation = Literal["FDI", "Universal", "Palmer"]
NOTATIONS: tuple[Notation, ...] = get_args(Notation)
_QUADRANTS = ("UR", "UL", "LL", "LR")  # FDI quadrants 1 to 4, and 5 to 8 for primary teeth
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


_BY_NAME = _names()
_BY_FDI = {notation: {fdi: name for name, fdi in names.items()} for notation, names in _BY_NAME.items()}


def to_fdi(tooth: str, notation: Notation) -> str:
    """The FDI number of a tooth as typed. Raises InputError if the notation has no such tooth."""
    found = _BY_NAME[notation].get(tooth.strip().upper().replace(" ", ""))
    if found is None:
        raise InputError(
            f"'{tooth.strip()}' is no tooth in {notation} notation; write one such as {EXAMPLES[notation]}."
        )
    return found


def from_fdi(fdi: str, notation: Notation) -> str:
    """A tooth as the clinic names it."""
    return _BY_FDI[notation][fdi]
