"""Three ways to name a tooth, one tooth."""

import pytest

from lennox.errors import InputError
from lennox.tooth_names import NOTATIONS, TOOTH_CODES, from_fdi, parse_region, to_fdi, tooth_of_code


@pytest.mark.parametrize(
    ("fdi", "universal", "palmer"),
    [
        ("18", "1", "UR8"), ("11", "8", "UR1"), ("21", "9", "UL1"), ("28", "16", "UL8"), ("38", "17", "LL8"),
        ("31", "24", "LL1"), ("41", "25", "LR1"), ("46", "30", "LR6"), ("48", "32", "LR8"),
        ("55", "A", "URE"), ("51", "E", "URA"), ("61", "F", "ULA"), ("65", "J", "ULE"), ("75", "K", "LLE"),
        ("71", "O", "LLA"), ("81", "P", "LRA"), ("85", "T", "LRE"),
    ],
)  # fmt: skip
def test_the_names_of_a_tooth(fdi, universal, palmer):
    assert {to_fdi(fdi, "FDI"), to_fdi(universal.lower(), "Universal"), to_fdi(palmer.lower(), "Palmer")} == {fdi}
    assert (from_fdi(fdi, "FDI"), from_fdi(fdi, "Universal"), from_fdi(fdi, "Palmer")) == (fdi, universal, palmer)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_tooth_has_a_name_of_its_own_in_each_notation(notation):
    teeth = [f"{q}{t}" for q in (1, 2, 3, 4) for t in range(1, 9)] + [
        f"{q}{t}" for q in (5, 6, 7, 8) for t in range(1, 6)
    ]
    names = {from_fdi(tooth, notation) for tooth in teeth}
    assert len(names) == 52
    assert {to_fdi(name, notation) for name in names} == set(teeth)


@pytest.mark.parametrize(
    ("tooth", "notation"), [("19", "FDI"), ("UR6", "FDI"), ("33", "Universal"), ("6", "Palmer"), ("", "FDI")]
)
def test_what_is_no_tooth_in_a_notation_is_refused_and_never_guessed(tooth, notation):
    with pytest.raises(InputError, match="no tooth"):
        to_fdi(tooth, notation)


def test_the_codes_are_those_of_dicoms_own_dictionary():
    """Each of the 52 once, and a name that says the jaw and the side of the FDI number."""
    from pydicom.sr.codedict import codes

    known = {c.value: c.meaning for cid in (codes.cid4018, codes.cid4019) for c in cid.concepts.values()}
    assert {code.sct: code.meaning for code in TOOTH_CODES.values()} == known
    sides = {"1": "maxillary right", "2": "maxillary left", "3": "andibular left", "4": "andibular right"}
    for fdi, code in TOOTH_CODES.items():
        assert sides[str((int(fdi[0]) - 1) % 4 + 1)] in code.meaning, fdi
        assert code.meaning.startswith("Deciduous") == (fdi[0] in "5678")
        assert {tooth_of_code(one) for one in (code.sct, code.srt) if one != "-"} == {fdi}
    assert tooth_of_code("-") is tooth_of_code("661005") is None


@pytest.mark.parametrize(
    ("region", "teeth"),
    [
        ("16-18", "18 17 16"), ("13-22", "13 12 11 21 22"), ("48", "48"), ("UR6 - UR8", "18 17 16"), ("16,46", "16 46"),
        ("55-53", "55 54 53"), ("33-43", "43 42 41 31 32 33"),
    ],
)  # fmt: skip
def test_a_region_is_the_teeth_between_two_of_one_jaw(region, teeth):
    assert parse_region(region) == tuple(teeth.split())


@pytest.mark.parametrize("region", ["16-46", "16-55", "19", "", "16-17-18", "upper right", "16-"])
def test_what_is_no_region_is_refused(region):
    with pytest.raises(InputError, match=r"no tooth|no range"):
        parse_region(region)
